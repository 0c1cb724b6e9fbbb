"""Redeem points: pay an acceptor, be paid out by an agent, or give to a charity."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from hub.kernel.money import RATE_PLACES, check_points, places_needed
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Operation, Place, hash_key, hash_request
from hub.ledger.poster import Poster
from hub.points.caps import charge_use
from hub.points.errors import RateNotValid
from hub.points.posting import post_under_terms
from hub.points.requests import Request, check_text
from partners.register import Register
from partners.store import Partner

MATCH_RATE_MAX: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Redeemed:
    """Points that were redeemed; the entry lies in the wallet's lane."""

    entry: Place
    posted_at: datetime


async def redeem_points(
    poster: Poster,
    register: Register,
    request: Request,
    *,
    now: datetime,
    acceptor: Partner,
    wallet: Place,
    points: int,
    reference: str | None = None,
    category: str | None = None,
) -> Redeemed:
    """Pay an acceptor with points of any issuer, all or nothing, in redemption order.

    `category` is what is bought: points restricted to it may be used, and are used first.

    Units: whole points.
    Errors: PointsOutOfRange, TextTooLong, WalletNotFound, WalletClosed, TermsNotInForce,
    InsufficientPoints, CapReached, NetDebitCapReached, IdempotencyConflict, Overloaded,
    OutcomeUnknown.
    Source: rule book 1.2.2, 1.4.1.
    """
    operation = _debit(
        EntryKind.REDEEM,
        request,
        acceptor,
        wallet=wallet,
        points=points,
        reference=reference,
        category=category,
    )
    return await _redeem(poster, register, request, operation, now=now, partner=acceptor)


async def cash_out_points(
    poster: Poster,
    register: Register,
    request: Request,
    *,
    now: datetime,
    agent: Partner,
    wallet: Place,
    points: int,
    reference: str | None = None,
) -> Redeemed:
    """Turn points into money that an agent pays out.

    Units: whole points.
    Errors: as `redeem_points`.
    Source: rule book 1.7.4, 2.4.
    """
    operation = _debit(
        EntryKind.CASH_OUT, request, agent, wallet=wallet, points=points, reference=reference
    )
    return await _redeem(poster, register, request, operation, now=now, partner=agent)


async def donate_points(
    poster: Poster,
    register: Register,
    request: Request,
    *,
    now: datetime,
    charity: Partner,
    wallet: Place,
    points: int,
    match_rate: Decimal | None = None,
    reference: str | None = None,
) -> Redeemed:
    """Give points to a charity; each issuer adds `match_rate` per point of its own.

    Units: whole points; `match_rate` is money of the lot's currency per point.
    Errors: as `redeem_points`, and RateNotValid.
    Source: rule book 2.4.
    """
    if match_rate is not None:
        _check_rate(match_rate)
    operation = _debit(
        EntryKind.DONATE,
        request,
        charity,
        wallet=wallet,
        points=points,
        reference=reference,
        match_rate=match_rate,
    )
    return await _redeem(poster, register, request, operation, now=now, partner=charity)


def _debit(
    kind: EntryKind,
    request: Request,
    partner: Partner,
    *,
    wallet: Place,
    points: int,
    reference: str | None,
    match_rate: Decimal | None = None,
    category: str | None = None,
) -> Operation:
    check_points(points)
    for field, text in (("reference", reference), ("category", category)):
        if text is not None:
            check_text(field, text)
    return Operation(
        kind=kind,
        wallet=wallet,
        partner_id=partner.partner_id,
        points=points,
        key_hash=hash_key(partner.partner_id, wallet.number, request.key),
        request_hash=hash_request(
            kind.name, points, reference, category, match_rate, request.instants.occurred_at
        ),
        actor=request.actor,
        occurred_at=request.instants.occurred_at,
        decided_at=request.instants.decided_at,
        posted_at=request.instants.posted_at,
        reference=reference,
        match_rate=match_rate,
        category=category,
    )


async def _redeem(
    poster: Poster,
    register: Register,
    request: Request,
    operation: Operation,
    *,
    now: datetime,
    partner: Partner,
) -> Redeemed:
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
    return Redeemed(Place(outcome.lane, outcome.seq), outcome.posted_at)


def _check_rate(rate: Decimal) -> None:
    is_valid = rate.is_finite() and 0 <= rate <= MATCH_RATE_MAX
    if not is_valid or places_needed(rate) > RATE_PLACES:
        raise RateNotValid(str(rate)[:64])
