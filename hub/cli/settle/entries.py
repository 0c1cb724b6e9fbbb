"""The obligations of single entries behind a cell: printed as they are read, then summed."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from hub.cli.instants import format_instant
from hub.cli.output import Column, Format, Sheet, csv_row, print_sheets, result_console, write_text
from hub.cli.strict_json import Json
from hub.kernel.money import format_exact
from hub.kernel.tx import ReadTx
from partners.register import Register
from settlement.cells import Cell
from settlement.drilldown import EntryObligation, LineSums, stream_obligations
from settlement.fx import Fixing
from settlement.recompute import place_of
from settlement.store import Window

TABLE_ROWS_AT_ONCE: Final = 1_000
"""A table needs its rows to know its widths; a long one is printed in pieces."""

_COLUMNS: Final = (
    Column("entry", is_number=False),
    Column("lot", is_number=False),
    Column("occurred_at", is_number=False),
    Column("posted_at", is_number=False),
    Column("reference", is_number=False),
    Column("kind", is_number=False),
    Column("terms", is_number=False),
    Column("points", is_number=True),
    Column("currency", is_number=False),
    Column("amount", is_number=True),
)


@dataclass(frozen=True, slots=True)
class LineCheck:
    """Whether the entries sum to what the cell says, line by line; exact."""

    entry_count: int
    cell_lines: dict[str, Decimal]
    entry_lines: dict[str, Decimal]

    @property
    def is_equal(self) -> bool:
        """Whether every line is the sum of its entries."""
        return self.cell_lines == self.entry_lines

    def write(self) -> dict[str, Json]:
        """Make the part of the document that says so."""
        return {
            "is_equal": self.is_equal,
            "obligations": self.entry_count,
            "lines": {
                line: {
                    "cell": format_exact(self.cell_lines.get(line, Decimal(0))),
                    "entries": format_exact(self.entry_lines.get(line, Decimal(0))),
                }
                for line in sorted(self.cell_lines.keys() | self.entry_lines.keys())
            },
        }


async def print_entries(
    tx: ReadTx,
    register: Register,
    *,
    window: Window,
    cell: Cell,
    fixing: Fixing,
    output_format: Format,
) -> LineCheck:
    """Print what single entries owe in a cell, and compare the sum with the cell.

    Memory does not grow with the number of entries.
    """
    sums = LineSums()
    rows = _rows(stream_obligations(tx, register, window, cell.pair), sums.add)

    def check() -> LineCheck:
        return LineCheck(sums.count, dict(cell.lines), sums.lines(cell.pair, fixing))

    title = f"{place_of(window)} {cell.pair}"
    match output_format:
        case Format.CSV:
            return await _print_csv(rows, check)
        case Format.JSON:
            return await _print_json(rows, check, title)
        case Format.TABLE:
            return await _print_tables(rows, check, title)


async def _rows(
    obligations: AsyncIterator[EntryObligation], add: Callable[[EntryObligation], None]
) -> AsyncIterator[tuple[str, ...]]:
    async for one in obligations:
        add(one)
        yield (
            f"{one.lane}:{one.seq}:{one.line}",
            "" if one.lot_id is None else f"{one.lane}:{one.lot_id}",
            format_instant(one.occurred_at),
            format_instant(one.posted_at),
            one.reference or "",
            one.owed.kind + ("(-)" if one.owed.is_reversal else ""),
            one.owed.label,
            str(one.points),
            one.owed.currency,
            format_exact(one.owed.amount),
        )


async def _print_csv(
    rows: AsyncIterator[tuple[str, ...]], check: Callable[[], LineCheck]
) -> LineCheck:
    write_text(csv_row(_COLUMNS, tuple(column.name for column in _COLUMNS)))
    async for row in rows:
        write_text(csv_row(_COLUMNS, row))
    return check()


async def _print_json(
    rows: AsyncIterator[tuple[str, ...]], check: Callable[[], LineCheck], title: str
) -> LineCheck:
    """Write one document piece by piece: the obligations first, the check at its end."""
    names = [column.name for column in _COLUMNS]
    write_text(f'{{"cell": {json.dumps(title)},\n"obligations": [')
    separator = "\n"
    async for row in rows:
        write_text(separator + json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False))
        separator = ",\n"
    checked = check()
    write_text(f'],\n"check": {json.dumps(checked.write(), sort_keys=True)}}}\n')
    return checked


async def _print_tables(
    rows: AsyncIterator[tuple[str, ...]], check: Callable[[], LineCheck], title: str
) -> LineCheck:
    console = result_console()
    waiting: list[tuple[str, ...]] = []
    async for row in rows:
        waiting.append(row)
        if len(waiting) == TABLE_ROWS_AT_ONCE:
            print_sheets(console, [Sheet(title, _COLUMNS, tuple(waiting))])
            waiting.clear()
    if waiting:
        print_sheets(console, [Sheet(title, _COLUMNS, tuple(waiting))])
    checked = check()
    print_sheets(console, [check_sheet(checked)])
    return checked


def check_sheet(checked: LineCheck) -> Sheet:
    """Show line by line what the entries sum to, and what the cell says."""
    rows = tuple(
        (
            line,
            format_exact(checked.entry_lines.get(line, Decimal(0))),
            format_exact(checked.cell_lines.get(line, Decimal(0))),
        )
        for line in sorted(checked.cell_lines.keys() | checked.entry_lines.keys())
    )
    verdict = "the sum of its entries" if checked.is_equal else "NOT the sum of its entries"
    columns = (
        Column("line", is_number=False),
        Column("entries", is_number=True),
        Column("cell", is_number=True),
    )
    return Sheet(f"Check: the cell is {verdict} ({checked.entry_count} obligations)", columns, rows)
