"""Points outstanding: by issuer, terms and month; now, and as the books said at any instant."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from hub.kernel.actor import HUB_ACTOR
from hub.ledger.views.outstanding import store
from tests.story import begin_story

OUTSTANDING = """
query($asOf: DateTime, $issuer: String) {
  liabilities(asOf: $asOf, issuer: $issuer) { issuer { code } expiresMonth points }
}
"""
DAY = timedelta(days=1)


async def see(caller, at=None, **given):
    if at is not None:
        given["asOf"] = at.isoformat()
    rows = (await caller.ask(OUTSTANDING, **given))["liabilities"]
    return [(row["issuer"]["code"], row["expiresMonth"], row["points"]) for row in rows]


@pytest.fixture
async def story(api):
    return await begin_story(api.coalition)


async def test_what_is_outstanding_is_what_it_was_then(api, story):
    operator, clock = await api.operator(), api.coalition.clock
    await story.coalition.member("far", lane=8)
    seen = []
    for chapter in (
        "issue ana air 100 expires 20d -> A",
        "issue ana rail 50 -> B",
        "redeem ana shop 120 -> R",
        "refund R 30",
        "transfer ana far 5 -> T",
        "extend A 3 to 80d -> E",
        "hold ana shop 10 for 2d -> H",
        "capture H 4",
        "issue ana shop 40 expires 3d -> C",
        "reverse C 10",
        "tick 4d\nsweep",
        "reinstate C 20 to 40d",
    ):
        await story(chapter)
        seen.append((clock.now, await see(operator)))
        clock.tick(timedelta(hours=1))
    for at, expected in seen:
        assert await see(operator, at) == expected
    assert seen[1][1] == [("air", "2026-03", 100), ("rail", None, 50)]
    assert seen[5][1] == [("air", "2026-03", 7), ("air", "2026-05", 3), ("rail", None, 50)]


async def test_a_partner_sees_its_own_points_only(api, story):
    await story("""
        issue ana air 10
        issue ana rail 20
    """)
    partner = await api.partner("air")
    assert await see(partner) == [("air", None, 10)]
    assert await see(partner, issuer="rail") == []
    assert await see(partner, issuer="nobody") == []


async def test_there_is_no_view_of_what_is_to_come(api, story):
    operator = await api.operator()
    answer = await operator.send(OUTSTANDING, asOf=(api.coalition.clock.now + DAY).isoformat())
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_where_a_lane_stood_is_looked_for_once_for_each_lane(coalition):
    """Once for each entry takes the square of their number: seconds, for 45,000 entries."""
    async with coalition.hub.database.read(HUB_ACTOR) as tx:
        given = {"as_of": tx.now, "issuer": None}
        found = await tx.connection.execute(text(f"EXPLAIN {store._THEN}"), given)
    plan = "\n".join(line for (line,) in found)
    ends, _, rest = plan.partition("CTE since")
    assert "CTE last_then" in ends
    assert "SubPlan" in ends, "the look for the last entry"
    assert "SubPlan" not in rest.partition("Sort Key")[0].partition("Aggregate")[0]
