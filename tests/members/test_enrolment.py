"""Members join, and partners' own references lead to their wallets."""

import asyncio

import pytest

from hub.kernel.actor import HUB_ACTOR
from hub.ledger.operations import lane_of
from hub.members.enrolment import enrol_member, enrol_members, link_account
from hub.members.errors import (
    AccountAlreadyLinked,
    AccountNotLinked,
    MemberNotFound,
    ReferenceNotValid,
)


@pytest.fixture
async def air(coalition):
    return (await coalition.partner("air")).partner_id


async def enrol(coalition):
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        return await enrol_member(tx)


async def link(coalition, partner_id, reference, member_id):
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        return await link_account(
            tx, partner_id=partner_id, reference=reference, member_id=member_id
        )


async def test_a_member_joins_with_an_empty_wallet_in_the_lane_of_its_number(coalition):
    member = await enrol(coalition)
    rows = await coalition.query("SELECT lane, wallet_id, balance_points FROM ledger.wallets")
    assert [tuple(row) for row in rows] == [(member.wallet.lane, member.wallet.number, 0)]
    assert member.wallet.lane == lane_of(member.wallet.number)
    assert member.joined_at == coalition.clock.now


async def test_many_members_join_at_once_and_are_spread_over_the_lanes(coalition):
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        members = await enrol_members(tx, count=640)
    assert len({member.member_id for member in members}) == 640
    assert await coalition.value("SELECT count(*) FROM ledger.wallets") == 640
    assert await coalition.value("SELECT count(DISTINCT lane) FROM ledger.wallets") > 50


async def test_an_enrolment_that_is_rolled_back_leaves_no_wallet(coalition):
    database = coalition.hub.database
    with pytest.raises(MemberNotFound):  # noqa: PT012 (all of it is undone)
        async with database.begin(HUB_ACTOR) as tx:
            await enrol_member(tx)
            await link_account(tx, partner_id=1, reference="r", member_id=5)
    assert await coalition.query("SELECT FROM ledger.wallets") == []


async def test_a_reference_leads_to_the_wallet(coalition, air):
    member = await enrol(coalition)
    await link(coalition, air, "FF-1", member.member_id)
    assert await coalition.hub.wallets.find_wallet(air, "FF-1") == member.wallet


async def test_linking_again_changes_nothing(coalition, air):
    member = await enrol(coalition)
    for _ in range(2):
        await link(coalition, air, "FF-1", member.member_id)
    assert await coalition.value("SELECT count(*) FROM linked_accounts") == 1


async def test_a_reference_belongs_to_one_member(coalition, air):
    first, second = await enrol(coalition), await enrol(coalition)
    await link(coalition, air, "FF-1", first.member_id)
    with pytest.raises(AccountAlreadyLinked) as refused:
        await link(coalition, air, "FF-1", second.member_id)
    assert refused.value.reference == "FF-1"
    assert await coalition.hub.wallets.find_wallet(air, "FF-1") == first.wallet


async def test_only_a_member_can_be_linked(coalition, air):
    with pytest.raises(MemberNotFound):
        await link(coalition, air, "FF-1", 5)


@pytest.mark.parametrize("reference", ["", " x", "x ", "a\nb", "\x00", "x" * 129, "\ud800"])
async def test_a_reference_must_be_printable_and_short(coalition, air, reference):
    member = await enrol(coalition)
    with pytest.raises(ReferenceNotValid):
        await link(coalition, air, reference, member.member_id)
    with pytest.raises(ReferenceNotValid):
        await coalition.hub.wallets.find_wallet(air, reference)


async def test_an_unknown_reference_is_found_once_it_is_linked(coalition, air):
    with pytest.raises(AccountNotLinked):
        await coalition.hub.wallets.find_wallet(air, "FF-1")
    member = await enrol(coalition)
    await link(coalition, air, "FF-1", member.member_id)
    assert await coalition.hub.wallets.find_wallet(air, "FF-1") == member.wallet


async def test_many_questions_at_once_are_one_query(coalition, air):
    members = [await enrol(coalition) for _ in range(5)]
    for number, member in enumerate(members):
        await link(coalition, air, f"FF-{number}", member.member_id)
    finder, statements = coalition.hub.wallets, []
    with pytest.raises(AccountNotLinked):
        await finder.find_wallet(air, "nobody")  # the connection learns types at its first question
    async with finder._kept.use() as connection:
        connection.add_query_logger(lambda record: statements.append(record.query))
    found = await asyncio.gather(
        *(finder.find_wallet(air, f"FF-{number % 5}") for number in range(50))
    )
    assert found == [members[number % 5].wallet for number in range(50)]
    assert len(statements) == 1
    await asyncio.gather(*(finder.find_wallet(air, f"FF-{n}") for n in range(5)))
    assert len(statements) == 1
