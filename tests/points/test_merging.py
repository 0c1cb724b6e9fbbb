"""Two members become one, and two again; whatever comes in meanwhile follows."""

import asyncio

import pytest

from hub.kernel.actor import HUB_ACTOR
from hub.ledger.errors import WalletClosed
from hub.ledger.operations import ReverseMode
from hub.members.enrolment import link_account
from hub.members.errors import MemberNotFound
from hub.members.merges.errors import (
    AlreadyMerged,
    MergedPointsUsed,
    MergeNotFound,
    OpenHoldsLeft,
    SameMember,
)
from hub.members.merges.store import MergeStatus
from hub.members.store import find_member, list_linked_accounts
from hub.points.giving_back import reverse_issue
from hub.points.holds import hold_points
from hub.points.issue import issue_points
from hub.points.merging import finish_merges, merge_members, unmerge_members
from hub.points.requests import NEVER
from tests.coalition import DAY, photograph
from tests.points.people import Mortal, Stopped, issue, lots, merge, redeem, see, unmerge


@pytest.fixture
async def cast(coalition):
    """ana and her other self anna, in two lanes, with a partner that knows both."""
    await coalition.partner("air")
    await coalition.partner("shop")
    await coalition.member("anna", lane=9)
    await coalition.member("ana", lane=7)
    for name, reference in (("anna", "a-1"), ("ana", "a-2")):
        await link(coalition, "air", reference, name)
    return coalition


async def link(coalition, code, reference, name):
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        await link_account(
            tx,
            partner_id=coalition.partners[code].partner_id,
            reference=reference,
            member_id=coalition.members[name].number,
        )


async def references(coalition, name):
    async with coalition.hub.database.read(HUB_ACTOR) as tx:
        found = await list_linked_accounts(tx, [coalition.members[name].number])
    return [account.reference for account in found]


async def in_debt(coalition, name, points):
    """Let a member owe so many points to air."""
    lot = (await issue(coalition, name, points)).lot
    await redeem(coalition, name, points)
    await reverse_issue(
        coalition.hub.poster,
        coalition.hub.database,
        coalition.request(),
        issuer=coalition.partners["air"],
        wallet=coalition.members[name],
        lot=lot,
        points=points,
        mode=ReverseMode.UNLIMITED,
    )


@pytest.mark.parametrize("lane", [7, 9])
async def test_the_survivor_gets_lots_and_links_in_any_lane(cast, lane):
    await cast.member("eve", lane=lane)
    await link(cast, "shop", "e-1", "eve")
    await issue(cast, "eve", 100)
    await issue(cast, "eve", 30, available_at=NEVER)
    await issue(cast, "ana", 5)
    done = await merge(cast, gone="eve")
    assert done.status is MergeStatus.DONE
    assert await see(cast, "eve") == (0, 0, 0, False)
    assert await see(cast, "ana") == (135, 0, 0, True)
    assert sorted(await lots(cast, "ana")) == [(5, 5, False), (30, 30, True), (100, 100, True)]
    assert await references(cast, "ana") == ["a-2", "e-1"]
    assert await references(cast, "eve") == []


async def test_what_the_one_owed_the_survivor_owes_and_repays(cast):
    await in_debt(cast, "anna", 40)
    await issue(cast, "ana", 15)
    await merge(cast)
    assert await see(cast, "anna") == (0, 0, 0, False)
    assert (await see(cast, "ana"))[2] == 40
    await issue(cast, "ana", 50)
    assert await see(cast, "ana") == (25, 0, 0, True)


async def test_points_that_come_repay_what_the_survivor_owes(cast):
    await in_debt(cast, "ana", 40)
    await issue(cast, "anna", 100)
    await merge(cast)
    assert await see(cast, "ana") == (60, 0, 0, True)


async def test_an_id_forwards_to_the_survivor_over_two_merges(cast):
    await cast.member("eve", lane=11)
    await merge(cast)
    await merge(cast, gone="ana", survivor="eve")
    await cast.hub.wallets.refresh()
    forwards = cast.hub.wallets.forwards
    eve = cast.members["eve"]
    assert forwards.find_wallet(cast.members["anna"]) == eve
    assert forwards.find_member(cast.members["anna"].number) == eve.number
    assert forwards.find_kin(eve) == (cast.members["ana"], cast.members["anna"])
    air = cast.partners["air"].partner_id
    assert await cast.hub.wallets.find_wallet(air, "a-1") == eve
    async with cast.hub.database.read(HUB_ACTOR) as tx:
        assert (await find_member(tx, cast.members["anna"].number)).wallet == eve


