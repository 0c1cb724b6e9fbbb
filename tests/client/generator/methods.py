"""Writes the methods: awaited, and the same without waiting in sight; and their documents."""

import re
from typing import Final

from graphql import GraphQLArgument, GraphQLNonNull, GraphQLSchema, is_required_argument

from tests.client.generator.names import SCALARS, python_type, quote, reader, snake
from tests.client.generator.operations import Operation

TAKEN: Final = {"self", "data", "found", "items", "item", "events", "payload", "page_size"}
"""Names that a method uses itself."""
KINDS: Final = {
    "Mutations": ("change",),
    "Queries": ("ask", "list"),
    "Subscriptions": ("listen",),
}
IMPORTS: Final = """from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from datetime import datetime
from decimal import Decimal
from typing import Any

from hub.client.calling import PAGE_SIZE, Calling
from hub.client.generated import documents
from hub.client.generated.answers import EVERYTHING
from hub.client.generated.enums import EVERYTHING
from hub.client.generated.inputs import EVERYTHING
from hub.client.generated.refusals import read_refusal
from hub.client import reading
"""


def write_documents(operations: list[Operation]) -> str:
    """Write the document of every method."""
    head = '"""What every method sends."""\n\nfrom typing import Final'
    texts = (f'{each.constant}: Final = """\\\n{each.document}\n"""' for each in operations)
    return "\n\n".join([head, *texts])


def write_methods(operations: list[Operation]) -> str:
    """Write the methods that are awaited."""
    parts = ['"""Every operation of the hub as a method, to be awaited."""', IMPORTS]
    for title, kinds in KINDS.items():
        made = [_awaited(each) for each in operations if each.kind in kinds]
        parts.append("\n\n".join([_class(title), *made]))
    return "\n\n\n".join(parts)


def _class(title: str) -> str:
    says = {
        "Mutations": "What can be done; a refusal is raised.",
        "Queries": "What can be read.",
        "Subscriptions": "What can be listened to.",
    }
    return f'class {title}(Calling):\n    """{says[title]}"""'


def _awaited(each: Operation) -> str:
    says, head, body = _says(each), f"    async def {each.name}({_parameters(each)}) -> ", []
    sent = f"documents.{each.constant}"
    match each.kind:
        case "change":
            given = f'{sent}, "{each.path[0]}", {_variables(each)}, read_refusal'
            head += f"{each.shape.name}:"
            body = [
                f"        payload = await self._change({given})",
                f"        return {each.shape.name}.read(payload)",
            ]
        case "ask":
            head += f"{_answer_type(each)}:"
            body = [
                f"        data = await self._wire.ask({sent}, {_variables(each)})",
                *_descend(each),
            ]
        case "list":
            head += f"AsyncGenerator[{each.shape.name}, None]:"
            path = ", ".join(f'"{part}"' for part in each.path)
            given = f'{sent}, [{path}], {_variables(each)}, "{each.items}"'
            body = [
                f"        items = self._items({given})",
                "        async with aclosing(items):",
                "            async for item in items:",
                f"                yield {each.shape.name}.read(item)",
            ]
        case _:
            head += f"AsyncGenerator[{_answer_type(each)}, None]:"
            listen = "_resumed" if _is_resumable(each) else "_events"
            given = f'{sent}, "{each.path[0]}", {_variables(each)}'
            read = reader(each.type, "found", f"{each.shape.name}.read" if each.shape else None)
            body = [
                f"        events = self.{listen}({given})",
                "        async with aclosing(events):",
                "            async for found in events:",
                f"                yield {read}",
            ]
    return "\n".join([head, says, *body])


def _is_resumable(each: Operation) -> bool:
    """Tell whether each event says where it stands, and one can go on from there."""
    known = {part.name for part in each.shape.parts} if each.shape else set()
    return "after" in each.arguments and "cursor" in known


