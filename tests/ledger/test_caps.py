"""A cap is never passed, however operations are cut into batches, lanes and hubs (issue 3; 2.9)."""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal
from itertools import accumulate, count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.kernel.actor import HUB_ACTOR
from hub.ledger.caps.kinds import CapKind, kind_of
from hub.ledger.entries import EntryKind
from hub.ledger.errors import CapReached
from hub.ledger.operations import Charge, Code, Operation, hash_key, hash_request
from hub.points.capping import WantedCap, change_limit, get_standing, note_payment, set_cap
from hub.points.errors import CapNotFound, CapNotValid
from hub.points.issue import issue_points
from hub.points.redeem import redeem_points
from hub.points.requests import NEVER
from hub.wiring import open_hub
from tests.coalition import START, audit_books, open_coalition, photograph
from tests.conftest import administer

LANES = (3, 5, 40, 63)
numbers = count(1)


async def open_budget(coalition, limit, *, reason="spring"):
    wanted = WantedCap(
        kind=CapKind.BUDGET, partner=coalition.partners["air"], limit=Decimal(limit), reason=reason
    )
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        cap = await set_cap(tx, coalition.hub.register, wanted)
    await coalition.hub.register.refresh()
    return cap.cap_id


async def open_accept_cap(coalition, limit):
    wanted = WantedCap(
        kind=CapKind.ACCEPT, partner=coalition.partners["shop"], limit=Decimal(limit)
    )
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        cap = await set_cap(tx, coalition.hub.register, wanted)
    await coalition.hub.register.refresh()
    return cap.cap_id


async def used_of(coalition, cap_id):
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        return (await get_standing(tx, cap_id)).used


def issuing(coalition, wallet, points, *, cap_id, key=None, **fields):
    """An issue as the verb makes it, ready for the poster."""
    air = coalition.partners["air"]
    found = coalition.hub.register.find_terms(air.partner_id, coalition.clock.now)
    name = key or f"caps-{next(numbers)}"
    return Operation(
        **{
            "kind": EntryKind.ISSUE,
            "wallet": wallet,
            "partner_id": air.partner_id,
            "points": points,
            "key_hash": hash_key(air.partner_id, wallet.number, name),
            "request_hash": hash_request(points),
            "actor": "test",
            "terms_id": found.terms_id,
            "expires_at": NEVER,
            "charges": (Charge(cap_id=cap_id),),
            **fields,
        }
    )


def redeeming(coalition, wallet, points, *, cap_id):
    shop = coalition.partners["shop"]
    found = coalition.hub.register.find_terms(shop.partner_id, coalition.clock.now)
    return issuing(
        coalition,
        wallet,
        points,
        cap_id=cap_id,
        kind=EntryKind.REDEEM,
        partner_id=shop.partner_id,
        terms_id=found.terms_id,
        expires_at=None,
    )


@pytest.fixture
async def fair(coalition):
    """Two partners and a member with points in each of a few lanes."""
    await coalition.partner("air")
    await coalition.partner("shop")
    for lane in LANES:
        await coalition.member(f"m{lane}", lane=lane)
    return coalition


