"""Set points aside for an acceptor, then take them or let them go."""

from datetime import datetime
from typing import Annotated, Final

import strawberry

from hub.kernel.errors import DomainError, IdempotencyConflict, PointsOutOfRange
from hub.kernel.ids import IdKind
from hub.ledger.errors import (
    CapReached,
    CaptureExceedsHold,
    HoldEnded,
    InsufficientPoints,
    NetDebitCapReached,
    TermsNotInForce,
    UnknownReference,
    WalletClosed,
    WalletNotFound,
)
from hub.ledger.operations import Place
from hub.points import holds as holding
from hub.points.errors import HoldEndOutOfBounds, TextTooLong
from schema import loaders
from schema.accounts import REQUEST_REFUSALS, Happened, acting_partner, given, make_request
from schema.context import Context, Info
from schema.fields import mutation
from schema.mutations.answers import WalletPayload
from schema.mutations.redeem import OWN_REFUSALS, Use, find_payer
from schema.scalars import Points

ENDING_REFUSALS: Final[tuple[type[DomainError], ...]] = (
    WalletNotFound,
    UnknownReference,
    HoldEnded,
    IdempotencyConflict,
)


@strawberry.input(description="Points to set aside.")
class HoldPointsInput(Use):
    """Points to set aside."""

    acceptor: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Code of the acceptor. The operator names it; a partner leaves it out.",
    )
    ends_at: datetime = strawberry.field(
        description=f"It lapses then by itself, at most {holding.HOLD_DAYS_MAX} days ahead."
    )
    category: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="What is bought: points restricted to it may be used. At most 200 characters.",
    )


@strawberry.input(description="A hold to take points of.")
class CaptureHoldInput(Happened):
    """A hold to take points of."""

    hold_id: strawberry.ID = strawberry.field(description="Id of the hold: of its entry.")
    points: Points = strawberry.field(description="How many, 1 up to what was set aside.")
    reference: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Your reference, e.g. of the receipt, 1 to 200 printable characters.",
    )


@strawberry.input(description="A hold to let go.")
class VoidHoldInput(Happened):
    """A hold to let go."""

    hold_id: strawberry.ID = strawberry.field(description="Id of the hold: of its entry.")


@strawberry.type(description="What `holdPoints` answers.")
class HoldPointsPayload(WalletPayload):
    """What was set aside; the hold is its entry."""

    ends_at: datetime | None = strawberry.field(
        default=None, description="When it lapses by itself; null when it was refused."
    )


@strawberry.type(description="What `captureHold` answers.")
class CaptureHoldPayload(WalletPayload):
    """What was taken."""

    captured_points: Points | None = strawberry.field(
        default=None, description="How many were taken; null when it was refused."
    )
    expired_points: Points | None = strawberry.field(
        default=None,
        description="How many of the rest expired at once, since their lot had meanwhile; null when"
        " it was refused.",
    )


@strawberry.type(description="What `voidHold` answers.")
class VoidHoldPayload(WalletPayload):
    """What went back."""

    freed_points: Points | None = strawberry.field(
        default=None, description="How many were set aside; null when it was refused."
    )
    expired_points: Points | None = strawberry.field(
        default=None,
        description="How many of them expired at once, since their lot had meanwhile; null when it"
        " was refused.",
    )


HoldInput = Annotated[HoldPointsInput, strawberry.argument(description="What to set aside.")]
CaptureInput = Annotated[CaptureHoldInput, strawberry.argument(description="What to take.")]
VoidInput = Annotated[VoidHoldInput, strawberry.argument(description="What to let go.")]


@mutation(
    "Set points aside, all or nothing, in redemption order: nothing else can spend or expire them."
    " The hold ends once: captured, voided, or lapsed by itself.",
    payload=HoldPointsPayload,
    verb=holding.hold_points,
    verb_refusals=(
        PointsOutOfRange,
        TextTooLong,
        HoldEndOutOfBounds,
        WalletNotFound,
        WalletClosed,
        InsufficientPoints,
        CapReached,
        NetDebitCapReached,
        IdempotencyConflict,
    ),
    own_refusals=OWN_REFUSALS,
)
async def hold_points(info: Info, input: HoldInput) -> HoldPointsPayload:
    """Set points aside."""
    context = info.context
    request = make_request(context, input)
    acceptor = acting_partner(context, input.acceptor, role="acceptor")
    wallet = await find_payer(context, input, request)
    await context.turn()  # what the payload shows is read after the posting
    held = await holding.hold_points(
        context.rooms.poster,
        context.rooms.register,
        request,
        now=context.rooms.clock(),
        acceptor=acceptor,
        wallet=wallet,
        points=input.points,
        ends_at=input.ends_at,
        reference=given(input.reference),
        category=given(input.category),
    )
    return HoldPointsPayload(
        user_errors=[],
        posted_at=held.posted_at,
        entry_place=held.entry,
        wallet_place=wallet,
        ends_at=held.ends_at,
    )


@mutation(
    "Take all of a hold, or part of it: the rest goes back. Counts as a redemption. Only the"
    " acceptor may.",
    payload=CaptureHoldPayload,
    verb=holding.capture_hold,
    verb_refusals=(
        PointsOutOfRange,
        TextTooLong,
        WalletClosed,
        CaptureExceedsHold,
        TermsNotInForce,
        *ENDING_REFUSALS,
    ),
    own_refusals=REQUEST_REFUSALS,
)
async def capture_hold(info: Info, input: CaptureInput) -> CaptureHoldPayload:
    """Take points of a hold."""
    context = info.context
    rooms, request = context.rooms, make_request(context, input)
    hold, wallet = await find_hold(context, input.hold_id)
    await context.turn()  # what the payload shows is read after the posting
    taken = await holding.capture_hold(
        rooms.poster,
        rooms.register,
        request,
        now=rooms.clock(),
        acceptor=acting_partner(context, None, role="acceptor"),
        wallet=wallet,
        hold=hold,
        points=input.points,
        reference=given(input.reference),
    )
    return CaptureHoldPayload(
        user_errors=[],
        posted_at=taken.posted_at,
        entry_place=taken.entry,
        wallet_place=wallet,
        captured_points=Points(taken.points),
        expired_points=Points(taken.expired_points),
    )


@mutation(
    "Let all points of a hold go back. Only the acceptor may.",
    payload=VoidHoldPayload,
    verb=holding.void_hold,
    verb_refusals=ENDING_REFUSALS,
    own_refusals=REQUEST_REFUSALS,
)
async def void_hold(info: Info, input: VoidInput) -> VoidHoldPayload:
    """Let a hold go."""
    context = info.context
    request = make_request(context, input)
    hold, wallet = await find_hold(context, input.hold_id)
    await context.turn()  # what the payload shows is read after the posting
    freed = await holding.void_hold(
        context.rooms.poster,
        request,
        acceptor=acting_partner(context, None, role="acceptor"),
        wallet=wallet,
        hold=hold,
    )
    return VoidHoldPayload(
        user_errors=[],
        posted_at=freed.posted_at,
        entry_place=freed.entry,
        wallet_place=wallet,
        freed_points=Points(freed.points),
        expired_points=Points(freed.expired_points),
    )


async def find_hold(context: Context, hold_id: strawberry.ID) -> tuple[Place, Place]:
    """Find a hold that the actor may see, and its wallet.

    Errors: UnknownReference.
    """
    place = context.audience.find_place(IdKind.ENTRY, hold_id)
    entry = None if place is None else await loaders.load_entry(context, place)
    if entry is None or entry.wallet_id is None:
        raise UnknownReference
    return entry.place, Place(entry.place.lane, entry.wallet_id)
