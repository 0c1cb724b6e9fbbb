"""All SQL about jobs.

A job is claimed by `FOR UPDATE SKIP LOCKED` and held by a lease, not by an open transaction: it may
take long, and a worker that dies leaves nothing locked.
"""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    DateTime,
    and_,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from hub.kernel.clock import CLOCKS_APART
from hub.kernel.jobs.errors import JobNotFailed, JobNotFound, ScheduleNotFound
from hub.kernel.jobs.job import Job, JobRecord, JobState, Schedule, ScheduleRecord
from hub.kernel.jobs.tables import job_schedules, jobs
from hub.kernel.tx import ReadTx, Tx

LIST_MAX = 1_000
"""Jobs that one list shows at most."""
LOST_ERROR = "The worker went away before the job ended."

_UNFINISHED = text("state <> 'DONE'")
_COLUMNS = (
    jobs.c.job_id,
    jobs.c.kind,
    jobs.c.key,
    jobs.c.state,
    jobs.c.attempt_count,
    jobs.c.run_at,
    jobs.c.leased_by,
    jobs.c.leased_until,
    jobs.c.last_error,
    jobs.c.finished_at,
)


async def ask_for_job(
    tx: Tx, *, kind: str, key: str | None, payload: Mapping[str, Any], run_at: datetime
) -> bool:
    """Ask for a job in the transaction that gives cause for it: both are there or neither.

    False when one of the same kind and key is not done yet; that one stands for this one too.
    `key` None: every asking is a job of its own.
    """
    asked = await tx.connection.execute(
        insert(jobs)
        .values(
            kind=kind,
            key=key,
            payload=dict(payload),
            state=JobState.WAITING,
            is_recurring=False,
            run_at=run_at,
            attempt_count=0,
            asked_at=tx.now,
        )
        .on_conflict_do_nothing(index_elements=["kind", "key"], index_where=_UNFINISHED)
        .returning(jobs.c.job_id)
    )
    return asked.one_or_none() is not None


async def put_schedules(tx: Tx, schedules: Collection[Schedule]) -> None:
    """Write down how often jobs come back; one that is new comes at once."""
    for schedule in sorted(schedules, key=lambda each: each.kind):
        new = insert(job_schedules).values(
            kind=schedule.kind, every_seconds=schedule.every_seconds, next_at=tx.now
        )
        soon = tx.now + timedelta(seconds=schedule.every_seconds)
        await tx.connection.execute(
            new.on_conflict_do_update(
                index_elements=["kind"],
                set_={
                    "every_seconds": new.excluded.every_seconds,
                    "next_at": func.least(job_schedules.c.next_at, soon),
                },
                where=job_schedules.c.every_seconds != new.excluded.every_seconds,
            )
        )


async def ask_for_recurring(tx: Tx, kinds: Collection[str]) -> None:
    """Ask for the recurring jobs whose turn it is.

    One that still waits after a failure is tried at its turn at the latest; also one that failed
    too often, with a single attempt each time. A turn further ahead than its interval is taken at
    once (`CLOCKS_APART`).

    Locks: the schedules whose turn it is, so that of several workers one asks.
    """
    interval = job_schedules.c.every_seconds * timedelta(seconds=1)
    next_turn = literal(tx.now, DateTime(timezone=True)) + interval
    turns = await tx.connection.execute(
        update(job_schedules)
        .where(
            job_schedules.c.kind.in_(kinds),
            or_(
                job_schedules.c.next_at <= tx.now,
                job_schedules.c.next_at > next_turn + CLOCKS_APART,
            ),
        )
        .values(next_at=next_turn)
        .returning(job_schedules.c.kind)
    )
    for (kind,) in turns.all():
        await tx.connection.execute(
            insert(jobs)
            .values(
                kind=kind,
                key=kind,
                payload={},
                state=JobState.WAITING,
                is_recurring=True,
                run_at=tx.now,
                attempt_count=0,
                asked_at=tx.now,
            )
            .on_conflict_do_update(
                index_elements=["kind", "key"],
                index_where=_UNFINISHED,
                set_={"state": JobState.WAITING, "run_at": tx.now, "finished_at": None},
                where=jobs.c.state.in_((JobState.WAITING, JobState.FAILED)),
            )
        )


