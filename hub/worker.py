"""Background work: book what has expired, cut what is over, and close windows where it may.

Nothing a member or a partner is told depends on when it runs, or whether (rule book 1.7.1). Any
number of workers may run at once: every job is safe to repeat and takes one lane at a time.
"""

import asyncio
from dataclasses import dataclass

import structlog

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.errors import DomainError
from hub.ledger.cuts import cut_lanes_until, sweep_lane
from hub.ledger.operations import LANE_COUNT
from hub.settings import WorkSettings
from hub.wiring import Hub
from settlement.store import list_windows
from settlement.windows import close_window

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of the jobs did."""

    expiry_count: int
    closed_windows: tuple[str, ...]


async def work(hub: Hub, settings: WorkSettings) -> None:
    """Run the jobs again and again until cancelled; a round that fails is logged and repeated."""
    while True:
        try:
            await work_once(hub, settings)
        except Exception:
            log.exception("worker.round_failed")
        await asyncio.sleep(settings.interval_seconds)


async def work_once(hub: Hub, settings: WorkSettings) -> Round:
    """Run every job once, in the order in which they build on each other."""
    now = hub.clock()
    connection = await hub.database.connect()
    try:
        await cut_lanes_until(connection, now)
        expiry_count = 0
        for lane in range(LANE_COUNT):
            expiry_count += await sweep_lane(connection, lane, at=now, posted_at=None)
    finally:
        await connection.close()
    closed = await close_due_windows(hub) if settings.closes_windows else ()
    if expiry_count or closed:
        log.info("worker.round_done", expiry_count=expiry_count, closed_count=len(closed))
    return Round(expiry_count, closed)


async def close_due_windows(hub: Hub) -> tuple[str, ...]:
    """Close the windows that are over, oldest first; one that needs a person waits for one.

    Rates of exchange are a person's to give, so a window with other currencies is left open.
    """
    now = hub.clock()
    async with hub.database.read(HUB_ACTOR) as tx:
        windows = await list_windows(tx)
    closed = []
    for window in windows:
        if window.status == "CLOSED" or window.cut_at > now:
            continue
        try:
            await close_window(
                hub.database,
                hub.register,
                HUB_ACTOR,
                calendar=window.calendar,
                code=window.code,
                now=now,
                fx={},
            )
        except DomainError as refusal:
            log.warning("worker.window_left_open", window=window.code, refusal=refusal.code)
        else:
            closed.append(window.code)
    return tuple(closed)
