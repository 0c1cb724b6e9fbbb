"""Terms that change while operations are on their way: register and ledger end up agreed."""

import asyncio
from datetime import UTC, datetime, timedelta

from hub.points.issue import issue_points
from hub.points.redeem import redeem_points
from tests.coalition import LONG_AGO, START, make_terms

HOUR = timedelta(hours=1)
TERMS_OF_LOT = (
    "SELECT t.version FROM ledger.lots l JOIN terms t ON t.terms_id = l.issue_terms_id"
    " ORDER BY l.lot_id"
)


async def issue(coalition, now, **more):
    return await issue_points(
        coalition.hub.poster,
        coalition.hub.register,
        coalition.request(),
        now=now,
        issuer=coalition.partners["air"],
        wallet=coalition.members["ana"],
        points=10,
        reference=None,
        **more,
    )


async def test_terms_that_this_hub_has_not_heard_of_are_read_at_once(coalition):
    await coalition.partner("air", since=None)
    await coalition.member("ana")
    await coalition.save_terms("air", make_terms("air", "unheard", LONG_AGO))
    await issue(coalition, START)
    assert [row[0] for row in await coalition.query(TERMS_OF_LOT)] == ["unheard"]


async def test_points_end_as_the_terms_say_that_were_read_at_once(coalition):
    await coalition.partner("air", since=None)
    await coalition.member("ana")
    await coalition.save_terms("air", make_terms("air", "unheard", LONG_AGO, expiry_months=12))
    await issue(coalition, START)
    assert await coalition.value("SELECT expires_at FROM ledger.lots") == datetime(
        2027, 3, 2, tzinfo=UTC
    )


async def test_an_issue_under_way_when_terms_change_keeps_those_of_its_instant(coalition):
    """The verb asks the clock before the change, and the ledger after it."""
    await coalition.partner("air", since=None)
    await coalition.member("ana")
    change = START + HOUR
    await coalition.terms("air", since=LONG_AGO, effective_until=change, version="old")
    await coalition.terms("air", since=change, version="new")
    coalition.clock.tick(2 * HOUR)
    await issue(coalition, change - HOUR / 2)
    await issue(coalition, change)
    versions = [row[0] for row in await coalition.query(TERMS_OF_LOT)]
    assert versions == ["old", "new"]


async def test_a_redemption_under_way_when_terms_change_keeps_those_of_its_instant(coalition):
    await coalition.partner("air")
    await coalition.partner("shop", since=None)
    ana = await coalition.member("ana")
    change = START + HOUR
    old = await coalition.terms("shop", since=LONG_AGO, effective_until=change)
    await coalition.terms("shop", since=change)
    await issue(coalition, START)
    coalition.clock.tick(2 * HOUR)
    await redeem_points(
        coalition.hub.poster,
        coalition.hub.register,
        coalition.request(),
        now=change - HOUR / 2,
        acceptor=coalition.partners["shop"],
        wallet=ana,
        points=1,
    )
    assert await coalition.value("SELECT terms_id FROM ledger.entries WHERE kind = 2") == old


async def test_of_two_readings_at_once_the_older_one_does_not_win(coalition):
    register = coalition.hub.register
    for number in range(10):
        code = f"p{number}"
        readings = [asyncio.create_task(register.refresh()) for _ in range(3)]
        await asyncio.sleep(0.001 * number)
        await coalition.partner(code)
        await asyncio.gather(*readings)
        assert register.find_terms(coalition.partners[code].partner_id, START)
