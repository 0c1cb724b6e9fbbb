"""Load the demo: agreements, receipts, windows; whatever is there already stays.

It may be killed at any moment: the next start finds what was done and does the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from hub.cli.coalition.document import read_coalition_file
from hub.cli.demo.errors import AnotherCoalition, ReceiptsMissing
from hub.cli.replay.calendars import ReplayWindow, make_windows
from hub.cli.replay.coalition import RULES_FILE, read_coalition, read_local_days
from hub.cli.replay.history import Replay, read_replay
from hub.cli.replay.play import calendar_of, replay_history
from hub.kernel.actor import HUB_ACTOR
from hub.wiring import Hub
from partners.agreements import Agreements, apply_agreements
from partners.store import find_coalition
from settlement.calendars import Calendar
from settlement.settle import Settlement
from settlement.store import Window, list_windows
from settlement.windows import close_window, load_settlement, plan_windows_ahead

COALITION_FILE: Final = Path(__file__).with_name("coalition.toml")
SAMPLE: Final = Path(__file__).parents[3].joinpath("tests", "data", "coalition_sample")
"""The receipts lie in the repository, not in the wheel."""

SHOWN_CALENDAR: Final = Calendar.MONTHLY
"""Months settle; the weeks beside them are there to compare."""


@dataclass(frozen=True, slots=True)
class SettledMonth:
    """A closed window and its figures."""

    window: Window
    settlement: Settlement


def check_folder(folder: Path) -> None:
    """See that a folder has receipts.

    Errors: ReceiptsMissing.
    """
    if not folder.joinpath(RULES_FILE).is_file():
        raise ReceiptsMissing(str(folder))


async def agree(hub: Hub) -> None:
    """Apply the agreements of the demo.

    Errors: AnotherCoalition.
    """
    wanted: Agreements = read_coalition_file(COALITION_FILE)
    async with hub.database.begin(HUB_ACTOR) as tx:
        found = await find_coalition(tx)
        if found is not None and found.name != wanted.coalition.name:
            raise AnotherCoalition(found.name, wanted.coalition.name)
        await apply_agreements(tx, wanted)
    await hub.register.refresh()


async def is_loaded(hub: Hub, folder: Path) -> bool:
    """Say whether every window of the receipts is closed; the receipts need not be read for it.

    A folder that does not say which days it covers is replayed again, which changes nothing.
    """
    windows = list_replay_windows(folder)
    async with hub.database.read(HUB_ACTOR) as tx:
        closed = {
            (window.calendar, window.code)
            for window in await list_windows(tx)
            if window.status == "CLOSED"
        }
    wanted = {(calendar_of(window.id), window.id) for window in windows}
    return bool(wanted) and wanted <= closed


def list_replay_windows(folder: Path) -> tuple[ReplayWindow, ...]:
    """List the windows of the days that a folder says it covers; none when it does not say."""
    days = read_local_days(folder)
    if days is None:
        return ()
    zone = read_coalition(folder).zone
    return make_windows(first_day=days[0], last_day=days[1], zone=zone)


def read_receipts(folder: Path) -> Replay:
    """Read the receipts; points live as long as the terms say.

    Errors: ReplayInvalid.
    """
    return read_replay(folder, limit=None, expiry_days=None)


async def replay_receipts(hub: Hub, replay: Replay, *, advance: Callable[[int], None]) -> None:
    """Let every household do what it did, and close the windows of those weeks and months."""
    await replay_history(hub, replay, unless_given=None, advance=advance)


async def keep_up(hub: Hub, *, now: datetime) -> None:
    """Make the windows of the present, so that what is posted from now on is settled too."""
    for calendar in Calendar:
        await plan_windows_ahead(
            hub.database,
            hub.register,
            HUB_ACTOR,
            calendar=calendar,
            starts_on=None,
            now=now,
            ahead_count=1,
        )
    async with hub.database.read(HUB_ACTOR) as tx:
        due = [w for w in await list_windows(tx) if w.status != "CLOSED" and w.cut_at <= now]
    for window in sorted(due, key=lambda window: (window.cut_at, window.calendar)):
        await close_window(
            hub.database,
            hub.register,
            HUB_ACTOR,
            calendar=window.calendar,
            code=window.code,
            now=now,
            fx={},
        )


async def list_settled(hub: Hub) -> list[SettledMonth]:
    """Load what was settled month by month, oldest first."""
    settled: list[SettledMonth] = []
    async with hub.database.read(HUB_ACTOR) as tx:
        for window in await list_windows(tx, SHOWN_CALENDAR):
            settlement = await load_settlement(tx, hub.register, window)
            if settlement is not None:
                settled.append(SettledMonth(window, settlement))
    return settled
