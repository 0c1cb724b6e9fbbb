"""Hearing what other processes tell: over one connection, and again after it is lost."""

import asyncio

import asyncpg
import pytest

from hub.kernel.listen import listening
from hub.kernel.tx import connect

CHANNELS = ("first", "second")


class Heard:
    """Counts how often each channel was passed on."""

    def __init__(self):
        self.counts = dict.fromkeys(CHANNELS, 0)
        self.changed = asyncio.Event()
        self.hearers = {channel: self._hearer(channel) for channel in CHANNELS}

    def _hearer(self, channel):
        async def take_in():
            self.counts[channel] += 1
            self.changed.set()

        return take_in

    async def until(self, **counts):
        async with asyncio.timeout(20):
            while any(self.counts[channel] < count for channel, count in counts.items()):
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def teller(database_url):
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def test_a_notice_is_passed_on_to_who_listens_to_its_channel(database_url, teller):
    heard = Heard()
    async with listening(lambda: connect(database_url), heard.hearers):
        assert heard.counts == {"first": 1, "second": 1}
        await teller.execute("NOTIFY second")
        await heard.until(second=2)
        assert heard.counts == {"first": 1, "second": 2}
        assert await count_listeners(teller) == 1


async def test_after_a_loss_everybody_is_called_and_hears_again(database_url, teller):
    heard = Heard()
    async with listening(lambda: connect(database_url), heard.hearers):
        await teller.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await heard.until(first=2, second=2)
        await teller.execute("NOTIFY first")
        await heard.until(first=3)
    await see_nobody_listen(teller)


async def test_what_keeps_it_from_beginning_is_raised_and_leaves_no_connection(
    database_url, teller
):
    async def fail():
        raise LookupError

    with pytest.raises(LookupError):
        async with listening(lambda: connect(database_url), {"first": fail}):
            raise AssertionError("it did not begin")
    await see_nobody_listen(teller)


async def count_listeners(teller):
    return await teller.fetchval(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )


async def see_nobody_listen(teller):
    """A server takes a moment to end what served a connection."""
    async with asyncio.timeout(20):
        while await count_listeners(teller):  # noqa: ASYNC110 (it tells nobody when it has)
            await asyncio.sleep(0.01)
