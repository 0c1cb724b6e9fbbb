"""Take jobs as they fall due, keep their leases, try again what failed.

A job runs under a timeout that is its lease: each renewal moves the timeout on, and a worker that
cannot renew stops the job before another may begin it.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from opentelemetry.trace import Tracer

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.effort import effort_under
from hub.kernel.jobs.figures import DONE, GIVEN_BACK, LOST, JobFigures
from hub.kernel.jobs.job import Job, JobFunction, Schedule
from hub.kernel.jobs.settings import JobSettings
from hub.kernel.jobs.store import (
    ask_for_recurring,
    claim_jobs,
    finish_job,
    forget_done_jobs,
    give_back_job,
    give_up_job,
    put_off_job,
    put_schedules,
    recover_lost_jobs,
    renew_lease,
)
from hub.kernel.retries import growing_pause, write_error
from hub.kernel.traces import begin_traces
from hub.kernel.tx import Database

log = structlog.get_logger()

BEATS_PER_LEASE: Final = 3
GIVE_BACK_SECONDS: Final = 5
"""How long a worker that is told to stop tries to give its jobs back; their leases end anyway."""
JOBS_PER_TURN_MAX: Final = 10_000
"""Jobs that `run_waiting_jobs` does at most: one that asks for itself would never let it end."""
FORGOTTEN_AT_ONCE: Final = 1_000


def name_worker() -> str:
    """Name this process among the workers, for people who look at leases."""
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where jobs are done: the functions by the kind of job, and the database of the leases.

    The database should be a pool that the functions do not use: a renewal must not wait for them.
    """

    database: Database
    functions: Mapping[str, JobFunction]
    settings: JobSettings
    worker: str = field(default_factory=name_worker)
    figures: JobFigures = field(default_factory=JobFigures)
    tracer: Tracer | None = None


async def run_jobs(desk: Desk, schedules: Collection[Schedule]) -> None:
    """Run jobs as they fall due, a few at once, until cancelled; what is under way is given back.

    A database that is out of reach is waited for.
    """
    unknown = {schedule.kind for schedule in schedules} - set(desk.functions)
    assert not unknown, f"nothing does {unknown}"
    running: set[asyncio.Task[None]] = set()
    is_announced = False
    try:
        while True:
            try:
                if not is_announced:
                    async with desk.database.begin(HUB_ACTOR) as tx:
                        await put_schedules(tx, schedules)
                    is_announced = True
                free = desk.settings.concurrent_max - len(running)
                for job in await take_jobs(desk, schedules, limit=free):
                    running.add(asyncio.create_task(run_job(desk, job), name=f"job-{job.job_id}"))
            except Exception as error:  # noqa: BLE001 (whatever it is, the next look may succeed)
                log.warning("jobs.look_failed", error=write_error(error))
            _, running = await _first_done(running, desk.settings.poll_seconds)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _first_done(
    running: set[asyncio.Task[None]], seconds: int
) -> tuple[set[asyncio.Task[None]], set[asyncio.Task[None]]]:
    """Wait until a job has ended, or for so long."""
    if not running:
        await asyncio.sleep(seconds)
        return set(), set()
    return await asyncio.wait(running, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)


async def take_jobs(desk: Desk, schedules: Collection[Schedule], *, limit: int) -> list[Job]:
    """Claim jobs that are due, after asking for the recurring ones and giving lost ones back."""
    settings = desk.settings
    async with desk.database.begin(HUB_ACTOR) as tx:
        if schedules:
            await ask_for_recurring(tx, [schedule.kind for schedule in schedules])
        lost = await recover_lost_jobs(tx, attempts_max=settings.attempts_max)
        claimed = []
        if limit > 0:
            claimed = await claim_jobs(
                tx,
                kinds=list(desk.functions),
                limit=limit,
                worker=desk.worker,
                lease_seconds=settings.lease_seconds,
            )
    for job_id in lost:
        log.warning("jobs.worker_lost", job_id=job_id)
    return claimed


async def run_waiting_jobs(desk: Desk) -> int:
    """Run the jobs that are due now, one after another, and those that they ask for; count them.

    For `hub work --once` and tests. Recurring jobs are not asked for.
    """
    done_count = 0
    while done_count < JOBS_PER_TURN_MAX:
        jobs = await take_jobs(desk, (), limit=1)
        if not jobs:
            break
        for job in jobs:
            await run_job(desk, job)
            done_count += 1
    return done_count


