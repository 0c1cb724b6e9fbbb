"""What partners may do in a member's name."""

from datetime import datetime

import strawberry

from auth.oauth.grants import ending
from auth.oauth.grants.ending import Allowed
from auth.oauth.scopes import SCOPES
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.ids import IdKind
from schema.context import Context, Info
from schema.faults import forbidden
from schema.fields import query
from schema.limits import LIST_MAX
from schema.partners import Partner, show_partner
from schema.scalars import Points


@strawberry.type(description="One thing that a grant allows.")
class GrantedScope:
    """One thing that a grant allows."""

    name: str = strawberry.field(description="Its name in a token, e.g. `points.read`.")
    name_en: str = strawberry.field(description="What the member agreed to, in English.")
    name_zh: str = strawberry.field(description="The same in Chinese.")


@strawberry.type(description="What a member allowed a partner's software.")
class Grant:
    """What a member allowed a partner's software."""

    id: strawberry.ID = strawberry.field(description="For `endGrant`; it is yours alone.")
    partner: Partner = strawberry.field(description="The partner.")
    client_name: str = strawberry.field(description="What its software is called.")
    scopes: list[GrantedScope] = strawberry.field(
        description="What it may do, in the order of the consent page; at most one of each scope."
    )
    order_points: Points | None = strawberry.field(
        description="Agreed to for one redemption of so many points; null: for no redemption."
    )
    order_reference: str | None = strawberry.field(
        description="The partner's reference of that redemption; null: for no redemption."
    )
    agreed_at: datetime = strawberry.field(description="When the member agreed.")
    ends_at: datetime = strawberry.field(
        description="From then on nothing can be done by it, unless it was ended before."
    )
    ended_at: datetime | None = strawberry.field(description="When it was ended; null: it is open.")


@query(
    "What partners may do in your name at this moment, the newest first, the first"
    f" {LIST_MAX}. `endGrant` ends one."
)
async def grants(info: Info) -> list[Grant]:
    """List what is allowed."""
    context = info.context
    if context.member_id is None:
        raise forbidden("Only members allow something.")
    async with context.rooms.database.read(HUB_ACTOR) as tx:
        found = await ending.list_grants(tx, member_id=context.member_id, limit=LIST_MAX)
    return [show_grant(context, each) for each in found]


def show_grant(context: Context, allowed: Allowed) -> Grant:
    """Show a grant."""
    grant, order = allowed.grant, allowed.grant.order
    return Grant(
        id=strawberry.ID(context.audience.write(IdKind.GRANT, grant.grant_id)),
        partner=show_partner(context, grant.partner_id),
        client_name=grant.client_name,
        scopes=[
            GrantedScope(name=name, name_en=SCOPES[name].name_en, name_zh=SCOPES[name].name_zh)
            for name in grant.scopes
        ],
        order_points=None if order is None else Points(order.points),
        order_reference=None if order is None else order.reference,
        agreed_at=grant.granted_at,
        ends_at=allowed.ends_at,
        ended_at=grant.revoked_at,
    )