def test_any_split_into_batches_and_lanes_grants_what_one_lane_would(postgres, template_database):
    async def begin(stack):
        name = f"caps_{START.timestamp():.0f}_{random.getrandbits(40)}"
        await administer(postgres, f"CREATE DATABASE {name} TEMPLATE {template_database}")
        stack.push_async_callback(administer, postgres, f"DROP DATABASE {name} WITH (FORCE)")
        opened = await stack.enter_async_context(open_coalition(postgres.url(name)))
        await opened.partner("air")
        for lane in LANES:
            await opened.member(f"m{lane}", lane=lane)
        return opened

    async def tell(coalition, asked, limit, groups):
        cap_id = await open_budget(coalition, limit, reason=f"reason-{next(numbers)}")
        operations = [
            issuing(coalition, coalition.members[f"m{lane}"], points, cap_id=cap_id)
            for lane, points in asked
        ]
        granted, rest = [], operations
        for size in [*groups, len(operations)]:
            outcomes = await coalition.hub.poster.post_many(rest[:size])
            granted += [outcome.points for outcome in outcomes]
            rest = rest[size:]
        assert {o.code for o in outcomes} <= {Code.BOOKED}
        wanted = [points for _, points in asked]
        assert sum(granted) == min(limit, sum(wanted))
        assert all(got <= points for got, points in zip(granted, wanted, strict=True))
        if set(groups) == {1} and len(groups) >= len(asked):
            left = [max(0, limit - before) for before in accumulate([0, *wanted])]
            assert granted == [min(n, room) for n, room in zip(wanted, left, strict=False)]
        assert await used_of(coalition, cap_id) == sum(granted)

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        coalition = runner.run(begin(stack))
        try:

            @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
            @given(
                asked=st.lists(
                    st.tuples(st.sampled_from(LANES), st.integers(1, 60)), min_size=1, max_size=12
                ),
                limit=st.integers(0, 300),
                groups=st.one_of(st.lists(st.integers(1, 6), max_size=6), st.just([1] * 12)),
            )
            def run(asked, limit, groups):
                runner.run(tell(coalition, asked, limit, groups))

            run()
            assert runner.run(audit_books(coalition.url)) == []
        finally:
            runner.run(stack.aclose())


async def test_the_first_fits_and_the_second_must_fail_in_one_batch(fair):
    cap_id = await open_accept_cap(fair, 100)
    wallets = [await fair.member(name, lane=cap_id % 64) for name in ("ana", "bob")]
    nothing_to_borrow = {"charges": (Charge(cap_id=cap_id, rest=Decimal(0)),)}
    await fair.hub.poster.post_many(
        [issuing(fair, wallet, 500, cap_id=cap_id, charges=()) for wallet in wallets]
    )
    before = fair.hub.poster.batch_count
    outcomes = await fair.hub.poster.post_many(
        [
            replace(redeeming(fair, wallet, 60, cap_id=cap_id), **nothing_to_borrow)
            for wallet in wallets
        ]
    )
    assert fair.hub.poster.batch_count - before == 1
    assert [outcome.code for outcome in outcomes] == [Code.BOOKED, Code.CAP_REACHED]
    assert (outcomes[1].detail, kind_of(outcomes[1].cap_id)) == (40, CapKind.ACCEPT)
    assert await used_of(fair, cap_id) == 60


async def test_the_first_fits_and_the_second_must_fail_from_another_lane(fair):
    cap_id = await open_accept_cap(fair, 100)
    wallets = [fair.members["m3"], fair.members["m40"]]
    await fair.hub.poster.post_many(
        [issuing(fair, wallet, 500, cap_id=cap_id, charges=()) for wallet in wallets]
    )
    for wallet, code, left in zip(
        wallets, (Code.BOOKED, Code.CAP_REACHED), (None, 40), strict=True
    ):
        outcome = await fair.hub.poster.post(redeeming(fair, wallet, 60, cap_id=cap_id))
        assert outcome.code == code
        assert left is None or outcome.detail == left
    assert await used_of(fair, cap_id) == 60


async def test_small_ones_after_a_large_one_take_what_is_left(fair):
    cap_id = await open_accept_cap(fair, 100)
    wallets = [fair.members["m3"], *[await fair.member(f"b{n}", lane=3) for n in range(3)]]
    poster = fair.hub.poster
    await poster.post_many([issuing(fair, w, 500, cap_id=cap_id, charges=()) for w in wallets])
    asked = (60, 70, 30, 20)
    outcomes = await poster.post_many(
        [redeeming(fair, w, n, cap_id=cap_id) for w, n in zip(wallets, asked, strict=True)]
    )
    booked = sum(n for n, o in zip(asked, outcomes, strict=True) if o.code == Code.BOOKED)
    assert (booked, outcomes[1].code) == (90, Code.CAP_REACHED)
    assert await used_of(fair, cap_id) == booked


async def test_a_debit_that_the_cap_refuses_leaves_its_lots_to_the_next(fair):
    """In one batch of one wallet: the second would have been short, had the first been booked."""
    cap_id = await open_accept_cap(fair, 50)
    ana = fair.members["m3"]
    await fair.hub.poster.post(issuing(fair, ana, 100, cap_id=cap_id, charges=()))
    shop_only = redeeming(fair, ana, 90, cap_id=cap_id)
    free = replace(redeeming(fair, ana, 100, cap_id=cap_id), charges=())
    outcomes = await fair.hub.poster.post_many([shop_only, free])
    assert [outcome.code for outcome in outcomes] == [Code.CAP_REACHED, Code.BOOKED]
    assert await used_of(fair, cap_id) == 0


