"""The schema itself: described, exact, compatible, and complete about its refusals."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    specified_scalar_types,
)

from auth.permissions import POLICIES
from hub.kernel.errors import DomainError
from hub.ledger.errors import OutcomeUnknown, Overloaded
from schema.faults import FaultCode
from schema.fields import MUTATIONS
from schema.refusals import FIELDS, REFUSALS, code_of
from schema.roots import SCHEMA, Mutation, Query, Subscription
from tests.snapshots import write_schema

SNAPSHOT = Path(__file__).parent.parent.parent / "schema" / "schema.graphql"
CORE = SCHEMA._schema
FEDERATION = ("__", "_FieldSet", "link__")
"""Types of GraphQL itself, and of the directives of Federation."""
OWN = {
    name: kind
    for name, kind in CORE.type_map.items()
    if not name.startswith(FEDERATION) and name not in specified_scalar_types
}
FAULTS = {Overloaded, OutcomeUnknown}
"""Refusals that are top-level errors: limits and faults."""


def test_the_snapshot_is_the_schema():
    assert SNAPSHOT.read_text() == write_schema(), "run `make snapshots` and read the diff"


def test_everything_is_described():
    silent = []
    for name, kind in OWN.items():
        if not kind.description:
            silent.append(name)
        if isinstance(kind, GraphQLEnumType):
            silent += [f"{name}.{v}" for v, value in kind.values.items() if not value.description]
        for field_name, field in getattr(kind, "fields", {}).items():
            if not field.description:
                silent.append(f"{name}.{field_name}")
            for argument_name, argument in getattr(field, "args", {}).items():
                if not argument.description:
                    silent.append(f"{name}.{field_name}({argument_name})")
    assert silent == []


def test_nothing_is_a_float():
    assert "Float" not in {str(kind).strip("[]!") for kind in all_kinds()}


def all_kinds() -> Iterator[object]:
    for kind in OWN.values():
        for field in getattr(kind, "fields", {}).values():
            yield field.type
            yield from (argument.type for argument in getattr(field, "args", {}).values())


def test_every_connection_is_read_from_both_ends():
    for kind in OWN.values():
        for name, field in getattr(kind, "fields", {}).items():
            if str(field.type).strip("!").endswith("Connection"):
                pages = {page: str(field.args[page].type) for page in PAGE}
                assert pages == PAGE, f"{kind.name}.{name}"


PAGE = {"first": "Int", "after": "String", "last": "Int", "before": "String"}


def test_lists_are_lists_of_something():
    for kind in OWN.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                if "[" in str(field.type) and f"{kind.name}.{name}" not in (
                    "Query.nodes",
                    "Query._entities",
                ):
                    assert "!]" in str(field.type), f"{kind.name}.{name}"


def test_every_mutation_takes_one_input_with_a_key_and_answers_a_payload():
    for name, field in CORE.mutation_type.fields.items():
        title = name[0].upper() + name[1:]
        assert list(field.args) == ["input"]
        given = field.args["input"].type.of_type
        assert isinstance(given, GraphQLInputObjectType)
        assert given.name == f"{title}Input"
        keyed = given
        if name.startswith("bulk"):  # each row has a key of its own
            assert str(given.fields["rows"].type) == f"[{title.removeprefix('Bulk')}Input!]!"
            keyed = given.fields["rows"].type.of_type.of_type.of_type
        assert str(keyed.fields["idempotencyKey"].type) == "String!"
        assert str(field.type) == f"{title}Payload!"
        assert str(field.type.of_type.fields["userErrors"].type) == "[UserError!]!"


def test_every_root_field_has_a_policy_and_every_policy_a_field():
    names = {f.name for root in (Query, Mutation, Subscription) for f in fields(root)}
    assert names == set(POLICIES)


def test_a_field_without_a_policy_cannot_be_built():
    import strawberry

    from schema.fields import query

    @query("Something.")
    async def unheard_of(info: strawberry.Info) -> str:
        return ""

    @strawberry.type
    class Root:
        anything = unheard_of

    with pytest.raises(TypeError, match="no line for anything"):
        strawberry.Schema(query=Root)


def test_the_codes_of_faults_are_these():
    assert {code.value for code in FaultCode} == {
        "UNAUTHENTICATED",
        "FORBIDDEN",
        "INSUFFICIENT_USER_AUTHENTICATION",
        "BAD_REQUEST",
        "BAD_USER_INPUT",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "OPERATION_RESOLUTION_FAILURE",
        "PERSISTED_QUERY_NOT_FOUND",
        "PERSISTED_QUERY_NOT_SUPPORTED",
        "TRUSTED_DOCUMENTS_ONLY",
        "TOO_MANY_SUBSCRIPTIONS",
        "SUBSCRIBER_TOO_SLOW",
        "TOOK_TOO_LONG",
        "THROTTLED",
        "INTERNAL_SERVER_ERROR",
        "OVERLOADED",
        "OUTCOME_UNKNOWN",
    }


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_a_mutation_lists_what_its_verb_refuses(name):
    """The `Errors:` line of the verb's docstring and the mutation's list are one."""
    made = MUTATIONS[name]
    assert set(made.verb_refusals) == documented(made.verb) - FAULTS
    assert set(made.refusals) <= set(REFUSALS)


@pytest.mark.parametrize("refusal", sorted(REFUSALS, key=code_of), ids=code_of)
def test_every_refusal_is_a_type_with_its_data(refusal):
    kind = OWN[refusal.__name__]
    own = {re.sub(r"_(\w)", lambda m: m[1].upper(), f.name) for f in fields(refusal)}
    assert set(kind.fields) == own | {"message", "code", "path"}
    assert [each.name for each in kind.interfaces] == ["UserError"]
    assert code_of(refusal) in OWN["ErrorCode"].values


def test_every_refusal_of_the_table_is_listed_by_some_mutation():
    listed = {refusal for made in MUTATIONS.values() for refusal in made.refusals}
    assert listed == set(REFUSALS)
    assert {f.name for refusal in REFUSALS for f in fields(refusal)} == set(FIELDS)


def test_ids_of_things_are_ids_and_instants_are_instants():
    for kind in OWN.values():
        for name, field in getattr(kind, "fields", {}).items():
            plain = str(field.type).strip("[]!")
            if name.endswith("At"):
                assert plain == "DateTime", f"{kind.name}.{name}"
            if name == "id" or name.endswith("Id"):
                assert plain == "ID", f"{kind.name}.{name}"
            if name.endswith(("Points", "points")) and name != "checkpoints":
                assert plain == "Points" or "Payload" in plain, f"{kind.name}.{name}"


def documented(verb) -> set[type[DomainError]]:
    """Read the `Errors:` lines of a verb: names of errors, and `as x` or `those of x`."""
    text = " ".join((verb.__doc__ or "").split())
    found = re.search(r"Errors: (.*?)\.(?: [A-Z]\w+:|$)", text)
    if found is None:
        return set()
    listed = set()
    for word in re.findall(r"`(\w+)`|\b([A-Z]\w+)\b", found[1]):
        if word[0]:
            listed |= documented(look_up(verb, word[0]))
        else:
            listed.add(error_of(word[1]))
    return listed


def look_up(verb, name):
    import importlib

    return getattr(importlib.import_module(verb.__module__), name)


def error_of(name: str) -> type[DomainError]:
    (found,) = {kind for kind in all_errors(DomainError) if kind.__name__ == name}
    return found


def all_errors(kind) -> Iterator[type[DomainError]]:
    for each in kind.__subclasses__():
        yield each
        yield from all_errors(each)
