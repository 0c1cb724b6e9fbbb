"""Batch loads of one request: many objects of a level cost one round trip.

What the actor may not see loads as None, exactly like what is not there (rule book 1.13).
"""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar, cast

from strawberry.dataloader import DataLoader

from hub.kernel.slices import Slice
from hub.ledger.entries import EntryKind
from hub.ledger.operations import HOUSE_LANE, Place, lane_of
from hub.ledger.store import Allocation, Lot, MoneyLineRow
from hub.ledger.views import store as views
from hub.ledger.views.as_of import store as past
from hub.ledger.views.claims import store as claims
from hub.ledger.views.claims.store import Arrears, Hold, RestrictionRow
from hub.ledger.views.pages import store as pages
from hub.ledger.views.pages.store import EntryFilter, LotFilter, LotOrder, LotPosition
from hub.ledger.views.store import Entry, WalletPoints
from hub.members import store as members
from hub.members.store import LinkedAccount, Member
from hub.points.restrictions import Restriction, save_restriction
from schema.context import Context
from settlement import store as windows
from settlement.settle import Settlement
from settlement.statements import Obligation, list_obligations_of
from settlement.store import Window
from settlement.windows import parties_of

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def loader_of(
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
    """Load a member whom the actor knows; one who was merged is the survivor."""
    led = context.rooms.wallets.forwards.find_member(member_id)
    if context.member_id not in (None, led):
        return None
    return await loader_of(context, "members", _members).load(led)


async def load_member_of(context: Context, wallet: Place) -> Member | None:
    """Load the member of a wallet that the actor may see; of one that was merged, the survivor."""
    led = context.rooms.wallets.forwards.find_wallet(wallet)
    found = await loader_of(context, "members_of_wallets", _members_of_wallets).load(led.number)
    is_other = found is not None and context.member_id not in (None, found.member_id)
    return None if found is None or is_other or found.wallet != led else found


async def load_accounts(context: Context, member_id: int) -> list[LinkedAccount]:
    """Load the linked accounts of a member; a partner sees its own."""
    return await loader_of(context, "accounts", _accounts).load(member_id)


async def load_points(
    context: Context, wallet: Place, as_of: datetime | None = None
) -> WalletPoints:
    """Load the points of a wallet, now or as of an instant; a partner sees those it issued."""
    return await loader_of(context, "points", _points).load((wallet, as_of))


async def load_holds(context: Context, wallet: Place, part: Slice) -> list[Hold]:
    """Load a page of the open holds of a wallet; a partner sees those it asked for."""
    return await loader_of(context, "holds", _holds).load((wallet, part))


async def load_arrears(context: Context, wallet: Place, part: Slice) -> list[Arrears]:
    """Load a page of what a wallet owes; a partner sees what is owed to it."""
    return await loader_of(context, "arrears", _arrears).load((wallet, part))


async def load_restriction(context: Context, number: int) -> RestrictionRow:
    """Load the rule of a lot that the actor may see."""
    return await loader_of(context, "restrictions", _restrictions).load(number)


async def load_rule(context: Context, rule: Restriction) -> int:
    """Give the number of a rule for restricted lots; new ones are stored in one transaction."""
    return await loader_of(context, "rules", _rules).load(rule)


async def load_expiring(context: Context, wallet: Place, days: int) -> int:
    """Load how many points of a wallet expire within days; a partner sees its own."""
    return await loader_of(context, "expiring", _expiring).load((wallet, days))


async def load_lot(context: Context, place: Place) -> Lot | None:
    """Load a lot; a partner sees those that it issued, a member the own ones."""
    lot = await loader_of(context, "lots", _lots).load(place)
    if lot is None or (context.partner_id not in (None, lot.issuer_id)):
        return None
    if context.member_id is not None:
        return lot if await _is_own_wallet(context, place.lane, lot.wallet_id) else None
    return lot


async def load_entry(context: Context, place: Place) -> Entry | None:
    """Load an entry; what a partner sees of it is said at `hub.ledger.views.pages`."""
    entry = await loader_of(context, "entries", _entries).load(place)
    if entry is None or await _may_see(context, entry):
        return entry
    return None


async def _may_see(context: Context, entry: Entry) -> bool:
    if context.member_id is not None:
        member = await load_member(context, context.member_id)
        forwards = context.rooms.wallets.forwards
        touched = [number for number in (entry.wallet_id, entry.counter_wallet_id) if number]
        return member is not None and member.wallet in {
            forwards.find_wallet(Place(lane_of(number), number)) for number in touched
        }
    if context.partner_id is None or entry.partner_id == context.partner_id:
        return True
    if entry.place.lane == HOUSE_LANE:
        return bool(await load_money_lines(context, entry.place))
    if entry.kind is not EntryKind.EXPIRE:
        return False
    return bool(await load_allocations(context, entry))


async def load_allocations(context: Context, entry: Entry) -> list[Allocation]:
    """Load the allocations of an entry.

    A partner sees those of lots that it issued, and all of what it accepted itself.
    """
    all_of_it = await loader_of(context, "allocations", _allocations).load(entry.place)
    partner_id = context.partner_id
    return [
        allocation
        for allocation in all_of_it
        if partner_id in (None, allocation.issuer_id, allocation.acceptor_id)
    ]


async def load_money_lines(context: Context, entry: Place) -> list[MoneyLineRow]:
    """Load what an entry lets parties owe without points; a partner sees what is its own."""
    all_of_it = await loader_of(context, "money_lines", _money_lines).load(entry)
    if context.member_id is not None:
        return []
    partner_id = context.partner_id
    return [m for m in all_of_it if partner_id in (None, m.debtor_id, m.creditor_id)]


async def load_lot_page(
    context: Context, wallet: Place, which: LotFilter, order: LotOrder, part: Slice
) -> list[tuple[Lot, LotPosition]]:
    """Load a page of the lots of a wallet."""
    return await loader_of(context, "lot_pages", _lot_pages).load((wallet, (which, order, part)))


async def load_lots_as_of(
    context: Context, wallet: Place, as_of: datetime
) -> list[tuple[Lot, LotPosition]]:
    """Load the lots of a wallet that were open at an instant; a partner sees those it issued."""
    return await loader_of(context, "lots_as_of", _lots_as_of).load((wallet, as_of))


async def load_entry_page(
    context: Context, wallet: Place, which: EntryFilter, part: Slice
) -> list[Entry]:
    """Load a page of the entries of a wallet, newest first."""
    return await loader_of(context, "entry_pages", _entry_pages).load((wallet, (which, part)))


async def load_allocations_of_lot(context: Context, lot: Lot, part: Slice) -> list[Allocation]:
    """Load a page of what was taken from a lot that the actor may see, and given back."""
    return await loader_of(context, "lot_allocations", _lot_allocations).load((lot, part))


async def load_given_back(context: Context, entry: Place, part: Slice) -> list[Entry]:
    """Load a page of the entries that give one back, which whoever sees it may see."""
    return await loader_of(context, "given_back", _given_back).load((entry, part))


async def load_cancel(context: Context, sale: Place) -> Entry | None:
    """Load the entry that cancelled a sale which the actor may see."""
    return await loader_of(context, "cancels", _cancels).load(sale)


async def load_obligations(context: Context, entry: Place) -> list[Obligation]:
    """Load what an entry owes, whoever may see it."""
    return await loader_of(context, "obligations", _obligations).load(entry)


async def load_window(context: Context, window_id: int) -> Window | None:
    """Load a settlement window."""
    return await loader_of(context, "windows", _windows).load(window_id)


async def load_settlement(context: Context, window_id: int) -> Settlement | None:
    """Load the settlement of a window, whole; None while it is not closed."""
    return await loader_of(context, "settlements", _settlements).load(window_id)


async def _is_own_wallet(context: Context, lane: int, wallet_id: int) -> bool:
    member = await load_member(context, context.actor.number)
    led = context.rooms.wallets.forwards.find_wallet(Place(lane, wallet_id))
    return member is not None and member.wallet == led


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


async def _points(
    context: Context, keys: list[tuple[Place, datetime | None]]
) -> list[WalletPoints]:
    found: dict[tuple[Place, datetime | None], WalletPoints] = {}
    issuer_id = context.partner_id
    async with context.read() as tx:
        for as_of, wallets in _together(keys):
            if as_of is None:
                sums = await views.sum_points(tx, wallets, issuer_id=issuer_id)
            else:
                sums = await past.sum_points_as_of(tx, wallets, as_of=as_of, issuer_id=issuer_id)
            found.update({(wallet, as_of): points for wallet, points in sums.items()})
    return [found.get(key, WalletPoints()) for key in keys]


async def _holds(context: Context, keys: list[tuple[Place, Slice]]) -> list[list[Hold]]:
    found = {}
    async with context.read() as tx:
        for part, wallets in _together(keys):
            found[part] = await claims.page_holds(
                tx, wallets, viewer_id=context.partner_id, part=part
            )
    return [found[part][wallet] for wallet, part in keys]


async def _arrears(context: Context, keys: list[tuple[Place, Slice]]) -> list[list[Arrears]]:
    found = {}
    async with context.read() as tx:
        for part, wallets in _together(keys):
            found[part] = await claims.page_arrears(
                tx, wallets, viewer_id=context.partner_id, part=part
            )
    return [found[part][wallet] for wallet, part in keys]


async def _restrictions(context: Context, keys: list[int]) -> list[RestrictionRow]:
    async with context.read() as tx:
        found = await claims.list_restrictions(tx, keys)
    return [found[key] for key in keys]


async def _rules(context: Context, keys: list[Restriction]) -> list[int]:
    async with context.begin() as tx:
        return [await save_restriction(tx, key) for key in keys]


async def _expiring(context: Context, keys: list[tuple[Place, int]]) -> list[int]:
    found: dict[tuple[Place, int], int] = {}
    async with context.read() as tx:
        for days, wallets in _together(keys):
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


async def _money_lines(context: Context, keys: list[Place]) -> list[list[MoneyLineRow]]:
    async with context.read() as tx:
        found = await views.list_money_lines_of(tx, keys)
    return [found[key] for key in keys]


async def _lot_pages(
    context: Context, keys: list[tuple[Place, tuple[LotFilter, LotOrder, Slice]]]
) -> list[list[tuple[Lot, LotPosition]]]:
    found = {}
    async with context.read() as tx:
        for asked, wallets in _together(keys):
            which, order, part = asked
            found[asked] = await pages.page_lots(tx, wallets, which=which, order=order, part=part)
    return [found[asked][wallet] for wallet, asked in keys]


async def _lots_as_of(
    context: Context, keys: list[tuple[Place, datetime]]
) -> list[list[tuple[Lot, LotPosition]]]:
    found = {}
    async with context.read() as tx:
        for as_of, wallets in _together(keys):
            found[as_of] = await past.list_lots_as_of(
                tx, wallets, as_of=as_of, issuer_id=context.partner_id
            )
    return [found[as_of][wallet] for wallet, as_of in keys]


async def _entry_pages(
    context: Context, keys: list[tuple[Place, tuple[EntryFilter, Slice]]]
) -> list[list[Entry]]:
    found = {}
    async with context.read() as tx:
        for asked, wallets in _together(keys):
            which, part = asked
            found[asked] = await pages.page_entries(
                tx, wallets, viewer_id=context.partner_id, which=which, part=part
            )
    return [found[asked][wallet] for wallet, asked in keys]


async def _lot_allocations(
    context: Context, keys: list[tuple[Lot, Slice]]
) -> list[list[Allocation]]:
    found = {}
    async with context.read() as tx:
        for part, lots in _together(keys):
            found[part] = await pages.page_allocations(tx, lots, part=part)
    return [found[part][lot.place] for lot, part in keys]


async def _given_back(context: Context, keys: list[tuple[Place, Slice]]) -> list[list[Entry]]:
    found = {}
    async with context.read() as tx:
        for part, entries in _together(keys):
            found[part] = await pages.page_given_back(tx, entries, part=part)
    return [found[part][entry] for entry, part in keys]


def _together(keys: Sequence[tuple[V, K]]) -> list[tuple[K, list[V]]]:
    """Group what is asked in the same way: fields of one document mostly are."""
    grouped: dict[K, list[V]] = {}
    for one, asked in keys:
        grouped.setdefault(asked, []).append(one)
    return list(grouped.items())


async def _cancels(context: Context, keys: list[Place]) -> list[Entry | None]:
    async with context.read() as tx:
        found = await views.list_cancels(tx, keys)
    return [found.get(key) for key in keys]


async def _obligations(context: Context, keys: list[Place]) -> list[list[Obligation]]:
    async with context.read() as tx:
        found = await list_obligations_of(tx, context.rooms.register, keys)
    return [found[key] for key in keys]


async def _windows(context: Context, keys: list[int]) -> list[Window | None]:
    async with context.read() as tx:
        found = await windows.list_windows_by_id(tx, keys)
    return [found.get(key) for key in keys]


async def _settlements(context: Context, keys: list[int]) -> list[Settlement | None]:
    async with context.read() as tx:
        found = await windows.load_settlements(tx, keys, parties=parties_of(context.rooms.register))
    return [found.get(key) for key in keys]
