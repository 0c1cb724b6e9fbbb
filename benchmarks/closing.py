"""Close a window of few and one of many redemptions: the cost must depend on flows, not on history.

Both windows have the same flows, row for row: every lane, ten issuers, ten acceptors. Each close
happens in a fresh copy of its database, so that every round closes the same window.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from rich.progress import Progress

from benchmarks.load import Order, Party, issue_of, redemption_of
from benchmarks.measure import CpuMeter, Tally
from benchmarks.stage import BATCH, administering, found_coalition, open_wallets, post, tidy_up
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.clock import system_clock
from hub.kernel.database import create_database, drop_database
from hub.kernel.embedded.server import Server
from hub.kernel.kept import KeptConnection
from hub.kernel.tx import Database, connect
from hub.ledger.cuts import cut_lanes_until
from hub.ledger.operations import LANE_COUNT, Operation, Place
from partners.register import Register
from settlement.windows import PlannedWindow, close_window, plan_windows

SMALL_WINDOW: Final = "close small window"
LARGE_WINDOW: Final = "close large window"
CALENDAR: Final = "monthly"
WINDOW: Final = PlannedWindow(
    "2026-01", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
)
POSTED_AT: Final = datetime(2026, 1, 15, tzinfo=UTC)
ISSUER_COUNT: Final = 10
ACCEPTOR_COUNT: Final = 10
LOT_POINTS: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class LoadedWindow:
    """A database whose window is over and not closed yet."""

    name: str
    case: str
    redemption_count: int


async def load_window(
    server: Server, case: str, redemption_count: int, progress: Progress
) -> LoadedWindow:
    """Make a database with an open window and so many redemptions in it."""
    name = f"window_{redemption_count}"
    url = await create_database(server.url("postgres"), name)
    parties = await found_coalition(url, ISSUER_COUNT + ACCEPTOR_COUNT)
    database = Database(url, clock=system_clock)
    await plan_windows(database, HUB_ACTOR, calendar=CALENDAR, planned=[WINDOW])
    await database.close()
    connection = await connect(url)
    try:
        await cut_lanes_until(connection, WINDOW.opens_at)
        await open_wallets(connection, list(_wallets()))
        await post(connection, _issues(parties), at=POSTED_AT)
        operations = _redemptions(parties, redemption_count)
        task = progress.add_task(f"{redemption_count:,} redemptions", total=redemption_count)
        while batch := list(islice(operations, BATCH)):
            await post(connection, batch, at=POSTED_AT)
            progress.advance(task, len(batch))
    finally:
        await connection.close()
    async with administering(url) as administrator:
        await tidy_up(administrator)
    return LoadedWindow(name, case, redemption_count)


async def close_copy(server: Server, window: LoadedWindow, meter: CpuMeter) -> tuple[Tally, str]:
    """Copy the window's database and close the window there; give what was seen, and the copy."""
    admin_url = server.url("postgres")
    await drop_database(admin_url, f"{window.name}_copy")
    async with administering(admin_url) as connection:
        await connection.execute(
            f'CREATE DATABASE "{window.name}_copy" TEMPLATE "{window.name}" STRATEGY FILE_COPY'
        )
    url = server.url(f"{window.name}_copy")
    database = Database(url, clock=system_clock)
    kept = KeptConnection(database.connect)
    register = Register(kept)
    try:
        await register.refresh()
        tally = Tally(operation_count=1)
        python_before, postgres_before = meter.read()
        began_at = time.perf_counter()
        closed = await close_window(
            database,
            register,
            HUB_ACTOR,
            calendar=CALENDAR,
            code=WINDOW.code,
            now=WINDOW.cut_at,
            fx={},
        )
        tally.wall_seconds = time.perf_counter() - began_at
        python_after, postgres_after = meter.read()
    finally:
        await kept.close()
        await database.close()
    assert closed.seal is not None, "a closed window is sealed"
    tally.latencies_seconds = [tally.wall_seconds]
    tally.python_seconds = python_after - python_before
    tally.postgres_seconds = postgres_after - postgres_before
    return tally, url


def _wallets() -> Iterator[Place]:
    """Name a wallet for each lane and issuer."""
    return (
        Place(lane, 1 + issuer * LANE_COUNT + lane)
        for issuer in range(ISSUER_COUNT)
        for lane in range(LANE_COUNT)
    )


def _issues(parties: Sequence[Party]) -> list[Operation]:
    """Issue one lot to each wallet."""
    return [
        issue_of(Order(parties[n // LANE_COUNT], wallet, LOT_POINTS, f"issue {n}", f"issue {n}"))
        for n, wallet in enumerate(_wallets())
    ]


def _redemptions(parties: Sequence[Party], count: int) -> Iterator[Operation]:
    """Redeem in all lanes, from all issuers, at all acceptors in turn."""
    wallets = list(_wallets())
    acceptors = parties[ISSUER_COUNT:]
    for n in range(count):
        acceptor = acceptors[n // len(wallets) % ACCEPTOR_COUNT]
        points = 1 + n % 97
        order = Order(acceptor, wallets[n % len(wallets)], points, f"redeem {n}", f"redeem {n}")
        yield redemption_of(order)
