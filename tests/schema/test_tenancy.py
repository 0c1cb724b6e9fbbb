"""A partner sees its own: what belongs to another reads exactly like what is not there."""

from hub.kernel.ids import IdKind
from tests.api import EVERYTHING, issue

NODE = "query($id: ID!) { node(id: $id) { __typename id } }"
LOOK = """
query($account: AccountInput) {
  wallet(account: $account) {
    id availablePoints balancePoints
    lots { nodes { id issuer { code } points terms { version } } }
    activity { edges { changePoints node { id kind points partner { code }
      allocations { nodes { points issuer { code } lot { id } } } } } }
  }
}
"""


async def two_partners(api):
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    ana = await api.member("ana", AIR="a-1", SHOP="s-1")
    await api.member("ben", AIR="b-1")
    await issue(air, "a-1", 100, expiresAt="2026-03-02T00:00:00Z")
    await issue(shop, "s-1", 40)
    return air, shop, ana


async def test_a_partner_sees_the_lots_that_it_issued_and_what_it_did(api):
    air, shop, ana = await two_partners(api)
    await shop.do("redeemPoints", account={"reference": "s-1"}, points=110)
    everything = (await ana.ask(LOOK))["wallet"]
    of_air = (await air.ask(LOOK, account={"reference": "a-1"}))["wallet"]
    of_shop = (await shop.ask(LOOK, account={"reference": "s-1"}))["wallet"]
    assert [w["availablePoints"] for w in (everything, of_air, of_shop)] == [30, 0, 30]
    assert [lot["points"] for lot in of_air["lots"]["nodes"]] == []
    assert [lot["points"] for lot in of_shop["lots"]["nodes"]] == [40]
    kinds = [
        [edge["node"]["kind"] for edge in wallet["activity"]["edges"]]
        for wallet in (everything, of_air, of_shop)
    ]
    assert kinds == [["REDEEM", "ISSUE", "ISSUE"], ["ISSUE"], ["REDEEM", "ISSUE"]]
    redemption = of_shop["activity"]["edges"][0]
    assert redemption["changePoints"] == -110
    assert redemption["node"]["allocations"]["nodes"] == [
        {"points": -100, "issuer": {"code": "AIR"}, "lot": None},
        {
            "points": -10,
            "issuer": {"code": "SHOP"},
            "lot": {"id": of_shop["lots"]["nodes"][0]["id"]},
        },
    ]


async def test_an_expiry_shows_each_partner_its_own_points(api):
    air, shop, ana = await two_partners(api)
    await issue(shop, "s-1", 7, expiresAt="2026-03-02T00:00:00Z")
    from datetime import timedelta

    api.coalition.clock.tick(timedelta(days=1))
    await (await api.operator()).do("sweepExpiry")
    seen = []
    for caller, reference in ((ana, None), (air, "a-1"), (shop, "s-1")):
        account = {"reference": reference} if reference else None
        wallet = (await caller.ask(LOOK, account=account))["wallet"]
        newest = wallet["activity"]["edges"][0]
        assert newest["node"]["kind"] == "EXPIRE"
        seen.append((newest["node"]["points"], newest["changePoints"]))
    assert seen == [(107, -107), (100, -100), (7, -7)]


async def test_another_partners_member_reads_like_nobody(api):
    air, shop, _ = await two_partners(api)
    ben = api.coalition.members["ben"]
    for account in (
        {"memberId": shop.id(IdKind.MEMBER, ben.number)},
        {"memberId": shop.id(IdKind.MEMBER, 12345)},
        {"walletId": shop.id(IdKind.WALLET, ben)},
        {"reference": "b-1"},
        {"reference": "nobody"},
    ):
        document = "query($a: AccountInput) { member(account: $a) { id } wallet(account: $a) {id} }"
        assert await shop.ask(document, a=account) == {"member": None, "wallet": None}
    assert (await air.ask(document, a={"reference": "b-1"}))["member"] is not None


async def test_another_partners_reference_cannot_even_be_named(api):
    _, shop, _ = await two_partners(api)
    document = "query($a: AccountInput) { member(account: $a) { id } }"
    named = {"linkedAccount": {"partner": "AIR", "reference": "a-1"}}
    assert await shop.fault(document, a=named) == "FORBIDDEN"


