"""Points outstanding, now or as of an instant."""

from typing import Annotated

import strawberry

from hub.ledger.views.outstanding.store import list_outstanding
from partners.errors import PartnerNotFound
from schema.accounts import find_partner
from schema.context import Info
from schema.fields import query
from schema.filters import AsOf, read_as_of
from schema.liabilities import Liability, show_liability

Issuer = Annotated[
    str | None,
    strawberry.argument(
        description="Code of the issuer; without it, all that you may see. A partner sees its own."
    ),
]


@query(
    "Points that were issued and not used, by issuer, pinned terms and the month in which they"
    " expire: now, or as the books said at an instant."
)
async def liabilities(
    info: Info, *, issuer: Issuer = strawberry.UNSET, as_of: AsOf = strawberry.UNSET
) -> list[Liability]:
    """List what is outstanding."""
    context = info.context
    instant, issuer_id = read_as_of(context, as_of), context.partner_id
    if issuer:
        try:
            named = find_partner(context, issuer).partner_id
        except PartnerNotFound:
            return []
        if issuer_id not in (None, named):
            return []
        issuer_id = named
    async with context.read() as tx:
        rows = await list_outstanding(tx, as_of=instant, issuer_id=issuer_id)
    return [show_liability(row) for row in rows]
