"""Merge members, and undo a merge."""

from enum import Enum
from typing import Annotated, Final

import strawberry

from hub.kernel.errors import DomainError
from hub.kernel.idempotency import Answer, Question, accept, answer_resumably
from hub.kernel.ids import IdKind
from hub.members.errors import MemberNotFound
from hub.members.merges.errors import (
    AlreadyMerged,
    InHousehold,
    MergedPointsUsed,
    MergeNotFound,
    OpenHoldsLeft,
    SameMember,
)
from hub.points import merging
from schema.accounts import KEY_REFUSALS, Keyed, make_request
from schema.context import Context, Info
from schema.fields import Payload, mutation
from schema.members import Member, find_member

MERGE_REFUSALS: Final[tuple[type[DomainError], ...]] = (
    MemberNotFound,
    SameMember,
    AlreadyMerged,
    InHousehold,
    OpenHoldsLeft,
)
UNMERGE_REFUSALS: Final[tuple[type[DomainError], ...]] = (
    MergeNotFound,
    AlreadyMerged,
    MergedPointsUsed,
)


@strawberry.enum(description="How far a merge has come.")
class MergeStatus(Enum):
    """How far a merge has come."""

    MOVING = strawberry.enum_value(
        "MOVING", description="Points are still on their way; a job goes on. Ids forward already."
    )
    DONE = strawberry.enum_value("DONE", description="The two are one.")
    RETURNING = strawberry.enum_value("RETURNING", description="It is being undone; a job goes on.")
    UNDONE = strawberry.enum_value("UNDONE", description="The two are two again.")


@strawberry.input(description="Two members who are one person.")
class MergeMembersInput(Keyed):
    """Two members who are one person."""

    member_id: strawberry.ID = strawberry.field(
        description="Id of the one that becomes part of the other; from then on it means the other."
    )
    survivor_id: strawberry.ID = strawberry.field(description="Id of the one that stays.")


@strawberry.input(description="A merge to undo.")
class UnmergeMembersInput(Keyed):
    """A merge to undo."""

    member_id: strawberry.ID = strawberry.field(
        description="Id of the member who became part of another."
    )


@strawberry.type(description="What `mergeMembers` answers.")
class MergeMembersPayload(Payload):
    """What was merged."""

    status: MergeStatus | None = strawberry.field(
        default=None, description="How far it has come; null when it was refused."
    )
    survivor: Member | None = strawberry.field(
        default=None, description="The member that stays; null when it was refused."
    )


@strawberry.type(description="What `unmergeMembers` answers.")
class UnmergeMembersPayload(Payload):
    """What was undone."""

    status: MergeStatus | None = strawberry.field(
        default=None, description="How far it has come; null when it was refused."
    )
    member: Member | None = strawberry.field(
        default=None, description="The member who is one's own again; null when it was refused."
    )


MergeInput = Annotated[MergeMembersInput, strawberry.argument(description="Whom to merge.")]
UnmergeInput = Annotated[UnmergeMembersInput, strawberry.argument(description="What to undo.")]


@mutation(
    "Make one member part of another, who gets the points, what is owed, and the linked accounts."
    " The first id means the other member from then on; any reference works as before.",
    payload=MergeMembersPayload,
    verb=merging.merge_members,
    verb_refusals=MERGE_REFUSALS,
    own_refusals=KEY_REFUSALS,
)
async def merge_members(info: Info, input: MergeInput) -> MergeMembersPayload:
    """Merge members."""
    context, rooms = info.context, info.context.rooms
    request = make_request(context, input)
    gone = _read_member(context, input.member_id)
    survivor = _read_member(context, input.survivor_id)

    async def act() -> Answer:
        merge = await merging.merge_members(
            rooms.poster,
            rooms.database,
            from_member_id=gone,
            to_member_id=survivor,
            actor=request.actor,
        )
        return {"status": merge.status.value, "member_id": merge.to_member_id}

    question = Question(context.actor, request.key, "merge_members", (gone, survivor))
    answer = await answer_resumably(rooms.database, question, act, refusals=MERGE_REFUSALS)
    done = accept(answer, refusals=MERGE_REFUSALS)
    await _see_anew(context)
    return MergeMembersPayload(
        user_errors=[],
        status=MergeStatus[done["status"]],
        survivor=await find_member(context, done["member_id"]),
    )


@mutation(
    "Make two members of one again, and give back what was merged, while none of it was used.",
    payload=UnmergeMembersPayload,
    verb=merging.unmerge_members,
    verb_refusals=UNMERGE_REFUSALS,
    own_refusals=(*KEY_REFUSALS, MemberNotFound),
)
async def unmerge_members(info: Info, input: UnmergeInput) -> UnmergeMembersPayload:
    """Undo a merge."""
    context, rooms = info.context, info.context.rooms
    request = make_request(context, input)
    gone = _read_member(context, input.member_id)

    async def act() -> Answer:
        merge = await merging.unmerge_members(
            rooms.poster,
            rooms.database,
            from_member_id=gone,
            name=request.key,
            actor=request.actor,
        )
        return {"status": merge.status.value}

    question = Question(context.actor, request.key, "unmerge_members", (gone,))
    answer = await answer_resumably(rooms.database, question, act, refusals=UNMERGE_REFUSALS)
    done = accept(answer, refusals=UNMERGE_REFUSALS)
    await _see_anew(context)
    return UnmergeMembersPayload(
        user_errors=[],
        status=MergeStatus[done["status"]],
        member=await find_member(context, gone),
    )


def _read_member(context: Context, text: str) -> int:
    """Read the id of a member, who may have been merged.

    Errors: MemberNotFound.
    """
    number = context.audience.find_number(IdKind.MEMBER, text)
    if number is None:
        raise MemberNotFound
    return number


async def _see_anew(context: Context) -> None:
    await context.rooms.wallets.refresh()
    await context.turn()
