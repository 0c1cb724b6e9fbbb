"""Consumers: every entry once, in the order of its lane, whatever happens."""

import asyncio
import contextlib
from functools import partial

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.clock import CLOCKS_APART
from hub.ledger.feed.consumers import Consumer, Start, advance, catch_up, keep_up
from hub.ledger.feed.entries import FeedLine
from hub.ledger.feed.settings import FeedSettings
from hub.ledger.feed.store import list_lags
from hub.ledger.feed.watcher import Watcher
from tests.coalition import STEP
from tests.ledger.feed.reading import (
    BRISK,
    another_database,
    book,
    cursors_of,
    seconds,
    until,
)


async def test_a_consumer_is_told_every_entry_of_every_lane_once_and_in_order(coalition, notebook):
    wallets = [await coalition.member(f"member-{lane}", lane=lane) for lane in (3, 7, 63)]
    for wallet, how_many in ((wallets[0], 5), (wallets[1], 1), (wallets[2], 9)):
        await book(coalition, wallet, how_many)
    database = coalition.hub.database
    small = FeedSettings(page_max=4, lanes_max=2)
    assert await catch_up(database, notebook.consumer(), small) == 15
    assert await notebook.read() == {3: list(range(1, 6)), 7: [1], 63: list(range(1, 10))}
    assert max(map(len, notebook.pages)) == 4
    assert await catch_up(database, notebook.consumer(), small) == 0
    await book(coalition, wallets[1], 2)
    assert await catch_up(database, notebook.consumer(), small) == 2
    assert (await notebook.read())[7] == [1, 2, 3]


async def test_an_entry_comes_with_its_facts_and_the_lots_that_it_touched(story, coalition):
    await story("""
        issue   ana air 100 ref till-1 -> L1
        issue   ana rail 50            -> L2
        redeem  ana shop 120           -> R1
        transfer ana bob 10
    """)
    told = []

    async def note(_, entries):
        told.extend(entries)

    await catch_up(coalition.hub.database, Consumer("notes", note, Start.BEGINNING), BRISK)
    issue, _, redeem, transfer = told
    partners = {code: partner.partner_id for code, partner in coalition.partners.items()}
    ana, bob = coalition.members["ana"], coalition.members["bob"]
    assert issue.name == "7:1"
    assert (issue.kind.name, issue.points, issue.lot_id) == ("ISSUE", 100, 1)
    assert (issue.partner_id, issue.reference) == (partners["air"], "till-1")
    assert (issue.wallet_id, issue.lines) == (ana.number, ())
    first, second = redeem.lines
    assert isinstance(first, FeedLine)
    assert [(line.lot_id, line.points) for line in redeem.lines] == [(1, -100), (2, -20)]
    assert [line.issuer_id for line in redeem.lines] == [partners["air"], partners["rail"]]
    assert (first.acceptor_id, second.acceptor_id) == (partners["shop"], partners["shop"])
    assert [(line.points, line.held_points) for line in redeem.lines] == [(-100, 0), (-20, 0)]
    assert (transfer.counter_wallet, redeem.counter_wallet) == (bob, None)
    assert transfer.touches(ana) and transfer.touches(bob) and not redeem.touches(bob)


async def test_a_new_consumer_begins_where_it_says_and_an_old_one_where_it_was(coalition, notebook):
    ana = await coalition.member("ana")
    await book(coalition, ana, 3)
    database = coalition.hub.database
    present = notebook.consumer("fresh", Start.PRESENT)
    assert await catch_up(database, present, BRISK) == 0
    await book(coalition, ana)
    assert await catch_up(database, present, BRISK) == 1
    assert await notebook.read("fresh") == {7: [4]}
    # Once it has cursors, where it would begin is of no account.
    assert await catch_up(database, notebook.consumer("fresh"), BRISK) == 0
    assert await catch_up(database, notebook.consumer("old"), BRISK) == 4


async def test_an_effect_that_is_cancelled_in_the_middle_leaves_nothing(coalition, notebook):
    await book(coalition, await coalition.member("ana"), 3)
    database = coalition.hub.database
    is_there = asyncio.Event()

    async def stall(tx, entries):
        await notebook.write(tx, "notes", entries[0])
        is_there.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(catch_up(database, Consumer("notes", stall, Start.BEGINNING), BRISK))
    await is_there.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await notebook.read(), await cursors_of(coalition)) == ({}, {})
    assert await catch_up(database, notebook.consumer(), BRISK) == 3
    assert await notebook.read() == {7: [1, 2, 3]}


