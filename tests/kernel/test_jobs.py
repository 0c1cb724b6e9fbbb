"""Jobs: done by whoever is free, at least once, and never by two at a time."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.clock import CLOCKS_APART
from hub.kernel.jobs.errors import JobNotFailed, JobNotFound, ScheduleNotFound
from hub.kernel.jobs.job import JobState, Schedule
from hub.kernel.jobs.runner import Desk, forget_jobs, run_job, run_jobs, run_waiting_jobs, take_jobs
from hub.kernel.jobs.settings import JobSettings
from hub.kernel.jobs.store import (
    LOST_ERROR,
    ask_for_job,
    count_jobs,
    hasten_schedule,
    list_jobs,
    list_schedules,
    put_schedules,
    retry_job,
)
from hub.kernel.tx import Database
from tests.coalition import Clock

ALL = list(JobState)


@pytest.fixture(autouse=True)
def logged(plain_log):
    """What is logged; written out, its tracebacks would take longer than the tests."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def database(database_url, clock):
    opened = Database(database_url, clock=clock)
    yield opened
    await opened.close()


class Till:
    """Does jobs by writing them down; what it is told to fail at fails."""

    def __init__(self):
        self.done = []
        self.failing = set()

    async def ring(self, job):
        self.done.append((job.payload.get("number"), job.attempt_count))
        if job.payload.get("number") in self.failing:
            raise ValueError("the drawer is stuck\nparameters: secret")


@pytest.fixture
def till():
    return Till()


def desk_of(database, till, **settings):
    return Desk(database, {"ring": till.ring}, JobSettings(**settings))


async def ask(database, number, *, key=None, kind="ring", after=timedelta(0)):
    async with database.begin(HUB_ACTOR) as tx:
        return await ask_for_job(
            tx, kind=kind, key=key, payload={"number": number}, run_at=tx.now + after
        )


async def look(database):
    async with database.read(HUB_ACTOR) as tx:
        return sorted(await list_jobs(tx, states=ALL, limit=100), key=lambda job: job.job_id)


async def test_a_job_is_done_once_and_stays_in_the_list_for_a_while(database, till, clock):
    await ask(database, 1)
    desk = desk_of(database, till)
    assert [await run_waiting_jobs(desk) for _ in "12"] == [1, 0]
    assert till.done == [(1, 1)]
    (job,) = await look(database)
    assert (job.state, job.finished_at, job.leased_by) == (JobState.DONE, clock.now, None)
    clock.tick(timedelta(days=7))
    assert await forget_jobs(database, kept_days=7) == 0
    clock.tick(timedelta(microseconds=1))
    assert await forget_jobs(database, kept_days=7) == 1
    assert await look(database) == []


