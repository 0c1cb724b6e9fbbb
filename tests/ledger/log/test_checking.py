"""The whole journal against what was signed: nothing on good books, and every place on others."""

import asyncpg

from hub.kernel.actor import HUB_ACTOR
from hub.ledger.log.checking import SIGNED, UNCHANGED, check_log
from tests.ledger.log.dealing import forged, open_secret_of, seal_lanes

HOW_MANY = 300


async def found_in(story):
    found = []
    async with story.coalition.hub.database.read(HUB_ACTOR) as tx:
        await check_log(tx, found.append)
    return [(violation.rule, violation.place) for violation in found]


async def seal_many(story):
    await story("\n".join("issue ana air 1" for _ in range(HOW_MANY)))
    await seal_lanes(story.coalition.hub.database, open_secret_of(story))


async def test_books_that_nobody_signed_are_not_found_wrong(story):
    await story("issue ana air 1")
    assert await found_in(story) == []


async def test_sealed_books_are_found_right_with_new_entries_after_them(story):
    await seal_many(story)
    await story("issue ana air 1\nissue ben air 1")
    assert await found_in(story) == []


async def test_every_changed_entry_is_found_in_a_tile_and_after_the_last_one(story):
    await seal_many(story)
    connection = await asyncpg.connect(story.coalition.url)
    change = "UPDATE ledger.entries SET points = points + $1 WHERE seq IN (5, 299)"
    await connection.execute(change, 1)
    assert await found_in(story) == [(UNCHANGED, "entry 7:5"), (UNCHANGED, "entry 7:299")]
    await connection.execute(change, -1)
    await connection.close()
    assert await found_in(story) == []


async def test_an_entry_that_was_changed_with_its_hash_is_found_by_the_signature(story):
    await seal_many(story)
    async with forged(story, "points = points + 1", 5, 299):
        assert await found_in(story) == [(UNCHANGED, "entry 7:5")]
    async with forged(story, "reference = 'x'", 299):
        assert await found_in(story) == [(UNCHANGED, "lane 7 up to 300")]
    assert await found_in(story) == []


async def test_an_entry_that_vanished_is_found(story):
    await seal_many(story)
    connection = await asyncpg.connect(story.coalition.url)
    async with connection.transaction():
        await connection.execute("CREATE TABLE kept AS SELECT * FROM ledger.entries WHERE seq = 9")
        await connection.execute("DELETE FROM ledger.entries WHERE seq = 9")
    assert await found_in(story) == [(UNCHANGED, "entry 7:9")]
    await connection.execute("INSERT INTO ledger.entries SELECT * FROM kept")
    await connection.close()


async def test_a_checkpoint_that_was_changed_is_found(story):
    await seal_many(story)
    connection = await asyncpg.connect(story.coalition.url)
    await connection.execute("UPDATE ledger.checkpoints SET root = sha256('')")
    await connection.close()
    assert await found_in(story) == [(SIGNED, "checkpoint 1")]