async def test_open_holds_are_to_be_ended_first(cast):
    await issue(cast, "anna", 100)
    for _ in range(2):
        await hold_points(
            cast.hub.poster,
            cast.hub.register,
            cast.request(),
            now=cast.clock.now,
            acceptor=cast.partners["shop"],
            wallet=cast.members["anna"],
            points=10,
            ends_at=cast.clock.now + DAY,
        )
    before = await photograph(cast)
    with pytest.raises(OpenHoldsLeft) as refused:
        await merge(cast)
    assert refused.value.hold_count == 2
    assert await photograph(cast) == before
    assert await cast.value("SELECT count(*) FROM member_merges") == 0
    cast.clock.tick(2 * DAY)
    assert (await merge(cast)).status is MergeStatus.DONE
    assert await see(cast, "ana") == (100, 0, 0, True)


@pytest.mark.parametrize("points", [0, 10])
async def test_merges_are_undone_last_one_first(cast, points):
    await cast.member("cleo", lane=5)
    if points:
        await issue(cast, "anna", points)
    await merge(cast)
    await merge(cast, gone="ana", survivor="cleo")
    before = await photograph(cast)
    with pytest.raises(AlreadyMerged):
        await unmerge(cast)
    assert await photograph(cast) == before
    assert (await unmerge(cast, gone="ana")).status is MergeStatus.UNDONE
    assert (await see(cast, "ana"))[0] == points


async def test_who_is_merged_is_not_merged_again(cast):
    await cast.member("eve")
    first = await merge(cast)
    assert await merge(cast) == first
    with pytest.raises(AlreadyMerged):
        await merge(cast, survivor="eve")
    with pytest.raises(SameMember):
        await merge(cast, gone="ana", survivor="anna")
    with pytest.raises(SameMember):
        await merge(cast, gone="eve", survivor="eve")
    cast.members["nobody"] = cast.members["eve"].__class__(1, 1)
    with pytest.raises(MemberNotFound):
        await merge(cast, gone="nobody")


async def test_two_opposite_merges_at_once_are_one(cast):
    await issue(cast, "anna", 10)
    await issue(cast, "ana", 20)
    done = await asyncio.gather(
        merge(cast), merge(cast, gone="ana", survivor="anna"), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in done) == ["AlreadyMerged", "Merge"]
    total = await cast.value("SELECT sum(balance_points)::bigint FROM ledger.wallets")
    assert total == 30


async def test_a_merge_is_undone_while_nothing_of_it_was_used(cast):
    await issue(cast, "anna", 100)
    await issue(cast, "anna", 7, available_at=NEVER)
    await issue(cast, "ana", 5)
    await merge(cast)
    await link(cast, "shop", "s-1", "anna")
    await redeem(cast, "ana", 5)
    undone = await unmerge(cast)
    assert undone.status is MergeStatus.UNDONE
    assert await see(cast, "anna") == (107, 0, 0, True)
    assert await see(cast, "ana") == (0, 0, 0, True)
    assert [each for each in await lots(cast, "anna") if each[1]] == [
        (100, 100, False),
        (7, 7, False),
    ]
    assert await references(cast, "anna") == ["a-1"]
    assert await references(cast, "ana") == ["a-2", "s-1"]
    await cast.hub.wallets.refresh()
    air = cast.partners["air"].partner_id
    assert await cast.hub.wallets.find_wallet(air, "a-1") == cast.members["anna"]
    await redeem(cast, "anna", 100)


async def test_arrears_go_back_too(cast):
    await in_debt(cast, "anna", 40)
    await in_debt(cast, "ana", 3)
    await merge(cast)
    assert (await see(cast, "ana"))[2] == 43
    await unmerge(cast)
    assert ((await see(cast, "anna"))[2], (await see(cast, "ana"))[2]) == (40, 3)


async def test_members_may_be_merged_again_after_it_was_undone(cast):
    await issue(cast, "anna", 100)
    await merge(cast)
    await unmerge(cast)
    cast.clock.tick(DAY)
    await merge(cast)
    assert await see(cast, "ana") == (100, 0, 0, True)
    await unmerge(cast, name="second")
    assert await see(cast, "anna") == (100, 0, 0, True)


async def test_a_merge_of_which_a_point_was_used_stays(cast):
    await issue(cast, "anna", 100)
    await merge(cast)
    await redeem(cast, "ana", 1)
    before = await photograph(cast)
    with pytest.raises(MergedPointsUsed) as refused:
        await unmerge(cast)
    assert refused.value.used_points == 1
    assert await photograph(cast) == before
    assert await see(cast, "ana") == (99, 0, 0, True)


