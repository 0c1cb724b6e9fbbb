"""What one purchase brings: a lot for each reason, all of them or none, under one key."""

import asyncio

import pytest

from tests.api import keys
from tests.coalition import photograph

PORTIONS = (
    "portions { reason entryId lotId lot { points issuer { code } } } wallet { balancePoints }"
)
BASE = {"points": 100}
BONUS = {"points": 25, "reason": "tier bonus"}
CAMPAIGN = {"points": 7, "reason": "spring"}


@pytest.fixture
async def air(api):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    return air


async def buy(caller, *portions, **given):
    return await caller.do(
        "issuePurchase",
        PORTIONS,
        **{"account": {"reference": "a-1"}, "portions": list(portions), **given},
    )


async def refusal(caller, *portions, **given):
    payload = await buy(caller, *portions, **given)
    assert (payload["portions"], payload["wallet"]) == ([], None)
    (error,) = payload["userErrors"]
    return error["code"], error["path"]


async def test_each_reason_has_an_entry_and_a_lot_of_its_own(api, air):
    bought = await buy(air, BASE, BONUS, CAMPAIGN, reference="receipt-1")
    assert bought["userErrors"] == []
    assert [(each["reason"], each["lot"]["points"]) for each in bought["portions"]] == [
        ("base", 100),
        ("tier bonus", 25),
        ("spring", 7),
    ]
    assert bought["wallet"] == {"balancePoints": 132}
    rows = await api.coalition.query("SELECT reason, reference, points FROM ledger.entries")
    assert sorted(map(tuple, rows)) == [
        ("base", "receipt-1", 100),
        ("spring", "receipt-1", 7),
        ("tier bonus", "receipt-1", 25),
    ]


async def test_the_same_key_gives_the_same_answer_and_books_nothing(api, air):
    first = await buy(air, BASE, BONUS, idempotencyKey="k")
    before = await photograph(api.coalition)
    assert await buy(air, BASE, BONUS, idempotencyKey="k") == first
    assert await photograph(api.coalition) == before


async def test_one_key_twenty_times_at_once_is_one_purchase(api, air):
    answers = await asyncio.gather(*[buy(air, BASE, BONUS, idempotencyKey="k") for _ in range(20)])
    assert len({str(answer["portions"]) for answer in answers}) == 1
    assert await api.coalition.value("SELECT count(*) FROM ledger.entries") == 2


@pytest.mark.parametrize(
    "other",
    [
        [BASE],
        [BASE, BONUS, CAMPAIGN],
        [BONUS, BASE],
        [BASE, {**BONUS, "points": 26}],
        [BASE, {**BONUS, "reason": "tier"}],
        [BASE, {**BONUS, "releasedLater": True}],
        [BASE, {**BONUS, "expiresAt": "2027-01-01T00:00:00Z"}],
        [BASE, {**BONUS, "restriction": {"isTransferable": False}}],
    ],
)
async def test_the_same_key_with_another_purchase_is_a_conflict(api, air, other):
    await buy(air, BASE, BONUS, idempotencyKey="k")
    before = await photograph(api.coalition)
    found = await refusal(air, *other, idempotencyKey="k")
    assert found == ("IDEMPOTENCY_CONFLICT", ["input", "idempotencyKey"])
    assert await photograph(api.coalition) == before


async def test_a_key_is_for_a_purchase_or_for_an_issue_not_for_both(api, air):
    await buy(air, BASE, idempotencyKey="purchase")
    given = {"account": {"reference": "a-1"}, "points": 100}
    issued = await air.do("issuePoints", "entryId", **given, idempotencyKey="issue")
    assert issued["userErrors"] == []
    before = await photograph(api.coalition)
    error = await air.refusal("issuePoints", **given, idempotencyKey="purchase")
    assert error["code"] == "IDEMPOTENCY_CONFLICT"
    assert (await refusal(air, BASE, idempotencyKey="issue"))[0] == "IDEMPOTENCY_CONFLICT"
    assert await photograph(api.coalition) == before