async def recover_lost_jobs(tx: Tx, *, attempts_max: int) -> list[int]:
    """Give back the jobs whose lease has ended; those that were tried too often count as failed.

    So a job that takes its worker down each time does not do so for ever.
    """
    is_last = jobs.c.attempt_count >= attempts_max
    lost = await tx.connection.execute(
        update(jobs)
        .where(jobs.c.state == JobState.RUNNING, jobs.c.leased_until < func.clock_timestamp())
        .values(
            state=case((is_last, JobState.FAILED), else_=JobState.WAITING),
            finished_at=case((is_last, tx.now), else_=None),
            run_at=tx.now,
            leased_by=None,
            leased_until=None,
            last_error=LOST_ERROR,
        )
        .returning(jobs.c.job_id)
    )
    return list(lost.scalars())


async def claim_jobs(
    tx: Tx, *, kinds: Collection[str], limit: int, worker: str, lease_seconds: int
) -> list[Job]:
    """Take jobs of these kinds that are due, the longest due first; whoever else looks skips them.

    Kinds that this worker does not know are left to one that does.
    """
    lease = f"{worker}:{secrets.token_hex(8)}"
    due = (
        select(jobs.c.job_id)
        .where(jobs.c.state == JobState.WAITING, jobs.c.run_at <= tx.now, jobs.c.kind.in_(kinds))
        .order_by(jobs.c.run_at, jobs.c.job_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    claimed = await tx.connection.execute(
        update(jobs)
        .where(jobs.c.job_id == due.c.job_id)
        .values(
            state=JobState.RUNNING,
            attempt_count=jobs.c.attempt_count + 1,
            leased_by=lease,
            leased_until=_lease_end(lease_seconds),
        )
        .returning(
            jobs.c.job_id, jobs.c.kind, jobs.c.payload, jobs.c.attempt_count, jobs.c.is_recurring
        )
    )
    taken = [
        Job(row.job_id, row.kind, row.payload, row.attempt_count, row.is_recurring, lease)
        for row in claimed
    ]
    return sorted(taken, key=lambda job: job.job_id)


async def renew_lease(tx: Tx, job: Job, *, lease_seconds: int) -> bool:
    """Keep a job for longer; False when it is somebody else's by now."""
    renewed = await tx.connection.execute(
        update(jobs).where(_is_ours(job)).values(leased_until=_lease_end(lease_seconds))
    )
    return renewed.rowcount == 1


async def finish_job(tx: Tx, job: Job) -> bool:
    """Note that a job is done; False when it is somebody else's by now.

    Locks: its schedule, then the job, as whoever asks for its turn.
    """
    if job.is_recurring:
        await tx.connection.execute(
            update(job_schedules)
            .where(job_schedules.c.kind == job.kind, exists().where(_is_ours(job)))
            .values(last_done_at=tx.now)
        )
        ended = await tx.connection.execute(delete(jobs).where(_is_ours(job)))
    else:
        ended = await tx.connection.execute(
            update(jobs)
            .where(_is_ours(job))
            .values(
                state=JobState.DONE,
                finished_at=tx.now,
                leased_by=None,
                leased_until=None,
                last_error=None,
            )
        )
    return ended.rowcount == 1


async def put_off_job(tx: Tx, job: Job, *, pause: timedelta, error: str) -> bool:
    """Let a job that failed wait before it is tried again."""
    return await _end_attempt(
        tx, job, state=JobState.WAITING, run_at=tx.now + pause, last_error=error
    )


async def give_up_job(tx: Tx, job: Job, *, error: str) -> bool:
    """Note that a job has failed too often, and keep it for people."""
    return await _end_attempt(tx, job, state=JobState.FAILED, finished_at=tx.now, last_error=error)


async def give_back_job(tx: Tx, job: Job) -> bool:
    """Give a job back that this worker cannot go on with; the attempt does not count."""
    return await _end_attempt(
        tx,
        job,
        state=JobState.WAITING,
        run_at=tx.now,
        attempt_count=jobs.c.attempt_count - 1,
    )


async def _end_attempt(tx: Tx, job: Job, **values: Any) -> bool:  # noqa: ANN401 (of columns)
    ended = await tx.connection.execute(
        update(jobs).where(_is_ours(job)).values(leased_by=None, leased_until=None, **values)
    )
    return ended.rowcount == 1


def _is_ours(job: Job) -> Any:  # noqa: ANN401 (a condition of SQL)
    return and_(
        jobs.c.job_id == job.job_id,
        jobs.c.leased_by == job.lease,
        jobs.c.state == JobState.RUNNING,
    )


def _lease_end(lease_seconds: int) -> Any:  # noqa: ANN401 (an expression of SQL)
    return func.clock_timestamp() + timedelta(seconds=lease_seconds)


async def forget_done_jobs(tx: Tx, *, before: datetime, limit: int) -> int:
    """Delete jobs that were done before an instant, so many at most; gives how many."""
    old = (
        select(jobs.c.job_id)
        .where(jobs.c.state == JobState.DONE, jobs.c.finished_at < before)
        .order_by(jobs.c.finished_at)
        .limit(limit)
    )
    forgotten = await tx.connection.execute(delete(jobs).where(jobs.c.job_id.in_(old)))
    return forgotten.rowcount


async def list_jobs(tx: ReadTx, *, states: Collection[JobState], limit: int) -> list[JobRecord]:
    """List jobs in some states, the newest first."""
    assert 1 <= limit <= LIST_MAX, limit
    rows = await tx.connection.execute(
        select(*_COLUMNS)
        .where(jobs.c.state.in_(states))
        .order_by(jobs.c.job_id.desc())
        .limit(limit)
    )
    return [_record(row) for row in rows]


async def list_schedules(tx: ReadTx) -> list[ScheduleRecord]:
    """List the recurring kinds of jobs."""
    table = job_schedules.c
    rows = await tx.connection.execute(
        select(table.kind, table.every_seconds, table.next_at, table.last_done_at).order_by(
            table.kind
        )
    )
    return [ScheduleRecord(*row) for row in rows]


async def count_jobs(tx: ReadTx) -> dict[JobState, int]:
    """Count the jobs in each state."""
    rows = await tx.connection.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state))
    counted = {JobState(state): number for state, number in rows}
    return {state: counted.get(state, 0) for state in JobState}


