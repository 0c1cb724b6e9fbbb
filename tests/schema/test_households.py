"""Households through the API: who may what, what flows in, and what leaves with whom."""

import asyncio
from datetime import timedelta

import pytest

from hub.kernel.ids import IdKind
from hub.ledger.feed.consumers import catch_up
from hub.ledger.feed.settings import FeedSettings
from hub.points import pools
from hub.points.pools import finish_leaving
from hub.worker import consumers_of
from tests.api import issue
from tests.coalition import photograph

HOUSEHOLD = """{ viewer { member { household {
    role shareBps wallet { balancePoints availablePoints }
    members { role shareBps isOwn } } } } }"""
MINE = "{ wallet { balancePoints availablePoints } }"


@pytest.fixture
async def cast(api):
    """ana and ben in two lanes, known to AIR and SHOP; a consumer that follows from now on."""
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    await api.coalition.member("ben", lane=9)
    ana = await api.member("ana", AIR="a-1", SHOP="s-1")
    ben = await api.member("ben", AIR="a-2", SHOP="s-2")
    await follow(api)
    return air, shop, ana, ben


async def follow(api):
    """Let the worker's consumers come to the present."""
    for consumer in consumers_of(api.coalition.hub):
        await catch_up(api.coalition.hub.database, consumer, FeedSettings())


async def household(caller):
    return (await caller.ask(HOUSEHOLD))["viewer"]["member"]["household"]


async def mine(caller):
    return (await caller.ask(MINE))["wallet"]["balancePoints"]


async def join(ana, ben, *, role="REDEEMER", shares=(5000, 2500)):
    await ana.do("createHousehold", shareBps=shares[0])
    code = (await ana.do("inviteToHousehold", "code", role=role))["code"]
    joined = await ben.do("joinHousehold", code=code, shareBps=shares[1])
    assert joined["userErrors"] == []
    return code


async def test_a_household_is_made_joined_and_seen_by_its_members(api, cast):
    _, _, ana, ben = cast
    await join(ana, ben)
    seen = await household(ben)
    members = sorted(seen.pop("members"), key=lambda each: each["role"])
    assert seen == {
        "role": "REDEEMER",
        "shareBps": 2500,
        "wallet": {"balancePoints": 0, "availablePoints": 0},
    }
    assert members == [
        {"role": "OWNER", "shareBps": 5000, "isOwn": False},
        {"role": "REDEEMER", "shareBps": 2500, "isOwn": True},
    ]


async def test_a_partner_does_not_see_who_lives_with_whom(api, cast):
    air, _, ana, ben = cast
    await join(ana, ben)
    look = """{ member(account: {reference: "a-1"}) { id household { role } } }"""
    assert (await air.ask(look))["member"]["household"] is None


async def test_the_share_of_each_issue_goes_to_the_household_in_whole_points(api, cast):
    air, _, ana, ben = cast
    await join(ana, ben)
    await issue(air, "a-1", 101)
    await issue(air, "a-2", 99)
    assert (await mine(ana), await mine(ben)) == (101, 99)
    await follow(api)
    assert (await mine(ana), await mine(ben)) == (51, 75)
    assert (await household(ana))["wallet"] == {"balancePoints": 74, "availablePoints": 74}
    await follow(api)
    assert (await household(ana))["wallet"] == {"balancePoints": 74, "availablePoints": 74}


async def test_the_share_is_of_the_lot_that_was_issued(api, cast):
    air, _, ana, ben = cast
    await issue(air, "a-1", 10, expiresAt="2026-03-05T00:00:00Z")
    await follow(api)
    await join(ana, ben, shares=(10_000, 0))
    await issue(air, "a-1", 100, expiresAt="2026-06-01T00:00:00Z")
    await follow(api)
    assert await mine(ana) == 10
    api.coalition.clock.tick(timedelta(days=30))
    assert (await household(ana))["wallet"]["availablePoints"] == 100


async def test_what_cannot_move_stays_with_the_member(api, cast):
    air, _, ana, ben = cast
    await join(ana, ben, shares=(10_000, 0))
    await issue(air, "a-1", 10, restriction={"isTransferable": False})
    await issue(air, "a-1", 20, releasedLater=True)
    await follow(api)
    assert await mine(ana) == 30
    assert (await household(ana))["wallet"]["balancePoints"] == 0


async def test_a_new_share_counts_from_the_next_issue_on(api, cast):
    air, _, ana, ben = cast
    await join(ana, ben)
    await issue(air, "a-1", 100)
    await follow(api)
    changed = await ana.do("setHouseholdShare", "household { shareBps }", shareBps=0)
    assert changed["household"] == {"shareBps": 0}
    await issue(air, "a-1", 100)
    await follow(api)
    assert (await household(ben))["wallet"]["balancePoints"] == 50


