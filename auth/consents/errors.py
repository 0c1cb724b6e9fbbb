"""What is refused when a member's agreement is missing or does not fit."""

from dataclasses import dataclass

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class TillCodeNotValid(DomainError):
    """The till code is wrong, used or over a minute old; to repeat, send a new one or `account`."""


@dataclass(eq=False)
class TooManyTillCodes(DomainError):
    """Too many wrong till codes came from this partner; try again later."""

    retry_after_seconds: int


@dataclass(eq=False)
class ConsentRequired(DomainError):
    """The member has to agree: send a till code, or a token that the member gave for this order."""


@dataclass(eq=False)
class ConsentNotForThis(DomainError):
    """The member agreed to another redemption: other points, reference or wallet."""


@dataclass(eq=False)
class ConsentSpent(DomainError):
    """What the member agreed to was redeemed before, by another request."""
