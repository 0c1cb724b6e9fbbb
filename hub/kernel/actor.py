"""Who acts now, and what they showed to be let in."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final


class ActorKind(StrEnum):
    """What sort of actor it is: the hub itself, its staff, a partner's software, or a member."""

    HUB = "hub"
    OPERATOR = "operator"
    PARTNER = "partner"
    MEMBER = "member"


class Proof(StrEnum):
    """How an actor showed who they are."""

    NONE = "none"
    DEVELOPMENT_TOKEN = "development_token"  # noqa: S105 (a kind of proof, not a secret)
    ACCESS_TOKEN = "access_token"  # noqa: S105 (as above)
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Order:
    """The one redemption that a member agreed to: so many points, under this reference."""

    points: int
    reference: str


@dataclass(frozen=True, slots=True)
class Credential:
    """What an actor showed: how far it reaches, and until when.

    `scopes` is None where scopes limit nothing: development tokens and sessions. `delegated_by` is
    the member who let a partner's client act, `order` what for, `authenticated_at` when that
    member, or the person of a session, last proved who they are.
    """

    proof: Proof = Proof.NONE
    scopes: frozenset[str] | None = None
    roles: frozenset[str] = frozenset()
    client_id: str | None = None
    token_id: str | None = None
    grant_id: int | None = None
    session_id: int | None = None
    staff_id: int | None = None
    delegated_by: int | None = None
    order: Order | None = None
    authenticated_at: datetime | None = None
    ends_at: datetime | None = None


NO_CREDENTIAL: Final = Credential()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts; `number` is the partner's or the member's id, 0 for the hub and its staff.

    Two actors are the same when they are the same party, whatever each showed: ids, keys and the
    journal go by the party alone.
    """

    kind: ActorKind
    number: int = 0
    credential: Credential = field(default=NO_CREDENTIAL, compare=False, repr=False)

    def __str__(self) -> str:
        """Name the actor as the journal does, e.g. `partner:7`."""
        return f"{self.kind}:{self.number}" if self.number else str(self.kind)

    @property
    def is_operator(self) -> bool:
        """Whether a person of the hub acts."""
        return self.kind is ActorKind.OPERATOR

    @property
    def ends_at(self) -> datetime | None:
        """From when on they must show anew who they are; None: never."""
        return self.credential.ends_at


HUB_ACTOR = Actor(ActorKind.HUB)
