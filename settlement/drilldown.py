"""From a cell down to the obligations of single entries, and whether they sum to it.

The same rules that settle a window turn each posting into what is owed for it: a posting is a flow
of its own points.

Source: rule book 2.4, 2.14.
"""

from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from hub.kernel.money import exact_arithmetic
from hub.kernel.tx import ReadTx
from hub.ledger.journal.store import stream_money_lines, stream_postings
from hub.ledger.store import FlowRow, list_ranges
from partners.register import Register
from settlement.cells import Pair, make_cells
from settlement.fx import Fixing
from settlement.obligations import HUB, POOL, Component, Flow, MoneyObligation, components
from settlement.store import Window
from settlement.windows import flows_of, money_of

_HOUSES: Final = frozenset({HUB, POOL})
"""Parties that are neither issuer nor acceptor of anything."""


@dataclass(frozen=True, slots=True)
class EntryObligation:
    """What one entry owes for one lot, and why.

    Units: whole points; 0 where no points are behind it.
    """

    lane: int
    seq: int
    line: int
    occurred_at: datetime
    posted_at: datetime
    reference: str | None
    lot_id: int | None
    points: int
    owed: MoneyObligation


@dataclass(slots=True)
class LineSums:
    """Adds up obligations by line, as a cell does; exact."""

    count: int = 0
    _sums: dict[MoneyObligation, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, one: EntryObligation) -> None:
        """Add one obligation to its line."""
        self.count += 1
        key = replace(one.owed, amount=Decimal(0))
        with exact_arithmetic():
            self._sums[key] += one.owed.amount

    def lines(self, pair: Pair, fixing: Fixing) -> dict[str, Decimal]:
        """Give the lines, converted once each like those of a cell.

        Errors: FxRateMissing.
        """
        owed = [replace(key, amount=amount) for key, amount in self._sums.items()]
        cell = make_cells(owed, carries_in={}, fixing=fixing).get(pair)
        return {} if cell is None else dict(cell.lines)


async def stream_obligations(
    tx: ReadTx, register: Register, window: Window, pair: Pair
) -> AsyncIterator[EntryObligation]:
    """Give every obligation of a closed window between two parties, in the order of the journal.

    Reads the entries of the window once, a few at a time.
    """
    ranges = await list_ranges(tx, window.opens_at, window.cut_at)
    involved = [register.get_partner(code).partner_id for code in pair if code not in _HOUSES]
    rates = _Rates(register, pair)
    async for posting in stream_postings(tx, ranges, partner_ids=involved or None):
        for part, flow in rates.of(posting.flow):
            owed = _obligation(part, flow)
            if owed.is_due:
                yield EntryObligation(
                    posting.lane,
                    posting.seq,
                    posting.line,
                    posting.occurred_at,
                    posting.posted_at,
                    posting.reference,
                    posting.lot_id,
                    posting.flow.points,
                    owed,
                )
    debtor, creditor = (register.get_partner(code).partner_id for code in pair)
    async for line in stream_money_lines(tx, ranges, debtor_id=debtor, creditor_id=creditor):
        (owed,) = money_of(register, [line.money])
        yield EntryObligation(
            line.lane,
            line.seq,
            line.line,
            line.occurred_at,
            line.posted_at,
            line.reference,
            None,
            0,
            owed,
        )


class _Rates:
    """What a posting owes between two parties; remembered by all that its rates depend on."""

    def __init__(self, register: Register, pair: Pair) -> None:
        self._register = register
        self._pair = pair
        self._known: dict[FlowRow, tuple[Flow, tuple[Component, ...]]] = {}

    def of(self, row: FlowRow) -> list[tuple[Component, Flow]]:
        """List the components of a posting, and the flow that they are taken of."""
        key = replace(row, points=0, entry_count=0)
        if key not in self._known:
            (flow,) = flows_of(self._register, [key])
            own = tuple(p for p in components(flow) if (p.debtor, p.creditor) == self._pair)
            self._known[key] = (flow, own)
        flow, parts = self._known[key]
        if not parts:
            return []
        posted = replace(flow, points=row.points, entry_count=row.entry_count)
        return [(part, posted) for part in parts]


def _obligation(part: Component, flow: Flow) -> MoneyObligation:
    return MoneyObligation(
        kind=part.kind,
        debtor=part.debtor,
        creditor=part.creditor,
        currency=part.currency,
        amount=part.amount(flow),
        label=part.label,
        is_reversal=part.is_reversal,
    )