async def retry_job(tx: Tx, job_id: int) -> JobRecord:
    """Let a job that was given up be tried again, with all of its attempts.

    Errors: JobNotFound, JobNotFailed.
    """
    row = (
        await tx.connection.execute(
            update(jobs)
            .where(
                jobs.c.job_id == job_id,
                or_(
                    jobs.c.state == JobState.FAILED,
                    and_(jobs.c.state == JobState.WAITING, jobs.c.attempt_count > 0),
                ),
            )
            .values(state=JobState.WAITING, run_at=tx.now, attempt_count=0, finished_at=None)
            .returning(*_COLUMNS)
        )
    ).one_or_none()
    if row is not None:
        return _record(row)
    state = await tx.connection.scalar(select(jobs.c.state).where(jobs.c.job_id == job_id))
    if state is None:
        raise JobNotFound(job_id)
    raise JobNotFailed(job_id, state)


async def hasten_schedule(tx: Tx, kind: str) -> None:
    """Let a recurring job come at once.

    Errors: ScheduleNotFound.
    """
    hastened = await tx.connection.execute(
        update(job_schedules).where(job_schedules.c.kind == kind).values(next_at=tx.now)
    )
    if hastened.rowcount == 0:
        raise ScheduleNotFound(kind)


def _record(row: Any) -> JobRecord:  # noqa: ANN401 (a row of `_COLUMNS`)
    job_id, kind, key, state, *rest = row
    return JobRecord(job_id, kind, key, JobState(state), *rest)
