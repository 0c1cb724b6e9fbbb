"""Wallets, lots, entries, holds and arrears, as they hang together."""

from datetime import datetime
from typing import Any

import strawberry

from hub.kernel.ids import IdKind
from hub.ledger.entries import EntryKind as LedgerKind
from hub.ledger.operations import Place, lane_of
from hub.ledger.store import Allocation as AllocationRow
from hub.ledger.store import Lot as LotRow
from hub.ledger.views.claims.store import Arrears as ArrearsRow
from hub.ledger.views.claims.store import Hold as HoldRow
from hub.ledger.views.pages import store as pages
from hub.ledger.views.pages.store import LotPosition
from hub.ledger.views.store import Entry as EntryRow
from hub.points.requests import NEVER
from schema import loaders
from schema.context import Context, Info
from schema.faults import bad_input
from schema.filters import (
    AsOf,
    LotOrder,
    OrderOfLots,
    WhichEntries,
    WhichLots,
    read_as_of,
    read_entries,
    read_lots,
)
from schema.ids import read_instant_of
from schema.kinds import EntryKind
from schema.nodes import computed
from schema.paging import (
    After,
    Before,
    Connection,
    First,
    Last,
    PageInfo,
    cut,
    in_order,
    make_connection,
    page_info,
    read_page,
)
from schema.partners import Partner, show_partner
from schema.scalars import Points
from schema.wallets.entries import EntryFacts
from schema.wallets.lots import LotFacts
from schema.wallets.sums import WalletSums


