"""Many issues or redemptions at once: each row is what the single mutation is, and stands alone."""

import asyncpg
import pytest

from hub.kernel.ids import IdKind
from hub.ledger.courier import Courier
from tests.api import new_key, write_mutation
from tests.coalition import photograph

FIELDS = (
    "entryId postedAt wallet { availablePoints } userErrors { __typename message code path"
    " ... on InsufficientPoints { availablePoints requiredPoints }"
    " ... on PointsOutOfRange { given pointsMin pointsMax }"
    " ... on DuplicateReference { reference } ... on RowFailed { fault }"
    " ... on OccurredAtOutOfBounds { occurredAt } ... on AccountNotLinked { reference } }"
)


def bulk(name: str) -> str:
    title = name[0].upper() + name[1:]
    whole = "userErrors { code ... on Overloaded { retryAfterSeconds } }"
    return f"""mutation($rows: [{title.removeprefix("Bulk")}Input!]!) {{
        {name}(input: {{rows: $rows}}) {{ {whole} rows {{ {FIELDS} }} }} }}"""


async def send(caller, name, rows):
    """Send rows, and give their answers; the whole is not refused."""
    payload = (await caller.ask(bulk(name), rows=rows))[name]
    assert payload["userErrors"] == []
    return payload["rows"]


def row(points, reference="a-1", key=None, **given):
    account = {"reference": reference}
    return {"idempotencyKey": key or new_key(), "account": account, "points": points, **given}


async def alone(caller, name, given):
    """Send one row as the single mutation does."""
    title = name[0].upper() + name[1:]
    document = f"mutation($i: {title}Input!) {{ {name}(input: $i) {{ {FIELDS} }} }}"
    return (await caller.ask(document, i=given))[name]


def without_path(answer):
    return {**answer, "userErrors": [{**e, "path": None} for e in answer["userErrors"]]}


async def test_rows_are_answered_in_their_order_and_fail_alone(api):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    rows = [
        row(10, reference="a-1"),
        row(0),
        row(20),
        row(5, reference="nobody"),
        row(30, occurredAt="2020-01-01T00:00:00Z"),
        row(40),
    ]
    rows[0]["reference"] = rows[2]["reference"] = "receipt-1"
    answers = await send(air, "bulkIssuePoints", rows)
    assert [answer["entryId"] is not None for answer in answers] == [
        True, False, False, False, False, True,
    ]  # fmt: skip
    errors = [[(e["__typename"], e["path"]) for e in answer["userErrors"]] for answer in answers]
    assert errors == [
        [],
        [("PointsOutOfRange", ["input", "rows", "1", "points"])],
        [("DuplicateReference", ["input", "rows", "2", "reference"])],
        [("AccountNotLinked", ["input", "rows", "3", "account"])],
        [("OccurredAtOutOfBounds", ["input", "rows", "4", "occurredAt"])],
        [],
    ]
    assert [answer["wallet"] for answer in answers] == [
        {"availablePoints": 50}, None, None, None, None, {"availablePoints": 50},
    ]  # fmt: skip
    lots = await api.coalition.query("SELECT points FROM ledger.lots ORDER BY lot_id")
    assert [lot["points"] for lot in lots] == [10, 40]


@pytest.mark.parametrize("is_bulk_first", [True, False])
async def test_a_row_is_exactly_what_the_single_mutation_is(api, is_bulk_first):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    await send(air, "bulkIssuePoints", [row(100)])
    rows = [
        row(60, reference="a-1"),
        row(60),
        row(-1),
        row(5, reference="nobody"),
        row(5, occurredAt="2020-01-01T00:00:00Z"),
        row(40),
        {**row(1), "reference": "\n"},
        {**row(1), "account": {"walletId": "nothing"}},
    ]

    async def in_bulk():
        return await send(air, "bulkRedeemPoints", rows)

    async def one_by_one():
        return [await alone(air, "redeemPoints", each) for each in rows]

    first, second = (in_bulk, one_by_one) if is_bulk_first else (one_by_one, in_bulk)
    said = [without_path(answer) for answer in await first()]
    before = await photograph(api.coalition)
    again = [without_path(answer) for answer in await second()]
    assert await photograph(api.coalition) == before
    for each in (*said, *again):
        each.pop("wallet")
    assert again == said
    codes = [[error["__typename"] for error in answer["userErrors"]] for answer in said]
    assert codes == [
        [],
        ["InsufficientPoints"],
        ["PointsOutOfRange"],
        ["AccountNotLinked"],
        ["OccurredAtOutOfBounds"],
        [],
        ["TextTooLong"],
        ["WalletNotFound"],
    ]
    assert said[1]["userErrors"][0]["availablePoints"] == 40


async def test_rows_of_one_wallet_are_booked_in_their_order(api):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    wallet = air.id(IdKind.WALLET, api.coalition.members["ana"])
    await send(air, "bulkIssuePoints", [row(10)])
    rows = [row(6), row(5), row(4), row(1)]
    rows[1]["account"] = {"walletId": wallet}
    answers = await send(air, "bulkRedeemPoints", rows)
    assert [[e["__typename"] for e in answer["userErrors"]] for answer in answers] == [
        [], ["InsufficientPoints"], [], ["InsufficientPoints"],
    ]  # fmt: skip
    assert answers[1]["userErrors"][0]["availablePoints"] == 4


