"""What the ledger refuses, and what it cannot answer now."""

from dataclasses import dataclass
from datetime import datetime

from hub.kernel.errors import DomainError
from hub.kernel.errors import IdempotencyConflict as IdempotencyConflict
from hub.ledger.operations import Code, Outcome


@dataclass(eq=False)
class InsufficientPoints(DomainError):
    """The wallet has fewer points available than are asked for."""

    available_points: int
    required_points: int


@dataclass(eq=False)
class WalletNotFound(DomainError):
    """There is no such wallet."""


@dataclass(eq=False)
class WalletClosed(DomainError):
    """The wallet is closed."""


@dataclass(eq=False)
class TermsNotInForce(DomainError):
    """The partner has no terms in force at that instant."""

    partner: str
    at: datetime


@dataclass(eq=False)
class DuplicateReference(DomainError):
    """The partner has issued for this reference and reason before."""

    reference: str


@dataclass(eq=False)
class UnknownReference(DomainError):
    """There is nothing of that name that this partner could give back."""


@dataclass(eq=False)
class LotExpired(DomainError):
    """The lot has expired; its issue can no longer be reversed."""


@dataclass(eq=False)
class LotSpent(DomainError):
    """The lot has fewer unspent points than are to be reversed."""

    unspent_points: int
    required_points: int


@dataclass(eq=False)
class RefundExceedsRedeemed(DomainError):
    """More points would be given back than are left of the redemption."""

    refundable_points: int
    required_points: int


@dataclass(eq=False)
class AlreadyCancelled(DomainError):
    """The membership was cancelled before; a sale is cancelled once."""


@dataclass(eq=False)
class Overloaded(DomainError):
    """The hub has more work waiting than it accepts; try again with the same key."""

    retry_after_seconds: int


@dataclass(eq=False)
class OutcomeUnknown(DomainError):
    """The database went away before it answered: the same key, tried again, tells what happened."""


class PosterClosed(RuntimeError):
    """The poster was closed before the operation left."""


_PLAIN: dict[int, type[DomainError]] = {
    Code.WALLET_NOT_FOUND: WalletNotFound,
    Code.WALLET_CLOSED: WalletClosed,
    Code.UNKNOWN_REFERENCE: UnknownReference,
    Code.LOT_EXPIRED: LotExpired,
    Code.ALREADY_CANCELLED: AlreadyCancelled,
    Code.KEY_CONFLICT: IdempotencyConflict,
}


def refusal_of(
    outcome: Outcome, *, points: int, partner: str, at: datetime, reference: str = ""
) -> DomainError | None:
    """Turn the code of an outcome into the refusal it stands for; None when it was booked.

    Units: whole points; `at` is the instant at which terms were looked for.
    """
    detail = outcome.detail or 0
    refusal: DomainError | None
    match outcome.code:
        case Code.BOOKED:
            refusal = None
        case Code.INSUFFICIENT_POINTS:
            refusal = InsufficientPoints(available_points=detail, required_points=points)
        case Code.LOT_SPENT:
            refusal = LotSpent(unspent_points=detail, required_points=points)
        case Code.REFUND_EXCEEDS_REDEEMED:
            refusal = RefundExceedsRedeemed(refundable_points=detail, required_points=points)
        case Code.TERMS_NOT_IN_FORCE:
            refusal = TermsNotInForce(partner=partner, at=at)
        case Code.DUPLICATE_REFERENCE:
            refusal = DuplicateReference(reference=reference)
        case code:
            refusal = _PLAIN[code]()
    return refusal
