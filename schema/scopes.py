"""Which scopes a field takes: the table of permissions, as the schema's directives tell it."""

from typing import Final

from strawberry.utils.str_converters import to_camel_case

from auth.permissions import OBJECTS, POLICIES, find_scope
from auth.policies import Policy

ROOTS: Final = frozenset({"Query", "Mutation", "Subscription"})


def scopes_of(kind: str, field: str | None) -> tuple[str, ...]:
    """List the scopes that a type, or a field of it, takes; a field: beyond those of its type."""
    policy = _find_policy(kind, field)
    scope = find_scope(policy) if policy else None
    return (scope,) if scope else ()


def _find_policy(kind: str, field: str | None) -> Policy | None:
    if kind in ROOTS:
        return POLICIES.get(field) if field else None
    shown = OBJECTS.get(kind)
    if shown is None or field is None:
        return shown.policy if shown else None
    return shown.narrower.get(to_camel_case(field))
