"""The continuous audit: each run begins where the last one ended that found nothing."""

import asyncpg

from hub.ledger.audits.audit import audit_books, audit_what_is_new
from hub.ledger.cuts import plan_cut
from hub.points.issue import issue_points
from tests.coalition import DAY

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


async def test_a_cut_is_held_against_the_news_of_its_own_lane(coalition):
    air = await coalition.partner("air")
    ana, bob = await coalition.member("ana", lane=1), await coalition.member("bob", lane=2)
    hub = coalition.hub

    async def issue(wallet):
        await issue_points(
            hub.poster,
            hub.register,
            coalition.request(),
            now=coalition.clock(),
            issuer=air,
            wallet=wallet,
            points=10,
            reference=None,
        )

    await issue(ana)
    await issue(bob)
    connection = await hub.database.connect()
    assert await plan_cut(connection, coalition.clock() + DAY)
    await connection.close()
    coalition.clock.tick(2 * DAY)
    await issue(ana)
    assert await coalition.value("SELECT to_seq FROM ledger.cuts WHERE lane = 1") == 1
    news_of_the_other_lane = "SELECT * FROM ledger.audit_news('{1,2}', '{2,0}')"
    assert await coalition.query(news_of_the_other_lane) == []
