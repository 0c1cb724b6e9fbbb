"""What belongs to a wallet that was merged is given back there, and is the survivor's at once."""

import asyncio
import contextlib

import pytest

from hub.kernel.errors import IdempotencyConflict
from hub.ledger.errors import (
    LotExpired,
    LotSpent,
    RefundExceedsRedeemed,
    ReverseExceedsIssued,
    WalletClosed,
)
from hub.ledger.operations import ReverseMode
from hub.members.merges.errors import MergedPointsUsed
from hub.members.merges.store import MergeStatus
from hub.points.giving_back import refund_points, reverse_issue
from hub.points.merging import finish_merges
from hub.points.requests import NEVER, Request
from tests.coalition import DAY, photograph
from tests.points.people import Mortal, Stopped, issue, merge, redeem, see, transfer, unmerge


@pytest.fixture
async def cast(coalition):
    """anna, of lane 9, turns out to be ana; eve lives beside them."""
    await coalition.partner("air")
    await coalition.partner("shop")
    await coalition.member("anna", lane=9)
    await coalition.member("ana")
    await coalition.member("eve", lane=11)
    return coalition


async def ask(coalition, key=None):
    """A request of a hub that knows who was merged."""
    await coalition.hub.wallets.refresh()
    key = key or f"key-{next(coalition.numbers)}"
    return Request(key=key, actor="test", kin=coalition.hub.wallets.forwards.find_kin)


async def refund(coalition, redeemed, points, *, name="anna", poster=None, key=None, **given):
    return await refund_points(
        poster or coalition.hub.poster,
        coalition.hub.database,
        await ask(coalition, key),
        acceptor=coalition.partners["shop"],
        wallet=coalition.members[name],
        redemption=redeemed.entry,
        points=points,
        **given,
    )


async def reverse(
    coalition,
    issued,
    points,
    mode=ReverseMode.REFUSE,
    *,
    name="anna",
    issuer="air",
    poster=None,
    key=None,
):
    return await reverse_issue(
        poster or coalition.hub.poster,
        coalition.hub.database,
        await ask(coalition, key),
        issuer=coalition.partners[issuer],
        wallet=coalition.members[name],
        lot=issued.lot,
        points=points,
        mode=mode,
    )


async def statuses(coalition):
    rows = await coalition.query("SELECT status FROM member_merges ORDER BY began_at, merge_id")
    return [row[0] for row in rows]


async def flows(coalition, kind):
    """Points by reversal of one kind of flow: what is settled."""
    rows = await coalition.query(
        "SELECT is_reversal, sum(points)::bigint FROM ledger.flows WHERE kind = $1"
        " GROUP BY 1 ORDER BY 1",
        kind,
    )
    return [tuple(row) for row in rows]


async def test_a_refund_the_day_after_a_merge_is_the_survivors(cast):
    await issue(cast, "anna", 100)
    paid = await redeem(cast, "anna", 80)
    await merge(cast)
    cast.clock.tick(DAY)
    done = await refund(cast, paid, 30)
    assert done.entry.lane == cast.members["anna"].lane
    assert await see(cast, "anna") == (0, 0, 0, False)
    assert await see(cast, "ana") == (50, 0, 0, True)
    assert await statuses(cast) == ["DONE"]
    assert await flows(cast, 2) == [(False, 80), (True, 30)]


async def test_a_refund_goes_on_in_part_up_to_what_was_redeemed(cast):
    await issue(cast, "anna", 100)
    paid = await redeem(cast, "anna", 80)
    await merge(cast)
    await refund(cast, paid, 30)
    await refund(cast, paid, 50)
    before = await photograph(cast)
    with pytest.raises(RefundExceedsRedeemed) as refused:
        await refund(cast, paid, 1)
    assert (refused.value.refundable_points, refused.value.required_points) == (0, 1)
    assert await photograph(cast) == before
    assert await statuses(cast) == ["DONE"]
    assert await see(cast, "ana") == (100, 0, 0, True)


