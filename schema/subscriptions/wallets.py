"""`walletChanged`: a wallet, whenever an entry moved its points."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from hub.ledger.feed.entries import FeedEntry
from hub.ledger.operations import Place
from schema.context import Context, Info
from schema.subscriptions.entries import find_followed_wallet
from schema.subscriptions.fields import subscription, told_in_time
from schema.wallets.wallets import Wallet, show_wallet

WalletId = Annotated[strawberry.ID, strawberry.argument(description="The wallet.")]


@subscription(
    "The wallet as it is after each entry that moved its points. A partner hears of entries that it"
    " made, or that touch points that it issued."
)
async def wallet_changed(info: Info, wallet_id: WalletId) -> AsyncGenerator[Wallet, None]:
    """Follow the lane of the wallet."""
    context = info.context
    wallet = await find_followed_wallet(context, wallet_id)
    following = context.rooms.live.follow(
        [wallet.lane], wants=lambda entry: is_change_for(context, wallet, entry)
    )
    async with told_in_time(), following as feed:
        async for _ in feed:
            yield show_wallet(context, wallet)


def is_change_for(context: Context, wallet: Place, entry: FeedEntry) -> bool:
    """Whether an entry changed what the actor sees of a wallet."""
    if not entry.touches(wallet):
        return False
    partner_id = context.partner_id
    if partner_id is None or entry.partner_id == partner_id:
        return True
    return any(partner_id in (line.issuer_id, line.acceptor_id) for line in entry.lines)
