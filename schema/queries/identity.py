"""Who asks, and things by their ids."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import strawberry

from hub.kernel.ids import IdKind
from hub.ledger.operations import Place
from partners.errors import PartnerNotFound
from schema import loaders
from schema.context import Context, Info
from schema.faults import bad_input
from schema.fields import query
from schema.limits import LIST_MAX
from schema.members import ActorKind, Viewer, find_member
from schema.nodes import Node
from schema.obligations import find_obligation
from schema.partners import may_see_terms, show_partner, show_terms
from schema.wallets.wallets import find_entry, find_lot, find_wallet_of
from schema.windows import show_window

Id = Annotated[strawberry.ID, strawberry.argument(description="An id as it was given to you.")]
Ids = Annotated[
    list[strawberry.ID],
    strawberry.argument(description=f"Ids as they were given to you, at most {LIST_MAX}."),
]


@query("Who asks.")
async def viewer(info: Info) -> Viewer:
    """Show who asks."""
    partner_id = info.context.partner_id
    return Viewer(
        kind=ActorKind(info.context.actor.kind.value),
        partner=None if partner_id is None else show_partner(info.context, partner_id),
    )


@query("Anything by its id; null when it is not there, or not for you to see.")
async def node(info: Info, id: Id) -> Node | None:
    """Find a thing by its id."""
    return await find_node(info.context, id)


@query("Things by their ids, in the order of the ids; null for what is not there, or not for you.")
async def nodes(info: Info, ids: Ids) -> list[Node | None]:
    """Find things by their ids, a kind at a time."""
    if len(ids) > LIST_MAX:
        raise bad_input(f"`ids` has {len(ids)} ids; {LIST_MAX} are allowed.")
    return list(await asyncio.gather(*[find_node(info.context, each) for each in ids]))


async def find_node(context: Context, text: str) -> Node | None:
    """Find a thing by its id; None when it is not there, or not for this actor."""
    found = context.audience.find_any(text)
    if found is None:
        return None
    kind, place = found
    finder = _FINDERS.get(kind)
    return await finder(context, place) if finder else _find_party(context, kind, place)


async def _find_member(context: Context, place: Place) -> Node | None:
    return await find_member(context, place.number)


async def _find_window(context: Context, place: Place) -> Node | None:
    if context.member_id is not None:
        return None
    row = await loaders.load_window(context, place.number)
    return None if row is None else show_window(context, row)


_FINDERS: Final[dict[IdKind, Callable[[Context, Place], Awaitable[Node | None]]]] = {
    IdKind.MEMBER: _find_member,
    IdKind.WALLET: find_wallet_of,
    IdKind.LOT: find_lot,
    IdKind.ENTRY: find_entry,
    IdKind.WINDOW: _find_window,
    IdKind.OBLIGATION: find_obligation,
}


def _find_party(context: Context, kind: IdKind, place: Place) -> Node | None:
    register = context.rooms.register
    try:
        if kind is IdKind.PARTNER:
            register.get_partner_by_id(place.number)
            return show_partner(context, place.number)
        found = register.get_terms(place.number)
    except (KeyError, PartnerNotFound):
        return None
    owner = register.get_partner(found.terms.partner)
    return show_terms(context, found) if may_see_terms(context, owner.partner_id) else None