async def test_a_job_is_there_only_if_what_asked_for_it_was_committed(database, till):
    async def ask_and_fail():
        async with database.begin(HUB_ACTOR) as tx:
            await ask_for_job(tx, kind="ring", key=None, payload={}, run_at=tx.now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await ask_and_fail()
    assert await run_waiting_jobs(desk_of(database, till)) == 0


async def test_a_key_stands_for_one_job_until_that_is_done(database, till):
    assert await ask(database, 1, key="a")
    assert not await ask(database, 2, key="a")
    assert await ask(database, 3, key="b")
    desk = desk_of(database, till)
    await run_waiting_jobs(desk)
    assert await ask(database, 4, key="a")
    await run_waiting_jobs(desk)
    assert till.done == [(1, 1), (3, 1), (4, 1)]


async def test_jobs_wait_for_their_time_and_the_longest_due_goes_first(database, till, clock):
    await ask(database, 1, after=timedelta(seconds=20))
    await ask(database, 2, after=timedelta(seconds=10))
    desk = desk_of(database, till)
    assert await run_waiting_jobs(desk) == 0
    clock.tick(timedelta(seconds=20))
    assert await run_waiting_jobs(desk) == 2
    assert till.done == [(2, 1), (1, 1)]


async def test_a_job_that_fails_is_tried_again_after_growing_pauses_then_kept(
    database, till, clock
):
    await ask(database, 1)
    till.failing = {1}
    desk = desk_of(database, till, attempts_max=3, pause_seconds=10)
    for pause, count in ((0, 1), (9, 0), (1, 1), (19, 0), (1, 1), (100_000, 0)):
        clock.tick(timedelta(seconds=pause))
        assert await run_waiting_jobs(desk) == count
    assert till.done == [(1, 1), (1, 2), (1, 3)]
    (job,) = await look(database)
    assert (job.state, job.last_error) == (JobState.FAILED, "ValueError: the drawer is stuck")
    till.failing.clear()
    async with database.begin(HUB_ACTOR) as tx:
        await retry_job(tx, job.job_id)
    assert await run_waiting_jobs(desk) == 1
    (job,) = await look(database)
    assert (job.state, job.attempt_count, job.last_error) == (JobState.DONE, 1, None)


async def test_only_a_job_that_failed_is_tried_again_by_hand(database, till):
    await ask(database, 1)
    before = await look(database)
    for job_id, refusal in ((before[0].job_id, JobNotFailed), (4711, JobNotFound)):
        with pytest.raises(refusal):
            async with database.begin(HUB_ACTOR) as tx:
                await retry_job(tx, job_id)
    assert await look(database) == before


async def test_a_kind_that_a_worker_does_not_know_is_left_to_another(database, till):
    await ask(database, 1, kind="weigh")
    assert await run_waiting_jobs(desk_of(database, till)) == 0
    (job,) = await look(database)
    assert (job.state, job.attempt_count) == (JobState.WAITING, 0)


async def test_two_workers_never_have_the_same_job(database, till, database_url, clock):
    for number in range(60):
        await ask(database, number)
    other = Database(database_url, clock=clock)
    await asyncio.gather(
        *(run_waiting_jobs(desk_of(each, till)) for each in (database, other) for _ in "12")
    )
    await other.close()
    assert sorted(till.done) == [(number, 1) for number in range(60)]


async def test_a_worker_that_is_cancelled_gives_its_job_back_uncounted(database, till):
    await ask(database, 1)
    begun = asyncio.Event()

    async def stall(_):
        begun.set()
        await asyncio.sleep(60)

    stalled = Desk(database, {"ring": stall}, JobSettings())
    worker = asyncio.create_task(run_jobs(stalled, ()))
    await begun.wait()
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    (job,) = await look(database)
    assert (job.state, job.attempt_count, job.leased_by) == (JobState.WAITING, 0, None)
    assert await run_waiting_jobs(desk_of(database, till)) == 1
    assert till.done == [(1, 1)]


async def test_a_job_whose_worker_is_gone_is_finished_by_another(database, till, logged):
    await ask(database, 1)
    gone = desk_of(database, till, lease_seconds=2)
    (claimed,) = await take_jobs(gone, (), limit=1)
    desk = desk_of(database, till)
    assert await run_waiting_jobs(desk) == 0
    await asyncio.sleep(2.1)
    assert await run_waiting_jobs(desk) == 1
    assert till.done == [(1, 2)]
    assert [line["event"] for line in logged] == ["jobs.worker_lost", "jobs.finished"]
    # The first worker comes back to life: the job is not its own any more, and stays as it is.
    before = await look(database)
    await run_job(gone, claimed)
    assert await look(database) == before
    assert logged[-1]["event"] == "jobs.lease_lost"


async def test_a_job_that_takes_its_worker_down_each_time_is_given_up(database, till):
    await ask(database, 1)
    desk = desk_of(database, till, attempts_max=2, lease_seconds=2)
    for _ in "12":
        assert len(await take_jobs(desk, (), limit=1)) == 1
        await asyncio.sleep(2.1)
    assert await take_jobs(desk, (), limit=1) == []
    (job,) = await look(database)
    assert (job.state, job.last_error) == (JobState.FAILED, LOST_ERROR)


async def test_a_long_job_keeps_its_lease(database):
    await ask(database, 1)
    runs = []

    async def stay(job):
        runs.append(job.attempt_count)
        await asyncio.sleep(3)

    desk = Desk(database, {"ring": stay}, JobSettings(lease_seconds=2))
    first = asyncio.create_task(run_waiting_jobs(desk))
    await asyncio.sleep(2.5)
    assert await run_waiting_jobs(desk) == 0
    assert await first == 1
    assert runs == [1]


async def test_a_worker_whose_lease_is_taken_away_stops(database, till):
    await ask(database, 1)
    ended = []

    async def stay(_):
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    desk = Desk(database, {"ring": stay}, JobSettings(lease_seconds=2))
    (job,) = await take_jobs(desk, (), limit=1)
    running = asyncio.create_task(run_job(desk, job))
    await asyncio.sleep(0.1)
    async with database.begin(HUB_ACTOR) as tx:
        await tx.connection.execute(text("UPDATE jobs SET leased_by = 'somebody else'"))
    async with asyncio.timeout(20):
        await running
    assert ended == [True]
    (found,) = await look(database)
    assert (found.state, found.leased_by) == (JobState.RUNNING, "somebody else")


RINGS = [Schedule("ring", 60)]


async def turn(desk):
    """One look of a worker: it takes what is due, and does it."""
    jobs = await take_jobs(desk, RINGS, limit=10)
    for job in jobs:
        await run_job(desk, job)
    return len(jobs)


async def test_a_recurring_job_comes_back_once_for_all_workers(database, till, clock):
    desk = desk_of(database, till)
    async with database.begin(HUB_ACTOR) as tx:
        await put_schedules(tx, RINGS)
    assert await asyncio.gather(turn(desk), turn(desk)) in ([1, 0], [0, 1])
    clock.tick(timedelta(seconds=59))
    assert await turn(desk) == 0
    clock.tick(timedelta(seconds=1))
    assert await turn(desk) == 1
    # Turns that were missed are not made up for: one does it.
    clock.tick(timedelta(seconds=600))
    assert [await turn(desk), await turn(desk)] == [1, 0]
    assert await look(database) == []
    async with database.read(HUB_ACTOR) as tx:
        (schedule,) = await list_schedules(tx)
    assert (schedule.last_done_at, schedule.next_at) == (
        clock.now,
        clock.now + timedelta(seconds=60),
    )


async def test_a_recurring_job_comes_at_once_when_the_clock_was_set_back(database, till, clock):
    """Else it waited until the time of its next turn came again."""
    desk = desk_of(database, till)
    async with database.begin(HUB_ACTOR) as tx:
        await put_schedules(tx, RINGS)
    assert await turn(desk) == 1
    clock.now -= CLOCKS_APART  # as another worker's may be
    assert await turn(desk) == 0
    clock.now -= timedelta(microseconds=1)
    assert [await turn(desk), await turn(desk)] == [1, 0]
    async with database.read(HUB_ACTOR) as tx:
        (schedule,) = await list_schedules(tx)
    assert schedule.next_at == clock.now + timedelta(seconds=60)


async def test_to_end_a_recurring_job_its_schedule_is_locked_before_the_job(database, till):
    """As whoever asks for its turn does: in two orders, the two of them deadlock."""
    desk = desk_of(database, till)
    async with database.begin(HUB_ACTOR) as tx:
        await put_schedules(tx, [Schedule("ring", 60)])
    (job,) = await take_jobs(desk, [Schedule("ring", 60)], limit=1)
    async with database.begin(HUB_ACTOR) as tx:
        await hasten_schedule(tx, "ring")
        ending = asyncio.create_task(run_job(desk, job))
        waits = text(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND datname = current_database()"
        )
        async with asyncio.timeout(10):
            while not (await tx.connection.execute(waits)).scalar_one():  # noqa: ASYNC110 (a lock)
                await asyncio.sleep(0.01)
        await tx.connection.execute(text("SELECT FROM jobs FOR UPDATE NOWAIT"))
    await ending
    assert await look(database) == []


async def test_a_recurring_job_that_failed_too_often_is_tried_at_each_turn(database, till, clock):
    desk = desk_of(database, till, attempts_max=2, pause_seconds=3600)
    till.failing = {None}
    async with database.begin(HUB_ACTOR) as tx:
        await put_schedules(tx, RINGS)
    states = []
    for _ in range(4):
        assert await turn(desk) == 1
        (job,) = await look(database)
        states.append(job.state)
        clock.tick(timedelta(seconds=60))
    assert states == [JobState.WAITING, JobState.FAILED, JobState.FAILED, JobState.FAILED]
    till.failing.clear()
    assert await turn(desk) == 1
    assert await look(database) == []


async def test_a_schedule_may_be_changed_and_hastened(database, till, clock):
    desk = desk_of(database, till)
    async with database.begin(HUB_ACTOR) as tx:
        await put_schedules(tx, [Schedule("ring", 86_400)])
    assert await turn(desk) == 1
    async with database.begin(HUB_ACTOR) as tx:
        await put_schedules(tx, RINGS)
    clock.tick(timedelta(seconds=60))
    assert await turn(desk) == 1
    assert await turn(desk) == 0
    async with database.begin(HUB_ACTOR) as tx:
        await hasten_schedule(tx, "ring")
    assert await turn(desk) == 1
    with pytest.raises(ScheduleNotFound):
        async with database.begin(HUB_ACTOR) as tx:
            await hasten_schedule(tx, "weigh")


async def test_a_worker_runs_several_jobs_at_once_and_no_more(database):
    for number in range(6):
        await ask(database, number)
    present, most = 0, 0
    done = asyncio.Event()

    async def stay(job):
        nonlocal present, most
        present += 1
        most = max(most, present)
        await asyncio.sleep(0.05)
        present -= 1
        if job.payload["number"] == 5:
            done.set()

    desk = Desk(database, {"ring": stay}, JobSettings(concurrent_max=3))
    worker = asyncio.create_task(run_jobs(desk, ()))
    async with asyncio.timeout(20):
        await done.wait()
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    assert most == 3


async def test_jobs_are_counted_by_state(database, till):
    await ask(database, 1)
    till.failing = {2}
    await run_waiting_jobs(desk_of(database, till))
    await ask(database, 2)
    await run_waiting_jobs(desk_of(database, till, attempts_max=1))
    await ask(database, 3)
    async with database.read(HUB_ACTOR) as tx:
        assert await count_jobs(tx) == {
            JobState.WAITING: 1,
            JobState.RUNNING: 0,
            JobState.DONE: 1,
            JobState.FAILED: 1,
        }
