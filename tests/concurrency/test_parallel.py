"""Many at once: no overdraft, one effect per key, and nobody waits for ever."""

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.ledger.cuts import cut_lanes_until, plan_cut
from hub.ledger.entries import EntryKind
from hub.ledger.errors import (
    DuplicateReference,
    IdempotencyConflict,
    InsufficientPoints,
    OutcomeUnknown,
    Overloaded,
    PosterClosed,
)
from hub.ledger.operations import Code, Operation, hash_key, hash_reference, hash_request
from hub.ledger.poster import Poster
from hub.ledger.settings import PosterSettings
from hub.points.issue import issue_points
from hub.points.redeem import redeem_points
from hub.points.requests import NEVER
from hub.wiring import open_hub
from tests.coalition import DAY, START


@pytest.fixture
async def hubs(coalition):
    """Two hubs on one database, as two processes would be."""
    await coalition.partner("air")
    await coalition.partner("shop")
    async with open_hub(coalition.url, clock=coalition.clock) as other:
        yield coalition.hub, other


def courier_of(poster, wallet):
    """The courier that carries what is asked of a wallet."""
    return poster.couriers[wallet.lane % len(poster.couriers)]


def issue(coalition, hub, wallet, points, *, key=None, reference=None, reason="base"):
    return issue_points(
        hub.poster,
        hub.register,
        coalition.request(key),
        now=coalition.clock.now,
        issuer=coalition.partners["air"],
        wallet=wallet,
        points=points,
        reference=reference,
        reason=reason,
        expires_at=NEVER,
    )


def redeem(coalition, hub, wallet, points, key=None):
    return redeem_points(
        hub.poster,
        hub.register,
        coalition.request(key),
        now=coalition.clock.now,
        acceptor=coalition.partners["shop"],
        wallet=wallet,
        points=points,
    )


async def gather(*calls):
    return await asyncio.gather(*calls, return_exceptions=True)


def kinds(results):
    return Counter(type(result).__name__ for result in results)


def operation(coalition, wallet, points, key, **fields):
    """An issue as the verb makes it, ready for the poster."""
    air = coalition.partners["air"]
    terms = coalition.hub.register.find_terms(air.partner_id, coalition.clock.now)
    given = {
        "kind": EntryKind.ISSUE,
        "wallet": wallet,
        "partner_id": air.partner_id,
        "points": points,
        "key_hash": hash_key(air.partner_id, wallet.number, key),
        "request_hash": hash_request("issue", points),
        "actor": "test",
        "terms_id": terms.terms_id,
        "expires_at": NEVER,
        "reason": "base",
    }
    return Operation(**(given | fields))


@pytest.mark.parametrize("is_spread", [False, True])
async def test_twenty_redemptions_of_one_balance_never_overdraw(coalition, hubs, is_spread):
    ana = await coalition.member("ana")
    await issue(coalition, hubs[0], ana, 100)
    results = await gather(
        *(redeem(coalition, hubs[number % 2 if is_spread else 0], ana, 30) for number in range(20))
    )
    assert kinds(results) == {"Redeemed": 3, "InsufficientPoints": 17}
    refused = [result for result in results if isinstance(result, InsufficientPoints)]
    assert {result.available_points for result in refused} == {10}
    assert await coalition.value("SELECT balance_points FROM ledger.wallets") == 10


@pytest.mark.parametrize("is_spread", [False, True])
async def test_one_key_twenty_times_has_one_effect_and_one_answer(coalition, hubs, is_spread):
    ana = await coalition.member("ana")
    results = await gather(
        *(
            issue(coalition, hubs[number % 2 if is_spread else 0], ana, 7, key="K", reference="r")
            for number in range(20)
        )
    )
    assert kinds(results) == {"Issued": 20}
    assert len(set(results)) == 1
    assert await coalition.value("SELECT count(*) FROM ledger.entries") == 1


async def test_one_key_with_twenty_requests_has_one_effect_and_nineteen_conflicts(coalition, hubs):
    ana = await coalition.member("ana")
    results = await gather(
        *(issue(coalition, hubs[points % 2], ana, points, key="K") for points in range(1, 21))
    )
    assert kinds(results) == {"Issued": 1, "IdempotencyConflict": 19}
    assert IdempotencyConflict in {type(result) for result in results}
    assert await coalition.value("SELECT count(*) FROM ledger.entries") == 1


async def test_one_reference_at_two_hubs_at_once_issues_once(coalition, hubs):
    members = await coalition.many_members(20)
    for attempt in range(5):
        results = await gather(
            *(
                issue(coalition, hubs[number % 2], wallet, 5, reference=f"receipt-{attempt}")
                for number, wallet in enumerate(members)
            )
        )
        assert kinds(results) == {"Issued": 1, "DuplicateReference": 19}
    refused = [result for result in results if isinstance(result, DuplicateReference)]
    assert {result.reference for result in refused} == {"receipt-4"}