@pytest.mark.parametrize(
    ("role", "codes"), [("REDEEMER", []), ("CONTRIBUTOR", ["ROLE_NOT_ENOUGH"])]
)
async def test_who_redeems_from_the_household_is_decided_by_the_role(api, cast, role, codes):
    air, shop, ana, ben = cast
    await join(ana, ben, role=role, shares=(10_000, 0))
    await issue(air, "a-1", 100)
    await follow(api)
    before = await photograph(api.coalition)
    paid = await shop.do(
        "redeemPoints", "entryId", account={"reference": "s-2"}, points=60, fromHousehold=True
    )
    assert [error["code"] for error in paid["userErrors"]] == codes
    left = (await household(ana))["wallet"]["balancePoints"]
    assert left == (100 if codes else 40)
    if codes:
        assert await photograph(api.coalition) == before


async def test_who_has_no_household_does_not_redeem_from_one(api, cast):
    _, shop, _, _ = cast
    before = await photograph(api.coalition)
    error = await shop.refusal(
        "redeemPoints", account={"reference": "s-1"}, points=1, fromHousehold=True
    )
    assert error["code"] == "NOT_IN_HOUSEHOLD"
    assert await photograph(api.coalition) == before


async def test_leaving_gives_back_what_is_left_of_the_own_lots(api, cast):
    air, shop, ana, ben = cast
    await join(ana, ben, shares=(10_000, 10_000))
    await issue(air, "a-1", 100, expiresAt="2026-05-01T00:00:00Z")
    await issue(air, "a-2", 50, expiresAt="2026-06-01T00:00:00Z")
    await follow(api)
    await shop.do("redeemPoints", account={"reference": "s-1"}, points=120, fromHousehold=True)
    left = await ben.do("leaveHousehold", idempotencyKey="leave")
    assert left["userErrors"] == []
    assert await ben.do("leaveHousehold", idempotencyKey="leave") == left
    assert (await mine(ana), await mine(ben)) == (0, 30)
    assert await household(ben) is None
    assert [each["role"] for each in (await household(ana))["members"]] == ["OWNER"]
    await issue(air, "a-2", 10)
    await follow(api)
    assert await mine(ben) == 40


async def test_the_last_who_leaves_takes_everything(api, cast):
    air, _, ana, ben = cast
    await join(ana, ben, shares=(10_000, 10_000))
    await issue(air, "a-1", 100)
    await issue(air, "a-2", 50)
    await follow(api)
    await ben.do("leaveHousehold")
    await ana.do("leaveHousehold")
    assert (await mine(ana), await mine(ben)) == (100, 50)
    assert await api.coalition.value("SELECT count(*) FROM household_members") == 0


async def test_nobody_joins_a_household_that_everybody_is_leaving(api, cast):
    _, _, ana, ben = cast
    await ana.do("createHousehold", shareBps=0)
    code = (await ana.do("inviteToHousehold", "code", role="CONTRIBUTOR"))["code"]
    await api.coalition.query("UPDATE household_members SET is_leaving = true")
    refused = await ben.refusal("joinHousehold", code=code, shareBps=0)
    assert refused["code"] == "HOUSEHOLD_CODE_NOT_VALID"
    assert await household(ben) is None
    hub = api.coalition.hub
    assert await finish_leaving(hub.poster, hub.database) == 1
    assert await api.coalition.value("SELECT count(*) FROM household_members") == 0


async def test_a_household_keeps_an_owner(api, cast):
    _, _, ana, ben = cast
    await join(ana, ben)
    before = await photograph(api.coalition)
    assert (await ana.refusal("leaveHousehold"))["code"] == "OWNER_NEEDED"
    assert await photograph(api.coalition) == before
    assert (await household(ana))["role"] == "OWNER"


async def test_a_code_is_good_once_and_for_a_week(api, cast):
    _, _, ana, ben = cast
    code = await join(ana, ben)
    eve = await api.member("eve")
    refused = await eve.refusal("joinHousehold", code=code, shareBps=0)
    assert (refused["code"], refused["path"]) == ("HOUSEHOLD_CODE_NOT_VALID", ["input", "code"])
    given = {"role": "CONTRIBUTOR", "idempotencyKey": "invite"}
    late = await ana.do("inviteToHousehold", "code endsAt", **given)
    assert late["endsAt"] == "2026-03-08T12:00:00Z"
    api.coalition.clock.tick(timedelta(days=1))
    assert await ana.do("inviteToHousehold", "code endsAt", **given) == late
    api.coalition.clock.tick(timedelta(days=6))
    refused = await eve.refusal("joinHousehold", code=late["code"], shareBps=0)
    assert refused["code"] == "HOUSEHOLD_CODE_NOT_VALID"
    assert await household(eve) is None


