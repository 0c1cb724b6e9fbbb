"""Terms: one version of what a partner and the coalition promised each other.

A value: it checks itself when it is made, and answers which rate it pays. Whoever stores or loads
terms makes them with `make_terms` from the text they were written in.

Source: rule book 2.1, 2.3.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import groupby, pairwise
from types import MappingProxyType
from typing import Final

from hub.kernel.errors import CurrencyUnknown, DecimalNotValid
from hub.kernel.money import (
    BPS_PLACES,
    DIGITS_MAX,
    OBLIGATION_PLACES,
    ONE_BPS,
    RATE_PLACES,
    SHARE_PLACES,
    ZERO,
    check_currency,
    exact_arithmetic,
    format_exact,
    parse_decimal,
    places_needed,
)
from partners.errors import TermsFieldInvalid, TermsNotExact, TermsOverlap

ANY_ACCEPTOR = "*"
"""The key of `redemption_rates` that stands for every acceptor without a key of its own."""

CAP_POINTS_MAX: Final = 10**15

_RATES = (
    "issue_price",
    "issue_fee",
    "accept_rate",
    "cash_out_rate",
    "agent_fee_flat",
    "donation_rate",
)
_SHARES = ("breakage_share", "hub_breakage_share")
_NUMBERS = {
    **dict.fromkeys(_RATES, RATE_PLACES),
    "accept_fee_bps": BPS_PLACES,
    **dict.fromkeys(_SHARES, SHARE_PLACES),
}
_TEXTS = ("partner", "version", "funding", "currency")
_MAPS = ("redemption_rates", "redemption_currencies")
_OTHERS = ("issue_fee_refundable", "expiry_months")
_CAPS = ("points_cap_per_window", "points_cap_per_member")
_SHOWN_MAX = 60


class Funding(StrEnum):
    """When the issuer pays for its points.

    ON_ISSUE: into the pool, when they are issued. ON_REDEMPTION: to the acceptor, when they are
    used. HYBRID: a part into the pool, the rest when they are used.
    """

    ON_ISSUE = "ON_ISSUE"
    ON_REDEMPTION = "ON_REDEMPTION"
    HYBRID = "HYBRID"


@dataclass(frozen=True, slots=True)
class Terms:
    """One immutable version of a partner's agreement, in force in a half-open span.

    Units: rates and prices are money of `currency` per point; `accept_fee_bps` are hundredths of
    a percent; shares are parts of 1; `agent_fee_flat` is money per event and,
    like a rate, may be finer than a minor unit. The caps are points issued in a calendar month: by
    the partner, and to one member.
    Errors: TermsFieldInvalid, TermsNotExact.
    """

    partner: str
    version: str
    effective_from: datetime
    effective_until: datetime | None
    funding: Funding
    currency: str
    issue_price: Decimal
    issue_fee: Decimal
    issue_fee_refundable: bool
    accept_rate: Decimal
    accept_fee_bps: Decimal
    redemption_rates: Mapping[str, Decimal] = field(hash=False)
    redemption_currencies: Mapping[str, str] = field(hash=False)
    cash_out_rate: Decimal
    agent_fee_flat: Decimal
    donation_rate: Decimal
    breakage_share: Decimal
    hub_breakage_share: Decimal
    expiry_months: int | None
    points_cap_per_window: int | None = None
    points_cap_per_member: int | None = None

    def __post_init__(self) -> None:
        for name in _MAPS:
            sealed = MappingProxyType(dict(getattr(self, name)))
            object.__setattr__(self, name, sealed)
        self.check()

    def is_in_force(self, at: datetime) -> bool:
        """Whether these terms apply at an instant: from `effective_from`, until but not at the end.

        Units: a UTC instant.
        """
        has_begun = self.effective_from <= at
        return has_begun and (self.effective_until is None or at < self.effective_until)

    def redemption_rate(self, acceptor: str) -> tuple[Decimal, str]:
        """Say what the issuer pays an acceptor per point, and in which currency.

        The most exact key wins: the acceptor's own, else `*`, else the rate is 0. The currency is
        the acceptor's own, else that of the terms.
        """
        # Keys for categories belong before `*`, once a flow knows the category of a redemption.
        keys = (acceptor, ANY_ACCEPTOR)
        rates = (self.redemption_rates[key] for key in keys if key in self.redemption_rates)
        currency = self.redemption_currencies.get(acceptor, self.currency)
        return next(rates, ZERO), currency

    def check(self) -> None:
        """See that every field keeps its limits and that every amount will be exact.

        Errors: TermsFieldInvalid, TermsNotExact.
        """
        self._check_span()
        self._check_currencies()
        for name, rate in self._rates():
            self._check_number(name, rate, RATE_PLACES)
        self._check_number("accept_fee_bps", self.accept_fee_bps, BPS_PLACES)
        for name in _SHARES:
            share: Decimal = getattr(self, name)
            self._check_number(name, share, SHARE_PLACES)
            if share > 1:
                raise self._invalid(name, format_exact(share), "a share from 0 to 1")
        if self.expiry_months is not None and self.expiry_months < 1:
            raise self._invalid("expiry_months", str(self.expiry_months), "1 or more, or nothing")
        for name in _CAPS:
            cap: int | None = getattr(self, name)
            if cap is not None and not 0 <= cap <= CAP_POINTS_MAX:
                raise self._invalid(name, str(cap), f"0 to {CAP_POINTS_MAX}, or nothing")
        self._check_products()

    def _check_span(self) -> None:
        for name in ("effective_from", "effective_until"):
            at: datetime | None = getattr(self, name)
            if at is not None and at.utcoffset() != timedelta(0):
                raise self._invalid(name, str(at), "an instant in UTC")
        if self.effective_until is not None and self.effective_until <= self.effective_from:
            given = self.effective_until.isoformat()
            raise self._invalid("effective_until", given, "an instant after effective_from")
        for name in ("partner", "version"):
            if not getattr(self, name):
                raise self._invalid(name, "", "a code that is not empty")

    def _check_currencies(self) -> None:
        named = {"currency": self.currency}
        named |= {f"redemption_currencies[{k}]": c for k, c in self.redemption_currencies.items()}
        for name, currency in named.items():
            try:
                check_currency(currency)
            except CurrencyUnknown:
                raise self._invalid(name, currency, "a currency code of ISO 4217") from None
        if ANY_ACCEPTOR in self.redemption_currencies:
            # Breakage is paid at the `*` rate in the currency of the terms: a currency here
            # would be ignored, and somebody would have meant it.
            expected = "codes of acceptors; the currency of * is that of the terms"
            raise self._invalid("redemption_currencies", ANY_ACCEPTOR, expected)

    def _check_number(self, name: str, number: Decimal, places: int) -> None:
        is_plain = number.is_finite() and 0 <= number < 10**DIGITS_MAX
        if not is_plain or places_needed(number) > places:
            expected = f"a decimal from 0, with at most {places} places"
            raise self._invalid(name, str(number)[:_SHOWN_MAX], expected)

    def _check_products(self) -> None:
        """Refuse what could not be stored exactly: rate x bps, price x share, rate x share."""
        any_rate = self.redemption_rates.get(ANY_ACCEPTOR, ZERO)
        with exact_arithmetic():
            products = {
                "issue_price x breakage_share": self.issue_price * self.breakage_share,
                "redemption_rates[*] x hub_breakage_share": any_rate * self.hub_breakage_share,
            }
            for name, rate in self._fee_rates():
                products[f"{name} x accept_fee_bps"] = rate * self.accept_fee_bps * ONE_BPS
        for factors, product in products.items():
            self._check_product(factors, product)

    def _check_product(self, factors: str, product: Decimal) -> None:
        needed = places_needed(product)
        if needed > OBLIGATION_PLACES:
            raise TermsNotExact(self.partner, self.version, factors, needed, OBLIGATION_PLACES)

    def _rates(self) -> Iterator[tuple[str, Decimal]]:
        for name in _RATES:
            yield name, getattr(self, name)
        for key, rate in self.redemption_rates.items():
            yield f"redemption_rates[{key}]", rate

    def _fee_rates(self) -> Iterator[tuple[str, Decimal]]:
        """List the rates on which a fee in basis points is taken."""
        return (pair for pair in self._rates() if pair[0].startswith(("accept", "redemption")))

    def _invalid(self, name: str, given: str, expected: str) -> TermsFieldInvalid:
        return TermsFieldInvalid(self.partner, self.version, name, given, expected)


def make_terms(
    written: Mapping[str, object],
    *,
    effective_from: datetime,
    effective_until: datetime | None,
) -> Terms:
    """Make terms from the text they were written in; a missing number is 0.

    `written` has `partner, version, funding, currency` and any other field of `Terms` but its
    span. Numbers are strings: a number of JSON may have been through a float.

    Errors: TermsFieldInvalid, TermsNotExact.
    """
    reader = _Reader(written)
    reader.check_keys()
    funding = reader.text("funding")
    if funding not in set(Funding):
        raise reader.invalid("funding", f"one of {', '.join(Funding)}")
    rates = reader.texts("redemption_rates")
    return Terms(
        partner=reader.text("partner"),
        version=reader.text("version"),
        effective_from=effective_from,
        effective_until=effective_until,
        funding=Funding(funding),
        currency=reader.text("currency"),
        issue_fee_refundable=reader.truth("issue_fee_refundable"),
        redemption_rates={
            key: reader.decimal(f"redemption_rates[{key}]", rate, RATE_PLACES)
            for key, rate in rates.items()
        },
        redemption_currencies=reader.texts("redemption_currencies"),
        expiry_months=reader.whole("expiry_months"),
        points_cap_per_window=reader.whole("points_cap_per_window"),
        points_cap_per_member=reader.whole("points_cap_per_member"),
        **{name: reader.number(name, places) for name, places in _NUMBERS.items()},
    )


def chain_versions(versions: Iterable[Terms]) -> tuple[Terms, ...]:
    """Let each version of a partner's terms without an end stop where the next one begins.

    Errors: TermsOverlap, when two versions of a partner begin together, or one begins before an
    end that was agreed.
    """
    ordered = sorted(versions, key=lambda terms: (terms.partner, terms.effective_from))
    chained: list[Terms] = []
    for partner, group in groupby(ordered, key=lambda terms: terms.partner):
        own = list(group)
        for terms, successor in pairwise(own):
            begins = successor.effective_from
            until = terms.effective_until or begins
            if until > begins or begins == terms.effective_from:
                raise TermsOverlap(partner, terms.version, successor.version)
            chained.append(replace(terms, effective_until=until))
        chained.append(own[-1])
    return tuple(chained)


def check_fee_between(issuer: Terms, acceptor: Terms) -> None:
    """See that the acceptor's fee on what this issuer pays it will be exact.

    The rate stands in one agreement and the fee in the other, so neither can see it alone.

    Errors: TermsNotExact.
    """
    if issuer.funding is not Funding.ON_REDEMPTION:
        return
    rate, _ = issuer.redemption_rate(acceptor.partner)
    with exact_arithmetic():
        fee_rate = rate * acceptor.accept_fee_bps * ONE_BPS
    needed = places_needed(fee_rate)
    if needed > OBLIGATION_PLACES:
        factors = f"redemption_rates of {issuer.partner} {issuer.version} x accept_fee_bps"
        raise TermsNotExact(acceptor.partner, acceptor.version, factors, needed, OBLIGATION_PLACES)


class _Reader:
    """Takes the fields of terms out of what was written, and says which one is wrong."""

    def __init__(self, written: Mapping[str, object]) -> None:
        self._written = written

    def check_keys(self) -> None:
        known = {*_TEXTS, *_NUMBERS, *_MAPS, *_OTHERS, *_CAPS}
        for name in self._written:
            if name not in known:
                raise self.invalid(name, f"one of {', '.join(sorted(known))}")

    def text(self, name: str) -> str:
        given = self._written.get(name)
        if not isinstance(given, str) or not given:
            raise self.invalid(name, "a text")
        return given

    def texts(self, name: str) -> dict[str, str]:
        given = self._written.get(name, {})
        if not isinstance(given, Mapping):
            raise self.invalid(name, "a map of texts")
        for key, value in given.items():
            if not isinstance(key, str) or not isinstance(value, str):
                raise self.invalid(name, "a map of texts")
        return dict(given)

    def truth(self, name: str) -> bool:
        given = self._written.get(name, True)
        if not isinstance(given, bool):
            raise self.invalid(name, "true or false")
        return given

    def whole(self, name: str) -> int | None:
        given = self._written.get(name)
        if given is not None and (isinstance(given, bool) or not isinstance(given, int)):
            raise self.invalid(name, "a whole number, or nothing")
        return given

    def number(self, name: str, places: int) -> Decimal:
        given = self._written.get(name, "0")
        if not isinstance(given, str):
            raise self.invalid(name, "a decimal written as a string")
        return self.decimal(name, given, places)

    def decimal(self, name: str, text: str, places: int) -> Decimal:
        try:
            return parse_decimal(text, places)
        except DecimalNotValid:
            expected = f"a decimal with at most {places} places"
            raise self._refusal(name, text, expected) from None

    def invalid(self, name: str, expected: str) -> TermsFieldInvalid:
        return self._refusal(name, repr(self._written.get(name)), expected)

    def _refusal(self, name: str, given: str, expected: str) -> TermsFieldInvalid:
        partner, version = (str(self._written.get(key, "?")) for key in ("partner", "version"))
        return TermsFieldInvalid(partner, version, name, given[:_SHOWN_MAX], expected)
