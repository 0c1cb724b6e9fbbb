"""The worker as a program: killed in the middle, looked after by an operator."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys

import asyncpg
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from hub.cli.work.command import app
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.jobs.store import ask_for_job
from hub.ledger.audits.audit import audit_books
from hub.ledger.audits.store import list_runs
from hub.ledger.feed.consumers import Consumer, Start
from hub.ledger.feed.settings import FeedSettings
from hub.metrics.books import (
    AUDIT_FINDINGS,
    AUDIT_LAST_RUN,
    FEED_LAG,
    FEED_PARKED,
    JOBS,
    refresh_metrics,
)
from hub.settings import Settings, WorkSettings
from hub.worker import work, work_once
from tests.api import issue, open_api
from tests.cli.running import run, run_json

SECONDS_MAX = 60


@pytest.fixture(autouse=True)
def logged(plain_log):
    """What is logged; written out, its tracebacks would take longer than the tests."""
    with capture_logs() as lines:
        yield lines


@contextlib.contextmanager
def worker(database_url, **environment):
    """Run `hub work` beside the test; gives the process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hub", "work"],
        env={**os.environ, "HUB_DATABASE_URL": database_url, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=SECONDS_MAX)
        process.kill()


async def until_equal(connection, statement, expected):
    """Wait until the database answers so."""
    async with asyncio.timeout(SECONDS_MAX):
        while await connection.fetchval(statement) != expected:  # noqa: ASYNC110 (another process)
            await asyncio.sleep(0.05)


async def test_a_job_whose_worker_is_killed_in_the_middle_is_finished_by_another(
    coalition, database_url
):
    await coalition.partner("AIR")
    async with open_api(coalition) as api:
        await api.member("ana", AIR="a-1")
        await issue(await api.partner("AIR"), "a-1", 10, expiresAt="2026-03-20T00:00:00Z")
    looker = await asyncpg.connect(database_url)
    holder = await asyncpg.connect(database_url)
    held = holder.transaction()
    await held.start()
    await holder.fetch("SELECT FROM ledger.lanes FOR UPDATE")  # the sweep gets stuck here
    state = "SELECT state FROM jobs WHERE kind = 'sweep-lanes'"
    with worker(database_url, HUB_JOBS__LEASE_SECONDS="2") as killed:
        await until_equal(looker, state, "RUNNING")
        killed.send_signal(signal.SIGKILL)
        await asyncio.to_thread(killed.wait)
    assert await looker.fetchval(state) == "RUNNING"
    await held.rollback()
    with worker(database_url) as second:
        done = "SELECT count(last_done_at) FROM job_schedules WHERE kind = 'sweep-lanes'"
        await until_equal(looker, done, 1)
        second.send_signal(signal.SIGTERM)
        await asyncio.to_thread(second.communicate)
    assert second.returncode == 0
    assert await looker.fetchval(state) is None
    assert await looker.fetchval("SELECT count(*) FROM ledger.entries WHERE kind = 5") == 1
    await holder.close()
    await looker.close()


def spoiled(name="notes"):
    """A consumer that fails at every entry."""

    async def fail(_tx, _entries):
        raise ValueError("no paper")

    return Consumer(name, fail, Start.BEGINNING)


@pytest.fixture
async def stuck(coalition):
    """A hub with a job that failed and a consumer that parked a lane."""
    await coalition.partner("AIR")
    async with open_api(coalition) as api:
        await api.member("ana", AIR="a-1")
        await issue(await api.partner("AIR"), "a-1", 10)
    settings = Settings(feed=FeedSettings(attempts_max=1))
    await work_once(coalition.hub, settings, consumers=[spoiled()])
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        await ask_for_job(tx, kind="weigh", key="scale", payload={}, run_at=tx.now)
        await tx.connection.execute(
            text(
                "UPDATE jobs SET state = 'FAILED', attempt_count = 12, last_error = 'ValueError',"
                " finished_at = now()"
            )
        )
    return (await coalition.query("SELECT lane FROM feed_cursors WHERE attempt_count > 0"))[0][0]


