"""Background work: jobs as they fall due, and consumers that follow the entries.

Nothing a member or a partner is told depends on when it runs, or whether (rule book 1.7.1). Any
number of workers may run at once: every job is safe to repeat and takes one lane at a time.

To add a job, write its function, name it in `jobs_of`, and, if it comes back, in `schedules_of`. To
add a consumer, name it in `consumers_of`.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from opentelemetry.trace import Tracer

from auth.audit.log import sign_newest
from auth.keys import open_key
from auth.rates.limits import forget_unused
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.errors import DomainError
from hub.kernel.jobs.figures import JobFigures
from hub.kernel.jobs.job import Job, JobFunction, Schedule
from hub.kernel.jobs.runner import Desk, forget_jobs, run_jobs, run_waiting_jobs
from hub.kernel.tx import Database
from hub.ledger.audits.audit import audit_books, audit_what_is_new
from hub.ledger.cuts import cut_lanes_until, sweep_lane
from hub.ledger.feed.consumers import Consumer, Start, catch_up, keep_up
from hub.ledger.log.checkpoints import seal_lanes
from hub.ledger.operations import LANE_COUNT
from hub.points.crossing import finish_crossings
from hub.points.merging import finish_merges
from hub.points.pools import CONSUMER, contribute_shares, finish_leaving
from hub.settings import Settings, WorkSettings
from hub.wiring import Hub
from settlement.store import list_windows
from settlement.windows import close_window

log = structlog.get_logger()

WHOLE_AUDIT: Final = "audit-books"
LEASE_CONNECTIONS: Final = 2
"""Connections for leases, beside one for each consumer; jobs have the hub's own pool, so that no
renewal waits for work.
"""
FORGET_EVERY_SECONDS: Final = 3600
CROSSING_LEFT_AFTER: Final = timedelta(minutes=1)
"""A move between lanes that is older was left halfway by whoever began it."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of the jobs did."""

    expiry_count: int
    closed_windows: tuple[str, ...]


def jobs_of(hub: Hub, settings: Settings) -> Mapping[str, JobFunction]:
    """Name every kind of job, and the function that does it."""

    async def cut(_: Job) -> None:
        await cut_lanes(hub)

    async def sweep(_: Job) -> None:
        await sweep_lanes(hub)

    async def finish(_: Job) -> None:
        await finish_crossings(
            hub.poster, hub.database, now=hub.clock(), older_than=CROSSING_LEFT_AFTER
        )

    async def merge(_: Job) -> None:
        await finish_merges(hub.poster, hub.database)
        await finish_leaving(hub.poster, hub.database)

    async def close(_: Job) -> None:
        await close_due_windows(hub)

    async def audit(job: Job) -> None:
        make = audit_books if job.kind == WHOLE_AUDIT else audit_what_is_new
        await make(hub.database, seconds_max=settings.work.audit_seconds_max)

    async def forget(_: Job) -> None:
        await forget_jobs(hub.database, kept_days=settings.jobs.kept_days)
        await forget_unused(hub.database)

    async def seal(_: Job) -> None:
        await seal_books(hub)

    async def sign_log(_: Job) -> None:
        await sign_newest(hub.database)

    return {
        "seal-lanes": seal,
        "cut-lanes": cut,
        "sweep-lanes": sweep,
        "finish-transfers": finish,
        "finish-merges": merge,
        "close-windows": close,
        WHOLE_AUDIT: audit,
        "audit-news": audit,
        "forget-jobs": forget,
        "sign-audit-log": sign_log,
    }


def schedules_of(settings: WorkSettings) -> Collection[Schedule]:
    """List the jobs that come back, and how often."""
    schedules = [
        Schedule("cut-lanes", settings.interval_seconds),
        Schedule("sweep-lanes", settings.interval_seconds),
        Schedule("finish-transfers", settings.interval_seconds),
        Schedule("finish-merges", settings.interval_seconds),
        Schedule(WHOLE_AUDIT, settings.whole_audit_interval_seconds),
        Schedule("audit-news", settings.audit_interval_seconds),
        Schedule("seal-lanes", settings.seal_interval_seconds),
        Schedule("sign-audit-log", settings.seal_interval_seconds),
        Schedule("forget-jobs", FORGET_EVERY_SECONDS),
    ]
    if settings.closes_windows:
        schedules.append(Schedule("close-windows", settings.interval_seconds))
    return schedules


def consumers_of(hub: Hub) -> Collection[Consumer]:
    """List who follows the entries."""
    shares = partial(contribute_shares, hub.poster, hub.database)
    return (Consumer(CONSUMER, shares, Start.PRESENT),)


async def work(
    hub: Hub,
    settings: Settings,
    *,
    consumers: Collection[Consumer] | None = None,
    figures: JobFigures | None = None,
    tracer: Tracer | None = None,
) -> None:
    """Run jobs and consumers until cancelled; what is under way is given back.

    With a tracer every job has a span.
    """
    followers = consumers_of(hub) if consumers is None else consumers
    async with (
        open_desk(hub, settings, len(followers)) as opened,
        asyncio.TaskGroup() as group,
    ):
        desk = replace(opened, figures=figures or JobFigures(), tracer=tracer)
        group.create_task(run_jobs(desk, schedules_of(settings.work)))
        for consumer in followers:
            group.create_task(keep_up(desk.database, consumer, hub.watcher, settings.feed))


async def work_once(
    hub: Hub, settings: Settings, *, consumers: Collection[Consumer] | None = None
) -> Round:
    """Cut, sweep, close and seal once, in the order in which they build on each other.

    Then do the jobs that wait, and let the consumers come to the present.
    """
    await cut_lanes(hub)
    expiry_count = await sweep_lanes(hub)
    closed = await close_due_windows(hub) if settings.work.closes_windows else ()
    await seal_books(hub)
    followers = consumers_of(hub) if consumers is None else consumers
    async with open_desk(hub, settings, len(followers)) as desk:
        await run_waiting_jobs(desk)
        for consumer in followers:
            await catch_up(desk.database, consumer, settings.feed)
    if expiry_count or closed:
        log.info("worker.round_done", expiry_count=expiry_count, closed_count=len(closed))
    return Round(expiry_count, closed)


@asynccontextmanager
async def open_desk(hub: Hub, settings: Settings, consumer_count: int) -> AsyncIterator[Desk]:
    """Open what jobs and consumers are run from, with connections of its own."""
    pool_size = LEASE_CONNECTIONS + consumer_count
    database = Database(hub.database.url, clock=hub.clock, pool_size=pool_size)
    try:
        yield Desk(database, jobs_of(hub, settings), settings.jobs)
    finally:
        await database.close()


async def cut_lanes(hub: Hub) -> None:
    """Cut every lane whose segment is over."""
    connection = await hub.database.connect()
    try:
        await cut_lanes_until(connection, hub.clock())
    finally:
        await connection.close()


async def sweep_lanes(hub: Hub) -> int:
    """Book what has expired in every lane, and count the entries."""
    now = hub.clock()
    expiry_count = 0
    connection = await hub.database.connect()
    try:
        for lane in range(LANE_COUNT):
            expiry_count += await sweep_lane(connection, lane, at=now, posted_at=None)
    finally:
        await connection.close()
    return expiry_count


async def seal_books(hub: Hub) -> None:
    """Sign checkpoints until every entry is under one."""
    while await seal_lanes(hub.database, partial(open_key, hub.database)):
        pass


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