async def test_a_retry_of_a_refund_gives_the_same_answer_and_books_nothing(cast):
    await issue(cast, "anna", 100)
    paid = await redeem(cast, "anna", 80)
    await merge(cast)
    first = await refund(cast, paid, 30, key="K")
    before = await photograph(cast)
    assert await refund(cast, paid, 30, key="K") == first
    with pytest.raises(IdempotencyConflict):
        await refund(cast, paid, 31, key="K")
    assert await photograph(cast) == before


async def test_a_retry_of_a_refund_from_before_the_merge_is_answered(cast):
    await issue(cast, "anna", 100)
    paid = await redeem(cast, "anna", 80)
    first = await refund(cast, paid, 30, key="K")
    await merge(cast)
    before = await photograph(cast)
    assert await refund(cast, paid, 30, key="K") == first
    assert await photograph(cast) == before


async def test_a_hub_that_has_not_heard_of_the_merge_refunds_too(cast):
    await issue(cast, "anna", 100)
    paid = await redeem(cast, "anna", 80)
    await merge(cast)
    deaf = cast.request("K")
    for _ in range(2):
        await refund_points(
            cast.hub.poster,
            cast.hub.database,
            deaf,
            acceptor=cast.partners["shop"],
            wallet=cast.members["anna"],
            redemption=paid.entry,
            points=30,
        )
    assert await see(cast, "ana") == (50, 0, 0, True)


async def test_a_refund_repays_what_the_survivor_owes(cast):
    await issue(cast, "anna", 100)
    paid = await redeem(cast, "anna", 100)
    lot = (await issue(cast, "ana", 40)).lot
    await redeem(cast, "ana", 40)
    await reverse_issue(
        cast.hub.poster,
        cast.hub.database,
        cast.request(),
        issuer=cast.partners["air"],
        wallet=cast.members["ana"],
        lot=lot,
        points=40,
        mode=ReverseMode.UNLIMITED,
    )
    await merge(cast)
    await refund(cast, paid, 60)
    assert await see(cast, "ana") == (20, 0, 0, True)


async def test_a_refund_onto_an_expired_lot_lives_on_with_the_survivor(cast):
    await issue(cast, "anna", 100, expires_at=cast.clock.now + DAY)
    paid = await redeem(cast, "anna", 100)
    await merge(cast)
    cast.clock.tick(2 * DAY)
    done = await refund(cast, paid, 40, reinstated_until=cast.clock.now + 5 * DAY)
    gone = await refund(cast, paid, 10)
    assert (done.expired_points, gone.expired_points) == (40, 10)
    assert await see(cast, "anna") == (0, 0, 0, False)
    assert await see(cast, "ana") == (40, 0, 0, True)


async def test_a_refund_passes_through_two_merges(cast):
    await issue(cast, "anna", 100)
    paid = await redeem(cast, "anna", 80)
    await merge(cast)
    await merge(cast, gone="ana", survivor="eve")
    await refund(cast, paid, 30)
    assert await see(cast, "anna") == (0, 0, 0, False)
    assert await see(cast, "ana") == (0, 0, 0, False)
    assert await see(cast, "eve") == (50, 0, 0, True)
    assert await statuses(cast) == ["DONE", "DONE"]
    await unmerge(cast, gone="ana")
    assert await see(cast, "ana") == (50, 0, 0, True)
    assert sorted(await statuses(cast)) == ["DONE", "UNDONE"]


async def test_a_merge_is_undone_with_what_was_refunded_since(cast):
    await issue(cast, "anna", 100)
    paid = await redeem(cast, "anna", 80)
    await issue(cast, "ana", 5)
    await merge(cast)
    await refund(cast, paid, 30)
    await unmerge(cast)
    assert await see(cast, "anna") == (50, 0, 0, True)
    assert await see(cast, "ana") == (5, 0, 0, True)
    await refund(cast, paid, 50)
    assert await see(cast, "anna") == (100, 0, 0, True)


