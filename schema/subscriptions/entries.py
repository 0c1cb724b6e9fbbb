"""`entries`: what is booked, as it is booked, for whoever may see it; from where one left off."""

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Annotated, Final

import strawberry

from hub.kernel.ids import IdKind
from hub.ledger.entries import EntryKind
from hub.ledger.feed.entries import FeedEntry
from hub.ledger.operations import Place
from hub.ledger.views.store import Entry as EntryRow
from schema import loaders
from schema.context import Context, Info
from schema.faults import bad_input
from schema.nodes import computed
from schema.subscriptions.fields import subscription, told_in_time
from schema.wallets.wallets import Entry, show_entry

PURPOSE: Final = "entries"
Sees = Callable[[FeedEntry], bool]

WalletId = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Only entries of this wallet; without it, of any."),
]
AfterEvent = Annotated[
    str | None,
    strawberry.argument(
        description="The `cursor` of the last event that was seen: what came since then comes"
        " first. Without it: from now on."
    ),
]


@strawberry.type(description="An entry that was booked.")
class EntryEvent:
    """An entry that was booked."""

    entry: Entry = strawberry.field(description="The entry.")
    seen: strawberry.Private[Mapping[int, int]]

    @computed(
        description="Where this event stands: give it as `after` to go on from here after a break."
    )
    def cursor(self, info: Info) -> str:
        """Write how far each lane was seen."""
        flat = [number for place in sorted(self.seen.items()) for number in place]
        return info.context.audience.write_cursor(PURPOSE, tuple(flat))


@subscription(
    "Entries as they are booked, each once and those of one wallet in their order. A partner gets"
    " those that it made and the expiry of its points."
)
async def entries(
    info: Info,
    wallet_id: WalletId = strawberry.UNSET,
    after: AfterEvent = strawberry.UNSET,
) -> AsyncGenerator[EntryEvent, None]:
    """Follow the lanes."""
    context = info.context
    wallet = await find_followed_wallet(context, wallet_id) if wallet_id else None
    since = read_since(context, after or None)
    sees = seeing(context, wallet)
    lanes = None if wallet is None else [wallet.lane]
    async with told_in_time(), context.rooms.live.follow(lanes, since=since, wants=sees) as feed:
        async for entry in feed:
            yield EntryEvent(entry=show_entry(context, row_of(entry)), seen=feed.cursors)


async def find_followed_wallet(context: Context, wallet_id: str) -> Place:
    """Find the wallet to follow, and give the connection back at once: following takes long.

    Errors: the fault BAD_USER_INPUT, for what is not there as for what is not for the actor.
    """
    place = context.audience.find_place(IdKind.WALLET, wallet_id)
    try:
        member = await loaders.load_member_of(context, place) if place else None
    finally:
        await context.turn()
    if member is None:
        raise bad_input("There is no such wallet.")
    return member.wallet


def read_since(context: Context, cursor: str | None) -> dict[int, int] | None:
    """Read how far each lane was seen.

    Errors: the fault BAD_USER_INPUT.
    """
    if cursor is None:
        return None
    flat = context.audience.read_cursor(PURPOSE, cursor)
    return dict(zip(flat[::2], flat[1::2], strict=True))


def seeing(context: Context, wallet: Place | None) -> Sees:
    """Make the test of whether an entry is for the actor: the rules of `schema.loaders`."""
    partner_id = context.partner_id

    def sees(entry: FeedEntry) -> bool:
        if wallet is not None and not entry.touches(wallet):
            return False
        if partner_id is None or entry.partner_id == partner_id:
            return True
        return entry.kind is EntryKind.EXPIRE and any(
            line.issuer_id == partner_id for line in entry.lines
        )

    return sees


def row_of(entry: FeedEntry) -> EntryRow:
    """Make the row of the journal that the feed has already read."""
    return EntryRow(
        place=entry.place,
        kind=entry.kind,
        partner_id=entry.partner_id,
        wallet_id=entry.wallet_id,
        counter_wallet_id=entry.counter_wallet_id,
        points=entry.points,
        terms_id=entry.terms_id,
        ref_seq=entry.ref_seq,
        lot_id=entry.lot_id,
        reason=entry.reason,
        reference=entry.reference,
        occurred_at=entry.occurred_at,
        posted_at=entry.posted_at,
    )
