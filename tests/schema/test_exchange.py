"""Points become a partner's own currency: what is received, what moves, and who owes whom."""

import asyncio
from datetime import UTC, datetime

import pytest

from hub.kernel.ids import IdKind
from partners.terms import Funding
from tests.api import issue
from tests.coalition import DAY, START, photograph

OWED = """query($id: ID!) { explain(id: $id) { english: inWords(language: EN) inWords(language: ZH)
    obligations(first: 20) { nodes {
    kind debtor { code } creditor { code } exact currency } } } }"""
RECEIVED = "received { units bonusUnits keptUnits offer { version currency { code nameZh } } }"
QUOTE = """query($points: Points!, $partner: String, $account: AccountInput) {
  exchangeQuote(points: $points, partner: $partner, account: $account) {
    isPossible units bonusUnits smallerPoints largerPoints leftTodayPoints largestPoints } }"""
OFFERS = """query($partner: String, $all: Boolean! = false) {
  exchangeOffers(partner: $partner, includesEnded: $all) { nodes { version partner { code }
    currency { code nameEn nameZh } givePoints getUnits minimumPoints stepPoints blockPoints
    bonusUnits dayCapPoints needsNameMatch isRefundable effectiveFrom effectiveUntil } } }"""
HOTEL = {
    "give_points": 3,
    "minimum_points": 3_000,
    "step_points": 3_000,
    "block_points": 60_000,
    "bonus_units": 5_000,
}
"""Three points a mile, in steps of 3,000, and 5,000 miles more for every 60,000."""


@pytest.fixture
async def cast(api):
    air = await api.partner("AIR", funding=Funding.ON_ISSUE)
    shop = await api.partner("SHOP", funding=Funding.ON_REDEMPTION)
    miles = await api.partner("MILES")
    await api.coalition.offer("MILES", give_points=3, step_points=3, needs_name_match=True)
    ana = await api.member("ana", AIR="a-1", SHOP="s-1", MILES="m-1")
    return air, shop, miles, ana


def asked(points, **given):
    return {
        "account": {"reference": "m-1"},
        "points": points,
        "reference": "credit-77",
        "isNameMatched": True,
        **given,
    }


async def new_offer(api, code, **fields):
    """A version that applies from now on; the one before it has ended."""
    await api.coalition.query(
        "UPDATE exchange_offers SET effective_until = $1 WHERE effective_until IS NULL",
        api.coalition.clock.now,
    )
    return await api.coalition.offer(code, effective_from=api.coalition.clock.now, **fields)


async def test_an_exchange_is_paid_like_a_redemption_without_a_fee(api, cast):
    air, shop, miles, ana = cast
    await issue(air, "a-1", 100)
    await issue(shop, "s-1", 50)
    wanted = f"entryId entry {{ kind points reference }} {RECEIVED}"
    done = await miles.do("exchangePoints", wanted, **asked(120))
    assert done["entry"] == {"kind": "EXCHANGE", "points": 120, "reference": "credit-77"}
    assert done["received"] == {
        "units": 40,
        "bonusUnits": 0,
        "keptUnits": 40,
        "offer": {"version": "MILES-1", "currency": {"code": "MILES", "nameZh": "里程"}},
    }
    assert (await ana.ask("{ wallet { availablePoints } }"))["wallet"]["availablePoints"] == 30
    operator = await api.operator()
    place = miles.audience.find_place(IdKind.ENTRY, done["entryId"])
    found = (await operator.ask(OWED, id=operator.id(IdKind.ENTRY, place)))["explain"]
    owed = sorted(
        (
            each["kind"],
            each["debtor"]["code"],
            each["creditor"]["code"],
            each["exact"],
            each["currency"],
        )
        for each in found["obligations"]["nodes"]
    )
    # 100 points of AIR at 0.0078, of the 0.0090 that the pool has; 20 of SHOP at its own 0.0080.
    assert owed == [
        ("POOL_MARGIN", "POOL", "HUB", "0.12", "EUR"),
        ("REIMBURSE", "POOL", "MILES", "0.78", "EUR"),
        ("REIMBURSE", "SHOP", "MILES", "0.16", "EUR"),
    ]
    assert found["english"][0] == "120 points became 40 miles at MILES."
    assert found["inWords"][0] == "120 积分在 MILES 换成了 40 里程。"


