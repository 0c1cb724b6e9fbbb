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
class TransferBetweenLanes(DomainError):
    """Points cannot move between these two wallets yet: they lie in different lanes."""


@dataclass(eq=False)
class RateNotValid(DomainError):
    """The rate is not a decimal of 0 or more with at most eight places."""

    given: str
