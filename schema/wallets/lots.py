"""What a lot is by itself."""

from datetime import datetime

import strawberry

from hub.ledger.store import Lot as LotRow
from schema import loaders
from schema.context import Info
from schema.nodes import Node, computed
from schema.partners import Partner, Terms, find_terms, show_partner
from schema.scalars import Points
from schema.wallets.restrictions import Restriction, show_restriction


@strawberry.type(description="Points issued together that expire together.")
class LotFacts(Node):
    """Points issued together that expire together."""

    points: Points = strawberry.field(description="How many were issued.")
    remaining_points: Points = strawberry.field(
        description="How many are left in the books; past `expiresAt` they cannot be used."
    )
    held_points: Points = strawberry.field(description="How many of those left are set aside.")
    available_at: datetime | None = strawberry.field(
        description="Usable from this instant; null: from the issue on."
    )
    expires_at: datetime | None = strawberry.field(
        description="Usable before this instant, not at it; null: never expires."
    )
    row: strawberry.Private[LotRow]

    @computed(
        description="Whether they cannot be used yet: before `availableAt`, or until somebody"
        " releases them."
    )
    def is_pending(self, info: Info) -> bool:
        """Say whether the lot becomes usable later."""
        return self.row.available_at > info.context.rooms.clock()

    @computed(description="Where they may be used; null: anywhere.")
    async def restriction(self, info: Info) -> Restriction | None:
        """Load the rule of a restricted lot."""
        if self.row.restriction_id is None:
            return None
        rule = await loaders.load_restriction(info.context, self.row.restriction_id)
        return show_restriction(rule)

    @computed(description="Whose points they are.")
    def issuer(self, info: Info) -> Partner:
        """Show the issuer."""
        return show_partner(info.context, self.row.issuer_id)

    @computed(
        description="The issuer's terms that were pinned at the issue; null if not for you to see."
    )
    def terms(self, info: Info) -> Terms | None:
        """Show the pinned terms, if the actor may see them."""
        return find_terms(info.context, self.row.issue_terms_id, self.row.issuer_id)
