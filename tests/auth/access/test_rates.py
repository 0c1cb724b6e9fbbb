"""How often: attack 66, and rule book 1.4.1. Counted in the database, for all processes."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from auth.policies import Role
from auth.rates.errors import TooManyRequests
from auth.rates.limits import (
    FAILED_SIGN_INS,
    PROBES,
    SIGN_INS,
    UNUSED_FOR,
    Limit,
    check_patience,
    check_room,
    forget_unused,
    note_failure,
    note_success,
    take,
)
from hub.kernel.clock import CLOCKS_APART
from hub.kernel.tx import Database
from tests.api import issue, new_key
from tests.auth.access.people import invite_person, open_visitor
from tests.coalition import photograph

THREE = Limit("three", 3, 60)


async def taken(database, limit, who, times):
    """How many of so many tries are let in."""
    count = 0
    for _ in range(times):
        try:
            await take(database, limit, who)
        except TooManyRequests:
            continue
        count += 1
    return count


async def test_a_limit_lets_so_many_in_and_then_one_each_step(coalition):
    database = coalition.hub.database
    assert await taken(database, THREE, "ana", 5) == 3
    with pytest.raises(TooManyRequests) as refusal:
        await take(database, THREE, "ana")
    assert refusal.value.retry_after_seconds == 20
    assert await taken(database, THREE, "ben", 5) == 3
    coalition.clock.tick(timedelta(seconds=19))
    assert await taken(database, THREE, "ana", 2) == 0
    coalition.clock.tick(timedelta(seconds=1))
    assert await taken(database, THREE, "ana", 2) == 1
    coalition.clock.tick(timedelta(seconds=1_000))
    assert await taken(database, THREE, "ana", 5) == 3


async def test_looking_whether_there_is_room_takes_nothing(coalition):
    database = coalition.hub.database
    for _ in range(5):
        await check_room(database, THREE, "ana")
    assert await taken(database, THREE, "ana", 5) == 3
    with pytest.raises(TooManyRequests) as refusal:
        await check_room(database, THREE, "ana")
    assert refusal.value.retry_after_seconds == 20


async def test_attack_66_two_processes_at_once_share_one_limit(coalition):
    other = Database(coalition.url, clock=coalition.clock, pool_size=3)
    try:
        counts = await asyncio.gather(
            *[
                taken(database, SIGN_INS, "203.0.113.7", 10)
                for database in (coalition.hub.database, other)
                for _ in range(4)
            ]
        )
    finally:
        await other.close()
    assert sum(counts) == SIGN_INS.count


async def test_failures_cost_nothing_at_first_and_then_ever_more_up_to_a_longest_wait(coalition):
    database = coalition.hub.database
    waits = []
    for _ in range(18):
        await note_failure(database, FAILED_SIGN_INS, "a")
        try:
            await check_patience(database, FAILED_SIGN_INS, "a")
            waits.append(0)
        except TooManyRequests as refusal:
            waits.append(refusal.retry_after_seconds)
            coalition.clock.tick(timedelta(seconds=refusal.retry_after_seconds))
    assert waits == [0] * 5 + [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]
    await check_patience(database, FAILED_SIGN_INS, "b")
    coalition.clock.tick(timedelta(hours=1, seconds=1))
    assert await note_failure(database, FAILED_SIGN_INS, "a") == 1
    await note_success(database, FAILED_SIGN_INS, "a")
    await check_patience(database, FAILED_SIGN_INS, "a")


async def test_attack_66_failed_sign_ins_make_their_own_address_wait_and_nobody_else(
    coalition, site
):
    ada = open_visitor(site, address="198.51.100.1")
    _, secret = await invite_person(coalition.hub.database, Role.OPERATOR)
    await ada.register(secret)
    thief = open_visitor(site)
    thief.key.create({"user": {"id": "AAAA"}, "challenge": "AAAA"})
    thief.key.passkeys[0].credential_id = ada.key.passkeys[0].credential_id
    answers = [await thief.sign_in() for _ in range(8)]
    assert [answer.status_code for answer in answers] == [401] * 6 + [429] * 2
    assert answers[-1].headers["retry-after"] == "2"
    spoofed = await thief.post("/sign-in/begin", **{"x-forwarded-for": "198.51.100.1"})
    credential = thief.key.get(spoofed.json())
    still = await thief.post(
        "/sign-in/finish", {"credential": credential}, **{"x-forwarded-for": "198.51.100.1"}
    )
    assert still.status_code == 429
    assert (await ada.sign_in()).status_code == 200, "the owner of the passkey signs in"
    assert await coalition.value("SELECT count(*) FROM sessions") == 1
    refused = await coalition.query("SELECT event FROM audit.log WHERE event LIKE '%refused'")
    assert [row["event"] for row in refused] == ["session.refused"]


async def test_attack_66_beginning_too_many_sign_ins_is_refused_too(site):
    visitor = open_visitor(site)
    codes = [(await visitor.post("/sign-in/begin")).status_code for _ in range(32)]
    assert codes == [200] * SIGN_INS.count + [429] * 2
    elsewhere = open_visitor(site, address="198.51.100.2")
    assert (await elsewhere.post("/sign-in/begin")).status_code == 200


async def test_after_the_clock_was_set_back_nobody_waits_until_it_is_where_it_was(coalition):
    database = coalition.hub.database
    assert await taken(database, THREE, "ana", 5) == 3
    for _ in range(FAILED_SIGN_INS.free_count + 20):
        await note_failure(database, FAILED_SIGN_INS, "ana")
    coalition.clock.now -= CLOCKS_APART  # as another process's may be
    with pytest.raises(TooManyRequests):
        await take(database, THREE, "ana")
    with pytest.raises(TooManyRequests):
        await check_patience(database, FAILED_SIGN_INS, "ana")
    coalition.clock.now -= timedelta(microseconds=1)
    await check_room(database, THREE, "ana")
    await check_patience(database, FAILED_SIGN_INS, "ana")
    assert await taken(database, THREE, "ana", 5) == 3


async def test_no_address_and_no_reference_is_kept(coalition):
    await take(coalition.hub.database, THREE, "203.0.113.7")
    (row,) = await coalition.query("SELECT * FROM rate_marks")
    assert len(row["key_hash"]) == 32 and b"203" not in row["key_hash"]


async def test_marks_that_nobody_needs_any_more_are_forgotten(coalition):
    database = coalition.hub.database
    await take(database, THREE, "ana")
    coalition.clock.tick(UNUSED_FOR)
    await take(database, THREE, "ben")
    await forget_unused(database)
    assert await coalition.value("SELECT count(*) FROM rate_marks") == 2
    coalition.clock.tick(timedelta(minutes=1))
    await forget_unused(database)
    assert await coalition.value("SELECT count(*) FROM rate_marks") == 1


async def test_probing_for_a_balance_ends_with_a_wait_whatever_is_asked(api):
    """Rule book 1.4.1."""
    shop = await api.partner("SHOP")
    await api.partner("AIR")
    await api.member("ana", SHOP="s-1")
    await api.member("ben", SHOP="s-2")
    await issue(shop, "s-1", 50)
    await issue(shop, "s-2", 50)
    document = (
        "mutation($i: RedeemPointsInput!) { redeemPoints(input: $i) { postedAt"
        " userErrors { code } } }"
    )

    async def ask(points, **account):
        given = {"idempotencyKey": new_key(), "points": points, "account": account}
        return await shop.send(document, i=given)

    for _ in range(PROBES.count):
        body = await ask(51, reference="s-1")
        assert body["data"]["redeemPoints"]["userErrors"][0]["code"] == "INSUFFICIENT_POINTS"
    before = await photograph(api.coalition)
    for account in ({"reference": "s-1"}, {"memberId": await member_id(shop)}):
        for points in (51, 10):
            body = await ask(points, **account)
            (error,) = body["errors"]
            assert error["extensions"]["code"] == "THROTTLED"
            assert error["extensions"]["retryAfter"] == 180
    assert await photograph(api.coalition) == before
    body = await ask(51, reference="s-2")
    assert body["data"]["redeemPoints"]["userErrors"][0]["code"] == "INSUFFICIENT_POINTS"
    api.coalition.clock.tick(timedelta(seconds=180))
    body = await ask(10, reference="s-1")
    assert body["data"]["redeemPoints"]["userErrors"] == []


async def test_probing_by_the_rows_of_a_bulk_is_counted_with_the_single_ones(api):
    """Rule book 1.4.1."""
    shop = await api.partner("SHOP")
    await api.member("ana", SHOP="s-1")
    await issue(shop, "s-1", 50)
    account = {"reference": "s-1"}
    before = await photograph(api.coalition)

    async def ask(count):
        rows = [{"idempotencyKey": new_key(), "points": 51, "account": account}] * count
        rows = [{**row, "idempotencyKey": new_key()} for row in rows]
        document = (
            "mutation($i: BulkRedeemPointsInput!)"
            " { bulkRedeemPoints(input: $i) { rows { userErrors { code } } } }"
        )
        answer = (await shop.ask(document, i={"rows": rows}))["bulkRedeemPoints"]
        return Counter(row["userErrors"][0]["code"] for row in answer["rows"])

    assert await ask(PROBES.count - 2) == {"INSUFFICIENT_POINTS": PROBES.count - 2}
    assert await ask(5) == {"INSUFFICIENT_POINTS": 2, "OVERLOADED": 3}
    assert await ask(2) == {"OVERLOADED": 2}
    single = "mutation($i: RedeemPointsInput!) { redeemPoints(input: $i) { userErrors { code } } }"
    asked = {"idempotencyKey": new_key(), "points": 10, "account": account}
    (error,) = (await shop.send(single, i=asked))["errors"]
    assert error["extensions"]["code"] == "THROTTLED"
    assert await photograph(api.coalition) == before


async def member_id(shop):
    document = "query($a: AccountInput) { member(account: $a) { id } }"
    return (await shop.ask(document, a={"reference": "s-1"}))["member"]["id"]
