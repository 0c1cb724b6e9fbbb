"""What a person of the hub changes about one lot: its end, or whether it is usable yet."""

from dataclasses import dataclass
from datetime import datetime

from hub.kernel.money import check_points
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Operation, Place, hash_key, hash_request
from hub.ledger.poster import Poster
from hub.points.posting import post_plainly
from hub.points.requests import Request, check_text


@dataclass(frozen=True, slots=True)
class Changed:
    """Points of a lot that were changed; `lot` is the one they lie in now."""

    entry: Place
    lot: Place
    points: int
    posted_at: datetime


async def extend_lot(
    poster: Poster,
    request: Request,
    *,
    wallet: Place,
    lot: Place,
    points: int,
    expires_at: datetime,
    reason: str,
) -> Changed:
    """Give points of a lot a later end: they move into a new lot of the same issuer and terms.

    Units: whole points; a UTC instant after the lot's end (`NEVER` for never).
    Errors: PointsOutOfRange, TextTooLong, WalletNotFound, WalletClosed, UnknownReference,
    LotExpired, LotSpent, EndNotLater, IdempotencyConflict, Overloaded, OutcomeUnknown.
    Source: rule book 1.7.3.
    """
    return await _change(
        EntryKind.EXTEND, poster, request, wallet, lot, check_points(points), expires_at, reason
    )


async def reinstate_lot(
    poster: Poster,
    request: Request,
    *,
    wallet: Place,
    lot: Place,
    points: int,
    expires_at: datetime,
    reason: str,
) -> Changed:
    """Bring points of an expired lot back, in a new lot of the same issuer and terms.

    Units: whole points; a UTC instant in the future.
    Errors: PointsOutOfRange, TextTooLong, WalletNotFound, WalletClosed, UnknownReference,
    LotNotExpired, ExceedsExpired, EndNotLater, IdempotencyConflict, Overloaded, OutcomeUnknown.
    Source: rule book 1.7.3.
    """
    return await _change(
        EntryKind.REINSTATE, poster, request, wallet, lot, check_points(points), expires_at, reason
    )


async def release_lot(
    poster: Poster, request: Request, *, wallet: Place, lot: Place, reason: str
) -> Changed:
    """Make a pending lot usable now.

    Errors: TextTooLong, WalletNotFound, WalletClosed, UnknownReference, LotNotPending, LotExpired,
    IdempotencyConflict, Overloaded, OutcomeUnknown.
    Source: rule book 1.3.3.
    """
    return await _change(EntryKind.RELEASE, poster, request, wallet, lot, 0, None, reason)


async def _change(  # noqa: PLR0917 (the three verbs above are all that call it)
    kind: EntryKind,
    poster: Poster,
    request: Request,
    wallet: Place,
    lot: Place,
    points: int,
    expires_at: datetime | None,
    reason: str,
) -> Changed:
    check_text("reason", reason)
    operation = Operation(
        kind=kind,
        wallet=wallet,
        partner_id=0,
        points=points,
        key_hash=hash_key(0, wallet.number, request.key),
        request_hash=hash_request(
            kind.name, lot.number, points, expires_at, reason, request.instants.occurred_at
        ),
        actor=request.actor,
        occurred_at=request.instants.occurred_at,
        decided_at=request.instants.decided_at,
        posted_at=request.instants.posted_at,
        expires_at=expires_at,
        lot_id=lot.number,
        reason=reason,
    )
    outcome = await post_plainly(poster, request, operation)
    assert outcome.seq is not None, "what is booked has a sequence"
    new_lot = lot if kind is EntryKind.RELEASE else Place(outcome.lane, outcome.detail or 0)
    return Changed(Place(outcome.lane, outcome.seq), new_lot, outcome.points, outcome.posted_at)
