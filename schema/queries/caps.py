"""Caps in force, and what is left of them."""

from datetime import datetime
from typing import Annotated

import strawberry

from hub.ledger.caps import kinds as ledger
from hub.ledger.caps.store import CapFilter, list_standings
from partners.errors import PartnerNotFound
from schema.accounts import find_partner, given
from schema.caps import Cap, show_cap
from schema.context import Context, Info
from schema.faults import bad_input
from schema.fields import query
from schema.filters import NOBODY
from schema.ids import read_instant_of
from schema.kinds import CapKind
from schema.paging import After, Before, Connection, First, Last, make_connection, read_page

Kinds = Annotated[
    list[CapKind] | None,
    strawberry.argument(description="Only of these kinds, each named once; without it, of all."),
]
OfPartner = Annotated[
    str | None,
    strawberry.argument(
        description="Code of the partner; without it, all that you may see. A partner sees its own."
    ),
]
InForceAt = Annotated[
    datetime | None,
    strawberry.argument(description="Caps of this instant; without it, of now."),
]


@query(
    "Caps in force and what is left of them, by kind and partner. A partner sees those that count"
    " its own points or money; what is left of a member's own day, `exchangeQuote` tells."
)
async def caps(
    info: Info,
    *,
    kinds: Kinds = strawberry.UNSET,
    partner: OfPartner = strawberry.UNSET,
    in_force_at: InForceAt = strawberry.UNSET,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> Connection[Cap]:
    """List caps."""
    context, chosen = info.context, given(kinds)
    page = read_page(context, "caps", first=first, after=after, last=last, before=before)
    if chosen is not None and len(set(chosen)) < len(chosen):
        raise bad_input("`kinds` names a kind twice.")
    which = CapFilter(
        kinds=None if chosen is None else tuple(ledger.CapKind[kind.name] for kind in chosen),
        partner_id=_whose(context, given(partner)),
        in_force_at=given(in_force_at) or context.rooms.clock(),
    )
    part = page.slice(lambda place: (*place[:3], read_instant_of(place, 3)))
    async with context.read() as tx:
        rows = await list_standings(tx, which, part)
    shown = [(show_cap(row), _position_of(row.cap)) for row in rows]
    return make_connection(context, page, shown)


def _whose(context: Context, code: str | None) -> int | None:
    """Say whose caps are meant: a partner never means another's."""
    own_id = context.partner_id
    if code is None:
        return own_id
    try:
        named = find_partner(context, code).partner_id
    except PartnerNotFound:
        return NOBODY
    return named if own_id in (None, named) else NOBODY


def _position_of(cap: ledger.Cap) -> tuple[object, ...]:
    return cap.kind.value, cap.partner_id, cap.subject, cap.starts_at.isoformat()
