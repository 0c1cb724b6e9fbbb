"""Make a household, invite to it, join, set a share, leave."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final, TypeVar

import strawberry

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.errors import DomainError
from hub.kernel.idempotency import Answer, Question, accept, answer_once, answer_resumably
from hub.kernel.ids import IdKind
from hub.kernel.tx import Tx
from hub.members.households import joining
from hub.members.households.errors import (
    AlreadyInHousehold,
    HouseholdCodeNotValid,
    HouseholdFull,
    NotInHousehold,
    NotOfHousehold,
    OwnerNeeded,
    RoleNotEnough,
    ShareOnlyLowered,
    ShareOutOfRange,
)
from hub.members.households.store import Role
from hub.points import pools
from schema.accounts import KEY_REFUSALS, Keyed, given, make_request
from schema.context import Context, Info
from schema.faults import bad_input, forbidden
from schema.fields import Payload, mutation
from schema.households import Household, HouseholdRole, find_household

Refusals = tuple[type[DomainError], ...]
P = TypeVar("P", bound="HouseholdPayload")

NOBODY: Final = 0
"""No member has this number."""
CREATE_REFUSALS: Final[Refusals] = (ShareOutOfRange, AlreadyInHousehold)
JOIN_REFUSALS: Final[Refusals] = (*CREATE_REFUSALS, HouseholdCodeNotValid, HouseholdFull)
INVITE_REFUSALS: Final[Refusals] = (NotInHousehold, RoleNotEnough)
SHARE_REFUSALS: Final[Refusals] = (ShareOutOfRange, NotInHousehold)
CHANGE_REFUSALS: Final[Refusals] = (
    ShareOutOfRange,
    NotInHousehold,
    RoleNotEnough,
    NotOfHousehold,
    OwnerNeeded,
    ShareOnlyLowered,
)
LEAVE_REFUSALS: Final[Refusals] = (NotInHousehold, OwnerNeeded)


@strawberry.input(description="What is given to a household.")
class Sharing(Keyed):
    """What is given to a household."""

    share_bps: int = strawberry.field(
        description=f"Of each issue to you, how much goes to the household: 0 to {joining.ALL_BPS}"
        " of 10,000, whole points, rounded down."
    )


@strawberry.input(description="A household to make.")
class CreateHouseholdInput(Sharing):
    """A household to make."""


@strawberry.input(description="Somebody to invite.")
class InviteToHouseholdInput(Keyed):
    """Somebody to invite."""

    role: HouseholdRole = strawberry.field(description="What they may do in it.")


@strawberry.input(description="A household to join.")
class JoinHouseholdInput(Sharing):
    """A household to join."""

    code: str = strawberry.field(description="The code that its owner gave you.")


@strawberry.input(description="A share to set.")
class SetHouseholdShareInput(Sharing):
    """A share to set."""


@strawberry.input(description="What is to change about a member of your household.")
class ChangeHouseholdMemberInput(Keyed):
    """What is to change about a member."""

    member_id: strawberry.ID = strawberry.field(description="Whose: `memberId` of the household.")
    role: HouseholdRole | None = strawberry.field(
        default=strawberry.UNSET, description="What they may do from now on; without it, as before."
    )
    share_bps: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="Of each issue to them, how much goes to the household from now on, of"
        f" {joining.ALL_BPS}: another's share is only lowered. Without it, as before.",
    )


@strawberry.input(description="A household to leave: your own.")
class LeaveHouseholdInput(Keyed):
    """A household to leave."""


@strawberry.type(description="What a mutation of a household answers.")
class HouseholdPayload(Payload):
    """A household."""

    household: Household | None = strawberry.field(
        default=None, description="Your household as it is now; null when it was refused."
    )


@strawberry.type(description="What `createHousehold` answers.")
class CreateHouseholdPayload(HouseholdPayload):
    """What was made."""


@strawberry.type(description="What `joinHousehold` answers.")
class JoinHouseholdPayload(HouseholdPayload):
    """What was joined."""


@strawberry.type(description="What `setHouseholdShare` answers.")
class SetHouseholdSharePayload(HouseholdPayload):
    """What was set."""


@strawberry.type(description="What `changeHouseholdMember` answers.")
class ChangeHouseholdMemberPayload(HouseholdPayload):
    """What was changed."""


@strawberry.type(description="What `leaveHousehold` answers; what is left of your points is yours.")
class LeaveHouseholdPayload(Payload):
    """What was left."""


@strawberry.type(description="What `inviteToHousehold` answers.")
class InviteToHouseholdPayload(Payload):
    """The code."""

    code: str | None = strawberry.field(
        default=None,
        description="A code by which one member may join, once; null when it was refused.",
    )
    ends_at: datetime | None = strawberry.field(
        default=None,
        description="From then on it is not taken: a week after; null when it was refused.",
    )


CreateInput = Annotated[CreateHouseholdInput, strawberry.argument(description="What to make.")]
InviteInput = Annotated[InviteToHouseholdInput, strawberry.argument(description="Whom to invite.")]
JoinInput = Annotated[JoinHouseholdInput, strawberry.argument(description="What to join.")]
ShareInput = Annotated[SetHouseholdShareInput, strawberry.argument(description="What to set.")]
ChangeInput = Annotated[
    ChangeHouseholdMemberInput, strawberry.argument(description="What to change.")
]
LeaveInput = Annotated[LeaveHouseholdInput, strawberry.argument(description="What to leave.")]


@mutation(
    "Make a household with a wallet of its own; you own it.",
    payload=CreateHouseholdPayload,
    verb=joining.create_household,
    verb_refusals=CREATE_REFUSALS,
    own_refusals=KEY_REFUSALS,
)
async def create_household(info: Info, input: CreateInput) -> CreateHouseholdPayload:
    """Make a household."""
    member_id = _acting_member(info.context)

    async def act(tx: Tx) -> None:
        await joining.create_household(tx, member_id=member_id, share_bps=input.share_bps)

    question = _ask(info.context, input, "create_household", input.share_bps)
    return await _change(info.context, question, act, CREATE_REFUSALS, CreateHouseholdPayload)


@mutation(
    f"Join a household by a code, once it was given to you; at most {joining.MEMBERS_MAX} belong to"
    " one.",
    payload=JoinHouseholdPayload,
    verb=joining.join_household,
    verb_refusals=JOIN_REFUSALS,
    own_refusals=KEY_REFUSALS,
)
async def join_household(info: Info, input: JoinInput) -> JoinHouseholdPayload:
    """Join a household."""
    member_id = _acting_member(info.context)

    async def act(tx: Tx) -> None:
        await joining.join_household(
            tx, member_id=member_id, code=input.code, share_bps=input.share_bps
        )

    question = _ask(info.context, input, "join_household", input.code, input.share_bps)
    return await _change(info.context, question, act, JOIN_REFUSALS, JoinHouseholdPayload)


@mutation(
    "Say which share of each issue to you goes to your household, from now on.",
    payload=SetHouseholdSharePayload,
    verb=joining.set_household_share,
    verb_refusals=SHARE_REFUSALS,
    own_refusals=KEY_REFUSALS,
)
async def set_household_share(info: Info, input: ShareInput) -> SetHouseholdSharePayload:
    """Set a share."""
    member_id = _acting_member(info.context)

    async def act(tx: Tx) -> None:
        await joining.set_household_share(tx, member_id=member_id, share_bps=input.share_bps)

    question = _ask(info.context, input, "set_household_share", input.share_bps)
    return await _change(info.context, question, act, SHARE_REFUSALS, SetHouseholdSharePayload)


@mutation(
    "Say what a member of your household may do, and lower what they bring. Only an owner may; the"
    " household keeps an owner.",
    payload=ChangeHouseholdMemberPayload,
    verb=joining.change_household_member,
    verb_refusals=CHANGE_REFUSALS,
    own_refusals=KEY_REFUSALS,
)
async def change_household_member(info: Info, input: ChangeInput) -> ChangeHouseholdMemberPayload:
    """Change a role, or lower a share."""
    context = info.context
    member_id = _acting_member(context)
    other_id = context.audience.find_number(IdKind.MEMBER, input.member_id)
    role, share_bps = given(input.role), given(input.share_bps)
    if role is None and share_bps is None:
        raise bad_input("Give `role`, `shareBps`, or both.")

    async def act(tx: Tx) -> None:
        await joining.change_household_member(
            tx,
            member_id=member_id,
            other_id=NOBODY if other_id is None else other_id,
            role=None if role is None else Role[role.name],
            share_bps=share_bps,
        )

    question = _ask(context, input, "change_household_member", other_id, role, share_bps)
    return await _change(context, question, act, CHANGE_REFUSALS, ChangeHouseholdMemberPayload)


@mutation(
    "Make a code by which one member may join your household. Only an owner invites. The same key"
    " gives the same code.",
    payload=InviteToHouseholdPayload,
    verb=joining.invite_to_household,
    verb_refusals=INVITE_REFUSALS,
    own_refusals=KEY_REFUSALS,
)
async def invite_to_household(info: Info, input: InviteInput) -> InviteToHouseholdPayload:
    """Invite somebody."""
    context = info.context
    request, member_id = make_request(context, input), _acting_member(context)
    async with context.rooms.database.begin(HUB_ACTOR) as tx:
        made = await joining.invite_to_household(
            tx,
            context.agreement.till_secret,
            member_id=member_id,
            role=Role[input.role.name],
            key=request.key,
        )
    return InviteToHouseholdPayload(user_errors=[], code=made.code, ends_at=made.ends_at)


@mutation(
    "Leave your household, and take along what is left of the points that you brought.",
    payload=LeaveHouseholdPayload,
    verb=pools.leave_household,
    verb_refusals=LEAVE_REFUSALS,
    own_refusals=KEY_REFUSALS,
)
async def leave_household(info: Info, input: LeaveInput) -> LeaveHouseholdPayload:
    """Leave a household."""
    context, rooms = info.context, info.context.rooms
    member_id = _acting_member(context)

    async def act() -> Answer:
        await pools.leave_household(
            rooms.poster, rooms.database, member_id=member_id, actor=str(context.actor)
        )
        return {}

    question = _ask(context, input, "leave_household")
    answer = await answer_resumably(rooms.database, question, act, refusals=LEAVE_REFUSALS)
    accept(answer, refusals=LEAVE_REFUSALS)
    return LeaveHouseholdPayload(user_errors=[])


def _ask(context: Context, input: Keyed, operation: str, *facts: object) -> Question:
    return Question(context.actor, make_request(context, input).key, operation, facts)


async def _change(
    context: Context,
    question: Question,
    act: Callable[[Tx], Awaitable[None]],
    refusals: Refusals,
    payload: Callable[..., P],
) -> P:
    """Change a household in one transaction, once for each key, and show it."""
    async with context.rooms.database.begin(HUB_ACTOR) as tx:

        async def act_in_it() -> Answer:
            await act(tx)
            return {}

        answer = await answer_once(tx, question, act_in_it, refusals=refusals)
    accept(answer, refusals=refusals)
    household = await find_household(context, _acting_member(context))
    return payload(user_errors=[], household=household)


def _acting_member(context: Context) -> int:
    if context.member_id is None:
        raise forbidden("Only a member belongs to a household.")
    return context.member_id
