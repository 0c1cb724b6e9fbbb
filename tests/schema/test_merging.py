"""Merging members through the API: every id and every reference works before and after."""

import asyncio

import pytest

from hub.kernel.ids import IdKind
from hub.wiring import open_hub
from tests.api import issue, open_api
from tests.coalition import DAY, Coalition, photograph

WALLET = "query($account: AccountInput) { wallet(account: $account) { id availablePoints } }"
MERGED = "status survivor { id linkedAccounts { reference } wallet { availablePoints } }"
NODE = "query($id: ID!) { node(id: $id) { __typename id } }"


@pytest.fixture
async def cast(api):
    """anna is known to AIR and SHOP, ana to AIR: they are one."""
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    await api.coalition.member("anna", lane=9)
    anna = await api.member("anna", AIR="a-1", SHOP="s-1")
    ana = await api.member("ana", AIR="a-2")
    return air, shop, anna, ana


async def merge(api, **given):
    operator = await api.operator()
    ids = {
        name: operator.id(IdKind.MEMBER, api.coalition.members[name].number)
        for name in ("anna", "ana")
    }
    return await operator.do(
        "mergeMembers", MERGED, memberId=ids["anna"], survivorId=ids["ana"], **given
    )


async def unmerge(api, **given):
    operator = await api.operator()
    gone = operator.id(IdKind.MEMBER, api.coalition.members["anna"].number)
    return await operator.do(
        "unmergeMembers", "status member { wallet { availablePoints } }", memberId=gone, **given
    )


async def look(caller, **account):
    return (await caller.ask(WALLET, account=account or None))["wallet"]["availablePoints"]


async def test_two_become_one_and_every_reference_leads_to_the_survivor(api, cast):
    air, shop, anna, ana = cast
    await issue(air, "a-1", 100)
    await issue(air, "a-2", 5)
    done = await merge(api, idempotencyKey="m")
    assert (done["userErrors"], done["status"]) == ([], "DONE")
    references = [each["reference"] for each in done["survivor"]["linkedAccounts"]]
    assert (references, done["survivor"]["wallet"]) == (
        ["a-1", "a-2", "s-1"],
        {"availablePoints": 105},
    )
    assert await merge(api, idempotencyKey="m") == done
    for caller, account in (
        (air, {"reference": "a-1"}),
        (air, {"reference": "a-2"}),
        (shop, {"reference": "s-1"}),
        (anna, {}),
        (ana, {}),
    ):
        assert await look(caller, **account) == (0 if caller is shop else 105)
    await issue(air, "a-1", 10)
    paid = await shop.do(
        "redeemPoints", "wallet { balancePoints }", account={"reference": "s-1"}, points=115
    )
    assert paid["userErrors"] == []
    assert await look(ana) == 0


async def test_ids_of_the_one_lead_to_the_survivor(api, cast):
    air, _, anna, ana = cast
    await issue(air, "a-1", 100)
    places = api.coalition.members
    before = {
        "memberId": air.id(IdKind.MEMBER, places["anna"].number),
        "walletId": air.id(IdKind.WALLET, places["anna"]),
    }
    await merge(api)
    survivor = {
        "memberId": air.id(IdKind.MEMBER, places["ana"].number),
        "walletId": air.id(IdKind.WALLET, places["ana"]),
    }
    for name, old in before.items():
        assert (await look(air, **{name: old})) == 100
        assert (await air.ask(NODE, id=old))["node"]["id"] == survivor[name]
    assert (await anna.ask("{ viewer { member { id } } }"))["viewer"]["member"] is not None
    assert await look(anna) == await look(ana) == 100


async def test_a_retry_after_the_merge_is_answered_and_not_booked_again(api, cast):
    air, _, _, ana = cast
    first = await issue(air, "a-1", 100, idempotencyKey="k")
    portions = {"account": {"reference": "a-1"}, "portions": [{"points": 1}], "reference": "r"}
    bought = await air.do("issuePurchase", "portions { entryId }", **portions, idempotencyKey="p")
    await merge(api)
    before = await photograph(api.coalition)
    assert await issue(air, "a-1", 100, idempotencyKey="k") == first
    again = await air.do("issuePurchase", "portions { entryId }", **portions, idempotencyKey="p")
    assert again == bought
    error = await air.refusal(
        "issuePoints", account={"reference": "a-1"}, points=7, idempotencyKey="k"
    )
    assert error["code"] == "IDEMPOTENCY_CONFLICT"
    assert await photograph(api.coalition) == before
    assert await look(ana) == 101


async def test_a_retry_after_the_merge_was_undone_is_answered_too(api, cast):
    air, _, _, _ = cast
    await merge(api)
    first = await issue(air, "a-1", 10, idempotencyKey="k")
    assert (await unmerge(api))["status"] == "UNDONE"
    before = await photograph(api.coalition)
    assert await issue(air, "a-1", 10, idempotencyKey="k") == first
    assert await photograph(api.coalition) == before