@strawberry.type(description="Points issued together that expire together.")
class Lot(LotFacts):
    """Points issued together, and what they hang together with."""

    @computed(description="Where it lies; null if not for you to see.")
    async def wallet(self, info: Info) -> "Wallet | None":
        """Find the wallet."""
        return await find_wallet_of(info.context, Place(self.row.place.lane, self.row.wallet_id))

    @computed(description="The entry that made it; null if not for you to see.")
    async def source(self, info: Info) -> "Entry | None":
        """Load the entry that made the lot."""
        return await find_entry(info.context, Place(self.row.place.lane, self.row.source_seq))

    @computed(description="The lot that it was moved from; null if none, or not for you to see.")
    async def moved_from(self, info: Info) -> "Lot | None":
        """Load the lot that this one was moved from."""
        if self.row.source_lot_id is None:
            return None
        lane = self.row.place.lane if self.row.source_lane is None else self.row.source_lane
        return await find_lot(info.context, Place(lane, self.row.source_lot_id))

    @computed(
        description="The wallet of the member who brought them into a household; null if nobody"
        " did, or not for you to see."
    )
    async def contributor(self, info: Info) -> "Wallet | None":
        """Find the wallet that the points were contributed from."""
        number = self.row.contributor_wallet_id
        if number is None:
            return None
        return await find_wallet_of(info.context, Place(lane_of(number), number))

    @computed(description="What was taken from it and given back, oldest first.")
    async def allocations(
        self,
        info: Info,
        *,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Connection["Allocation"]:
        """List a page of what happened to the lot."""
        context = info.context
        page = read_page(
            context, "lotAllocations", first=first, after=after, last=last, before=before
        )
        rows = await loaders.load_allocations_of_lot(context, self.row, page.slice())
        shown = [(show_allocation(row), (row.seq, row.line)) for row in rows]
        return make_connection(context, page, shown)


@strawberry.type(description="Points that an entry took from a lot, or gave back to it.")
class Allocation:
    """Points that an entry took from a lot, or gave back."""

    kind: EntryKind = strawberry.field(
        description="What became of them: that of the entry; of a refund, the kind of what it gives"
        " back; `EXPIRE` where they expired at once."
    )
    points: Points = strawberry.field(description="Negative: taken. Positive: given back.")
    is_reversal: bool = strawberry.field(description="Whether it undoes an earlier allocation.")
    row: strawberry.Private[AllocationRow]

    @computed(description="Whose points they are.")
    def issuer(self, info: Info) -> Partner:
        """Show the issuer."""
        return show_partner(info.context, self.row.issuer_id)

    @computed(
        description="Who accepted them; null where nobody did. A partner sees what it accepted"
        " itself."
    )
    def acceptor(self, info: Info) -> Partner | None:
        """Show the acceptor, if the actor may see it."""
        acceptor_id = self.row.acceptor_id
        if not acceptor_id or info.context.partner_id not in (None, acceptor_id):
            return None
        return show_partner(info.context, acceptor_id)

    @computed(description="The entry that it belongs to; null if not for you to see.")
    async def entry(self, info: Info) -> "Entry | None":
        """Load the entry."""
        return await find_entry(info.context, Place(self.row.lane, self.row.seq))

    @computed(description="The lot; null if not for you to see.")
    async def lot(self, info: Info) -> Lot | None:
        """Load the lot."""
        return await find_lot(info.context, Place(self.row.lane, self.row.lot_id))


@strawberry.type(description="One immutable record of the books.")
class Entry(EntryFacts):
    """One record of the books, and what it hangs together with."""

    @computed(description="The wallet; null where only money moved.")
    async def wallet(self, info: Info) -> "Wallet | None":
        """Find the wallet."""
        if self.row.wallet_id is None:
            return None
        return await find_wallet_of(info.context, Place(self.row.place.lane, self.row.wallet_id))

    @computed(
        description="The lot that an issue made or a reverse took from; null if not for you to see."
    )
    async def lot(self, info: Info) -> Lot | None:
        """Load the lot."""
        if self.row.lot_id is None:
            return None
        return await find_lot(info.context, Place(self.row.place.lane, self.row.lot_id))

    @computed(description="The entry that this one gives back or cancels.")
    async def gives_back(self, info: Info) -> "Entry | None":
        """Load the entry that is given back."""
        if self.row.ref_seq is None:
            return None
        return await find_entry(info.context, Place(self.row.place.lane, self.row.ref_seq))

    @computed(description="The entries that give this one back or cancel it, oldest first.")
    async def given_back_by(
        self,
        info: Info,
        *,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Connection["Entry"]:
        """List a page of the entries that give this one back."""
        context = info.context
        page = read_page(context, "givenBackBy", first=first, after=after, last=last, before=before)
        rows = await loaders.load_given_back(context, self.row.place, page.slice())
        shown = [(show_entry(context, row), (row.place.number,)) for row in rows]
        return make_connection(context, page, shown)

    @computed(
        description="The lots it took from or gave back to, in redemption order. A partner sees"
        " those that it issued, and all of what it accepted itself."
    )
    async def allocations(
        self,
        info: Info,
        *,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Connection[Allocation]:
        """List a page of the allocations."""
        page = read_page(
            info.context, "allocations", first=first, after=after, last=last, before=before
        )
        rows = await loaders.load_allocations(info.context, self.row)
        found = cut(page, rows, lambda row: (row.line,))
        shown = [(show_allocation(row), place) for row, place in found]
        return make_connection(info.context, page, shown)


@strawberry.type(description="An entry of a wallet, and where it stands.")
class ActivityEdge:
    """An entry of a wallet."""

    cursor: str = strawberry.field(description="Where the entry stands; opaque.")
    node: Entry = strawberry.field(description="The entry.")
    wallet: strawberry.Private[Place]

    @computed(
        description="By how many points it changed the wallet, as far as you may see its lots:"
        " positive in, negative out."
    )
    async def change_points(self, info: Info) -> Points:
        """Add up what the entry did to this wallet."""
        row = self.node.row
        is_recipient = row.counter_wallet_id == self.wallet.number
        if row.kind is LedgerKind.ISSUE or (row.kind is LedgerKind.TRANSFER and is_recipient):
            return Points(row.points)
        allocations = await loaders.load_allocations(info.context, row)
        return Points(sum(allocation.points for allocation in allocations))


@strawberry.type(description="A page of what happened to a wallet.")
class ActivityConnection:
    """A page of what happened to a wallet."""

    edges: list[ActivityEdge] = strawberry.field(
        description="The entries with their cursors, newest first, at most 100."
    )
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")

    @computed(description="The entries alone, at most 100.")
    def nodes(self) -> list[Entry]:
        """Take the entries out of their edges."""
        return [edge.node for edge in self.edges]


@strawberry.type(description="Points that are set aside, until they are taken or let go.")
class Hold:
    """Points that are set aside."""

    points: Points = strawberry.field(description="How many were set aside.")
    ends_at: datetime | None = strawberry.field(
        description="It lapses then by itself; null: it does not, points are on their way."
    )
    row: strawberry.Private[HoldRow]

    @computed(
        description="Who asked for it; null where points move to another wallet. A partner sees"
        " its own holds."
    )
    def acceptor(self, info: Info) -> Partner | None:
        """Show who asked for it."""
        partner_id = self.row.partner_id
        return show_partner(info.context, partner_id) if partner_id else None

    @computed(description="Its entry, whose id is the hold's; null if not for you to see.")
    async def entry(self, info: Info) -> Entry | None:
        """Load the entry."""
        return await find_entry(info.context, self.row.place)


@strawberry.type(description="What a wallet owes for one issue that was taken back too late.")
class Arrears:
    """What a wallet owes."""

    points: Points = strawberry.field(description="How many it owed at first.")
    owed_points: Points = strawberry.field(description="How many are left.")
    row: strawberry.Private[ArrearsRow]

    @computed(description="Whom it owes them: the issuer. A partner sees what is owed to it.")
    def creditor(self, info: Info) -> Partner:
        """Show the creditor."""
        return show_partner(info.context, self.row.creditor_id)

    @computed(description="The entry that made the debt; null if not for you to see.")
    async def entry(self, info: Info) -> Entry | None:
        """Load the entry."""
        return await find_entry(info.context, self.row.place)


@strawberry.type(
    description="Where a member's points lie. The member and the operator see all of it; a partner"
    " sees the lots that it issued and nothing of other partners, in the sums too."
)
class Wallet(WalletSums):
    """Where a member's points lie, and what is in it."""

    @computed(
        description="The lots with points left, in the order in which they would be redeemed;"
        " others, and another order, when asked for. Looking back with `asOf` shows those that had"
        " points left then, in redemption order."
    )
    async def lots(
        self,
        info: Info,
        *,
        which: WhichLots = strawberry.UNSET,
        order: OrderOfLots = LotOrder.REDEMPTION,
        as_of: AsOf = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Connection[Lot]:
        """List a page of the lots."""
        context, instant = info.context, read_as_of(info.context, as_of)
        purpose = f"lots:{order.value}"
        page = read_page(context, purpose, first=first, after=after, last=last, before=before)
        chosen = read_lots(context, which)
        if instant is not None:
            if order is not LotOrder.REDEMPTION or not chosen.is_open:
                raise bad_input("Looking back shows open lots, in redemption order.")
            rows = await loaders.load_lots_as_of(context, self.place, instant)
            part = page.slice(_position_of)
            found = pages.take_lots(rows, which=chosen, part=part)
        elif order is LotOrder.REDEMPTION:
            part = page.slice(_position_of)
            kind = pages.LotOrder.REDEMPTION
            found = await loaders.load_lot_page(context, self.place, chosen, kind, part)
        else:
            part, kind = page.slice(), pages.LotOrder.ISSUED
            found = await loaders.load_lot_page(context, self.place, chosen, kind, part)
        shown = [(show_lot(context, row), _cursor_of(order, place)) for row, place in found]
        return make_connection(context, page, shown)

    @computed(
        description="What happened to the wallet, newest first. A partner sees what it did itself,"
        " and the expiry of lots that it issued."
    )
    async def activity(
        self,
        info: Info,
        *,
        which: WhichEntries = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> ActivityConnection:
        """List a page of the entries."""
        context = info.context
        page = read_page(context, "activity", first=first, after=after, last=last, before=before)
        chosen = read_entries(context, which)
        rows = await loaders.load_entry_page(context, self.place, chosen, page.slice())
        edges = [
            ActivityEdge(
                cursor=context.audience.write_cursor(page.purpose, (row.place.number,)),
                node=show_entry(context, row),
                wallet=self.place,
            )
            for row in in_order(page, rows)
        ]
        return ActivityConnection(
            edges=edges, page_info=page_info(page, edges, found_count=len(rows))
        )

    @computed(
        description="What is set aside, oldest first. A partner sees the holds that it asked for."
    )
    async def holds(
        self,
        info: Info,
        *,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Connection[Hold]:
        """List a page of the open holds."""
        context = info.context
        page = read_page(context, "holds", first=first, after=after, last=last, before=before)
        rows = await loaders.load_holds(context, self.place, page.slice())
        shown = [(show_hold(row), (row.place.number,)) for row in rows]
        return make_connection(context, page, shown)

    @computed(
        description="What the wallet owes, oldest debt first: they are repaid in this order. A"
        " partner sees what is owed to it."
    )
    async def arrears(
        self,
        info: Info,
        *,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Connection[Arrears]:
        """List a page of the arrears."""
        context = info.context
        page = read_page(context, "arrears", first=first, after=after, last=last, before=before)
        rows = await loaders.load_arrears(context, self.place, page.slice())
        shown = [(show_arrears(row), (row.place.number,)) for row in rows]
        return make_connection(context, page, shown)


def _position_of(cursor: tuple[Any, ...]) -> LotPosition:
    return read_instant_of(cursor, 0), cursor[1], cursor[2]


def _cursor_of(order: LotOrder, position: LotPosition) -> tuple[object, ...]:
    expires_at, rank, lot_id = position
    if order is LotOrder.ISSUED:
        return (lot_id,)
    return expires_at.isoformat(), rank, lot_id


def show_wallet(context: Context, place: Place) -> Wallet:
    """Show a wallet that the actor may see."""
    return Wallet(id=strawberry.ID(context.audience.write_place(IdKind.WALLET, place)), place=place)


async def find_wallet_of(context: Context, place: Place) -> Wallet | None:
    """Find the wallet of a member whom the actor may see."""
    member = await loaders.load_member_of(context, place)
    return None if member is None else show_wallet(context, member.wallet)


def show_lot(context: Context, row: LotRow) -> Lot:
    """Show a lot that the actor may see."""
    return Lot(
        id=strawberry.ID(context.audience.write_place(IdKind.LOT, row.place)),
        points=Points(row.points),
        remaining_points=Points(row.remaining_points),
        held_points=Points(row.held_points),
        available_at=None if row.available_at.year == 1 else row.available_at,
        expires_at=None if row.expires_at == NEVER else row.expires_at,
        row=row,
    )


def show_hold(row: HoldRow) -> Hold:
    """Show a hold that the actor may see."""
    ends_at = None if row.ends_at == NEVER else row.ends_at
    return Hold(points=Points(row.points), ends_at=ends_at, row=row)


def show_arrears(row: ArrearsRow) -> Arrears:
    """Show a debt that the actor may see."""
    return Arrears(points=Points(row.points), owed_points=Points(row.owed_points), row=row)


def show_allocation(row: AllocationRow) -> Allocation:
    """Show an allocation that the actor may see."""
    return Allocation(
        kind=EntryKind[row.kind.name],
        points=Points(row.points),
        is_reversal=row.is_reversal,
        row=row,
    )


def show_entry(context: Context, row: EntryRow) -> Entry:
    """Show an entry that the actor may see."""
    return Entry(
        id=strawberry.ID(context.audience.write_place(IdKind.ENTRY, row.place)),
        kind=EntryKind[row.kind.name],
        occurred_at=row.occurred_at,
        posted_at=row.posted_at,
        reference=row.reference,
        reason=row.reason,
        row=row,
    )


async def find_lot(context: Context, place: Place) -> Lot | None:
    """Load a lot; None when it is not there, or not for this actor."""
    row = await loaders.load_lot(context, place)
    return None if row is None else show_lot(context, row)


async def find_entry(context: Context, place: Place) -> Entry | None:
    """Load an entry; None when it is not there, or not for this actor."""
    row = await loaders.load_entry(context, place)
    return None if row is None else show_entry(context, row)