async def test_a_storm_from_three_hubs_ends_and_leaves_the_books_in_order(coalition, hubs):
    """Few wallets in few lanes, colliding keys and references: whatever waits, goes on."""
    members = [(await coalition.many_members(1, lane=lane))[0] for lane in (1, 2, 3, 1, 2, 3)]
    dice = random.Random(20260301)  # noqa: S311

    async def one(hub):
        wallet, key = dice.choice(members), f"k{dice.randrange(150)}"
        if dice.random() < 0.5:
            reference = f"r{dice.randrange(60)}"
            return await issue(coalition, hub, wallet, 10, key=key, reference=reference)
        return await redeem(coalition, hub, wallet, dice.randrange(1, 15), key)

    async with open_hub(coalition.url, clock=coalition.clock) as third:
        for _ in range(6):
            calls = [one(dice.choice([*hubs, third])) for _ in range(150)]
            async with asyncio.timeout(60):
                results = await gather(*calls)
            expected = {"Issued", "Redeemed", "DuplicateReference", "IdempotencyConflict"}
            assert kinds(results).keys() <= expected | {"InsufficientPoints"}, results


async def test_who_goes_away_while_waiting_is_served_exactly_once_all_the_same(coalition, hubs):
    members = await coalition.many_members(60)
    dice = random.Random(7)  # noqa: S311

    async def impatient(number):
        call = issue(coalition, hubs[0], members[number], 10, key="K")
        async with asyncio.timeout(dice.choice([0, 0, 0.001, 0.01, 5])):
            return await call

    results = await gather(*(impatient(number) for number in range(60)))
    assert kinds(results)["TimeoutError"] > 0
    retried = await gather(*(issue(coalition, hubs[1], wallet, 10, key="K") for wallet in members))
    assert kinds(retried) == {"Issued": 60}
    for first, second in zip(results, retried, strict=True):
        assert isinstance(first, TimeoutError) or first == second
    assert await coalition.value("SELECT count(*) FROM ledger.entries") == 60
    assert await coalition.value("SELECT sum(balance_points) FROM ledger.wallets") == 600


POISONS = {
    "too large for the column": {"points": 2**63},
    "a check of the database": {"points": -5},
    "text that is no text": {"reason": "\ud800"},
    "a zero byte": {"reason": "\x00"},
    "a number that is no number": {"points": "ten"},
    "a lane that is none": {"wallet": "nowhere"},
}


@pytest.mark.parametrize("poison", POISONS.values(), ids=POISONS.keys())
async def test_an_operation_that_fails_harms_no_other(coalition, hubs, poison):
    members = await coalition.many_members(9)
    operations = [operation(coalition, wallet, 10, "K") for wallet in members]
    if poison.get("wallet"):
        poison = {"wallet": replace(members[4], lane=99)}
    operations[4] = replace(operations[4], **poison)
    async with asyncio.timeout(20):
        results = await gather(*(coalition.hub.poster.post(each) for each in operations))
    assert isinstance(results[4], Exception) or results[4].code != Code.BOOKED
    good = [result for number, result in enumerate(results) if number != 4]
    assert [result.code for result in good] == [Code.BOOKED] * 8
    assert await coalition.value("SELECT count(*) FROM ledger.entries") == 8
    # The poster lives on.
    assert (await coalition.hub.poster.post(operation(coalition, members[0], 1, "L"))).seq


async def test_after_a_mistake_of_ours_nobody_waits_for_ever(coalition, hubs):
    """What cannot even be sent is no fault of the database: everybody may ask again."""
    members = await coalition.many_members(3, lane=0)
    operations = [operation(coalition, wallet, 10, "K") for wallet in members]
    bad = replace(operations[1], request_hash=b"short")
    async with asyncio.timeout(20):
        results = await gather(
            *(coalition.hub.poster.post(each) for each in (operations[0], bad, operations[2]))
        )
    assert kinds(results) == {"OutcomeUnknown": 3}
    retried = await coalition.hub.poster.post_many(operations)
    assert [outcome.code for outcome in retried] == [Code.BOOKED] * 3


async def test_what_is_too_much_is_refused_and_nothing_is_lost(coalition, hubs):
    members = await coalition.many_members(50)
    settings = PosterSettings(queue_max=20, batch_max=4, connection_count=1)
    connect = coalition.hub.database.connect
    async with Poster(connect, clock=coalition.clock, settings=settings) as poster:
        results = await gather(
            *(poster.post(operation(coalition, wallet, 10, "K")) for wallet in members)
        )
        assert kinds(results) == {"Outcome": 20, "Overloaded": 30}
        with pytest.raises(Overloaded):
            await poster.post_many([operation(coalition, wallet, 10, "K") for wallet in members])
        again = [operation(coalition, wallet, 10, "K") for wallet in members]
        retried = [await poster.post(each) for each in again]
    assert [outcome.code for outcome in retried] == [Code.BOOKED] * 50
    assert sum(outcome.is_replay for outcome in retried) == 20
    assert await coalition.value("SELECT count(*) FROM ledger.entries") == 50


