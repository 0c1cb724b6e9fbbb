"""The mutations that move points, asked through HTTP."""

from datetime import timedelta

from hub.kernel.ids import IdKind
from tests.api import EVERYTHING, ISSUED, issue

WALLET = """
query Wallet($account: AccountInput) {
  wallet(account: $account) {
    availablePoints balancePoints pendingPoints heldPoints
    lots { nodes { points remainingPoints expiresAt availableAt issuer { code } } }
    activity { edges { changePoints node { kind points partner { code } } } }
  }
}
"""


async def look(caller, **account):
    return (await caller.ask(WALLET, account=account or None))["wallet"]


async def test_points_are_issued_and_seen_by_the_partner_and_the_member(api):
    air = await api.partner("AIR")
    ana = await api.member("ana", AIR="a-1")
    payload = await air.do(
        "issuePoints",
        "entryId lotId postedAt entry { id kind points reference reason partner { code } }"
        " lot { id points } wallet { availablePoints }",
        account={"reference": "a-1"},
        points=100,
        reference="receipt-1",
    )
    assert payload == {
        "entryId": payload["entry"]["id"],
        "lotId": payload["lot"]["id"],
        "postedAt": "2026-03-01T12:00:00Z",
        "entry": {
            "id": payload["entryId"],
            "kind": "ISSUE",
            "points": 100,
            "reference": "receipt-1",
            "reason": "base",
            "partner": {"code": "AIR"},
        },
        "lot": {"id": payload["lotId"], "points": 100},
        "wallet": {"availablePoints": 100},
        "userErrors": [],
    }
    expected = {
        "availablePoints": 100,
        "balancePoints": 100,
        "pendingPoints": 0,
        "heldPoints": 0,
        "lots": {
            "nodes": [
                {
                    "points": 100,
                    "remainingPoints": 100,
                    "expiresAt": None,
                    "availableAt": None,
                    "issuer": {"code": "AIR"},
                }
            ]
        },
        "activity": {
            "edges": [
                {
                    "changePoints": 100,
                    "node": {"kind": "ISSUE", "points": 100, "partner": {"code": "AIR"}},
                }
            ]
        },
    }
    assert await look(ana) == expected
    assert await look(air, reference="a-1") == expected


async def test_an_acceptor_is_paid_with_anybodys_points_and_gives_them_back(api):
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    ana = await api.member("ana", AIR="a-1", SHOP="s-1")
    await issue(air, "a-1", 100)
    redeemed = await shop.do(
        "redeemPoints", EVERYTHING, account={"reference": "s-1"}, points=80, reference="till-9"
    )
    assert redeemed["userErrors"] == []
    assert (await look(ana))["availablePoints"] == 20
    refunded = await shop.do(
        "refundPoints", "expiredPoints", redemptionId=redeemed["entryId"], points=50
    )
    assert refunded == {"expiredPoints": 0, "userErrors": []}
    wallet = await look(ana)
    assert wallet["availablePoints"] == 70
    assert [edge["changePoints"] for edge in wallet["activity"]["edges"]] == [50, -80, 100]
    refusal = await shop.refusal("refundPoints", redemptionId=redeemed["entryId"], points=31)
    assert refusal["__typename"] == "RefundExceedsRedeemed"
    assert (refusal["refundablePoints"], refusal["requiredPoints"]) == (30, 31)


async def test_only_the_issuer_reverses_and_only_the_acceptor_refunds(api):
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    await api.member("ana", AIR="a-1", SHOP="s-1")
    issued = await issue(air, "a-1", 100)
    redeemed = await shop.do("redeemPoints", EVERYTHING, account={"reference": "s-1"}, points=10)
    lot = air.audience.find_place(IdKind.LOT, issued["lotId"])
    for lot_id in (issued["lotId"], shop.id(IdKind.LOT, lot)):
        refusal = await shop.refusal("reverseIssue", lotId=lot_id, points=1)
        assert refusal["__typename"] == "UnknownReference"
    entry = shop.audience.find_place(IdKind.ENTRY, redeemed["entryId"])
    for entry_id in (redeemed["entryId"], air.id(IdKind.ENTRY, entry)):
        refusal = await air.refusal("refundPoints", redemptionId=entry_id, points=1)
        assert refusal["__typename"] == "UnknownReference"
    taken = await air.do("reverseIssue", EVERYTHING, lotId=issued["lotId"], points=40)
    assert taken["userErrors"] == []


async def test_a_shortage_says_how_many_points_would_pass(api):
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    await api.member("ana", AIR="a-1", SHOP="s-1")
    await issue(air, "a-1", 70)
    refusal = await shop.refusal("redeemPoints", account={"reference": "s-1"}, points=80)
    assert refusal == {
        "__typename": "InsufficientPoints",
        "message": "The wallet has fewer points available than are asked for.",
        "code": "INSUFFICIENT_POINTS",
        "path": ["input", "points"],
        "availablePoints": 70,
        "requiredPoints": 80,
    }