async def test_a_group_is_charged_whole_or_not_at_all(fair):
    budget = await open_budget(fair, 1000)
    refusing = await open_accept_cap(fair, 10)
    ana, before = fair.members["m3"], await photograph(fair)
    group = [
        issuing(fair, ana, 20, cap_id=budget),
        issuing(fair, ana, 20, cap_id=refusing),
    ]
    outcomes = await fair.hub.poster.post_group(group)
    assert [outcome.code for outcome in outcomes] == [Code.GROUP_REFUSED, Code.CAP_REACHED]
    assert await photograph(fair) == before
    assert await used_of(fair, budget) == 0


async def test_an_empty_slice_borrows_a_useful_part(fair):
    cap_id = await open_budget(fair, 64_000)
    home = cap_id % 64
    lane = next(lane for lane in LANES if lane != home)
    await fair.hub.poster.post(issuing(fair, fair.members[f"m{lane}"], 1, cap_id=cap_id))
    slices = {
        row["lane"]: (row["granted"], row["used"])
        for row in await fair.query("SELECT * FROM ledger.cap_slices WHERE cap_id = $1", cap_id)
    }
    assert slices == {home: (60_000, 0), lane: (4_000, 1)}


async def test_a_retry_of_a_capped_operation_is_charged_once(fair):
    cap_id = await open_budget(fair, 30)
    ana = fair.members["m40"]
    first = await fair.hub.poster.post(issuing(fair, ana, 50, cap_id=cap_id, key="once"))
    again = await fair.hub.poster.post(issuing(fair, ana, 50, cap_id=cap_id, key="once"))
    assert (first.points, again.points, again.is_replay) == (30, 30, True)
    assert (again.seq, again.cap_id) == (first.seq, cap_id)
    assert await used_of(fair, cap_id) == 30


async def test_an_unknown_cap_books_nothing(fair):
    before = await photograph(fair)
    outcome = await fair.hub.poster.post(
        issuing(fair, fair.members["m3"], 1, cap_id=int(CapKind.BUDGET) << 56)
    )
    assert outcome.code == Code.STALE_TERMS
    assert await photograph(fair) == before


@pytest.mark.parametrize("kind", ["granted", "refused"])
async def test_eight_tasks_on_two_hubs_never_pass_a_cap(fair, kind):
    limit, chance = 1_000, random.Random(7)  # noqa: S311
    wallets = await fair.many_members(16)
    if kind == "granted":
        cap_id = await open_budget(fair, limit)
    else:
        cap_id = await open_accept_cap(fair, limit)
        await asyncio.gather(
            *[issue(fair, fair.hub, wallet, 10**6, reason="base") for wallet in wallets]
        )
    async with open_hub(fair.url, clock=fair.clock) as other:

        async def task(number, asked):
            hub = (fair.hub, other)[number % 2]
            return [await one(hub, wallets[(number + n) % 16], points) for n, points in asked]

        async def one(hub, wallet, points):
            if kind == "granted":
                return (await issue(fair, hub, wallet, points)).points
            try:
                await redeem(fair, hub, wallet, points)
            except CapReached:
                return 0
            return points

        lists = [list(enumerate(chance.choices([1, 7, 20, 45], k=12))) for _ in range(8)]
        results = await asyncio.gather(*[task(n, asked) for n, asked in enumerate(lists)])
    total = sum(map(sum, results))
    assert sum(points for asked in lists for _, points in asked) > limit
    assert await used_of(fair, cap_id) == total
    if kind == "granted":
        assert total == limit
    else:
        assert limit - total < max(points for asked in lists for _, points in asked)


def issue(coalition, hub, wallet, points, *, reason="spring"):
    return issue_points(
        hub.poster,
        hub.register,
        coalition.request(),
        now=coalition.clock.now,
        issuer=coalition.partners["air"],
        wallet=wallet,
        points=points,
        reference=None,
        reason=reason,
        expires_at=NEVER,
    )


