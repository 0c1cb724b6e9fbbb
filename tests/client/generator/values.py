"""Writes the classes of enums, inputs, answers and refusals."""

from typing import Final

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    is_leaf_type,
    is_required_input_field,
    print_ast,
)

from tests.client.generator.names import python_type, quote, reader, snake
from tests.client.generator.operations import key_of, own_fields
from tests.client.generator.shapes import Part, Shape, list_refusals

IMPORTS: Final = """from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Final, Self

from hub.client import reading
from hub.client.errors import Refusal
from hub.client.generated.enums import EVERYTHING
from hub.client.reading import Json
"""
"""What any of them may need; what one does not need is dropped from it."""
INPUTS_HEAD: Final = f'''"""Inputs of the schema: the same value twice is one request."""

{IMPORTS}
from hub.client.writing import Input, new_key
'''
ANSWERS_HEAD: Final = f'''"""Answers of the schema: what is asked of each type, as values."""

{IMPORTS}
from hub.client.generated.refusals import read_refusal
'''
REFUSALS_HEAD: Final = f'''"""Refusals of the hub: classes with data, raised or matched on."""

{IMPORTS}
'''


def write_enums(schema: GraphQLSchema) -> str:
    """Write every enum."""
    parts = ['"""Enumerations of the schema."""', "from hub.client.reading import OpenEnum"]
    for kind in _types(schema, GraphQLEnumType):
        lines = [f"class {kind.name}(OpenEnum):", quote(kind.description, 4)]
        for name, value in kind.values.items():
            lines += [f'    {name} = "{name}"', quote(value.description, 4)]
        parts.append("\n".join(lines))
    return "\n\n\n".join(parts)


def write_inputs(schema: GraphQLSchema) -> str:
    """Write every input; a key is made with the value, so the same value is the same request."""
    inputs = (_input(kind) for kind in _types(schema, GraphQLInputObjectType))
    return "\n\n\n".join([INPUTS_HEAD, *inputs])


def _input(kind: GraphQLInputObjectType) -> str:
    lines = ["@dataclass(frozen=True, slots=True, kw_only=True)", f"class {kind.name}(Input):"]
    lines.append(quote(kind.description, 4))
    if kind.is_one_of:
        lines.append("    ONE_OF: ClassVar[bool] = True")
    for name, each in kind.fields.items():
        tail = ""
        if name == "idempotencyKey":
            lines.append("    idempotency_key: str = field(default_factory=new_key)")
            tail = "Without it, one is made."
        elif is_required_input_field(each):
            lines.append(f"    {snake(name)}: {python_type(each.type)}")
        else:
            bare = each.type.of_type if isinstance(each.type, GraphQLNonNull) else each.type
            lines.append(f"    {snake(name)}: {python_type(bare)} = None")
            node = each.ast_node.default_value if each.ast_node else None
            tail = f"Without it, `{print_ast(node)}`." if node else ""
        lines.append(quote(each.description, 4, tail))
    return "\n".join(lines)


def write_answers(shapes: list[Shape]) -> str:
    """Write every class of answers."""
    return "\n\n\n".join([ANSWERS_HEAD, *(_answer(shape) for shape in shapes)])


def _answer(shape: Shape) -> str:
    lines = ["@dataclass(frozen=True, slots=True)", f"class {shape.name}:"]
    lines.append(quote(shape.of.description, 4))
    for part in shape.parts:
        lines.append(f"    {snake(part.name)}: {_type_of(part)}")
        lines.append(quote(part.description, 4))
    lines += [
        "    @classmethod",
        "    def read(cls, given: Json) -> Self:",
        '        """Read it from an answer."""',
        "        return cls(",
    ]
    for part in shape.parts:
        value = f'reading.field_of(given, "{part.name}")'
        read = f"{part.shape.name}.read" if part.shape else None
        if part.is_refusals:
            read = "read_refusal"
        lines.append(f"            {snake(part.name)}={reader(part.type, value, read)},")
    return "\n".join([*lines, "        )"])


def _type_of(part: Part) -> str:
    if part.is_refusals:
        return "tuple[Refusal, ...]"
    return python_type(part.type, part.shape.name if part.shape else None)


def write_refusals(schema: GraphQLSchema) -> str:
    """Write a class for every refusal, and what reads them."""
    refusals = list_refusals(schema)
    classes = (_refusal(kind) for kind in refusals)
    return "\n\n\n".join([REFUSALS_HEAD, *classes, _refusal_readers(refusals)])


def _refusal(kind: GraphQLObjectType) -> str:
    lines = ["@dataclass(eq=False)", f"class {kind.name}(Refusal):", quote(kind.description, 4)]
    for name in own_fields(kind):
        each: GraphQLField = kind.fields[name]
        lines += [f"    {snake(name)}: {python_type(each.type)}", quote(each.description, 4)]
    return "\n".join(lines)


def _refusal_readers(refusals: list[GraphQLObjectType]) -> str:
    lines = ["_READERS: Final[dict[str, Callable[[Json], Refusal]]] = {"]
    for kind in refusals:
        lines.append(f'    "{kind.name}": lambda given: {kind.name}(')
        lines.append("        *_common(given),")
        for name in own_fields(kind):
            value = f'reading.field_of(given, "{key_of(kind, name, refusals)}")'
            lines.append(f"        {snake(name)}={reader(kind.fields[name].type, value)},")
        lines.append("    ),")
    lines.append("}")
    return "\n".join(lines) + _READ


_READ = '''


def read_refusal(given: Json) -> Refusal:
    """Read a refusal; one of a kind that is not known here is a plain `Refusal`."""
    read = _READERS.get(reading.text(reading.field_of(given, "__typename")))
    return Refusal(*_common(given)) if read is None else read(given)


def _common(given: Json) -> tuple[str, str, tuple[str, ...] | None]:
    return (
        reading.text(reading.field_of(given, "message")),
        reading.text(reading.field_of(given, "code")),
        reading.maybe(
            reading.field_of(given, "path"), lambda found: reading.many(found, reading.text)
        ),
    )
'''


def _types(schema: GraphQLSchema, sort: type) -> list:
    found = [
        kind
        for name, kind in sorted(schema.type_map.items())
        if isinstance(kind, sort) and not name.startswith("_")
    ]
    assert not any(is_leaf_type(kind) and sort is GraphQLObjectType for kind in found)
    return found