async def test_lots_entries_terms_and_members_of_others_are_not_there(api):
    air, shop, _ = await two_partners(api)
    ben = await api.member("cy", AIR="c-1")
    of_air = await air.do(
        "issuePoints", EVERYTHING + " lotId", account={"reference": "c-1"}, points=1
    )
    lot = air.audience.find_place(IdKind.LOT, of_air["lotId"])
    entry = air.audience.find_place(IdKind.ENTRY, of_air["entryId"])
    terms = api.coalition.hub.register.list_terms(api.coalition.partners["AIR"].partner_id)[0]
    cy = api.coalition.members["cy"]
    for caller, is_seen in ((air, True), (shop, False), (ben, True)):
        for kind, what in (
            (IdKind.LOT, lot),
            (IdKind.ENTRY, entry),
            (IdKind.MEMBER, cy.number),
            (IdKind.WALLET, cy),
        ):
            node = (await caller.ask(NODE, id=caller.id(kind, what)))["node"]
            assert (node is not None) == is_seen, (kind, caller)
    for caller, is_seen in ((air, True), (shop, False), (ben, False)):
        node = (await caller.ask(NODE, id=caller.id(IdKind.TERMS, terms.terms_id)))["node"]
        assert (node is not None) == is_seen
    other = await api.member("dan", AIR="d-1")
    for kind, what in ((IdKind.LOT, lot), (IdKind.ENTRY, entry), (IdKind.WALLET, cy)):
        assert (await other.ask(NODE, id=other.id(kind, what)))["node"] is None


async def test_rates_of_another_partner_are_not_shown(api):
    air, _, ana = await two_partners(api)
    document = (
        """{ partners { nodes { code terms { issuePrice } termsInForce { acceptRate } } } }"""
    )
    for caller, codes in (
        (air, ["AIR"]),
        (ana, []),
        (await api.operator(), ["AIR", "SHOP"]),
    ):
        nodes = (await caller.ask(document))["partners"]["nodes"]
        assert [node["code"] for node in nodes if node["terms"]] == codes
        assert [node["code"] for node in nodes if node["termsInForce"]] == codes
        assert len(nodes) == 6


async def test_an_id_means_nothing_to_another_audience(api):
    air, shop, ana = await two_partners(api)
    operator = await api.operator()
    document = "query($a: AccountInput) { wallet(account: $a) { id } }"
    wallet = api.coalition.members["ana"]
    ids = {}
    for caller, account in (
        (air, {"reference": "a-1"}),
        (shop, {"reference": "s-1"}),
        (ana, None),
        (operator, {"linkedAccount": {"partner": "AIR", "reference": "a-1"}}),
    ):
        found = (await caller.ask(document, a=account))["wallet"]["id"]
        assert found == caller.id(IdKind.WALLET, wallet)
        ids[id(caller)] = found
    assert len(set(ids.values())) == 4
    for caller in (air, shop, ana, operator):
        for owner, text in ids.items():
            node = (await caller.ask(NODE, id=text))["node"]
            assert (node is not None) == (owner == id(caller))


async def test_a_cursor_means_nothing_to_another_audience_or_another_list(api):
    air, shop, _ = await two_partners(api)
    document = "query($c: String) { partners(first: 1, after: $c) { pageInfo { endCursor } } }"
    cursor = (await air.ask(document))["partners"]["pageInfo"]["endCursor"]
    assert await shop.fault(document, c=cursor) == "BAD_USER_INPUT"
    assert (await air.ask(document, c=cursor))["partners"]["pageInfo"]["endCursor"] != cursor
    other = "query($c: String) { settlementWindows(after: $c) { nodes { code } } }"
    assert await air.fault(other, c=cursor) == "BAD_USER_INPUT"


async def test_a_member_acts_on_the_own_wallet_only(api):
    await two_partners(api)
    ana = await api.member("ana")
    ben = api.coalition.members["ben"]
    for account, expected in (
        ({"walletId": ana.id(IdKind.WALLET, ben)}, "WalletNotFound"),
        ({"memberId": ana.id(IdKind.MEMBER, ben.number)}, "MemberNotFound"),
    ):
        refusal = await ana.refusal("cashOutPoints", account=account, points=1, agent="AIR")
        assert refusal["__typename"] == expected
    document = "mutation($i: CashOutPointsInput!) { cashOutPoints(input: $i) { postedAt } }"
    account = {"linkedAccount": {"partner": "AIR", "reference": "b-1"}}
    given = {"idempotencyKey": "k", "points": 1, "agent": "AIR", "account": account}
    assert await ana.fault(document, i=given) == "FORBIDDEN"


async def test_ids_show_neither_sequence_nor_volume(api):
    air, _, _ = await two_partners(api)
    ids = [(await issue(air, "a-1", 1))[name] for _ in range(5) for name in ("entryId", "lotId")]
    assert len(set(ids)) == 10
    assert {len(text) for text in ids} == {22}
    beginnings = {text[:6] for text in ids}
    assert len(beginnings) == 10
