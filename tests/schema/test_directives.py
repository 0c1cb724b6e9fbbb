"""What the schema says for programs: nothing is left out, and it is the truth."""

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)
from graphql.language import ListValueNode

from auth.permissions import OBJECTS, POLICIES, find_scope
from schema.cost.weights import read_weights
from schema.directives import Idempotent, ListSize, RequiresScope, find_directive
from schema.roots import CORE, SCHEMA

OBJECT_TYPES = [
    kind
    for kind in CORE.type_map.values()
    if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")
]
PUBLISHED = build_schema(SCHEMA.as_str())
"""What a client knows: the printed schema, and nothing else."""


def test_every_field_of_a_connection_says_how_its_size_is_asked_for():
    found = 0
    for kind in OBJECT_TYPES:
        for name, field in kind.fields.items():
            if not get_named_type(field.type).name.endswith("Connection"):
                continue
            size = find_directive(field, ListSize)
            assert size is not None, f"{kind.name}.{name}"
            assert set(size.slicing_arguments) == {"first", "last"}, f"{kind.name}.{name}"
            assert set(size.sized_fields) == {"edges", "nodes"}, f"{kind.name}.{name}"
            assert size.assumed_size == 20
            found += 1
    assert found > 10


def test_every_other_list_of_objects_says_its_size_or_is_sized_by_the_field_above():
    for kind in OBJECT_TYPES:
        for name, field in kind.fields.items():
            is_list = is_list_type(get_nullable_type(field.type))
            if is_list and is_composite_type(get_named_type(field.type)):
                is_sized_above = kind.name.endswith(("Connection", "Payload"))
                is_sized = find_directive(field, ListSize) is not None
                assert is_sized != is_sized_above, f"{kind.name}.{name}"


def test_a_list_in_a_payload_is_sized_by_its_mutation():
    for name, field in CORE.mutation_type.fields.items():
        lists = {
            part
            for part, each in get_named_type(field.type).fields.items()
            if is_list_type(get_nullable_type(each.type))
            and is_composite_type(get_named_type(each.type))
        }
        size = find_directive(field, ListSize)
        assert lists - {"userErrors"} == set(size.sized_fields if size else ()), name


def test_every_mutation_says_where_its_key_is():
    for name, field in CORE.mutation_type.fields.items():
        marked = find_directive(field, Idempotent)
        assert marked is not None, name
        kind = field.args
        *path, last = marked.key.split(".")
        for step in path:
            kind = get_named_type(kind[step].type).fields
        assert last == "idempotencyKey"
        assert last in kind, name


def test_the_scopes_are_those_of_the_table_of_permissions():
    for root in (CORE.query_type, CORE.mutation_type):
        for name, field in root.fields.items():
            python_name = field.extensions["strawberry-definition"].python_name
            scope = find_scope(POLICIES[python_name])
            marked = find_directive(field, RequiresScope)
            assert (marked.scopes if marked else []) == ([scope] if scope else []), name
    for name, shown in OBJECTS.items():
        if name in CORE.type_map:
            marked = find_directive(CORE.type_map[name], RequiresScope)
            scope = find_scope(shown.policy)
            assert (marked.scopes if marked else []) == ([scope] if scope else []), name


def argument_of(node, directive, name):
    """Read an argument of a directive in the published schema; None when it is not there."""
    for each in node.directives or ():
        if each.name.value == directive:
            for argument in each.arguments or ():
                if argument.name.value == name:
                    value = argument.value
                    if isinstance(value, ListValueNode):
                        return [item.value for item in value.values]
                    return value.value
    return None


def test_the_published_schema_says_all_that_the_prices_are_made_of():
    """Whoever has nothing but the text computes the same weights."""
    for kind_name, fields in read_weights(CORE).items():
        for name, weight in fields.items():
            field = PUBLISHED.type_map[kind_name].fields[name]
            named = get_named_type(field.type)
            own = argument_of(field.ast_node, "cost", "weight")
            if own is None and getattr(named, "ast_node", None) is not None:
                own = argument_of(named.ast_node, "cost", "weight")
            default = 1 if is_composite_type(named) else 0
            assert weight.weight == (default if own is None else int(own)), f"{kind_name}.{name}"
            asked = argument_of(field.ast_node, "listSize", "slicingArguments") or []
            sized = argument_of(field.ast_node, "listSize", "sizedFields") or []
            rule = weight.list_rule
            assert [".".join(path) for path in (rule.arguments if rule else ())] == asked
            assert set(rule.sized_fields if rule else ()) == set(sized)
            assumed = argument_of(field.ast_node, "listSize", "assumedSize")
            if assumed is not None:
                assert rule.assumed_size == int(assumed)


def test_directives_stand_only_where_they_may():
    assert {
        name: {location.name for location in PUBLISHED.get_directive(name).locations}
        for name in ("listSize", "idempotent", "requiresScope")
    } == {
        "listSize": {"FIELD_DEFINITION"},
        "idempotent": {"FIELD_DEFINITION"},
        "requiresScope": {"FIELD_DEFINITION", "OBJECT"},
    }


def test_a_choice_of_one_is_a_choice_of_one_to_the_rules_too():
    choices = {
        kind.name
        for kind in CORE.type_map.values()
        if isinstance(kind, GraphQLInputObjectType) and kind.is_one_of
    }
    assert "AccountInput" in choices
    printed = {
        name
        for name, kind in PUBLISHED.type_map.items()
        if isinstance(kind, GraphQLInputObjectType) and kind.is_one_of
    }
    assert choices == printed


@pytest.mark.parametrize(
    "account",
    [
        "{}",
        "{reference: null}",
        '{reference: "a", memberId: "b"}',
        '{reference: "a", memberId: null}',
    ],
)
async def test_not_one_and_not_two(api, account):
    ana = await api.member("ana")
    document = f"{{ wallet(account: {account}) {{ id }} }}"
    assert await ana.fault(document) == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize("account", [{}, {"reference": None}, {"reference": "a", "memberId": "b"}])
async def test_not_one_and_not_two_in_variables(api, account):
    ana = await api.member("ana")
    document = "query($a: AccountInput) { wallet(account: $a) { id } }"
    assert await ana.fault(document, a=account) == "BAD_USER_INPUT"


def test_interfaces_weigh_like_the_objects_behind_them():
    weights = read_weights(CORE)
    for kind in CORE.type_map.values():
        if isinstance(kind, GraphQLInterfaceType):
            for implementing in CORE.get_possible_types(kind):
                for name in kind.fields:
                    assert weights[implementing.name][name] == weights[kind.name][name]
