"""Slices of buckets: exact over processes, and seldom a round trip."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy import event

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.tx import Database
from schema.cost.buckets import Bucket
from schema.cost.leases import CLIENTS_MAX, Leases, Taken
from schema.cost.store import drop_full_buckets

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
BUCKET = Bucket(size=6400, restore_rate=100)
CLIENT = "partner:7"


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now

    def tick(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def database(database_url, clock):
    opened = Database(database_url, clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
def leases(database):
    return Leases(database, BUCKET)


def count_statements(database):
    found = []
    event.listen(
        database._engine.sync_engine, "before_cursor_execute", lambda *given: found.append(given[2])
    )
    return found


async def test_most_requests_ask_nobody(leases, database):
    statements = count_statements(database)
    for _ in range(101):
        assert (await leases.take(CLIENT, 1)).is_enough
    # A slice is the cost and a 64th of the bucket: a round each 101 requests. Each round says who
    # acts, locks the row and writes it.
    assert len(statements) == 3
    await leases.take(CLIENT, 1)
    assert len(statements) == 6


async def test_what_is_left_is_told_to_the_point(leases, clock):
    assert await leases.take(CLIENT, 40) == Taken(is_enough=True, available=6360)
    assert await leases.take(CLIENT, 60) == Taken(is_enough=True, available=6300)
    clock.tick(1)
    assert await leases.take(CLIENT, 0) == Taken(is_enough=True, available=6400)


async def test_an_empty_bucket_refuses_and_a_refusal_takes_nothing(leases, clock):
    assert (await leases.take(CLIENT, 6400)).available == 0
    assert await leases.take(CLIENT, 100) == Taken(is_enough=False, available=0)
    clock.tick(1)
    assert await leases.take(CLIENT, 100) == Taken(is_enough=True, available=0)


async def test_a_flood_of_refused_requests_stays_in_the_process(leases, database):
    await leases.take(CLIENT, 6400)
    statements = count_statements(database)
    for _ in range(50):
        assert not (await leases.take(CLIENT, 100)).is_enough
    assert statements == []


async def test_two_processes_share_one_bucket(leases, database):
    others = Leases(database, BUCKET)
    got = 0
    for each in [leases, others] * 100:
        got += 64 * (await each.take(CLIENT, 64)).is_enough
    # All of it was given out, none twice; what is unspent lies in slices that shrank to nothing.
    assert 6400 - 2 * 64 <= got <= 6400


async def test_many_processes_at_once_never_get_more_than_there_is(database):
    processes = [Leases(database, BUCKET) for _ in range(4)]
    taken = await asyncio.gather(*[each.take(CLIENT, 50) for each in processes for _ in range(60)])
    assert sum(50 for each in taken if each.is_enough) <= 6400


async def test_a_slice_that_is_too_small_is_given_back(leases, database, database_url):
    await leases.take(CLIENT, 10)  # and a slice of 99
    await leases.take(CLIENT, 200)
    connection = await asyncpg.connect(database_url)
    full_at = await connection.fetchval("SELECT full_at FROM cost_buckets")
    await connection.close()
    # 210 are spent, and a slice of (6190 - ...) // 64 = 100 at most is held.
    assert 6400 - BUCKET.available(full_at, START) in range(210, 312)
    assert (await leases.take(CLIENT, 0)).available == 6190


async def test_clients_have_buckets_of_their_own(leases):
    await leases.take(CLIENT, 6400)
    assert (await leases.take("partner:8", 6400)).is_enough


async def test_those_who_have_not_signed_in_have_buckets_in_the_process(leases, database, clock):
    statements = count_statements(database)
    assert leases.take_here("anonymous 10.0.0.1", 6400) == Taken(is_enough=True, available=0)
    assert leases.take_here("anonymous 10.0.0.1", 1) == Taken(is_enough=False, available=0)
    clock.tick(2)
    assert leases.take_here("anonymous 10.0.0.1", 100) == Taken(is_enough=True, available=100)
    assert statements == []


async def test_full_buckets_are_forgotten(leases, database, clock):
    await leases.take(CLIENT, 6400)
    clock.tick(63)
    async with database.begin(HUB_ACTOR) as tx:
        assert await drop_full_buckets(tx) == 0
    clock.tick(1)
    async with database.begin(HUB_ACTOR) as tx:
        assert await drop_full_buckets(tx) == 1
    assert (await leases.take(CLIENT, 6400)).is_enough


async def test_a_process_remembers_so_many_clients_and_no_more(leases):
    for number in range(CLIENTS_MAX + 5):
        leases.take_here(f"anonymous {number}", 1)
    assert len(leases._held) == CLIENTS_MAX
