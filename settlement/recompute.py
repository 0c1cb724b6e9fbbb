"""Closed windows recomputed from the journal, beside the flows, and compared with what was stored.

Each window is settled anew with the carries and the seal of the recomputed window before it, so
that a wrong figure is named in the window that has it and in no later one.

Source: rule book 2.5.5, 2.11 (I1, I3, I7, I8).
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Final

from hub.kernel.errors import DomainError
from hub.kernel.money import exact_arithmetic, exact_sum, format_exact, format_minor, from_minor
from hub.kernel.tx import ReadTx
from hub.ledger.journal.rules import Violation
from hub.ledger.journal.store import count_cut_lanes, fold_flows, fold_money_lines
from hub.ledger.operations import LANE_COUNT
from hub.ledger.store import list_ranges
from partners.register import Register
from settlement import store
from settlement.cells import Cell, Pair
from settlement.seal import LaneRange, seal_window
from settlement.settle import Settlement, settle
from settlement.store import StoredCell, Window
from settlement.windows import flows_of, load_settlement, money_of

PARTITION: Final = "windows partition time"
ORDER: Final = "windows close in order"
CUT: Final = "every lane is cut"
JOURNAL: Final = "cells equal the journal"
OWN_LINES: Final = "cell equals its lines"
ZERO_SUM: Final = "nets sum to zero"
SEAL: Final = "seal equals the figures"
CHAIN: Final = "seals are chained"

SETTLEMENT_RULES: Final = (PARTITION, ORDER, CUT, JOURNAL, OWN_LINES, ZERO_SUM, SEAL, CHAIN)

_LANES_WITH_HOUSE: Final = LANE_COUNT + 1


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A window as the journal says it should be; None where that cannot be computed."""

    settlement: Settlement | None
    seal: str | None


NOTHING_BEFORE: Final = Recomputed(None, None)


async def check_calendars(tx: ReadTx) -> list[Violation]:
    """See that the windows of every calendar follow each other and close in order."""
    windows = await store.list_windows(tx)
    found: list[Violation] = []
    for _, group in groupby(windows, key=lambda window: window.calendar):
        for before, window in pairwise(group):
            place = place_of(window)
            if window.opens_at != before.cut_at:
                found.append(Violation(PARTITION, place, str(window.opens_at), str(before.cut_at)))
            if window.status == "CLOSED" and before.status != "CLOSED":
                found.append(Violation(ORDER, place_of(before), before.status, "CLOSED"))
    return found


async def list_closed_windows(tx: ReadTx) -> list[Window]:
    """List the closed windows, by calendar and time."""
    return [window for window in await store.list_windows(tx) if window.status == "CLOSED"]


async def check_windows(
    tx: ReadTx, register: Register, windows: Sequence[Window]
) -> AsyncIterator[list[Violation]]:
    """Recompute closed windows one by one, by calendar and time; gives what is wrong with each."""
    before, calendar = NOTHING_BEFORE, ""
    for window in windows:
        if window.calendar != calendar:
            before, calendar = NOTHING_BEFORE, window.calendar
        before, found = await _check_window(tx, register, window, before)
        yield found


def place_of(window: Window) -> str:
    """Name a window as the commands take it."""
    return f"{window.calendar}/{window.code}"


async def _check_window(
    tx: ReadTx, register: Register, window: Window, before: Recomputed
) -> tuple[Recomputed, list[Violation]]:
    found: list[Violation] = []
    place = place_of(window)
    cut_count = await count_cut_lanes(tx, window.cut_at)
    if cut_count != _LANES_WITH_HOUSE:
        found.append(Violation(CUT, place, f"{cut_count} lanes", f"{_LANES_WITH_HOUSE} lanes"))
    if window.previous_seal != before.seal:
        found.append(Violation(CHAIN, place, window.previous_seal or "none", before.seal or "none"))
    stored = await store.list_stored_cells(tx, window.window_id)
    try:
        recomputed = await _recompute(tx, register, window, before)
    except (DomainError, LookupError) as error:
        problem = f"it cannot be recomputed: {error!r}"
        return Recomputed(None, window.seal), [*found, Violation(JOURNAL, place, problem, "cells")]
    assert recomputed.settlement is not None, "it was just computed"
    found += _compare_cells(place, stored, recomputed.settlement)
    if window.seal != recomputed.seal:
        found.append(Violation(SEAL, place, window.seal or "none", recomputed.seal or "none"))
    return recomputed, found


async def _recompute(
    tx: ReadTx, register: Register, window: Window, before: Recomputed
) -> Recomputed:
    kept = await load_settlement(tx, register, window)
    assert kept is not None, "only closed windows are recomputed"
    ranges = await list_ranges(tx, window.opens_at, window.cut_at)
    settlement = settle(
        flows_of(register, await fold_flows(tx, ranges)),
        money_of(register, await fold_money_lines(tx, ranges)),
        carries_in=before.settlement.carry_out if before.settlement else {},
        clearing=kept.clearing,
    )
    seal = seal_window(
        settlement, ranges=[LaneRange(*part) for part in ranges], previous_seal=before.seal
    )
    return Recomputed(settlement, seal)


def _compare_cells(
    place: str, stored: Mapping[Pair, StoredCell], settlement: Settlement
) -> Iterator[Violation]:
    for pair in sorted(stored.keys() | settlement.cells.keys()):
        kept, cell = stored.get(pair), settlement.cells.get(pair)
        here = f"{place} {pair}"
        if kept is None or cell is None:
            yield Violation(JOURNAL, here, _there(kept), _there(cell))
            continue
        differing = _differences(kept, cell)
        for name, (found, expected) in differing.items():
            yield Violation(JOURNAL, here, f"{name} {found}", f"{name} {expected}")
        yield from _check_own_lines(here, kept, settlement.places)
    total = _sum_of_nets(stored)
    if total:
        yield Violation(ZERO_SUM, place, format_minor(total, settlement.places), "0")


def _there(cell: object) -> str:
    return "no cell" if cell is None else "a cell"


def _differences(kept: StoredCell, cell: Cell) -> dict[str, tuple[str, str]]:
    """Compare every column; gives what is stored and what the journal says."""
    columns: dict[str, tuple[Decimal | None, Decimal | None]] = {
        "carry in": (kept.carry_in, cell.carry_in),
        "carry out": (kept.carry_out, cell.carry_out),
        "amount": (from_minor(kept.rounded_minor, cell.places), cell.rounded),
    }
    for line in sorted(kept.lines.keys() | cell.lines.keys()):
        columns[f"line {line}"] = (kept.lines.get(line), cell.lines.get(line))
    return {
        name: (_shown(found), _shown(expected))
        for name, (found, expected) in columns.items()
        if found != expected
    }


def _shown(amount: Decimal | None) -> str:
    return "nothing" if amount is None else format_exact(amount)


def _check_own_lines(place: str, kept: StoredCell, places: int) -> Iterator[Violation]:
    """See that lines and what was brought forward are what is billed and carried on."""
    owed = exact_sum([*kept.lines.values(), kept.carry_in])
    with exact_arithmetic():
        billed = from_minor(kept.rounded_minor, places) + kept.carry_out
    if owed != billed:
        yield Violation(OWN_LINES, place, format_exact(billed), format_exact(owed))


def _sum_of_nets(stored: Mapping[Pair, StoredCell]) -> int:
    nets: dict[str, int] = {}
    for pair, cell in stored.items():
        nets[pair.debtor] = nets.get(pair.debtor, 0) - cell.rounded_minor
        nets[pair.creditor] = nets.get(pair.creditor, 0) + cell.rounded_minor
    return sum(nets.values())
