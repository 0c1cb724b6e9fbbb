"""Points and money without a float: exact decimals, named roundings, largest remainders.

Decimals are added and multiplied inside `exact_arithmetic()`, where a result that would lose a
digit raises instead. Whatever divides or rounds says how in its name.

Source: rule book 1.1, 2.1, 2.6.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from decimal import (
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
    localcontext,
)
from fractions import Fraction
from typing import TypeAlias

import iso4217

from hub.kernel.errors import (
    AmountNotExact,
    CurrencyNotSettleable,
    CurrencyUnknown,
    DecimalNotValid,
    PointsOutOfRange,
)

POINTS_MIN = 1
POINTS_MAX = 10**12

RATE_PLACES = 8
BPS_PLACES = 2
SHARE_PLACES = 4
OBLIGATION_PLACES = 12
FX_PLACES = 8

DIGITS_MAX = 18
"""Digits before the dot: more than any sum of money here, and a bound on every product."""

Rational: TypeAlias = Decimal | Fraction | int

ZERO = Decimal(0)
ONE_BPS = Decimal("0.0001")

# A sum of 10^18 points times a rate times basis points, each of DIGITS_MAX digits, has fewer than
# 54 digits before and 14 behind the dot: 80 leaves room, and Inexact would be our own mistake.
_EXACT = Context(prec=80, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
_PLAIN_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_SHOWN_MAX = 60


def exact_arithmetic() -> AbstractContextManager[Context]:
    """Decimal sums and products inside this block are exact, or raise `decimal.Inexact`."""
    return localcontext(_EXACT)


def check_points(points: object) -> int:
    """Return `points` when one operation may move that many.

    Units: whole points, 1 to 10^12.
    Errors: PointsOutOfRange.
    """
    # bool is an int to Python, and to nobody else.
    if not isinstance(points, bool) and isinstance(points, int) and _may_move(points):
        return points
    raise PointsOutOfRange(repr(points)[:_SHOWN_MAX], POINTS_MIN, POINTS_MAX)


def parse_decimal(text: str, places: int) -> Decimal:
    """Read a plain decimal that needs at most `places` decimal places.

    Refused are exponents, NaN, infinities, plus signs, spaces, underscores, leading zeros, a bare
    dot and digits that are not ASCII. Zeros at the end do not count as places.

    Errors: DecimalNotValid.
    """
    whole, _, fraction = text.removeprefix("-").partition(".")
    fraction = fraction.rstrip("0")
    is_plain = _PLAIN_DECIMAL.fullmatch(text) is not None
    if not is_plain or len(whole) > DIGITS_MAX or len(fraction) > places:
        raise DecimalNotValid(text[:_SHOWN_MAX], DIGITS_MAX, places)
    number = Decimal(f"{whole}.{fraction}")
    # A unary minus would round to the precision of whoever calls.
    return number.copy_negate() if number and text.startswith("-") else number


def places_needed(amount: Decimal) -> int:
    """How many decimal places `amount` needs; zeros at the end do not count."""
    exponent = amount.normalize(_EXACT).as_tuple().exponent
    assert isinstance(exponent, int), "money is finite"
    return max(0, -exponent)


def check_places(amount: Decimal, places: int) -> Decimal:
    """Return `amount` when `places` decimal places hold it without rounding.

    Errors: AmountNotExact.
    """
    if places_needed(amount) > places:
        raise AmountNotExact(format_exact(amount), places)
    return amount


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Add without losing a digit."""
    with exact_arithmetic():
        return sum(amounts, ZERO)


def divide_half_even(dividend: Rational, divisor: Rational, *, places: int) -> Decimal:
    """Divide and round once to `places` decimal places; a tie goes to the even digit."""
    quotient, rest, whole = _divide(dividend, divisor, places)
    if 2 * rest > whole or (2 * rest == whole and quotient % 2 == 1):
        quotient += 1
    return from_minor(quotient, places)