async def test_sixty_three_thousand_points_are_twenty_six_thousand_miles(api, cast):
    air, _, miles, _ = cast
    await new_offer(api, "MILES", **HOTEL)
    await issue(air, "a-1", 100_000)
    done = await miles.do("exchangePoints", RECEIVED, **asked(63_000))
    received = done["received"]
    assert (received["units"], received["bonusUnits"]) == (26_000, 5_000)


async def test_a_number_that_does_not_pass_is_told_those_that_do(api, cast):
    air, _, miles, _ = cast
    await new_offer(api, "MILES", **HOTEL)
    await issue(air, "a-1", 100_000)
    before = await photograph(api.coalition)
    document = """mutation($input: ExchangePointsInput!) { exchangePoints(input: $input) {
        entryId received { units } userErrors { code path
            ... on NotInStep { stepPoints belowPoints abovePoints }
            ... on MinimumNotReached { minimumPoints requiredPoints } } } }"""
    for points, error in {
        62_000: {
            "code": "NOT_IN_STEP",
            "path": ["input", "points"],
            "stepPoints": 3_000,
            "belowPoints": 60_000,
            "abovePoints": 63_000,
        },
        2_999: {
            "code": "MINIMUM_NOT_REACHED",
            "path": ["input", "points"],
            "minimumPoints": 3_000,
            "requiredPoints": 2_999,
        },
    }.items():
        given = asked(points, idempotencyKey=f"k-{points}")
        done = (await miles.ask(document, input=given))["exchangePoints"]
        assert done == {"entryId": None, "received": None, "userErrors": [error]}
    assert await photograph(api.coalition) == before


async def test_an_exchange_is_for_good(api, cast):
    air, _, miles, _ = cast
    await issue(air, "a-1", 100)
    done = await miles.do("exchangePoints", "entryId", **asked(99))
    before = await photograph(api.coalition)
    error = await miles.refusal("refundPoints", redemptionId=done["entryId"], points=99)
    assert error["code"] == "UNKNOWN_REFERENCE"
    assert await photograph(api.coalition) == before


async def test_after_a_refund_the_member_keeps_what_the_rest_would_have_given(api, cast):
    air, _, miles, ana = cast
    await new_offer(api, "MILES", **HOTEL, is_refundable=True)
    await issue(air, "a-1", 130_000)
    done = await miles.do("exchangePoints", f"entryId {RECEIVED}", **asked(120_000))
    assert done["received"]["units"] == 50_000
    kept = []
    for points in (3_000, 57_000, 60_000):
        back = await miles.do(
            "refundPoints",
            "entry { exchange { units } givesBack { exchange { units keptUnits } } }",
            redemptionId=done["entryId"],
            points=points,
        )
        assert back["entry"]["exchange"] is None
        assert back["entry"]["givesBack"]["exchange"]["units"] == 50_000
        kept.append(back["entry"]["givesBack"]["exchange"]["keptUnits"])
    # One block less, still one block, nothing.
    assert kept == [44_000, 25_000, 0]
    assert (await ana.ask("{ wallet { availablePoints } }"))["wallet"]["availablePoints"] == 130_000
    operator = await api.operator()
    place = miles.audience.find_place(IdKind.ENTRY, done["entryId"])
    explained = await operator.ask(OWED, id=operator.id(IdKind.ENTRY, place))
    totals = [one["exact"] for one in explained["explain"]["obligations"]["nodes"]]
    assert sorted(totals) == ["144", "936"]


async def test_what_may_not_be_exchanged_is_refused(api, cast):
    air, _, miles, _ = cast
    await issue(air, "a-1", 100, restriction={"isExchangeable": False})
    await issue(air, "a-1", 9)
    before = await photograph(api.coalition)
    error = await miles.refusal("exchangePoints", **asked(12))
    assert (error["code"], error["availablePoints"]) == ("INSUFFICIENT_POINTS", 9)
    error = await miles.refusal("exchangePoints", **asked(9, isNameMatched=False))
    assert (error["code"], error["path"]) == ("NAME_NOT_MATCHED", ["input", "isNameMatched"])
    error = await air.refusal("exchangePoints", **asked(9, account={"reference": "a-1"}))
    assert error["code"] == "EXCHANGE_NOT_OFFERED"
    assert await photograph(api.coalition) == before