async def test_a_crash_between_the_effect_and_the_commit_leaves_nothing(coalition, notebook):
    await book(coalition, await coalition.member("ana"), 3)
    is_there = asyncio.Event()

    async def stall(tx, entries):
        for entry in entries:
            await notebook.write(tx, "notes", entry)
        is_there.set()
        await asyncio.sleep(60)

    async with another_database(coalition) as database:
        stalled = Consumer("notes", stall, Start.BEGINNING)
        task = asyncio.create_task(catch_up(database, stalled, BRISK))
        await is_there.wait()
        assert await cut_off_transactions(coalition.url) == 1
        async with another_database(coalition) as other:
            await until(lambda: all_told(other, notebook))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await notebook.read() == {7: [1, 2, 3]}


async def cut_off_transactions(url):
    """End the connections that are in a transaction, as if their process were killed."""
    connection = await asyncpg.connect(url)
    ended = await connection.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND state = 'idle in transaction'"
    )
    await connection.close()
    return len(ended)


async def all_told(database, notebook):
    await catch_up(database, notebook.consumer(), BRISK)
    return await notebook.read() != {}


async def test_two_workers_of_one_consumer_share_the_lanes(coalition, notebook):
    wallets = await coalition.many_members(64)
    for wallet in wallets:
        await book(coalition, wallet, 3)
    met = asyncio.Barrier(2)
    settings = FeedSettings(lanes_max=16)
    shares = []

    async def note_together(tx, entries):
        if len(shares) < 2:
            shares.append({entry.place.lane for entry in entries})
            await met.wait()  # both are in their transactions at once
        for entry in entries:
            await notebook.write(tx, "notes", entry)

    consumer = Consumer("notes", note_together, Start.BEGINNING)
    async with another_database(coalition) as other:
        await asyncio.gather(
            catch_up(coalition.hub.database, consumer, settings),
            catch_up(other, consumer, settings),
        )
    assert [len(share) for share in shares] == [16, 16]
    assert not shares[0] & shares[1]
    assert await notebook.read() == {wallet.lane: [1, 2, 3] for wallet in wallets}


async def test_after_the_clock_was_set_back_a_retry_does_not_wait_for_it(coalition, notebook):
    ana = await coalition.member("ana", lane=3)
    await book(coalition, ana)
    notebook.poison = {"3:1"}
    database, consumer = coalition.hub.database, notebook.consumer()
    settings = FeedSettings(attempts_max=3, pause_seconds=1000)
    await catch_up(database, consumer, settings)
    coalition.clock.now -= CLOCKS_APART  # as another worker's may be
    await catch_up(database, consumer, settings)
    assert await look_at(coalition, 3, "attempt_count") == 1
    coalition.clock.now -= STEP
    await catch_up(database, consumer, settings)
    assert await look_at(coalition, 3, "attempt_count") == 2
    assert await look_at(coalition, 3, "moved_at") == coalition.clock.now


async def test_a_poison_entry_parks_its_lane_and_the_other_lanes_go_on(coalition, notebook, logged):
    ana, bob = await coalition.member("ana", lane=3), await coalition.member("bob", lane=9)
    await book(coalition, ana, 9)
    await book(coalition, bob, 4)
    notebook.poison = {"3:6"}
    database, consumer = coalition.hub.database, notebook.consumer()
    settings = FeedSettings(attempts_max=3, pause_seconds=10, pause_seconds_max=15)
    await catch_up(database, consumer, settings)
    assert await notebook.read() == {3: [1, 2, 3, 4, 5], 9: [1, 2, 3, 4]}
    assert await cursors_of(coalition) == {3: 5, 9: 4}
    for pause, attempts in ((10, 2), (15, 3)):
        notebook.pages.clear()
        coalition.clock.tick(seconds(pause) - seconds(1))
        assert (await advance(database, consumer, settings), notebook.pages) == (0, [])
        coalition.clock.tick(seconds(1))
        await advance(database, consumer, settings)
        assert notebook.pages[0][0] == "3:6"
        assert await look_at(coalition, 3, "attempt_count") == attempts
    assert await look_at(coalition, 3, "parked_at") == coalition.clock.now
    told = [(line["event"], line["seq"], line["attempt_count"]) for line in logged]
    failed = ("feed.entry_failed", 6)
    assert told == [(*failed, 1), (*failed, 2), ("feed.lane_parked", 6, 3)]
    assert await look_at(coalition, 3, "last_error") == "ValueError: 3:6 is poison"
    notebook.pages.clear()
    coalition.clock.tick(seconds(100_000))
    await book(coalition, bob)
    await catch_up(database, consumer, settings)
    assert notebook.pages == [["9:5"]]
    async with database.read(HUB_ACTOR) as tx:
        (lag,) = await list_lags(tx)
    assert (lag.waiting_count, lag.lanes_behind_count, lag.parked_count) == (4, 1, 1)


