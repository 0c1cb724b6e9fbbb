"""The id of a lot names its points for ever, wherever merges have moved them."""

from dataclasses import replace

import pytest

from hub.ledger.errors import ExceedsExpired, LotSpent
from hub.points.lots import extend_lot, reinstate_lot, release_lot
from hub.points.requests import NEVER
from tests.coalition import DAY, START, photograph
from tests.points.people import issue, merge, redeem, see, unmerge

LOT = """
SELECT wallet_id, remaining_points, expires_at FROM ledger.lots WHERE lane = $1 AND lot_id = $2
"""


@pytest.fixture
async def cast(coalition):
    """anna and ana are one person; bea is a third who turns out to be the same."""
    await coalition.partner("air")
    await coalition.partner("shop")
    for name, lane in (("anna", 9), ("ana", 3), ("bea", 9)):
        await coalition.member(name, lane=lane)
    return coalition


def heard(coalition, key=None):
    """A request by a hub that knows of every merge."""
    return replace(coalition.request(key), kin=coalition.hub.wallets.forwards.find_kin)


async def change(coalition, verb, lot, *, request=None, **given):
    await coalition.hub.wallets.refresh()
    return await verb(
        coalition.hub.poster,
        coalition.hub.database,
        request or heard(coalition),
        wallet=coalition.members["anna"],
        lot=lot,
        reason="kindness",
        **given,
    )


async def look(coalition, lot):
    (row,) = await coalition.query(LOT, lot.lane, lot.number)
    names = {place.number: name for name, place in coalition.members.items()}
    return names[row["wallet_id"]], row["remaining_points"], row["expires_at"]


async def test_a_lot_is_extended_where_its_points_lie_now(cast):
    lot = (await issue(cast, "anna", 100, expires_at=START + DAY)).lot
    await merge(cast)
    await merge(cast, gone="ana", survivor="bea")
    request = heard(cast, "k")
    given = {"points": 40, "expires_at": START + 9 * DAY, "request": request}
    extended = await change(cast, extend_lot, lot, **given)
    assert await look(cast, extended.lot) == ("bea", 40, START + 9 * DAY)
    assert extended.wallet == cast.members["bea"]
    before = await photograph(cast)
    assert await change(cast, extend_lot, lot, **given) == extended
    with pytest.raises(LotSpent) as refusal:
        await change(cast, extend_lot, lot, points=61, expires_at=NEVER)
    assert (refusal.value.unspent_points, refusal.value.required_points) == (60, 61)
    assert await photograph(cast) == before


async def test_a_hub_that_has_not_heard_of_the_merge_finds_the_points_too(cast):
    lot = (await issue(cast, "anna", 100, expires_at=START + DAY)).lot
    await merge(cast)
    extended = await change(
        cast, extend_lot, lot, request=cast.request(), points=100, expires_at=NEVER
    )
    assert (await look(cast, extended.lot))[:2] == ("ana", 100)


async def test_a_lot_that_was_spent_before_the_merge_is_refused_as_spent(cast):
    lot = (await issue(cast, "anna", 100, expires_at=START + DAY)).lot
    await redeem(cast, "anna", 100)
    await merge(cast)
    with pytest.raises(LotSpent):
        await change(cast, extend_lot, lot, points=1, expires_at=NEVER)
    assert await see(cast, "anna") == (0, 0, 0, False)


async def test_a_pending_lot_is_released_where_it_lies_now(cast):
    lot = (await issue(cast, "anna", 100, available_at=NEVER)).lot
    await merge(cast)
    released = await change(cast, release_lot, lot)
    assert (released.points, released.wallet) == (100, cast.members["ana"])
    await redeem(cast, "ana", 100)


@pytest.mark.parametrize("expires_first", [True, False])
async def test_what_expired_before_or_after_the_merge_comes_back_to_the_survivor(
    cast, expires_first
):
    lot = (await issue(cast, "anna", 100, expires_at=START + DAY)).lot
    if expires_first:
        cast.clock.tick(2 * DAY)
    await merge(cast)
    cast.clock.tick(2 * DAY)
    before = await see(cast, "ana")
    with pytest.raises(ExceedsExpired):
        await change(cast, reinstate_lot, lot, points=101, expires_at=START + 9 * DAY)
    assert await see(cast, "ana") == before
    request = heard(cast, "k")
    given = {"points": 100, "expires_at": START + 9 * DAY, "request": request}
    back = await change(cast, reinstate_lot, lot, **given)
    assert await look(cast, back.lot) == ("ana", 100, START + 9 * DAY)
    assert await see(cast, "ana") == (100, 0, 0, True)
    assert await see(cast, "anna") == (0, 0, 0, False)
    assert await change(cast, reinstate_lot, lot, **given) == back


async def test_after_an_undone_merge_the_lot_leads_back(cast):
    lot = (await issue(cast, "anna", 100, expires_at=START + DAY)).lot
    await merge(cast)
    await unmerge(cast)
    extended = await change(cast, extend_lot, lot, points=100, expires_at=NEVER)
    assert (await look(cast, extended.lot))[:2] == ("anna", 100)
