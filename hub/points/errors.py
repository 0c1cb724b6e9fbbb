"""What the verbs refuse before the ledger is asked."""

from dataclasses import dataclass
from datetime import datetime

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class OccurredAtOutOfBounds(DomainError):
    """It happened too long ago, or lies in the future."""

    occurred_at: datetime
    earliest: datetime
    latest: datetime


@dataclass(eq=False)
class ExpiresTooEarly(DomainError):
    """Points must expire after they are issued."""

    expires_at: datetime
    occurred_at: datetime


@dataclass(eq=False)
class KeyNotValid(DomainError):
    """An idempotency key is 1 to 128 printable ASCII characters."""

    characters_max: int


@dataclass(eq=False)
class TextTooLong(DomainError):
    """The text is empty, too long, or has characters that cannot be printed."""

    field: str
    characters_max: int


@dataclass(eq=False)
class SameWallet(DomainError):
    """Points cannot be transferred to the wallet they come from."""


@dataclass(eq=False)
class HoldEndOutOfBounds(DomainError):
    """A hold must end later than it begins, and not too far ahead."""

    ends_at: datetime
    latest: datetime


@dataclass(eq=False)
class GraceOutOfBounds(DomainError):
    """Points that expired meanwhile may come back for a while only, and not in the past."""

    reinstated_until: datetime
    latest: datetime


@dataclass(eq=False)
class NameNotMatched(DomainError):
    """The name on the account that is to be credited is not the member's."""


@dataclass(eq=False)
class RateNotValid(DomainError):
    """The rate is not a decimal of 0 or more with at most eight places."""

    given: str


@dataclass(eq=False)
class CapNotFound(DomainError):
    """There is no such cap."""

    cap: str


@dataclass(eq=False)
class CapNotValid(DomainError):
    """A cap cannot be like that."""

    field: str
    expected: str


@dataclass(eq=False)
class RowFailed(DomainError):
    """Something went wrong on our side with this row alone; name the fault when you ask us.

    `fault` is what the log calls it. The same key, tried again, tells what became of the row.
    """

    fault: str


@dataclass(eq=False)
class PortionCountOutOfRange(DomainError):
    """A purchase has at least one portion, and not too many."""

    given_count: int
    count_max: int


@dataclass(eq=False)
class ReasonRepeated(DomainError):
    """Two portions of the purchase have the same reason; each reason is issued for once."""

    reason: str


@dataclass(eq=False)
class PortionRefused(DomainError):
    """One portion of the purchase was refused, so none of them was issued.

    `index` says which one, counted from 0; `refusal` why.
    """

    index: int
    refusal: DomainError
