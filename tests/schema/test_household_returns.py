"""What comes back to a household, and what issuers take back of what it pools."""

import pytest

from hub.kernel.ids import IdKind
from tests.api import issue
from tests.coalition import photograph
from tests.schema.test_households import follow, household, join, mine

REVERSED = "reversedPoints shortPoints"
OWING = "{ wallet { owedPoints balancePoints } }"


@pytest.fixture
async def cast(api):
    """ana and ben in two lanes, known to AIR and SHOP; a consumer that follows from now on."""
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    await api.coalition.member("ben", lane=9)
    ana = await api.member("ana", AIR="a-1", SHOP="s-1")
    ben = await api.member("ben", AIR="a-2", SHOP="s-2")
    await follow(api)
    return air, shop, ana, ben


async def test_what_comes_back_after_leaving_is_of_who_brought_it(api, cast):
    """A refund and the end of a hold free points of lots whose members have left."""
    air, shop, ana, ben = cast
    await join(ana, ben, shares=(10_000, 10_000))
    await issue(air, "a-1", 100)
    await issue(air, "a-2", 50)
    await follow(api)
    paying = {"account": {"reference": "s-1"}, "fromHousehold": True}
    paid = await shop.do("redeemPoints", "entryId", **paying, points=100)
    held = await shop.do(
        "holdPoints", "entryId", **paying, points=10, endsAt="2026-03-02T12:00:00Z"
    )
    await ben.do("leaveHousehold")
    await shop.do("refundPoints", redemptionId=paid["entryId"], points=30)
    await follow(api)
    assert (await mine(ana), await mine(ben)) == (0, 40)
    assert (await household(ana))["wallet"]["availablePoints"] == 30
    await ana.do("leaveHousehold")
    assert (await mine(ana), await mine(ben)) == (30, 40)
    await shop.do("voidHold", holdId=held["entryId"])
    await shop.do("refundPoints", redemptionId=paid["entryId"], points=70)
    await follow(api)
    await follow(api)
    assert (await mine(ana), await mine(ben)) == (100, 50)


async def test_what_comes_back_follows_a_merge(api, cast):
    air, shop, ana, ben = cast
    await join(ana, ben, shares=(0, 10_000))
    await issue(air, "a-2", 50)
    await follow(api)
    paid = await shop.do(
        "redeemPoints", "entryId", account={"reference": "s-1"}, fromHousehold=True, points=50
    )
    await ben.do("leaveHousehold")
    operator = await api.operator()
    gone, survivor = (
        operator.id(IdKind.MEMBER, api.coalition.members[name].number) for name in ("ben", "ana")
    )
    merged = await operator.do("mergeMembers", "status", memberId=gone, survivorId=survivor)
    assert merged["status"] == "DONE"
    await shop.do("refundPoints", redemptionId=paid["entryId"], points=20)
    await follow(api)
    assert (await mine(ana), await mine(ben)) == (20, 20)
    assert (await household(ana))["wallet"]["balancePoints"] == 0


@pytest.mark.parametrize("mode", ["REFUSE", "ONLY_PENDING", "WITHIN_BALANCE", "UNLIMITED"])
async def test_an_issue_is_reversed_though_a_household_pools_it(api, cast, mode):
    """Partly the member's still, partly the household's, and as much of it as is there."""
    air, _, ana, ben = cast
    await join(ana, ben, shares=(6_000, 10_000))
    issued = await issue(air, "a-1", 100)
    await issue(air, "a-2", 50)
    await follow(api)
    given = {"lotId": issued["lotId"], "points": 90, "mode": mode, "idempotencyKey": "r"}
    done = await air.do("reverseIssue", REVERSED, **given)
    assert done == {"userErrors": [], "reversedPoints": 90, "shortPoints": 0}
    assert await air.do("reverseIssue", REVERSED, **given) == done
    assert await mine(ana) == 0
    assert (await household(ana))["wallet"]["balancePoints"] == 60
    before = await photograph(api.coalition)
    error = await air.refusal("reverseIssue", **{**given, "points": 11, "idempotencyKey": "s"})
    expected = "REVERSE_EXCEEDS_ISSUED" if mode != "REFUSE" else "LOT_SPENT"
    assert error["code"] == expected
    assert await photograph(api.coalition) == before


async def test_an_issue_is_reversed_after_its_member_left_the_household(api, cast):
    air, _, ana, ben = cast
    await join(ana, ben, shares=(0, 10_000))
    issued = await issue(air, "a-2", 100)
    await follow(api)
    await ben.do("leaveHousehold")
    done = await air.do("reverseIssue", REVERSED, lotId=issued["lotId"], points=100)
    assert done == {"userErrors": [], "reversedPoints": 100, "shortPoints": 0}
    assert await mine(ben) == 0


@pytest.mark.parametrize(
    ("mode", "told", "owed"),
    [
        ("REFUSE", (None, None), 0),
        ("ONLY_PENDING", (20, 60), 0),
        ("WITHIN_BALANCE", (50, 30), 0),
        ("UNLIMITED", (80, 30), 30),
    ],
)
async def test_what_a_household_spent_it_pays_and_then_the_member_owes(api, cast, mode, told, owed):
    """ben's 100 points and ana's 30; the household spends 80 of his, and he takes 80 back."""
    air, shop, ana, ben = cast
    await join(ana, ben, shares=(10_000, 10_000))
    issued = await issue(air, "a-2", 100, expiresAt="2026-05-01T00:00:00Z")
    await issue(air, "a-1", 30, expiresAt="2026-06-01T00:00:00Z")
    await follow(api)
    await shop.do("redeemPoints", account={"reference": "s-1"}, points=80, fromHousehold=True)
    given = {"lotId": issued["lotId"], "points": 80, "mode": mode}
    done = await air.do("reverseIssue", REVERSED, **given)
    assert (done["reversedPoints"], done["shortPoints"]) == told
    left = {"REFUSE": 50, "ONLY_PENDING": 30}.get(mode, 0)
    assert (await household(ana))["wallet"]["balancePoints"] == left
    await ben.do("leaveHousehold")
    found = (await ben.ask(OWING))["wallet"]
    assert found == {"owedPoints": owed, "balancePoints": 20 if mode == "REFUSE" else 0}
    assert (await ana.ask(OWING))["wallet"]["owedPoints"] == 0
