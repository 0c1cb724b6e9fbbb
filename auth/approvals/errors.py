"""What is refused until, or because, a second person decided."""

from dataclasses import dataclass
from datetime import datetime

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class SecondPersonNeeded(DomainError):
    """A second person must approve this first; then ask again with the same input and key."""

    digest: str
    ends_at: datetime


@dataclass(eq=False)
class ApprovalRefused(DomainError):
    """The second person refused this; with a new idempotency key it can be asked anew."""


@dataclass(eq=False)
class ApprovalEnded(DomainError):
    """The time for this approval is over; ask anew with a new idempotency key."""

    ends_at: datetime


@dataclass(eq=False)
class ApprovalNotFound(DomainError):
    """Nothing of this digest waits for a second person."""


@dataclass(eq=False)
class FourEyesRequired(DomainError):
    """Another person must decide: you asked for it yourself."""


@dataclass(eq=False)
class ApprovalAlreadyDecided(DomainError):
    """This was decided before, differently or by somebody else."""