async def test_without_an_account_at_the_partner_no_name_matches(api, cast):
    air, _, _, _ = cast
    operator = await api.operator()
    await api.member("ben", AIR="b-1")
    await issue(air, "b-1", 90)
    await issue(air, "a-1", 90)
    before = await photograph(api.coalition)
    for_ben = asked(9, account={"linkedAccount": {"partner": "AIR", "reference": "b-1"}})
    error = await operator.refusal("exchangePoints", partner="MILES", **for_ben)
    assert error["code"] == "NAME_NOT_MATCHED"
    assert await photograph(api.coalition) == before
    for_ana = asked(9, account={"linkedAccount": {"partner": "AIR", "reference": "a-1"}})
    done = await operator.do("exchangePoints", "entryId", partner="MILES", **for_ana)
    assert done["userErrors"] == []


async def test_the_same_key_exchanges_once_and_gives_the_same_again(api, cast):
    air, _, miles, _ = cast
    await issue(air, "a-1", 100)
    wanted = f"entryId {RECEIVED}"
    first = await miles.do("exchangePoints", wanted, **asked(39), idempotencyKey="k")
    api.coalition.clock.tick(DAY)
    await new_offer(api, "MILES", give_points=1, minimum_points=50)
    before = await photograph(api.coalition)
    assert await miles.do("exchangePoints", wanted, **asked(39), idempotencyKey="k") == first
    assert first["received"]["units"] == 13
    assert await photograph(api.coalition) == before


async def test_what_an_offer_refused_is_refused_again_whatever_is_offered_by_then(api, cast):
    """Rule book 1.9.1: ask again with a new key."""
    air, _, miles, _ = cast
    await new_offer(api, "MILES", minimum_points=20, step_points=10)
    await issue(air, "a-1", 100)
    told = (
        "userErrors { ... on MinimumNotReached { minimumPoints } ... on NotInStep { stepPoints } }"
    )
    refused = {
        key: (await miles.do("exchangePoints", told, **asked(points), idempotencyKey=key))
        for key, points in (("few", 10), ("odd", 25))
    }
    assert refused["few"]["userErrors"][0]["minimumPoints"] == 20
    assert refused["odd"]["userErrors"][0]["stepPoints"] == 10
    nothing = await air.refusal(
        "exchangePoints", **asked(5, account={"reference": "a-1"}), idempotencyKey="none"
    )
    api.coalition.clock.tick(DAY)
    await new_offer(api, "MILES")
    await api.coalition.offer("AIR")
    before = await photograph(api.coalition)
    for key, points in (("few", 10), ("odd", 25)):
        again = await miles.do("exchangePoints", told, **asked(points), idempotencyKey=key)
        assert again == refused[key]
    assert nothing == await air.refusal(
        "exchangePoints", **asked(5, account={"reference": "a-1"}), idempotencyKey="none"
    )
    error = await miles.refusal("exchangePoints", **asked(11), idempotencyKey="few")
    assert error["code"] == "IDEMPOTENCY_CONFLICT"
    assert await photograph(api.coalition) == before
    done = await miles.do("exchangePoints", RECEIVED, **asked(10))
    assert done["received"]["units"] == 10


async def test_a_refused_key_stays_refused_after_the_member_was_merged(api, cast):
    air, _, miles, _ = cast
    operator = await api.operator()
    anna = await api.member("anna", MILES="m-2")
    await issue(air, "a-1", 90)
    for_anna = asked(10, account={"reference": "m-2"})
    error = await miles.refusal("exchangePoints", **for_anna, idempotencyKey="k")
    assert error["code"] == "NOT_IN_STEP"
    gone, survivor = (
        operator.id(IdKind.MEMBER, api.coalition.members[name].number) for name in ("anna", "ana")
    )
    merged = await operator.do("mergeMembers", "status", memberId=gone, survivorId=survivor)
    assert merged["status"] == "DONE"
    await new_offer(api, "MILES")
    assert await miles.refusal("exchangePoints", **for_anna, idempotencyKey="k") == error
    assert (await anna.ask("{ wallet { availablePoints } }"))["wallet"]["availablePoints"] == 90


