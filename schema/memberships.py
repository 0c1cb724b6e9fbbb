"""Memberships that were sold: how the price was split, and whether the sale was cancelled."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import strawberry

from hub.kernel.money import from_minor, minor_units
from hub.ledger.views.store import Entry as EntryRow
from schema import loaders
from schema.context import Context, Info
from schema.limits import LIST_MAX
from schema.money import Money
from schema.nodes import computed
from schema.obligations import may_see, show_party
from schema.partners import Partner, show_partner
from schema.wallets.wallets import Entry, show_entry


@strawberry.type(description="What a partner got of a membership's net price.")
class MembershipShare:
    """What a partner got."""

    partner: Partner = strawberry.field(description="The partner.")
    amount: Money = strawberry.field(description="How much.")


@strawberry.type(
    description="A membership that was sold. The seller and the operator see all of it, another"
    " partner its own share."
)
class MembershipSale:
    """A membership that was sold."""

    entry: Entry = strawberry.field(description="The entry of the sale.")
    seller: Partner = strawberry.field(description="Who sold it.")
    reference: str | None = strawberry.field(description="What names the sale on invoices.")
    sold_at: datetime = strawberry.field(description="When it was sold.")
    net_price: Money | None = strawberry.field(
        description="The price without VAT; null if not for you to see."
    )
    vat: Money | None = strawberry.field(description="The VAT; null if not for you to see.")
    shares: list[MembershipShare] = strawberry.field(
        description=f"Who got what, at most {LIST_MAX}, the seller included; for others their own."
    )

    @computed(description="The entry that cancelled it; null if none did.")
    async def cancelled_by(self, info: Info) -> Entry | None:
        """Load the cancel of the sale."""
        row = await loaders.load_cancel(info.context, self.entry.row.place)
        return None if row is None else show_entry(info.context, row)


def show_sale(context: Context, row: EntryRow, facts: Mapping[str, Any]) -> MembershipSale:
    """Show a sale to the operator, its seller, or a partner that has a share in it."""
    is_whole = context.partner_id in (None, row.partner_id)
    currency: str = facts["currency"]
    places = minor_units(currency)

    def money(minor: int) -> Money:
        return Money(amount=from_minor(minor, places), currency=currency)

    return MembershipSale(
        entry=show_entry(context, row),
        seller=show_partner(context, row.partner_id),
        reference=row.reference,
        sold_at=row.occurred_at,
        net_price=money(facts["net_minor"]) if is_whole else None,
        vat=money(facts["vat_minor"]) if is_whole else None,
        shares=[
            MembershipShare(partner=show_party(context, code), amount=money(minor))
            for code, minor in sorted(facts["shares_minor"].items())
            if is_whole or may_see(context, code)
        ],
    )
