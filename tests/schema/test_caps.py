"""What the API says of caps: what was granted and why, and what was refused."""

from decimal import Decimal

import pytest

from hub.kernel.actor import HUB_ACTOR
from hub.ledger.caps.kinds import CapKind, Renewal
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


CAPS = """query($kinds: [CapKind!], $partner: String, $at: DateTime) {
  caps(kinds: $kinds, partner: $partner, inForceAt: $at) { nodes {
    kind partner { code } reason version currency limit used left isPerMember startsAt endsAt
    renewal } } }"""


async def listed(caller, **asked):
    return (await caller.ask(CAPS, **asked))["caps"]["nodes"]


def shown(**given):
    """A cap as it is listed, of AIR from the beginning of the test on."""
    return {
        "partner": {"code": "AIR"},
        "reason": None,
        "version": None,
        "currency": None,
        "isPerMember": False,
        "startsAt": "2026-03-01T12:00:00Z",
        "endsAt": None,
        "renewal": None,
        **given,
    }


async def test_a_partner_reads_its_own_caps_and_what_is_left_of_them(api, air):
    await cap(api, CapKind.BUDGET, 100, reason="spring")
    await cap(api, CapKind.ACCEPT, 40, renewal=Renewal.WEEK)
    await cap(api, CapKind.NET_DEBIT, "0.95", currency="EUR")
    await air.do("issuePoints", GRANTED, points=70, account=ACCOUNT, reason="spring")
    operator = await api.operator()
    account = {"linkedAccount": {"partner": "AIR", "reference": "a-1"}}
    await operator.do("redeemPoints", acceptor="AIR", account=account, points=15)
    own = [
        shown(kind="BUDGET", reason="spring", limit="100", used="70", left="30"),
        shown(
            kind="ACCEPT",
            limit="40",
            used="15",
            left="25",
            startsAt="2026-02-23T00:00:00Z",
            endsAt="2026-03-02T00:00:00Z",
            renewal="WEEK",
        ),
        shown(kind="NET_DEBIT", currency="EUR", limit="0.95", used="0.665", left="0.285"),
    ]
    assert await listed(air) == own
    assert await listed(air, partner="AIR", kinds=["ACCEPT"]) == own[1:2]
    assert await listed(operator, partner="AIR") == own
    assert await listed(operator, at="2026-03-02T00:00:00Z") == [own[0], own[2]]


async def test_caps_of_terms_and_offers_say_from_which_version_they_follow(api):
    cafe = await api.partner("CAFE", version="C1", points_cap_per_member=50)
    await api.member("ana", CAFE="c-1")
    await api.coalition.offer("CAFE", day_cap_points=30)
    given = {"account": {"reference": "c-1"}}
    await cafe.do("issuePoints", GRANTED, points=40, **given)
    await cafe.do("exchangePoints", points=10, reference="credit", **given)
    month = {"startsAt": "2026-03-01T00:00:00Z", "endsAt": "2026-04-01T00:00:00Z"}
    day = {"startsAt": "2026-03-01T00:00:00Z", "endsAt": "2026-03-02T00:00:00Z"}
    by_cafe = {"partner": {"code": "CAFE"}, "isPerMember": True, "left": None}
    assert await listed(cafe) == [
        shown(kind="MEMBER", version="C1", limit="50", used="40", **by_cafe, **month),
        shown(kind="EXCHANGE", version="CAFE-1", limit="30", used="10", **by_cafe, **day),
    ]


async def test_nobody_reads_the_caps_of_another(api, air):
    await cap(api, CapKind.ACCEPT, 40)
    hub = api.coalition.hub
    wanted = WantedCap(kind=CapKind.TRANSFER, partner=None, limit=Decimal(50))
    async with hub.database.begin(HUB_ACTOR) as tx:
        await set_cap(tx, hub.register, wanted)
    shop = await api.partner("SHOP")
    assert await listed(shop) == []
    assert await listed(shop, partner="AIR") == []
    assert await listed(await api.operator(), partner="NOBODY") == []
    assert [one["kind"] for one in await listed(air)] == ["ACCEPT"]
    everything = await listed(await api.operator())
    assert [(one["kind"], one["partner"]) for one in everything] == [
        ("TRANSFER", None),
        ("ACCEPT", {"code": "AIR"}),
    ]
    assert await (await api.member("ana")).fault(CAPS) == "FORBIDDEN"
    assert await air.fault(CAPS, kinds=["ACCEPT", "ACCEPT"]) == "BAD_USER_INPUT"


async def test_caps_of_a_page_are_one_query(api, air):
    for number in range(5):
        await cap(api, CapKind.BUDGET, 100, reason=f"reason-{number}")
    with api.counted() as statements:
        assert len(await listed(air)) == 5
    assert len([one for one in statements if "ledger.caps" in one]) == 1
