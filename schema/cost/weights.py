"""What each field of the schema weighs, and how its lists are sized: read from its directives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
    is_input_object_type,
)

from schema.directives import ASSUMED_SIZE, Cost, ListSize, RequiresScope, find_directive

OBJECT_WEIGHT: Final = 1
INTROSPECTION_WEIGHTS: Final[Mapping[str, int]] = {"__schema": 500, "__type": 20, "__typename": 0}
"""Questions about the schema: what is below them is paid with them."""


@dataclass(frozen=True, slots=True)
class ListRule:
    """How a list is sized: by arguments, else as assumed."""

    assumed_size: int
    arguments: tuple[tuple[str, ...], ...] = ()
    sized_fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RowWeight:
    """A list in the arguments that costs for each of its items."""

    path: tuple[str, ...]
    weight: int


@dataclass(frozen=True, slots=True)
class FieldWeight:
    """What a field weighs; `list_rule` is None where it gives no list."""

    weight: int
    list_rule: ListRule | None = None
    rows: tuple[RowWeight, ...] = ()
    scopes: frozenset[str] = frozenset()


Weights = Mapping[str, Mapping[str, FieldWeight]]
"""By type and field."""

_KNOWN: Final[WeakKeyDictionary[GraphQLSchema, Weights]] = WeakKeyDictionary()


def read_weights(schema: GraphQLSchema) -> Weights:
    """Read the weights of a schema, once."""
    known = _KNOWN.get(schema)
    if known is None:
        known = _KNOWN[schema] = {
            kind.name: {name: _read_field(field) for name, field in kind.fields.items()}
            for kind in schema.type_map.values()
            if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
            and not kind.name.startswith("__")
        }
    return known


def _read_field(field: GraphQLField) -> FieldWeight:
    kind = get_named_type(field.type)
    size: ListSize | None = find_directive(field, ListSize)
    scopes: RequiresScope | None = find_directive(field, RequiresScope)
    return FieldWeight(
        weight=_read_weight(field, kind),
        list_rule=None if size is None else _read_rule(field, size),
        rows=tuple(
            row
            for name, argument in field.args.items()
            for row in _read_rows((name,), argument, depth=0)
        ),
        scopes=frozenset(scopes.scopes if scopes else ()),
    )


def _read_weight(field: GraphQLField, kind: GraphQLNamedType) -> int:
    """Read the weight: a field's own comes before that of its type."""
    cost: Cost | None = find_directive(field, Cost) or find_directive(kind, Cost)
    if cost is not None:
        return int(cost.weight)
    return OBJECT_WEIGHT if is_composite_type(kind) else 0


def _read_rule(field: GraphQLField, size: ListSize) -> ListRule:
    arguments = tuple(tuple(path.split(".")) for path in size.slicing_arguments or ())
    for path in arguments:
        assert path[0] in field.args, f"{path[0]} is no argument"
    return ListRule(
        assumed_size=size.assumed_size if isinstance(size.assumed_size, int) else ASSUMED_SIZE,
        arguments=arguments,
        sized_fields=frozenset(size.sized_fields or ()),
    )


ROW_DEPTH_MAX: Final = 3
"""How far inputs are searched for lists that cost: inputs may contain themselves."""


def _read_rows(
    path: tuple[str, ...], owner: GraphQLArgument | GraphQLInputField, *, depth: int
) -> list[RowWeight]:
    cost: Cost | None = find_directive(owner, Cost)
    found = [] if cost is None else [RowWeight(path, int(cost.weight))]
    kind: Any = get_named_type(owner.type)
    if is_input_object_type(kind) and depth < ROW_DEPTH_MAX:
        for name, field in kind.fields.items():
            found += _read_rows((*path, name), field, depth=depth + 1)
    return found
