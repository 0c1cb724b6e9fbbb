"""Wallets, the lots in them, and what happened to them."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Final

import strawberry

from hub.kernel.ids import IdKind
from hub.ledger.entries import EntryKind as LedgerKind
from hub.ledger.operations import Place
from hub.ledger.store import Allocation as AllocationRow
from hub.ledger.store import Lot as LotRow
from hub.ledger.views.store import Entry as EntryRow
from hub.ledger.views.store import LotPosition
from hub.points.requests import NEVER
from schema import loaders
from schema.context import Context, Info
from schema.faults import bad_input
from schema.ids import read_instant_of
from schema.nodes import Node, computed
from schema.paging import (
    FIRST_DEFAULT,
    After,
    Connection,
    First,
    PageInfo,
    make_connection,
    page_info,
    read_page,
)
from schema.partners import Partner, Terms, find_terms, show_partner
from schema.scalars import Points

EXPIRING_DAYS_MAX: Final = 400
EXPIRING_DAYS_DEFAULT: Final = 30

WithinDays = Annotated[
    int,
    strawberry.argument(description=f"How many days to look ahead, 1 to {EXPIRING_DAYS_MAX}."),
]


@strawberry.enum(description="What an entry did.")
class EntryKind(Enum):
    """What an entry did."""

    ISSUE = strawberry.enum_value("ISSUE", description="Points were issued: a lot was made.")
    REDEEM = strawberry.enum_value("REDEEM", description="Points paid an acceptor.")
    REFUND = strawberry.enum_value("REFUND", description="Points of a redemption came back.")
    REVERSE = strawberry.enum_value("REVERSE", description="Unspent points were taken back.")
    EXPIRE = strawberry.enum_value("EXPIRE", description="Points whose end had come are gone.")
    TRANSFER = strawberry.enum_value("TRANSFER", description="Points moved to another wallet.")
    CASH_OUT = strawberry.enum_value("CASH_OUT", description="Points became money.")
    DONATE = strawberry.enum_value("DONATE", description="Points went to a charity.")
    MEMBERSHIP_SALE = strawberry.enum_value(
        "MEMBERSHIP_SALE", description="A membership was sold: money, no points."
    )
    MEMBERSHIP_CANCEL = strawberry.enum_value(
        "MEMBERSHIP_CANCEL", description="A membership was cancelled: money, no points."
    )
    ADJUST = strawberry.enum_value(
        "ADJUST", description="A person of the hub let one party owe another: money, no points."
    )
    LATE_INTEREST = strawberry.enum_value(
        "LATE_INTEREST", description="Interest for a late payment: money, no points."
    )
    HUB_FEE = strawberry.enum_value("HUB_FEE", description="A fee of the hub: money, no points.")


@strawberry.type(description="Points issued together that expire together.")
class Lot(Node):
    """Points issued together that expire together."""

    points: Points = strawberry.field(description="How many were issued.")
    remaining_points: Points = strawberry.field(
        description="How many are left in the books; past `expiresAt` they cannot be used."
    )
    held_points: Points = strawberry.field(description="How many of those left are set aside.")
    available_at: datetime | None = strawberry.field(
        description="Usable from this instant; null: from the issue on."
    )
    expires_at: datetime | None = strawberry.field(
        description="Usable before this instant, not at it; null: never expires."
    )
    row: strawberry.Private[LotRow]

    @computed(description="Whose points they are.")
    def issuer(self, info: Info) -> Partner:
        """Show the issuer."""
        return show_partner(info.context, self.row.issuer_id)

    @computed(
        description="The issuer's terms that were pinned at the issue; null if not for you to see."
    )
    def terms(self, info: Info) -> Terms | None:
        """Show the pinned terms, if the actor may see them."""
        return find_terms(info.context, self.row.issue_terms_id, self.row.issuer_id)


@strawberry.type(description="Points that an entry took from a lot, or gave back to it.")
class Allocation:
    """Points that an entry took from a lot, or gave back."""

    points: Points = strawberry.field(description="Negative: taken. Positive: given back.")
    is_reversal: bool = strawberry.field(description="Whether it undoes an earlier allocation.")
    row: strawberry.Private[AllocationRow]

    @computed(description="Whose points they are.")
    def issuer(self, info: Info) -> Partner:
        """Show the issuer."""
        return show_partner(info.context, self.row.issuer_id)

    @computed(description="Who accepted them; null where nobody did.")
    def acceptor(self, info: Info) -> Partner | None:
        """Show the acceptor."""
        acceptor_id = self.row.acceptor_id
        return show_partner(info.context, acceptor_id) if acceptor_id else None

    @computed(description="The lot; null if not for you to see.")
    async def lot(self, info: Info) -> Lot | None:
        """Load the lot."""
        return await find_lot(info.context, Place(self.row.lane, self.row.lot_id))


@strawberry.type(description="One immutable record of the books.")
class Entry(Node):
    """One record of the books."""

    kind: EntryKind = strawberry.field(description="What it did.")
    occurred_at: datetime = strawberry.field(description="When it happened, e.g. at the till.")
    posted_at: datetime = strawberry.field(description="When it was posted.")
    reference: str | None = strawberry.field(description="The partner's reference of it.")
    reason: str | None = strawberry.field(description="Why, e.g. `base` for an ordinary issue.")
    row: strawberry.Private[EntryRow]

    @computed(
        description="How many points, never negative; 0 where only money moved. A partner that"
        " looks at an expiry sees its own points in it."
    )
    async def points(self, info: Info) -> Points:
        """Give the points of the entry; of an expiry, those the actor may see."""
        if info.context.partner_id is None or self.row.kind is not LedgerKind.EXPIRE:
            return Points(self.row.points)
        own = await loaders.load_allocations(info.context, self.row)
        return Points(-sum(allocation.points for allocation in own))

    @computed(
        description="Issuer of an issue or a reverse, acceptor of a redemption or a refund, seller"
        " of a membership; null where the hub itself acted."
    )
    def partner(self, info: Info) -> Partner | None:
        """Show the partner."""
        partner_id = self.row.partner_id
        return show_partner(info.context, partner_id) if partner_id else None

    @computed(description="The wallet; null where only money moved.")
    async def wallet(self, info: Info) -> "Wallet | None":
        """Find the wallet."""
        if self.row.wallet_id is None:
            return None
        place = Place(self.row.place.lane, self.row.wallet_id)
        member = await loaders.load_member_of(info.context, place)
        return None if member is None else show_wallet(info.context, place)

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

    @computed(
        description="The lots it took from or gave back to, in redemption order. A partner sees"
        " those that it issued, and all of what it accepted itself."
    )
    async def allocations(
        self, info: Info, first: First = FIRST_DEFAULT, after: After = strawberry.UNSET
    ) -> Connection[Allocation]:
        """List a page of the allocations."""
        page = read_page(info.context, "allocations", first, after)
        line = page.position[0] if page.position else 0
        rows = [
            row for row in await loaders.load_allocations(info.context, self.row) if row.line > line
        ]
        shown = [
            (
                Allocation(points=Points(row.points), is_reversal=row.is_reversal, row=row),
                (row.line,),
            )
            for row in rows[: page.limit + 1]
        ]
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


@strawberry.type(
    description="Where a member's points lie. The member and the operator see all of it; a partner"
    " sees the lots that it issued and nothing of other partners, in the sums too."
)
class Wallet(Node):
    """Where a member's points lie."""

    place: strawberry.Private[Place]

    @computed(
        description="Points that can be used now, decided by the instants of each lot and what is"
        " held, whether or not an expiry has been booked."
    )
    async def available_points(self, info: Info) -> Points:
        """Load what can be used now."""
        return Points((await loaders.load_points(info.context, self.place)).available_points)

    @computed(
        description="Points in the books: expired ones are in it until their expiry is booked, so"
        " never promise them to a member; that is `availablePoints`."
    )
    async def balance_points(self, info: Info) -> Points:
        """Load what the books hold."""
        return Points((await loaders.load_points(info.context, self.place)).balance_points)

    @computed(description="Points that become usable at a later instant.")
    async def pending_points(self, info: Info) -> Points:
        """Load what is not usable yet."""
        return Points((await loaders.load_points(info.context, self.place)).pending_points)

    @computed(description="Points that are set aside.")
    async def held_points(self, info: Info) -> Points:
        """Load what is set aside."""
        return Points((await loaders.load_points(info.context, self.place)).held_points)

    @computed(description="Points that expire within so many days from now.")
    async def expiring_points(
        self, info: Info, within_days: WithinDays = EXPIRING_DAYS_DEFAULT
    ) -> Points:
        """Load what expires soon."""
        if not 1 <= within_days <= EXPIRING_DAYS_MAX:
            raise bad_input(f"`withinDays` must be 1 to {EXPIRING_DAYS_MAX}.")
        return Points(await loaders.load_expiring(info.context, self.place, within_days))

    @computed(
        description="The lots with points left, in the order in which they would be redeemed."
    )
    async def lots(
        self, info: Info, first: First = FIRST_DEFAULT, after: After = strawberry.UNSET
    ) -> Connection[Lot]:
        """List a page of the lots."""
        context = info.context
        page = read_page(context, "lots", first, after)
        position: LotPosition | None = None
        if page.position is not None:
            expires_at = read_instant_of(page.position, 0)
            position = (expires_at, page.position[1], page.position[2])
        rows = await loaders.load_lot_page(context, self.place, position, page.limit + 1)
        shown = [(show_lot(context, row), (at.isoformat(), *rest)) for row, (at, *rest) in rows]
        return make_connection(context, page, shown)

    @computed(
        description="What happened to the wallet, newest first. A partner sees what it did itself,"
        " and the expiry of lots that it issued."
    )
    async def activity(
        self, info: Info, first: First = FIRST_DEFAULT, after: After = strawberry.UNSET
    ) -> ActivityConnection:
        """List a page of the entries."""
        context = info.context
        page = read_page(context, "activity", first, after)
        before = page.position[0] if page.position else None
        rows = await loaders.load_entry_page(context, self.place, before, page.limit + 1)
        edges = [
            ActivityEdge(
                cursor=context.audience.write_cursor(page.purpose, (row.place.number,)),
                node=show_entry(context, row),
                wallet=self.place,
            )
            for row in rows[: page.limit]
        ]
        return ActivityConnection(
            edges=edges, page_info=page_info(page, edges, found_count=len(rows))
        )


def show_wallet(context: Context, place: Place) -> Wallet:
    """Show a wallet that the actor may see."""
    return Wallet(id=strawberry.ID(context.audience.write_place(IdKind.WALLET, place)), place=place)


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
