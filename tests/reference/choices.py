"""Sources of choices, and the values that generated scenario files are made of."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")

OPEN_POINTS = (
    "a REFUND of something that is no redemption, a CANCEL of something that is no sale",
    "an ISSUE whose expires is not after its at",
    "fractions of a second in expires",
    "the same version label at two partners",
    "a membership sale whose gross price has more places than its currency",
)
PARTNERS = ("AIR", "BIO", "CIN", "HUA", "POP", "ZOO")
MEMBERS = ("m1", "m2", "m3", "Zoë 王")
SPREAD = ("USD", "JPY", "KWD", "GBP")
FX = ("1.0843", "160.25", "0.33", "7", "0.00781", "1")
# Digits of rate x bps (or share) must fit 12 places; so small rates go with whole bps only.
RATES = ("0.008", "0", "0.00915", "0.0075", "0.000001", "0.01", "1", "0.123456")
FINE_RATES = ("0.008", "0", "0.00000001", "0.00915", "0.12345678", "9.99999999")
BPS = ("100", "0", "120", "33.33", "10000", "0.01", "250")
WHOLE_BPS = ("100", "0", "33", "10000", "1", "250")
FLAT_FEES = ("0.35", "0", "0.01", "12")
WHOLE_FLAT_FEES = ("35", "0", "1")
SHARES = ("0.40", "0", "1", "0.3333", "0.0001", "0.9999", "0.5")
SALE_SHARES = (
    ("0.50", "0.30", "0.20"),
    ("0.3333", "0.3333", "0.3334"),
    ("0.9999", "0.0001", "0"),
    ("0.25", "0.25", "0.5"),
    ("1", "0", "0.0"),
)
POINTS = (100, 1, 2, 3, 12345, 999, 10**12, 5000, 10**12 - 1)
AMOUNTS = (
    "12.34",
    "0",
    "-5.00",
    "0.005",
    "-0.005",
    "0.015",
    "0.000000000001",
    "-123456.123456789012",
    "0.00",
    "1000000000000.01",
    "-0",
)
KINDS = (
    *("ISSUE", "REDEEM", "ISSUE", "REDEEM", "REFUND", "TRANSFER", "REDEEM", "REFUND"),
    *("ISSUE", "REVERSE_ISSUE", "CASH_OUT", "DONATE", "EXPIRE", "TRANSFER", "ISSUE"),
    *("MEMBERSHIP_SALE", "MEMBERSHIP_CANCEL", "ADJUST", "REVERSE_ISSUE", "REFUND"),
)
SECOND = timedelta(seconds=1)
FIRST_INSTANT = datetime(1, 1, 1, tzinfo=UTC)
LAST_INSTANT = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


class Source(Protocol):
    """Where choices come from."""

    def number(self, least: int, most: int) -> int:
        """An integer, both ends included."""

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices; the first is the plain one."""


class Dice:
    """Choices by a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a seed gives the same file again

    def number(self, least: int, most: int) -> int:
        """An integer, both ends included."""
        return self._random.randint(least, most)

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices."""
        return self._random.choice(choices)


class Drawn:
    """Choices by Hypothesis."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def number(self, least: int, most: int) -> int:
        """An integer, both ends included."""
        return self._draw(st.integers(least, most))

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices."""
        return self._draw(st.sampled_from(choices))


def written(moment: datetime) -> str:
    """An instant as a file writes it."""
    return moment.replace(tzinfo=None).isoformat() + "Z"


def clipped(moment: datetime, delta: timedelta) -> datetime:
    """Moved by `delta`, but inside the years 1 to 9999."""
    if delta > LAST_INSTANT - moment:
        return LAST_INSTANT
    if -delta > moment - FIRST_INSTANT:
        return FIRST_INSTANT
    return moment + delta
