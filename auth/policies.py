"""What a policy is: who may use an operation, on what, and what else it takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

STEP_UP_SECONDS: Final = 300
"""How fresh a person's passkey must be for what is dangerous (`hub.settings` may shorten it)."""


class Role(StrEnum):
    """What a person may do. Roles lie in the session of a person, never in a token."""

    SUPPORT = "support"
    OPERATOR = "operator"
    FINANCE_MAKER = "finance_maker"
    FINANCE_CHECKER = "finance_checker"
    AUDITOR = "auditor"
    SECURITY_ADMIN = "security_admin"
    PARTNER_FINANCE = "partner_finance"
    PARTNER_ADMIN = "partner_admin"


PARTNER_ROLES: Final = frozenset({Role.PARTNER_FINANCE, Role.PARTNER_ADMIN})
"""Roles at one partner: who has one acts as that partner."""
STAFF_ROLES: Final = frozenset(Role) - PARTNER_ROLES
READERS: Final = STAFF_ROLES - {Role.SECURITY_ADMIN}
"""People of the hub who look after members, points and money."""


class Relation(StrEnum):
    """What an object must be to the actor; anything else reads like what is not there."""

    ANYTHING = "anything"
    COMMON = "what all of the coalition know"
    OWN_ISSUE = "lots that it issued"
    OWN_ACCEPTANCE = "redemptions that it accepts"
    OWN_MEMBERS = "members that it has linked, by its own references"
    OWN_PARTNER = "its own"
    OWN_SIDE = "its own row and column"
    SELF = "the own account"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a partner's software, or a member, may touch, and the scope that a token needs for it.

    `needs_member`: a token of a partner must come from the member whose points are used.
    """

    relation: Relation
    scope: str | None = None
    needs_member: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may use an operation.

    `staff` are the hub's own people: they may touch anything of the coalition. `people` are those
    of a partner, in whose name they act; they may touch what its software may.
    """

    staff: frozenset[Role] = frozenset()
    partner: Grant | None = None
    people: frozenset[Role] = frozenset()
    member: Grant | None = None
    is_dangerous: bool = False
    needs_second_person: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """The fields of an object, and who may look at them once the object is theirs to see.

    `fields` are names parted by spaces; `narrower` have a policy of their own.
    """

    policy: Policy
    fields: str
    narrower: Mapping[str, Policy] = field(default_factory=lambda: MappingProxyType({}))

    def policy_of(self, name: str) -> Policy | None:
        """Find the policy of a field; None: nobody has decided it."""
        return self.narrower.get(name) or (self.policy if name in self.fields.split() else None)
