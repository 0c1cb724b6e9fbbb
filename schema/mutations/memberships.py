"""Sell and cancel co-branded memberships: money between partners."""

from decimal import Decimal
from typing import Annotated

import strawberry

from hub.kernel.errors import (
    AmountNotExact,
    CurrencyNotSettleable,
    CurrencyUnknown,
    IdempotencyConflict,
)
from hub.kernel.ids import IdKind
from hub.ledger.errors import AlreadyCancelled, UnknownReference
from hub.points.errors import TextTooLong
from hub.points.requests import check_text
from partners import sales
from partners.errors import (
    PartnerNotFound,
    PriceNotValid,
    SharesNotWhole,
    UnusedDaysOutOfRange,
)
from schema.accounts import (
    REQUEST_REFUSALS,
    Happened,
    acting_partner,
    find_partner,
    make_request,
)
from schema.context import Info
from schema.faults import bad_input
from schema.fields import mutation
from schema.limits import LIST_MAX
from schema.money import MoneyInput
from schema.mutations.answers import PostedPayload


@strawberry.input(description="What part of a membership's net price a partner gets.")
class ShareInput:
    """What part of a price a partner gets."""

    partner: str = strawberry.field(description="Code of the partner.")
    share: Decimal = strawberry.field(description="Part of 1, 0 to 1 with at most 4 places.")


@strawberry.input(description="A membership that was sold.")
class SellMembershipInput(Happened):
    """A membership that was sold."""

    seller: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Code of the seller. The operator names it; a partner leaves it out.",
    )
    price_gross: MoneyInput = strawberry.field(
        description="What the member paid, VAT included, in whole minor units."
    )
    vat_rate: Decimal = strawberry.field(description="Part of 1, e.g. `0.19`; 0 for none.")
    shares: list[ShareInput] = strawberry.field(
        description=f"Who gets which part, the seller included; at most {LIST_MAX}, each partner"
        " once; they sum to 1."
    )
    reference: str = strawberry.field(
        description="What names the sale on invoices, 1 to 200 printable characters."
    )


@strawberry.type(description="What `sellMembership` answers; `entryId` cancels the sale later.")
class SellMembershipPayload(PostedPayload):
    """What was sold."""


@strawberry.input(description="A membership to cancel.")
class CancelMembershipInput(Happened):
    """A membership to cancel."""

    seller: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Code of the seller. The operator names it; a partner leaves it out.",
    )
    sale_id: strawberry.ID = strawberry.field(description="Id of the entry of the sale.")
    unused_days: int = strawberry.field(description="Days not used, 0 to `totalDays`.")
    total_days: int = strawberry.field(description="Days of the whole membership, at least 1.")


@strawberry.type(description="What `cancelMembership` answers.")
class CancelMembershipPayload(PostedPayload):
    """What was cancelled."""


SellInput = Annotated[SellMembershipInput, strawberry.argument(description="What was sold.")]
CancelInput = Annotated[CancelMembershipInput, strawberry.argument(description="What to cancel.")]


@mutation(
    "Record the sale of a membership: the seller owes each other party its share of the net price.",
    payload=SellMembershipPayload,
    verb=sales.sell_membership,
    verb_refusals=(
        PartnerNotFound,
        AmountNotExact,
        CurrencyNotSettleable,
        CurrencyUnknown,
        PriceNotValid,
        SharesNotWhole,
        IdempotencyConflict,
    ),
    own_refusals=(*REQUEST_REFUSALS, TextTooLong),
)
async def sell_membership(info: Info, input: SellInput) -> SellMembershipPayload:
    """Sell a membership."""
    context = info.context
    check_text("reference", input.reference)
    sold = await sales.sell_membership(
        context.rooms.poster,
        context.rooms.register,
        make_request(context, input),
        seller=acting_partner(context, input.seller, role="seller"),
        price_gross=input.price_gross.checked_amount(),
        vat_rate=input.vat_rate,
        shares=_shares(info, input.shares),
        currency=input.price_gross.currency,
        reference=input.reference,
    )
    return SellMembershipPayload(user_errors=[], posted_at=sold.posted_at, entry_place=sold.entry)


@mutation(
    "Give the unused part of a membership's price back, once per sale.",
    payload=CancelMembershipPayload,
    verb=sales.cancel_membership,
    verb_refusals=(UnknownReference, AlreadyCancelled, UnusedDaysOutOfRange, IdempotencyConflict),
    own_refusals=(*REQUEST_REFUSALS, PartnerNotFound),
)
async def cancel_membership(info: Info, input: CancelInput) -> CancelMembershipPayload:
    """Cancel a membership."""
    context = info.context
    sale = context.audience.find_place(IdKind.ENTRY, input.sale_id)
    if sale is None:
        raise UnknownReference
    async with context.read() as tx:
        cancelled = await sales.cancel_membership(
            tx,
            context.rooms.poster,
            context.rooms.register,
            make_request(context, input),
            seller=acting_partner(context, input.seller, role="seller"),
            sale=sale,
            unused_days=input.unused_days,
            total_days=input.total_days,
        )
    await context.turn()
    return CancelMembershipPayload(
        user_errors=[], posted_at=cancelled.posted_at, entry_place=cancelled.entry
    )


def _shares(info: Info, given: list[ShareInput]) -> dict[str, Decimal]:
    if len(given) > LIST_MAX:
        raise bad_input(f"`shares` has {len(given)} shares; {LIST_MAX} are allowed.")
    shares = {find_partner(info.context, each.partner).code: each.share for each in given}
    if len(shares) < len(given):
        raise bad_input("`shares` names a partner twice.")
    return shares
