"""Following live: nothing is lost, nothing comes twice, and whoever is too slow is told so."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import pytest
from sqlalchemy import event

from hub.ledger.feed.errors import CursorNotValid, FeedClosed, FellBehind, TooManyFollowers
from hub.ledger.feed.live import LiveFeed
from hub.ledger.feed.watcher import Watcher
from tests.ledger.feed.reading import BRISK, book, until


@asynccontextmanager
async def open_live(coalition, **changes):
    settings = BRISK.model_copy(update=changes)
    database = coalition.hub.database
    async with (
        Watcher(database, settings) as watcher,
        LiveFeed(database, watcher, settings) as live,
    ):
        yield live


async def read(following, how_many):
    async with asyncio.timeout(20):
        return [(await anext(following)).name for _ in range(how_many)]


async def wait_in(live, *followings):
    """Let readers come to the present and wait there; gives what each reads next."""
    readers = [asyncio.create_task(read(each, 1)) for each in followings]
    await until(lambda: all_joined(live, len(followings)))
    return readers


async def all_joined(live, count):
    return len(live._followers.get(7, ())) == count


def names(lane, first, last):
    return [f"{lane}:{seq}" for seq in range(first, last + 1)]


async def test_a_follower_gets_what_is_booked_from_now_on(coalition, notebook):
    ana = await coalition.member("ana")
    await book(coalition, ana, 2)
    async with open_live(coalition) as live, live.follow() as entries:
        await book(coalition, ana)
        assert await read(entries, 1) == ["7:3"]
        await book(coalition, ana, 3)
        assert await read(entries, 3) == names(7, 4, 6)
        assert entries.cursors[7] == 6


async def test_a_follower_goes_on_from_where_it_was(coalition, notebook):
    ana = await coalition.member("ana")
    await book(coalition, ana, 30)
    async with open_live(coalition, page_max=4) as live:
        async with live.follow([7], since={7: 10}) as entries:
            assert await read(entries, 5) == names(7, 11, 15)
            cursors = entries.cursors
        assert cursors == {7: 15}
        await book(coalition, ana, 5)
        async with live.follow([7], since=cursors) as entries:
            assert await read(entries, 20) == names(7, 16, 35)
            await book(coalition, ana)
            assert await read(entries, 1) == ["7:36"]


async def test_a_wallet_is_followed_alone(story, coalition):
    await story("issue ana air 100")
    ana, bob = coalition.members["ana"], await coalition.member("bob")
    async with (
        open_live(coalition) as live,
        live.follow_wallet(ana, since=0) as of_ana,
        live.follow_wallet(bob) as of_bob,
    ):
        await story("""
            issue    cleo air 5
            transfer ana bob 10
            issue    ana air 1
        """)
        assert await read(of_ana, 3) == ["7:1", "7:3", "7:4"]
        assert await read(of_bob, 1) == ["7:3"]


async def test_readers_that_join_at_any_moment_all_see_every_entry_once(coalition, notebook):
    wallets = await coalition.many_members(8)
    async with open_live(coalition, page_max=7) as live:
        seen = {}

        async def follow(reader, since):
            async with live.follow(since=since) as entries:
                seen[reader] = []
                async for entry in entries:
                    seen[reader].append((entry.place.lane, entry.place.number))
                    if len(seen[reader]) == 64:
                        return

        readers = []
        for reader in range(8):
            since = {wallet.lane: 0 for wallet in wallets}
            readers.append(asyncio.create_task(follow(reader, since)))
            await asyncio.gather(*(book(coalition, wallet) for wallet in wallets))
        async with asyncio.timeout(20):
            await asyncio.gather(*readers)
        assert live.follower_count == 0
    for told in seen.values():
        for wallet in wallets:
            assert [seq for lane, seq in told if lane == wallet.lane] == list(range(1, 9))


async def test_a_slow_reader_gets_what_waits_and_is_told_that_it_fell_behind(coalition, notebook):
    ana = await coalition.member("ana")
    async with open_live(coalition, buffer_max=5) as live:
        async with live.follow([7]) as slow, live.follow([7]) as quick:
            readers = await wait_in(live, slow, quick)
            await book(coalition, ana)
            assert await asyncio.gather(*readers) == [["7:1"], ["7:1"]]
            for first in range(2, 12, 2):
                await book(coalition, ana, 2)
                assert await read(quick, 2) == names(7, first, first + 1)
            assert await read(slow, 5) == names(7, 2, 6)
            with pytest.raises(FellBehind) as refused:
                await anext(slow)
            assert vars(refused.value) == {"waiting_count": 5, "waiting_count_max": 5}
            cursors = slow.cursors
        async with live.follow([7], since=cursors) as again:
            assert await read(again, 5) == names(7, 7, 11)


async def test_a_reader_that_begins_too_far_back_is_told_so(coalition, notebook):
    await book(coalition, await coalition.member("ana"), 5)
    async with open_live(coalition, catch_up_max=4) as live:
        with pytest.raises(FellBehind) as refused:
            async with live.follow([7], since={7: 0}):
                pass
        assert vars(refused.value) == {"waiting_count": 5, "waiting_count_max": 4}
        assert live.follower_count == 0


@pytest.mark.parametrize("since", [{7: 6}, {7: -1}, {8: 0}])
async def test_a_place_that_is_not_there_is_refused(coalition, notebook, since):
    await book(coalition, await coalition.member("ana"), 5)
    async with open_live(coalition) as live:
        with pytest.raises(CursorNotValid):
            async with live.follow([7], since=since):
                pass


async def test_there_are_only_so_many_followers(coalition, notebook):
    async with open_live(coalition, followers_max=1) as live:
        async with live.follow():
            with pytest.raises(TooManyFollowers):
                async with live.follow():
                    pass
        async with live.follow():
            assert live.follower_count == 1


async def test_a_server_that_stops_tells_its_followers(coalition, notebook):
    ana = await coalition.member("ana")
    async with open_live(coalition) as live:
        stack = AsyncExitStack()
        late = await stack.enter_async_context(live.follow([7]))
        waiting = await stack.enter_async_context(live.follow([7]))
        (reader,) = await wait_in(live, waiting)
        await book(coalition, ana)
        assert await reader == ["7:1"]
        readers = [asyncio.create_task(read(each, 2)) for each in (late, waiting)]
        await until(lambda: all_joined(live, 2))
    for each in readers:
        with pytest.raises(FeedClosed):
            await each
    await stack.aclose()
    with pytest.raises(FeedClosed):
        async with live.follow():
            pass


async def test_a_reader_that_goes_away_while_it_waits_is_forgotten(coalition, notebook):
    async with open_live(coalition) as live:

        async def follow():
            async with live.follow() as entries:
                await anext(entries)

        task = asyncio.create_task(follow())
        await until(lambda: is_followed(live))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (live.follower_count, live._followers, live._handed_out) == (0, {}, {})


async def is_followed(live):
    return live._followers != {}


async def test_many_followers_of_a_lane_cost_one_reading_of_it(coalition, notebook):
    ana = await coalition.member("ana")
    async with open_live(coalition, watch_milliseconds=1000) as live, AsyncExitStack() as stack:
        followings = [await stack.enter_async_context(live.follow([7])) for _ in range(50)]
        readers = await wait_in(live, *followings)
        with readings_of(coalition.hub.database) as readings:
            await book(coalition, ana)
            assert await asyncio.gather(*readers) == [["7:1"]] * 50
        assert len(readings) == 1


@contextmanager
def readings_of(database):
    """Note the statements that read entries through the pool."""
    found = []

    def note(_connection, _cursor, statement, *_):
        if "FROM ledger.entries" in statement:
            found.append(statement)

    engine = database._engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)
