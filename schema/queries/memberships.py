"""Memberships that were sold."""

import strawberry

from hub.ledger.entries import EntryKind
from hub.ledger.operations import HOUSE_LANE
from hub.ledger.views.pages.store import EntryFilter, search_entries
from hub.ledger.views.store import list_facts
from schema.context import Info
from schema.fields import query
from schema.memberships import MembershipSale, show_sale
from schema.paging import After, Before, Connection, First, Last, make_connection, read_page

SALES = EntryFilter(kinds=(EntryKind.MEMBERSHIP_SALE,), lane=HOUSE_LANE)


@query(
    "Memberships that were sold, oldest first. A partner sees those it sold, and those it has a"
    " share in. A page may be shorter than asked for, and still have a next one."
)
async def membership_sales(
    info: Info,
    *,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> Connection[MembershipSale]:
    """List the sales that the actor may see."""
    context = info.context
    page = read_page(context, "membershipSales", first=first, after=after, last=last, before=before)
    async with context.read() as tx:
        found = await search_entries(
            tx, viewer_id=context.partner_id, which=SALES, part=page.slice()
        )
        facts = await list_facts(tx, [row.place for row in found.entries])
    shown = [
        (show_sale(context, row, facts[row.place]), (row.place.lane, row.place.number))
        for row in found.entries
    ]
    end = found.stopped_at
    return make_connection(
        context, page, shown, searched_to=None if end is None else (end.lane, end.number)
    )
