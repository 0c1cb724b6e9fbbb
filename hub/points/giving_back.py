"""Give back: refund a redemption to its lots, or reverse an issue whose points are unspent."""

from dataclasses import dataclass
from datetime import datetime

from hub.kernel.money import check_points
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Operation, Place, hash_key, hash_request
from hub.ledger.poster import Poster
from hub.points.posting import post_plainly
from hub.points.requests import Request
from partners.store import Partner


@dataclass(frozen=True, slots=True)
class Refunded:
    """Points that went back to the lots they came from.

    `expired_points` of them expired again at once, since their lot had.
    """

    entry: Place
    expired_points: int
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Reversed:
    """Unspent points of an issue that were taken back."""

    entry: Place
    posted_at: datetime


async def refund_points(
    poster: Poster,
    request: Request,
    *,
    acceptor: Partner,
    wallet: Place,
    redemption: Place,
    points: int,
) -> Refunded:
    """Give points of a redemption, cash-out or donation back, last used lot first.

    In part and repeatedly, up to what was redeemed. Only the acceptor of the redemption may.

    Units: whole points; `redemption` is an entry of the wallet's lane.
    Errors: PointsOutOfRange, WalletNotFound, WalletClosed, UnknownReference,
    RefundExceedsRedeemed, IdempotencyConflict, Overloaded, OutcomeUnknown.
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
            "refund", redemption.number, points, request.instants.occurred_at
        ),
        actor=request.actor,
        occurred_at=request.instants.occurred_at,
        decided_at=request.instants.decided_at,
        posted_at=request.instants.posted_at,
        ref_seq=redemption.number,
    )
    outcome = await post_plainly(poster, request, operation)
    assert outcome.seq is not None, "what is booked has a sequence"
    return Refunded(Place(outcome.lane, outcome.seq), outcome.detail or 0, outcome.posted_at)


async def reverse_issue(
    poster: Poster,
    request: Request,
    *,
    issuer: Partner,
    wallet: Place,
    lot: Place,
    points: int,
) -> Reversed:
    """Take back unspent points of a lot, because the purchase was returned.

    Only the issuer may, and only while the lot has not expired.

    Units: whole points; `lot` lies in the wallet's lane.
    Errors: PointsOutOfRange, WalletNotFound, WalletClosed, UnknownReference, LotExpired, LotSpent,
    IdempotencyConflict, Overloaded, OutcomeUnknown.
    Source: rule book 1.6.1, 2.4.
    """
    check_points(points)
    operation = Operation(
        kind=EntryKind.REVERSE,
        wallet=wallet,
        partner_id=issuer.partner_id,
        points=points,
        key_hash=hash_key(issuer.partner_id, wallet.number, request.key),
        request_hash=hash_request("reverse", lot.number, points, request.instants.occurred_at),
        actor=request.actor,
        occurred_at=request.instants.occurred_at,
        decided_at=request.instants.decided_at,
        posted_at=request.instants.posted_at,
        lot_id=lot.number,
    )
    outcome = await post_plainly(poster, request, operation)
    assert outcome.seq is not None, "what is booked has a sequence"
    return Reversed(Place(outcome.lane, outcome.seq), outcome.posted_at)
