"""Members, and the accounts by which partners know them."""

from datetime import datetime
from enum import Enum

import strawberry

from hub.kernel.ids import IdKind
from hub.members.store import Member as MemberRow
from schema import loaders
from schema.context import Context, Info
from schema.households import Household, find_household
from schema.limits import LIST_MAX
from schema.nodes import Node, computed
from schema.partners import Partner, show_partner
from schema.wallets.wallets import Wallet, show_wallet


@strawberry.enum(description="What sort of actor a token stands for.")
class ActorKind(Enum):
    """What sort of actor a token stands for."""

    OPERATOR = strawberry.enum_value("operator", description="A person of the hub.")
    PARTNER = strawberry.enum_value("partner", description="A partner's software.")
    MEMBER = strawberry.enum_value("member", description="A member.")


@strawberry.type(description="A member's identity at one partner.")
class LinkedAccount:
    """A member's identity at one partner."""

    reference: str = strawberry.field(description="The partner's own name for the member.")
    linked_at: datetime = strawberry.field(description="Since when.")
    partner: Partner = strawberry.field(description="The partner.")


@strawberry.type(description="A person who joined the coalition. A partner sees its own members.")
class Member(Node):
    """A person who joined."""

    joined_at: datetime = strawberry.field(description="When the member joined.")
    wallet: Wallet = strawberry.field(description="Where the member's points lie.")
    row: strawberry.Private[MemberRow]

    @computed(
        description=f"The accounts linked to the member, the first {LIST_MAX} by partner. A partner"
        " sees those at itself."
    )
    async def linked_accounts(self, info: Info) -> list[LinkedAccount]:
        """Load the linked accounts."""
        rows = await loaders.load_accounts(info.context, self.row.member_id)
        return [
            LinkedAccount(
                reference=row.reference,
                linked_at=row.linked_at,
                partner=show_partner(info.context, row.partner_id),
            )
            for row in rows[:LIST_MAX]
        ]

    @computed(
        description="The household that the member belongs to, for the member and the operator;"
        " null if none, or not for you to see."
    )
    async def household(self, info: Info) -> Household | None:
        """Load the household."""
        if info.context.partner_id is not None:
            return None
        return await find_household(info.context, self.row.member_id)


@strawberry.type(description="Who asks.")
class Viewer:
    """Who asks."""

    kind: ActorKind = strawberry.field(description="What sort of actor the token stands for.")
    partner: Partner | None = strawberry.field(description="The partner that asks, if one does.")

    @computed(description="The member who asks, if one does.")
    async def member(self, info: Info) -> Member | None:
        """Load the member who asks."""
        member_id = info.context.member_id
        return None if member_id is None else await find_member(info.context, member_id)


def show_member(context: Context, row: MemberRow) -> Member:
    """Show a member whom the actor may see."""
    return Member(
        id=strawberry.ID(context.audience.write(IdKind.MEMBER, row.member_id)),
        joined_at=row.joined_at,
        wallet=show_wallet(context, row.wallet),
        row=row,
    )


async def find_member(context: Context, member_id: int) -> Member | None:
    """Load a member; None when there is no such, or not for this actor."""
    row = await loaders.load_member(context, member_id)
    return None if row is None else show_member(context, row)
