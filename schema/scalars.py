"""The custom scalars: points, decimals and instants, exact both ways; nothing here is a float."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from hub.kernel.errors import DecimalNotValid
from hub.kernel.money import DIGITS_MAX, OBLIGATION_PLACES, parse_decimal

Points = NewType("Points", int)
"""Whole points; the limits of one operation are the domain's to refuse."""

Units = NewType("Units", int)
"""Whole units of another currency, which points were exchanged for."""

YEAR_MIN: Final = 1900
YEAR_MAX: Final = 2999
_INSTANT_CHARACTERS_MAX: Final = 40


class InputNotValid(ValueError):
    """What was given is not a value of the scalar."""


def read_points(value: object) -> Points:
    """Read points: a JSON integer and nothing else.

    Errors: InputNotValid.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputNotValid("points are a JSON integer, without quotes, dot or exponent")
    return Points(value)


def write_points(value: int) -> int:
    """Write points as a JSON integer."""
    assert isinstance(value, int), "points are whole"
    return value


def read_units(value: object) -> Units:
    """Read units of another currency: a JSON integer and nothing else.

    Errors: InputNotValid.
    """
    return Units(read_points(value))


def read_decimal(value: object) -> Decimal:
    """Read a plain decimal from a text.

    Errors: InputNotValid.
    """
    if not isinstance(value, str):
        raise InputNotValid('a decimal is a text, e.g. "12.50", so that no digit is lost')
    try:
        return parse_decimal(value, OBLIGATION_PLACES)
    except DecimalNotValid as error:
        raise InputNotValid(
            f"a decimal has ASCII digits and at most one dot, at most {DIGITS_MAX} digits before"
            f" and {OBLIGATION_PLACES} behind it; no exponent, no spaces, no leading zeros"
        ) from error


def write_decimal(value: Decimal) -> str:
    """Write a decimal with the places that it has, never with an exponent or as -0."""
    assert isinstance(value, Decimal), "money is a decimal"
    return format(value or abs(value), "f")


def read_instant(value: object) -> datetime:
    """Read an instant, ISO 8601 with Z or an offset.

    Errors: InputNotValid.
    """
    if not isinstance(value, str) or len(value) > _INSTANT_CHARACTERS_MAX or not value.isascii():
        raise InputNotValid("an instant is a text, e.g. 2026-01-31T12:00:00Z")
    try:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None or len(value) < len("2026-01-31T12:00Z"):
            raise InputNotValid("an instant needs a time and its offset: Z, or +02:00")
        in_utc = instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputNotValid("an instant is ISO 8601, e.g. 2026-01-31T12:00:00Z") from error
    if not YEAR_MIN <= in_utc.year <= YEAR_MAX:
        raise InputNotValid(f"an instant lies in the years {YEAR_MIN} to {YEAR_MAX}")
    return in_utc


def write_instant(value: datetime) -> str:
    """Write an instant in UTC, with Z."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


SCALARS: Final[Mapping[object, ScalarDefinition]] = {
    Points: strawberry.scalar(
        name="Points",
        description="Whole points, as a JSON integer both ways (never a text, never with a dot)."
        " One operation moves 1 to 1,000,000,000,000.",
        serialize=write_points,
        parse_value=read_points,
    ),
    Units: strawberry.scalar(
        name="Units",
        description="Whole units of another currency, e.g. miles: a JSON integer up to 10^15.",
        serialize=write_points,
        parse_value=read_units,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="An exact decimal as a text of ASCII digits, e.g. `12.50`: at most"
        f" {DIGITS_MAX} digits before the dot and {OBLIGATION_PLACES} behind it, no exponent.",
        serialize=write_decimal,
        parse_value=read_decimal,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant, ISO 8601, e.g. `2026-01-31T12:00:00Z`. Given with any offset,"
        f" answered in UTC with Z, to the microsecond; years {YEAR_MIN} to {YEAR_MAX}.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=write_instant,
        parse_value=read_instant,
    ),
}
