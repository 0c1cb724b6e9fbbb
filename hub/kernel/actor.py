"""Who acts now."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """What sort of actor it is: the hub itself, its staff, a partner's software, or a member."""

    HUB = "hub"
    OPERATOR = "operator"
    PARTNER = "partner"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts; `number` is the partner's or the member's id, 0 for the hub and its staff."""

    kind: ActorKind
    number: int = 0

    def __str__(self) -> str:
        """Name the actor as the journal does, e.g. `partner:7`."""
        return f"{self.kind}:{self.number}" if self.number else str(self.kind)

    @property
    def is_operator(self) -> bool:
        """Whether a person of the hub acts."""
        return self.kind is ActorKind.OPERATOR


HUB_ACTOR = Actor(ActorKind.HUB)