async def test_a_merge_of_which_a_debt_was_repaid_stays(cast):
    await in_debt(cast, "anna", 40)
    await merge(cast)
    await issue(cast, "ana", 10)
    before = await photograph(cast)
    with pytest.raises(MergedPointsUsed) as refused:
        await unmerge(cast)
    assert refused.value.used_points == 10
    assert await photograph(cast) == before


async def test_what_was_not_merged_is_not_undone(cast):
    with pytest.raises(MergeNotFound):
        await unmerge(cast)


@pytest.mark.parametrize("steps", range(9))
async def test_a_merge_that_is_killed_after_any_step_is_finished_by_the_job(cast, steps):
    await issue(cast, "anna", 100)
    await issue(cast, "anna", 20)
    await in_debt_beside(cast)
    mortal = Mortal(cast.hub.poster, steps)
    try:
        await merge_members(
            mortal,
            cast.hub.database,
            from_member_id=cast.members["anna"].number,
            to_member_id=cast.members["ana"].number,
            actor="test",
        )
    except Stopped:
        assert await finish_merges(cast.hub.poster, cast.hub.database) == 1
    assert await finish_merges(cast.hub.poster, cast.hub.database) == 0
    assert await see(cast, "anna") == (0, 0, 0, False)
    assert await see(cast, "ana") == (120, 0, 8, True)
    assert await references(cast, "ana") == ["a-1", "a-2"]


async def in_debt_beside(cast):
    """Let anna owe 8 points beside points that are not usable yet, so cannot repay them."""
    lot = (await issue(cast, "anna", 8)).lot
    await redeem(cast, "anna", 128)
    await reverse_issue(
        cast.hub.poster,
        cast.hub.database,
        cast.request(),
        issuer=cast.partners["air"],
        wallet=cast.members["anna"],
        lot=lot,
        points=8,
        mode=ReverseMode.UNLIMITED,
    )
    await issue(cast, "anna", 100, available_at=NEVER)
    await issue(cast, "anna", 20, available_at=NEVER)


@pytest.mark.parametrize("steps", range(7))
async def test_an_undoing_that_is_killed_after_any_step_is_finished(cast, steps):
    await issue(cast, "anna", 100)
    await issue(cast, "anna", 20)
    await in_debt_beside(cast)
    await merge(cast)
    mortal = Mortal(cast.hub.poster, steps)
    try:
        await unmerge_members(
            mortal,
            cast.hub.database,
            from_member_id=cast.members["anna"].number,
            name="k",
            actor="test",
        )
    except Stopped:
        await finish_merges(cast.hub.poster, cast.hub.database)
    assert (await unmerge_again(cast)) is MergeStatus.UNDONE
    assert await see(cast, "anna") == (120, 0, 8, True)
    assert await see(cast, "ana") == (0, 0, 0, True)
    assert await references(cast, "anna") == ["a-1"]


async def unmerge_again(cast):
    """Ask with the same name: it goes on, or is done already."""
    try:
        return (await unmerge(cast, name="k")).status
    except MergeNotFound:
        return MergeStatus(await cast.value("SELECT status FROM member_merges"))


async def test_points_that_are_issued_while_it_merges_reach_the_survivor(cast):
    """Real commits of many tasks against the merge; nothing is lost or doubled."""
    air = cast.partners["air"].partner_id
    issued = []

    async def earn(number):
        for turn in range(10):
            await asyncio.sleep(0)
            wallet = await cast.hub.wallets.find_wallet(air, "a-1")
            request = cast.request(f"earn-{number}-{turn}")
            for place in (wallet, cast.members["ana"]):
                try:
                    await issue_points(
                        cast.hub.poster,
                        cast.hub.register,
                        request,
                        now=cast.clock.now,
                        issuer=cast.partners["air"],
                        wallet=place,
                        points=1,
                        reference=f"{number}-{turn}",
                        expires_at=NEVER,
                    )
                except WalletClosed:
                    continue
                issued.append((number, turn))
                break

    await asyncio.gather(*[earn(number) for number in range(20)], merge(cast))
    await finish_merges(cast.hub.poster, cast.hub.database)
    assert len(issued) == len(set(issued)) == 200
    assert await see(cast, "anna") == (0, 0, 0, False)
    assert await see(cast, "ana") == (200, 0, 0, True)