async def test_a_reference_that_was_issued_for_one_reason_refuses_the_whole_and_names_it(api, air):
    await buy(air, BONUS, reference="r")
    before = await photograph(api.coalition)
    found = await refusal(air, BASE, BONUS, CAMPAIGN, reference="r", idempotencyKey="k")
    assert found == ("DUPLICATE_REFERENCE", ["input", "portions", "1", "reference"])
    assert await photograph(api.coalition) == before
    again = await refusal(air, BASE, BONUS, CAMPAIGN, reference="r", idempotencyKey="k")
    assert again == found
    taken = await buy(air, BASE, CAMPAIGN, reference="r")
    assert [each["reason"] for each in taken["portions"]] == ["base", "spring"]


@pytest.mark.parametrize(
    ("portions", "expected"),
    [
        ([], ("PORTION_COUNT_OUT_OF_RANGE", ["input", "portions"])),
        (
            [{"points": 1, "reason": str(each)} for each in range(21)],
            ("PORTION_COUNT_OUT_OF_RANGE", ["input", "portions"]),
        ),
        ([BASE, BASE], ("REASON_REPEATED", ["input", "portions", "1", "reason"])),
        (
            [BASE, {**BONUS, "points": 0}],
            ("POINTS_OUT_OF_RANGE", ["input", "portions", "1", "points"]),
        ),
        (
            [BASE, BONUS, {"points": 1, "reason": ""}],
            ("TEXT_TOO_LONG", ["input", "portions", "2", "reason"]),
        ),
        (
            [BASE, {**BONUS, "expiresAt": "2026-03-01T12:00:00Z"}],
            ("EXPIRES_TOO_EARLY", ["input", "portions", "1", "expiresAt"]),
        ),
        (
            [BASE, {**BONUS, "restriction": {"acceptors": ["NOBODY"]}}],
            ("PARTNER_NOT_FOUND", ["input", "portions", "1"]),
        ),
    ],
)
async def test_a_portion_that_cannot_be_issued_refuses_the_whole(api, air, portions, expected):
    before = await photograph(api.coalition)
    assert await refusal(air, *portions) == expected
    assert await photograph(api.coalition) == before


async def test_twenty_portions_are_one_purchase(api, air):
    portions = [{"points": 1, "reason": f"reason {each}"} for each in range(20)]
    assert (await buy(air, *portions))["wallet"] == {"balancePoints": 20}


async def test_a_purchase_without_terms_in_force_is_refused_as_a_whole(api):
    rail = await api.partner("RAIL", since=None)
    await api.member("ben", RAIL="a-1")
    assert await refusal(rail, BASE, BONUS) == ("TERMS_NOT_IN_FORCE", ["input"])


async def test_only_the_operator_lets_another_partner_pay_for_a_portion(api, air):
    await api.partner("BANK")
    before = await photograph(api.coalition)
    given = {"account": {"reference": "a-1"}, "idempotencyKey": f"funder-{next(keys)}"}
    document = "mutation($input: IssuePurchaseInput!) { issuePurchase(input: $input) { postedAt } }"
    funded = {**BONUS, "funder": "BANK"}
    fault = await air.fault(document, input={**given, "portions": [BASE, funded]})
    assert fault == "FORBIDDEN"
    assert await photograph(api.coalition) == before
    account = {"linkedAccount": {"partner": "AIR", "reference": "a-1"}}
    operator = await api.operator()
    bought = await buy(operator, BASE, funded, issuer="AIR", account=account)
    assert bought["userErrors"] == []
    numbers = {code: each.partner_id for code, each in api.coalition.partners.items()}
    rows = await api.coalition.query("SELECT points, issuer_id, funder_id FROM ledger.lots")
    assert sorted(map(tuple, rows)) == [
        (25, numbers["AIR"], numbers["BANK"]),
        (100, numbers["AIR"], numbers["AIR"]),
    ]
