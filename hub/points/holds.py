"""Set points aside for an acceptor, then take them, or let them go."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hub.kernel.money import check_points
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Operation, Place, hash_key, hash_request
from hub.ledger.poster import Poster
from hub.points.caps import charge_use
from hub.points.errors import HoldEndOutOfBounds
from hub.points.posting import post_capped, post_plainly, post_under_terms
from hub.points.requests import Request, check_text
from partners.register import Register
from partners.store import Partner

HOLD_DAYS_MAX: Final = 30


@dataclass(frozen=True, slots=True)
class Held:
    """Points set aside; the hold is its entry, in the wallet's lane."""

    entry: Place
    ends_at: datetime
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class HoldOver:
    """A hold that ended: `points` were taken, or went back to the wallet.

    `expired_points` of what was freed expired at once, since their lots had.
    """

    entry: Place
    points: int
    expired_points: int
    posted_at: datetime


async def hold_points(
    poster: Poster,
    register: Register,
    request: Request,
    *,
    now: datetime,
    acceptor: Partner,
    wallet: Place,
    points: int,
    ends_at: datetime,
    reference: str | None = None,
    category: str | None = None,
) -> Held:
    """Set points aside in redemption order, so that nothing else can spend or expire them.

    The hold ends once: by `capture_hold`, by `void_hold`, or it lapses at `ends_at` by itself.

    Units: whole points; `ends_at` is a UTC instant, at most HOLD_DAYS_MAX days away.
    Errors: PointsOutOfRange, TextTooLong, HoldEndOutOfBounds, WalletNotFound, WalletClosed,
    InsufficientPoints, CapReached, NetDebitCapReached, IdempotencyConflict, Overloaded,
    OutcomeUnknown.
    Source: rule book 1.4.2.
    """
    check_points(points)
    for field, text in (("reference", reference), ("category", category)):
        if text is not None:
            check_text(field, text)
    since = request.instants.decided_at or now
    latest = since + timedelta(days=HOLD_DAYS_MAX)
    if request.refusal is None and not since < ends_at <= latest:
        request = replace(request, refusal=HoldEndOutOfBounds(ends_at, latest))
    operation = Operation(
        kind=EntryKind.HOLD,
        wallet=wallet,
        partner_id=acceptor.partner_id,
        points=points,
        key_hash=hash_key(acceptor.partner_id, wallet.number, request.key),
        request_hash=hash_request(
            "hold", points, reference, category, ends_at, request.instants.occurred_at
        ),
        actor=request.actor,
        occurred_at=request.instants.occurred_at,
        decided_at=request.instants.decided_at,
        posted_at=request.instants.posted_at,
        expires_at=ends_at,
        reference=reference,
        category=category,
        mode=EntryKind.REDEEM,
    )
    at = operation.occurred_at or now
    outcome = await post_capped(
        poster,
        register,
        request,
        operation,
        at=at,
        charge=charge_use(register, acceptor=acceptor, at=at),
    )
    assert outcome.seq is not None, "what is booked has a sequence"
    return Held(Place(outcome.lane, outcome.seq), ends_at, outcome.posted_at)


async def capture_hold(
    poster: Poster,
    register: Register,
    request: Request,
    *,
    now: datetime,
    acceptor: Partner,
    wallet: Place,
    hold: Place,
    points: int,
    reference: str | None = None,
) -> HoldOver:
    """Take all of a hold or part of it, in the order it was set aside; the rest goes back.

    What was taken counts as a redemption under the terms in force when it happened.

    Units: whole points; `hold` is an entry of the wallet's lane.
    Errors: PointsOutOfRange, TextTooLong, WalletNotFound, WalletClosed, UnknownReference,
    HoldEnded, CaptureExceedsHold, TermsNotInForce, IdempotencyConflict, Overloaded, OutcomeUnknown.
    Source: rule book 1.4.2.
    """
    check_points(points)
    if reference is not None:
        check_text("reference", reference)
    operation = _ending(
        EntryKind.CAPTURE,
        request,
        acceptor,
        wallet=wallet,
        hold=hold,
        points=points,
        reference=reference,
    )
    at = operation.occurred_at or now
    outcome = await post_under_terms(poster, register, request, operation, partner=acceptor, at=at)
    assert outcome.seq is not None, "what is booked has a sequence"
    return HoldOver(
        Place(outcome.lane, outcome.seq), outcome.points, outcome.detail or 0, outcome.posted_at
    )


async def void_hold(
    poster: Poster, request: Request, *, acceptor: Partner, wallet: Place, hold: Place
) -> HoldOver:
    """Let all points of a hold go back to where they were.

    Errors: WalletNotFound, UnknownReference, HoldEnded, IdempotencyConflict, Overloaded,
    OutcomeUnknown.
    Source: rule book 1.4.2.
    """
    operation = _ending(
        EntryKind.VOID, request, acceptor, wallet=wallet, hold=hold, points=0, reference=None
    )
    outcome = await post_plainly(poster, request, operation)
    assert outcome.seq is not None, "what is booked has a sequence"
    return HoldOver(
        Place(outcome.lane, outcome.seq), outcome.points, outcome.detail or 0, outcome.posted_at
    )


def _ending(
    kind: EntryKind,
    request: Request,
    acceptor: Partner,
    *,
    wallet: Place,
    hold: Place,
    points: int,
    reference: str | None,
) -> Operation:
    return Operation(
        kind=kind,
        wallet=wallet,
        partner_id=acceptor.partner_id,
        points=points,
        key_hash=hash_key(acceptor.partner_id, wallet.number, request.key),
        request_hash=hash_request(
            kind.name, hold.number, points, reference, request.instants.occurred_at
        ),
        actor=request.actor,
        occurred_at=request.instants.occurred_at,
        decided_at=request.instants.decided_at,
        posted_at=request.instants.posted_at,
        reference=reference,
        ref_seq=hold.number,
    )