async def run_job(desk: Desk, job: Job) -> None:
    """Run a job that was claimed, and write down how it ended.

    Its errors end here; a cancellation gives the job back and goes on.
    """
    began = time.perf_counter_ns()
    trace = None
    if desk.tracer is not None:
        about = {"hub.job_id": job.job_id, "hub.attempt_count": job.attempt_count}
        trace = begin_traces(desk.tracer).begin(f"job {job.kind}", about)
    bound = {} if trace is None else {"trace_id": trace.trace_id}
    outcome = GIVEN_BACK
    try:
        with structlog.contextvars.bound_contextvars(**bound), effort_under(trace):
            outcome = await _attempt(desk, job)
    finally:
        desk.figures.note(job.kind, outcome, time.perf_counter_ns() - began)
        if trace is not None:
            trace.end({"hub.outcome": outcome}, has_failed=outcome not in {DONE, GIVEN_BACK})


async def _attempt(desk: Desk, job: Job) -> str:
    """Run a job, and say how it ended: done, lost, or by which kind of error."""
    try:
        async with _leased(desk, job):
            await desk.functions[job.kind](job)
        async with desk.database.begin(HUB_ACTOR) as tx:
            is_ours = await finish_job(tx, job)
    except asyncio.CancelledError:
        await _give_back(desk, job)
        raise
    except _LeaseLost:
        is_ours = False
    except Exception as error:
        log.exception("jobs.attempt_failed", job_id=job.job_id, kind=job.kind)
        with contextlib.suppress(Exception):  # else the lease ends by itself
            await _note_failure(desk, job, write_error(error))
        return type(error).__name__
    if is_ours:
        log.debug("jobs.finished", job_id=job.job_id, kind=job.kind)
    else:
        log.warning("jobs.lease_lost", job_id=job.job_id, kind=job.kind)
    return DONE if is_ours else LOST


class _LeaseLost(Exception):
    """The job may be somebody else's by now."""


@asynccontextmanager
async def _leased(desk: Desk, job: Job) -> AsyncIterator[None]:
    """Keep the lease of a job for the length of a block, which ends with the lease."""
    loop = asyncio.get_running_loop()
    settings = desk.settings
    lease = asyncio.timeout(settings.lease_seconds)
    pause = timedelta(seconds=settings.lease_seconds) // BEATS_PER_LEASE

    async def beat() -> None:
        while True:
            await asyncio.sleep(pause.total_seconds())
            # Counted from before the database does: ours ends first.
            renewed_at = loop.time()
            try:
                async with desk.database.begin(HUB_ACTOR) as tx:
                    is_ours = await renew_lease(tx, job, lease_seconds=settings.lease_seconds)
            except Exception as error:  # noqa: BLE001 (the lease is still good for a while)
                log.warning("jobs.beat_failed", job_id=job.job_id, error=write_error(error))
                continue
            lease.reschedule(renewed_at + settings.lease_seconds if is_ours else renewed_at)
            if not is_ours:
                return

    try:
        async with lease:
            beating = asyncio.create_task(beat(), name=f"lease-{job.job_id}")
            try:
                yield
            finally:
                beating.cancel()
                await asyncio.gather(beating, return_exceptions=True)
    except TimeoutError as error:
        if lease.expired():
            raise _LeaseLost from error
        raise


async def _note_failure(desk: Desk, job: Job, error: str) -> None:
    settings = desk.settings
    async with desk.database.begin(HUB_ACTOR) as tx:
        if job.attempt_count >= settings.attempts_max:
            await give_up_job(tx, job, error=error)
            return
        pause = growing_pause(
            job.attempt_count,
            first_seconds=settings.pause_seconds,
            seconds_max=settings.pause_seconds_max,
        )
        await put_off_job(tx, job, pause=pause, error=error)


async def _give_back(desk: Desk, job: Job) -> None:
    """Give a job back while being cancelled; whoever cannot leaves it to the end of the lease."""
    try:
        async with asyncio.timeout(GIVE_BACK_SECONDS), desk.database.begin(HUB_ACTOR) as tx:
            await give_back_job(tx, job)
    except Exception as error:  # noqa: BLE001 (the cancellation must go on)
        log.warning("jobs.give_back_failed", job_id=job.job_id, error=write_error(error))


async def forget_jobs(database: Database, *, kept_days: int) -> int:
    """Delete jobs that were done so many days ago, some at a time; gives how many."""
    before = database.clock() - timedelta(days=kept_days)
    forgotten = 0
    while True:
        async with database.begin(HUB_ACTOR) as tx:
            count = await forget_done_jobs(tx, before=before, limit=FORGOTTEN_AT_ONCE)
        forgotten += count
        if count < FORGOTTEN_AT_ONCE:
            return forgotten