async def test_a_partner_gives_several_currencies_at_a_time(api, cast):
    """Each has its own versions and its own day; one must be named where there are several."""
    air, _, miles, ana = cast
    await new_offer(api, "MILES", day_cap_points=50)
    await api.coalition.offer("MILES", currency="NIGHTS", get_units=2, day_cap_points=30)
    await issue(air, "a-1", 200)
    before = await photograph(api.coalition)
    told = "userErrors { ... on CurrencyNotNamed { partner currencies } }"
    (error,) = (await miles.do("exchangePoints", told, **asked(10)))["userErrors"]
    assert (error["code"], error["path"]) == ("CURRENCY_NOT_NAMED", ["input", "currency"])
    assert (error["partner"], error["currencies"]) == ("MILES", "MILES, NIGHTS")
    error = await miles.refusal("exchangePoints", **asked(10, currency="STARS"))
    assert error["code"] == "EXCHANGE_NOT_OFFERED"
    assert await photograph(api.coalition) == before
    for currency, points, units in (("NIGHTS", 30, 60), ("MILES", 50, 50)):
        done = await miles.do("exchangePoints", RECEIVED, **asked(points, currency=currency))
        received = done["received"]
        assert (received["units"], received["offer"]["currency"]["code"]) == (units, currency)
        error = await miles.refusal("exchangePoints", **asked(1, currency=currency))
        assert error["code"] == "CAP_REACHED"
    quote = """query($currency: String) { exchangeQuote(points: 5, partner: "MILES",
        currency: $currency) { offer { currency { code } } leftTodayPoints } }"""
    quoted = (await ana.ask(quote, currency="NIGHTS"))["exchangeQuote"]
    assert quoted == {"offer": {"currency": {"code": "NIGHTS"}}, "leftTodayPoints": 0}
    assert (await ana.ask(quote, currency="STARS"))["exchangeQuote"] is None
    assert await ana.fault(quote) == "BAD_USER_INPUT"
    listed = (await ana.ask(OFFERS, partner="MILES"))["exchangeOffers"]["nodes"]
    assert [one["currency"]["code"] for one in listed] == ["NIGHTS", "MILES"]


async def test_a_quote_says_what_points_give_and_which_numbers_pass(api, cast):
    _, _, miles, ana = cast
    await new_offer(api, "MILES", **HOTEL)
    nothing_of_today = {"leftTodayPoints": None, "largestPoints": 999_999_999_000}
    assert (await ana.ask(QUOTE, points=63_000, partner="MILES"))["exchangeQuote"] == {
        "isPossible": True,
        "units": 26_000,
        "bonusUnits": 5_000,
        "smallerPoints": 63_000,
        "largerPoints": 63_000,
        **nothing_of_today,
    }
    for points, smaller, larger in ((62_000, 60_000, 63_000), (-5, None, 3_000), (1, None, 3_000)):
        assert (await miles.ask(QUOTE, points=points))["exchangeQuote"] == {
            "isPossible": False,
            "units": None,
            "bonusUnits": None,
            "smallerPoints": smaller,
            "largerPoints": larger,
            **nothing_of_today,
        }
    for nothing in ("AIR", "POOL", "NOBODY"):
        quoted = await ana.ask(QUOTE, points=3, partner=nothing)
        assert quoted == {"exchangeQuote": None}
    assert await ana.fault(QUOTE, points=3) == "BAD_USER_INPUT"


