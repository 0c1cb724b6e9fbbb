"""What the hub's staff does in settlement: adjust, and close windows."""

from decimal import Decimal
from typing import Annotated, Final

import strawberry

from hub.kernel.errors import (
    AmountNotExact,
    CurrencyUnknown,
    DomainError,
    IdempotencyConflict,
)
from hub.kernel.idempotency import Answer, Question, accept, answer_resumably
from hub.kernel.money import check_currency, format_exact
from hub.points.errors import TextTooLong
from partners.errors import CoalitionNotSetUp, PartnerNotFound
from schema import loaders
from schema.accounts import KEY_REFUSALS, REQUEST_REFUSALS, Happened, Keyed, make_request
from schema.context import Info
from schema.faults import bad_input
from schema.fields import Payload, mutation
from schema.limits import LIST_MAX
from schema.money import MoneyInput
from schema.mutations.answers import PostedPayload
from schema.queries.settlement import is_name
from schema.second_person import APPROVAL_REFUSALS
from schema.windows import SettlementWindow, show_window
from settlement import adjustments, windows
from settlement.errors import (
    FxRateMissing,
    FxRateNotPositive,
    PreviousWindowOpen,
    WindowNotFound,
    WindowNotOver,
)

CLOSE_REFUSALS: Final[tuple[type[DomainError], ...]] = (
    WindowNotFound,
    WindowNotOver,
    PreviousWindowOpen,
    FxRateMissing,
    FxRateNotPositive,
)


@strawberry.input(description="An amount that one party is to owe another.")
class PostAdjustmentInput(Happened):
    """An amount that one party is to owe another."""

    debtor: str = strawberry.field(description="Code of who owes, a partner or HUB, POOL.")
    creditor: str = strawberry.field(description="Code of who is owed.")
    amount: MoneyInput = strawberry.field(
        description="How much, exactly, at most 12 places; negative to take back."
    )
    reason: str = strawberry.field(description="Why, 1 to 200 printable characters.")


@strawberry.type(description="What `postAdjustment` answers.")
class PostAdjustmentPayload(PostedPayload):
    """What was adjusted."""


@strawberry.input(description="A rate of exchange, fixed at the cut.")
class FxRateInput:
    """A rate of exchange."""

    currency: str = strawberry.field(description="ISO 4217 code.")
    rate: Decimal = strawberry.field(
        description="Units of `currency` per one unit of the clearing currency, above 0."
    )


@strawberry.input(description="A window to close.")
class CloseWindowInput(Keyed):
    """A window to close."""

    calendar: str = strawberry.field(description="The calendar of the window.")
    window: str = strawberry.field(description="Code of the window in the calendar.")
    fx: list[FxRateInput] = strawberry.field(
        default_factory=list,
        description=f"Rates for every other currency that is owed or paid, at most {LIST_MAX}.",
    )


@strawberry.type(description="What `closeWindow` answers.")
class CloseWindowPayload(Payload):
    """What was closed."""

    window: SettlementWindow | None = strawberry.field(
        default=None, description="The window, closed; null when it was refused."
    )


AdjustmentInput = Annotated[PostAdjustmentInput, strawberry.argument(description="What to adjust.")]
CloseInput = Annotated[CloseWindowInput, strawberry.argument(description="What to close.")]


@mutation(
    "Let one party owe another an exact amount in the open window, with a reason.",
    payload=PostAdjustmentPayload,
    verb=adjustments.post_adjustment,
    verb_refusals=(AmountNotExact, CurrencyUnknown, TextTooLong, IdempotencyConflict),
    own_refusals=(*REQUEST_REFUSALS, PartnerNotFound, *APPROVAL_REFUSALS),
)
async def post_adjustment(info: Info, input: AdjustmentInput) -> PostAdjustmentPayload:
    """Post an adjustment."""
    context = info.context
    register = context.rooms.register
    adjusted = await adjustments.post_adjustment(
        context.rooms.poster,
        make_request(context, input),
        debtor=register.get_partner(input.debtor),
        creditor=register.get_partner(input.creditor),
        amount=input.amount.checked_amount(),
        currency=input.amount.currency,
        reason=input.reason,
    )
    return PostAdjustmentPayload(
        user_errors=[], posted_at=adjusted.posted_at, entry_place=adjusted.entry
    )


@mutation(
    "Close a settlement window: book what expired before its cut, cut every lane, settle and seal."
    " Closing a closed window changes nothing; a crash in between is finished by the same call.",
    payload=CloseWindowPayload,
    verb=windows.close_window,
    verb_refusals=CLOSE_REFUSALS,
    own_refusals=(*KEY_REFUSALS, CurrencyUnknown, CoalitionNotSetUp),
)
async def close_window(info: Info, input: CloseInput) -> CloseWindowPayload:
    """Close a window."""
    context = info.context
    rooms, actor, request = context.rooms, context.actor, make_request(context, input)
    fx = _rates(input.fx)
    if not (is_name(input.calendar) and is_name(input.window)):
        raise WindowNotFound(input.calendar[:64], input.window[:64])

    async def act() -> Answer:
        closed = await windows.close_window(
            rooms.database,
            rooms.register,
            actor,
            calendar=input.calendar,
            code=input.window,
            now=rooms.clock(),
            fx=fx,
        )
        return {"window_id": closed.window_id}

    facts = (
        input.calendar,
        input.window,
        *(f"{c}={format_exact(r)}" for c, r in sorted(fx.items())),
    )
    question = Question(actor, request.key, "close_window", facts)
    answer = await answer_resumably(rooms.database, question, act, refusals=CLOSE_REFUSALS)
    row = await loaders.load_window(context, accept(answer, refusals=CLOSE_REFUSALS)["window_id"])
    assert row is not None, "a window is never deleted"
    return CloseWindowPayload(user_errors=[], window=show_window(context, row))


def _rates(given: list[FxRateInput]) -> dict[str, Decimal]:
    if len(given) > LIST_MAX:
        raise bad_input(f"`fx` has {len(given)} rates; {LIST_MAX} are allowed.")
    rates = {check_currency(each.currency): each.rate for each in given}
    if len(rates) < len(given):
        raise bad_input("`fx` names a currency twice.")
    return rates
