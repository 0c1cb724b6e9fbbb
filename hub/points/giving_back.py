"""Give back: refund a redemption to its lots, or reverse an issue."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hub.kernel.money import check_points
from hub.kernel.tx import Database
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Operation, Place, ReverseMode, hash_key, hash_request
from hub.ledger.poster import Poster
from hub.points.errors import GraceOutOfBounds
from hub.points.merging import post_giving_back
from hub.points.posting import post_plainly
from hub.points.requests import Request
from hub.points.reversing import Reversed, free_caps, list_pools, reverse_moved
from partners.store import Partner

GRACE_DAYS_MAX: Final = 30
"""For how long, from now, an acceptor may let points live on that expired before their refund."""


@dataclass(frozen=True, slots=True)
class Refunded:
    """Points that went back to the lots they came from.

    `expired_points` of them belong to lots that have expired: they expired again at once, or were
    reinstated.
    """

    entry: Place
    expired_points: int
    posted_at: datetime


async def refund_points(
    poster: Poster,
    database: Database,
    request: Request,
    *,
    acceptor: Partner,
    wallet: Place,
    redemption: Place,
    points: int,
    reinstated_until: datetime | None = None,
) -> Refunded:
    """Give points of a redemption, cash-out, donation or refundable exchange back, last lot first.

    In part and repeatedly, up to what was redeemed. Only the acceptor of the redemption may. Points
    of a lot that has expired meanwhile expire again, or, with `reinstated_until`, go into a new
    lot of the same issuer and terms that lives until then. What comes back to a member who was
    merged is the survivor's at once.

    Units: whole points; `redemption` is an entry of the wallet's lane.
    Errors: PointsOutOfRange, WalletNotFound, WalletClosed, UnknownReference,
    RefundExceedsRedeemed, EndNotLater, IdempotencyConflict, Overloaded, OutcomeUnknown.
    Source: rule book 1.5.
    """
    check_points(points)
    operation = Operation(
        kind=EntryKind.REFUND,
        wallet=wallet,
        partner_id=acceptor.partner_id,
        points=points,
        key_hash=hash_key(acceptor.partner_id, wallet.number, request.key),
        request_hash=hash_request(
            "refund",
            redemption.number,
            points,
            reinstated_until,
            request.instants.occurred_at,
        ),
        actor=request.actor,
        occurred_at=request.instants.occurred_at,
        decided_at=request.instants.decided_at,
        posted_at=request.instants.posted_at,
        expires_at=reinstated_until,
        ref_seq=redemption.number,
    )
    outcome = await post_giving_back(poster, database, request, operation)
    assert outcome.seq is not None, "what is booked has a sequence"
    return Refunded(Place(outcome.lane, outcome.seq), outcome.detail or 0, outcome.posted_at)


async def reverse_issue(
    poster: Poster,
    database: Database,
    request: Request,
    *,
    issuer: Partner,
    wallet: Place,
    lot: Place,
    points: int,
    mode: int = ReverseMode.REFUSE,
) -> Reversed:
    """Take back points of a lot, because the purchase was returned; unspent ones of it go first.

    Only the issuer may, and only while the lot has not expired. What was spent is refused, lost,
    taken from the member's other points or made arrears, as `mode` says. Points that moved with a
    merge are unspent, and the other points are the survivor's. Points that a household pools are
    taken back there, and what it has spent of them by `mode` from its other points.

    Units: whole points; `lot` lies in the wallet's lane; `mode` is a `ReverseMode`.
    Errors: PointsOutOfRange, WalletNotFound, WalletClosed, UnknownReference, LotExpired, LotSpent,
    ReverseExceedsIssued, IdempotencyConflict, Overloaded, OutcomeUnknown.
    Source: rule book 1.6, 2.4.
    """
    check_points(points)
    operation = Operation(
        kind=EntryKind.REVERSE,
        wallet=wallet,
        partner_id=issuer.partner_id,
        points=points,
        key_hash=hash_key(issuer.partner_id, wallet.number, request.key),
        request_hash=hash_request(
            "reverse", lot.number, points, mode, request.instants.occurred_at
        ),
        actor=request.actor,
        occurred_at=request.instants.occurred_at,
        decided_at=request.instants.decided_at,
        posted_at=request.instants.posted_at,
        lot_id=lot.number,
        mode=mode or None,
    )
    if request.kin(wallet) or await list_pools(database, [wallet]):
        return await reverse_moved(poster, database, request, operation)
    outcome = await post_plainly(poster, request, operation)
    assert outcome.seq is not None, "what is booked has a sequence"
    entry = Place(outcome.lane, outcome.seq)
    await free_caps(database, entry)
    return Reversed(entry, outcome.points, outcome.detail or 0, outcome.posted_at)


def check_grace(request: Request, reinstated_until: datetime, *, now: datetime) -> Request:
    """Note on a request that its grace is none, or too long; `refund_points` raises it.

    Units: UTC instants; at most GRACE_DAYS_MAX days ahead.
    Source: rule book 1.5.3.
    """
    latest = now + timedelta(days=GRACE_DAYS_MAX)
    if request.refusal is None and not now < reinstated_until <= latest:
        return replace(request, refusal=GraceOutOfBounds(reinstated_until, latest))
    return request
