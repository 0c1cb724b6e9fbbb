"""What is selected of each type: one rule, so that a new field of the schema is asked for at once.

- An answer of the kind `T` holds every field of it that needs no argument and is a scalar, an enum,
  or a value without an id; what has an id is a `TRef`: enough to know it and to ask for it.
- A list with pages has a method of its own. So has a list of things with ids, and whatever takes
  an argument and is more than a scalar.
- A payload holds what was made; where the id comes without a read, the thing itself is left out.
- Rows of a payload hold their scalars and their refusals: a thousand rows must stay cheap.
- What takes another scope than the thing itself is not asked for, so that a token with few rights
  is enough. The method of a list, or of the thing left out, asks for it.
- Fields that are deprecated are not asked for.
"""

from dataclasses import dataclass, field
from typing import Final

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
)

SCOPES: Final = "requiresScope"
REFUSED: Final = "userErrors"
KNOWN_BY: Final = ("id", "code", "version", "calendar", "name")
"""What a reference shows besides the id, where the type has it."""
WHEN_REFUSED: Final = "null when it was refused"
_NOTHING: Final = GraphQLObjectType("Nothing", {})


@dataclass(frozen=True)
class Part:
    """A field of a shape."""

    name: str
    type: GraphQLOutputType
    description: str
    shape: "Shape | None" = None
    is_refusals: bool = False


@dataclass
class Shape:
    """One class of answers: what is asked of a type, and how it reads."""

    name: str
    of: GraphQLObjectType
    parts: list[Part] = field(default_factory=list)