async def test_a_quote_tells_what_is_left_of_the_day_to_whom_it_concerns(api, cast):
    air, shop, miles, ana = cast
    await new_offer(api, "MILES", step_points=10, minimum_points=20, day_cap_points=100)
    await issue(air, "a-1", 500)
    await miles.do("exchangePoints", **asked(60))

    async def quote(caller, points, **account):
        given = {"account": account} if account else {}
        quoted = await caller.ask(QUOTE, points=points, partner="MILES", **given)
        keys = ("isPossible", "smallerPoints", "largerPoints", "leftTodayPoints", "largestPoints")
        return tuple(quoted["exchangeQuote"][key] for key in keys)

    assert await quote(ana, 40) == (True, 40, 40, 40, 40)
    assert await quote(ana, 45) == (False, 40, None, 40, 40)
    assert await quote(miles, 50, reference="m-1") == (False, 40, None, 40, 40)
    operator = await api.operator()
    linked = {"partner": "AIR", "reference": "a-1"}
    assert await quote(operator, 20, linkedAccount=linked) == (True, 20, 20, 40, 40)
    # Another partner learns what the offer says, and nothing of the member.
    assert await quote(shop, 50, reference="s-1") == (True, 50, 50, None, 100)
    assert await quote(miles, 50) == (True, 50, 50, None, 100)
    api.coalition.clock.tick(DAY / 2)
    assert await quote(ana, 100) == (True, 100, 100, 100, 100)


async def test_offers_are_listed_to_everybody(api, cast):
    air, _, _, ana = cast
    await api.coalition.offer("AIR", effective_from=START + DAY, effective_until=START + 2 * DAY)
    await new_offer(api, "MILES", **HOTEL, needs_name_match=True, day_cap_points=240_000)
    for caller in (ana, air, await api.operator()):
        listed = (await caller.ask(OFFERS))["exchangeOffers"]["nodes"]
        assert [(one["partner"]["code"], one["version"]) for one in listed] == [
            ("AIR", "AIR-1"),
            ("MILES", "MILES-2"),
        ]
    assert listed[1] == {
        "version": "MILES-2",
        "partner": {"code": "MILES"},
        "currency": {"code": "MILES", "nameEn": "miles", "nameZh": "里程"},
        "givePoints": 3,
        "getUnits": 1,
        "minimumPoints": 3_000,
        "stepPoints": 3_000,
        "blockPoints": 60_000,
        "bonusUnits": 5_000,
        "dayCapPoints": 240_000,
        "needsNameMatch": True,
        "isRefundable": False,
        "effectiveFrom": "2026-03-01T12:00:00Z",
        "effectiveUntil": None,
    }
    past = (await ana.ask(OFFERS, partner="MILES", all=True))["exchangeOffers"]["nodes"]
    assert [one["version"] for one in past] == ["MILES-1", "MILES-2"]


async def test_what_was_kept_of_many_exchanges_is_one_query(api, cast):
    air, _, miles, ana = cast
    await new_offer(api, "MILES", is_refundable=True)
    await issue(air, "a-1", 100)
    for points in (10, 20, 30):
        done = await miles.do("exchangePoints", "entryId", **asked(points))
        await miles.do("refundPoints", redemptionId=done["entryId"], points=points // 5)
    document = """{ wallet { activity(which: {kinds: [EXCHANGE]}) { nodes {
        exchange { units keptUnits } } } } }"""
    with api.counted() as statements:
        found = (await ana.ask(document))["wallet"]["activity"]["nodes"]
    assert [(one["exchange"]["units"], one["exchange"]["keptUnits"]) for one in found] == [
        (30, 24),
        (20, 16),
        (10, 8),
    ]
    assert len([one for one in statements if "ref_seq" in one and "sum(" in one]) == 1


async def test_many_exchanges_at_once_take_exactly_what_the_day_allows(api, cast):
    """The day is that of the coalition, and the cap is the lane's: nobody overtakes."""
    air, _, miles, ana = cast
    await new_offer(api, "MILES", day_cap_points=100)
    await issue(air, "a-1", 1_000)
    done = await asyncio.gather(*[miles.do("exchangePoints", **asked(7)) for _ in range(30)])
    codes = [[error["code"] for error in one["userErrors"]] for one in done]
    assert codes.count([]) == 14
    assert codes.count(["CAP_REACHED"]) == 16
    assert (await ana.ask("{ wallet { availablePoints } }"))["wallet"]["availablePoints"] == 902
    rest = await asyncio.gather(*[miles.do("exchangePoints", **asked(1)) for _ in range(5)])
    assert [len(one["userErrors"]) for one in rest].count(0) == 2
    (cap,) = await api.coalition.query("SELECT starts_at, ends_at, limit_amount FROM ledger.caps")
    day = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    assert tuple(cap) == (*day, 100)