async def test_a_till_refunds_and_an_issuer_reverses_the_day_after_the_merge(api, cast):
    air, shop, _, ana = cast
    issued = await air.do("issuePoints", "entryId lotId", account={"reference": "a-1"}, points=100)
    paid = await shop.do("redeemPoints", "entryId", account={"reference": "s-1"}, points=80)
    await merge(api)
    api.coalition.clock.tick(DAY)
    refunded = await shop.do(
        "refundPoints",
        "wallet { balancePoints }",
        redemptionId=paid["entryId"],
        points=30,
        idempotencyKey="f",
    )
    assert (refunded["userErrors"], refunded["wallet"]) == ([], {"balancePoints": 0})
    assert await look(ana) == 50
    reversed_ = await air.do(
        "reverseIssue",
        "reversedPoints shortPoints wallet { balancePoints }",
        lotId=issued["lotId"],
        points=100,
        mode="UNLIMITED",
        idempotencyKey="v",
    )
    assert reversed_ == {
        "userErrors": [],
        "reversedPoints": 100,
        "shortPoints": 50,
        "wallet": {"balancePoints": 0},
    }
    assert (await ana.ask("{ wallet { owedPoints } }"))["wallet"]["owedPoints"] == 50


async def test_undoing_gives_back_points_and_references(api, cast):
    air, _, anna, ana = cast
    await issue(air, "a-1", 100)
    await issue(air, "a-2", 5)
    await merge(api)
    undone = await unmerge(api)
    assert (undone["status"], undone["member"]) == (
        "UNDONE",
        {"wallet": {"availablePoints": 100}},
    )
    assert (await look(anna), await look(ana)) == (100, 5)
    await issue(air, "a-1", 1)
    await issue(air, "a-2", 1)
    assert (await look(anna), await look(ana)) == (101, 6)


async def test_undoing_what_was_used_is_refused_with_how_much(api, cast):
    air, shop, _, ana = cast
    await issue(air, "a-1", 100)
    await merge(api)
    await shop.do("redeemPoints", account={"reference": "s-1"}, points=30)
    before = await photograph(api.coalition)
    (error,) = (await unmerge(api))["userErrors"]
    assert (error["code"], error["path"]) == ("MERGED_POINTS_USED", ["input", "memberId"])
    assert await photograph(api.coalition) == before
    assert await look(ana) == 70


async def test_another_hub_that_has_not_heard_of_the_merge_follows_it(api, cast):
    """The second hub finds the wallet closed, reads again, and issues to the survivor."""
    air, _, _, ana = cast
    url, clock = api.coalition.url, api.coalition.clock
    async with open_hub(url, clock=clock) as other:
        second = Coalition(other, url, clock, api.coalition.partners, api.coalition.members)
        async with open_api(second) as elsewhere:
            deaf = await elsewhere.sign_in(next(a for a, c in api.callers.items() if c is air))
            await issue(deaf, "a-1", 1)
            other.wallets.forwards._fill([])
            document = """mutation($rows: [IssuePointsInput!]!) {
                bulkIssuePoints(input: {rows: $rows}) {
                    rows { userErrors { code } wallet { balancePoints } } } }"""
            rows = [{"account": {"reference": "a-1"}, "points": 5, "idempotencyKey": "row"}]
            await merge(api)
            forget(other)
            await issue(deaf, "a-1", 10, idempotencyKey="k")
            forget(other)
            answer = await deaf.ask(document, rows=rows)
            forget(other)
            assert await deaf.ask(document, rows=rows) == answer
            assert answer["bulkIssuePoints"]["rows"] == [
                {"userErrors": [], "wallet": {"balancePoints": 16}}
            ]
    assert await look(ana) == 16


def forget(hub):
    """Let a hub know no merge, as before it heard of one."""
    hub.wallets.forwards._fill([])


async def test_issues_through_the_api_while_it_merges_are_all_there_once(api, cast):
    air, _, _, ana = cast

    async def earn(number):
        return [await issue(air, "a-1", 1, idempotencyKey=f"{number}-{turn}") for turn in range(10)]

    earned = await asyncio.gather(*[earn(number) for number in range(10)], merge(api))
    again = await asyncio.gather(*[earn(number) for number in range(10)])
    assert earned[:-1] == again
    assert await look(ana) == 100
    assert await api.coalition.value("SELECT count(*) FROM ledger.entries WHERE kind = 1") == 100


async def test_a_partner_does_not_merge_members(api, cast):
    air, _, _, _ = cast
    before = await photograph(api.coalition)
    document = "mutation($input: MergeMembersInput!) { mergeMembers(input: $input) { status } }"
    given = {
        "idempotencyKey": "k",
        "memberId": air.id(IdKind.MEMBER, api.coalition.members["anna"].number),
        "survivorId": air.id(IdKind.MEMBER, api.coalition.members["ana"].number),
    }
    assert await air.fault(document, input=given) == "FORBIDDEN"
    assert await photograph(api.coalition) == before
