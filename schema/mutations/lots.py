"""What a person of the hub changes about one lot: its end, or whether it is usable yet."""

from datetime import datetime
from typing import Annotated, Any, Final

import strawberry

from hub.kernel.errors import DomainError, IdempotencyConflict, PointsOutOfRange
from hub.kernel.ids import IdKind
from hub.ledger.errors import (
    EndNotLater,
    ExceedsExpired,
    LotExpired,
    LotNotExpired,
    LotNotPending,
    LotSpent,
    UnknownReference,
    WalletClosed,
    WalletNotFound,
)
from hub.ledger.operations import Place
from hub.points import lots as changing
from hub.points.errors import TextTooLong
from hub.points.lots import Changed
from schema import loaders
from schema.accounts import KEY_REFUSALS, Keyed, make_request
from schema.context import Context, Info
from schema.fields import mutation
from schema.mutations.answers import LotPayload
from schema.scalars import Points

CHANGE_REFUSALS: Final[tuple[type[DomainError], ...]] = (
    TextTooLong,
    WalletNotFound,
    WalletClosed,
    UnknownReference,
    IdempotencyConflict,
)


@strawberry.input(description="A lot to change.")
class LotChange(Keyed):
    """A lot to change."""

    lot_id: strawberry.ID = strawberry.field(description="Id of the lot.")
    reason: str = strawberry.field(description="Why, 1 to 200 printable characters.")


@strawberry.input(description="Points of a lot that are to live longer.")
class ExtendLotInput(LotChange):
    """Points of a lot that are to live longer."""

    points: Points = strawberry.field(description="How many of its free points.")
    expires_at: datetime = strawberry.field(description="Their new end, after the lot's end.")


@strawberry.input(description="Expired points that are to come back.")
class ReinstateLotInput(LotChange):
    """Expired points that are to come back."""

    points: Points = strawberry.field(description="How many of those that expired.")
    expires_at: datetime = strawberry.field(description="Their new end, in the future.")


@strawberry.input(description="A pending lot that is to be usable now.")
class ReleaseLotInput(LotChange):
    """A pending lot that is to be usable now."""


@strawberry.type(description="What `extendLot` answers: the lot that the points lie in now.")
class ExtendLotPayload(LotPayload):
    """What was extended."""


@strawberry.type(description="What `reinstateLot` answers: the lot that the points lie in now.")
class ReinstateLotPayload(LotPayload):
    """What was reinstated."""


@strawberry.type(description="What `releaseLot` answers.")
class ReleaseLotPayload(LotPayload):
    """What was released."""


ExtendInput = Annotated[ExtendLotInput, strawberry.argument(description="What to extend.")]
ReinstateInput = Annotated[ReinstateLotInput, strawberry.argument(description="What to reinstate.")]
ReleaseInput = Annotated[ReleaseLotInput, strawberry.argument(description="What to release.")]


@mutation(
    "Give points of a lot a later end: they move into a new lot of the same issuer and terms.",
    payload=ExtendLotPayload,
    verb=changing.extend_lot,
    verb_refusals=(*CHANGE_REFUSALS, PointsOutOfRange, LotExpired, LotSpent, EndNotLater),
    own_refusals=KEY_REFUSALS,
)
async def extend_lot(info: Info, input: ExtendInput) -> ExtendLotPayload:
    """Extend a lot."""
    context = info.context
    request = make_request(context, input)
    lot, wallet = await find_lot_place(context, input.lot_id)
    await context.turn()  # what the payload shows is read after the posting
    changed = await changing.extend_lot(
        context.rooms.poster,
        context.rooms.database,
        request,
        wallet=wallet,
        lot=lot,
        points=input.points,
        expires_at=input.expires_at,
        reason=input.reason,
    )
    return ExtendLotPayload(user_errors=[], **_posted(changed))


@mutation(
    "Bring points of an expired lot back, in a new lot of the same issuer and terms.",
    payload=ReinstateLotPayload,
    verb=changing.reinstate_lot,
    verb_refusals=(
        *CHANGE_REFUSALS,
        PointsOutOfRange,
        LotNotExpired,
        ExceedsExpired,
        EndNotLater,
    ),
    own_refusals=KEY_REFUSALS,
)
async def reinstate_lot(info: Info, input: ReinstateInput) -> ReinstateLotPayload:
    """Reinstate a lot."""
    context = info.context
    request = make_request(context, input)
    lot, wallet = await find_lot_place(context, input.lot_id)
    await context.turn()  # what the payload shows is read after the posting
    changed = await changing.reinstate_lot(
        context.rooms.poster,
        context.rooms.database,
        request,
        wallet=wallet,
        lot=lot,
        points=input.points,
        expires_at=input.expires_at,
        reason=input.reason,
    )
    return ReinstateLotPayload(user_errors=[], **_posted(changed))


@mutation(
    "Make a pending lot usable now.",
    payload=ReleaseLotPayload,
    verb=changing.release_lot,
    verb_refusals=(*CHANGE_REFUSALS, LotNotPending, LotExpired),
    own_refusals=KEY_REFUSALS,
)
async def release_lot(info: Info, input: ReleaseInput) -> ReleaseLotPayload:
    """Release a lot."""
    context = info.context
    request = make_request(context, input)
    lot, wallet = await find_lot_place(context, input.lot_id)
    await context.turn()  # what the payload shows is read after the posting
    changed = await changing.release_lot(
        context.rooms.poster,
        context.rooms.database,
        request,
        wallet=wallet,
        lot=lot,
        reason=input.reason,
    )
    return ReleaseLotPayload(user_errors=[], **_posted(changed))


async def find_lot_place(context: Context, lot_id: strawberry.ID) -> tuple[Place, Place]:
    """Find a lot that the actor may see, and its wallet.

    Errors: UnknownReference.
    """
    place = context.audience.find_place(IdKind.LOT, lot_id)
    lot = None if place is None else await loaders.load_lot(context, place)
    if lot is None:
        raise UnknownReference
    return lot.place, Place(lot.place.lane, lot.wallet_id)


def _posted(changed: Changed) -> dict[str, Any]:
    return {
        "posted_at": changed.posted_at,
        "entry_place": changed.entry,
        "lot_place": changed.lot,
        "wallet_place": changed.wallet,
    }