async def look_at(coalition, lane, column):
    (cursor,) = await coalition.query("SELECT * FROM feed_cursors WHERE lane = $1", lane)
    return cursor[column]


async def test_what_fails_once_is_forgotten_when_it_succeeds(coalition, notebook):
    await book(coalition, await coalition.member("ana"), 2)
    notebook.poison = {"7:1"}
    database, consumer = coalition.hub.database, notebook.consumer()
    assert await catch_up(database, consumer, BRISK) == 0
    assert await look_at(coalition, 7, "attempt_count") == 1
    notebook.poison.clear()
    coalition.clock.tick(seconds(1))
    assert await catch_up(database, consumer, BRISK) == 2
    assert await notebook.read() == {7: [1, 2]}
    assert await look_at(coalition, 7, "attempt_count") == 0
    assert await look_at(coalition, 7, "last_error") is None


async def test_an_effect_that_spoils_its_transaction_counts_as_failed(coalition, notebook):
    await book(coalition, await coalition.member("ana"))

    async def spoil(tx, _):
        with contextlib.suppress(DBAPIError):  # that is what it does wrong
            await tx.connection.execute(text("SELECT 1/0"))

    consumer = Consumer("notes", spoil, Start.BEGINNING)
    assert await catch_up(coalition.hub.database, consumer, BRISK) == 0
    assert await look_at(coalition, 7, "attempt_count") == 1
    assert await cursors_of(coalition) == {}


async def test_an_effect_that_takes_too_long_counts_as_failed(coalition, notebook):
    await book(coalition, await coalition.member("ana"))

    async def sleep(tx, _):
        await tx.connection.execute(text("SELECT pg_sleep(30)"))

    consumer = Consumer("notes", sleep, Start.BEGINNING)
    database = coalition.hub.database
    assert await catch_up(database, consumer, FeedSettings(effect_seconds=1)) == 0
    assert await look_at(coalition, 7, "last_error") == "TimeoutError"
    coalition.clock.tick(seconds(1))
    assert await catch_up(database, notebook.consumer(), BRISK) == 1


async def test_a_consumer_keeps_up_with_what_is_booked_and_survives_a_restart(coalition, notebook):
    ana = await coalition.member("ana")
    hub = coalition.hub
    for expected in (20, 40):
        async with Watcher(hub.database, BRISK) as watcher:
            task = asyncio.create_task(keep_up(hub.database, notebook.consumer(), watcher, BRISK))
            for _ in range(4):
                await book(coalition, ana, 5)
            await until(partial(stands_at, coalition, {7: expected}))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert await notebook.read() == {7: list(range(1, 41))}


async def stands_at(coalition, cursors):
    return await cursors_of(coalition) == cursors


async def test_the_watcher_rests_while_nobody_waits_and_is_woken_by_a_nudge(coalition, notebook):
    slow = FeedSettings(watch_milliseconds=60_000, gap_milliseconds=1)
    ana = await coalition.member("ana")
    async with Watcher(coalition.hub.database, slow) as watcher:
        await asyncio.sleep(0.05)
        assert watcher.look_count == 0
        turn = await watcher.wait_for_move(0, seconds=20)
        assert (turn, watcher.look_count) == (1, 1)
        waiting = asyncio.create_task(watcher.wait_for_move(turn, seconds=20))
        await until(lambda: looked(watcher, 2))
        await book(coalition, ana)
        assert not waiting.done()
        watcher.nudge()
        assert await waiting == 2
        assert watcher.heads[7] == 1
        assert await watcher.wait_for_move(1, seconds=20) == 2


async def looked(watcher, count):
    return watcher.look_count >= count
