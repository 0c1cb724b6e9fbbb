"""Exchange offers: what a partner gives of its own currency, e.g. miles, for points.

A value like terms: it checks itself when it is made, and every question about it is answered by a
pure function of it and a number of points. Nothing is ever rounded for a number that passes.

Source: rule book 1.8.4; ADR-0025.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Any, Final

from hub.kernel.money import POINTS_MAX
from partners.errors import MinimumNotReached, NotInStep, OfferFieldInvalid, OffersOverlap

RATIO_MAX: Final = 1_000_000
UNITS_MAX: Final = 10**15
"""What one exchange may ever give."""
NAME_CHARACTERS_MAX: Final = 100
VERSION_CHARACTERS_MAX: Final = 200

_CURRENCY: Final = re.compile(r"[A-Z][A-Z0-9_]{1,15}", re.ASCII)
_TEXTS: Final = ("partner", "version", "currency", "name_en", "name_zh")
_NUMBERS: Final = ("give_points", "get_units", "minimum_points", "step_points")
_CHOICES: Final = ("block_points", "bonus_units", "day_cap_points")
_TRUTHS: Final = ("needs_name_match", "is_refundable")
WRITTEN: Final = (*_TEXTS, *_NUMBERS, *_CHOICES, *_TRUTHS)
"""The fields of an offer, but for its span."""
_SHOWN_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Received:
    """Units of the other currency: what the ratio gives, and what full blocks add."""

    ratio_units: int
    bonus_units: int

    @property
    def units(self) -> int:
        """All of them."""
        return self.ratio_units + self.bonus_units


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOffer:
    """One immutable version of what a partner gives for points, in force in a half-open span.

    `currency` is the code of the other currency, the names are what members call it. For every
    `give_points` there are `get_units`, and for every full block of `block_points` there are
    `bonus_units` more. `is_refundable` False: an exchange is for good.

    Units: whole points, whole units of the other currency; instants in UTC. `day_cap_points` are
    points of one wallet in a day of the coalition; None: any number.
    Errors: OfferFieldInvalid.
    """

    partner: str
    version: str
    effective_from: datetime
    effective_until: datetime | None
    currency: str
    name_en: str
    name_zh: str
    give_points: int
    get_units: int
    minimum_points: int
    step_points: int
    block_points: int | None
    bonus_units: int | None
    day_cap_points: int | None
    needs_name_match: bool
    is_refundable: bool

    def __post_init__(self) -> None:
        self._check_texts()
        self._check_span()
        for name in ("give_points", "get_units"):
            self._check_whole(name, RATIO_MAX)
        for name in ("minimum_points", "step_points"):
            self._check_whole(name, POINTS_MAX)
        for name in _CHOICES:
            if getattr(self, name) is not None:
                self._check_whole(name, POINTS_MAX)
        self._check_steps()
        if (self.block_points is None) != (self.bonus_units is None):
            raise self._invalid("bonus_units", "with block_points, or neither of them")
        if self.convert(POINTS_MAX).units > UNITS_MAX:
            expected = f"a ratio and a bonus that give at most {UNITS_MAX} for {POINTS_MAX} points"
            raise self._invalid("get_units", expected)

    def is_in_force(self, at: datetime) -> bool:
        """Whether it applies at an instant: from `effective_from`, until but not at the end."""
        return self.effective_from <= at and (
            self.effective_until is None or at < self.effective_until
        )

    def convert(self, points: int) -> Received:
        """Say what so many points give; exact for every number that passes.

        For others, as after a refund in part, what is less than a unit is left out.
        """
        blocks = 0 if self.block_points is None else points // self.block_points
        return Received(
            points * self.get_units // self.give_points, blocks * (self.bonus_units or 0)
        )

    def is_possible(self, points: int) -> bool:
        """Whether this number passes: not below the minimum, in step, and in the cap of a day."""
        return points > 0 and self.largest_up_to(points) == points

    def largest_up_to(self, points: int) -> int:
        """Give the largest number up to this one that passes; 0: none does."""
        most = min(points, POINTS_MAX if self.day_cap_points is None else self.day_cap_points)
        in_step = most - most % self.step_points
        return in_step if in_step >= self.minimum_points else 0

    def smallest_from(self, points: int) -> int | None:
        """Give the smallest number from this one on that passes; None: none does."""
        least = max(points, self.minimum_points)
        in_step = least + -least % self.step_points
        return in_step if self.is_possible(in_step) else None

    def check(self, points: int) -> None:
        """See that this number is one to exchange; the cap of a day is the ledger's to refuse.

        Errors: MinimumNotReached, NotInStep.
        """
        if points < self.minimum_points:
            raise MinimumNotReached(self.minimum_points, points)
        is_within_day = self.day_cap_points is None or points <= self.day_cap_points
        if is_within_day and points % self.step_points:
            above = self.smallest_from(points)
            raise NotInStep(self.step_points, self.largest_up_to(points), above, points)

    def _check_texts(self) -> None:
        for name in ("partner", "version", "name_en", "name_zh"):
            text: str = getattr(self, name)
            longest = NAME_CHARACTERS_MAX if name.startswith("name") else VERSION_CHARACTERS_MAX
            if not (0 < len(text) <= longest and text.isprintable()):
                raise self._invalid(name, f"1 to {longest} printable characters")
        if not _CURRENCY.fullmatch(self.currency):
            expected = "2 to 16 of A-Z, 0-9 and _ that begin with a letter, e.g. MILES"
            raise self._invalid("currency", expected)

    def _check_span(self) -> None:
        for name in ("effective_from", "effective_until"):
            at: datetime | None = getattr(self, name)
            if at is not None and at.utcoffset() != timedelta(0):
                raise self._invalid(name, "an instant in UTC")
        if self.effective_until is not None and self.effective_until <= self.effective_from:
            raise self._invalid("effective_until", "an instant after effective_from")

    def _check_whole(self, name: str, largest: int) -> None:
        if not 1 <= getattr(self, name) <= largest:
            raise self._invalid(name, f"1 to {largest}")

    def _check_steps(self) -> None:
        """See that whatever passes gives whole units, and that something does pass."""
        if self.step_points * self.get_units % self.give_points:
            expected = f"a step for which {self.give_points} : {self.get_units} gives whole units"
            raise self._invalid("step_points", expected)
        for name in ("minimum_points", "day_cap_points"):
            if (getattr(self, name) or 0) % self.step_points:
                raise self._invalid(name, f"a multiple of step_points, {self.step_points}")
        if self.day_cap_points is not None and self.day_cap_points < self.minimum_points:
            expected = f"at least minimum_points, {self.minimum_points}"
            raise self._invalid("day_cap_points", expected)

    def _invalid(self, name: str, expected: str) -> OfferFieldInvalid:
        given = str(getattr(self, name))[:_SHOWN_MAX]
        return OfferFieldInvalid(
            self.partner[:_SHOWN_MAX], self.version[:_SHOWN_MAX], name, given, expected
        )


def make_offer(
    written: Mapping[str, Any], *, effective_from: datetime, effective_until: datetime | None
) -> ExchangeOffer:
    """Make an offer from what `write_offer` wrote.

    Errors: OfferFieldInvalid.
    """
    return ExchangeOffer(
        effective_from=effective_from,
        effective_until=effective_until,
        **{name: written[name] for name in WRITTEN},
    )


def write_offer(offer: ExchangeOffer) -> dict[str, str | int | bool | None]:
    """Write an offer as it is stored: texts, whole numbers and truths; its span lies beside it."""
    return {name: getattr(offer, name) for name in WRITTEN}


def chain_offers(offers: Iterable[ExchangeOffer]) -> tuple[ExchangeOffer, ...]:
    """Let each version without an end stop where the next one for the same currency begins.

    Errors: OffersOverlap, when two begin together, or one begins before an end that was agreed.
    """
    ordered = sorted(offers, key=lambda offer: (*_series(offer), offer.effective_from))
    chained: list[ExchangeOffer] = []
    for (partner, _), group in groupby(ordered, key=_series):
        own = list(group)
        for offer, successor in pairwise(own):
            begins = successor.effective_from
            until = offer.effective_until or begins
            if until > begins or begins == offer.effective_from:
                raise OffersOverlap(partner, offer.version, successor.version)
            chained.append(replace(offer, effective_until=until))
        chained.append(own[-1])
    return tuple(chained)


def _series(offer: ExchangeOffer) -> tuple[str, str]:
    """Say which offers follow each other: those of a partner for one currency."""
    return offer.partner, offer.currency
