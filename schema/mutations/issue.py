"""Issue points, and take unspent ones back."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, Final

import strawberry

from hub.kernel.errors import DomainError, PointsOutOfRange
from hub.kernel.ids import IdKind
from hub.ledger.errors import (
    DuplicateReference,
    LotExpired,
    LotSpent,
    NetDebitCapReached,
    ReverseExceedsIssued,
    TermsNotInForce,
    UnknownReference,
    WalletClosed,
    WalletNotFound,
)
from hub.ledger.errors import IdempotencyConflict as KeyConflict
from hub.ledger.operations import Place
from hub.ledger.operations import ReverseMode as LedgerMode
from hub.points import giving_back
from hub.points import issue as issuing
from hub.points.errors import ExpiresTooEarly, TextTooLong
from hub.points.issue import BASE_REASON, check_expiry
from hub.points.requests import NEVER, Request
from partners.errors import PartnerNotFound
from partners.store import Partner
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
from schema.context import Context, Info
from schema.faults import bad_input
from schema.fields import mutation
from schema.kinds import CapKind
from schema.mutations.answers import LotPayload, WalletPayload
from schema.scalars import Points
from schema.wallets.restrictions import RestrictionInput, find_restriction

ISSUE_REFUSALS: Final[tuple[type[DomainError], ...]] = (
    PointsOutOfRange,
    TextTooLong,
    ExpiresTooEarly,
    WalletNotFound,
    WalletClosed,
    TermsNotInForce,
    DuplicateReference,
    NetDebitCapReached,
    KeyConflict,
)
OWN_REFUSALS: Final = (*REQUEST_REFUSALS, *ACCOUNT_REFUSALS, PartnerNotFound)


@strawberry.input(description="What points that are issued are like.")
class Issuable:
    """What points that are issued are like."""

    points: Points = strawberry.field(description="How many, 1 to 10^12.")
    expires_at: datetime | None = strawberry.field(
        default=strawberry.UNSET,
        description="When they expire, exclusive; without it, as the issuer's terms say.",
    )
    available_at: datetime | None = strawberry.field(
        default=strawberry.UNSET,
        description="From when on they can be used; without it, at once.",
    )
    released_later: bool = strawberry.field(
        default=False,
        description="Whether they stay pending until somebody releases them (`releaseLot`); then"
        " leave `availableAt` out.",
    )
    restriction: RestrictionInput | None = strawberry.field(
        default=strawberry.UNSET, description="Where they may be used; without it, anywhere."
    )


@strawberry.input(description="Points to issue.")
class IssuePointsInput(Issuable, Happened):
    """Points to issue."""

    issuer: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Code of the issuer. The operator names it; a partner leaves it out.",
    )
    account: AccountInput = strawberry.field(description="Who gets them.")
    reference: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The issuer's reference, e.g. of the receipt, 1 to 200 printable characters;"
        " unique for the issuer and reason.",
    )
    reason: str = strawberry.field(
        default=BASE_REASON, description="Why, 1 to 200 printable characters."
    )


@strawberry.type(description="What `issuePoints` answers.")
class IssuePointsPayload(LotPayload):
    """What was issued."""

    granted_points: Points | None = strawberry.field(
        default=None,
        description="How many were issued: fewer than asked, perhaps 0 and no lot, when a cap left"
        " fewer; null when it was refused.",
    )
    capped_by: CapKind | None = strawberry.field(
        default=None, description="The cap that left fewer than asked; null when all were issued."
    )


@strawberry.enum(description="How far an issue is taken back whose points were spent.")
class ReverseMode(Enum):
    """How far an issue is taken back."""

    REFUSE = strawberry.enum_value("REFUSE", description="Not at all: it is refused.")
    ONLY_PENDING = strawberry.enum_value(
        "ONLY_PENDING", description="What is left of the lot, and nothing more."
    )
    WITHIN_BALANCE = strawberry.enum_value(
        "WITHIN_BALANCE",
        description="Other available points of the member are taken too; the rest is your loss.",
    )
    UNLIMITED = strawberry.enum_value(
        "UNLIMITED",
        description="Other available points are taken too; the rest the wallet owes, and whatever"
        " comes in repays it.",
    )


@strawberry.input(description="Points of an issue to take back.")
class ReverseIssueInput(Happened):
    """Points of an issue to take back."""

    lot_id: strawberry.ID = strawberry.field(description="Id of the lot that the issue made.")
    points: Points = strawberry.field(
        description="How many, 1 up to what is left of the issue; those of the lot go first."
    )
    mode: ReverseMode = strawberry.field(
        default=ReverseMode.REFUSE, description="What is done where the lot has too few left."
    )


@strawberry.type(description="What `reverseIssue` answers.")
class ReverseIssuePayload(WalletPayload):
    """What was taken back."""

    reversed_points: Points | None = strawberry.field(
        default=None,
        description="How many of the issue are undone: taken from the wallet, or owed by it; null"
        " when it was refused.",
    )
    short_points: Points | None = strawberry.field(
        default=None,
        description="How many were spent and could not be taken: the wallet owes them"
        " (`UNLIMITED`), or they are your loss; null when it was refused.",
    )


IssueInput = Annotated[IssuePointsInput, strawberry.argument(description="What to issue.")]
ReverseInput = Annotated[ReverseIssueInput, strawberry.argument(description="What to take back.")]


@mutation(
    "Issue points to a member.",
    payload=IssuePointsPayload,
    verb=issuing.issue_points,
    verb_refusals=ISSUE_REFUSALS,
    own_refusals=OWN_REFUSALS,
)
async def issue_points(info: Info, input: IssueInput) -> IssuePointsPayload:
    """Issue points."""
    prepared = await prepare_issue(info.context, input)
    await info.context.turn()  # what the payload shows is read after the posting
    return await post_issue(info.context, prepared)


@dataclass(frozen=True, slots=True)
class PreparedIssue:
    """An issue of which everything is known that it needs; nothing is booked yet."""

    input: IssuePointsInput
    request: Request
    now: datetime
    issuer: Partner
    wallet: Place
    expires_at: datetime | None
    available_at: datetime | None
    restriction_id: int | None


async def prepare_issue(context: Context, input: IssuePointsInput) -> PreparedIssue:
    """Find out who issues to whom.

    Errors: those of the request and of the account; the faults FORBIDDEN and BAD_USER_INPUT.
    """
    now = context.rooms.clock()
    request = make_request(context, input)
    expires_at = given(input.expires_at)
    if expires_at is not None:
        request = check_expiry(request, expires_at, now=now)
    issuer = acting_partner(context, input.issuer, role="issuer")
    available_at = read_availability(input)
    wallet = await find_wallet(context, input.account)
    restriction_id = await find_restriction(context, given(input.restriction))
    return PreparedIssue(
        input, request, now, issuer, wallet, expires_at, available_at, restriction_id
    )


def read_availability(issuable: Issuable) -> datetime | None:
    """Say from when on points can be used; NEVER: when somebody releases them.

    Errors: the fault BAD_USER_INPUT.
    """
    available_at = given(issuable.available_at)
    if issuable.released_later and available_at is not None:
        raise bad_input("Give `availableAt` or `releasedLater`, not both.")
    return NEVER if issuable.released_later else available_at


async def post_issue(context: Context, prepared: PreparedIssue) -> IssuePointsPayload:
    """Book an issue; the operation waits for its batch before anything else is awaited.

    Errors: as `hub.points.issue.issue_points`.
    """
    rooms, wallet = context.rooms, prepared.wallet
    issued = await issuing.issue_points(
        rooms.poster,
        rooms.register,
        prepared.request,
        now=prepared.now,
        issuer=prepared.issuer,
        wallet=wallet,
        points=prepared.input.points,
        reference=given(prepared.input.reference),
        reason=prepared.input.reason,
        expires_at=prepared.expires_at,
        available_at=prepared.available_at,
        restriction_id=prepared.restriction_id,
    )
    return IssuePointsPayload(
        user_errors=[],
        posted_at=issued.posted_at,
        entry_place=issued.entry,
        lot_place=issued.lot,
        wallet_place=wallet,
        granted_points=Points(issued.points),
        capped_by=None if issued.capped_by is None else CapKind[issued.capped_by.name],
    )


@mutation(
    "Take points of an issue back, because the purchase was returned. Only the issuer may.",
    payload=ReverseIssuePayload,
    verb=giving_back.reverse_issue,
    verb_refusals=(
        PointsOutOfRange,
        WalletNotFound,
        WalletClosed,
        UnknownReference,
        LotExpired,
        LotSpent,
        ReverseExceedsIssued,
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
        context.rooms.database,
        request,
        issuer=acting_partner(context, None, role="issuer"),
        wallet=wallet,
        lot=lot.place,
        points=input.points,
        mode=getattr(LedgerMode, input.mode.name),
    )
    return ReverseIssuePayload(
        user_errors=[],
        posted_at=taken.posted_at,
        entry_place=taken.entry,
        wallet_place=wallet,
        reversed_points=Points(taken.points),
        short_points=Points(taken.short_points),
    )
