"""A member ends what a partner may do in their name."""

from typing import Annotated

import strawberry

from auth.oauth.errors import GrantNotFound
from auth.oauth.grants import ending
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.ids import IdKind
from schema.accounts import KEY_REFUSALS, Keyed, make_request
from schema.context import Info
from schema.faults import forbidden
from schema.fields import Payload, mutation
from schema.queries.grants import Grant, show_grant


@strawberry.input(description="A grant to end.")
class EndGrantInput(Keyed):
    """A grant to end."""

    grant_id: strawberry.ID = strawberry.field(description="Id of the grant, from `grants`.")


@strawberry.type(description="What `endGrant` answers.")
class EndGrantPayload(Payload):
    """What was ended."""

    grant: Grant | None = strawberry.field(
        default=None, description="The grant, ended; null when it was refused."
    )


EndInput = Annotated[EndGrantInput, strawberry.argument(description="A grant to end.")]


@mutation(
    "End what a partner's software may do in your name. All its tokens of this grant are refused"
    " from the next call on; what it did with them stays done. To end it again changes nothing.",
    payload=EndGrantPayload,
    verb=ending.end_grant,
    verb_refusals=(GrantNotFound,),
    own_refusals=KEY_REFUSALS,
)
async def end_grant(info: Info, input: EndInput) -> EndGrantPayload:
    """End a grant."""
    context = info.context
    make_request(context, input)
    if context.member_id is None:
        raise forbidden("Only a member ends what they allowed.")
    grant_id = context.audience.find_number(IdKind.GRANT, input.grant_id)
    if grant_id is None:
        raise GrantNotFound
    async with context.rooms.database.begin(HUB_ACTOR) as tx:
        ended = await ending.end_grant(tx, actor=context.actor, grant_id=grant_id)
    return EndGrantPayload(user_errors=[], grant=show_grant(context, ended))
