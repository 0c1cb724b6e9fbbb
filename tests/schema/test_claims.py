"""What has a claim on a wallet's points, seen and made through the API."""

from datetime import timedelta

import pytest

from tests.api import issue
from tests.coalition import DAY, START, photograph

LOOK = """
query($account: AccountInput) {
  wallet(account: $account) {
    availablePoints pendingPoints heldPoints owedPoints restrictedPoints
    holds(first: 10) { nodes { points endsAt acceptor { code } entry { kind } } }
    arrears(first: 10) { nodes { points owedPoints creditor { code } entry { kind } } }
    lots(first: 10) { nodes { remainingPoints isPending availableAt
      restriction { acceptors { code } categories isTransferable isExchangeable
                    en: inWords zh: inWords(language: ZH) } } }
  }
}
"""


async def look(caller, **account):
    return (await caller.ask(LOOK, account=account or None))["wallet"]


@pytest.fixture
async def cast(api):
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    return air, shop, await api.member("ana", AIR="a-1", SHOP="s-1")


async def test_a_hold_is_seen_by_the_member_and_by_whoever_asked_for_it(api, cast):
    air, shop, ana = cast
    await issue(air, "a-1", 100)
    ends_at = "2026-03-08T12:00:00Z"
    await shop.do("holdPoints", account={"reference": "s-1"}, points=30, endsAt=ends_at)
    hold = {
        "points": 30,
        "endsAt": ends_at,
        "acceptor": {"code": "SHOP"},
        "entry": {"kind": "HOLD"},
    }
    assert (await look(ana))["holds"]["nodes"] == [hold]
    assert (await look(shop, reference="s-1"))["holds"]["nodes"] == [hold]
    assert (await look(air, reference="a-1"))["holds"]["nodes"] == []
    api.coalition.clock.tick(timedelta(days=7))
    assert (await look(ana))["holds"]["nodes"] == []


async def test_holds_are_read_a_page_at_a_time_from_both_ends(api, cast):
    air, shop, ana = cast
    await issue(air, "a-1", 100)
    for points in (1, 2, 3):
        await shop.do(
            "holdPoints",
            account={"reference": "s-1"},
            points=points,
            endsAt="2026-03-08T12:00:00Z",
        )
    page = """query($first: Int, $last: Int, $after: String) {
        wallet { holds(first: $first, last: $last, after: $after) {
            nodes { points } pageInfo { hasNextPage endCursor } } } }"""
    first = (await ana.ask(page, first=2))["wallet"]["holds"]
    assert [each["points"] for each in first["nodes"]] == [1, 2]
    assert first["pageInfo"]["hasNextPage"] is True
    rest = (await ana.ask(page, first=2, after=first["pageInfo"]["endCursor"]))["wallet"]["holds"]
    assert [each["points"] for each in rest["nodes"]] == [3]
    last = (await ana.ask(page, last=2))["wallet"]["holds"]
    assert [each["points"] for each in last["nodes"]] == [2, 3]


async def test_what_an_unlimited_reverse_leaves_is_owed_and_seen_by_the_creditor(api, cast):
    air, shop, ana = cast
    lot = (await issue(air, "a-1", 100))["lotId"]
    await issue(shop, "s-1", 5)
    await shop.do("redeemPoints", account={"reference": "s-1"}, points=90)
    taken = await air.do(
        "reverseIssue",
        "reversedPoints shortPoints wallet { availablePoints owedPoints }",
        lotId=lot,
        points=100,
        mode="UNLIMITED",
    )
    assert taken == {
        "reversedPoints": 100,
        "shortPoints": 85,
        "wallet": {"availablePoints": 0, "owedPoints": 85},
        "userErrors": [],
    }
    debt = {
        "points": 85,
        "owedPoints": 85,
        "creditor": {"code": "AIR"},
        "entry": {"kind": "REVERSE"},
    }
    assert (await look(ana))["arrears"]["nodes"] == [debt]
    seen = await look(air, reference="a-1")
    assert (seen["owedPoints"], seen["arrears"]["nodes"]) == (85, [debt])
    hidden = await look(shop, reference="s-1")
    assert (hidden["owedPoints"], hidden["arrears"]["nodes"]) == (0, [])
    await issue(shop, "s-1", 80)
    left = await look(ana)
    assert (left["owedPoints"], left["availablePoints"]) == (5, 0)
    assert left["arrears"]["nodes"] == [{**debt, "owedPoints": 5}]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("ONLY_PENDING", (10, 90, 5, 0)), ("WITHIN_BALANCE", (15, 85, 0, 0))],
)
async def test_how_far_a_reverse_goes_is_said_by_its_mode(api, cast, mode, expected):
    air, shop, ana = cast
    given = {"expiresAt": "2026-04-01T00:00:00Z"}
    lot = (await issue(air, "a-1", 100, **given))["lotId"]
    await issue(shop, "s-1", 5)
    await shop.do("redeemPoints", account={"reference": "s-1"}, points=90)
    taken = await air.do(
        "reverseIssue", "reversedPoints shortPoints", lotId=lot, points=100, mode=mode
    )
    seen = await look(ana)
    found = (taken["reversedPoints"], taken["shortPoints"])
    assert (*found, seen["availablePoints"], seen["owedPoints"]) == expected


