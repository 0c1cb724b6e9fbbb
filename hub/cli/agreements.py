"""The terms in a file: versions of agreements.

Source: rule book 2.1, 2.3.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from hub.cli.errors import FileInvalid
from hub.cli.fields import (
    Fields,
    Reader,
    Value,
    open_fields,
    read_bps,
    read_code,
    read_currency,
    read_flag,
    read_instant_or_date,
    read_map,
    read_name,
    read_rate,
    read_share,
    read_whole,
)
from hub.cli.strict_json import Json, quote
from hub.kernel.money import ZERO
from partners.errors import TermsFieldInvalid, TermsNotExact
from partners.terms import CAP_POINTS_MAX, Funding, Terms

RATES_COUNT_MAX: Final = 1_000

EXPIRY_MONTHS_MAX: Final = 1_200

AGREEMENT_KEYS: Final = frozenset(Terms.__dataclass_fields__) - {"effective_until"}
"""What an agreement may say; a version ends where the next one begins."""

SCENARIO_KEYS: Final = AGREEMENT_KEYS - {
    "expiry_months",
    "points_cap_per_window",
    "points_cap_per_member",
}
"""What a scenario may say of a version; its events carry the end of their lots themselves."""


def read_agreements(
    file: str, place: str, values: Sequence[Json], *, clearing: str, keys: frozenset[str]
) -> tuple[Terms, ...]:
    """Read all versions of all terms, in the order of the file and without an end.

    `keys` are those that a version may have.

    Errors: FileInvalid.
    """
    versions: list[Terms] = []
    named: set[tuple[str, str]] = set()
    begun: set[tuple[str, datetime]] = set()
    for index, value in enumerate(values):
        fields = open_fields(file, f"{place}[{index}]", value, known=keys)
        terms = _read_terms(fields)
        _check_pool_currency(fields, terms, clearing)
        if (terms.partner, terms.version) in named:
            raise fields.refusal(
                "version",
                f"{terms.partner} has a version {quote(terms.version)} already",
                "another name",
            )
        if (terms.partner, terms.effective_from) in begun:
            raise fields.refusal(
                "effective_from",
                f"another version of {terms.partner} begins at this instant",
                "another instant",
            )
        named.add((terms.partner, terms.version))
        begun.add((terms.partner, terms.effective_from))
        versions.append(terms)
    return tuple(versions)


def _read_terms(fields: Fields) -> Terms:
    try:
        return Terms(
            partner=read_code(fields, "partner"),
            version=read_name(fields, "version"),
            effective_from=read_instant_or_date(fields, "effective_from"),
            effective_until=None,
            funding=_read_funding(fields),
            currency=read_currency(fields, "currency"),
            issue_price=_read_or_zero(fields, "issue_price", read_rate),
            issue_fee=_read_or_zero(fields, "issue_fee", read_rate),
            issue_fee_refundable=_read_refundable(fields),
            accept_rate=_read_or_zero(fields, "accept_rate", read_rate),
            accept_fee_bps=_read_or_zero(fields, "accept_fee_bps", read_bps),
            redemption_rates=_read_rates(fields, "redemption_rates", read_rate, star=True),
            redemption_currencies=_read_rates(
                fields, "redemption_currencies", read_currency, star=False
            ),
            cash_out_rate=_read_or_zero(fields, "cash_out_rate", read_rate),
            agent_fee_flat=_read_or_zero(fields, "agent_fee_flat", read_rate),
            donation_rate=_read_or_zero(fields, "donation_rate", read_rate),
            breakage_share=_read_or_zero(fields, "breakage_share", read_share),
            hub_breakage_share=_read_or_zero(fields, "hub_breakage_share", read_share),
            expiry_months=_read_months(fields),
            points_cap_per_window=_read_cap(fields, "points_cap_per_window"),
            points_cap_per_member=_read_cap(fields, "points_cap_per_member"),
        )
    except TermsFieldInvalid as refusal:
        raise fields.refusal(
            refusal.field, f"{quote(refusal.given)} is not valid", refusal.expected
        ) from refusal
    except TermsNotExact as refusal:
        raise FileInvalid(
            file=fields.file,
            place=fields.place,
            problem=f"{refusal.factors} needs {refusal.places_needed} decimal places",
            expected=f"a product with at most {refusal.places_max} places",
        ) from refusal


def _read_funding(fields: Fields) -> Funding:
    expected = "one of " + ", ".join(Funding)
    value = fields.take("funding", expected)
    if isinstance(value, str) and value in Funding.__members__:
        return Funding(value)
    raise fields.refusal("funding", f"{quote(value)} is not a way of funding", expected)


def _read_refundable(fields: Fields) -> bool:
    key = "issue_fee_refundable"
    return read_flag(fields, key) if key in fields.values else True


def _read_months(fields: Fields) -> int | None:
    key = "expiry_months"
    if key not in fields.values:
        return None
    return read_whole(fields, key, first=1, last=EXPIRY_MONTHS_MAX)


def _read_cap(fields: Fields, key: str) -> int | None:
    if key not in fields.values:
        return None
    return read_whole(fields, key, first=0, last=CAP_POINTS_MAX)


def _read_or_zero(fields: Fields, key: str, reader: Reader[Decimal]) -> Decimal:
    return reader(fields, key) if key in fields.values else ZERO


def _read_rates(fields: Fields, key: str, reader: Reader[Value], *, star: bool) -> dict[str, Value]:
    if key not in fields.values:
        return {}
    return read_map(fields, key, reader, count_max=RATES_COUNT_MAX, star=star)


def _check_pool_currency(fields: Fields, terms: Terms, clearing: str) -> None:
    if terms.funding is not Funding.ON_REDEMPTION and terms.currency != clearing:
        raise fields.refusal(
            "currency",
            f"{terms.funding} terms are in {terms.currency}",
            f"the clearing currency {clearing}",
        )
