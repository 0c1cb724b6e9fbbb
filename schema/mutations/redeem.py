"""Redeem, cash out and donate points, and give redeemed ones back."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final

import strawberry

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.errors import DomainError, IdempotencyConflict, PointsOutOfRange
from hub.kernel.ids import IdKind
from hub.ledger.errors import (
    CapReached,
    EndNotLater,
    InsufficientPoints,
    NetDebitCapReached,
    RefundExceedsRedeemed,
    TermsNotInForce,
    UnknownReference,
    WalletClosed,
    WalletNotFound,
)
from hub.ledger.operations import Place
from hub.members.households.errors import NotInHousehold, RoleNotEnough
from hub.members.households.joining import get_redeeming_wallet
from hub.points import giving_back
from hub.points import redeem as redeeming
from hub.points.errors import GraceOutOfBounds, RateNotValid, TextTooLong
from hub.points.redeem import Redeemed
from hub.points.requests import Request
from partners.store import Partner
from schema import loaders
from schema.accounts import (
    ACCOUNT_REFUSALS,
    REQUEST_REFUSALS,
    AccountInput,
    Happened,
    acting_partner,
    given,
    make_request,
)
from schema.consenting import CONSENT_REFUSALS, Consented, find_debited_wallet
from schema.context import Context, Info
from schema.faults import forbidden
from schema.fields import mutation
from schema.mutations.answers import WalletPayload
from schema.scalars import Points

REDEEM_REFUSALS: Final[tuple[type[DomainError], ...]] = (
    PointsOutOfRange,
    TextTooLong,
    WalletNotFound,
    WalletClosed,
    TermsNotInForce,
    InsufficientPoints,
    CapReached,
    NetDebitCapReached,
    IdempotencyConflict,
)
HOUSEHOLD_REFUSALS: Final[tuple[type[DomainError], ...]] = (NotInHousehold, RoleNotEnough)
OWN_REFUSALS: Final = (*REQUEST_REFUSALS, *ACCOUNT_REFUSALS, *CONSENT_REFUSALS, *HOUSEHOLD_REFUSALS)


@strawberry.input(description="Points to use.")
class Use(Consented, Happened):
    """Points to use."""

    account: AccountInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whose points. A member leaves it out: the own ones.",
    )
    from_household: bool = strawberry.field(
        default=False,
        description="Whether the points of the member's household are used, where the member's role"
        " allows it.",
    )
    points: Points = strawberry.field(description="How many, 1 to 10^12, all or nothing.")
    reference: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The partner's reference, e.g. of the receipt, 1 to 200 printable characters.",
    )


@strawberry.input(description="Points to pay with.")
class RedeemPointsInput(Use):
    """Points to pay with."""

    acceptor: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Code of the acceptor. The operator names it; a partner leaves it out.",
    )
    category: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="What is bought: points restricted to it may be used, and are used first. At"
        " most 200 characters.",
    )


@strawberry.input(description="Points to turn into money.")
class CashOutPointsInput(Use):
    """Points to turn into money."""

    agent: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Code of the partner that pays the money out; a partner leaves it out.",
    )


@strawberry.input(description="Points to give to a charity.")
class DonatePointsInput(Use):
    """Points to give to a charity."""

    charity: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Code of the charity; a charity itself leaves it out.",
    )
    match_rate: Decimal | None = strawberry.field(
        default=strawberry.UNSET,
        description="What each issuer adds per point of its own, in money of the lot's currency,"
        " 0 to 1,000,000 with at most 8 places. Only the operator may say so.",
    )


@strawberry.input(description="Points of a redemption to give back.")
class RefundPointsInput(Happened):
    """Points of a redemption to give back."""

    redemption_id: strawberry.ID = strawberry.field(
        description="Id of the entry of the redemption, cash-out, donation or exchange."
    )
    points: Points = strawberry.field(
        description="How many, 1 up to what is left of the redemption."
    )
    reinstated_until: datetime | None = strawberry.field(
        default=strawberry.UNSET,
        description="Until when points live on that have expired meanwhile, in a new lot; at most"
        f" {giving_back.GRACE_DAYS_MAX} days from now. Without it they expire again at once.",
    )


@strawberry.type(description="What `redeemPoints` answers.")
class RedeemPointsPayload(WalletPayload):
    """What was redeemed."""


@strawberry.type(description="What `cashOutPoints` answers.")
class CashOutPointsPayload(WalletPayload):
    """What was cashed out."""


@strawberry.type(description="What `donatePoints` answers.")
class DonatePointsPayload(WalletPayload):
    """What was donated."""


@strawberry.type(description="What `refundPoints` answers.")
class RefundPointsPayload(WalletPayload):
    """What was given back."""

    expired_points: Points | None = strawberry.field(
        default=None,
        description="How many of them were of lots that had expired: they expired again at once, or"
        " live until `reinstatedUntil`; null when it was refused.",
    )


RedeemInput = Annotated[RedeemPointsInput, strawberry.argument(description="What to redeem.")]
CashOutInput = Annotated[CashOutPointsInput, strawberry.argument(description="What to cash out.")]
DonateInput = Annotated[DonatePointsInput, strawberry.argument(description="What to donate.")]
RefundInput = Annotated[RefundPointsInput, strawberry.argument(description="What to give back.")]


@mutation(
    "Pay an acceptor with points of any issuer, all or nothing, in redemption order.",
    payload=RedeemPointsPayload,
    verb=redeeming.redeem_points,
    verb_refusals=REDEEM_REFUSALS,
    own_refusals=OWN_REFUSALS,
)
async def redeem_points(info: Info, input: RedeemInput) -> RedeemPointsPayload:
    """Redeem points."""
    prepared = await prepare_redemption(info.context, input)
    await info.context.turn()  # what the payload shows is read after the posting
    return await post_redemption(info.context, prepared)


@dataclass(frozen=True, slots=True)
class PreparedRedemption:
    """A redemption of which everything is known that it needs; nothing is booked yet."""

    input: RedeemPointsInput
    request: Request
    now: datetime
    acceptor: Partner
    wallet: Place


async def prepare_redemption(context: Context, input: RedeemPointsInput) -> PreparedRedemption:
    """Find out who accepts whose points.

    Errors: those of the request and of the account; the faults FORBIDDEN and BAD_USER_INPUT.
    """
    request = make_request(context, input)
    acceptor = acting_partner(context, input.acceptor, role="acceptor")
    wallet = await find_payer(context, input, request)
    return PreparedRedemption(input, request, context.rooms.clock(), acceptor, wallet)


async def post_redemption(context: Context, prepared: PreparedRedemption) -> RedeemPointsPayload:
    """Book a redemption; the operation waits for its batch before anything else is awaited.

    Errors: as `hub.points.redeem.redeem_points`.
    """
    redeemed = await redeeming.redeem_points(
        context.rooms.poster,
        context.rooms.register,
        prepared.request,
        now=prepared.now,
        acceptor=prepared.acceptor,
        wallet=prepared.wallet,
        points=prepared.input.points,
        reference=given(prepared.input.reference),
        category=given(prepared.input.category),
    )
    return RedeemPointsPayload(user_errors=[], **_posted(redeemed, prepared.wallet))


@mutation(
    "Turn points into money that an agent pays out.",
    payload=CashOutPointsPayload,
    verb=redeeming.cash_out_points,
    verb_refusals=REDEEM_REFUSALS,
    own_refusals=OWN_REFUSALS,
)
async def cash_out_points(info: Info, input: CashOutInput) -> CashOutPointsPayload:
    """Cash points out."""
    context = info.context
    rooms, request = context.rooms, make_request(context, input)
    agent = acting_partner(context, input.agent, role="agent")
    wallet = await find_payer(context, input, request)
    await context.turn()  # what the payload shows is read after the posting
    redeemed = await redeeming.cash_out_points(
        rooms.poster,
        rooms.register,
        request,
        now=rooms.clock(),
        agent=agent,
        wallet=wallet,
        points=input.points,
        reference=given(input.reference),
    )
    return CashOutPointsPayload(user_errors=[], **_posted(redeemed, wallet))


@mutation(
    "Give points to a charity.",
    payload=DonatePointsPayload,
    verb=redeeming.donate_points,
    verb_refusals=(*REDEEM_REFUSALS, RateNotValid),
    own_refusals=OWN_REFUSALS,
)
async def donate_points(info: Info, input: DonateInput) -> DonatePointsPayload:
    """Donate points."""
    context = info.context
    rooms, request = context.rooms, make_request(context, input)
    match_rate = given(input.match_rate)
    if match_rate is not None and not context.actor.is_operator:
        raise forbidden("Only the operator says what issuers add to a donation.")
    charity = acting_partner(context, input.charity, role="charity")
    wallet = await find_payer(context, input, request)
    await context.turn()  # what the payload shows is read after the posting
    donated = await redeeming.donate_points(
        rooms.poster,
        rooms.register,
        request,
        now=rooms.clock(),
        charity=charity,
        wallet=wallet,
        points=input.points,
        match_rate=match_rate,
        reference=given(input.reference),
    )
    return DonatePointsPayload(user_errors=[], **_posted(donated, wallet))


@mutation(
    "Give points of a redemption, cash-out, donation or refundable exchange back to the lots they"
    " came from, last used lot first; in part and repeatedly. Only the acceptor may.",
    payload=RefundPointsPayload,
    verb=giving_back.refund_points,
    verb_refusals=(
        PointsOutOfRange,
        WalletNotFound,
        WalletClosed,
        UnknownReference,
        RefundExceedsRedeemed,
        EndNotLater,
        IdempotencyConflict,
    ),
    own_refusals=(*REQUEST_REFUSALS, GraceOutOfBounds),
)
async def refund_points(info: Info, input: RefundInput) -> RefundPointsPayload:
    """Give redeemed points back."""
    context = info.context
    request = make_request(context, input)
    until = given(input.reinstated_until)
    if until is not None:
        request = giving_back.check_grace(request, until, now=context.rooms.clock())
    place = context.audience.find_place(IdKind.ENTRY, input.redemption_id)
    redemption = None if place is None else await loaders.load_entry(context, place)
    if redemption is None or redemption.wallet_id is None:
        raise UnknownReference
    wallet = Place(redemption.place.lane, redemption.wallet_id)
    await context.turn()  # what the payload shows is read after the posting
    refunded = await giving_back.refund_points(
        context.rooms.poster,
        context.rooms.database,
        request,
        acceptor=acting_partner(context, None, role="acceptor"),
        wallet=wallet,
        redemption=redemption.place,
        points=input.points,
        reinstated_until=until,
    )
    return RefundPointsPayload(
        user_errors=[],
        posted_at=refunded.posted_at,
        entry_place=refunded.entry,
        wallet_place=wallet,
        expired_points=Points(refunded.expired_points),
    )


async def find_payer(context: Context, input: Use, request: Request) -> Place:
    """Find the wallet that pays, whose member agreed where that is asked for.

    Errors: as `find_own_wallet` and `find_purse`.
    """
    return await find_purse(context, input, await find_own_wallet(context, input, request))


async def find_own_wallet(context: Context, input: Use, request: Request) -> Place:
    """Find the wallet of the member who agreed, where that is asked for.

    Errors: as `schema.consenting.find_debited_wallet`.
    """
    return await find_debited_wallet(
        context,
        input.account,
        key=request.key,
        points=input.points,
        reference=input.reference,
        till_code=input.till_code,
    )


async def find_purse(context: Context, input: Use, wallet: Place) -> Place:
    """Find the wallet that pays for the member of this one: it, or that of the household.

    Errors: NotInHousehold, RoleNotEnough.
    """
    if not input.from_household:
        return wallet
    async with context.rooms.database.read(HUB_ACTOR) as tx:
        return await get_redeeming_wallet(tx, wallet)


def _posted(redeemed: Redeemed, wallet: Place) -> dict[str, Any]:
    return {
        "posted_at": redeemed.posted_at,
        "entry_place": redeemed.entry,
        "wallet_place": wallet,
    }