def redeem(coalition, hub, wallet, points):
    return redeem_points(
        hub.poster,
        hub.register,
        coalition.request(),
        now=coalition.clock.now,
        acceptor=coalition.partners["shop"],
        wallet=wallet,
        points=points,
    )


async def test_limits_change_while_others_are_charged(fair):
    cap_id = await open_budget(fair, 500)
    wallets = await fair.many_members(8)

    async def change():
        for limit in (200, 700, 100, 400):
            async with fair.hub.database.begin(HUB_ACTOR) as tx:
                await change_limit(tx, cap_id, Decimal(limit))

    issued = asyncio.gather(*[issue(fair, fair.hub, w, 9) for w in wallets * 8])
    await change()
    granted = Counter(each.points for each in await issued)
    used = await used_of(fair, cap_id)
    assert used == sum(points * n for points, n in granted.items())
    assert (await issue(fair, fair.hub, wallets[0], 10**6)).points == max(0, 400 - used)


async def test_two_hubs_that_open_one_cap_open_it_once(coalition):
    await coalition.partner("cafe", points_cap_per_window=100)
    wallets = await coalition.many_members(4)
    coalition.partners["air"] = coalition.partners["cafe"]
    async with open_hub(coalition.url, clock=coalition.clock) as other:
        results = await asyncio.gather(
            *[issue(coalition, hub, w, 40) for w in wallets for hub in (coalition.hub, other)]
        )
    assert sum(issued.points for issued in results) == 100
    assert await coalition.value("SELECT count(*) FROM ledger.caps") == 1


async def test_a_clock_that_passes_the_end_of_a_cap_finds_the_next(coalition):
    """The verb judged one month, the batch left in the next one."""
    await coalition.partner("cafe", points_cap_per_window=100)
    coalition.partners["air"] = coalition.partners["cafe"]
    ana, early = await coalition.member("ana"), coalition.clock.now
    coalition.clock.now = START.replace(month=4)
    issued = await issue_points(
        coalition.hub.poster,
        coalition.hub.register,
        coalition.request(),
        now=early,
        issuer=coalition.partners["cafe"],
        wallet=ana,
        points=10,
        reference=None,
        expires_at=NEVER,
    )
    assert issued.points == 10
    (entry,) = await coalition.query("SELECT occurred_at FROM ledger.entries")
    assert entry["occurred_at"] == early


async def test_what_the_operator_may_not_ask_for(fair):
    air = fair.partners["air"]
    refused = {
        "kind": WantedCap(kind=CapKind.WINDOW, partner=air, limit=Decimal(1)),
        "partner": WantedCap(kind=CapKind.TRANSFER, partner=air, limit=Decimal(1)),
        "reason": WantedCap(kind=CapKind.BUDGET, partner=air, limit=Decimal(1)),
        "currency": WantedCap(kind=CapKind.NET_DEBIT, partner=air, limit=Decimal(1)),
        "limit": WantedCap(kind=CapKind.ACCEPT, partner=air, limit=Decimal("0.5")),
        "until": WantedCap(
            kind=CapKind.ACCEPT, partner=air, limit=Decimal(1), ends_at=fair.clock.now
        ),
    }
    for field, wanted in refused.items():
        with pytest.raises(CapNotValid) as told:
            async with fair.hub.database.begin(HUB_ACTOR) as tx:
                await set_cap(tx, fair.hub.register, wanted)
        assert told.value.field == field
    assert await fair.value("SELECT count(*) FROM ledger.caps") == 0
    with pytest.raises(CapNotFound):
        async with fair.hub.database.begin(HUB_ACTOR) as tx:
            await change_limit(tx, 7, Decimal(1))


async def test_a_payment_frees_a_debit_cap_only(fair):
    cap_id = await open_budget(fair, 10)
    with pytest.raises(CapNotValid) as told:
        async with fair.hub.database.begin(HUB_ACTOR) as tx:
            await note_payment(tx, cap_id, Decimal(1), key="p1")
    assert told.value.field == "cap"
    assert await fair.value("SELECT count(*) FROM ledger.cap_payments") == 0
