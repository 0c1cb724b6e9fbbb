"""What the ledger refuses, and what it cannot answer now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hub.kernel.errors import DomainError
from hub.kernel.errors import IdempotencyConflict as IdempotencyConflict
from hub.ledger.caps.kinds import CapKind, kind_of
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
    """The lot has expired: it can no longer be reversed, extended or released."""


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
class ReverseExceedsIssued(DomainError):
    """More points would be taken back than are left of the issue."""

    reversible_points: int
    required_points: int


@dataclass(eq=False)
class HoldEnded(DomainError):
    """The hold was captured, voided, or lapsed before; it ends once."""


@dataclass(eq=False)
class CaptureExceedsHold(DomainError):
    """More points would be captured than the hold set aside."""

    held_points: int
    required_points: int


@dataclass(eq=False)
class ExceedsExpired(DomainError):
    """Fewer points of the lot have expired than are to be reinstated."""

    expired_points: int
    required_points: int


@dataclass(eq=False)
class LotNotPending(DomainError):
    """The lot has no pending points: there is nothing to release."""


@dataclass(eq=False)
class LotNotExpired(DomainError):
    """The lot has not expired; its end can be extended instead."""


@dataclass(eq=False)
class EndNotLater(DomainError):
    """The new end must lie after the lot's end, and in the future."""


@dataclass(eq=False)
class ExceedsArrears(DomainError):
    """The wallet owes fewer points than that."""

    owed_points: int
    required_points: int


@dataclass(eq=False)
class CapReached(DomainError):
    """A cap leaves fewer points than are asked for; the largest number that would pass is given."""

    cap: str
    left_points: int
    required_points: int


@dataclass(eq=False)
class NetDebitCapReached(DomainError):
    """The issuer of the points may not owe more; nothing was posted."""


@dataclass(eq=False)
class GroupRefused(DomainError):
    """Another operation of the same group was refused, so none of them was booked."""


@dataclass(eq=False)
class NothingToMove(DomainError):
    """The wallet has no points to move."""


@dataclass(eq=False)
class Overloaded(DomainError):
    """The hub has more work waiting than it accepts; try again with the same key."""

    retry_after_seconds: int


@dataclass(eq=False)
class OutcomeUnknown(DomainError):
    """The database went away before it answered: the same key, tried again, tells what happened."""


class PosterClosed(RuntimeError):
    """The poster was closed before the operation left."""


_COUNTED: dict[int, Callable[[int, int], DomainError]] = {
    Code.INSUFFICIENT_POINTS: InsufficientPoints,
    Code.LOT_SPENT: LotSpent,
    Code.REFUND_EXCEEDS_REDEEMED: RefundExceedsRedeemed,
    Code.REVERSE_EXCEEDS_ISSUED: ReverseExceedsIssued,
    Code.CAPTURE_EXCEEDS_HOLD: CaptureExceedsHold,
    Code.EXCEEDS_EXPIRED: ExceedsExpired,
    Code.EXCEEDS_ARREARS: ExceedsArrears,
}
"""Refusals that carry how many points would have passed, and how many were asked for."""

_PLAIN: dict[int, type[DomainError]] = {
    Code.WALLET_NOT_FOUND: WalletNotFound,
    Code.WALLET_CLOSED: WalletClosed,
    Code.UNKNOWN_REFERENCE: UnknownReference,
    Code.LOT_EXPIRED: LotExpired,
    Code.ALREADY_CANCELLED: AlreadyCancelled,
    Code.HOLD_ENDED: HoldEnded,
    Code.LOT_NOT_PENDING: LotNotPending,
    Code.LOT_NOT_EXPIRED: LotNotExpired,
    Code.END_NOT_LATER: EndNotLater,
    Code.GROUP_REFUSED: GroupRefused,
    Code.NOTHING_TO_BOOK: NothingToMove,
    Code.KEY_CONFLICT: IdempotencyConflict,
}


def refusal_of(
    outcome: Outcome, *, points: int, partner: str, at: datetime, reference: str = ""
) -> DomainError | None:
    """Turn the code of an outcome into the refusal it stands for; None when it was booked.

    Units: whole points; `at` is the instant at which terms were looked for.
    """
    match outcome.code:
        case Code.BOOKED:
            return None
        case Code.TERMS_NOT_IN_FORCE:
            return TermsNotInForce(partner=partner, at=at)
        case Code.DUPLICATE_REFERENCE:
            return DuplicateReference(reference=reference)
        case Code.CAP_REACHED:
            return _cap_refusal_of(outcome, points)
        case code if code in _COUNTED:
            return _COUNTED[code](outcome.detail or 0, points)
        case code:
            return _PLAIN[code]()


def _cap_refusal_of(outcome: Outcome, points: int) -> DomainError:
    assert outcome.cap_id is not None, "a cap that refuses says which it is"
    kind = kind_of(outcome.cap_id)
    if kind is CapKind.NET_DEBIT:
        return NetDebitCapReached()
    return CapReached(kind.name, outcome.detail or 0, points)
