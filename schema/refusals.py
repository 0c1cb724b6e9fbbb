"""One GraphQL type per refusal of the domain, with its data; made from the errors themselves.

The table says which errors a client may ever see, and which part of the input each is about.
"""

import re
from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias, get_type_hints

import strawberry

from auth.approvals import errors as approvals
from auth.consents import errors as consents
from auth.oauth import errors as oauth
from hub.kernel import errors as kernel
from hub.kernel.errors import DomainError
from hub.ledger import errors as ledger
from hub.members import errors as members
from hub.members.households import errors as households
from hub.members.merges import errors as merges
from hub.points import errors as points
from partners import errors as partners
from schema.scalars import Points
from settlement import errors as settlement

Path = tuple[str, ...]

REFUSALS: Final[dict[type[DomainError], Path]] = {
    approvals.ApprovalAlreadyDecided: ("input", "digest"),
    approvals.ApprovalEnded: (),
    approvals.ApprovalNotFound: ("input", "digest"),
    approvals.ApprovalRefused: (),
    approvals.FourEyesRequired: (),
    approvals.SecondPersonNeeded: (),
    consents.ConsentNotForThis: ("input",),
    consents.ConsentRequired: ("input",),
    consents.ConsentSpent: ("input",),
    consents.TillCodeNotValid: ("input", "tillCode"),
    consents.TooManyTillCodes: ("input", "tillCode"),
    oauth.GrantNotFound: ("input", "grantId"),
    kernel.AmountNotExact: ("input", "amount"),
    kernel.CurrencyNotSettleable: ("input",),
    kernel.CurrencyUnknown: ("input",),
    kernel.IdempotencyConflict: ("input", "idempotencyKey"),
    kernel.PointsOutOfRange: ("input", "points"),
    ledger.AlreadyCancelled: ("input", "saleId"),
    ledger.CapReached: ("input", "points"),
    ledger.CaptureExceedsHold: ("input", "points"),
    ledger.DuplicateReference: ("input", "reference"),
    ledger.EndNotLater: ("input", "expiresAt"),
    ledger.ExceedsExpired: ("input", "points"),
    ledger.HoldEnded: ("input", "holdId"),
    ledger.InsufficientPoints: ("input", "points"),
    ledger.LotExpired: ("input", "lotId"),
    ledger.LotNotExpired: ("input", "lotId"),
    ledger.LotNotPending: ("input", "lotId"),
    ledger.LotSpent: ("input", "points"),
    ledger.NetDebitCapReached: ("input", "points"),
    ledger.ReverseExceedsIssued: ("input", "points"),
    ledger.OutcomeUnknown: ("input",),
    ledger.Overloaded: ("input",),
    ledger.RefundExceedsRedeemed: ("input", "points"),
    ledger.TermsNotInForce: ("input",),
    ledger.UnknownReference: ("input",),
    ledger.WalletClosed: ("input", "account"),
    ledger.WalletNotFound: ("input", "account"),
    households.AlreadyInHousehold: (),
    households.HouseholdFull: ("input", "code"),
    households.HouseholdCodeNotValid: ("input", "code"),
    households.NotInHousehold: (),
    households.NotOfHousehold: ("input", "memberId"),
    households.OwnerNeeded: (),
    households.RoleNotEnough: (),
    households.ShareOnlyLowered: ("input", "shareBps"),
    households.ShareOutOfRange: ("input", "shareBps"),
    members.AccountAlreadyLinked: ("input", "reference"),
    members.AccountNotLinked: ("input", "account"),
    members.MemberNotFound: ("input",),
    members.ReferenceNotValid: ("input",),
    merges.AlreadyMerged: ("input", "memberId"),
    merges.InHousehold: ("input", "memberId"),
    merges.MergeNotFound: ("input", "memberId"),
    merges.MergedPointsUsed: ("input", "memberId"),
    merges.OpenHoldsLeft: ("input", "memberId"),
    merges.SameMember: ("input", "survivorId"),
    partners.CoalitionNotSetUp: (),
    partners.CurrencyNotNamed: ("input", "currency"),
    partners.ExchangeNotOffered: ("input",),
    partners.MinimumNotReached: ("input", "points"),
    partners.NotInStep: ("input", "points"),
    partners.PartnerNotFound: ("input",),
    partners.PriceNotValid: ("input", "priceGross"),
    partners.SharesNotWhole: ("input", "shares"),
    partners.UnusedDaysOutOfRange: ("input", "unusedDays"),
    points.ExpiresTooEarly: ("input", "expiresAt"),
    points.GraceOutOfBounds: ("input", "reinstatedUntil"),
    points.HoldEndOutOfBounds: ("input", "endsAt"),
    points.KeyNotValid: ("input", "idempotencyKey"),
    points.NameNotMatched: ("input", "isNameMatched"),
    points.OccurredAtOutOfBounds: ("input", "occurredAt"),
    points.PortionCountOutOfRange: ("input", "portions"),
    points.RateNotValid: ("input", "matchRate"),
    points.ReasonRepeated: ("input", "reason"),
    points.RowFailed: ("input",),
    points.SameWallet: ("input", "toAccount"),
    points.TextTooLong: ("input",),
    settlement.FxRateMissing: ("input", "fx"),
    settlement.FxRateNotPositive: ("input", "fx"),
    settlement.PreviousWindowOpen: ("input", "window"),
    settlement.WindowNotFound: ("input",),
    settlement.WindowNotOver: ("input", "window"),
}

