"""Enrol members, and link their accounts."""

from typing import Annotated, Final

import strawberry

from hub.kernel.errors import DomainError
from hub.kernel.idempotency import Answer, Question, accept, answer_once
from hub.kernel.ids import IdKind
from hub.members import enrolment
from hub.members.errors import AccountAlreadyLinked, MemberNotFound, ReferenceNotValid
from partners.errors import PartnerNotFound
from partners.store import Partner
from schema import loaders
from schema.accounts import KEY_REFUSALS, Keyed, acting_partner, given, make_request
from schema.context import Info
from schema.fields import Payload, mutation
from schema.members import Member, find_member

LINK_REFUSALS: Final[tuple[type[DomainError], ...]] = (
    ReferenceNotValid,
    MemberNotFound,
    AccountAlreadyLinked,
)


@strawberry.input(description="A member to enrol.")
class EnrolMemberInput(Keyed):
    """A member to enrol."""

    partner: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Code of the partner whose reference it is. A partner leaves it out.",
    )
    reference: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The partner's own name for the member, linked at once; 1 to 128 printable"
        " characters. A partner always gives it; the operator may enrol without.",
    )


@strawberry.type(description="What `enrolMember` answers.")
class EnrolMemberPayload(Payload):
    """Who was enrolled."""

    member: Member | None = strawberry.field(
        default=None, description="The member; null when it was refused."
    )


@strawberry.input(description="An account to link.")
class LinkAccountInput(Keyed):
    """An account to link."""

    member_id: strawberry.ID = strawberry.field(
        description="Id of the member, as it was given to you."
    )
    partner: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Code of the partner whose reference it is. A partner leaves it out.",
    )
    reference: str = strawberry.field(
        description="The partner's own name for the member, 1 to 128 printable characters."
    )


@strawberry.type(description="What `linkAccount` answers.")
class LinkAccountPayload(Payload):
    """Whose account was linked."""

    member: Member | None = strawberry.field(
        default=None, description="The member; null when it was refused."
    )


EnrolInput = Annotated[EnrolMemberInput, strawberry.argument(description="Whom to enrol.")]
LinkInput = Annotated[LinkAccountInput, strawberry.argument(description="What to link.")]


@mutation(
    "Enrol a member with an empty wallet, and link a partner's reference to it.",
    payload=EnrolMemberPayload,
    verb=enrolment.enrol_member,
    verb_refusals=(),
    own_refusals=(*KEY_REFUSALS, PartnerNotFound, *LINK_REFUSALS),
)
async def enrol_member(info: Info, input: EnrolInput) -> EnrolMemberPayload:
    """Enrol a member."""
    context = info.context
    request = make_request(context, input)
    reference = given(input.reference)
    partner: Partner | None = None
    if reference is not None or context.partner_id is not None:
        partner = acting_partner(context, input.partner, role="partner")
        enrolment.check_reference(reference or "")
    partner_id = partner.partner_id if partner else 0
    question = Question(
        context.actor, request.key, "enrol_member", (partner_id, reference is None, reference)
    )
    async with context.begin() as tx:

        async def act() -> Answer:
            if reference is None:
                member = await enrolment.enrol_member(tx)
            else:
                member = await enrolment.enrol_known_member(
                    tx, partner_id=partner_id, reference=reference
                )
            return {"member_id": member.member_id}

        answer = await answer_once(tx, question, act, refusals=LINK_REFUSALS)
    member_id = accept(answer, refusals=LINK_REFUSALS)["member_id"]
    return EnrolMemberPayload(user_errors=[], member=await find_member(context, member_id))


@mutation(
    "Link a partner's reference to a member, for ever. Linking again changes nothing.",
    payload=LinkAccountPayload,
    verb=enrolment.link_account,
    verb_refusals=LINK_REFUSALS,
    own_refusals=(*KEY_REFUSALS, PartnerNotFound),
)
async def link_account(info: Info, input: LinkInput) -> LinkAccountPayload:
    """Link an account."""
    context = info.context
    request = make_request(context, input)
    partner = acting_partner(context, input.partner, role="partner")
    member_id = context.audience.find_number(IdKind.MEMBER, input.member_id)
    if member_id is None or await loaders.load_member(context, member_id) is None:
        raise MemberNotFound
    await context.turn()
    question = Question(
        context.actor,
        request.key,
        "link_account",
        (partner.partner_id, input.reference, member_id),
    )
    async with context.begin() as tx:

        async def act() -> Answer:
            await enrolment.link_account(
                tx, partner_id=partner.partner_id, reference=input.reference, member_id=member_id
            )
            return {}

        answer = await answer_once(tx, question, act, refusals=LINK_REFUSALS)
    accept(answer, refusals=LINK_REFUSALS)
    return LinkAccountPayload(user_errors=[], member=await find_member(context, member_id))
