"""One GraphQL type per refusal of the domain, with its data; made from the errors themselves.

The table says which errors a client may ever see, and which part of the input each is about.
"""

import re
from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias, get_type_hints

import strawberry

from hub.kernel import errors as kernel
from hub.kernel.errors import DomainError
from hub.ledger import errors as ledger
from hub.members import errors as members
from hub.points import errors as points
from partners import errors as partners
from schema.scalars import Points
from settlement import errors as settlement

Path = tuple[str, ...]

REFUSALS: Final[dict[type[DomainError], Path]] = {
    kernel.AmountNotExact: ("input", "amount"),
    kernel.CurrencyNotSettleable: ("input",),
    kernel.CurrencyUnknown: ("input",),
    kernel.IdempotencyConflict: ("input", "idempotencyKey"),
    kernel.PointsOutOfRange: ("input", "points"),
    ledger.AlreadyCancelled: ("input", "saleId"),
    ledger.DuplicateReference: ("input", "reference"),
    ledger.InsufficientPoints: ("input", "points"),
    ledger.LotExpired: ("input", "lotId"),
    ledger.LotSpent: ("input", "points"),
    ledger.RefundExceedsRedeemed: ("input", "points"),
    ledger.TermsNotInForce: ("input",),
    ledger.UnknownReference: ("input",),
    ledger.WalletClosed: ("input", "account"),
    ledger.WalletNotFound: ("input", "account"),
    members.AccountAlreadyLinked: ("input", "reference"),
    members.AccountNotLinked: ("input", "account"),
    members.MemberNotFound: ("input",),
    members.ReferenceNotValid: ("input",),
    partners.CoalitionNotSetUp: (),
    partners.PartnerNotFound: ("input",),
    partners.PriceNotValid: ("input", "priceGross"),
    partners.SharesNotWhole: ("input", "shares"),
    partners.UnusedDaysOutOfRange: ("input", "unusedDays"),
    points.ExpiresTooEarly: ("input", "expiresAt"),
    points.KeyNotValid: ("input", "idempotencyKey"),
    points.OccurredAtOutOfBounds: ("input", "occurredAt"),
    points.RateNotValid: ("input", "matchRate"),
    points.SameWallet: ("input", "toAccount"),
    points.TextTooLong: ("input",),
    points.TransferBetweenLanes: ("input", "toAccount"),
    settlement.FxRateMissing: ("input", "fx"),
    settlement.FxRateNotPositive: ("input", "fx"),
    settlement.PreviousWindowOpen: ("input", "window"),
    settlement.WindowNotFound: ("input",),
    settlement.WindowNotOver: ("input", "window"),
}

FIELDS: Final = {
    "amount": "The amount that was given.",
    "at": "The instant at which terms were looked for.",
    "available_points": "How many can be used now: the most that would pass.",
    "calendar": "The calendar that was named.",
    "characters_max": "How many characters are allowed.",
    "clearing_currency": "ISO 4217 code of the currency in which partners settle.",
    "currency": "The currency that was given.",
    "cut_at": "From this instant on it can be closed.",
    "earliest": "The first instant that is accepted.",
    "expires_at": "The end that was given.",
    "field": "The field of the input that is meant.",
    "given": "What was given, shortened.",
    "latest": "The last instant that is accepted.",
    "occurred_at": "The instant at which it happened.",
    "partner": "Code of the partner.",
    "places_max": "How many decimal places are allowed.",
    "points_max": "The most that one operation may move.",
    "points_min": "The least that one operation may move.",
    "previous_window": "Code of the window before.",
    "price_gross": "The price that was given.",
    "rate": "The rate that was given.",
    "reference": "The reference that was given.",
    "refundable_points": "How many of the redemption can still be given back.",
    "required_points": "How many were asked for.",
    "shares_sum": "What the shares sum to.",
    "total_days": "The total days that were given.",
    "unspent_points": "How many of the lot are unspent.",
    "unused_days": "The unused days that were given.",
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
    if kind is int:
        return Points if "points" in name else int
    assert kind in (str, datetime), f"{name}: refusals carry texts, numbers and instants"
    return kind


TYPES: Final[dict[type[DomainError], Any]] = {refusal: _make_type(refusal) for refusal in REFUSALS}


def show_refusal(refusal: DomainError) -> UserError:
    """Turn a refusal into what the client sees."""
    kind = type(refusal)
    path = REFUSALS[kind]
    if isinstance(refusal, points.TextTooLong):
        path = (*path, refusal.field)
    own = fields(refusal)  # type: ignore[arg-type]  # refusals are dataclasses
    data = {field.name: getattr(refusal, field.name) for field in own}
    codes: Any = ErrorCode
    shown: UserError = TYPES[kind](
        message=str(refusal), code=codes[code_of(kind)], path=list(path) or None, **data
    )
    return shown
