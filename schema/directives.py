"""What the schema says about its fields for programs: cost, size of lists, scopes, keys.

`mark_schema` attaches the directives by rules when the schema is built, so that a new field has
them without anyone thinking of it. A directive that stands at a field already is left as it is.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_input_object_type,
    is_list_type,
)
from strawberry.schema_directive import Location, schema_directive

from schema.paging import FIRST_DEFAULT

DEFINITION: Final = "strawberry-definition"
"""Where Strawberry keeps its own definition in a type of graphql-core."""

MUTATION_WEIGHT: Final = 10
SUBSCRIPTION_WEIGHT: Final = 10
ROW_WEIGHT: Final = 5
"""A row of a bulk mutation: half of what the mutation alone costs."""

UNSAID: Final[Any] = strawberry.UNSET
"""Leaves an argument of a directive to its default."""

ASSUMED_SIZE: Final = 10
"""Objects of a list that takes no arguments, where the table does not say otherwise."""

WEIGHTS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "Mutation.closeWindow": 1_000,
        "Mutation.sweepExpiry": 500,
        "Query.liabilities": 50,
        "Query.operationCost": 0,
    }
)
"""Fields that cost more, or less, than the rules say."""

SIZES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "CellLine": 5,
        "LinkedAccount": 3,
        "RedemptionRate": 5,
        "Terms": 5,
    }
)
"""How many objects of a type a list without arguments usually has."""

PAGE_ARGUMENTS: Final = frozenset({"first", "last"})
FREE_SUFFIXES: Final = ("Edge",)
FREE_TYPES: Final = frozenset({"PageInfo", "OperationCost", "LimitState", "CostState"})
"""Types that take no work of their own: they only hold what was loaded, or come from memory."""

SIZED_ABOVE: Final = ("Connection", "Payload")
"""Types whose lists are sized by the field that gives them."""

SHARED_KEY_ROWS: Final = frozenset({"PortionInput"})
"""Rows of the input of a mutation that have its key together: what is asked at once, is done."""

FREE_FIELDS: Final = frozenset({"userErrors"})


@schema_directive(
    locations=[
        Location.ARGUMENT_DEFINITION,
        Location.ENUM,
        Location.FIELD_DEFINITION,
        Location.INPUT_FIELD_DEFINITION,
        Location.OBJECT,
        Location.SCALAR,
    ],
    name="cost",
    description="What it adds to the cost of an operation, instead of 1 for an object and 0 for"
    " anything else. At an input field that is a list: for each of its items."
    " As in the cost directives of IBM's specification; always a whole number.",
)
class Cost:
    """What something adds to the cost of an operation."""

    weight: str = strawberry.directive_field(name="weight")


@schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="listSize",
    description="How many objects a list is taken to have when the cost is computed: as many as"
    " the largest of `slicingArguments` asks for (a list: its length), else `assumedSize`. With"
    " `sizedFields` those fields of the object are the lists.",
)
class ListSize:
    """How many objects a list is taken to have."""

    assumed_size: int | None = strawberry.directive_field(
        name="assumedSize", default=strawberry.UNSET
    )
    slicing_arguments: list[str] | None = strawberry.directive_field(
        name="slicingArguments", default=strawberry.UNSET
    )
    sized_fields: list[str] | None = strawberry.directive_field(
        name="sizedFields", default=strawberry.UNSET
    )
    require_one_slicing_argument: bool | None = strawberry.directive_field(
        name="requireOneSlicingArgument", default=True
    )


@schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.OBJECT],
    name="requiresScope",
    description="The scopes that a token needs to have, all of them. What one sees is decided by"
    " the data on top of it.",
)
class RequiresScope:
    """The scopes that a token needs."""

    scopes: list[str] = strawberry.directive_field(name="scopes")


@schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="idempotent",
    description="Repeating the request with the same key does it once and gives the same answer."
    " `key` is the path of the key in the arguments; through a list: each item has its own.",
)
class Idempotent:
    """Repeating the request with the same key does it once."""

    key: str = strawberry.directive_field(name="key")


ScopesOf = Callable[[str, str | None], tuple[str, ...]]
"""From a type and a field of it (Python's name; None: the type itself) to the scopes it needs."""


def mark_schema(kinds: Iterable[GraphQLNamedType], scopes_of: ScopesOf) -> None:
    """Attach the directives to everything that can be reached, by the rules of this file."""
    for kind in _reach(kinds):
        if isinstance(kind, GraphQLObjectType):
            _mark_type(kind, scopes_of)
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                _mark_field(kind, name, field, scopes_of)
        if isinstance(kind, GraphQLInputObjectType):
            _mark_rows(kind)


def mark_choices(schema: GraphQLSchema) -> None:
    """Tell graphql-core which inputs are choices (`@oneOf`).

    Strawberry looks after them by a rule of its own, which runs in its own view only; so told,
    graphql-core's rules refuse a wrong choice, in the document and in the variables alike.
    """
    for kind in schema.type_map.values():
        if is_input_object_type(kind):
            definition = kind.extensions.get(DEFINITION)
            kind.is_one_of = bool(definition is not None and definition.is_one_of)


def find_directive(owner: Any, kind: type[Any]) -> Any:  # noqa: ANN401 (an instance of `kind`)
    """Find the directive of a kind at a type or field of graphql-core; None when it has none."""
    definition = owner.extensions.get(DEFINITION)
    for directive in getattr(definition, "directives", None) or ():
        if isinstance(directive, kind):
            return directive
    return None


def _reach(kinds: Iterable[GraphQLNamedType]) -> list[GraphQLNamedType]:
    """List the types that can be reached, each once."""
    found: dict[str, GraphQLNamedType] = {}
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        if kind.name in found:
            continue
        found[kind.name] = kind
        waiting += getattr(kind, "interfaces", ())
        waiting += getattr(kind, "types", ())
        for field in getattr(kind, "fields", {}).values():
            waiting.append(get_named_type(field.type))
            waiting += [get_named_type(each.type) for each in getattr(field, "args", {}).values()]
    return [found[name] for name in sorted(found)]


def _add(owner: Any, directive: object) -> None:  # noqa: ANN401 (anything that has extensions)
    definition = owner.extensions.get(DEFINITION)
    if definition is not None and find_directive(owner, type(directive)) is None:
        definition.directives = [*(definition.directives or ()), directive]


def _mark_type(kind: GraphQLObjectType, scopes_of: ScopesOf) -> None:
    if kind.name in FREE_TYPES or kind.name.endswith(FREE_SUFFIXES):
        _add(kind, Cost(weight="0"))
    scopes = scopes_of(kind.name, None)
    if scopes:
        _add(kind, RequiresScope(scopes=list(scopes)))


def _mark_field(
    kind: GraphQLObjectType | GraphQLInterfaceType,
    name: str,
    field: GraphQLField,
    scopes_of: ScopesOf,
) -> None:
    definition = field.extensions.get(DEFINITION)
    weight = WEIGHTS.get(f"{kind.name}.{name}")
    if weight is None and kind.name == "Mutation":
        weight = MUTATION_WEIGHT
    if weight is None and kind.name == "Subscription":
        weight = SUBSCRIPTION_WEIGHT
    if weight is None and name in FREE_FIELDS:
        weight = 0
    if weight is not None:
        _add(field, Cost(weight=str(weight)))
    size = _size_of(kind, field)
    if size is not None:
        _add(field, size)
    scopes = scopes_of(kind.name, definition.python_name if definition else name)
    if scopes:
        _add(field, RequiresScope(scopes=list(scopes)))
    key = _key_of(field) if kind.name == "Mutation" else None
    if key is not None:
        _add(field, Idempotent(key=key))


def _size_of(kind: GraphQLNamedType, field: GraphQLField) -> ListSize | None:
    """Say how large a field is: a connection by its page, a list by what it was asked for."""
    named = get_named_type(field.type)
    if kind.name == "Mutation":
        return _size_of_rows(field, named)
    pages = [name for name in field.args if name in PAGE_ARGUMENTS]
    if pages and named.name.endswith("Connection"):
        parts: Mapping[str, GraphQLField] = getattr(named, "fields", {})
        lists = [name for name, part in parts.items() if _is_list_of_objects(part)]
        return ListSize(
            assumed_size=FIRST_DEFAULT,
            slicing_arguments=pages,
            sized_fields=lists,
            require_one_slicing_argument=False,
        )
    if not _is_list_of_objects(field) or kind.name.endswith(SIZED_ABOVE):
        return None
    asked = [
        name
        for name, argument in field.args.items()
        if is_list_type(get_nullable_type(argument.type)) or name in pages
    ]
    if asked:
        return ListSize(slicing_arguments=asked, require_one_slicing_argument=UNSAID)
    assumed = SIZES.get(named.name, ASSUMED_SIZE)
    return ListSize(assumed_size=assumed, require_one_slicing_argument=UNSAID)


def _size_of_rows(field: GraphQLField, payload: GraphQLNamedType) -> ListSize | None:
    """Say that a bulk mutation answers as many rows as it was given."""
    path = _find_rows(field)
    lists = [
        name
        for name, part in getattr(payload, "fields", {}).items()
        if _is_list_of_objects(part) and name not in FREE_FIELDS
    ]
    if path is None or not lists:
        return None
    return ListSize(
        slicing_arguments=[path], sized_fields=lists, require_one_slicing_argument=UNSAID
    )


def _find_rows(field: GraphQLField) -> str | None:
    """Find the list, in the arguments of a mutation, whose items are booked one by one."""
    for name, argument in field.args.items():
        given = get_named_type(argument.type)
        for part, row in getattr(given, "fields", {}).items():
            if _is_row(row) and is_list_type(get_nullable_type(row.type)):
                return f"{name}.{part}"
    return None


def _is_keyed(part: GraphQLArgument | GraphQLInputField) -> bool:
    named = get_named_type(part.type)
    return is_input_object_type(named) and "idempotencyKey" in named.fields


def _is_row(part: GraphQLArgument | GraphQLInputField) -> bool:
    return _is_keyed(part) or get_named_type(part.type).name in SHARED_KEY_ROWS


def _is_list_of_objects(field: GraphQLField) -> bool:
    is_list = is_list_type(get_nullable_type(field.type))
    return is_list and is_composite_type(get_named_type(field.type))


def _mark_rows(kind: GraphQLInputObjectType) -> None:
    """Let every row of a mutation cost: an item of a list that is booked by itself."""
    for part in kind.fields.values():
        if _is_row(part) and is_list_type(get_nullable_type(part.type)):
            _add(part, Cost(weight=str(ROW_WEIGHT)))


def _key_of(field: GraphQLField) -> str | None:
    """Find where the key of a mutation lies in its arguments."""
    for name, argument in field.args.items():
        if _is_keyed(argument):
            return f"{name}.idempotencyKey"
    rows = _find_rows(field)
    return f"{rows}.idempotencyKey" if rows else None
