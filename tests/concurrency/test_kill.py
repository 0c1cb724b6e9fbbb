"""kill -9: what was acknowledged is there once, what is unknown is resolved by its key."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import pytest

from hub.kernel.database import create_database, migrate_async
from hub.kernel.embedded.liveness import find_holders
from hub.kernel.embedded.server import start_server, stop_server
from hub.ledger.errors import OutcomeUnknown
from hub.ledger.settings import PosterSettings
from hub.wiring import open_hub
from tests.coalition import audit_books, open_coalition
from tests.concurrency.traffic import issue_number
from tests.concurrency.wire import lay_wire

ROOT = Path(__file__).parents[2]
DURABLE = {"shared_buffers": "32MB", "max_connections": "30"}
MEMBERS = 25
QUIET_SECONDS = 1  # an acknowledgement on a pipe takes much less, even on a busy machine
REFERENCES = "SELECT substr(reference, 6)::integer FROM ledger.entries WHERE kind = 1"


@pytest.fixture
def directory():
    """A directory whose path is short enough for a socket, and open to the server's account."""
    path = Path(tempfile.mkdtemp(prefix="hub-test-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    for cluster in (path / "hub").glob("postgres-*"):
        kill_server(cluster)
    shutil.rmtree(path, ignore_errors=True)


def kill_server(cluster):
    """Kill the server and all of its processes at once, as a machine that loses power would."""
    for pid in find_holders(cluster):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


class Child:
    """A hub in a process of its own, and the numbers that it said were issued."""

    def __init__(self, process):
        self.process = process
        self.acknowledged = []

    @classmethod
    async def start(cls, url, first, wallets):
        places = [f"{wallet.lane}:{wallet.number}" for wallet in wallets]
        command = [sys.executable, "-m", "tests.concurrency.traffic", url, str(first), *places]
        return cls(
            await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        )

    async def hear(self, how_many):
        """Wait for so many acknowledgements."""
        while len(self.acknowledged) < how_many:
            line = await asyncio.wait_for(self.process.stdout.readline(), 30)
            assert line, "the hub ended by itself"
            self.acknowledged.append(int(line))

    async def hear_the_rest(self):
        """Take in the acknowledgements that are on their way, until none comes for a while."""
        with contextlib.suppress(TimeoutError):
            while True:
                async with asyncio.timeout(QUIET_SECONDS):
                    line = await self.process.stdout.readline()
                self.acknowledged.append(int(line))

    async def kill(self):
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()
        rest = await self.process.stdout.read()
        # A line that was cut off in the middle is no acknowledgement.
        self.acknowledged += [int(line) for line in rest.splitlines(keepends=True) if b"\n" in line]


async def assert_each_is_there_once(coalition, wallets, acknowledged, first, last):
    """Ask for every number again: each is there once, the acknowledged ones from before."""
    stored = [row[0] for row in await coalition.query(REFERENCES)]
    assert len(stored) == len(set(stored))
    assert set(acknowledged) <= set(stored)
    issued = await asyncio.gather(
        *(issue_number(coalition.hub, wallets, number) for number in range(first, last))
    )
    assert len({each.entry for each in issued}) == last - first
    after = [row[0] for row in await coalition.query(REFERENCES)]
    assert sorted(after) == sorted({*stored, *range(first, last)})
    total = await coalition.value("SELECT sum(balance_points)::bigint FROM ledger.wallets")
    assert total == sum(number % 7 + 1 for number in after)
    assert await audit_books(coalition.url) == []


@pytest.fixture
async def wallets(coalition):
    await coalition.partner("air")
    return await coalition.many_members(MEMBERS)


async def see_entries(coalition, how_many):
    """Wait until so many are committed, whoever was told of it."""
    async with asyncio.timeout(30):
        count = "SELECT count(*) FROM ledger.entries"
        while await coalition.value(count) < how_many:  # noqa: ASYNC110 (another process writes)
            await asyncio.sleep(0.01)


async def test_a_hub_killed_between_commit_and_answer(coalition, wallets, directory):
    async with lay_wire(coalition.url, directory) as (wire, url):
        child = await Child.start(url, 0, wallets)
        await child.hear(60)
        wire.hold_answers()
        # What was on its way before still arrives; after that, a commit is one without answer.
        await child.hear_the_rest()
        await see_entries(coalition, len(child.acknowledged) + 1)
        await child.kill()
    stored = [row[0] for row in await coalition.query(REFERENCES)]
    assert set(stored) > set(child.acknowledged), "nothing was committed without an answer"
    await assert_each_is_there_once(coalition, wallets, child.acknowledged, 0, max(stored) + 10)


async def kill_at_random(coalition, wallets, dice, first):
    child = await Child.start(coalition.url, first, wallets)
    await child.hear(1)
    await asyncio.sleep(dice.random() * 0.4)
    await child.kill()
    last = max(child.acknowledged) + 40
    # The killed hub's last batch may still be under way in the server.
    await asyncio.sleep(0.2)
    await assert_each_is_there_once(coalition, wallets, child.acknowledged, first, last)
    return last


async def test_a_hub_killed_at_any_moment(coalition, wallets):
    await kill_at_random(coalition, wallets, random.Random(3), 0)  # noqa: S311


@pytest.mark.soak
async def test_a_hub_killed_again_and_again(coalition, wallets, soak_share_seconds):
    deadline, last = time.monotonic() + soak_share_seconds, 0
    while time.monotonic() < deadline:
        last = await kill_at_random(coalition, wallets, random.Random(), last)  # noqa: S311


async def test_an_answer_that_was_lost_on_the_way_is_told_again(coalition, wallets, directory):
    async with (
        lay_wire(coalition.url, directory) as (wire, url),
        open_hub(url, clock=coalition.clock, poster=PosterSettings(connection_count=1)) as hub,
    ):
        await issue_number(hub, wallets, 0)  # the statement is prepared: what follows is one call
        wire.hold_answers()
        call = asyncio.create_task(issue_number(hub, wallets, 1))
        await see_entries(coalition, 2)
        wire.cut()
        with pytest.raises(OutcomeUnknown):
            await call
        await issue_number(hub, wallets, 1)
    assert await coalition.value("SELECT count(*) FROM ledger.entries") == 2


async def kill_under_load(home, binaries, rounds):
    """Load a server of our own, kill it, start it again, and look: so many times over."""
    server = await asyncio.to_thread(start_server, home, binaries=binaries, settings=DURABLE)
    url = await create_database(server.url("postgres"), "hub")
    await migrate_async(url)
    async with open_coalition(url) as coalition:
        await coalition.partner("air")
        wallets = await coalition.many_members(MEMBERS)
    last = 0
    async for _ in rounds():
        first, acknowledged = last, []
        async with open_coalition(url) as coalition:
            numbers = iter(range(first, first + 1_000_000))
            load = [
                load_until_lost(coalition.hub, wallets, numbers, acknowledged) for _ in "1" * 24
            ]
            tasks = [asyncio.create_task(each) for each in load]
            while len(acknowledged) < 100:  # noqa: ASYNC110 (many tasks write it)
                await asyncio.sleep(0.01)
            await asyncio.sleep(random.random() * 0.2)  # noqa: S311
            kill_server(server.data_dir)
            unknown = [number for lost in await asyncio.gather(*tasks) for number in lost]
        assert unknown
        stop_server(server)
        server = await asyncio.to_thread(start_server, home, binaries=binaries, settings=DURABLE)
        assert server.was_started
        last = next(numbers)
        async with open_coalition(url) as coalition:
            await assert_each_is_there_once(coalition, wallets, acknowledged, first, last)
    stop_server(server)


async def load_until_lost(hub, wallets, numbers, acknowledged):
    """Issue until the first answer that is lost; gives the numbers whose outcome is unknown."""
    for number in numbers:
        try:
            await issue_number(hub, wallets, number)
        except OutcomeUnknown:
            return [number]
        acknowledged.append(number)
    return []


async def test_postgres_killed_under_load(directory, postgres_binaries):
    async def twice():
        for turn in range(2):
            yield turn

    await kill_under_load(directory / "hub", postgres_binaries, twice)


@pytest.mark.soak
async def test_postgres_killed_again_and_again(directory, postgres_binaries, soak_share_seconds):
    async def for_long():
        deadline = time.monotonic() + soak_share_seconds
        while time.monotonic() < deadline:
            yield

    await kill_under_load(directory / "hub", postgres_binaries, for_long)
