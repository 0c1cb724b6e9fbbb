"""Which caps an operation is charged to, and what each of its points counts there.

Source: rule book 1.3.4, 1.8.1, 1.8.4, 2.3, 2.9; ADR-0022.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeAlias

from hub.kernel.money import POINTS_MAX, ZERO
from hub.ledger.caps.kinds import Cap, CapKind, Renewal, calendar_span
from hub.ledger.caps.store import FOREVER
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Charge, Operation
from partners.exchange_offers import ExchangeOffer
from partners.register import Register, TermsInForce
from partners.store import Partner
from partners.terms import Funding, Terms

Charges: TypeAlias = tuple[Charge, ...]
Charging: TypeAlias = Callable[[Operation, TermsInForce | None], Awaitable[Charges]]
"""Says what an operation is charged under its terms."""

ALL: Final = ""
"""The subject of a cap that counts everything of its partner."""


async def charge_nothing(_: Operation, __: TermsInForce | None) -> Charges:
    """Leave an operation uncapped."""
    return ()


def charge_issue(register: Register, *, issuer: Partner, at: datetime) -> Charging:
    """Charge an issue: to the caps of its terms, the budget of its reason, the issuer's debit cap.

    Units: `at` is when it happens, in UTC.
    """

    async def charge(operation: Operation, found: TermsInForce | None) -> Charges:
        if found is None:
            return ()
        caps = [
            await register.caps.find_or_open(wanted)
            for wanted in _caps_of_terms(register, found, issuer, at)
        ]
        if register.caps.is_empty:
            return ()
        budget = CapKind.BUDGET, issuer.partner_id, operation.reason or ALL
        caps += filter(None, [await register.caps.find_or_renew(budget, at, zone=register.zone)])
        charges = [Charge(cap_id=cap.cap_id) for cap in caps]
        terms = found.terms
        if terms.funding is not Funding.ON_REDEMPTION:
            debit = CapKind.NET_DEBIT, issuer.partner_id, terms.currency
            cap = register.caps.find(debit, at)
            if cap is not None:
                back = terms.issue_price + (terms.issue_fee if terms.issue_fee_refundable else ZERO)
                unit = terms.issue_price + terms.issue_fee
                charges.append(Charge(cap_id=cap.cap_id, unit=unit, back=back))
        return tuple(charges)

    return charge


def charge_use(register: Register, *, acceptor: Partner, at: datetime) -> Charging:
    """Charge a use of points: to what the acceptor may take, and to what issuers may owe.

    A redemption or its hold, a cash-out, a donation, an exchange.

    What an issuer owes hangs on the terms of each lot: only the ledger knows which are drawn.

    Units: `at` is when it happens, in UTC.
    """

    async def charge(operation: Operation, found: TermsInForce | None) -> Charges:
        if register.caps.is_empty:
            return ()
        accepted = CapKind.ACCEPT, acceptor.partner_id, ALL
        cap = await register.caps.find_or_renew(accepted, at, zone=register.zone)
        charges = [] if cap is None else [Charge(cap_id=cap.cap_id)]
        acceptor_terms = found or register.find_terms(acceptor.partner_id, at)
        for debit in register.caps.list_in_force(CapKind.NET_DEBIT, at):
            if debit.partner_id == acceptor.partner_id:
                continue
            for version in register.list_terms(debit.partner_id):
                unit, currency = _owed_per_point(operation.kind, version.terms, acceptor_terms)
                if unit > 0 and currency == debit.currency:
                    charges.append(
                        Charge(
                            cap_id=debit.cap_id,
                            unit=unit,
                            back=unit,
                            issue_terms_id=version.terms_id,
                        )
                    )
        return tuple(charges)

    return charge


def charge_exchange(
    register: Register, offer: ExchangeOffer, *, partner: Partner, at: datetime
) -> Charging:
    """Charge an exchange: to the day of its wallet, and like any other use of points.

    Units: `at` is when it happens, in UTC.
    Source: rule book 1.8.4.
    """
    charge_as_use = charge_use(register, acceptor=partner, at=at)

    async def charge(operation: Operation, found: TermsInForce | None) -> Charges:
        day = cap_of_day(register, offer, partner=partner, at=at)
        if day is None:
            return await charge_as_use(operation, found)
        cap = await register.caps.find_or_open(day.cap)
        own = Charge(cap_id=cap.cap_id, limit=day.limit)
        return own, *await charge_as_use(operation, found)

    return charge


@dataclass(frozen=True, slots=True)
class CapOfDay:
    """The cap of a wallet's day, shared by the versions of an offer.

    `limit` is that of one version, where several share the day: None, where it is the cap's own.
    """

    cap: Cap
    limit: Decimal | None


def cap_of_day(
    register: Register, offer: ExchangeOffer, *, partner: Partner, at: datetime
) -> CapOfDay | None:
    """Make the cap of an offer for the day of an instant; None: no cap.

    All versions of one currency count in one cap, so that a new one does not begin the day anew.
    One without a cap counts too, without a limit, where another one of the day has a cap.
    """
    day_from, day_until = calendar_span(Renewal.DAY, at, zone=register.zone)
    versions = register.list_offers_within(partner.partner_id, offer.currency, day_from, day_until)
    limits = [one.day_cap_points for one in versions if one.day_cap_points is not None]
    if not limits:
        return None
    own = POINTS_MAX * POINTS_MAX if offer.day_cap_points is None else offer.day_cap_points
    cap = Cap(
        kind=CapKind.EXCHANGE,
        partner_id=partner.partner_id,
        subject=offer.currency,
        currency=None,
        limit=Decimal(limits[0] if offer.day_cap_points is None else own),
        starts_at=day_from,
        ends_at=day_until,
        renewal=None,
    )
    return CapOfDay(cap, None if len(versions) == 1 else Decimal(own))


def charge_transfer(register: Register, *, at: datetime) -> Charging:
    """Charge a transfer to what a member may give away. Source: rule book 1.8.1."""

    async def charge(_: Operation, __: TermsInForce | None) -> Charges:
        if register.caps.is_empty:
            return ()
        given = CapKind.TRANSFER, 0, ALL
        cap = await register.caps.find_or_renew(given, at, zone=register.zone)
        return () if cap is None else (Charge(cap_id=cap.cap_id),)

    return charge


def _caps_of_terms(
    register: Register, found: TermsInForce, issuer: Partner, at: datetime
) -> list[Cap]:
    """List the caps of a version of terms in the month of an instant, as far as both overlap."""
    terms = found.terms
    limits = {
        CapKind.MEMBER: terms.points_cap_per_member,
        CapKind.WINDOW: terms.points_cap_per_window,
    }
    if all(limit is None for limit in limits.values()):
        return []
    month_from, month_until = calendar_span(Renewal.MONTH, at, zone=register.zone)
    return [
        Cap(
            kind=kind,
            partner_id=issuer.partner_id,
            subject=terms.version,
            currency=None,
            limit=Decimal(limit),
            starts_at=max(month_from, terms.effective_from),
            ends_at=month_until,
            renewal=None,
        )
        for kind, limit in limits.items()
        if limit is not None
    ]


def _owed_per_point(
    kind: EntryKind, issued: Terms, accepted: TermsInForce | None
) -> tuple[Decimal, str]:
    """Say what the issuer of a point owes when it is used, and in which currency (2.4)."""
    if accepted is None or issued.funding is Funding.ON_ISSUE:
        return ZERO, issued.currency
    terms = accepted.terms
    if issued.funding is Funding.HYBRID:
        return _full_rate(kind, terms) - issued.issue_price, issued.currency
    if kind in {EntryKind.CASH_OUT, EntryKind.DONATE}:
        return _full_rate(kind, terms), terms.currency
    return issued.redemption_rate(terms.partner)


def _full_rate(kind: EntryKind, terms: Terms) -> Decimal:
    if kind is EntryKind.CASH_OUT:
        return terms.cash_out_rate
    return terms.donation_rate if kind is EntryKind.DONATE else terms.accept_rate


def endless(starts_at: datetime) -> tuple[datetime, datetime]:
    """Give the span of a cap without an end."""
    return starts_at, FOREVER
