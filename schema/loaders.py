"""Batch loads of one request: many objects of a level cost one round trip.

What the actor may not see loads as None, exactly like what is not there (rule book 1.13).
"""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from datetime import timedelta
from typing import TypeVar, cast

from strawberry.dataloader import DataLoader

from hub.ledger.entries import EntryKind
from hub.ledger.operations import Place
from hub.ledger.store import Allocation, Lot
from hub.ledger.views import store as views
from hub.ledger.views.store import Entry, LotPosition, WalletPoints
from hub.members import store as members
from hub.members.store import LinkedAccount, Member
from schema.context import Context
from settlement import store as windows
from settlement.settle import Settlement
from settlement.store import Window
from settlement.windows import parties_of

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def _loader(
    context: Context, name: str, load: Callable[[Context, list[K]], Awaitable[list[V]]]
) -> DataLoader[K, V]:
    """Give the request's loader of a name."""
    known = context.loads.get(name)
    if known is None:

        async def load_keys(keys: list[K]) -> list[V]:
            return await load(context, keys)

        known = context.loads[name] = DataLoader(load_fn=load_keys)
    return cast("DataLoader[K, V]", known)


async def load_member(context: Context, member_id: int) -> Member | None:
    """Load a member whom the actor knows."""
    if context.member_id not in (None, member_id):
        return None
    return await _loader(context, "members", _members).load(member_id)


async def load_member_of(context: Context, wallet: Place) -> Member | None:
    """Load the member of a wallet that the actor may see."""
    found = await _loader(context, "members_of_wallets", _members_of_wallets).load(wallet.number)
    is_other = found is not None and context.member_id not in (None, found.member_id)
    return None if found is None or is_other or found.wallet != wallet else found


async def load_accounts(context: Context, member_id: int) -> list[LinkedAccount]:
    """Load the linked accounts of a member; a partner sees its own."""
    return await _loader(context, "accounts", _accounts).load(member_id)


async def load_points(context: Context, wallet: Place) -> WalletPoints:
    """Load the points of a wallet; a partner sees those that it issued."""
    return await _loader(context, "points", _points).load(wallet)


async def load_expiring(context: Context, wallet: Place, days: int) -> int:
    """Load how many points of a wallet expire within days; a partner sees its own."""
    return await _loader(context, "expiring", _expiring).load((wallet, days))


async def load_lot(context: Context, place: Place) -> Lot | None:
    """Load a lot; a partner sees those that it issued, a member the own ones."""
    lot = await _loader(context, "lots", _lots).load(place)
    if lot is None or (context.partner_id not in (None, lot.issuer_id)):
        return None
    if context.member_id is not None:
        return lot if await _is_own_wallet(context, place.lane, lot.wallet_id) else None
    return lot


async def load_entry(context: Context, place: Place) -> Entry | None:
    """Load an entry; a partner sees those it made and the expiry of its lots, a member the own."""
    entry = await _loader(context, "entries", _entries).load(place)
    if entry is None or await _may_see(context, entry):
        return entry
    return None


async def _may_see(context: Context, entry: Entry) -> bool:
    if context.member_id is not None:
        own = (entry.wallet_id, entry.counter_wallet_id)
        member = await load_member(context, context.member_id)
        return member is not None and member.wallet.number in own
    if context.partner_id is None or entry.partner_id == context.partner_id:
        return True
    if entry.kind is not EntryKind.EXPIRE:
        return False
    return bool(await load_allocations(context, entry))


async def load_allocations(context: Context, entry: Entry) -> list[Allocation]:
    """Load the allocations of an entry.

    A partner sees those of lots that it issued, and all of what it accepted itself.
    """
    all_of_it = await _loader(context, "allocations", _allocations).load(entry.place)
    partner_id = context.partner_id
    return [
        allocation
        for allocation in all_of_it
        if partner_id in (None, allocation.issuer_id, allocation.acceptor_id)
    ]


async def load_lot_page(
    context: Context, wallet: Place, after: LotPosition | None, limit: int
) -> list[tuple[Lot, LotPosition]]:
    """Load a page of the open lots of a wallet, in redemption order."""
    return await _loader(context, "lot_pages", _lot_pages).load((wallet, after, limit))


async def load_entry_page(
    context: Context, wallet: Place, before: int | None, limit: int
) -> list[Entry]:
    """Load a page of the entries of a wallet, newest first."""
    return await _loader(context, "entry_pages", _entry_pages).load((wallet, before, limit))


