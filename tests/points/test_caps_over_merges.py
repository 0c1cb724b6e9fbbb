"""A merge cannot be used to pass a cap that each member has: what both used counts together."""

from dataclasses import replace
from decimal import Decimal

import pytest

from hub.kernel.actor import HUB_ACTOR
from hub.ledger.caps.kinds import CapKind, Renewal
from hub.ledger.errors import CapReached
from hub.points.capping import WantedCap, set_cap
from hub.points.giving_back import reverse_issue
from tests.points.people import issue, merge, redeem, transfer, unmerge
from tests.points.test_exchange import exchange

USED = """
SELECT used::bigint FROM ledger.cap_usage WHERE lane = $1 AND wallet_id = $2 ORDER BY cap_id
"""


@pytest.fixture
async def cast(coalition):
    """anna, ana and bea are one person; of air's points each member gets 100 a month."""
    await coalition.partner("air", points_cap_per_member=100)
    await coalition.partner("shop")
    for name, lane in (("anna", 9), ("ana", 3), ("bea", 9)):
        await coalition.member(name, lane=lane)
    return coalition


async def used(coalition, name):
    place = coalition.members[name]
    return [row[0] for row in await coalition.query(USED, place.lane, place.number)]


async def reverse(coalition, issued, points, *, key=None):
    await coalition.hub.wallets.refresh()
    request = coalition.request(key)
    return await reverse_issue(
        coalition.hub.poster,
        coalition.hub.database,
        replace(request, kin=coalition.hub.wallets.forwards.find_kin),
        issuer=coalition.partners["air"],
        wallet=coalition.members["anna"],
        lot=issued.lot,
        points=points,
        mode=0,
    )


async def test_what_the_merged_member_was_issued_counts_for_the_survivor(cast):
    await issue(cast, "anna", 70)
    await issue(cast, "ana", 20)
    await merge(cast)
    assert (await issue(cast, "ana", 50)).points == 10
    assert (await used(cast, "anna"), await used(cast, "ana")) == ([0], [100])


async def test_an_undone_merge_gives_each_what_each_had_used(cast):
    await issue(cast, "anna", 70)
    await issue(cast, "ana", 20)
    await merge(cast)
    await unmerge(cast)
    assert (await used(cast, "anna"), await used(cast, "ana")) == ([70], [20])
    assert (await issue(cast, "anna", 50)).points == 30
    assert (await issue(cast, "ana", 100)).points == 80


async def test_it_counts_over_two_merges_and_back(cast):
    await issue(cast, "anna", 30)
    await issue(cast, "ana", 30)
    await merge(cast)
    await merge(cast, gone="ana", survivor="bea")
    assert (await issue(cast, "bea", 100)).points == 40
    await unmerge(cast, gone="ana")
    found = [await used(cast, name) for name in ("anna", "ana", "bea")]
    assert found == [[0], [60], [40]]


async def test_what_is_reversed_after_a_merge_is_given_back_once(cast):
    issued = await issue(cast, "anna", 70)
    await merge(cast)
    await reverse(cast, issued, 30, key="k")
    await reverse(cast, issued, 30, key="k")
    assert (await used(cast, "anna"), await used(cast, "ana")) == ([0], [40])
    assert (await issue(cast, "ana", 100)).points == 60
    await reverse(cast, issued, 40)
    assert await used(cast, "ana") == [60]


async def test_what_is_given_back_before_an_undoing_is_not_carried_back(cast):
    issued = await issue(cast, "anna", 70)
    await merge(cast)
    await reverse(cast, issued, 30)
    await unmerge(cast)
    assert (await used(cast, "anna"), await used(cast, "ana")) == ([40], [0])


async def test_what_was_spent_before_the_merge_is_given_back_to_the_survivor(cast):
    issued = await issue(cast, "anna", 70)
    await issue(cast, "ana", 20)
    await redeem(cast, "anna", 70)
    await merge(cast)
    await cast.hub.wallets.refresh()
    request = replace(cast.request(), kin=cast.hub.wallets.forwards.find_kin)
    await reverse_issue(
        cast.hub.poster,
        cast.hub.database,
        request,
        issuer=cast.partners["air"],
        wallet=cast.members["anna"],
        lot=issued.lot,
        points=70,
        mode=3,
    )
    assert (await used(cast, "anna"), await used(cast, "ana")) == ([0], [20])


async def test_the_year_of_gifts_and_the_day_of_exchanges_go_with_the_merge(cast):
    async with cast.hub.database.begin(HUB_ACTOR) as tx:
        wanted = WantedCap(
            kind=CapKind.TRANSFER, partner=None, limit=Decimal(50), renewal=Renewal.YEAR
        )
        await set_cap(tx, cast.hub.register, wanted)
    await cast.offer("air", day_cap_points=40)
    await issue(cast, "anna", 100)
    await issue(cast, "ana", 100)
    await transfer(cast, "anna", "bea", 30)
    assert await exchange(cast, cast.hub, cast.members["anna"], 30) == 30
    await merge(cast)
    with pytest.raises(CapReached) as refusal:
        await transfer(cast, "ana", "bea", 21)
    assert refusal.value.left_points == 20
    taken = [await exchange(cast, cast.hub, cast.members["ana"], points) for points in (11, 10)]
    assert taken == [0, 10]
