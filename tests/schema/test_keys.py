"""Idempotency over HTTP: one key, one effect, one answer."""

import asyncio
from datetime import timedelta

from tests.api import EVERYTHING, ISSUED, issue, write_mutation
from tests.coalition import photograph

ENROL = "member { id wallet { id } linkedAccounts { reference } }"


async def at_once(caller, mutation, selection, times, **given):
    document = write_mutation(mutation, selection)
    bodies = await asyncio.gather(*[caller.ask(document, input=given) for _ in range(times)])
    return [body[mutation] for body in bodies]


async def test_one_key_twenty_times_at_once_has_one_effect_and_one_answer(api):
    air = await api.partner("AIR")
    ana = await api.member("ana", AIR="a-1")
    given = {"idempotencyKey": "k", "account": {"reference": "a-1"}, "points": 10}
    answers = await at_once(air, "issuePoints", ISSUED, 20, **given)
    assert [answer["userErrors"] for answer in answers] == [[]] * 20
    assert len({str(answer) for answer in answers}) == 1
    assert (await ana.ask("{ wallet { availablePoints } }"))["wallet"] == {"availablePoints": 10}


async def test_the_same_key_with_another_request_is_a_conflict(api):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    await issue(air, "a-1", 10, idempotencyKey="k")
    before = await photograph(api.coalition)
    refusal = await air.refusal(
        "issuePoints", account={"reference": "a-1"}, points=11, idempotencyKey="k"
    )
    assert refusal == {
        "__typename": "IdempotencyConflict",
        "message": "The idempotency key was used before for another request.",
        "code": "IDEMPOTENCY_CONFLICT",
        "path": ["input", "idempotencyKey"],
    }
    assert await photograph(api.coalition) == before


async def test_twenty_redemptions_at_once_never_overdraw(api):
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    ana = await api.member("ana", AIR="a-1", SHOP="s-1")
    await issue(air, "a-1", 100)
    payloads = await asyncio.gather(
        *[
            shop.do("redeemPoints", EVERYTHING, account={"reference": "s-1"}, points=30)
            for _ in range(20)
        ]
    )
    outcomes = [[error["__typename"] for error in each["userErrors"]] for each in payloads]
    assert sorted(outcomes) == [[]] * 3 + [["InsufficientPoints"]] * 17
    assert (await ana.ask("{ wallet { availablePoints } }"))["wallet"] == {"availablePoints": 10}


async def test_a_refusal_is_stored_under_its_key(api):
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    await api.member("ana", AIR="a-1", SHOP="s-1")
    given = {"account": {"reference": "s-1"}, "points": 5, "idempotencyKey": "k"}
    first = await shop.refusal("redeemPoints", **given)
    await issue(air, "a-1", 100)
    assert await shop.refusal("redeemPoints", **given) == first
    done = await shop.do("redeemPoints", **{**given, "idempotencyKey": "another"})
    assert done["userErrors"] == []


async def test_enrolment_happens_once_per_key_however_often_it_is_asked_at_once(api):
    air = await api.partner("AIR")
    given = {"idempotencyKey": "k", "reference": "a-1"}
    answers = await at_once(air, "enrolMember", ENROL, 20, **given)
    assert len({str(answer) for answer in answers}) == 1
    assert answers[0]["member"]["linkedAccounts"] == [{"reference": "a-1"}]
    assert await api.coalition.value("SELECT count(*) FROM members") == 1


async def test_enrolment_under_a_used_key_or_reference_is_refused(api):
    air = await api.partner("AIR")
    await air.do("enrolMember", reference="a-1", idempotencyKey="k")
    refusal = await air.refusal("enrolMember", reference="a-2", idempotencyKey="k")
    assert refusal["__typename"] == "IdempotencyConflict"
    for _ in range(2):
        refusal = await air.refusal("enrolMember", reference="a-1", idempotencyKey="l")
        assert refusal["__typename"] == "AccountAlreadyLinked"
    assert await api.coalition.value("SELECT count(*) FROM members") == 1
    assert await api.coalition.value("SELECT count(*) FROM ledger.wallets") == 1


async def test_a_key_of_one_actor_is_not_the_key_of_another(api):
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    one = await air.do("enrolMember", ENROL, reference="1", idempotencyKey="k")
    two = await shop.do("enrolMember", ENROL, reference="1", idempotencyKey="k")
    assert one["userErrors"] == two["userErrors"] == []
    assert await api.coalition.value("SELECT count(*) FROM members") == 2


async def test_an_account_is_linked_once_and_for_ever(api):
    air = await api.partner("AIR")
    operator = await api.operator()
    await api.partner("SHOP")
    enrolled = await operator.do("enrolMember", ENROL)
    given = {
        "memberId": enrolled["member"]["id"],
        "partner": "AIR",
        "reference": "card-7",
        "idempotencyKey": "k",
    }
    for _ in range(2):
        linked = await operator.do("linkAccount", ENROL, **given)
        assert linked["member"]["linkedAccounts"] == [{"reference": "card-7"}]
    document = '{ member(account: {reference: "card-7"}) { linkedAccounts { reference } } }'
    assert (await air.ask(document))["member"] is not None
    other = (await operator.do("enrolMember", ENROL))["member"]["id"]
    refusal = await operator.refusal(
        "linkAccount", memberId=other, partner="AIR", reference="card-7"
    )
    assert refusal["__typename"] == "AccountAlreadyLinked"


async def test_a_retry_that_comes_too_late_to_be_booked_still_has_its_answer(api):
    air = await api.partner("AIR")
    ana = await api.member("ana", AIR="a-1")
    now = api.coalition.clock()
    given = {
        "idempotencyKey": "k",
        "account": {"reference": "a-1"},
        "points": 10,
        "reference": "r-1",
        "occurredAt": now.isoformat().replace("+00:00", "Z"),
        "expiresAt": (now + timedelta(days=60)).isoformat().replace("+00:00", "Z"),
    }
    first = await air.do("issuePoints", ISSUED, **given)
    api.coalition.clock.tick(timedelta(days=50))

    assert await air.do("issuePoints", ISSUED, **given) == first
    assert (await ana.ask("{ wallet { availablePoints } }"))["wallet"] == {"availablePoints": 10}
    late = await air.refusal("issuePoints", **given | {"idempotencyKey": "another"})
    assert late["__typename"] == "OccurredAtOutOfBounds"
    conflict = await air.refusal("issuePoints", **given | {"points": 11})
    assert conflict["__typename"] == "IdempotencyConflict"