async def load_window(context: Context, window_id: int) -> Window | None:
    """Load a settlement window."""
    return await _loader(context, "windows", _windows).load(window_id)


async def load_settlement(context: Context, window_id: int) -> Settlement | None:
    """Load the settlement of a window, whole; None while it is not closed."""
    return await _loader(context, "settlements", _settlements).load(window_id)


async def _is_own_wallet(context: Context, lane: int, wallet_id: int) -> bool:
    member = await load_member(context, context.actor.number)
    return member is not None and member.wallet == Place(lane, wallet_id)


async def _members(context: Context, keys: list[int]) -> list[Member | None]:
    async with context.read() as tx:
        found = await members.list_members(tx, keys, linked_to=context.partner_id)
    return [found.get(key) for key in keys]


async def _members_of_wallets(context: Context, keys: list[int]) -> list[Member | None]:
    async with context.read() as tx:
        found = await members.list_members_of_wallets(tx, keys, linked_to=context.partner_id)
    return [found.get(key) for key in keys]


async def _accounts(context: Context, keys: list[int]) -> list[list[LinkedAccount]]:
    async with context.read() as tx:
        listed = await members.list_linked_accounts(tx, keys)
    found: dict[int, list[LinkedAccount]] = {key: [] for key in keys}
    for account in listed:
        if context.partner_id in (None, account.partner_id):
            found[account.member_id].append(account)
    return [found[key] for key in keys]


async def _points(context: Context, keys: list[Place]) -> list[WalletPoints]:
    async with context.read() as tx:
        found = await views.sum_points(tx, keys, issuer_id=context.partner_id)
    return [found.get(key, WalletPoints()) for key in keys]


async def _expiring(context: Context, keys: list[tuple[Place, int]]) -> list[int]:
    found: dict[tuple[Place, int], int] = {}
    async with context.read() as tx:
        for days in {days for _, days in keys}:
            wallets = [wallet for wallet, own_days in keys if own_days == days]
            sums = await views.sum_expiring(
                tx, wallets, until=tx.now + timedelta(days=days), issuer_id=context.partner_id
            )
            found.update({(wallet, days): points for wallet, points in sums.items()})
    return [found.get(key, 0) for key in keys]


async def _lots(context: Context, keys: list[Place]) -> list[Lot | None]:
    async with context.read() as tx:
        found = await views.list_lots(tx, keys)
    return [found.get(key) for key in keys]


async def _entries(context: Context, keys: list[Place]) -> list[Entry | None]:
    async with context.read() as tx:
        found = await views.list_entries(tx, keys)
    return [found.get(key) for key in keys]


async def _allocations(context: Context, keys: list[Place]) -> list[list[Allocation]]:
    async with context.read() as tx:
        found = await views.list_allocations_of(tx, keys)
    return [found[key] for key in keys]


async def _lot_pages(
    context: Context, keys: list[tuple[Place, LotPosition | None, int]]
) -> list[list[tuple[Lot, LotPosition]]]:
    found = {}
    async with context.read() as tx:
        for after, limit in _pages(keys):
            wallets = [key[0] for key in keys if key[1:] == (after, limit)]
            pages = await views.page_lots(
                tx, wallets, issuer_id=context.partner_id, after=after, limit=limit
            )
            found.update({(wallet, after, limit): page for wallet, page in pages.items()})
    return [found[key] for key in keys]


async def _entry_pages(
    context: Context, keys: list[tuple[Place, int | None, int]]
) -> list[list[Entry]]:
    found = {}
    async with context.read() as tx:
        for before, limit in _pages(keys):
            wallets = [key[0] for key in keys if key[1:] == (before, limit)]
            pages = await views.page_entries(
                tx, wallets, partner_id=context.partner_id, before_seq=before, limit=limit
            )
            found.update({(wallet, before, limit): page for wallet, page in pages.items()})
    return [found[key] for key in keys]


def _pages(keys: Sequence[tuple[Place, V, int]]) -> set[tuple[V, int]]:
    """Which different pages are asked for: fields of one document mostly ask for the same."""
    return {(position, limit) for _, position, limit in keys}


async def _windows(context: Context, keys: list[int]) -> list[Window | None]:
    async with context.read() as tx:
        found = await windows.list_windows_by_id(tx, keys)
    return [found.get(key) for key in keys]


async def _settlements(context: Context, keys: list[int]) -> list[Settlement | None]:
    async with context.read() as tx:
        found = await windows.load_settlements(tx, keys, parties=parties_of(context.rooms.register))
    return [found.get(key) for key in keys]
