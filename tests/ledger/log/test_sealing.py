"""The sealer on real books: what it signs, what it refuses, and what a crash leaves."""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from functools import partial

import asyncpg
import pytest

from auth.keys import open_key
from hub.kernel.actor import HUB_ACTOR
from hub.ledger.log import store
from hub.ledger.log.checkpoints import begin_key, check_last, open_keys, seal_lanes
from hub.ledger.log.errors import JournalDisagrees
from hub.ledger.log.verifier.notes import open_note
from tests.coalition import LANE
from tests.ledger.log.dealing import forged

SIGNED = "SELECT count(*) FROM ledger.checkpoints"
LOCKS = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
KEPT = """
SELECT (SELECT count(*) FROM ledger.checkpoints) + (SELECT count(*) FROM ledger.lane_trees)
       + (SELECT count(*) FROM ledger.tiles)
"""
NOT_FOR_THE_HUB = (
    "DELETE FROM ledger.{}",
    "TRUNCATE ledger.{} CASCADE",
    "INSERT INTO ledger.{0} SELECT * FROM ledger.{0}",
)
FORGED = (
    # A checkpoint with a number that is taken.
    "SELECT ledger.add_checkpoint(1, now(), 1, sha256(''), '', '{}', '{}', '{}', '{}')",
    # A tree that did not grow, and one that grew beyond its lane.
    """SELECT ledger.add_checkpoint(2, now(), 1, sha256(''), '', '{7}', '{3}',
                                    ARRAY[sha256('')], ARRAY[''::bytea])""",
    """SELECT ledger.add_checkpoint(2, now(), 1, sha256(''), '', '{7}', '{4}',
                                    ARRAY[sha256('')], ARRAY[''::bytea])""",
    # A tile with a gap before it.
    """SELECT ledger.add_tiles(7::smallint, 0::smallint, 1, ARRAY[sha256('')],
                               ARRAY[decode(repeat('00', 8192), 'hex')])""",
)
DEAL = """
    issue    ana air 100 expires 30d -> I
    redeem   ana shop 40             -> R
    refund   R 10
"""


@pytest.fixture
def seal(story):
    database = story.coalition.hub.database
    return partial(seal_lanes, database, partial(open_key, database))


async def trees_of(story):
    async with story.coalition.hub.database.read(HUB_ACTOR) as tx:
        last = await store.find_checkpoint(tx, None)
        return await store.list_lane_trees(tx, last.checkpoint_id)


async def issue_many(story, count):
    await story("\n".join("issue ana air 1" for _ in range(count)))


async def tamper(story, statement):
    """Change a row as only the owner of the server can."""
    connection = await asyncpg.connect(story.coalition.url)
    try:
        assert await connection.execute(statement) != "UPDATE 0"
    finally:
        await connection.close()


async def test_nothing_is_signed_while_there_is_nothing(story, seal):
    assert await seal() is None
    assert await story.coalition.value(SIGNED) == 0


async def test_what_was_posted_is_signed_once(story, seal):
    await story(DEAL)
    sealed = await seal()
    assert (sealed.checkpoint.checkpoint_id, sealed.entry_count) == (1, 3)
    assert {lane: tree.size for lane, tree in (await trees_of(story)).items()} == {LANE: 3}
    assert await seal() is None
    await story("issue ana air 1")
    assert (await seal()).entry_count == 1
    assert await story.coalition.value(SIGNED) == 2


async def test_a_checkpoint_is_a_note_that_the_key_of_the_log_signed(story, seal):
    await story(DEAL)
    note = (await seal()).checkpoint.note
    database = story.coalition.hub.database
    keys = await open_keys(database, partial(open_key, database))
    origin, size, _, signed_at = open_note(note, keys.public, "checkpoint")
    assert origin == keys.origin and origin.startswith("coalition-hub/")
    assert (size, signed_at) == ("65", "signed_at 2026-03-01T12:00:00.000000Z")


async def test_a_tree_grows_over_the_ends_of_its_tiles(story, seal):
    for count in (200, 56, 1, 300):
        await issue_many(story, count)
        await seal()
        async with story.coalition.hub.database.read(HUB_ACTOR) as tx:
            last = await store.find_checkpoint(tx, None)
        assert last is not None
    trees = await trees_of(story)
    assert trees[LANE].size == 557
    assert await story.coalition.query(
        "SELECT lane, level, tile FROM ledger.tiles ORDER BY tile"
    ) == [(LANE, 0, 0), (LANE, 0, 1)]


async def test_many_small_checkpoints_end_in_the_root_of_one_large_one(story, seal):
    await issue_many(story, 300)
    while await seal(entries_max=77):
        pass
    assert await story.coalition.value(SIGNED) == 4
    piecemeal = (await trees_of(story))[LANE]
    await tamper(story, "TRUNCATE ledger.lane_trees, ledger.checkpoints, ledger.tiles; SELECT 1")
    assert (await seal()).entry_count == 300
    assert (await trees_of(story))[LANE] == piecemeal


