"""What the API says of caps: what was granted and why, and what was refused."""

from decimal import Decimal

import pytest

from hub.kernel.actor import HUB_ACTOR
from hub.ledger.caps.kinds import CapKind
from hub.points.capping import WantedCap, set_cap
from tests.coalition import photograph

GRANTED = "grantedPoints cappedBy entryId lotId lot { points } wallet { balancePoints }"
ACCOUNT = {"reference": "a-1"}


@pytest.fixture
async def air(api):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    return air


async def cap(api, kind, limit, **given):
    hub = api.coalition.hub
    wanted = WantedCap(
        kind=kind, partner=api.coalition.partners["AIR"], limit=Decimal(limit), **given
    )
    async with hub.database.begin(HUB_ACTOR) as tx:
        await set_cap(tx, hub.register, wanted)
    await hub.register.refresh()


async def test_an_issue_says_what_it_granted_and_which_cap_left_no_more(api, air):
    await cap(api, CapKind.BUDGET, 100, reason="spring")
    asked = {"account": ACCOUNT, "reason": "spring"}
    first = await air.do("issuePoints", GRANTED, points=70, **asked)
    assert (first["grantedPoints"], first["cappedBy"], first["userErrors"]) == (70, None, [])
    second = await air.do("issuePoints", GRANTED, points=70, **asked)
    assert (second["grantedPoints"], second["cappedBy"]) == (30, "BUDGET")
    assert second["lot"] == {"points": 30}
    third = await air.do("issuePoints", GRANTED, points=70, **asked)
    assert (third["grantedPoints"], third["cappedBy"]) == (0, "BUDGET")
    assert (third["lotId"], third["lot"], third["userErrors"]) == (None, None, [])
    assert third["entryId"] is not None
    assert third["wallet"] == {"balancePoints": 100}


async def test_each_portion_of_a_purchase_says_what_it_granted(api, air):
    await cap(api, CapKind.BUDGET, 5, reason="spring")
    bought = await air.do(
        "issuePurchase",
        "portions { reason grantedPoints cappedBy lotId }",
        account=ACCOUNT,
        portions=[{"points": 10}, {"points": 7, "reason": "spring"}],
    )
    told = [(p["reason"], p["grantedPoints"], p["cappedBy"]) for p in bought["portions"]]
    assert told == [("base", 10, None), ("spring", 5, "BUDGET")]


async def test_a_redemption_beyond_what_the_acceptor_may_take_is_refused(api, air):
    await cap(api, CapKind.ACCEPT, 40)
    await air.do("issuePoints", GRANTED, points=100, account=ACCOUNT)
    operator, before = await api.operator(), await photograph(api.coalition)
    account = {"linkedAccount": {"partner": "AIR", "reference": "a-1"}}
    refused = await operator.refusal("redeemPoints", acceptor="AIR", account=account, points=50)
    assert (refused["code"], refused["path"]) == ("CAP_REACHED", ["input", "points"])
    assert await photograph(api.coalition) == before


async def test_an_issue_beyond_what_the_issuer_may_owe_is_refused(api, air):
    await cap(api, CapKind.NET_DEBIT, "0.95", currency="EUR")
    await air.do("issuePoints", GRANTED, points=100, account=ACCOUNT)
    before = await photograph(api.coalition)
    refused = await air.refusal("issuePoints", account=ACCOUNT, points=1)
    assert refused["code"] == "NET_DEBIT_CAP_REACHED"
    assert await photograph(api.coalition) == before