def _descend(each: Operation) -> list[str]:
    read = f"{each.shape.name}.read" if each.shape else None
    lines = [f'        found = reading.field_of(data, "{each.path[0]}")']
    for part in each.path[1:]:
        lines += [
            "        if found is None:",
            "            return None",
            f'        found = reading.field_of(found, "{part}")',
        ]
    return [*lines, f"        return {reader(each.type, 'found', read)}"]


def _answer_type(each: Operation) -> str:
    made = python_type(each.type, each.shape.name if each.shape else None)
    return made if len(each.path) == 1 or made.endswith("| None") else f"{made} | None"


def write_blocking(operations: list[Operation]) -> str:
    """Write the methods that wait."""
    head = IMPORTS.replace("PAGE_SIZE, Calling", "PAGE_SIZE").replace(
        "from hub.client.generated import documents\n",
        "from hub.client.blocking import Blocking\n"
        "from hub.client.generated.methods import Mutations, Queries, Subscriptions\n",
    )
    parts = ['"""Every operation of the hub as a method that waits for its answer."""', head]
    for title, kinds in KINDS.items():
        made = [_waiting(each, title) for each in operations if each.kind in kinds]
        head = _class(title).replace(f"{title}(Calling)", f"Blocking{title}(Blocking[{title}])")
        parts.append("\n\n".join([head, *made]))
    return "\n\n\n".join(parts)


def _waiting(each: Operation, title: str) -> str:
    given = ", ".join(
        snake(name) if _is_positional(each, name) else f"{snake(name)}={snake(name)}"
        for name in each.arguments
    )
    if each.kind == "list":
        given = f"{given}, page_size=page_size" if given else "page_size=page_size"
    call = f"self._awaited.{each.name}({given})"
    if each.kind in {"list", "listen"}:
        item = each.shape.name if each.kind == "list" else _answer_type(each)
        head = f"    def {each.name}({_parameters(each)}) -> Iterator[{item}]:"
        return "\n".join([head, _says(each), f"        return self._each({call})"])
    made = each.shape.name if each.kind == "change" else _answer_type(each)
    head = f"    def {each.name}({_parameters(each)}) -> {made}:"
    return "\n".join([head, _says(each), f"        return self._run({call})"])


def _says(each: Operation) -> str:
    said, _, listed = " ".join(each.description.split()).partition("Refused with:")
    names = re.findall(r"`([A-Z]\w+)`", listed)
    errors = f"Errors: {', '.join(names)}." if names else ""
    return quote(said.strip(), 8, errors)


def _is_positional(each: Operation, name: str) -> bool:
    return each.kind == "change" and name == "input"


def _parameters(each: Operation) -> str:
    assert TAKEN.isdisjoint(each.arguments), f"{each.name}: an argument has a name of ours"
    positional = [
        f"{snake(name)}: {_parameter_type(argument)}"
        for name, argument in each.arguments.items()
        if _is_positional(each, name)
    ]
    named = [
        f"{snake(name)}: {_parameter_type(argument)}"
        + ("" if is_required_argument(argument) else " = None")
        for name, argument in each.arguments.items()
        if not _is_positional(each, name)
    ]
    if each.kind == "list":
        named.append("page_size: int = PAGE_SIZE")
    return ", ".join(["self", *positional, *(["*", *named] if named else [])])


def _parameter_type(argument: GraphQLArgument) -> str:
    if is_required_argument(argument) or not isinstance(argument.type, GraphQLNonNull):
        return python_type(argument.type)
    return python_type(argument.type.of_type)


def _variables(each: Operation) -> str:
    pairs = [f'"{name}": {snake(name)}' for name in each.arguments]
    if each.kind == "list":
        pairs.append('"first": page_size')
    return f"{{{', '.join(pairs)}}}"


def list_unknown_scalars(schema: GraphQLSchema) -> set[str]:
    """Name the scalars that nothing here maps."""
    from graphql import GraphQLScalarType

    found = {
        name
        for name, kind in schema.type_map.items()
        if isinstance(kind, GraphQLScalarType) and not name.startswith("_")
    }
    return found - set(SCALARS)