async def test_a_member_cashes_out_donates_and_transfers_the_own_points(api):
    air = await api.partner("AIR")
    await api.partner("AGENT")
    await api.partner("CARE")
    ana = await api.member("ana", AIR="a-1")
    ben = await api.member("ben", AIR="b-1")
    await issue(air, "a-1", 100)
    assert (await ana.do("cashOutPoints", points=10, agent="AGENT"))["userErrors"] == []
    assert (await ana.do("donatePoints", points=20, charity="CARE"))["userErrors"] == []
    to_ben = {"linkedAccount": {"partner": "AIR", "reference": "b-1"}}
    moved = await ana.do("transferPoints", EVERYTHING, toAccount=to_ben, points=30)
    assert moved["userErrors"] == []
    assert (await look(ana))["availablePoints"] == 40
    seen = await look(ben)
    assert seen["availablePoints"] == 30
    assert seen["activity"]["edges"][0]["changePoints"] == 30


async def test_only_the_operator_says_what_issuers_add_to_a_donation(api):
    air, care = await api.partner("AIR"), await api.partner("CARE")
    await api.member("ana", AIR="a-1", CARE="c-1")
    operator = await api.operator()
    await issue(air, "a-1", 100)
    given = {"points": 10, "matchRate": "0.01", "idempotencyKey": "k"}
    document = "mutation($i: DonatePointsInput!) { donatePoints(input: $i) { postedAt } }"
    code = await care.fault(document, i={**given, "account": {"reference": "c-1"}})
    assert code == "FORBIDDEN"
    account = {"linkedAccount": {"partner": "CARE", "reference": "c-1"}}
    done = await operator.do("donatePoints", account=account, charity="CARE", **given)
    assert done["userErrors"] == []


async def test_availability_is_decided_by_instants_and_not_by_what_was_booked(api):
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    ana = await api.member("ana", AIR="a-1", SHOP="s-1")
    await issue(air, "a-1", 100, expiresAt="2026-03-02T12:00:00Z")
    await issue(air, "a-1", 5)
    api.coalition.clock.tick(timedelta(days=1))
    wallet = await look(ana)
    assert (wallet["availablePoints"], wallet["balancePoints"]) == (5, 105)
    refusal = await shop.refusal("redeemPoints", account={"reference": "s-1"}, points=6)
    assert refusal["availablePoints"] == 5
    operator = await api.operator()
    key = {"idempotencyKey": "sweep"}
    assert (await operator.do("sweepExpiry", "entryCount", **key))["entryCount"] == 1
    assert (await operator.do("sweepExpiry", "entryCount", **key))["entryCount"] == 1
    assert (await operator.do("sweepExpiry", "entryCount"))["entryCount"] == 0
    wallet = await look(ana)
    assert (wallet["availablePoints"], wallet["balancePoints"]) == (5, 5)
    assert wallet["activity"]["edges"][0]["node"]["kind"] == "EXPIRE"


async def test_points_that_expire_soon_are_told(api):
    air = await api.partner("AIR")
    ana = await api.member("ana", AIR="a-1")
    await issue(air, "a-1", 100, expiresAt="2026-03-20T00:00:00Z")
    await issue(air, "a-1", 7, expiresAt="2026-05-20T00:00:00Z")
    data = await ana.ask("{ wallet { a: expiringPoints b: expiringPoints(withinDays: 90) } }")
    assert data["wallet"] == {"a": 100, "b": 107}


async def test_a_late_issue_is_dated_when_it_happened(api):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    payload = await air.do(
        "issuePoints",
        "entry { occurredAt postedAt }",
        account={"reference": "a-1"},
        points=1,
        occurredAt="2026-02-20T10:00:00+02:00",
    )
    assert payload["entry"] == {
        "occurredAt": "2026-02-20T08:00:00Z",
        "postedAt": "2026-03-01T12:00:00Z",
    }


async def test_the_operator_names_the_partner_and_a_partner_never_another(api):
    air = await api.partner("AIR")
    await api.partner("SHOP")
    await api.member("ana", AIR="a-1")
    operator = await api.operator()
    account = {"linkedAccount": {"partner": "AIR", "reference": "a-1"}}
    done = await operator.do("issuePoints", ISSUED, issuer="AIR", account=account, points=3)
    assert done["userErrors"] == []
    document = "mutation($i: IssuePointsInput!) { issuePoints(input: $i) { postedAt } }"
    given = {"idempotencyKey": "k", "points": 1, "account": account}
    assert await operator.fault(document, i=given) == "BAD_USER_INPUT"
    assert await air.fault(document, i={**given, "issuer": "SHOP"}) == "FORBIDDEN"
    refusal = await operator.refusal("issuePoints", issuer="POOL", account=account, points=1)
    assert refusal["__typename"] == "PartnerNotFound"


async def test_a_payload_shows_the_wallet_as_giving_back_left_it(api):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    issued = await issue(air, "a-1", 500)
    redeemed = await air.do("redeemPoints", EVERYTHING, account={"reference": "a-1"}, points=100)
    shown = "entry { points } wallet { availablePoints }"
    refunded = await air.do("refundPoints", shown, redemptionId=redeemed["entryId"], points=60)
    assert refunded["entry"] == {"points": 60}
    assert refunded["wallet"] == {"availablePoints": 460}
    taken = await air.do("reverseIssue", shown, lotId=issued["lotId"], points=10)
    assert taken["entry"] == {"points": 10}
    assert taken["wallet"] == {"availablePoints": 450}
