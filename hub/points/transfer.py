"""Transfer points from one member's wallet to another's."""

from dataclasses import dataclass
from datetime import datetime

from hub.kernel.money import check_points
from hub.kernel.tx import Database
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Operation, Place, hash_key, hash_request
from hub.ledger.poster import Poster
from hub.points.caps import charge_transfer
from hub.points.crossing import cross
from hub.points.errors import SameWallet
from hub.points.posting import post_capped
from hub.points.requests import NEVER, Request
from partners.register import Register


@dataclass(frozen=True, slots=True)
class Transferred:
    """Points that moved.

    The entry lies in the lane they came from, the first lot that was made in the lane they went to.
    """

    entry: Place
    first_lot: Place
    posted_at: datetime


async def transfer_points(
    poster: Poster,
    register: Register,
    database: Database,
    request: Request,
    *,
    now: datetime,
    wallet: Place,
    to_wallet: Place,
    points: int,
) -> Transferred:
    """Move points to another wallet; each lot keeps its issuer, terms, expiry and order.

    Inside a lane this is one operation. Between lanes the points are held, arrive, and are taken
    (`hub.points.crossing`); whoever asks again with the key after a crash goes on where it stopped.

    Units: whole points.
    Errors: PointsOutOfRange, SameWallet, WalletNotFound, WalletClosed, InsufficientPoints,
    CapReached, IdempotencyConflict, Overloaded, OutcomeUnknown.
    Source: rule book 1.8.1.
    """
    check_points(points)
    if wallet == to_wallet:
        raise SameWallet
    is_crossing = wallet.lane != to_wallet.lane
    operation = Operation(
        kind=EntryKind.HOLD if is_crossing else EntryKind.TRANSFER,
        mode=EntryKind.TRANSFER if is_crossing else None,
        expires_at=NEVER if is_crossing else None,
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
    at = operation.occurred_at or now
    outcome = await post_capped(
        poster, register, request, operation, at=at, charge=charge_transfer(register, at=at)
    )
    assert outcome.seq is not None, "what is booked has a sequence"
    if is_crossing:
        crossed = await cross(
            poster,
            database,
            hold=Place(outcome.lane, outcome.seq),
            wallet=wallet,
            to_wallet=to_wallet,
            actor=request.actor,
            posted_at=request.instants.posted_at,
        )
        return Transferred(crossed.entry, crossed.first_lot, crossed.posted_at)
    assert outcome.detail is not None, "a transfer makes a lot"
    return Transferred(
        Place(outcome.lane, outcome.seq), Place(outcome.lane, outcome.detail), outcome.posted_at
    )