def divide_half_up(dividend: Rational, divisor: Rational, *, places: int) -> Decimal:
    """Divide and round once to `places` decimal places; a tie goes away from zero."""
    quotient, rest, whole = _divide(dividend, divisor, places)
    if 2 * rest > whole or (2 * rest == whole and quotient >= 0):
        quotient += 1
    return from_minor(quotient, places)


def divide_down(dividend: Rational, divisor: Rational, *, places: int) -> Decimal:
    """Divide and round to `places` decimal places, down: towards minus infinity."""
    quotient, _, _ = _divide(dividend, divisor, places)
    return from_minor(quotient, places)


def allocate_largest_remainder(
    parts: Mapping[str, int], *, divisor: int, total: int
) -> dict[str, int]:
    """Split `total` units so that each key gets `parts[key] / divisor`, rounded down or up.

    Every part is rounded down first; the missing units go, one each, to the largest fractions,
    and among equal fractions to the key that comes first in ASCII order.

    Units: `parts` count in 1 / `divisor` of a unit; `total` and the answer count units.
    Source: rule book 2.4, 2.6.
    """
    assert divisor > 0, "a unit has a size"
    shares = {key: part // divisor for key, part in parts.items()}
    missing = total - sum(shares.values())
    assert 0 <= missing <= len(parts), "the total is the sum of the parts, give or take a fraction"
    by_fraction = sorted(parts, key=lambda key: (-(parts[key] % divisor), key))
    for key in by_fraction[:missing]:
        shares[key] += 1
    return shares


def check_currency(currency: str) -> str:
    """Return `currency` when ISO 4217 knows it.

    Errors: CurrencyUnknown.
    """
    try:
        iso4217.Currency(currency)
    except ValueError:
        raise CurrencyUnknown(currency) from None
    return currency


def minor_units(currency: str) -> int:
    """How many decimal places money of this currency has: JPY 0, EUR 2, KWD 3.

    Errors: CurrencyUnknown, CurrencyNotSettleable (XAU has none).
    """
    places = iso4217.Currency(check_currency(currency)).exponent
    if places is None:
        raise CurrencyNotSettleable(currency)
    return places


def from_minor(minor: int, places: int) -> Decimal:
    """Turn minor units into money: (123, 2) is 1.23."""
    return Decimal(minor).scaleb(-places, _EXACT)


def to_minor(amount: Decimal, places: int) -> int:
    """Turn money into minor units, exactly: (1.23, 2) is 123.

    Errors: AmountNotExact.
    """
    return int(check_places(amount, places).scaleb(places, _EXACT))


def format_exact(amount: Decimal) -> str:
    """Write every digit and no more: no exponent, no zeros at the end, no minus zero."""
    return format(amount.normalize(_EXACT), "f") if amount else "0"


def format_fixed(amount: Decimal, places: int) -> str:
    """Write with exactly `places` decimal places: 5 EUR is "5.00"; never a minus zero.

    Errors: AmountNotExact.
    """
    return format_minor(to_minor(amount, places), places)


def format_minor(minor: int, places: int) -> str:
    """Write minor units as money: (-5, 2) is "-0.05"."""
    return format(from_minor(minor, places), "f")


def _may_move(points: int) -> bool:
    return POINTS_MIN <= points <= POINTS_MAX


def _divide(dividend: Rational, divisor: Rational, places: int) -> tuple[int, int, int]:
    """Quotient in units of 10^-places rounded down, the rest, and what a whole unit would be."""
    dividend_top, dividend_bottom = dividend.as_integer_ratio()
    divisor_top, divisor_bottom = divisor.as_integer_ratio()
    assert divisor_top > 0, "a divisor is a rate, a unit or a number of days"
    top = dividend_top * divisor_bottom * 10**places
    bottom = dividend_bottom * divisor_top
    quotient, rest = divmod(top, bottom)
    return quotient, rest, bottom
