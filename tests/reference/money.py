"""Exact numbers: reading, rounding and printing; minor units of currencies."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cache

import iso4217

EXACT_PLACES_MAX = 60


@cache
def minor_units(currency: str) -> int:
    """Decimal places of a currency by ISO 4217. ValueError when it has none (XAU)."""
    exponent = iso4217.Currency(currency).exponent
    if exponent is None:
        message = f"{currency} has no minor unit"
        raise ValueError(message)
    return int(exponent)


def half_even(value: Fraction, places: int) -> Fraction:
    """Rounded to `places`, ties to the even neighbour."""
    scale = 10**places
    return Fraction(round(value * scale), scale)


def half_up(value: Fraction, places: int) -> Fraction:
    """Rounded to `places`, ties away from zero (the rule book's half-up, for net of VAT)."""
    scale = 10**places
    units = (abs(value) * scale + Fraction(1, 2)).__floor__()
    return Fraction(units if value >= 0 else -units, scale)


def largest_remainder(parts: Mapping[str, Fraction], total: int) -> dict[str, int]:
    """Whole units for each part: floored, missing ones to the largest fractions, ties by key."""
    floors = {key: value.__floor__() for key, value in parts.items()}
    missing = total - sum(floors.values())
    assert 0 <= missing <= len(parts), "largest remainder was given parts that do not fit"
    for key in sorted(parts, key=lambda key: (floors[key] - parts[key], key))[:missing]:
        floors[key] += 1
    return floors


def exact(value: Fraction) -> str:
    """All digits of a finite decimal: no exponent, no trailing zeros, no -0."""
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
        if places > EXACT_PLACES_MAX:
            message = f"{value} is not a finite decimal"
            raise ValueError(message)
    return fixed(value, places)


def fixed(value: Fraction, places: int) -> str:
    """A value that has at most `places` decimals, printed with all of them; never -0."""
    units = value * 10**places
    assert units.denominator == 1, f"{value} has more than {places} places"
    digits = str(abs(units.numerator)).rjust(places + 1, "0")
    sign = "-" if units < 0 else ""
    if places == 0:
        return sign + digits
    return f"{sign}{digits[:-places]}.{digits[-places:]}"
