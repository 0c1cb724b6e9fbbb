"""Issue what one purchase brings: several lots, each for a reason, all of them or none."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Final

import strawberry

from hub.kernel.errors import DomainError
from hub.kernel.ids import IdKind
from hub.ledger.operations import Place
from hub.points import purchase as purchasing
from hub.points.errors import PortionCountOutOfRange, PortionRefused, ReasonRepeated
from hub.points.issue import BASE_REASON
from hub.points.purchase import PORTIONS_MAX, Portion
from partners.store import Partner
from schema.accounts import (
    AccountInput,
    Happened,
    acting_partner,
    find_partner,
    find_wallet,
    given,
    make_request,
)
from schema.context import Context, Info
from schema.faults import forbidden
from schema.fields import mutation
from schema.kinds import CapKind
from schema.mutations.answers import WalletPayload, write_id
from schema.mutations.issue import ISSUE_REFUSALS, OWN_REFUSALS, Issuable, read_availability
from schema.nodes import computed
from schema.refusals import show_refusal
from schema.scalars import Points
from schema.wallets.restrictions import find_restriction
from schema.wallets.wallets import Entry, Lot, find_entry, find_lot

PURCHASE_REFUSALS: Final[tuple[type[DomainError], ...]] = (
    *ISSUE_REFUSALS,
    PortionCountOutOfRange,
    ReasonRepeated,
)


@strawberry.input(description="Points for one reason.")
class PortionInput(Issuable):
    """Points for one reason."""

    reason: str = strawberry.field(
        default=BASE_REASON,
        description="Why, e.g. `tier bonus`, 1 to 200 printable characters; each reason once.",
    )
    funder: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Code of the partner that pays for them; without it, the issuer. Only the"
        " operator names another.",
    )


@strawberry.input(description="What a purchase brings.")
class IssuePurchaseInput(Happened):
    """What a purchase brings."""

    issuer: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Code of the issuer. The operator names it; a partner leaves it out.",
    )
    account: AccountInput = strawberry.field(description="Who gets them.")
    reference: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The issuer's reference, e.g. of the receipt, 1 to 200 printable characters;"
        " unique for the issuer and each reason.",
    )
    portions: list[PortionInput] = strawberry.field(
        description=f"The points, 1 to {PORTIONS_MAX} portions; a lot is made of each."
    )


@strawberry.type(description="Points that a purchase brought for one reason.")
class IssuedPortion:
    """Points for one reason."""

    reason: str = strawberry.field(description="Why.")
    granted_points: Points = strawberry.field(
        description="How many were issued: fewer than asked, perhaps 0 and no lot, when a cap left"
        " fewer."
    )
    capped_by: CapKind | None = strawberry.field(
        description="The cap that left fewer than asked; null when all were issued."
    )
    entry_place: strawberry.Private[Place]
    lot_place: strawberry.Private[Place | None]

    @computed(description="Id of the entry. Costs no read.")
    def entry_id(self, info: Info) -> strawberry.ID | None:
        """Write the id of the entry."""
        return write_id(info, IdKind.ENTRY, self.entry_place)

    @computed(description="The entry.")
    async def entry(self, info: Info) -> Entry | None:
        """Load the entry."""
        return await find_entry(info.context, self.entry_place)

    @computed(description="Id of the lot. Costs no read.")
    def lot_id(self, info: Info) -> strawberry.ID | None:
        """Write the id of the lot."""
        return write_id(info, IdKind.LOT, self.lot_place)

    @computed(description="The lot as it is now.")
    async def lot(self, info: Info) -> Lot | None:
        """Load the lot."""
        place = self.lot_place
        return None if place is None else await find_lot(info.context, place)


@strawberry.type(description="What `issuePurchase` answers; `entry` is that of the first portion.")
class IssuePurchasePayload(WalletPayload):
    """What was issued."""

    portions: list[IssuedPortion] = strawberry.field(
        default_factory=list,
        description=f"What was issued, in the order of the input, at most {PORTIONS_MAX}; empty"
        " when it was refused.",
    )


PurchaseInput = Annotated[
    IssuePurchaseInput, strawberry.argument(description="What the purchase brings.")
]


@dataclass(frozen=True, slots=True)
class _Prepared:
    issuer: Partner
    wallet: Place
    portions: list[Portion]


@mutation(
    "Issue what one purchase brings, a lot for each reason, all of them or none. The path of a"
    " refusal names the portion that is meant.",
    payload=IssuePurchasePayload,
    verb=purchasing.issue_purchase,
    verb_refusals=PURCHASE_REFUSALS,
    own_refusals=OWN_REFUSALS,
)
async def issue_purchase(info: Info, input: PurchaseInput) -> IssuePurchasePayload:
    """Issue what a purchase brings."""
    context, rooms = info.context, info.context.rooms
    request = make_request(context, input)
    try:
        ready = await _prepare(context, input)
        await context.turn()  # what the payload shows is read after the posting
        issued = await purchasing.issue_purchase(
            rooms.poster,
            rooms.register,
            request,
            now=rooms.clock(),
            issuer=ready.issuer,
            wallet=ready.wallet,
            reference=given(input.reference),
            portions=ready.portions,
        )
    except PortionRefused as refused:
        shown = show_refusal(refused.refusal, row=refused.index, within="portions")
        return IssuePurchasePayload(user_errors=[shown])
    return IssuePurchasePayload(
        user_errors=[],
        posted_at=issued[0].posted_at,
        entry_place=issued[0].entry,
        wallet_place=ready.wallet,
        portions=[
            IssuedPortion(
                reason=portion.reason,
                granted_points=Points(each.points),
                capped_by=None if each.capped_by is None else CapKind[each.capped_by.name],
                entry_place=each.entry,
                lot_place=each.lot,
            )
            for portion, each in zip(ready.portions, issued, strict=True)
        ],
    )


async def _prepare(context: Context, input: IssuePurchaseInput) -> _Prepared:
    """Find out who issues what to whom.

    Errors: PortionCountOutOfRange, PortionRefused, those of the account; the faults FORBIDDEN and
    BAD_USER_INPUT.
    """
    if not 1 <= len(input.portions) <= PORTIONS_MAX:
        raise PortionCountOutOfRange(len(input.portions), PORTIONS_MAX)
    issuer = acting_partner(context, input.issuer, role="issuer")
    wallet = await find_wallet(context, input.account)
    portions = await asyncio.gather(
        *[_read_portion(context, index, each) for index, each in enumerate(input.portions)]
    )
    return _Prepared(issuer, wallet, portions)


async def _read_portion(context: Context, index: int, portion: PortionInput) -> Portion:
    code = given(portion.funder)
    try:
        funder = None if code is None else find_partner(context, code)
        restriction_id = await find_restriction(context, given(portion.restriction))
    except DomainError as refusal:
        raise PortionRefused(index, refusal) from refusal
    if funder is not None and context.partner_id not in (None, funder.partner_id):
        raise forbidden("A partner pays for its own points: leave `funder` out.")
    return Portion(
        points=portion.points,
        reason=portion.reason,
        funder=funder,
        expires_at=given(portion.expires_at),
        available_at=read_availability(portion),
        restriction_id=restriction_id,
    )
