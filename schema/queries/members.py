"""Members, wallets, entries, and why they are as they are."""

from typing import Annotated

import strawberry

from hub.kernel.errors import DomainError
from hub.kernel.ids import IdKind
from hub.ledger.operations import Place
from hub.ledger.views.pages import store as pages
from hub.members.store import Member as MemberRow
from hub.members.store import page_linked_members, page_members
from schema import loaders
from schema.accounts import ACCOUNT_REFUSALS, AccountInput, find_wallet
from schema.context import Context, Info
from schema.fields import query
from schema.filters import WhichEntries, WhichLots, read_entries, read_lots
from schema.members import Member, show_member
from schema.obligations import Explanation, explain_place
from schema.paging import After, Before, Connection, First, Last, make_connection, read_page
from schema.wallets.wallets import Entry, Lot, Wallet, find_entry, show_entry, show_lot

Account = Annotated[
    AccountInput | None,
    strawberry.argument(description="Who is meant; a member may leave it out: oneself."),
]
EntryId = Annotated[strawberry.ID, strawberry.argument(description="Id of the entry.")]
ExplainedId = Annotated[
    strawberry.ID, strawberry.argument(description="Id of an entry or of an obligation.")
]

MISSING: tuple[type[DomainError], ...] = ACCOUNT_REFUSALS
"""What a query answers with null: it is not there, or not for this actor."""


@query("A member; null when there is no such, or not for you to see.")
async def member(info: Info, account: Account = strawberry.UNSET) -> Member | None:
    """Find a member."""
    return await _find(info.context, account)


@query("A member's wallet; null when there is no such, or not for you to see.")
async def wallet(info: Info, account: Account = strawberry.UNSET) -> Wallet | None:
    """Find a wallet."""
    found = await _find(info.context, account)
    return None if found is None else found.wallet


@query("An entry of the books; null when there is no such, or not for you to see.")
async def entry(info: Info, id: EntryId) -> Entry | None:
    """Find an entry."""
    place = info.context.audience.find_place(IdKind.ENTRY, id)
    return None if place is None else await find_entry(info.context, place)


@query(
    "Entries of the books, lane by lane in the order in which they were posted: the whole journal,"
    " as far as you may see it. A page that searches for few among many may be shorter than asked"
    " for, or empty, and still have a next one."
)
async def entries(
    info: Info,
    *,
    which: WhichEntries = strawberry.UNSET,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> Connection[Entry]:
    """Search the journal."""
    context = info.context
    page = read_page(context, "entries", first=first, after=after, last=last, before=before)
    async with context.read() as tx:
        found = await pages.search_entries(
            tx,
            viewer_id=context.partner_id,
            which=read_entries(context, which),
            part=page.slice(),
        )
    shown = [(show_entry(context, row), position_of(row.place)) for row in found.entries]
    end = found.stopped_at
    return make_connection(
        context, page, shown, searched_to=None if end is None else position_of(end)
    )


@query(
    "Lots, lane by lane in the order in which they came to be. A partner sees those it issued. A"
    " page that searches for few among many may be shorter than asked for, and still have a next"
    " one."
)
async def lots(
    info: Info,
    *,
    which: WhichLots = strawberry.UNSET,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> Connection[Lot]:
    """Search the lots."""
    context = info.context
    page = read_page(context, "allLots", first=first, after=after, last=last, before=before)
    async with context.read() as tx:
        found = await pages.search_lots(tx, which=read_lots(context, which), part=page.slice())
    shown = [(show_lot(context, row), position_of(row.place)) for row in found.lots]
    end = found.stopped_at
    return make_connection(
        context, page, shown, searched_to=None if end is None else position_of(end)
    )


@query("Members. A partner sees its own, in order of its references; a member nobody else.")
async def members(
    info: Info,
    *,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> Connection[Member]:
    """List the members that the actor knows."""
    context = info.context
    page = read_page(context, "members", first=first, after=after, last=last, before=before)
    found: list[tuple[MemberRow, tuple[object, ...]]]
    async with context.read() as tx:
        if context.partner_id is None:
            everybody = await page_members(tx, part=page.slice())
            found = [(row, (row.member_id,)) for row in everybody]
        else:
            own = await page_linked_members(tx, context.partner_id, part=page.slice())
            found = [(row, (reference, row.member_id)) for reference, row in own]
    shown = [(show_member(context, row), place) for row, place in found]
    return make_connection(context, page, shown)


@query(
    "Why the books are as they are: an entry, or one obligation, explained in words and in data."
    " Null when it is not there, or not for you to see."
)
async def explain(info: Info, id: ExplainedId) -> Explanation | None:
    """Explain an entry or an obligation."""
    found = info.context.audience.find_any(id)
    if found is None or found[0] not in (IdKind.ENTRY, IdKind.OBLIGATION):
        return None
    return await explain_place(info.context, *found)


def position_of(place: Place) -> tuple[int, int]:
    """Say where something in a lane stands in the order of the journal."""
    return place.lane, place.number


async def _find(context: Context, account: AccountInput | None) -> Member | None:
    try:
        place = await find_wallet(context, account)
    except MISSING:
        return None
    row = await loaders.load_member_of(context, place)
    return None if row is None else show_member(context, row)