TAMPERED = {
    "points of the last entry": (
        "UPDATE ledger.entries SET points = points + {} WHERE seq = 3", "entry 7:3",
    ),
    "an allocation": (
        "UPDATE ledger.allocations SET points = points - {} WHERE seq = 2", "entry 7:2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
async def test_a_changed_row_is_named_and_nothing_more_is_signed(story, seal, what):
    statement, place = TAMPERED[what]
    await story(DEAL)
    await seal()
    await tamper(story, statement.format(1))
    with pytest.raises(JournalDisagrees) as refused:
        await seal()
    assert refused.value.place == place
    await story("issue ana air 1")
    with pytest.raises(JournalDisagrees):
        await seal()
    assert await story.coalition.value(SIGNED) == 1
    await tamper(story, statement.format(-1))
    assert (await seal()).entry_count == 1


async def test_a_row_that_was_changed_together_with_its_hash_is_seen_too(story, seal):
    await story(DEAL)
    await seal()
    async with forged(story, "occurred_at = occurred_at - interval '1 s'", 1):
        with pytest.raises(JournalDisagrees) as refused:
            await seal()
        assert refused.value.place == "lane 7 up to 3"
    assert await seal() is None


async def test_a_row_deep_in_the_journal_is_gone_through_as_the_tree_grows(story, seal):
    await issue_many(story, 300)
    await seal()
    await story("issue ana air 1")
    async with forged(story, "reason = 'other'", 5):
        with pytest.raises(JournalDisagrees) as refused:
            await seal()
        assert refused.value.place == "entry 7:5"
    assert (await seal()).entry_count == 1


async def test_a_changed_checkpoint_is_seen(story, seal):
    await story(DEAL)
    await seal()
    await tamper(story, "UPDATE ledger.checkpoints SET note = replace(note, 'signed', 'singed')")
    with pytest.raises(JournalDisagrees) as refused:
        await seal()
    assert refused.value.place == "checkpoint 1"
    await tamper(story, "UPDATE ledger.checkpoints SET note = replace(note, 'singed', 'signed')")
    await tamper(story, "UPDATE ledger.lane_trees SET tree_size = 2")
    with pytest.raises(JournalDisagrees) as refused:
        await seal()
    assert refused.value.place == "checkpoint 1"


async def test_two_sealers_at_once_sign_one_checkpoint(story, seal):
    await issue_many(story, 50)
    sealed = await asyncio.gather(*[seal() for _ in range(6)])
    assert sum(each.entry_count for each in sealed if each is not None) == 50
    assert await story.coalition.value(SIGNED) == 1


CHILD = """
import asyncio, os, sys
from functools import partial
from auth.keys import open_key
from hub.kernel.clock import system_clock
from hub.kernel.tx import Database
from hub.ledger.log import checkpoints, store

async def main(url):
    database = Database(url, clock=system_clock)
    add = store.add_checkpoint
    async def stop(*given):
        await add(*given)
        print("ready", flush=True)
        await asyncio.sleep(60)
    checkpoints.store.add_checkpoint = stop
    await checkpoints.seal_lanes(database, partial(open_key, database))

asyncio.run(main(sys.argv[1]))
"""


async def test_a_sealer_that_is_killed_leaves_nothing_and_the_next_one_does_it_all(story, seal):
    await issue_many(story, 300)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, story.coalition.url, stdout=asyncio.subprocess.PIPE
    )
    assert await asyncio.wait_for(child.stdout.readline(), 30) == b"ready\n"
    assert await seal() is None, "somebody else is at it"
    os.kill(child.pid, signal.SIGKILL)
    await child.wait()
    while await story.coalition.value(LOCKS):  # noqa: ASYNC110 (the server lets go in its time)
        await asyncio.sleep(0.05)
    assert await story.coalition.value(KEPT) == 0
    assert (await seal()).entry_count == 300


async def test_a_new_key_is_vouched_for_by_the_old_one(story, seal):
    database = story.coalition.hub.database
    open_secret = partial(open_key, database)
    await story(DEAL)
    await seal()
    (old,) = (await open_keys(database, open_secret)).public
    keys = await begin_key(database, open_secret)
    assert keys.public[0] == old and len(keys.public) == 2
    await story("issue ana air 1")
    note = (await seal()).checkpoint.note
    assert open_note(note, [old], "checkpoint") == open_note(note, [keys.public[1]], "checkpoint")
    await story("issue ana air 1")
    later = (await seal()).checkpoint
    assert later.note.count("\u2014") == 1 and later.key_number == 2
    async with database.read(HUB_ACTOR) as tx:
        assert (await check_last(tx, keys.public))[LANE].size == 5


async def test_the_hub_itself_cannot_take_back_what_was_signed(story, seal):
    await story(DEAL)
    await seal()
    connection = await story.coalition.hub.database.connect()
    for table in ("checkpoints", "lane_trees", "tiles", "log_keys"):
        for statement in NOT_FOR_THE_HUB:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement.format(table))
    for statement in FORGED:
        with pytest.raises(asyncpg.RaiseError):
            await connection.execute(statement)
    await connection.close()


async def test_a_later_instant_is_signed_as_such(story, seal):
    await story(DEAL)
    await seal()
    story.coalition.clock.tick(timedelta(days=1))
    await story("issue ana air 1")
    assert "signed_at 2026-03-02T12:00:00.000000Z" in (await seal()).checkpoint.note


async def test_the_worker_seals_every_entry_and_comes_back_to_it(story):
    from hub.settings import Settings
    from hub.worker import jobs_of, schedules_of, seal_books

    await story(DEAL)
    hub, settings = story.coalition.hub, Settings()
    await seal_books(hub)
    assert {tree.size for tree in (await trees_of(story)).values()} == {3}
    (schedule,) = [each for each in schedules_of(settings.work) if each.kind == "seal-lanes"]
    assert schedule.every_seconds == settings.work.seal_interval_seconds == 300
    assert "seal-lanes" in jobs_of(hub, settings)
