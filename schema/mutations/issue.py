"""Issue points, and take unspent ones back."""

from datetime import datetime
from typing import Annotated

import strawberry

from hub.kernel.errors import PointsOutOfRange
from hub.kernel.ids import IdKind
from hub.ledger.errors import (
    DuplicateReference,
    LotExpired,
    LotSpent,
    TermsNotInForce,
    UnknownReference,
    WalletClosed,
    WalletNotFound,
)
from hub.ledger.errors import IdempotencyConflict as KeyConflict
from hub.ledger.operations import Place
from hub.points import giving_back
from hub.points import issue as issuing
from hub.points.errors import ExpiresTooEarly, TextTooLong
from hub.points.issue import BASE_REASON, check_expiry
from schema import loaders
from schema.accounts import (
    ACCOUNT_REFUSALS,
    REQUEST_REFUSALS,
    AccountInput,
    Happened,
    acting_partner,
    find_wallet,
    given,
    make_request,
)
from schema.context import Info
from schema.fields import mutation
from schema.mutations.answers import LotPayload, WalletPayload
from schema.scalars import Points


@strawberry.input(description="Points to issue.")
class IssuePointsInput(Happened):
    """Points to issue."""

    issuer: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Code of the issuer. The operator names it; a partner leaves it out.",
    )
    account: AccountInput = strawberry.field(description="Who gets them.")
    points: Points = strawberry.field(description="How many, 1 to 10^12.")
    reference: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The issuer's reference, e.g. of the receipt, 1 to 200 printable characters;"
        " unique for the issuer and reason.",
    )
    reason: str = strawberry.field(
        default=BASE_REASON, description="Why, 1 to 200 printable characters."
    )
    expires_at: datetime | None = strawberry.field(
        default=strawberry.UNSET,
        description="When they expire, exclusive; without it, as the issuer's terms say.",
    )


@strawberry.type(description="What `issuePoints` answers.")
class IssuePointsPayload(LotPayload):
    """What was issued."""


@strawberry.input(description="Points of an issue to take back.")
class ReverseIssueInput(Happened):
    """Points of an issue to take back."""

    lot_id: strawberry.ID = strawberry.field(description="Id of the lot that the issue made.")
    points: Points = strawberry.field(description="How many, 1 up to what is unspent of the lot.")


@strawberry.type(description="What `reverseIssue` answers.")
class ReverseIssuePayload(WalletPayload):
    """What was taken back."""


IssueInput = Annotated[IssuePointsInput, strawberry.argument(description="What to issue.")]
ReverseInput = Annotated[ReverseIssueInput, strawberry.argument(description="What to take back.")]


@mutation(
    "Issue points to a member.",
    payload=IssuePointsPayload,
    verb=issuing.issue_points,
    verb_refusals=(
        PointsOutOfRange,
        TextTooLong,
        ExpiresTooEarly,
        WalletNotFound,
        WalletClosed,
        TermsNotInForce,
        DuplicateReference,
        KeyConflict,
    ),
    own_refusals=(*REQUEST_REFUSALS, *ACCOUNT_REFUSALS),
)
async def issue_points(info: Info, input: IssueInput) -> IssuePointsPayload:
    """Issue points."""
    context = info.context
    rooms, now = context.rooms, context.rooms.clock()
    request = make_request(context, input)
    expires_at = given(input.expires_at)
    if expires_at is not None:
        request = check_expiry(request, expires_at, now=now)
    issuer = acting_partner(context, input.issuer, role="issuer")
    wallet = await find_wallet(context, input.account)
    issued = await issuing.issue_points(
        rooms.poster,
        rooms.register,
        request,
        now=now,
        issuer=issuer,
        wallet=wallet,
        points=input.points,
        reference=given(input.reference),
        reason=input.reason,
        expires_at=expires_at,
    )
    return IssuePointsPayload(
        user_errors=[],
        posted_at=issued.posted_at,
        entry_place=issued.entry,
        lot_place=issued.lot,
        wallet_place=wallet,
    )


@mutation(
    "Take unspent points of an issue back, because the purchase was returned. Only the issuer may.",
    payload=ReverseIssuePayload,
    verb=giving_back.reverse_issue,
    verb_refusals=(
        PointsOutOfRange,
        WalletNotFound,
        WalletClosed,
        UnknownReference,
        LotExpired,
        LotSpent,
        KeyConflict,
    ),
    own_refusals=REQUEST_REFUSALS,
)
async def reverse_issue(info: Info, input: ReverseInput) -> ReverseIssuePayload:
    """Take points of an issue back."""
    context = info.context
    request = make_request(context, input)
    place = context.audience.find_place(IdKind.LOT, input.lot_id)
    lot = None if place is None else await loaders.load_lot(context, place)
    if lot is None:
        raise UnknownReference
    wallet = Place(lot.place.lane, lot.wallet_id)
    await context.turn()  # what the payload shows is read after the posting
    taken = await giving_back.reverse_issue(
        context.rooms.poster,
        request,
        issuer=acting_partner(context, None, role="issuer"),
        wallet=wallet,
        lot=lot.place,
        points=input.points,
    )
    return ReverseIssuePayload(
        user_errors=[], posted_at=taken.posted_at, entry_place=taken.entry, wallet_place=wallet
    )