async def test_a_key_twice_in_one_bulk_is_done_once(api):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    rows = [row(7, key="k"), row(7, key="k"), row(8, key="k")]
    one, same, other = await send(air, "bulkIssuePoints", rows)
    assert one == same
    assert one["userErrors"] == []
    assert [error["code"] for error in other["userErrors"]] == ["IDEMPOTENCY_CONFLICT"]
    assert await api.coalition.value("SELECT count(*) FROM ledger.lots") == 1
    again = await send(air, "bulkIssuePoints", rows)
    assert again == [one, same, other]


async def test_a_full_queue_refuses_the_whole_before_anything_is_taken_in(api):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    for courier in api.coalition.hub.poster.couriers:
        courier._settings = courier._settings.model_copy(update={"queue_max": 2})
    before = await photograph(api.coalition)
    rows = [row(1), row(2), row(3)]
    payload = (await air.ask(bulk("bulkIssuePoints"), rows=rows))["bulkIssuePoints"]
    assert payload == {"userErrors": [{"code": "OVERLOADED", "retryAfterSeconds": 1}], "rows": []}
    assert await photograph(api.coalition) == before
    answers = await send(air, "bulkIssuePoints", rows[:2])
    assert [answer["userErrors"] for answer in answers] == [[], []]


async def test_a_row_that_breaks_the_ledger_leaves_the_others_alone(api, monkeypatch):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    original = Courier._call

    async def poisoned(self, batch):
        if any(one.points == 13 for parcel in batch for one in parcel.operations):
            raise asyncpg.DataError("poison")
        return await original(self, batch)

    monkeypatch.setattr(Courier, "_call", poisoned)
    answers = await send(air, "bulkIssuePoints", [row(n) for n in (11, 12, 13, 14)])
    assert [answer["entryId"] is not None for answer in answers] == [True, True, False, True]
    (error,) = answers[2]["userErrors"]
    assert (error["__typename"], error["path"]) == ("RowFailed", ["input", "rows", "2"])
    assert len(error["fault"]) == 16
    assert await api.coalition.value("SELECT sum(points)::bigint FROM ledger.lots") == 37


async def test_a_thousand_rows_leave_in_a_few_batches_with_one_question_for_their_accounts(api):
    air = await api.partner("AIR")
    for index in range(5):
        await api.member(f"m{index}", AIR=f"r{index}")
    hub = api.coalition.hub
    batches = hub.poster.batch_count
    rows = [row(1, reference=f"r{index % 5}") for index in range(1000)]
    await air.ask("{ viewer { kind } }")  # from now on the token is known
    with api.counted() as statements:
        answers = await send(air, "bulkIssuePoints", rows)
    assert [answer["userErrors"] for answer in answers] == [[]] * 1000
    assert hub.poster.batch_count - batches <= 4
    assert len(statements) == 1  # the points of all wallets
    assert {answer["wallet"]["availablePoints"] for answer in answers} == {200}
    too_many = await air.fault(bulk("bulkIssuePoints"), rows=[*rows, rows[0]])
    assert too_many == "BAD_USER_INPUT"
    assert await air.fault(bulk("bulkIssuePoints"), rows=[]) == "BAD_USER_INPUT"


async def test_a_row_that_nobody_may_send_refuses_the_whole(api):
    air = await api.partner("AIR")
    await api.partner("SHOP")
    await api.member("ana", AIR="a-1")
    before = await photograph(api.coalition)
    rows = [row(1), row(1, issuer="SHOP")]
    body = await air.send(bulk("bulkIssuePoints"), rows=rows)
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["message"] == "Row 1: A partner is always its own issuer: leave `issuer` out."
    assert await photograph(api.coalition) == before


async def test_a_bulk_is_no_way_to_probe_a_balance(api):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    await send(air, "bulkIssuePoints", [row(10)])
    answers = await send(air, "bulkRedeemPoints", [row(11 + index) for index in range(25)])
    codes = [[error["code"] for error in answer["userErrors"]] for answer in answers]
    assert codes.count(["INSUFFICIENT_POINTS"]) == 20
    assert codes.count(["OVERLOADED"]) == 5
    # From now on nothing is even asked of this wallet, and other rows are left alone.
    await api.member("ben", AIR="b-1")
    rows = [row(1), row(1, reference="b-1")]
    answers = await send(air, "bulkRedeemPoints", rows)
    codes = [[error["code"] for error in answer["userErrors"]] for answer in answers]
    assert codes == [["OVERLOADED"], ["INSUFFICIENT_POINTS"]]


async def test_what_a_mutation_answers_is_read_after_it_whoever_is_meant(api):
    air = await api.partner("AIR")
    ana = await api.member("ana", AIR="a-1")
    await send(air, "bulkIssuePoints", [row(10)])
    member = (await air.ask('{ member(account: {reference: "a-1"}) { id } }'))["member"]
    given = {"idempotencyKey": "k", "account": {"memberId": member["id"]}, "points": 5}
    answer = await air.ask(write_mutation("issuePoints", "wallet { availablePoints }"), input=given)
    assert answer["issuePoints"]["wallet"] == {"availablePoints": 15}
    paid = await ana.do("cashOutPoints", "wallet { availablePoints }", points=4, agent="AIR")
    assert paid["wallet"] == {"availablePoints": 11}