async def test_only_an_owner_invites_and_nobody_belongs_to_two(api, cast):
    _, _, ana, ben = cast
    await join(ana, ben)
    assert (await ben.refusal("inviteToHousehold", role="OWNER"))["code"] == "ROLE_NOT_ENOUGH"
    assert (await ben.refusal("createHousehold", shareBps=0))["code"] == "ALREADY_IN_HOUSEHOLD"
    eve = await api.member("eve")
    assert (await eve.refusal("inviteToHousehold", role="OWNER"))["code"] == "NOT_IN_HOUSEHOLD"
    assert (await eve.refusal("createHousehold", shareBps=10_001))["code"] == "SHARE_OUT_OF_RANGE"
    assert await api.coalition.value("SELECT count(*) FROM households") == 1


async def test_ten_belong_to_one_and_no_more(api, cast):
    _, _, ana, _ = cast
    await ana.do("createHousehold", shareBps=0)
    outcomes = []
    for number in range(10):
        code = (await ana.do("inviteToHousehold", "code", role="CONTRIBUTOR"))["code"]
        somebody = await api.member(f"somebody{number}")
        joined = await somebody.do("joinHousehold", code=code, shareBps=0)
        outcomes.append([error["code"] for error in joined["userErrors"]])
    assert outcomes == [[]] * 9 + [["HOUSEHOLD_FULL"]]
    assert await api.coalition.value("SELECT count(*) FROM household_members") == 10


async def test_who_belongs_to_a_household_is_not_merged(api, cast):
    _, _, ana, ben = cast
    await join(ana, ben)
    operator = await api.operator()
    places = api.coalition.members
    before = await photograph(api.coalition)
    error = await operator.refusal(
        "mergeMembers",
        memberId=operator.id(IdKind.MEMBER, places["ben"].number),
        survivorId=operator.id(IdKind.MEMBER, places["ana"].number),
    )
    assert error["code"] == "IN_HOUSEHOLD"
    assert await photograph(api.coalition) == before


class Stopped(Exception):
    """The process died here."""


class Mortal:
    """A poster whose process dies after so many steps."""

    def __init__(self, poster, steps):
        self.poster = poster
        self.steps = steps

    async def post(self, operation):
        return await self._step(self.poster.post(operation))

    async def post_group(self, operations):
        return await self._step(self.poster.post_group(operations))

    async def _step(self, posting):
        if self.steps == 0:
            posting.close()
            raise Stopped
        self.steps -= 1
        return await posting


@pytest.mark.parametrize("steps", range(4))
async def test_a_contribution_that_is_killed_after_any_step_is_made_once(api, cast, steps):
    air, _, ana, ben = cast
    await join(ana, ben)
    await issue(air, "a-1", 100)
    hub = api.coalition.hub
    (consumer,) = [each for each in consumers_of(hub) if each.name == pools.CONSUMER]
    dying = type(consumer)(
        consumer.name,
        lambda tx, entries: pools.contribute_shares(
            Mortal(hub.poster, steps), hub.database, tx, entries
        ),
        consumer.start,
    )
    await catch_up(hub.database, dying, FeedSettings())
    api.coalition.clock.tick(timedelta(hours=1))
    await follow(api)
    assert await mine(ana) == 50
    assert (await household(ana))["wallet"]["balancePoints"] == 50


@pytest.mark.parametrize("steps", range(5))
async def test_a_leaving_that_is_killed_after_any_step_is_finished_by_the_job(api, cast, steps):
    air, _, ana, ben = cast
    await join(ana, ben, shares=(10_000, 10_000))
    await issue(air, "a-1", 100)
    await issue(air, "a-2", 50)
    await follow(api)
    hub = api.coalition.hub
    try:
        await pools.leave_household(
            Mortal(hub.poster, steps),
            hub.database,
            member_id=api.coalition.members["ben"].number,
            actor="test",
        )
    except Stopped:
        assert await finish_leaving(hub.poster, hub.database) == 1
    assert await finish_leaving(hub.poster, hub.database) == 0
    assert await mine(ben) == 50
    assert (await household(ana))["wallet"]["balancePoints"] == 100


