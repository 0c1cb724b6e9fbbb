"""Exchange points into another currency: a partner takes them and gives its own, e.g. miles."""

from dataclasses import dataclass
from datetime import datetime

from hub.kernel.money import check_points
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Operation, Place, hash_key, hash_request
from hub.ledger.poster import Poster
from hub.points.caps import charge_use
from hub.points.errors import NameNotMatched
from hub.points.posting import post_under_terms
from hub.points.requests import Request, check_text
from partners.register import Register
from partners.store import Partner


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Points that became another currency; the entry lies in the wallet's lane."""

    entry: Place
    posted_at: datetime


async def exchange_points(
    poster: Poster,
    register: Register,
    request: Request,
    *,
    now: datetime,
    partner: Partner,
    wallet: Place,
    points: int,
    is_name_matched: bool,
    reference: str,
) -> Exchanged:
    """Turn points into another currency, which the partner credits on its side as `reference`.

    All or nothing, in redemption order, and for good: an exchange is not refunded. Points that are
    barred from exchange are not used. The partner says whether the name on its account is the
    member's.

    Units: whole points.
    Errors: PointsOutOfRange, TextTooLong, NameNotMatched, WalletNotFound, WalletClosed,
    TermsNotInForce, InsufficientPoints, CapReached, NetDebitCapReached, IdempotencyConflict,
    Overloaded, OutcomeUnknown.
    Source: rule book 1.8.4, 2.4.
    """
    check_points(points)
    check_text("reference", reference)
    if not is_name_matched:
        raise NameNotMatched
    operation = Operation(
        kind=EntryKind.EXCHANGE,
        wallet=wallet,
        partner_id=partner.partner_id,
        points=points,
        key_hash=hash_key(partner.partner_id, wallet.number, request.key),
        request_hash=hash_request("exchange", points, reference, request.instants.occurred_at),
        actor=request.actor,
        occurred_at=request.instants.occurred_at,
        decided_at=request.instants.decided_at,
        posted_at=request.instants.posted_at,
        reference=reference,
    )
    at = operation.occurred_at or now
    outcome = await post_under_terms(
        poster,
        register,
        request,
        operation,
        partner=partner,
        at=at,
        charge=charge_use(register, acceptor=partner, at=at),
    )
    assert outcome.seq is not None, "what is booked has a sequence"
    return Exchanged(Place(outcome.lane, outcome.seq), outcome.posted_at)
