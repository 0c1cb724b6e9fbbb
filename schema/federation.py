"""Federation 2: the hub as one subgraph of a larger graph.

A router asks `_service` for the schema and `_entities` for objects by their keys. The schema that
clients see has no directives of federation in it; `print_subgraph` has.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import strawberry
from strawberry.federation.schema import FederationAny
from strawberry.printer import print_schema

from schema.faults import FaultCode, bad_input
from schema.limits import REPRESENTATIONS, WORD

Representation = Mapping[str, Any]
ResolveMany = Callable[[Any, Sequence[Representation]], Awaitable[Sequence[object | None]]]
"""Resolves the representations of one type at once, in their order; None: not there, or not for
whoever asks."""

FEDERATION_VERSION: Final = "2.3"
"""What the composers in use know; the hub needs nothing newer."""

REPRESENTATION: Final = strawberry.scalar(
    name="_Any",
    description="An object as a router names it: its `__typename` and the fields of one key.",
    serialize=lambda value: value,
    parse_value=lambda value: value,
)

_ONE_OF: Final = "directive @oneOf on INPUT_OBJECT"
_KEYS: Final = re.compile(r' @key\(fields: "[^"]*"(, resolvable: \w+)?\)')
_LINKS: Final = re.compile(r"^schema @link[^{]*\{[^}]*\}\n\n", re.MULTILINE)


class SubgraphSchema(strawberry.federation.Schema):
    """A schema that is a subgraph."""

    def as_str(self) -> str:
        """Print the schema as clients see it: whole in itself, without directives of routers."""
        return _describe(_KEYS.sub("", _LINKS.sub("", print_schema(self))))

    def print_subgraph(self) -> str:
        """Print the schema for the composition of a supergraph."""
        return _describe(print_schema(self))


def _describe(printed: str) -> str:
    """Describe the one definition that Strawberry prints without a description."""
    described = '"""Exactly one of the fields is given, and it is not null."""\n' + _ONE_OF
    return printed.replace(_ONE_OF, described)


async def resolve_representations(
    info: Any,  # noqa: ANN401 (Strawberry's, of any context)
    representations: Sequence[FederationAny],
    resolvers: Mapping[str, ResolveMany],
) -> list[object | None]:
    """Resolve what a router asks for, a type at a time, in the order of the representations.

    Errors: the fault BAD_USER_INPUT.
    """
    REPRESENTATIONS.check(len(representations), code=FaultCode.BAD_USER_INPUT)
    places: dict[str, list[int]] = {}
    given = [_read(each, resolvers) for each in representations]
    for index, representation in enumerate(given):
        places.setdefault(representation["__typename"], []).append(index)
    answers = await asyncio.gather(
        *[
            resolvers[name](info, [given[index] for index in indexes])
            for name, indexes in places.items()
        ]
    )
    resolved: list[object | None] = [None] * len(given)
    for indexes, answer in zip(places.values(), answers, strict=True):
        for index, found in zip(indexes, answer, strict=True):
            resolved[index] = found
    return resolved


def text_of(representation: Representation, name: str) -> str:
    """Take a text out of a representation.

    Errors: the fault BAD_USER_INPUT.
    """
    value = representation.get(name)
    if not isinstance(value, str) or len(value) > WORD.allowed:
        kind = representation["__typename"]
        raise bad_input(
            f"A representation of {kind} needs a text `{name}` of {WORD.allowed}"
            " characters at most."
        )
    return value


def _read(given: object, resolvers: Mapping[str, ResolveMany]) -> Representation:
    name = given.get("__typename") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(name, str) or name not in resolvers:
        known = ", ".join(sorted(resolvers))
        raise bad_input(f"A representation is an object with a `__typename` of {known}.")
    return given
