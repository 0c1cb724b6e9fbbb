"""Transfer points to another member, and book what has expired."""

from typing import Annotated

import strawberry

from hub.kernel.errors import IdempotencyConflict, PointsOutOfRange
from hub.kernel.idempotency import Answer, Question, accept, answer_resumably
from hub.ledger.cuts import sweep_lane
from hub.ledger.errors import CapReached, InsufficientPoints, WalletClosed, WalletNotFound
from hub.ledger.operations import LANE_COUNT
from hub.points import transfer as transferring
from hub.points.errors import SameWallet
from schema.accounts import (
    ACCOUNT_REFUSALS,
    KEY_REFUSALS,
    REQUEST_REFUSALS,
    AccountInput,
    Happened,
    Keyed,
    find_recipient,
    find_wallet,
    make_request,
)
from schema.context import Info
from schema.fields import Payload, mutation
from schema.mutations.answers import WalletPayload
from schema.scalars import Points


@strawberry.input(description="Points to transfer.")
class TransferPointsInput(Happened):
    """Points to transfer."""

    account: AccountInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whose points. A member leaves it out: the own ones.",
    )
    to_account: AccountInput = strawberry.field(
        description="Who gets them. A member names another by `linkedAccount`."
    )
    points: Points = strawberry.field(description="How many, 1 to 10^12, all or nothing.")


@strawberry.type(description="What `transferPoints` answers.")
class TransferPointsPayload(WalletPayload):
    """What was transferred; `wallet` is the one that the points left."""


@strawberry.input(description="When to book what has expired: now.")
class SweepExpiryInput(Keyed):
    """When to book what has expired."""


@strawberry.type(description="What `sweepExpiry` answers.")
class SweepExpiryPayload(Payload):
    """What was booked."""

    entry_count: int | None = strawberry.field(
        default=None, description="How many entries were booked, one per wallet and turn."
    )


TransferInput = Annotated[TransferPointsInput, strawberry.argument(description="What to transfer.")]
SweepInput = Annotated[SweepExpiryInput, strawberry.argument(description="The key.")]


@mutation(
    "Transfer points to another member; each lot keeps its issuer, terms, expiry and order.",
    payload=TransferPointsPayload,
    verb=transferring.transfer_points,
    verb_refusals=(
        PointsOutOfRange,
        SameWallet,
        WalletNotFound,
        WalletClosed,
        InsufficientPoints,
        CapReached,
        IdempotencyConflict,
    ),
    own_refusals=(*REQUEST_REFUSALS, *ACCOUNT_REFUSALS),
)
async def transfer_points(info: Info, input: TransferInput) -> TransferPointsPayload:
    """Transfer points."""
    context = info.context
    request = make_request(context, input)
    wallet = await find_wallet(context, input.account)
    to_wallet = await find_recipient(context, input.to_account)
    await context.turn()  # what the payload shows is read after the posting
    moved = await transferring.transfer_points(
        context.rooms.poster,
        context.rooms.register,
        context.rooms.database,
        request,
        now=context.rooms.clock(),
        wallet=wallet,
        to_wallet=to_wallet,
        points=input.points,
    )
    return TransferPointsPayload(
        user_errors=[], posted_at=moved.posted_at, entry_place=moved.entry, wallet_place=wallet
    )


@mutation(
    "Book the expiry of every lot whose end has come. Nothing depends on it: expired points cannot"
    " be used before it either. It also happens regularly, and before a window is cut.",
    payload=SweepExpiryPayload,
    verb=sweep_lane,
    verb_refusals=(),
    own_refusals=KEY_REFUSALS,
)
async def sweep_expiry(info: Info, input: SweepInput) -> SweepExpiryPayload:
    """Book what has expired, lane by lane."""
    rooms, actor = info.context.rooms, info.context.actor
    request = make_request(info.context, input)

    async def act() -> Answer:
        now, booked = rooms.clock(), 0
        connection = await rooms.database.connect()
        try:
            for lane in range(LANE_COUNT):
                booked += await sweep_lane(connection, lane, at=now, posted_at=None)
        finally:
            await connection.close()
        return {"entry_count": booked}

    question = Question(actor, request.key, "sweep_expiry", ())
    answer = accept(await answer_resumably(rooms.database, question, act, refusals=()), refusals=())
    return SweepExpiryPayload(user_errors=[], entry_count=answer["entry_count"])
