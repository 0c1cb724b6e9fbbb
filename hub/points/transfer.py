"""Transfer points from one member's wallet to another's."""

from dataclasses import dataclass
from datetime import datetime

from hub.kernel.money import check_points
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Operation, Place, hash_key, hash_request
from hub.ledger.poster import Poster
from hub.points.errors import SameWallet, TransferBetweenLanes
from hub.points.posting import post_plainly
from hub.points.requests import Request


@dataclass(frozen=True, slots=True)
class Transferred:
    """Points that moved; the entry and the first lot it made lie in the lane of both wallets."""

    entry: Place
    first_lot: Place
    posted_at: datetime


async def transfer_points(
    poster: Poster, request: Request, *, wallet: Place, to_wallet: Place, points: int
) -> Transferred:
    """Move points to another wallet; each lot keeps its issuer, terms, expiry and order.

    Units: whole points.
    Errors: PointsOutOfRange, SameWallet, TransferBetweenLanes, WalletNotFound, WalletClosed,
    InsufficientPoints, IdempotencyConflict, Overloaded, OutcomeUnknown.
    Source: rule book 1.8.1.
    """
    check_points(points)
    if wallet == to_wallet:
        raise SameWallet
    if wallet.lane != to_wallet.lane:
        raise TransferBetweenLanes
    operation = Operation(
        kind=EntryKind.TRANSFER,
        wallet=wallet,
        counter_wallet=to_wallet,
        partner_id=0,
        points=points,
        key_hash=hash_key(0, wallet.number, request.key),
        request_hash=hash_request(
            "transfer", to_wallet.number, points, request.instants.occurred_at
        ),
        actor=request.actor,
        occurred_at=request.instants.occurred_at,
        decided_at=request.instants.decided_at,
        posted_at=request.instants.posted_at,
    )
    outcome = await post_plainly(poster, request, operation)
    assert outcome.seq is not None, "what is booked has a sequence"
    assert outcome.detail is not None, "a transfer makes a lot"
    return Transferred(
        Place(outcome.lane, outcome.seq), Place(outcome.lane, outcome.detail), outcome.posted_at
    )