async def test_an_operator_sees_what_is_stuck_and_sets_it_going(coalition, database_url, stuck):
    def ask(*arguments):
        return asyncio.to_thread(run_json, app, database_url, *arguments)

    (job,) = (await ask("list", "--state", "FAILED"))["jobs"]
    assert (job["kind"], job["key"], job["attempts"], job["last error"]) == (
        "weigh",
        "scale",
        "12",
        "ValueError",
    )
    (retried,) = await ask("retry", job["job"])
    assert (retried["state"], retried["attempts"]) == ("WAITING", "0")
    told = await ask("consumers")
    assert told["consumers"] == [
        {
            "consumer": "notes",
            "entries behind": "1",
            "lanes behind": "1",
            "lanes failing": "0",
            "lanes parked": "1",
            "entries skipped": "0",
        }
    ]
    (failing,) = told["failing"]
    assert (failing["lane"], failing["entry"], failing["state"], failing["last error"]) == (
        str(stuck),
        "1",
        "parked",
        "ValueError: no paper",
    )
    await ask("skip-entry", "notes", str(stuck), "1", "--reason", "told by hand")
    told = await ask("consumers")
    assert told["failing"] == []
    (lag,) = told["consumers"]
    assert (lag["entries behind"], lag["entries skipped"]) == ("0", "1")


async def test_a_lane_is_tried_again_from_the_shell_and_refusals_say_why(
    coalition, database_url, stuck
):
    async def ask(*arguments):
        return await asyncio.to_thread(run, app, database_url, *arguments)

    assert (await ask("retry-entry", "notes", str(stuck))).exit_code == 0
    refused = await ask("retry-entry", "notes", "-1")
    assert type(refused.exception).__name__ == "LaneNotStuck"
    refused = await ask("now", "weigh")
    assert type(refused.exception).__name__ == "ScheduleNotFound"


async def test_the_worker_audits_the_books_and_tells_prometheus(coalition, database_url, stuck):
    await audit_books(coalition.hub.database, seconds_max=60)
    settings = Settings(work=WorkSettings(interval_seconds=1))
    running = asyncio.create_task(work(coalition.hub, settings))
    connection = await asyncpg.connect(database_url)
    await until_equal(connection, "SELECT count(DISTINCT is_whole) FROM audit_runs", 2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await connection.close()
    await refresh_metrics(coalition.hub.database)
    for scope in ("whole", "new"):
        assert AUDIT_FINDINGS.labels(scope)._value.get() == 0
        began = int(coalition.clock.now.timestamp())
        assert AUDIT_LAST_RUN.labels(scope)._value.get() == began
    assert FEED_LAG.labels("notes")._value.get() == 1
    assert FEED_PARKED.labels("notes")._value.get() == 1
    assert JOBS.labels("FAILED")._value.get() == 1
    shown = await asyncio.to_thread(run_json, app, database_url, "audits")
    assert {(run["places wrong"], run["rules"]) for run in shown} == {("0", "")}


async def test_an_audit_that_finds_something_writes_down_what(coalition, database_url, stuck):
    owner = await asyncpg.connect(database_url)
    spoil = "UPDATE ledger.wallets SET balance_points = balance_points + $1 WHERE last_seq > 0"
    await owner.execute(spoil, 5)
    found = await audit_books(coalition.hub.database, seconds_max=60)
    await owner.execute(spoil, -5)
    await owner.close()
    assert found.finding_count == 2
    assert [rule["rule"] for rule in found.findings] == [
        "wallet equals its lots",
        "wallet equals its postings",
    ]
    (place,) = found.findings[0]["places"]
    assert (place["found"], place["expected"]) == ("15, held 0", "10, held 0")
    async with coalition.hub.database.read(HUB_ACTOR) as tx:
        assert await list_runs(tx, limit=9) == [found]
    await refresh_metrics(coalition.hub.database)
    assert AUDIT_FINDINGS.labels("whole")._value.get() == 2
