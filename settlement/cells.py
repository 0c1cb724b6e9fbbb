"""Cells: what each ordered pair owes in a window, rounded once, the rest carried to the next.

Source: rule book 2.6.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from hub.kernel.money import (
    ZERO,
    allocate_largest_remainder,
    divide_half_even,
    exact_arithmetic,
    exact_sum,
    from_minor,
    places_needed,
    to_minor,
)
from settlement.fx import Fixing
from settlement.obligations import MoneyObligation

ROUNDING_BF = "ROUNDING_BF"
"""The invoice line of the rounding brought forward from the window before."""


class Pair(NamedTuple):
    """Who owes whom, in the direction of the obligation; the sign of the amount may differ."""

    debtor: str
    creditor: str

    def __str__(self) -> str:
        return f"{self.debtor}>{self.creditor}"


@dataclass(frozen=True, slots=True)
class Cell:
    """What `pair.debtor` owes `pair.creditor` in one window and one clearing currency.

    `lines` are exact and may be empty, when only a carry is left between the two.

    Units: `lines` and `carry_in` are exact money of the clearing currency, `places` the decimal
    places of its minor unit.
    """

    pair: Pair
    lines: Mapping[str, Decimal] = field(hash=False)
    carry_in: Decimal
    places: int

    @property
    def exact(self) -> Decimal:
        """The sum of the lines: what was owed in this window."""
        return exact_sum(self.lines.values())

    @property
    def rounded_minor(self) -> int:
        """What is billed: exact and carry, rounded half-even to minor units; may be negative."""
        return int(divide_half_even(self._total, self._unit, places=0))

    @property
    def rounded(self) -> Decimal:
        """What is billed, as money."""
        return from_minor(self.rounded_minor, self.places)

    @property
    def carry_out(self) -> Decimal:
        """What rounding left over for the next window; at most half a minor unit."""
        with exact_arithmetic():
            return self._total - self.rounded

    @property
    def invoice_lines_minor(self) -> dict[str, int]:
        """The lines in minor units, by largest remainder, so that they sum to the cell."""
        exact = dict(self.lines)
        if self.carry_in:
            exact[ROUNDING_BF] = self.carry_in
        # All lines counted in the finest unit that any of them needs.
        finest = max((places_needed(amount) for amount in exact.values()), default=0)
        finest = max(finest, self.places)
        parts = {key: to_minor(amount, finest) for key, amount in exact.items()}
        return allocate_largest_remainder(
            parts, divisor=10 ** (finest - self.places), total=self.rounded_minor
        )

    @property
    def _total(self) -> Decimal:
        with exact_arithmetic():
            return self.exact + self.carry_in

    @property
    def _unit(self) -> Decimal:
        return from_minor(1, self.places)


def make_cells(
    obligations: Iterable[MoneyObligation], *, carries_in: Mapping[Pair, Decimal], fixing: Fixing
) -> dict[Pair, Cell]:
    """Fold obligations into cells: every pair that owes anything, or has a carry; in order.

    Errors: FxRateMissing.
    """
    lines = _sum_lines(obligations, fixing)
    carries = {pair: carry for pair, carry in carries_in.items() if carry}
    return {
        pair: Cell(pair, lines.get(pair, {}), carries.get(pair, ZERO), fixing.places)
        for pair in sorted(lines.keys() | carries.keys())
    }


class _Line(NamedTuple):
    """What is added up before a currency is converted: once per line, not once per event."""

    kind: str
    is_reversal: bool
    label: str
    currency: str

    def key(self, clearing_currency: str) -> str:
        sign = "(-)" if self.is_reversal else ""
        currency = "" if self.currency == clearing_currency else f"/{self.currency}"
        return f"{self.kind}{sign}@{self.label}{currency}"


def _sum_lines(
    obligations: Iterable[MoneyObligation], fixing: Fixing
) -> dict[Pair, dict[str, Decimal]]:
    sums: defaultdict[Pair, defaultdict[_Line, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    with exact_arithmetic():
        for owed in obligations:
            line = _Line(owed.kind, owed.is_reversal, owed.label, owed.currency)
            sums[Pair(owed.debtor, owed.creditor)][line] += owed.amount
    return {pair: _convert_lines(own, fixing) for pair, own in sums.items()}


def _convert_lines(sums: Mapping[_Line, Decimal], fixing: Fixing) -> dict[str, Decimal]:
    lines: defaultdict[str, Decimal] = defaultdict(Decimal)
    with exact_arithmetic():
        for line, amount in sorted(sums.items()):
            # Labels are codes that partners chose: two lines may read alike, then they are one.
            key = line.key(fixing.clearing_currency)
            lines[key] += fixing.cleared(amount, line.currency)
    return dict(sorted(lines.items()))