async def test_without_a_mode_a_reverse_of_spent_points_is_refused(api, cast):
    air, shop, _ = cast
    lot = (await issue(air, "a-1", 100))["lotId"]
    await shop.do("redeemPoints", account={"reference": "s-1"}, points=90)
    before = await photograph(api.coalition)
    assert (await air.refusal("reverseIssue", lotId=lot, points=100))["code"] == "LOT_SPENT"
    assert await photograph(api.coalition) == before


async def test_points_for_some_uses_only_say_so_in_data_and_in_words(api, cast):
    air, shop, ana = cast
    rule = {"acceptors": ["SHOP"], "categories": ["fuel", "food"], "isTransferable": False}
    await issue(air, "a-1", 40, restriction=rule)
    seen = await look(ana)
    assert seen["restrictedPoints"] == 40
    assert [lot["restriction"] for lot in seen["lots"]["nodes"]] == [
        {
            "acceptors": [{"code": "SHOP"}],
            "categories": ["food", "fuel"],
            "isTransferable": False,
            "isExchangeable": True,
            "en": "Usable at SHOP for food, fuel; not transferable.",
            "zh": "可在 SHOP 为 food、fuel 使用；不可转让。",
        }
    ]
    before = await photograph(api.coalition)
    error = await shop.refusal("redeemPoints", account={"reference": "s-1"}, points=40)
    assert error["code"] == "INSUFFICIENT_POINTS"
    assert await photograph(api.coalition) == before
    paid = await shop.do(
        "redeemPoints",
        "wallet { availablePoints }",
        account={"reference": "s-1"},
        points=40,
        category="fuel",
    )
    assert paid["userErrors"] == []
    assert (await look(ana))["restrictedPoints"] == 0


async def test_the_same_rule_is_stored_once_however_it_is_written(api, cast):
    air, _, _ = cast
    await issue(air, "a-1", 1, restriction={"categories": ["b", "a"]})
    await issue(air, "a-1", 1, restriction={"categories": ["a", "b", "a"]})
    rows = [
        {
            "account": {"reference": "a-1"},
            "points": 1,
            "restriction": {"categories": ["a", "b"]},
            "idempotencyKey": f"row-{number}",
        }
        for number in range(3)
    ]
    document = """mutation($rows: [IssuePointsInput!]!) {
        bulkIssuePoints(input: {rows: $rows}) { rows { userErrors { code } } } }"""
    await air.ask(document, rows=rows)
    assert await api.coalition.value("SELECT count(*) FROM ledger.restrictions") == 1
    assert await api.coalition.value("SELECT count(DISTINCT restriction_id) FROM ledger.lots") == 1
    assert await api.coalition.value("SELECT count(*) FROM ledger.lots") == 5


async def test_pending_points_wait_for_their_instant_or_for_somebody(api, cast):
    air, _, ana = cast
    await issue(air, "a-1", 10, availableAt="2026-03-02T12:00:00Z")
    waiting = (await issue(air, "a-1", 20, releasedLater=True))["lotId"]
    assert waiting
    seen = await look(ana)
    assert (seen["availablePoints"], seen["pendingPoints"]) == (0, 30)
    assert [lot["isPending"] for lot in seen["lots"]["nodes"]] == [True, True]
    assert api.coalition.clock.tick(DAY) == START + DAY
    seen = await look(ana)
    assert (seen["availablePoints"], seen["pendingPoints"]) == (10, 20)
    assert [lot["isPending"] for lot in seen["lots"]["nodes"]] == [False, True]


async def test_available_at_and_released_later_are_not_given_together(api, cast):
    air, _, _ = cast
    before = await photograph(api.coalition)
    document = "mutation($input: IssuePointsInput!) { issuePoints(input: $input) { postedAt } }"
    given = {
        "idempotencyKey": "k",
        "account": {"reference": "a-1"},
        "points": 1,
        "availableAt": "2026-03-02T12:00:00Z",
        "releasedLater": True,
    }
    assert await air.fault(document, input=given) == "BAD_USER_INPUT"
    assert await photograph(api.coalition) == before


async def test_refunded_points_of_an_expired_lot_live_on_for_a_while_if_asked(api, cast):
    air, shop, ana = cast
    await issue(air, "a-1", 50, expiresAt="2026-03-02T00:00:00Z")
    used = await shop.do("redeemPoints", "entryId", account={"reference": "s-1"}, points=50)
    api.coalition.clock.tick(timedelta(days=5))
    given = {"redemptionId": used["entryId"], "points": 20}
    gone = await shop.do("refundPoints", "expiredPoints", **given)
    assert (gone["expiredPoints"], (await look(ana))["availablePoints"]) == (20, 0)
    before = await photograph(api.coalition)
    for until in ("2026-03-06T12:00:00Z", "2026-04-05T12:00:01Z"):
        error = await shop.refusal("refundPoints", **given, reinstatedUntil=until)
        assert (error["code"], error["path"]) == (
            "GRACE_OUT_OF_BOUNDS",
            ["input", "reinstatedUntil"],
        )
    assert await photograph(api.coalition) == before
    kept = {**given, "reinstatedUntil": "2026-04-05T12:00:00Z", "idempotencyKey": "grace"}
    first = await shop.do("refundPoints", "entryId expiredPoints", **kept)
    assert (first["expiredPoints"], (await look(ana))["availablePoints"]) == (20, 20)
    api.coalition.clock.tick(timedelta(days=60))
    assert await shop.do("refundPoints", "entryId expiredPoints", **kept) == first