async def ids(caller):
    """The members of a household by their roles, as its members name them."""
    look = "{ viewer { member { household { members { role memberId } } } } }"
    members = (await caller.ask(look))["viewer"]["member"]["household"]["members"]
    return {each["role"]: each["memberId"] for each in members}


async def change(caller, member_id, **given):
    """Change a member of the household; gives the refusals."""
    done = await caller.do(
        "changeHouseholdMember", "household { members { role } }", memberId=member_id, **given
    )
    return [(error["code"], error["path"]) for error in done["userErrors"]]


async def test_an_owner_changes_a_role_and_it_counts_at_once(api, cast):
    air, shop, ana, ben = cast
    await join(ana, ben, role="CONTRIBUTOR", shares=(10_000, 0))
    await issue(air, "a-1", 100)
    await follow(api)

    async def pay():
        given = {"account": {"reference": "s-2"}, "fromHousehold": True, "points": 10}
        errors = (await shop.do("redeemPoints", **given))["userErrors"]
        return [error["code"] for error in errors]

    assert await pay() == ["ROLE_NOT_ENOUGH"]
    assert await change(ana, (await ids(ana))["CONTRIBUTOR"], role="REDEEMER") == []
    assert await pay() == []
    assert (await household(ben))["role"] == "REDEEMER"


async def test_an_owner_lowers_a_share_and_never_raises_another_members(api, cast):
    _, _, ana, ben = cast
    await join(ana, ben)
    ben_id = (await ids(ana))["REDEEMER"]
    assert await change(ana, ben_id, shareBps=1000) == []
    assert (await household(ben))["shareBps"] == 1000
    before = await household(ben)
    refused = [("SHARE_ONLY_LOWERED", ["input", "shareBps"])]
    assert await change(ana, ben_id, role="OWNER", shareBps=1001) == refused
    assert await change(ana, ben_id, shareBps=10_001) == [
        ("SHARE_OUT_OF_RANGE", ["input", "shareBps"])
    ]
    assert await household(ben) == before
    own = (await ids(ana))["OWNER"]
    assert await change(ana, own, shareBps=9000) == []
    assert (await household(ana))["shareBps"] == 9000


async def test_only_an_owner_changes_members_and_only_of_the_own_household(api, cast):
    _, _, ana, ben = cast
    eve = await api.member("eve", AIR="a-3")
    await eve.do("createHousehold", shareBps=0)
    await join(ana, ben)
    ana_id = (await ids(ben))["OWNER"]
    before = await household(ana)
    assert await change(ben, ana_id, role="REDEEMER") == [("ROLE_NOT_ENOUGH", None)]
    stranger = ana.id(IdKind.MEMBER, api.coalition.members["eve"].number)
    for nobody in (stranger, (await ids(eve))["OWNER"], "m_x"):
        assert await change(ana, nobody, role="OWNER") == [
            ("NOT_OF_HOUSEHOLD", ["input", "memberId"])
        ]
    assert await household(ana) == before
    assert (await household(eve))["role"] == "OWNER"


async def test_a_household_keeps_an_owner_when_roles_change(api, cast):
    _, _, ana, ben = cast
    await join(ana, ben)
    known = await ids(ana)
    assert await change(ana, known["OWNER"], role="CONTRIBUTOR") == [("OWNER_NEEDED", None)]
    assert await change(ana, known["REDEEMER"], role="OWNER") == []
    assert await change(ana, known["OWNER"], role="CONTRIBUTOR") == []
    assert ((await household(ana))["role"], (await household(ben))["role"]) == (
        "CONTRIBUTOR",
        "OWNER",
    )


async def test_two_owners_who_demote_each_other_leave_one(api, cast):
    _, _, ana, ben = cast
    await join(ana, ben, role="OWNER")
    look = "{ viewer { member { household { members { isOwn memberId } } } } }"
    steps = []
    for caller in (ana, ben):
        members = (await caller.ask(look))["viewer"]["member"]["household"]["members"]
        (other,) = [each["memberId"] for each in members if not each["isOwn"]]
        steps.append(change(caller, other, role="CONTRIBUTOR"))
    done = await asyncio.gather(*steps)
    assert sorted(done) == [[], [("ROLE_NOT_ENOUGH", None)]]


async def test_a_change_of_nothing_is_a_mistake_of_the_client(api, cast):
    _, _, ana, ben = cast
    await join(ana, ben)
    document = """mutation($input: ChangeHouseholdMemberInput!) {
        changeHouseholdMember(input: $input) { userErrors { code } } }"""
    given = {"idempotencyKey": "k", "memberId": (await ids(ana))["OWNER"]}
    assert await ana.fault(document, input=given) == "BAD_USER_INPUT"
