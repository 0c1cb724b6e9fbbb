"""Sell and cancel co-branded memberships: money between the partners, on the house lane."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from hub.kernel.money import from_minor, minor_units
from hub.kernel.tx import ReadTx
from hub.ledger.entries import EntryKind
from hub.ledger.errors import UnknownReference
from hub.ledger.operations import (
    HOUSE_LANE,
    HouseOperation,
    MoneyLine,
    Outcome,
    Place,
    hash_key,
    hash_request,
)
from hub.ledger.poster import Poster
from hub.ledger.store import find_house_entry
from hub.points.posting import post_to_house
from hub.points.requests import Request
from partners.memberships import MembershipSale, split_cancel, split_sale
from partners.register import Register
from partners.store import Partner

REVENUE_SHARE: Final = "REVSHARE"


@dataclass(frozen=True, slots=True)
class HousePosted:
    """An entry of the house lane."""

    entry: Place
    posted_at: datetime


async def sell_membership(
    poster: Poster,
    register: Register,
    request: Request,
    *,
    seller: Partner,
    price_gross: Decimal,
    vat_rate: Decimal,
    shares: Mapping[str, Decimal],
    currency: str,
    reference: str,
) -> HousePosted:
    """Record the sale of a membership: the seller owes each other party its share of the net price.

    `reference` names the sale on invoices, here and when it is cancelled.

    Units: money of `currency`; shares of 1.
    Errors: PartnerNotFound, those of `split_sale`, IdempotencyConflict, OutcomeUnknown.
    Source: rule book 2.4.
    """
    sale = split_sale(
        price_gross=price_gross,
        vat_rate=vat_rate,
        shares=shares,
        currency=currency,
        seller=seller.code,
    )
    operation = HouseOperation(
        kind=EntryKind.MEMBERSHIP_SALE,
        partner_id=seller.partner_id,
        key_hash=hash_key(seller.partner_id, 0, request.key),
        request_hash=hash_request(
            "sale",
            price_gross,
            vat_rate,
            sorted(shares.items()),
            currency,
            reference,
            request.instants.occurred_at,
        ),
        actor=request.actor,
        lines=_lines(register, sale, sale.shares_minor, label=reference, is_reversal=False),
        facts=_facts(sale, reference),
        reference=reference,
        **_instants(request),
    )
    return _posted(await post_to_house(poster, request, operation))


async def cancel_membership(
    tx: ReadTx,
    poster: Poster,
    register: Register,
    request: Request,
    *,
    seller: Partner,
    sale: Place,
    unused_days: int,
    total_days: int,
) -> HousePosted:
    """Give the unused part of a membership's price back, once per sale.

    Errors: UnknownReference, AlreadyCancelled, UnusedDaysOutOfRange, IdempotencyConflict,
    OutcomeUnknown.
    Source: rule book 2.4.
    """
    entry = await find_house_entry(tx, sale.number) if sale.lane == HOUSE_LANE else None
    is_ours = entry is not None and entry.partner_id == seller.partner_id
    if entry is None or not is_ours or entry.kind is not EntryKind.MEMBERSHIP_SALE:
        raise UnknownReference
    sold, label = _sale_of(entry.facts, seller), str(entry.facts["label"])
    cancel = split_cancel(sold, unused_days=unused_days, total_days=total_days)
    operation = HouseOperation(
        kind=EntryKind.MEMBERSHIP_CANCEL,
        partner_id=seller.partner_id,
        key_hash=hash_key(seller.partner_id, 0, request.key),
        request_hash=hash_request(
            "cancel", sale.number, unused_days, total_days, request.instants.occurred_at
        ),
        actor=request.actor,
        lines=_lines(register, sold, cancel.shares_minor, label=label, is_reversal=True),
        ref_seq=sale.number,
        **_instants(request),
    )
    return _posted(await post_to_house(poster, request, operation))


def _lines(
    register: Register,
    sale: MembershipSale,
    shares_minor: Mapping[str, int],
    *,
    label: str,
    is_reversal: bool,
) -> tuple[MoneyLine, ...]:
    """One line for each party but the seller that gets, or gives back, at least a minor unit."""
    places = minor_units(sale.currency)
    return tuple(
        MoneyLine(
            kind=REVENUE_SHARE,
            debtor_id=register.get_partner(sale.seller).partner_id,
            creditor_id=register.get_partner(party).partner_id,
            currency=sale.currency,
            amount=from_minor(-minor if is_reversal else minor, places),
            label=label,
            is_reversal=is_reversal,
        )
        for party, minor in sorted(shares_minor.items())
        if minor and party != sale.seller
    )


def _facts(sale: MembershipSale, label: str) -> dict[str, object]:
    return {
        "label": label,
        "currency": sale.currency,
        "net_minor": sale.net_minor,
        "vat_minor": sale.vat_minor,
        "shares_minor": dict(sale.shares_minor),
    }


def _sale_of(facts: Mapping[str, Any], seller: Partner) -> MembershipSale:
    return MembershipSale(
        seller=seller.code,
        currency=facts["currency"],
        net_minor=facts["net_minor"],
        vat_minor=facts["vat_minor"],
        shares_minor=facts["shares_minor"],
    )


def _instants(request: Request) -> dict[str, Any]:
    return {
        "occurred_at": request.instants.occurred_at,
        "decided_at": request.instants.decided_at,
        "posted_at": request.instants.posted_at,
    }


def _posted(outcome: Outcome) -> HousePosted:
    assert outcome.seq is not None, "what is booked has a sequence"
    return HousePosted(Place(outcome.lane, outcome.seq), outcome.posted_at)
