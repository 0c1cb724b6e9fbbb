"""What is refused about people, their roles, and when somebody signs in."""

from dataclasses import dataclass

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class PersonNotFound(DomainError):
    """There is no such person."""


@dataclass(eq=False)
class EmailNotValid(DomainError):
    """The address is not one that a message can be sent to."""

    given: str


@dataclass(eq=False)
class RoleNotForThem(DomainError):
    """Roles at a partner are for a partner's people, the other roles for the hub's own."""

    role: str


@dataclass(eq=False)
class SignInRefused(DomainError):
    """That passkey was not accepted; begin again."""


@dataclass(eq=False)
class InvitationNotValid(DomainError):
    """The invitation was used, is too old, or never was one; ask for a new one."""


@dataclass(eq=False)
class NotSignedIn(DomainError):
    """Nobody is signed in any more."""


@dataclass(eq=False)
class SignInTooOld(DomainError):
    """What is asked takes a passkey that was shown just now."""


@dataclass(eq=False)
class TooManyPasskeys(DomainError):
    """There are as many passkeys as there may be; remove one first."""

    count_max: int


@dataclass(eq=False)
class LastPasskey(DomainError):
    """The last passkey stays: without it nobody could sign in."""


@dataclass(eq=False)
class PasskeyNotFound(DomainError):
    """There is no such passkey of yours."""


@dataclass(eq=False)
class OriginNotOwn(DomainError):
    """The request does not come from a page of the hub."""
