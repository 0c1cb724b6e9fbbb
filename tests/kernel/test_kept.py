"""A kept connection: opened when it is wanted, shared in turn, replaced after a loss."""

import asyncio

import asyncpg
import pytest

from hub.kernel.kept import KeptConnection
from hub.kernel.tx import connect


@pytest.fixture
def opened():
    """Every connection that was opened, in order."""
    return []


@pytest.fixture
async def kept(database_url, opened):
    async def open_one():
        opened.append(await connect(database_url))
        return opened[-1]

    connection = KeptConnection(open_one)
    yield connection
    await connection.close()


async def ask(kept, question="SELECT 1"):
    async with kept.use() as connection:
        return await connection.fetchval(question)


async def test_nothing_is_opened_before_it_is_wanted_and_then_once(kept, opened):
    assert opened == []
    assert [await ask(kept) for _ in range(3)] == [1, 1, 1]
    assert len(opened) == 1


async def test_many_at_once_take_turns_on_one_connection(kept, opened):
    pids = await asyncio.gather(*(ask(kept, "SELECT pg_backend_pid()") for _ in range(20)))
    assert (len(set(pids)), len(opened)) == (1, 1)


async def test_after_a_loss_the_next_user_gets_another_one(kept, opened, database_url):
    pid = await ask(kept, "SELECT pg_backend_pid()")
    owner = await asyncpg.connect(database_url)
    assert await owner.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
    await owner.close()
    assert await ask(kept) == 1
    assert len(opened) == 2


async def test_whoever_fails_or_is_cancelled_leaves_it_to_the_next(kept, opened):
    with pytest.raises(asyncpg.DivisionByZeroError):
        await ask(kept, "SELECT 1 / 0")
    task = asyncio.create_task(ask(kept, "SELECT pg_sleep(60)"))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await ask(kept) == 1
    assert len(opened) == 1


async def test_a_closed_one_may_be_used_again(kept, opened):
    await ask(kept)
    await kept.close()
    assert opened[0].is_closed()
    assert await ask(kept) == 1
    assert len(opened) == 2
