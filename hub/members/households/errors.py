"""What a household refuses."""

from dataclasses import dataclass

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class AlreadyInHousehold(DomainError):
    """The member belongs to a household; one belongs to one at a time."""


@dataclass(eq=False)
class NotInHousehold(DomainError):
    """The member does not belong to a household."""


@dataclass(eq=False)
class RoleNotEnough(DomainError):
    """The member's role in the household does not allow this."""

    role: str


@dataclass(eq=False)
class HouseholdFull(DomainError):
    """The household has as many members as it may have."""

    members_max: int


@dataclass(eq=False)
class HouseholdCodeNotValid(DomainError):
    """The code is none, was used, or is too old; ask for a new one."""


@dataclass(eq=False)
class OwnerNeeded(DomainError):
    """The household would be left without an owner; make somebody else an owner first."""


@dataclass(eq=False)
class ShareOutOfRange(DomainError):
    """A share is 0 to 10,000 basis points: nothing to all."""

    given_bps: int


@dataclass(eq=False)
class NotOfHousehold(DomainError):
    """Nobody of that id belongs to your household."""


@dataclass(eq=False)
class ShareOnlyLowered(DomainError):
    """An owner may lower the share of another member; only they themselves may raise it."""

    share_bps: int
    given_bps: int
