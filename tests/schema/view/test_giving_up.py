"""A client that goes away takes nothing along: connections to the database come back."""

import asyncio

import asyncpg
import pytest

from hub.kernel.actor import Actor, ActorKind
from schema.view.callers import Caller
from schema.view.presence import key_of
from tests.schema.view.wire import RequestLine, SocketLine

WINDOWS = "{ settlementWindows { nodes { code } } }"


@pytest.fixture
async def locked(database_url):
    """While this holds, nobody can read the windows."""
    connection = await asyncpg.connect(database_url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("LOCK TABLE windows IN ACCESS EXCLUSIVE MODE")

    async def wait_for_readers(count):
        async with asyncio.timeout(10):
            while await connection.fetchval(WAITING) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    yield wait_for_readers
    await transaction.rollback()
    await connection.close()


WAITING = "SELECT count(*) FROM pg_locks WHERE relation = 'windows'::regclass AND NOT granted"


async def test_a_request_that_is_given_up_gives_its_connection_back(api, locked):
    operator = await api.operator()
    pool = api.coalition.hub.database._engine.pool
    lines = [RequestLine(api.app, {"query": WINDOWS}, **operator.headers) for _ in range(3)]
    await locked(3)
    assert pool.checkedout() == 3
    for line in lines:
        line.hang_up()
        await line.end()
    assert pool.checkedout() == 0
    assert await operator.ask("{ viewer { kind } }") == {"viewer": {"kind": "OPERATOR"}}


async def test_a_socket_that_is_given_up_gives_its_connections_back(api, locked):
    operator = await api.operator()
    pool = api.coalition.hub.database._engine.pool
    line = SocketLine(api.app, authorization=operator.headers["authorization"])
    await line.open()
    for name in ("a", "b"):
        line.subscribe(name, WINDOWS)
    await locked(2)
    line.say({"id": "a", "type": "complete"})
    async with asyncio.timeout(10):
        while pool.checkedout() == 2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    line.hang_up()
    await line.end()
    assert pool.checkedout() == 0


def test_connections_are_counted_by_the_party_that_acts():
    assert key_of(Caller(Actor(ActorKind.PARTNER, 7)), "1.2.3.4") == "partner:7"
    assert key_of(None, "1.2.3.4") == "nobody at 1.2.3.4"