class Shapes:
    """Every shape that was asked for, made once."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.made: dict[str, Shape] = {}
        self._open: set[str] = set()

    def full(self, kind: GraphQLObjectType) -> Shape:
        """The shape with every field that can be had without arguments and further rights."""
        if kind.name not in self.made:
            shape = self.made[kind.name] = Shape(kind.name, kind)
            self._open.add(kind.name)
            parts = [self._part(kind, name, each) for name, each in kind.fields.items()]
            shape.parts += self._affordable(shape, [part for part in parts if part])
            self._open.discard(kind.name)
        return self.made[kind.name]

    def row(self, kind: GraphQLObjectType) -> Shape:
        """The shape of one of many answers in a payload: what it says itself, and its refusals."""
        name = f"{kind.name.removesuffix('Payload').removesuffix('Row')}Row"
        if name not in self.made:
            shape = self.made[name] = Shape(name, kind)
            for field_name, each in kind.fields.items():
                is_refusals = field_name == REFUSED
                if is_refusals or is_leaf_type(get_named_type(each.type)):
                    said = each.description or ""
                    part = Part(field_name, each.type, said, is_refusals=is_refusals)
                    shape.parts.append(part)
        return self.made[name]

    def around(self, kind: GraphQLObjectType, *, without: str = "") -> Shape:
        """The shape of what is there for the things in it, an edge or an event: they are whole."""
        if kind.name not in self.made:
            shape = self.made[kind.name] = Shape(kind.name, kind)
            for name, each in kind.fields.items():
                target, said = get_named_type(each.type), each.description or ""
                if isinstance(target, GraphQLObjectType) and is_node(target):
                    shape.parts.append(Part(name, each.type, said, self.full(target)))
                elif name != without and is_leaf_type(target):
                    shape.parts.append(Part(name, each.type, said))
        return self.made[kind.name]

    def _affordable(self, shape: Shape, parts: list[Part]) -> list[Part]:
        """Leave out what takes more rights than the thing itself, unless nothing is left."""
        own = scopes_of(shape.of)
        for name, mutation in (self.schema.mutation_type or _NOTHING).fields.items():
            if get_named_type(mutation.type) is shape.of:
                own |= scopes_of(self.schema.mutation_type.fields[name])
        kept = [part for part in parts if self._scopes_of_part(shape, part) <= own]
        return kept or parts

    def _scopes_of_part(self, shape: Shape, part: Part) -> set[str]:
        taken = scopes_of(shape.of.fields[part.name])
        if part.shape is not None:
            taken |= scopes_of(part.shape.of)
            for inner in part.shape.parts:
                taken |= self._scopes_of_part(part.shape, inner)
        return taken

    def reference(self, kind: GraphQLObjectType) -> Shape:
        """The shape that says which thing is meant."""
        name = f"{kind.name}Ref"
        if name not in self.made:
            shape = self.made[name] = Shape(name, kind)
            for known in KNOWN_BY:
                if known in kind.fields:
                    each = kind.fields[known]
                    shape.parts.append(Part(known, each.type, each.description or ""))
        return self.made[name]

    def _part(self, parent: GraphQLObjectType, name: str, each: GraphQLField) -> Part | None:
        target, description = get_named_type(each.type), each.description or ""
        needs_argument = any(is_required_argument(argument) for argument in each.args.values())
        if needs_argument or each.deprecation_reason is not None or name == REFUSED:
            return None  # the refusals of a payload are raised
        if is_leaf_type(target):
            return Part(name, _settled(parent, each), description)
        if is_abstract_type(target) or is_connection(target) or each.args:
            return None
        return self._object(parent, name, each, target)

    def _object(
        self, parent: GraphQLObjectType, name: str, each: GraphQLField, target: GraphQLObjectType
    ) -> Part | None:
        is_open = target.name in self._open  # a thing within its kind: how deep is not for us
        shape: Shape | None = None
        if REFUSED in parent.fields and REFUSED in target.fields:
            shape = self.row(target)
        elif REFUSED in parent.fields:
            shape = None if is_open or f"{name}Id" in parent.fields else self.full(target)
        elif is_node(target):
            shape = None if is_listed(each.type) else self.reference(target)
        elif not is_open:
            shape = self.full(target)
        if shape is None:
            return None
        return Part(name, _settled(parent, each), each.description or "", shape)


def scopes_of(described: GraphQLField | GraphQLObjectType) -> set[str]:
    """The scopes that a field or a type says it takes."""
    directives = (described.ast_node.directives if described.ast_node else None) or ()
    values = (each.arguments[0].value.values for each in directives if each.name.value == SCOPES)
    return {value.value for found in values for value in found}


def _settled(parent: GraphQLObjectType, each: GraphQLField) -> GraphQLOutputType:
    """Drop the null of a payload that only a refusal makes: refusals are raised."""
    said = WHEN_REFUSED in " ".join((each.description or "").split())
    is_open = not isinstance(each.type, GraphQLNonNull)
    if parent.name.endswith("Payload") and said and is_open:
        return GraphQLNonNull(each.type)
    return each.type


def is_payload(kind: GraphQLObjectType, schema: GraphQLSchema) -> bool:
    """Tell whether a type is what a mutation answers."""
    answers = schema.mutation_type.fields.values() if schema.mutation_type else ()
    return any(get_named_type(answer.type) is kind for answer in answers)


def is_node(kind: GraphQLObjectType) -> bool:
    """Tell whether a type has an id."""
    return any(interface.name == "Node" for interface in kind.interfaces)


def is_connection(kind: object) -> bool:
    """Tell whether a type is a list with pages."""
    return isinstance(kind, GraphQLObjectType) and "pageInfo" in kind.fields


def is_listed(kind: GraphQLOutputType) -> bool:
    """Tell whether a type is a list."""
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    return isinstance(inner, GraphQLList)


def list_refusals(schema: GraphQLSchema) -> list[GraphQLObjectType]:
    """Every type of refusal, by name."""
    interface = schema.type_map.get("UserError")
    if not isinstance(interface, GraphQLInterfaceType):
        return []
    return sorted(schema.get_possible_types(interface), key=lambda kind: kind.name)


def is_choice(kind: object) -> bool:
    """Tell whether a type is one of several."""
    return isinstance(kind, GraphQLInterfaceType | GraphQLUnionType)
