"""What enrolment refuses."""

from dataclasses import dataclass

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class MemberNotFound(DomainError):
    """There is no such member."""


@dataclass(eq=False)
class AccountNotLinked(DomainError):
    """No member is linked to this reference of the partner."""

    reference: str


@dataclass(eq=False)
class AccountAlreadyLinked(DomainError):
    """This reference of the partner is linked to another member."""

    reference: str


@dataclass(eq=False)
class ReferenceNotValid(DomainError):
    """A reference is 1 to 128 printable characters without blanks at its ends."""

    given: str
    characters_max: int
