"""The continuous audit: each run begins where the last one ended that found nothing."""

import asyncpg

from hub.ledger.audits.audit import audit_books, audit_what_is_new

SPOIL = "UPDATE ledger.wallets SET balance_points = balance_points + $1 WHERE wallet_id = $2"


async def test_an_audit_of_what_is_new_begins_where_the_last_good_one_ended(story):
    database = story.coalition.hub.database

    async def audit_news():
        return await audit_what_is_new(database, seconds_max=60)

    await story("issue ana air 10")
    ana, bob = story.coalition.members["ana"], await story.coalition.member("bob")
    first = await audit_news()
    assert (first.is_whole, first.finding_count, first.positions[ana.lane]) == (True, 0, 1)
    owner = await asyncpg.connect(story.coalition.url)
    await owner.execute(SPOIL, 5, ana.number)
    await story("issue bob air 10")
    second = await audit_news()
    assert (second.is_whole, second.finding_count, second.positions[ana.lane]) == (False, 0, 2)
    await owner.execute(SPOIL, 5, bob.number)
    await story("issue bob air 10")
    for _ in range(2):
        third = await audit_news()
        assert [rule["rule"] for rule in third.findings] == ["wallet equals its lots"]
    whole = await audit_books(database, seconds_max=60)
    assert (whole.is_whole, whole.finding_count) == (True, 4)
    for wallet in (ana, bob):
        await owner.execute(SPOIL, -5, wallet.number)
    await owner.close()
    assert (await audit_news()).finding_count == 0
    assert (await audit_books(database, seconds_max=60)).finding_count == 0