async def test_refunded_points_that_the_survivor_used_keep_the_merge(cast):
    await issue(cast, "anna", 100)
    paid = await redeem(cast, "anna", 100)
    await merge(cast)
    await refund(cast, paid, 30)
    await redeem(cast, "ana", 1)
    with pytest.raises(MergedPointsUsed) as refused:
        await unmerge(cast)
    assert refused.value.used_points == 1


async def test_a_wallet_that_is_closed_without_a_merge_stays_closed(cast):
    await issue(cast, "anna", 10)
    paid = await redeem(cast, "anna", 10)
    anna = cast.members["anna"]
    await cast.query(
        "SELECT ledger.set_wallet_open($1::smallint, $2, false)", anna.lane, anna.number
    )
    before = await photograph(cast)
    with pytest.raises(WalletClosed):
        await refund(cast, paid, 10)
    assert await photograph(cast) == before


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5])
async def test_a_refund_that_is_killed_after_any_step_is_finished_by_the_job(cast, steps):
    await issue(cast, "anna", 100)
    paid = await redeem(cast, "anna", 80)
    await merge(cast)
    mortal = Mortal(cast.hub.poster, steps)
    try:
        first = await refund(cast, paid, 30, key="K", poster=mortal)
    except Stopped:
        await finish_merges(cast.hub.poster, cast.hub.database)
        first = await refund(cast, paid, 30, key="K")
    await finish_merges(cast.hub.poster, cast.hub.database)
    assert await refund(cast, paid, 30, key="K") == first
    assert await see(cast, "anna") == (0, 0, 0, False)
    assert await see(cast, "ana") == (50, 0, 0, True)
    assert await statuses(cast) == ["DONE"]


async def test_many_refunds_at_once_are_all_booked_once(cast):
    await issue(cast, "anna", 100)
    paid = await redeem(cast, "anna", 100)
    await merge(cast)
    done = await asyncio.gather(*[refund(cast, paid, 4) for _ in range(20)])
    await finish_merges(cast.hub.poster, cast.hub.database)
    assert len({one.entry for one in done}) == 20
    assert await see(cast, "anna") == (0, 0, 0, False)
    assert await see(cast, "ana") == (80, 0, 0, True)
    assert await statuses(cast) == ["DONE"]


async def test_a_reverse_takes_the_unspent_points_that_moved(cast):
    issued = await issue(cast, "anna", 100)
    await issue(cast, "ana", 5)
    await merge(cast)
    taken = await reverse(cast, issued, 60)
    assert (taken.points, taken.short_points) == (60, 0)
    assert taken.entry.lane == cast.members["ana"].lane
    assert await see(cast, "ana") == (45, 0, 0, True)
    assert await flows(cast, 1) == [(False, 105), (True, 60)]
    assert await flows(cast, 14) == []


async def test_pending_points_are_taken_back_after_a_merge(cast):
    issued = await issue(cast, "anna", 100, available_at=NEVER)
    await merge(cast)
    await reverse(cast, issued, 100, ReverseMode.ONLY_PENDING)
    assert await see(cast, "ana") == (0, 0, 0, True)


async def test_spent_points_are_refused_with_how_many_are_left(cast):
    issued = await issue(cast, "anna", 100)
    await redeem(cast, "anna", 70)
    await issue(cast, "ana", 500)
    await merge(cast)
    before = await photograph(cast)
    for _ in range(2):
        with pytest.raises(LotSpent) as refused:
            await reverse(cast, issued, 31, key="K")
        assert (refused.value.unspent_points, refused.value.required_points) == (30, 31)
    assert await photograph(cast) == before
    assert await statuses(cast) == ["DONE"]


