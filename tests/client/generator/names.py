"""Names and types of the schema in Python's words."""

import keyword
import re
import textwrap
from typing import Final

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLType,
    get_named_type,
)

from hub.client.writing import camel

# Python type, and the function of hub.client.reading that reads it.
SCALARS: Final = {
    "ID": ("str", "text"),
    "String": ("str", "text"),
    "Int": ("int", "whole"),
    "Boolean": ("bool", "truth"),
    "Points": ("int", "whole"),
    "Units": ("int", "whole"),
    "Decimal": ("Decimal", "decimal"),
    "DateTime": ("datetime", "instant"),
    "JSON": ("Any", "anything"),
}
# A scalar that is not listed comes and goes as it is in JSON; a test asks for its line above.
UNKNOWN: Final = ("Any", "anything")
WIDTH: Final = 96


def snake(name: str) -> str:
    """Turn a name of the schema into Python's: `entryId` becomes `entry_id`."""
    made = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    made = f"{made}_" if keyword.iskeyword(made) else made
    assert camel(made) == name, f"{name} cannot be told from {made}"
    return made


def python_type(kind: GraphQLType, named: str | None = None) -> str:
    """Write a type; `named` is the class where an object stands."""
    if isinstance(kind, GraphQLNonNull):
        return _type_of(kind.of_type, named)
    return f"{_type_of(kind, named)} | None"


def _type_of(kind: GraphQLType, named: str | None) -> str:
    if isinstance(kind, GraphQLList):
        return f"tuple[{python_type(kind.of_type, named)}, ...]"
    if isinstance(kind, GraphQLEnumType | GraphQLInputObjectType):
        return kind.name
    return named or SCALARS.get(get_named_type(kind).name, UNKNOWN)[0]


def reader(kind: GraphQLType, value: str, read: str | None = None) -> str:
    """Write the expression that reads a value of a type; `read` reads an object."""
    if isinstance(kind, GraphQLNonNull):
        function, wrapped = _reader_of(kind.of_type, read)
        return f"{function}({value}{wrapped})"
    function, wrapped = _reader_of(kind, read)
    if wrapped:
        return f"reading.maybe({value}, lambda found: {function}(found{wrapped}))"
    return f"reading.maybe({value}, {function})"


def _reader_of(kind: GraphQLType, read: str | None) -> tuple[str, str]:
    if isinstance(kind, GraphQLList):
        inner = kind.of_type
        if isinstance(inner, GraphQLNonNull) and not isinstance(inner.of_type, GraphQLList):
            return "reading.many", f", {_reader_of(inner.of_type, read)[0]}"
        return "reading.many", f", lambda item: {reader(inner, 'item', read)}"
    if isinstance(kind, GraphQLEnumType):
        return kind.name, ""
    return read or f"reading.{SCALARS.get(get_named_type(kind).name, UNKNOWN)[1]}", ""


def quote(text: str | None, indent: int = 0, tail: str = "") -> str:
    """Write a description as a docstring, its sentence first."""
    pad = " " * indent
    said = " ".join((text or "Not described.").split()).replace("\\", "\\\\").replace('"', '\\"')
    first, rest = said, ""
    if len(said) + indent > WIDTH - 6 or tail:
        found = re.match(r"(.+?[^.]{3}[.!?])\s+([A-Z`].*)$", said)
        first, rest = (found[1], found[2]) if found else (said, "")
    body = textwrap.wrap(first, WIDTH - indent, break_long_words=False)
    parts = ["\n".join(body)]
    if rest:
        parts.append("\n".join(textwrap.wrap(rest, WIDTH - indent, break_long_words=False)))
    if tail:
        parts.append("\n".join(textwrap.wrap(tail, WIDTH - indent, break_long_words=False)))
    written = "\n\n".join(parts)
    end = "\n" if "\n" in written else ""
    return textwrap.indent(f'"""{written}{end}"""', pad)
