"""Agreements: what partners and the coalition promised each other, and how it changes.

Terms here; exchange offers, which partners make to members, in `partners.offering`. Whoever
applies agreements says what should be; what is there already stays. A version of terms
never changes: a new one ends the open one before it.

Source: rule book 2.3.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import product
from typing import Any, Final

from hub.kernel.money import format_exact
from hub.kernel.tx import ReadTx, Tx
from hub.ledger.store import has_entries_under_terms
from partners import store
from partners.errors import (
    CoalitionFixed,
    PartnerNotFound,
    PartyReserved,
    TermsBackdated,
    TermsFieldInvalid,
    TermsVersionFixed,
)
from partners.exchange_offers import ExchangeOffer
from partners.offering import OfferPlan, plan_offers, save_offers
from partners.register import FIRST_PARTNER_ID
from partners.store import Coalition, Partner, StoredTerms
from partners.terms import (
    ANY_ACCEPTOR,
    Funding,
    Terms,
    chain_versions,
    check_fee_between,
    make_terms,
)

_SPAN = ("partner", "version", "effective_from", "effective_until")
_FIXED = ("clearing_currency", "time_zone")
_AHEAD: Final = timedelta(days=1)
"""Nothing that has happened is dated further ahead than this."""


@dataclass(frozen=True, slots=True)
class PartnerDetails:
    """A partner as an agreement describes it."""

    code: str
    name_en: str
    name_zh: str
    settlement_currency: str | None


@dataclass(frozen=True, slots=True)
class Agreements:
    """What should be: the coalition, partners, versions of terms and of exchange offers.

    A version without an end stops where the partner's next one begins. Partners and versions that
    are not named stay as they are.
    """

    coalition: Coalition
    partners: tuple[PartnerDetails, ...]
    terms: tuple[Terms, ...]
    exchange_offers: tuple[ExchangeOffer, ...] = ()


class Sign(StrEnum):
    """What becomes of a thing that was named."""

    ADDED = "+"
    CHANGED = "~"
    SAME = "="


@dataclass(frozen=True, slots=True)
class AgreementChange:
    """What becomes of the coalition, of a partner, or of a version of something, in words."""

    sign: Sign
    subject: str
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class AgreementPlan:
    """What has to be written, and what to tell of it."""

    coalition: Coalition | None
    new_partners: tuple[PartnerDetails, ...]
    changed_partners: tuple[Partner, ...]
    ended_terms: tuple[tuple[StoredTerms, datetime], ...]
    new_terms: tuple[Terms, ...]
    offers: OfferPlan
    changes: tuple[AgreementChange, ...]


async def apply_agreements(tx: Tx, wanted: Agreements) -> tuple[AgreementChange, ...]:
    """Bring coalition, partners and terms to what should be; applying again changes nothing.

    Errors: CoalitionFixed, PartyReserved, PartnerNotFound, TermsFieldInvalid, TermsVersionFixed,
    TermsOverlap, TermsBackdated, TermsNotExact, OfferVersionFixed, OffersOverlap, OfferBackdated.
    Locks: all agreements.
    """
    await store.lock_agreements(tx)
    plan = await plan_agreements(tx, wanted)
    if plan.coalition is not None:
        await store.put_coalition(tx, plan.coalition)
    for partner in plan.changed_partners:
        await store.rename_partner(tx, partner)
    for new in plan.new_partners:
        await store.insert_partner(
            tx,
            code=new.code,
            name_en=new.name_en,
            name_zh=new.name_zh,
            settlement_currency=new.settlement_currency,
        )
    for stored, until in plan.ended_terms:
        await store.end_terms(tx, stored, effective_until=until)
    partners = {partner.code: partner for partner in await store.list_partners(tx)}
    for terms in plan.new_terms:
        await save_terms(tx, partners[terms.partner], [terms])
    await save_offers(tx, partners, plan.offers)
    await store.notify_terms_changed(tx)
    return plan.changes


async def plan_agreements(tx: ReadTx, wanted: Agreements) -> AgreementPlan:
    """Say what applying would change, and write nothing.

    Errors: as `apply_agreements`.
    """
    known = {partner.code: partner for partner in await store.list_partners(tx)}
    coalition, coalition_change = _compare_coalition(
        await store.find_coalition(tx), wanted.coalition
    )
    _check_codes(known, wanted)
    codes = {partner.partner_id: partner.code for partner in known.values()}
    stored = {
        (codes[version.partner_id], version.version): version
        for version in await store.list_terms(tx)
    }
    saved = {key: _value_of(version) for key, version in stored.items()}
    chained, new_keys = _chain(saved, wanted.terms)
    new_terms = [chained[key] for key in new_keys]
    ended = [
        (stored[key], chained[key].effective_until)
        for key, terms in saved.items()
        if terms.effective_until is None and chained[key].effective_until is not None
    ]
    _check_fees(chained.values(), new_terms)
    for version, until in ended:
        await _check_not_used_since(tx, codes[version.partner_id], version, until, new_terms)
    changed = [_with_details(known[p.code], p) for p in wanted.partners if p.code in known]
    offers = await plan_offers(tx, codes, wanted.exchange_offers)
    return AgreementPlan(
        coalition=coalition,
        new_partners=tuple(p for p in wanted.partners if p.code not in known),
        changed_partners=tuple(p for p in changed if p != known[p.code]),
        ended_terms=tuple((version, until) for version, until in ended if until is not None),
        new_terms=tuple(new_terms),
        offers=offers,
        changes=(
            coalition_change,
            *(_compare_partner(known.get(p.code), p) for p in wanted.partners),
            *_compare_terms(saved, chained, wanted.terms),
            *_compare_offers(offers, wanted.exchange_offers),
        ),
    )


def _compare_coalition(
    stored: Coalition | None, wanted: Coalition
) -> tuple[Coalition | None, AgreementChange]:
    if stored is None:
        return wanted, AgreementChange(Sign.ADDED, "coalition", wanted.name, "")
    if stored == wanted:
        return None, AgreementChange(Sign.SAME, "coalition", wanted.name, "")
    for field in _FIXED:
        before, after = getattr(stored, field), getattr(wanted, field)
        if before != after:
            raise CoalitionFixed(field, before, after)
    detail = _differences(stored, wanted, ("name", "point_name"))
    return wanted, AgreementChange(Sign.CHANGED, "coalition", wanted.name, detail)


def _check_codes(known: Mapping[str, Partner], wanted: Agreements) -> None:
    """See that every code stands for a partner, and pool terms are in the currency of the pool."""
    own = {code for code, partner in known.items() if partner.partner_id < FIRST_PARTNER_ID}
    named = {partner.code for partner in wanted.partners}
    offering = {offer.partner for offer in wanted.exchange_offers}
    for code in sorted(own & (named | offering | {terms.partner for terms in wanted.terms})):
        raise PartyReserved(code)
    partners = (named | known.keys()) - own
    for code in sorted(offering - partners):
        raise PartnerNotFound(code)
    currency = wanted.coalition.clearing_currency
    for terms in wanted.terms:
        if terms.partner not in partners:
            raise PartnerNotFound(terms.partner)
        if terms.funding is not Funding.ON_REDEMPTION and terms.currency != currency:
            expected = f"the clearing currency {currency}, as {terms.funding} pays into the pool"
            raise _invalid(terms, "currency", terms.currency, expected)
        for field in ("redemption_rates", "redemption_currencies"):
            for code in getattr(terms, field):
                if code not in partners and code != ANY_ACCEPTOR:
                    raise _invalid(terms, field, code, "codes of partners, or * for any other")


def _invalid(terms: Terms, field: str, given: str, expected: str) -> TermsFieldInvalid:
    return TermsFieldInvalid(terms.partner, terms.version, field, given, expected)


def _chain(
    saved: Mapping[tuple[str, str], Terms], wanted: Iterable[Terms]
) -> tuple[dict[tuple[str, str], Terms], list[tuple[str, str]]]:
    """Put new versions beside the saved ones; gives all by name, and the names of the new."""
    new: dict[tuple[str, str], Terms] = {}
    for terms in wanted:
        key = (terms.partner, terms.version)
        if key in saved:
            _check_unchanged(saved[key], terms)
        else:
            new[key] = terms
    chained = chain_versions([*saved.values(), *new.values()])
    return {(terms.partner, terms.version): terms for terms in chained}, list(new)


def _check_unchanged(saved: Terms, wanted: Terms) -> None:
    for field in Terms.__dataclass_fields__:
        before, after = getattr(saved, field), getattr(wanted, field)
        if field != "effective_until" and before != after:
            raise TermsVersionFixed(
                saved.partner, saved.version, field, str(_written(before)), str(_written(after))
            )


def _check_fees(all_terms: Iterable[Terms], new_terms: Iterable[Terms]) -> None:
    """See that fees stay exact between every new version and every other.

    Lots keep the terms of their issue, so that any two versions may meet.
    """
    every, new = list(all_terms), list(new_terms)
    for terms, other in product(new, every):
        check_fee_between(terms, other)
        check_fee_between(other, terms)


async def _check_not_used_since(
    tx: ReadTx,
    partner: str,
    ended: StoredTerms,
    until: datetime | None,
    new_terms: Iterable[Terms],
) -> None:
    """See that no entry would find itself under other terms than it was posted under."""
    if until is None or until > tx.now + _AHEAD:
        return
    if await has_entries_under_terms(tx, ended.terms_id, since=until):
        (following,) = [
            terms.version
            for terms in new_terms
            if terms.partner == partner and terms.effective_from == until
        ]
        raise TermsBackdated(partner, following, ended.version, until)


def _compare_partner(stored: Partner | None, wanted: PartnerDetails) -> AgreementChange:
    if stored is None:
        return AgreementChange(Sign.ADDED, "partner", wanted.code, wanted.name_en)
    detail = _differences(stored, wanted, ("name_en", "name_zh", "settlement_currency"))
    sign = Sign.CHANGED if detail else Sign.SAME
    return AgreementChange(sign, "partner", wanted.code, detail or wanted.name_en)


def _with_details(stored: Partner, wanted: PartnerDetails) -> Partner:
    return replace(
        stored,
        name_en=wanted.name_en,
        name_zh=wanted.name_zh,
        settlement_currency=wanted.settlement_currency,
    )


def _compare_terms(
    saved: Mapping[tuple[str, str], Terms],
    chained: Mapping[tuple[str, str], Terms],
    wanted: Iterable[Terms],
) -> Iterator[AgreementChange]:
    named = {(terms.partner, terms.version) for terms in wanted}
    for key, terms in chained.items():
        name = " ".join(key)
        if key not in saved:
            yield AgreementChange(Sign.ADDED, "terms", name, f"{terms.funding}, {_span(terms)}")
        elif saved[key].effective_until != terms.effective_until:
            yield AgreementChange(Sign.CHANGED, "terms", name, _span(terms))
        elif key in named:
            yield AgreementChange(Sign.SAME, "terms", name, _span(terms))


def _compare_offers(plan: OfferPlan, wanted: Iterable[ExchangeOffer]) -> Iterator[AgreementChange]:
    named = {(offer.partner, offer.version) for offer in wanted}
    for key, offer in plan.chained.items():
        name, saved = " ".join(key), plan.saved.get(key)
        if saved is None:
            ratio = f"{offer.give_points} points : {offer.get_units} {offer.currency}"
            detail = f"{ratio}, {_span(offer)}"
            yield AgreementChange(Sign.ADDED, "exchange offer", name, detail)
        elif saved.effective_until != offer.effective_until:
            yield AgreementChange(Sign.CHANGED, "exchange offer", name, _span(offer))
        elif key in named:
            yield AgreementChange(Sign.SAME, "exchange offer", name, _span(offer))


def _span(terms: Terms | ExchangeOffer) -> str:
    until = "" if terms.effective_until is None else f" until {_instant(terms.effective_until)}"
    return f"from {_instant(terms.effective_from)}{until}"


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _differences(before: object, after: object, fields: Iterable[str]) -> str:
    return "; ".join(
        f"{field}: {getattr(before, field)} -> {getattr(after, field)}"
        for field in fields
        if getattr(before, field) != getattr(after, field)
    )


async def save_terms(tx: Tx, partner: Partner, versions: Iterable[Terms]) -> None:
    """Save new versions of a partner's terms, whose spans do not overlap, and tell every process.

    A version that was open-ended ends where the next one begins.
    """
    for terms in versions:
        await store.insert_terms(
            tx,
            partner_id=partner.partner_id,
            version=terms.version,
            effective_from=terms.effective_from,
            effective_until=terms.effective_until,
            written=write_terms(terms),
        )
    await store.notify_terms_changed(tx)


def write_terms(terms: Terms) -> dict[str, Any]:
    """Write terms as `make_terms` reads them: numbers are texts, nothing is lost."""
    names = [name for name in Terms.__dataclass_fields__ if name not in _SPAN[2:]]
    return {name: _written(getattr(terms, name)) for name in names}


def _value_of(stored: StoredTerms) -> Terms:
    return make_terms(
        stored.written,
        effective_from=stored.effective_from,
        effective_until=stored.effective_until,
    )


def _written(value: object) -> Any:  # noqa: ANN401 (what JSON can hold)
    match value:
        case Decimal():
            return format_exact(value)
        case datetime():
            return value.isoformat()
        case Mapping():
            return {key: _written(inner) for key, inner in value.items()}
        case _:
            return value