FIELDS: Final = {
    "above_points": "The next larger number that passes; null: none does.",
    "amount": "The amount that was given.",
    "at": "The instant at which terms, or an offer, were looked for.",
    "available_points": "How many can be used now: the most that would pass.",
    "below_points": "The next smaller number that passes.",
    "calendar": "The calendar that was named.",
    "cap": "What the cap is about: a `CapKind`.",
    "characters_max": "How many characters are allowed.",
    "clearing_currency": "ISO 4217 code of the currency in which partners settle.",
    "currencies": "Codes of those of which one is to be named, separated by commas.",
    "currency": "The currency that was given.",
    "count_max": "How many are allowed.",
    "cut_at": "From this instant on it can be closed.",
    "digest": "Digest of what a second person must approve, 64 hexadecimal digits.",
    "earliest": "The first instant that is accepted.",
    "ends_at": "The instant from which it cannot be used any more.",
    "expired_points": "How many of the lot have expired.",
    "expires_at": "The end that was given.",
    "fault": "What our log calls it.",
    "field": "The field of the input that is meant.",
    "given": "What was given, shortened.",
    "given_bps": "What was given.",
    "given_count": "How many were given.",
    "held_points": "How many the hold set aside.",
    "left_points": "How many the cap leaves: the most that would pass.",
    "hold_count": "How many holds are open.",
    "latest": "The last instant that is accepted.",
    "minimum_points": "The smallest number that passes.",
    "members_max": "How many may belong to it.",
    "occurred_at": "The instant at which it happened.",
    "partner": "Code of the partner.",
    "places_max": "How many decimal places are allowed.",
    "points_max": "The most that one operation may move.",
    "points_min": "The least that one operation may move.",
    "previous_window": "Code of the window before.",
    "price_gross": "The price that was given.",
    "rate": "The rate that was given.",
    "reason": "The reason that was given.",
    "reference": "The reference that was given.",
    "refundable_points": "How many of the redemption can still be given back.",
    "reinstated_until": "The instant that was given.",
    "required_points": "How many were asked for.",
    "retry_after_seconds": "After how many seconds to try again, with the same key.",
    "reversible_points": "How many of the issue can still be taken back.",
    "role": "The role of the member.",
    "share_bps": "The largest share that would pass: the one that they have.",
    "shares_sum": "What the shares sum to.",
    "step_points": "Only multiples of it pass.",
    "total_days": "The total days that were given.",
    "unspent_points": "How many of the lot are unspent.",
    "unused_days": "The unused days that were given.",
    "used_points": "How many were used, or have expired.",
    "vat_rate": "The VAT rate that was given.",
    "window": "Code of the window.",
}


def sentence_of(refusal: type[DomainError]) -> str:
    """Give the sentence of a refusal: the first line of its docstring."""
    return (refusal.__doc__ or "").strip().partition("\n")[0]


def code_of(refusal: type[DomainError]) -> str:
    """Write the name of a refusal as a code: InsufficientPoints is INSUFFICIENT_POINTS."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", refusal.__name__).upper()


if TYPE_CHECKING:
    ErrorCode: TypeAlias = Enum
else:
    ErrorCode = strawberry.enum(
        Enum(
            "ErrorCode",
            {
                code_of(refusal): strawberry.enum_value(
                    code_of(refusal), description=sentence_of(refusal)
                )
                for refusal in sorted(REFUSALS, key=code_of)
            },
        ),
        description="What a refusal is, for programs. New codes may come; treat an unknown one as"
        " a refusal all the same.",
    )


@strawberry.interface(
    description="Why the hub refused; nothing was changed. A refusal by the rules is stored under"
    " its key: the same key gives the same refusal, so ask again with a new one."
)
class UserError:
    """Why the hub refused."""

    message: str = strawberry.field(description="One sentence, in English.")
    code: ErrorCode = strawberry.field(description="What it is, for programs.")
    path: list[str] | None = strawberry.field(
        description="The part of the input that it is about, e.g. `input`, `points`."
    )


def _make_type(refusal: type[DomainError]) -> Any:  # noqa: ANN401 (a class made here)
    hints = get_type_hints(refusal)
    own = fields(refusal)  # type: ignore[arg-type]  # refusals are dataclasses
    attributes: dict[str, Any] = {
        field.name: strawberry.field(description=FIELDS[field.name]) for field in own
    }
    attributes["__annotations__"] = {
        field.name: _type_of(field.name, hints[field.name]) for field in own
    }
    attributes["__doc__"] = sentence_of(refusal)
    made = type(refusal.__name__, (UserError,), attributes)
    return strawberry.type(made, description=sentence_of(refusal))


def _type_of(name: str, kind: object) -> object:
    if kind in (int, int | None):
        plain = Points if "points" in name else int
        return plain if kind is int else plain | None
    assert kind in (str, datetime), f"{name}: refusals carry texts, numbers and instants"
    return kind


TYPES: Final[dict[type[DomainError], Any]] = {refusal: _make_type(refusal) for refusal in REFUSALS}


def show_refusal(
    refusal: DomainError, *, row: int | None = None, within: str = "rows"
) -> UserError:
    """Turn a refusal into what the client sees; `row` is where it lies in a list of the input."""
    kind = type(refusal)
    path = REFUSALS[kind]
    if row is not None:
        path = ("input", within, str(row), *path[1:])
    if isinstance(refusal, points.TextTooLong):
        path = (*path, refusal.field)
    own = fields(refusal)  # type: ignore[arg-type]  # refusals are dataclasses
    data = {field.name: getattr(refusal, field.name) for field in own}
    codes: Any = ErrorCode
    shown: UserError = TYPES[kind](
        message=str(refusal), code=codes[code_of(kind)], path=list(path) or None, **data
    )
    return shown
