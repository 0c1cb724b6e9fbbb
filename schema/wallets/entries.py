"""What an entry is by itself."""

from datetime import datetime

import strawberry

from hub.ledger.entries import EntryKind as LedgerKind
from hub.ledger.views.store import Entry as EntryRow
from schema import loaders
from schema.context import Info
from schema.exchanges import ExchangeReceipt, show_receipt
from schema.kinds import EntryKind
from schema.nodes import Node, computed
from schema.partners import Partner, Terms, find_terms, show_partner
from schema.scalars import Points


@strawberry.type(description="One immutable record of the books.")
class EntryFacts(Node):
    """One record of the books."""

    kind: EntryKind = strawberry.field(description="What it did.")
    occurred_at: datetime = strawberry.field(description="When it happened, e.g. at the till.")
    posted_at: datetime = strawberry.field(description="When it was posted.")
    reference: str | None = strawberry.field(description="The partner's reference of it.")
    reason: str | None = strawberry.field(
        description="Why, e.g. `base` for an ordinary issue; of an exchange the version of the"
        " offer."
    )
    row: strawberry.Private[EntryRow]

    @computed(
        description="How many points, never negative; 0 where only money moved. A partner that"
        " looks at an expiry sees its own points in it."
    )
    async def points(self, info: Info) -> Points:
        """Give the points of the entry; of an expiry, those the actor may see."""
        if info.context.partner_id is None or self.row.kind is not LedgerKind.EXPIRE:
            return Points(self.row.points)
        own = await loaders.load_allocations(info.context, self.row)
        return Points(-sum(allocation.points for allocation in own))

    @computed(
        description="Issuer of an issue or a reverse, acceptor of a redemption or a refund, seller"
        " of a membership; null where the hub itself acted."
    )
    def partner(self, info: Info) -> Partner | None:
        """Show the partner."""
        partner_id = self.row.partner_id
        return show_partner(info.context, partner_id) if partner_id else None

    @computed(
        description="The acting partner's terms that it was booked under; null if there are none,"
        " or they are not for you to see."
    )
    def terms(self, info: Info) -> Terms | None:
        """Show the terms, if the actor may see them."""
        return find_terms(info.context, self.row.terms_id or 0, self.row.partner_id)

    @computed(description="What an exchange gave; null for any other kind.")
    def exchange(self, info: Info) -> ExchangeReceipt | None:
        """Show what was received."""
        return show_receipt(info.context, self.row)
