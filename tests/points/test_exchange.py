"""The cap of a day holds for exchanges on several hubs at once, in the coalition's own days."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

from hub.kernel.actor import HUB_ACTOR
from hub.ledger.caps.kinds import Cap, CapKind, Renewal
from hub.ledger.caps.store import put_cap
from hub.ledger.errors import CapReached
from hub.points.exchange import Wanted, exchange_points
from hub.points.issue import issue_points
from hub.points.requests import NEVER
from hub.wiring import open_hub
from partners.store import Coalition as Home
from partners.store import put_coalition
from tests.coalition import DAY, STEP


async def exchange(coalition, hub, wallet, points, *, at=None):
    try:
        await exchange_points(
            hub.poster,
            hub.register,
            hub.database,
            coalition.request(at=at),
            now=coalition.clock.now,
            partner=coalition.partners["air"],
            wallet=wallet,
            wanted=Wanted(points, None, is_name_matched=True, reference="credit"),
        )
    except CapReached:
        return 0
    return points


async def begin(coalition, zone, **offer):
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        await put_coalition(tx, Home("Test", "points", "EUR", time_zone=zone))
    await coalition.partner("air")
    await coalition.offer("air", **offer)
    wallet = await coalition.member("ana")
    await issue_points(
        coalition.hub.poster,
        coalition.hub.register,
        coalition.request(),
        now=coalition.clock.now,
        issuer=coalition.partners["air"],
        wallet=wallet,
        points=10_000,
        reference=None,
        expires_at=NEVER,
    )
    return wallet


async def test_exchanges_on_two_hubs_at_once_take_exactly_what_the_day_allows(coalition):
    wallet = await begin(coalition, "UTC", day_cap_points=100)
    async with open_hub(coalition.url, clock=coalition.clock) as other:
        hubs = (coalition.hub, other)
        taken = await asyncio.gather(
            *[exchange(coalition, hubs[n % 2], wallet, 1 + n % 9) for n in range(60)]
        )
        rest = await asyncio.gather(*[exchange(coalition, other, wallet, 1) for _ in range(9)])
    assert sum(taken) + sum(rest) == 100
    assert await coalition.value("SELECT used FROM ledger.cap_usage") == 100


async def test_a_day_of_the_coalition_has_the_hours_that_its_zone_gives_it(coalition):
    """In New York the 8th of March 2026 has 23 hours: 05:00 to 04:00 UTC."""
    wallet = await begin(coalition, "America/New_York", day_cap_points=10)
    begins, ends = datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 3, 9, 4, tzinfo=UTC)
    coalition.clock.now = ends
    taken = [
        await exchange(coalition, coalition.hub, wallet, points, at=at)
        for points, at in (
            (10, begins - STEP),
            (6, begins),
            (4, ends - STEP),
            (1, ends - STEP),
            (10, ends),
        )
    ]
    assert taken == [10, 6, 4, 0, 10]


async def test_a_version_that_begins_during_a_day_goes_on_counting_it(coalition):
    """What is late is judged by the version that it happened under."""
    wallet = await begin(coalition, "UTC", version="1", day_cap_points=100)
    noon = coalition.clock.now
    assert await exchange(coalition, coalition.hub, wallet, 60) == 60
    coalition.clock.tick(3 * STEP)
    now = coalition.clock.now
    await coalition.query("UPDATE exchange_offers SET effective_until = $1", noon + STEP)
    await coalition.offer(
        "air", version="2", day_cap_points=150, effective_from=noon + STEP, effective_until=now
    )
    await coalition.offer("air", version="3", effective_from=now, effective_until=now + STEP)
    await coalition.offer("air", version="4", effective_from=now + STEP, day_cap_points=160)

    async def ask(points, at=None):
        return await exchange(coalition, coalition.hub, wallet, points, at=at)

    during_2 = now - STEP
    assert [await ask(*one) for one in ((91, during_2), (90, during_2), (1, noon))] == [0, 90, 0]
    assert await ask(5) == 5  # under the third one nothing is capped, and all the same counted
    coalition.clock.now = now + STEP
    taken = [await ask(*one) for one in ((6, None), (1, during_2), (5, None), (1, None))]
    assert taken == [0, 0, 5, 0]
    assert await coalition.value("SELECT used FROM ledger.cap_usage") == 160
    coalition.clock.tick(DAY)
    assert [await ask(points) for points in (161, 160)] == [0, 160]


async def test_versions_of_one_day_hold_for_many_at_once(coalition):
    wallet = await begin(coalition, "UTC", version="1", day_cap_points=100)
    noon = coalition.clock.now
    coalition.clock.tick(2 * STEP)
    await coalition.query("UPDATE exchange_offers SET effective_until = $1", noon + STEP)
    await coalition.offer("air", version="2", day_cap_points=40, effective_from=noon + STEP)
    taken = await asyncio.gather(
        *[exchange(coalition, coalition.hub, wallet, 10) for _ in range(9)],
        *[exchange(coalition, coalition.hub, wallet, 10, at=noon) for _ in range(9)],
    )
    now, late = sum(taken[:9]), sum(taken[9:])
    assert now in {0, 10, 20, 30, 40}
    assert late == 100 - now


async def test_only_caps_that_something_late_may_be_charged_to_are_kept_in_memory(coalition):
    """And the last of each series, however old: the next one is made after it."""
    await coalition.partner("air")

    def cap(kind, days_ago):
        starts_at = coalition.clock.now - days_ago * DAY
        return Cap(
            kind=kind,
            partner_id=coalition.partners["air"].partner_id,
            subject="",
            currency=None,
            limit=Decimal(1),
            starts_at=starts_at,
            ends_at=starts_at + DAY,
            renewal=Renewal.DAY,
        )

    recent, late, old = (cap(CapKind.ACCEPT, days) for days in (0, 46, 47))
    alone = cap(CapKind.TRANSFER, 400)
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        for one in (recent, late, old, alone):
            await put_cap(tx, one)
    await coalition.hub.register.refresh()
    book = coalition.hub.register.caps
    found = [book.find(one.series, one.starts_at) for one in (recent, late, old, alone)]
    assert found == [recent, late, None, alone]
    zone = coalition.hub.register.zone
    renewed = await book.find_or_renew(alone.series, coalition.clock.now, zone=zone)
    assert renewed.starts_at == coalition.clock.now.replace(hour=0)
