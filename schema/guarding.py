"""The table of permissions at work: at root fields, and at the fields of objects."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, is_object_type

from auth.permissions import ANYBODY, OBJECTS, Denial, Lack, find_denial
from auth.policies import Policy
from hub.kernel.actor import Actor
from schema.faults import Fault, FaultCode, forbidden

FOLLOWING_SUFFIXES: Final = ("Connection", "Edge")
FOLLOWING_INTERFACES: Final = frozenset({"Payload", "UserError"})
FOLLOWING_TYPES: Final = frozenset({"PageInfo"})

Resolve = Callable[..., Any]


def fault_of(actor: Actor, denial: Denial) -> Fault:
    """Say why an actor may not, and what would do."""
    match denial.lack:
        case Lack.SCOPE:
            message = f"The token lacks the scope `{denial.required}`."
            return Fault(FaultCode.FORBIDDEN, message, requiredScope=denial.required)
        case Lack.ROLE:
            message = f"This takes one of the roles {denial.required}."
            return Fault(FaultCode.FORBIDDEN, message, requiredRoles=denial.required.split(", "))
        case Lack.FRESHNESS:
            message = "Show your passkey again at /sign-in: this takes a fresh sign-in."
            return Fault(
                FaultCode.INSUFFICIENT_USER_AUTHENTICATION,
                message,
                acrValues="phr",
                maxAge=int(denial.required),
            )
    return forbidden(f"A {actor.kind} may not use this.")


def guard_objects(schema: GraphQLSchema) -> None:
    """Let every field of every object ask the table first; one that has no line refuses."""
    for kind in list_guarded(schema):
        shown = OBJECTS.get(kind.name)
        for name, field in kind.fields.items():
            _guard(field, shown.policy_of(name) if shown else None)


def list_guarded(schema: GraphQLSchema) -> Iterator[GraphQLObjectType]:
    """List the object types that have lines of their own in the table.

    Fields of payloads and refusals follow their mutation, connections and edges their node.
    """
    roots = {schema.query_type, schema.mutation_type, schema.subscription_type}
    for kind in schema.type_map.values():
        if not is_object_type(kind) or kind in roots or kind.name.startswith("_"):
            continue
        interfaces = {interface.name for interface in kind.interfaces}
        is_following = (
            kind.name in FOLLOWING_TYPES
            or kind.name.endswith(FOLLOWING_SUFFIXES)
            or interfaces & FOLLOWING_INTERFACES
        )
        if not is_following:
            yield kind


def _guard(field: GraphQLField, policy: Policy | None) -> None:
    if policy is ANYBODY:
        return
    resolve = field.resolve
    assert resolve is not None, "Strawberry gives every field a resolver"

    def guarded(source: object, info: Any, **arguments: object) -> object:  # noqa: ANN401
        if policy is None:
            raise forbidden("Nobody has decided who may see this.")
        actor = info.context.actor
        denial = find_denial(actor, policy)
        if denial is not None:
            raise fault_of(actor, denial)
        return resolve(source, info, **arguments)

    field.resolve = guarded
