"""The coalition and its partners."""

from typing import Annotated

import strawberry

from partners.errors import CoalitionNotSetUp, PartnerNotFound
from schema.context import Info
from schema.fields import query
from schema.paging import FIRST_DEFAULT, After, Connection, First, make_connection, read_page
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
    info: Info, first: First = FIRST_DEFAULT, after: After = strawberry.UNSET
) -> Connection[Partner]:
    """List the parties."""
    page = read_page(info.context, "partners", first, after)
    begin = page.position[0] if page.position else ""
    rows = sorted(
        (row for row in info.context.rooms.register.partners if row.code > begin),
        key=lambda row: row.code,
    )
    shown = [
        (show_partner(info.context, row.partner_id), (row.code,)) for row in rows[: page.limit + 1]
    ]
    return make_connection(info.context, page, shown)
