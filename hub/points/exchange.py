"""Exchange points into another currency: a partner takes them and gives its own, e.g. miles.

What it gives for them is its exchange offer (`partners.exchange_offers`). The entry names the
version that applied, so that it can be told for ever what an exchange gave.

Source: rule book 1.8.4; ADR-0025.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from hub.kernel.money import check_points
from hub.ledger.entries import EntryKind
from hub.ledger.errors import CapReached
from hub.ledger.operations import Operation, Place, hash_key, hash_request
from hub.ledger.poster import Poster
from hub.points.caps import charge_exchange
from hub.points.errors import NameNotMatched
from hub.points.posting import post_under_terms
from hub.points.requests import Request, check_text
from partners.errors import ExchangeNotOffered, MinimumNotReached, NotInStep
from partners.exchange_offers import ExchangeOffer
from partners.register import Register
from partners.store import Partner
from partners.terms import Terms

REFUNDABLE: Final = 1
"""The mode of an exchange that may be given back; one without is for good."""


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

    All or nothing, in redemption order, by the offer in force when it happens. Points that are
    barred from exchange are not used. The partner says whether the name on its account is the
    member's. An offer says whether the exchange can be refunded.

    Units: whole points.
    Errors: PointsOutOfRange, TextTooLong, ExchangeNotOffered, NameNotMatched, MinimumNotReached,
    NotInStep, WalletNotFound, WalletClosed, TermsNotInForce, InsufficientPoints, CapReached,
    NetDebitCapReached, IdempotencyConflict, Overloaded, OutcomeUnknown.
    Source: rule book 1.8.4, 2.4.
    """
    check_points(points)
    check_text("reference", reference)
    at = request.instants.occurred_at or now

    def apply_offer(operation: Operation, _: Terms | None) -> Operation:
        offer = get_offer(register, partner, at)
        _check(offer, points, is_name_matched=is_name_matched)
        mode = REFUNDABLE if offer.is_refundable else None
        # Dated even where it is now: offer, terms and day are those of one instant.
        return replace(operation, reason=offer.version, mode=mode, occurred_at=at)

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
    try:
        outcome = await post_under_terms(
            poster,
            register,
            _note_refusal(request, register, partner, at, points, is_name_matched=is_name_matched),
            operation,
            partner=partner,
            at=at,
            pin=apply_offer,
            charge=charge_exchange(register, partner=partner, at=at),
        )
    except CapReached as refusal:
        raise _in_step(refusal, register.find_offer(partner.partner_id, at)) from refusal
    assert outcome.seq is not None, "what is booked has a sequence"
    return Exchanged(Place(outcome.lane, outcome.seq), outcome.posted_at)


def get_offer(register: Register, partner: Partner, at: datetime) -> ExchangeOffer:
    """Find what a partner gives for points at an instant.

    Errors: ExchangeNotOffered.
    """
    offer = register.find_offer(partner.partner_id, at)
    if offer is None:
        raise ExchangeNotOffered(partner.code, at)
    return offer


def _note_refusal(
    request: Request,
    register: Register,
    partner: Partner,
    at: datetime,
    points: int,
    *,
    is_name_matched: bool,
) -> Request:
    """Note on a request why it is refused: what its key was answered before comes first."""
    if request.refusal is not None:
        return request
    try:
        _check(get_offer(register, partner, at), points, is_name_matched=is_name_matched)
    except (ExchangeNotOffered, NameNotMatched, MinimumNotReached, NotInStep) as refusal:
        return replace(request, refusal=refusal)
    return request


def _check(offer: ExchangeOffer, points: int, *, is_name_matched: bool) -> None:
    if offer.needs_name_match and not is_name_matched:
        raise NameNotMatched
    offer.check(points)


def _in_step(refusal: CapReached, offer: ExchangeOffer | None) -> CapReached:
    """Say the largest number that would pass: what a cap leaves need not be in step."""
    if offer is None:
        return refusal
    left = offer.largest_up_to(refusal.left_points)
    return CapReached(refusal.cap, left, refusal.required_points)
