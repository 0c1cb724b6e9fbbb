"""Exchange points into another currency: a partner takes them and gives its own, e.g. miles.

What it gives for them is its exchange offer (`partners.exchange_offers`). The entry names the
version that applied, so that it can be told for ever what an exchange gave.

Source: rule book 1.8.4; ADR-0025.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.errors import DomainError
from hub.kernel.idempotency import Answer, Question, answer_once, find_answer
from hub.kernel.idempotency import accept as accept_answer
from hub.kernel.money import check_points
from hub.kernel.tx import Database
from hub.ledger.entries import EntryKind
from hub.ledger.errors import CapReached
from hub.ledger.operations import Operation, Outcome, Place, hash_key, hash_request
from hub.ledger.poster import Poster
from hub.points.caps import charge_exchange
from hub.points.errors import NameNotMatched
from hub.points.posting import accept, post_under_terms, recall_kin
from hub.points.requests import Request, check_text, judge_occurrence
from partners.errors import CurrencyNotNamed, ExchangeNotOffered, MinimumNotReached, NotInStep
from partners.exchange_offers import ExchangeOffer
from partners.register import Register
from partners.store import Partner
from partners.terms import Terms

REFUNDABLE: Final = 1
"""The mode of an exchange that may be given back; one without is for good."""
REFUSALS: Final[tuple[type[DomainError], ...]] = (
    ExchangeNotOffered,
    CurrencyNotNamed,
    NameNotMatched,
    MinimumNotReached,
    NotInStep,
)
"""What an offer refuses: stored under the key, like what the ledger refuses."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Points that became another currency; the entry lies in the wallet's lane."""

    entry: Place
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to become another currency; `currency` None: the only one that the partner gives."""

    points: int
    currency: str | None
    is_name_matched: bool
    reference: str


@dataclass(frozen=True, slots=True)
class _Deal:
    """The offer by which an exchange is judged, and when it happens."""

    offer: ExchangeOffer
    at: datetime


@dataclass(frozen=True, slots=True)
class _Case:
    """One use of a key, and where its deal is remembered."""

    database: Database
    register: Register
    request: Request
    operation: Operation
    partner: Partner
    wanted: Wanted

    def question(self, wallet: Place) -> Question:
        """Name the key as it was used for a wallet."""
        key = f"exchange:{self.partner.partner_id}:{wallet.number}:{self.request.key}"
        return Question(HUB_ACTOR, key, "exchange_points", (self.operation.request_hash.hex(),))


async def exchange_points(
    poster: Poster,
    register: Register,
    database: Database,
    request: Request,
    *,
    now: datetime,
    partner: Partner,
    wallet: Place,
    wanted: Wanted,
) -> Exchanged:
    """Turn points into another currency, which the partner credits on its side as `reference`.

    All or nothing, in redemption order, by the offer in force when it is first asked for. Points
    that are barred from exchange are not used. The partner says whether the name on its account is
    the member's. An offer says whether the exchange can be refunded.

    Units: whole points.
    Errors: PointsOutOfRange, TextTooLong, ExchangeNotOffered, CurrencyNotNamed, NameNotMatched,
    MinimumNotReached, NotInStep, WalletNotFound, WalletClosed, TermsNotInForce, InsufficientPoints,
    CapReached, NetDebitCapReached, IdempotencyConflict, Overloaded, OutcomeUnknown.
    Source: rule book 1.8.4, 1.9.1, 2.4.
    """
    check_points(wanted.points)
    check_text("reference", wanted.reference)
    if wanted.currency is not None:
        check_text("currency", wanted.currency)
    operation = _write(request, partner, wallet, wanted)
    case = _Case(database, register, request, operation, partner, wanted)
    try:
        outcome = await recall_kin(poster, request, operation) or await poster.recall(operation)
        if outcome is None:
            outcome = await _exchange(poster, case, await _agree(case, now=now), now=now)
        accept(outcome, operation, partner=partner.code, at=outcome.posted_at)
    except CapReached as refusal:
        raise _in_step(refusal, await _find_deal(case)) from refusal
    assert outcome.seq is not None, "what is booked has a sequence"
    return Exchanged(Place(outcome.lane, outcome.seq), outcome.posted_at)


def choose_offer(
    register: Register, partner: Partner, currency: str | None, at: datetime
) -> ExchangeOffer:
    """Find what a partner gives for points at an instant; None: the only currency it gives.

    Errors: ExchangeNotOffered, CurrencyNotNamed.
    """
    offers = register.list_offers_in_force(partner.partner_id, at)
    if currency is not None:
        offers = [offer for offer in offers if offer.currency == currency]
    if not offers:
        raise ExchangeNotOffered(partner.code, at)
    if len(offers) > 1:
        raise CurrencyNotNamed(partner.code, ", ".join(offer.currency for offer in offers))
    return offers[0]


def _write(request: Request, partner: Partner, wallet: Place, wanted: Wanted) -> Operation:
    named = () if wanted.currency is None else (wanted.currency,)
    occurred_at = request.instants.occurred_at
    return Operation(
        kind=EntryKind.EXCHANGE,
        wallet=wallet,
        partner_id=partner.partner_id,
        points=wanted.points,
        key_hash=hash_key(partner.partner_id, wallet.number, request.key),
        request_hash=hash_request("exchange", wanted.points, wanted.reference, occurred_at, *named),
        actor=request.actor,
        occurred_at=occurred_at,
        decided_at=request.instants.decided_at,
        posted_at=request.instants.posted_at,
        reference=wanted.reference,
    )


async def _agree(case: _Case, *, now: datetime) -> _Deal:
    """Judge an exchange by the offer in force, once for each key, and remember the answer.

    Whoever repeats it finds the same offer at the same instant, or the same refusal, whatever is
    offered by then.

    Errors: the refusals of the offer; the refusal of a request that comes too late.
    """

    async def act() -> Answer:
        at = case.request.instants.occurred_at or now
        offer = choose_offer(case.register, case.partner, case.wanted.currency, at)
        if offer.needs_name_match and not case.wanted.is_name_matched:
            raise NameNotMatched
        offer.check(case.wanted.points)
        return {"version": offer.version, "at": at.isoformat()}

    deal = await _find_deal(case)
    if deal is not None:
        return deal
    if case.request.refusal is not None:
        raise case.request.refusal
    question = case.question(case.operation.wallet)
    async with case.database.begin(HUB_ACTOR) as tx:
        answer = await answer_once(tx, question, act, refusals=REFUSALS)
    return await _read(case, answer)


async def _find_deal(case: _Case) -> _Deal | None:
    """Find how a key was judged, be it for a wallet that is now one with this one.

    Errors: the refusals of the offer.
    """
    wallet = case.operation.wallet
    async with case.database.read(HUB_ACTOR) as tx:
        for one in (wallet, *case.request.kin(wallet)):
            answer = await find_answer(tx, case.question(one))
            if answer is not None:
                break
    return None if answer is None else await _read(case, answer)


async def _read(case: _Case, answer: Answer) -> _Deal:
    judged = accept_answer(answer, refusals=REFUSALS)
    find = case.register.find_offer_version
    offer = find(case.partner.partner_id, judged["version"])
    if offer is None:  # another hub knew it first
        await case.register.refresh()
        offer = find(case.partner.partner_id, judged["version"])
    assert offer is not None, "versions are never removed"
    return _Deal(offer, datetime.fromisoformat(judged["at"]))


async def _exchange(poster: Poster, case: _Case, deal: _Deal, *, now: datetime) -> Outcome:
    """Book what was agreed, unless that is too long ago by now.

    Errors: those of the ledger; OccurredAtOutOfBounds.
    """

    def apply_offer(operation: Operation, _: Terms | None) -> Operation:
        mode = REFUNDABLE if deal.offer.is_refundable else None
        # Dated even where it is now: offer, terms and day are those of one instant.
        return replace(operation, reason=deal.offer.version, mode=mode, occurred_at=deal.at)

    judge_occurrence(deal.at, now=now)
    return await post_under_terms(
        poster,
        case.register,
        case.request,
        case.operation,
        partner=case.partner,
        at=deal.at,
        pin=apply_offer,
        charge=charge_exchange(case.register, deal.offer, partner=case.partner, at=deal.at),
    )


def _in_step(refusal: CapReached, deal: _Deal | None) -> CapReached:
    """Say the largest number that would pass: what a cap leaves need not be in step."""
    if deal is None:
        return refusal
    left = deal.offer.largest_up_to(refusal.left_points)
    return CapReached(refusal.cap, left, refusal.required_points)