async def test_only_pending_takes_what_moved_and_the_rest_is_lost(cast):
    issued = await issue(cast, "anna", 100)
    await redeem(cast, "anna", 70)
    await issue(cast, "ana", 500)
    await merge(cast)
    taken = await reverse(cast, issued, 100, ReverseMode.ONLY_PENDING)
    assert (taken.points, taken.short_points) == (30, 70)
    assert await see(cast, "ana") == (500, 0, 0, True)
    with pytest.raises(LotSpent):
        await reverse(cast, issued, 1, ReverseMode.ONLY_PENDING)


async def test_within_balance_takes_the_survivors_other_points(cast):
    issued = await issue(cast, "anna", 100)
    await redeem(cast, "anna", 70)
    await issue(cast, "ana", 50)
    await merge(cast)
    taken = await reverse(cast, issued, 100, ReverseMode.WITHIN_BALANCE)
    assert (taken.points, taken.short_points) == (80, 20)
    await issue(cast, "ana", 10)
    assert await see(cast, "ana") == (10, 0, 0, True)
    assert await flows(cast, 1) == [(False, 160), (True, 30)]
    assert await flows(cast, 14) == [(False, 50)]


async def test_unlimited_leaves_the_rest_as_arrears_of_the_survivor(cast):
    issued = await issue(cast, "anna", 100)
    await redeem(cast, "anna", 70)
    await issue(cast, "ana", 50)
    await merge(cast)
    taken = await reverse(cast, issued, 100, ReverseMode.UNLIMITED)
    assert (taken.points, taken.short_points) == (100, 20)
    assert await see(cast, "anna") == (0, 0, 0, False)
    await issue(cast, "ana", 25)
    assert await see(cast, "ana") == (5, 0, 0, True)
    assert await flows(cast, 14) == [(False, 70)]


@pytest.mark.parametrize("mode", [ReverseMode.WITHIN_BALANCE, ReverseMode.UNLIMITED])
async def test_points_spent_before_and_after_the_merge_are_taken_back_once(cast, mode):
    issued = await issue(cast, "anna", 100)
    await redeem(cast, "anna", 40)
    await merge(cast)
    await redeem(cast, "ana", 60)
    await issue(cast, "ana", 100)
    taken = await reverse(cast, issued, 100, mode)
    assert (taken.points, taken.short_points) == (100, 0)
    before = await photograph(cast)
    with pytest.raises(ReverseExceedsIssued) as refused:
        await reverse(cast, issued, 1, mode)
    assert (refused.value.reversible_points, refused.value.required_points) == (0, 1)
    assert await photograph(cast) == before
    await issue(cast, "ana", 1)
    assert await see(cast, "ana") == (1, 0, 0, True)


async def test_a_retry_of_a_reverse_gives_the_same_answer_and_books_nothing(cast):
    issued = await issue(cast, "anna", 100)
    await redeem(cast, "anna", 70)
    await issue(cast, "ana", 50)
    await merge(cast)
    first = await reverse(cast, issued, 100, ReverseMode.UNLIMITED, key="K")
    before = await photograph(cast)
    assert await reverse(cast, issued, 100, ReverseMode.UNLIMITED, key="K") == first
    with pytest.raises(IdempotencyConflict):
        await reverse(cast, issued, 99, ReverseMode.UNLIMITED, key="K")
    assert await photograph(cast) == before


