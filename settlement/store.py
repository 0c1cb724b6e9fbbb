"""All SQL about windows and their settlements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select, tuple_, update

from hub.kernel.clock import as_utc
from hub.kernel.money import format_exact
from hub.kernel.slices import Slice
from hub.kernel.tx import ReadTx, Tx
from settlement.cells import Cell, Pair
from settlement.fx import Fixing
from settlement.settle import Clearing, Settlement
from settlement.tables import cell_lines, cells, windows


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time that is settled together; `status` is OPEN, CLOSING or CLOSED."""

    window_id: int
    calendar: str
    code: str
    opens_at: datetime
    cut_at: datetime
    status: str
    closed_at: datetime | None
    previous_seal: str | None
    seal: str | None


async def insert_windows(tx: Tx, planned: Sequence[dict[str, Any]]) -> None:
    """Store windows made ahead."""
    await tx.connection.execute(insert(windows).values(status="OPEN"), list(planned))


async def find_window(tx: ReadTx, calendar: str, code: str) -> Window | None:
    """Find a window by its calendar and code."""
    rows = await tx.connection.execute(
        select(windows).where(windows.c.calendar == calendar, windows.c.code == code)
    )
    row = rows.one_or_none()
    return None if row is None else _window(row)


async def find_window_by_id(tx: ReadTx, window_id: int) -> Window | None:
    """Find a window by its number."""
    row = (
        await tx.connection.execute(select(windows).where(windows.c.window_id == window_id))
    ).one_or_none()
    return None if row is None else _window(row)


async def list_windows(tx: ReadTx, calendar: str | None = None) -> list[Window]:
    """List windows by calendar and time."""
    query = select(windows).order_by(windows.c.calendar, windows.c.opens_at)
    if calendar is not None:
        query = query.where(windows.c.calendar == calendar)
    return [_window(row) for row in await tx.connection.execute(query)]


async def list_windows_by_id(tx: ReadTx, window_ids: Sequence[int]) -> dict[int, Window]:
    """Find windows by number in one round trip."""
    rows = await tx.connection.execute(select(windows).where(windows.c.window_id.in_(window_ids)))
    return {row.window_id: _window(row) for row in rows}


@dataclass(frozen=True, slots=True)
class WindowFilter:
    """Which windows are meant; None: any."""

    calendar: str | None = None
    statuses: tuple[str, ...] | None = None
    ends_after: datetime | None = None
    opens_before: datetime | None = None


async def page_windows(tx: ReadTx, *, which: WindowFilter, part: Slice) -> list[Window]:
    """List a slice of the windows, newest first; positions are their opening and their number."""
    place = tuple_(windows.c.opens_at, windows.c.window_id)
    query = select(windows)
    if which.calendar is not None:
        query = query.where(windows.c.calendar == which.calendar)
    if which.statuses is not None:
        query = query.where(windows.c.status.in_(which.statuses))
    if which.ends_after is not None:
        query = query.where(windows.c.cut_at > which.ends_after)
    if which.opens_before is not None:
        query = query.where(windows.c.opens_at < which.opens_before)
    if part.after is not None:
        query = query.where(place < part.after)
    if part.before is not None:
        query = query.where(place > part.before)
    columns = (windows.c.opens_at, windows.c.window_id)
    order = [column.asc() if part.is_backward else column.desc() for column in columns]
    rows = await tx.connection.execute(query.order_by(*order).limit(part.limit))
    return [_window(row) for row in rows]


async def find_window_before(tx: ReadTx, window: Window) -> Window | None:
    """Find the window that ends where this one begins, in the same calendar."""
    row = (
        await tx.connection.execute(
            select(windows).where(
                windows.c.calendar == window.calendar, windows.c.cut_at == window.opens_at
            )
        )
    ).one_or_none()
    return None if row is None else _window(row)


async def mark_closing(tx: Tx, window_id: int) -> None:
    """Say that a window's lanes are being cut."""
    await tx.connection.execute(
        update(windows)
        .where(windows.c.window_id == window_id, windows.c.status == "OPEN")
        .values(status="CLOSING")
    )


async def lock_window(tx: Tx, window_id: int) -> Window:
    """Lock a window, so that it closes once."""
    row = (
        await tx.connection.execute(
            select(windows).where(windows.c.window_id == window_id).with_for_update()
        )
    ).one()
    return _window(row)


async def store_settlement(
    tx: Tx, window: Window, settlement: Settlement, *, previous_seal: str | None, seal: str
) -> None:
    """Store the cells of a window and close it."""
    fixing = settlement.clearing.fixing
    await tx.connection.execute(
        update(windows)
        .where(windows.c.window_id == window.window_id)
        .values(
            status="CLOSED",
            closed_at=tx.now,
            clearing_currency=settlement.currency,
            fx={currency: format_exact(rate) for currency, rate in fixing.rates.items()},
            settlement_currencies=dict(settlement.clearing.settlement_currencies),
            previous_seal=previous_seal,
            seal=seal,
        )
    )
    own = settlement.cells.values()
    if own:
        await tx.connection.execute(insert(cells), [_cell_values(window, cell) for cell in own])
    lines = [
        {**_key(window, cell), "line": line, "exact": exact}
        for cell in own
        for line, exact in cell.lines.items()
    ]
    if lines:
        await tx.connection.execute(insert(cell_lines), lines)


