"""Let a member make the code that they show at a till."""

from datetime import datetime
from typing import Annotated

import strawberry

from auth.consents import till
from hub.kernel.actor import HUB_ACTOR
from schema.accounts import KEY_REFUSALS, Keyed, make_request
from schema.context import Info
from schema.faults import forbidden
from schema.fields import Payload, mutation


@strawberry.input(description="A code to make.")
class CreateTillCodeInput(Keyed):
    """A code to make."""


@strawberry.type(description="What `createTillCode` answers.")
class CreateTillCodePayload(Payload):
    """The code."""

    code: str | None = strawberry.field(
        default=None,
        description="Ten digits to show at the till, for one redemption; null when it was refused.",
    )
    ends_at: datetime | None = strawberry.field(
        default=None,
        description="From then on it is not taken: 60 seconds after it was made; null when it was"
        " refused.",
    )


TillInput = Annotated[CreateTillCodeInput, strawberry.argument(description="A code to make.")]


@mutation(
    "Make a code by which a partner may redeem your points once, within a minute. The one before is"
    " gone. The same key gives the same code.",
    payload=CreateTillCodePayload,
    verb=till.make_till_code,
    verb_refusals=(),
    own_refusals=KEY_REFUSALS,
)
async def create_till_code(info: Info, input: TillInput) -> CreateTillCodePayload:
    """Make a till code."""
    context = info.context
    request = make_request(context, input)
    if context.member_id is None:
        raise forbidden("Only a member makes a till code.")
    async with context.rooms.database.begin(HUB_ACTOR) as tx:
        shown = await till.make_till_code(
            tx, context.agreement.till_secret, member_id=context.member_id, key=request.key
        )
    return CreateTillCodePayload(user_errors=[], code=shown.code, ends_at=shown.ends_at)