async def test_a_retry_of_a_reverse_from_before_the_merge_is_answered(cast):
    issued = await issue(cast, "anna", 100)
    await redeem(cast, "anna", 95)
    first = await reverse(cast, issued, 100, ReverseMode.UNLIMITED, key="K")
    with pytest.raises(LotSpent):
        await reverse(cast, await issue(cast, "anna", 10), 11, key="L")
    await merge(cast)
    before = await photograph(cast)
    assert await reverse(cast, issued, 100, ReverseMode.UNLIMITED, key="K") == first
    with pytest.raises(IdempotencyConflict):
        await reverse(cast, issued, 11, key="L")
    assert await photograph(cast) == before


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 7, 9])
async def test_a_reverse_that_is_killed_after_any_step_is_gone_on_with(cast, steps):
    issued = await issue(cast, "anna", 100)
    await redeem(cast, "anna", 70)
    await issue(cast, "ana", 50)
    await merge(cast)
    mortal = Mortal(cast.hub.poster, steps)
    with contextlib.suppress(Stopped):
        await reverse(cast, issued, 100, ReverseMode.UNLIMITED, key="K", poster=mortal)
    await finish_merges(cast.hub.poster, cast.hub.database)
    taken = await reverse(cast, issued, 100, ReverseMode.UNLIMITED, key="K")
    assert (taken.points, taken.short_points) == (100, 20)
    await issue(cast, "ana", 25)
    assert await see(cast, "ana") == (5, 0, 0, True)
    assert await statuses(cast) == ["DONE"]


async def test_a_reverse_follows_points_through_two_merges_and_back(cast):
    issued = await issue(cast, "anna", 100)
    await merge(cast)
    await merge(cast, gone="ana", survivor="eve")
    await reverse(cast, issued, 10)
    assert await see(cast, "eve") == (90, 0, 0, True)
    await unmerge(cast, gone="ana")
    await reverse(cast, issued, 10)
    assert await see(cast, "ana") == (80, 0, 0, True)
    await reverse(cast, issued, 80)
    assert await see(cast, "ana") == (0, 0, 0, True)
    assert await flows(cast, 1) == [(False, 100), (True, 100)]


async def test_a_refund_that_came_after_the_merge_is_unspent_again(cast):
    issued = await issue(cast, "anna", 100)
    paid = await redeem(cast, "anna", 60)
    await merge(cast)
    await refund(cast, paid, 60)
    await reverse(cast, issued, 100)
    assert await see(cast, "ana") == (0, 0, 0, True)
    assert await flows(cast, 1) == [(False, 100), (True, 100)]


async def test_what_was_reversed_does_not_stand_in_the_way_of_undoing_the_merge(cast):
    issued = await issue(cast, "anna", 100)
    await merge(cast)
    await reverse(cast, issued, 40)
    assert (await unmerge(cast)).status is MergeStatus.UNDONE
    assert await see(cast, "anna") == (60, 0, 0, True)


async def test_points_that_the_survivor_gave_away_are_reversed_where_they_lie(cast):
    issued = await issue(cast, "anna", 100)
    await merge(cast)
    await transfer(cast, "ana", "eve", 30)
    with pytest.raises(ReverseExceedsIssued) as refused:
        await reverse(cast, issued, 71, ReverseMode.UNLIMITED)
    assert refused.value.reversible_points == 70
    await reverse(cast, issued, 70)
    assert await see(cast, "eve") == (30, 0, 0, True)


async def test_an_expired_lot_is_not_reversed_after_a_merge(cast):
    issued = await issue(cast, "anna", 100, expires_at=cast.clock.now + DAY)
    await merge(cast)
    cast.clock.tick(DAY)
    before = await photograph(cast)
    with pytest.raises(LotExpired):
        await reverse(cast, issued, 1)
    assert await photograph(cast) == before


async def test_a_reverse_after_a_merge_was_undone_finds_the_points(cast):
    issued = await issue(cast, "anna", 100)
    await merge(cast)
    await unmerge(cast)
    await reverse(cast, issued, 100)
    assert await see(cast, "anna") == (0, 0, 0, True)
    assert await flows(cast, 1) == [(False, 100), (True, 100)]


async def test_a_reverse_after_a_merge_frees_the_issuers_cap(cast):
    await cast.partner("bus", points_cap_per_window=100)
    first = await issue(cast, "anna", 100, "bus")
    await merge(cast)
    assert (await issue(cast, "ana", 60, "bus")).points == 0
    for _ in range(2):
        await reverse(cast, first, 60, issuer="bus", key="K")
    assert (await issue(cast, "ana", 100, "bus")).points == 60
