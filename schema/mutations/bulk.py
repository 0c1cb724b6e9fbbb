"""Many issues or redemptions at once: each row like the mutation of one, and none for another.

Everything that can be found out is found out first; then the rows leave for the poster together,
in the order of the input.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Final, TypeVar

import strawberry
import structlog

from hub.kernel.errors import DomainError
from hub.ledger.errors import (
    InsufficientPoints,
    OutcomeUnknown,
    Overloaded,
    PosterClosed,
    WalletClosed,
)
from hub.points import issue as issuing
from hub.points import redeem as redeeming
from hub.points.errors import RowFailed
from schema.accounts import given
from schema.context import Context, Info
from schema.faults import Fault, FaultCode, bad_input
from schema.fields import Payload, mutation
from schema.mutations import issue, redeem
from schema.mutations.issue import IssuePointsInput, IssuePointsPayload, PreparedIssue
from schema.mutations.redeem import PreparedRedemption, RedeemPointsInput, RedeemPointsPayload
from schema.probing import check_probing, note_probing
from schema.refusals import show_refusal

log = structlog.get_logger()

ROWS_MAX: Final = 1_000
ROW_REFUSALS: Final[tuple[type[DomainError], ...]] = (OutcomeUnknown, Overloaded, RowFailed)

R = TypeVar("R")
T = TypeVar("T", PreparedIssue, PreparedRedemption)
P = TypeVar("P", bound=Payload)


@strawberry.input(description="Points to issue, many at once.")
class BulkIssuePointsInput:
    """Points to issue, many at once."""

    rows: list[IssuePointsInput] = strawberry.field(
        description=f"What to issue, 1 to {ROWS_MAX} rows, each with a key of its own and exactly"
        " as `issuePoints` takes it."
    )


@strawberry.input(description="Points to pay with, many at once.")
class BulkRedeemPointsInput:
    """Points to pay with, many at once."""

    rows: list[RedeemPointsInput] = strawberry.field(
        description=f"What to redeem, 1 to {ROWS_MAX} rows, each with a key of its own and exactly"
        " as `redeemPoints` takes it."
    )


@strawberry.type(description="What `bulkIssuePoints` answers.")
class BulkIssuePointsPayload(Payload):
    """What was issued."""

    rows: list[IssuePointsPayload] = strawberry.field(
        default_factory=list,
        description=f"One answer per row, in the order of the input, at most {ROWS_MAX}; empty when"
        " the whole was refused: then nothing was done.",
    )


@strawberry.type(description="What `bulkRedeemPoints` answers.")
class BulkRedeemPointsPayload(Payload):
    """What was redeemed."""

    rows: list[RedeemPointsPayload] = strawberry.field(
        default_factory=list,
        description=f"One answer per row, in the order of the input, at most {ROWS_MAX}; empty when"
        " the whole was refused: then nothing was done.",
    )


BulkIssueInput = Annotated[BulkIssuePointsInput, strawberry.argument(description="What to issue.")]
BulkRedeemInput = Annotated[
    BulkRedeemPointsInput, strawberry.argument(description="What to redeem.")
]
_ALONE: Final = (
    " Rows that are refused leave the others alone. Repeat rows with the same keys until each has"
    " an answer. Input that no row may have refuses the whole, before anything is done."
)


@mutation(
    f"Issue points to up to {ROWS_MAX} members at once; a row is what `issuePoints` is." + _ALONE,
    payload=BulkIssuePointsPayload,
    verb=issuing.issue_points,
    verb_refusals=issue.ISSUE_REFUSALS,
    own_refusals=(*issue.OWN_REFUSALS, *ROW_REFUSALS),
)
async def bulk_issue_points(info: Info, input: BulkIssueInput) -> BulkIssuePointsPayload:
    """Issue points, row by row."""
    prepared = await _prepare(info.context, input.rows, issue.prepare_issue)
    _check_room(info.context, prepared)
    rows = await _post(info.context, prepared, issue.post_issue, IssuePointsPayload)
    return BulkIssuePointsPayload(user_errors=[], rows=rows)


@mutation(
    f"Let up to {ROWS_MAX} members pay at once; a row is what `redeemPoints` is." + _ALONE,
    payload=BulkRedeemPointsPayload,
    verb=redeeming.redeem_points,
    verb_refusals=redeem.REDEEM_REFUSALS,
    own_refusals=(*redeem.OWN_REFUSALS, *ROW_REFUSALS),
)
async def bulk_redeem_points(info: Info, input: BulkRedeemInput) -> BulkRedeemPointsPayload:
    """Redeem points, row by row."""
    prepared = await _prepare(info.context, input.rows, _prepare_watched)
    _check_room(info.context, prepared)
    rows = await _post(info.context, prepared, _post_watched, RedeemPointsPayload)
    return BulkRedeemPointsPayload(user_errors=[], rows=rows)


async def _prepare_watched(context: Context, row: RedeemPointsInput) -> PreparedRedemption:
    """Prepare a redemption of a wallet that was not probed too often.

    Errors: as `prepare_redemption`; Overloaded, where the single mutation is throttled.
    """
    account = given(row.account)
    if account is not None:
        with _throttling():
            await check_probing(context, account)
    return await redeem.prepare_redemption(context, row)


async def _post_watched(context: Context, prepared: PreparedRedemption) -> RedeemPointsPayload:
    """Book a redemption, and count its refusal for want of points as the single mutation does.

    Errors: as `post_redemption`; Overloaded, which says no amount, in place of one too many.
    """
    try:
        return await redeem.post_redemption(context, prepared)
    except InsufficientPoints:
        account = given(prepared.input.account)
        if account is not None:
            with _throttling():
                await note_probing(context, account)
        raise


@contextmanager
def _throttling() -> Iterator[None]:
    """Let a row that comes too often be refused alone; the fault would end them all."""
    try:
        yield
    except Fault as fault:
        extensions = fault.extensions or {}
        if extensions.get("code") != FaultCode.THROTTLED:
            raise
        raise Overloaded(retry_after_seconds=extensions["retryAfter"]) from fault


async def _prepare(
    context: Context, rows: Sequence[R], prepare: Callable[[Context, R], Awaitable[T]]
) -> list[T | DomainError]:
    """Prepare every row side by side, so that all their accounts are found by one question.

    Errors: the faults FORBIDDEN and BAD_USER_INPUT, for a row that may not even be asked.
    """
    if not 1 <= len(rows) <= ROWS_MAX:
        raise bad_input(f"`rows` has {len(rows)} rows; 1 to {ROWS_MAX} are allowed.")
    found = await asyncio.gather(*[prepare(context, row) for row in rows], return_exceptions=True)
    prepared: list[T | DomainError] = []
    for index, one in enumerate(found):
        if isinstance(one, Fault):
            one.message = f"Row {index}: {one.message}"
            raise one
        if isinstance(one, BaseException) and not isinstance(one, DomainError):
            raise one
        prepared.append(one)
    await context.turn()  # what the rows answer is read after they were posted
    return prepared


def _check_room(context: Context, prepared: Sequence[object]) -> None:
    """See that all rows may wait, before the first one does.

    Errors: Overloaded.
    """
    context.rooms.poster.check_room(sum(not isinstance(one, DomainError) for one in prepared))


async def _post(
    context: Context,
    prepared: Sequence[T | DomainError],
    post: Callable[[Context, T], Awaitable[P]],
    payload: Callable[..., P],
) -> list[P]:
    """Let all rows leave in their order; what becomes of one is no matter of another's."""

    async def answer(index: int, one: T | DomainError) -> P:
        if isinstance(one, DomainError):
            return payload(user_errors=[show_refusal(one, row=index)])
        try:
            try:
                return await post(context, one)
            except WalletClosed:
                return await post(context, await _follow(context, one))
        except (PosterClosed, Fault):
            raise
        except DomainError as refusal:
            return payload(user_errors=[show_refusal(refusal, row=index)])
        except Exception as error:  # noqa: BLE001 (one row's misfortune is not the others')
            return payload(user_errors=[show_refusal(_note(index, error), row=index)])

    answers = await asyncio.gather(*[answer(*each) for each in enumerate(prepared)])
    await context.turn()  # nothing that a refusal looked up meanwhile is shown
    return list(answers)


async def _follow(context: Context, one: T) -> T:
    """Lead a row to the survivor of a wallet that was merged meanwhile.

    Errors: WalletClosed, when it was not.
    """
    await context.rooms.wallets.refresh()
    led = context.rooms.wallets.forwards.find_wallet(one.wallet)
    if led == one.wallet:
        raise WalletClosed
    return replace(one, wallet=led)


def _note(index: int, error: Exception) -> RowFailed:
    """Tell the log what went wrong with a row, and the client by which name to ask for it."""
    fault = secrets.token_hex(8)
    log.error("schema.row_failed", fault=fault, row=index, exc_info=error)
    return RowFailed(fault)
