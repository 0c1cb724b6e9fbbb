"""The coalition and its partners."""

from typing import Annotated

import strawberry

from partners.errors import CoalitionNotSetUp, PartnerNotFound
from schema.context import Info
from schema.fields import query
from schema.paging import (
    After,
    Before,
    Connection,
    First,
    Last,
    cut,
    make_connection,
    read_page,
)
from schema.partners import Coalition, Partner, show_partner

Code = Annotated[str, strawberry.argument(description="Code of the partner, e.g. `AIR`.")]


@query("The coalition; null before it was set up.")
async def coalition(info: Info) -> Coalition | None:
    """Show the coalition."""
    try:
        found = info.context.rooms.register.coalition
    except CoalitionNotSetUp:
        return None
    return Coalition(
        name=found.name,
        point_name=found.point_name,
        clearing_currency=found.clearing_currency,
        time_zone=found.time_zone,
    )


@query("A partner by its code; null when there is no such.")
async def partner(info: Info, code: Code) -> Partner | None:
    """Find a partner."""
    try:
        found = info.context.rooms.register.get_partner(code)
    except PartnerNotFound:
        return None
    return show_partner(info.context, found.partner_id)


@query("All parties of the coalition, in order of their codes.")
async def partners(
    info: Info,
    *,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> Connection[Partner]:
    """List the parties."""
    context = info.context
    page = read_page(context, "partners", first=first, after=after, last=last, before=before)
    rows = sorted(context.rooms.register.partners, key=lambda row: row.code)
    found = cut(page, rows, lambda row: (row.code,))
    shown = [(show_partner(context, row.partner_id), place) for row, place in found]
    return make_connection(context, page, shown)