async def load_settlement(
    tx: ReadTx, window_id: int, *, parties: frozenset[str]
) -> Settlement | None:
    """Load the settlement of a closed window; None while it is not closed."""
    return (await load_settlements(tx, [window_id], parties=parties)).get(window_id)


async def load_settlements(
    tx: ReadTx, window_ids: Sequence[int], *, parties: frozenset[str]
) -> dict[int, Settlement]:
    """Load the settlements of those windows that are closed: three round trips, however many."""
    closed = {
        row.window_id: row
        for row in await tx.connection.execute(
            select(windows).where(windows.c.window_id.in_(window_ids), windows.c.status == "CLOSED")
        )
    }
    lines: dict[tuple[int, Pair], dict[str, Decimal]] = {}
    for line in await tx.connection.execute(
        select(cell_lines)
        .where(cell_lines.c.window_id.in_(closed))
        .order_by(cell_lines.c.line.collate("C"))
    ):
        key = (line.window_id, Pair(line.debtor, line.creditor))
        lines.setdefault(key, {})[line.line] = line.exact
    own: dict[int, dict[Pair, Cell]] = {window_id: {} for window_id in closed}
    fixings = {window_id: _fixing(row) for window_id, row in closed.items()}
    for cell in await tx.connection.execute(
        select(cells)
        .where(cells.c.window_id.in_(closed))
        .order_by(cells.c.debtor.collate("C"), cells.c.creditor.collate("C"))
    ):
        pair, places = Pair(cell.debtor, cell.creditor), fixings[cell.window_id].places
        exact = lines.get((cell.window_id, pair), {})
        own[cell.window_id][pair] = Cell(pair, exact, cell.carry_in, places)
    return {
        window_id: Settlement(
            Clearing(fixings[window_id], row.settlement_currencies, parties), own[window_id]
        )
        for window_id, row in closed.items()
    }


async def load_carries(tx: ReadTx, window_id: int) -> dict[Pair, Decimal]:
    """Load the rounding that a closed window carries to the next."""
    found = await tx.connection.execute(
        select(cells).where(cells.c.window_id == window_id, cells.c.carry_out != 0)
    )
    return {Pair(cell.debtor, cell.creditor): cell.carry_out for cell in found}


def _fixing(row: Any) -> Fixing:  # noqa: ANN401 (a row of `windows`)
    rates = {currency: Decimal(rate) for currency, rate in row.fx.items()}
    return Fixing(row.clearing_currency, rates)


def _key(window: Window, cell: Cell) -> dict[str, Any]:
    return {
        "window_id": window.window_id,
        "debtor": cell.pair.debtor,
        "creditor": cell.pair.creditor,
    }


def _cell_values(window: Window, cell: Cell) -> dict[str, Any]:
    return {
        **_key(window, cell),
        "carry_in": cell.carry_in,
        "carry_out": cell.carry_out,
        "rounded_minor": cell.rounded_minor,
    }


def _window(row: Any) -> Window:  # noqa: ANN401 (a row of `windows`)
    return Window(
        row.window_id,
        row.calendar,
        row.code,
        as_utc(row.opens_at),
        as_utc(row.cut_at),
        row.status,
        row.closed_at,
        row.previous_seal,
        row.seal,
    )


@dataclass(frozen=True, slots=True)
class StoredCell:
    """A cell as it is stored: also what could be computed from the rest of it.

    Units: exact money of the clearing currency, and its minor units.
    """

    pair: Pair
    lines: Mapping[str, Decimal]
    carry_in: Decimal
    carry_out: Decimal
    rounded_minor: int


async def list_stored_cells(tx: ReadTx, window_id: int) -> dict[Pair, StoredCell]:
    """List the cells of a window as they are stored, for a check of every column."""
    lines: dict[Pair, dict[str, Decimal]] = {}
    for row in await tx.connection.execute(
        select(cell_lines).where(cell_lines.c.window_id == window_id)
    ):
        lines.setdefault(Pair(row.debtor, row.creditor), {})[row.line] = row.exact
    found: dict[Pair, StoredCell] = {}
    for row in await tx.connection.execute(select(cells).where(cells.c.window_id == window_id)):
        pair = Pair(row.debtor, row.creditor)
        own = dict(sorted(lines.get(pair, {}).items()))
        found[pair] = StoredCell(pair, own, row.carry_in, row.carry_out, row.rounded_minor)
    return found


async def find_last_closed(tx: ReadTx) -> Window | None:
    """Find the closed window that was cut last; the longest, when several end together."""
    row = (
        await tx.connection.execute(
            select(windows)
            .where(windows.c.status == "CLOSED")
            .order_by(windows.c.cut_at.desc(), windows.c.opens_at, windows.c.calendar)
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else _window(row)