async def test_a_poster_that_closes_answers_everybody(coalition, hubs):
    members = await coalition.many_members(40)
    settings = PosterSettings(batch_max=3)
    poster = Poster(coalition.hub.database.connect, clock=coalition.clock, settings=settings)
    async with poster:
        waiting = [
            asyncio.create_task(poster.post(operation(coalition, wallet, 10, "K")))
            for wallet in members
        ]
        await asyncio.sleep(0.02)
    async with asyncio.timeout(10):
        results = await gather(*waiting)
    assert kinds(results).keys() <= {"Outcome", "OutcomeUnknown", "PosterClosed"}
    with pytest.raises(PosterClosed):
        await poster.post(operation(coalition, members[0], 10, "L"))
    retried = await coalition.hub.poster.post_many(
        [operation(coalition, wallet, 10, "K") for wallet in members]
    )
    for first, second in zip(results, retried, strict=True):
        assert isinstance(first, Exception) or first.seq == second.seq
    assert await coalition.value("SELECT count(*) FROM ledger.entries") == 40


async def test_a_lost_connection_is_answered_and_the_next_one_works(coalition, hubs):
    ana = await coalition.member("ana")
    await issue(coalition, hubs[0], ana, 1)
    pid = courier_of(hubs[0].poster, ana)._connection.get_server_pid()
    connection = await coalition.hub.database.connect()
    try:
        # Its own lane is locked, so the call is under way for certain when its connection goes.
        async with connection.transaction():
            await connection.execute("SET ROLE NONE")
            await connection.execute("SELECT FROM ledger.lanes FOR UPDATE")
            call = asyncio.create_task(issue(coalition, hubs[0], ana, 10, key="K"))
            await asyncio.sleep(0.1)
            await connection.fetchval("SELECT pg_terminate_backend($1)", pid)
            with pytest.raises(OutcomeUnknown):
                await call
        issued = await issue(coalition, hubs[0], ana, 10, key="K")
        assert issued.entry.number == 2
    finally:
        await connection.close()


async def test_a_cut_in_the_middle_of_traffic_parts_the_entries_exactly(coalition, hubs):
    members = await coalition.many_members(12, lane=5)
    cut_at = START + DAY
    connection = await coalition.hub.database.connect()
    try:
        assert await plan_cut(connection, cut_at)
        ends = [cut_at - timedelta(microseconds=1), cut_at, cut_at + DAY]
        for number, wallet in enumerate(members):
            coalition_issue = operation(coalition, wallet, 10, "K", expires_at=ends[number % 3])
            await hubs[0].poster.post(coalition_issue)
        coalition.clock.tick(DAY - timedelta(microseconds=20))
        rounds = []
        for turn in range(40):
            coalition.clock.tick(timedelta(microseconds=1))
            wallet = members[turn % 12]
            rounds.append(asyncio.create_task(issue(coalition, hubs[turn % 2], wallet, 1)))
            if turn % 3 == 0:
                await asyncio.sleep(0.002)
        cutting = asyncio.create_task(cut_lanes_until(connection, coalition.clock.now))
        async with asyncio.timeout(30):
            results = await gather(*rounds, cutting)
        assert not [result for result in results if isinstance(result, Exception)]
    finally:
        await connection.close()
    rows = await coalition.query(
        "SELECT e.segment_id, e.posted_at < $1 AS is_before, e.seq <= c.to_seq AS is_in, e.kind"
        " FROM ledger.entries e JOIN ledger.cuts c ON c.lane = e.lane AND c.segment_id = 1",
        cut_at,
    )
    assert {(row[0], row[1], row[2]) for row in rows} == {(1, True, True), (2, False, False)}
    expiries = [row["segment_id"] for row in rows if row["kind"] == EntryKind.EXPIRE]
    assert expiries == [1] * 4
    assert await coalition.value("SELECT count(*) FROM ledger.entries WHERE kind = 1") == 52


async def test_the_order_of_submission_decides_who_has_a_reference(coalition, hubs):
    """Also when the first of them has to wait for its wallet."""
    ana, bob = await coalition.member("ana"), await coalition.member("bob")
    first = await issue(coalition, hubs[0], ana, 10)
    air = coalition.partners["air"]
    shared = {"reference": "r", "reference_hash": hash_reference(air.partner_id, "base", "r")}
    outcomes = await coalition.hub.poster.post_many(
        [
            operation(coalition, ana, 1, "K1", kind=EntryKind.REVERSE, lot_id=first.lot.number),
            operation(coalition, ana, 5, "K2", **shared),
            operation(coalition, bob, 5, "K3", **shared),
        ]
    )
    assert [outcome.code for outcome in outcomes] == [0, 0, Code.DUPLICATE_REFERENCE]
