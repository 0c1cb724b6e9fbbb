"""Households: who pools points with whom."""

from datetime import datetime
from enum import Enum

import strawberry

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.ids import IdKind
from hub.members.households import store
from hub.members.households.joining import ALL_BPS, MEMBERS_MAX
from hub.members.households.store import Belonging
from schema.context import Context
from schema.wallets.wallets import Wallet, show_wallet


@strawberry.enum(description="What a member may do in a household.")
class HouseholdRole(Enum):
    """What a member may do in a household."""

    OWNER = strawberry.enum_value("OWNER", description="Redeems, and invites others.")
    REDEEMER = strawberry.enum_value("REDEEMER", description="Redeems from its wallet.")
    CONTRIBUTOR = strawberry.enum_value(
        "CONTRIBUTOR", description="Brings in a share, and does not redeem from its wallet."
    )


@strawberry.type(description="A member of a household, as the others see them.")
class HouseholdMember:
    """A member of a household."""

    role: HouseholdRole = strawberry.field(description="What they may do.")
    share_bps: int = strawberry.field(
        description=f"Of each issue, how much goes to the household: of {ALL_BPS}."
    )
    joined_at: datetime = strawberry.field(description="Since when.")
    is_own: bool = strawberry.field(description="Whether it is the member whose household this is.")
    member_id: strawberry.ID = strawberry.field(
        description="Their id, for you alone: an owner names them by it."
    )


@strawberry.type(description="Members who pool points in one wallet.")
class Household:
    """Members who pool points."""

    role: HouseholdRole = strawberry.field(description="What the member may do in it.")
    share_bps: int = strawberry.field(
        description=f"Of each issue to the member, how much goes to it: of {ALL_BPS}."
    )
    wallet: Wallet = strawberry.field(description="Where the points lie.")
    members: list[HouseholdMember] = strawberry.field(
        description=f"Who belongs to it, at most {MEMBERS_MAX}, in the order of joining."
    )


async def find_household(context: Context, member_id: int) -> Household | None:
    """Show the household of a member, to that member and to the operator."""
    async with context.rooms.database.read(HUB_ACTOR) as tx:
        own = await store.find_belonging(tx, member_id)
        if own is None or own.is_leaving:
            return None
        everybody = await store.list_household(tx, own.household_id)
    return show_household(context, own, everybody)


def show_household(context: Context, own: Belonging, everybody: list[Belonging]) -> Household:
    """Show a household to somebody who belongs to it."""
    return Household(
        role=HouseholdRole[own.role.name],
        share_bps=own.share_bps,
        wallet=show_wallet(context, own.to_wallet),
        members=[
            HouseholdMember(
                role=HouseholdRole[each.role.name],
                share_bps=each.share_bps,
                joined_at=each.joined_at,
                is_own=each.member_id == own.member_id,
                member_id=strawberry.ID(context.audience.write(IdKind.MEMBER, each.member_id)),
            )
            for each in everybody
        ],
    )
