"""What mutations that move points answer: the entry, and what it touched."""

from datetime import datetime

import strawberry

from hub.kernel.ids import IdKind
from hub.ledger.operations import Place
from schema.context import Info
from schema.fields import Payload
from schema.nodes import computed
from schema.wallets.wallets import Entry, Lot, Wallet, find_entry, find_lot, show_wallet


@strawberry.type(description="What a mutation that books one entry answers.")
class PostedPayload(Payload):
    """What was posted; ids and instant are known without reading anything again."""

    entry_place: strawberry.Private[Place | None] = None

    posted_at: datetime | None = strawberry.field(
        default=None, description="When it was posted; null when it was refused."
    )

    @computed(description="Id of the entry; null when it was refused. Costs no read.")
    def entry_id(self, info: Info) -> strawberry.ID | None:
        """Write the id of the entry."""
        return write_id(info, IdKind.ENTRY, self.entry_place)

    @computed(description="The entry; null when it was refused.")
    async def entry(self, info: Info) -> Entry | None:
        """Load the entry."""
        place = self.entry_place
        return None if place is None else await find_entry(info.context, place)


@strawberry.type(description="What a mutation that books one entry on a wallet answers.")
class WalletPayload(PostedPayload):
    """What was posted on a wallet."""

    wallet_place: strawberry.Private[Place | None] = None

    @computed(description="The wallet as it is now; null when it was refused.")
    def wallet(self, info: Info) -> Wallet | None:
        """Show the wallet."""
        place = self.wallet_place
        return None if place is None else show_wallet(info.context, place)


@strawberry.type(description="What a mutation that makes a lot answers.")
class LotPayload(WalletPayload):
    """What was posted, and the lot it made."""

    lot_place: strawberry.Private[Place | None] = None

    @computed(description="Id of the lot; null when it was refused. Costs no read.")
    def lot_id(self, info: Info) -> strawberry.ID | None:
        """Write the id of the lot."""
        return write_id(info, IdKind.LOT, self.lot_place)

    @computed(description="The lot as it is now; null when it was refused.")
    async def lot(self, info: Info) -> Lot | None:
        """Load the lot."""
        place = self.lot_place
        return None if place is None else await find_lot(info.context, place)


def write_id(info: Info, kind: IdKind, place: Place | None) -> strawberry.ID | None:
    """Write the id of a thing that lies in a lane, if there is one."""
    if place is None:
        return None
    return strawberry.ID(info.context.audience.write_place(kind, place))
