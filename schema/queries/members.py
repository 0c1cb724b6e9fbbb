"""Members, wallets and entries."""

from typing import Annotated

import strawberry

from hub.kernel.errors import DomainError
from hub.kernel.ids import IdKind
from schema import loaders
from schema.accounts import ACCOUNT_REFUSALS, AccountInput, find_wallet
from schema.context import Context, Info
from schema.fields import query
from schema.members import Member, show_member
from schema.wallets import Entry, Wallet, find_entry

Account = Annotated[
    AccountInput | None,
    strawberry.argument(description="Who is meant; a member may leave it out: oneself."),
]
EntryId = Annotated[strawberry.ID, strawberry.argument(description="Id of the entry.")]

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


async def _find(context: Context, account: AccountInput | None) -> Member | None:
    try:
        place = await find_wallet(context, account)
    except MISSING:
        return None
    row = await loaders.load_member_of(context, place)
    return None if row is None else show_member(context, row)
