"""What merging members refuses."""

from dataclasses import dataclass

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class SameMember(DomainError):
    """A member cannot be merged with itself, nor with one that it was merged into."""


@dataclass(eq=False)
class AlreadyMerged(DomainError):
    """The member was merged into another one before; undo that merge first."""


@dataclass(eq=False)
class OpenHoldsLeft(DomainError):
    """Points of the member are set aside; capture or void these holds first."""

    hold_count: int


@dataclass(eq=False)
class InHousehold(DomainError):
    """The member belongs to a household; leave it first."""


@dataclass(eq=False)
class MergeNotFound(DomainError):
    """The member was not merged, or its merge is not over yet."""


@dataclass(eq=False)
class MergedPointsUsed(DomainError):
    """Points that came with the merge were used or have expired: it cannot be undone any more."""

    used_points: int
