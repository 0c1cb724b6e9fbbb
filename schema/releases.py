"""What may change between releases of the schema: anything is added, nothing leaves unannounced.

A field, an argument, a value of an enum or a field of an input leaves in three steps. A release
says until when it works (`schema.deprecations`). That day passes. A line of the changelog says what
to use instead. A type leaves with the last thing that names it. All other changes that break a
client have no way at all: add something new beside the old.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from graphql import (
    GraphQLNamedType,
    GraphQLSchema,
    find_breaking_changes,
    get_named_type,
)
from graphql.utilities.find_schema_changes import BreakingChange, BreakingChangeType

from schema.deprecations import DAYS_MIN, read_deprecation

_COORDINATE: Final = re.compile(r"@?\w+(?:\.\w+)?(?:\(\w+:\))?(?= (?:was|changed|has|no)\b)")
_LEAVING: Final = {
    BreakingChangeType.FIELD_REMOVED,
    BreakingChangeType.ARG_REMOVED,
    BreakingChangeType.VALUE_REMOVED_FROM_ENUM,
}


@dataclass(frozen=True, slots=True)
class Break:
    """A change that breaks a client: of what (`Type.field(argument:)`), and what it is."""

    coordinate: str
    change: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What leaves as announced, and what is wrong with the rest, a sentence each."""

    left: tuple[str, ...]
    problems: tuple[str, ...]


def judge(released: GraphQLSchema, current: GraphQLSchema, *, on: date, unreleased: str) -> Verdict:
    """Judge a schema by the one that was released before; `unreleased` is the changelog's part."""
    until = _read_dates(released)
    left: list[str] = []
    problems: list[str] = []
    for change in find_breaking_changes(released, current):
        broken = read_break(change)
        problem = _find_problem(change, broken, until, released, on)
        if problem is None and f"`{broken.coordinate}`" not in unreleased:
            problem = f"say in CHANGELOG.md what to use instead of `{broken.coordinate}`"
        if problem is None:
            left.append(broken.coordinate)
        else:
            problems.append(f"{broken.change} {problem[0].upper()}{problem[1:]}.")
    problems += _find_hurried(until, _read_dates(current))
    return Verdict(tuple(left), tuple(problems))


def find_sudden(released: GraphQLSchema, current: GraphQLSchema, *, on: date) -> tuple[str, ...]:
    """Name what a release of this day would announce less than DAYS_MIN ahead."""
    known, earliest = _read_dates(released), on + timedelta(days=DAYS_MIN)
    return tuple(
        f"{coordinate} works until {until}: a release of {on} announces {earliest} at the earliest."
        for coordinate, until in _read_dates(current).items()
        if coordinate not in known and until < earliest
    )


def read_unreleased(changelog: str) -> str:
    """Give the part of the changelog that is not released yet."""
    return changelog.partition("\n## [Unreleased]")[2].partition("\n## [")[0]


def read_break(change: BreakingChange) -> Break:
    """Read of what a change is: graphql-core writes coordinates into its sentences."""
    found = _COORDINATE.search(change.description)
    return Break(found[0] if found else "", change.description)


def _find_problem(
    change: BreakingChange,
    broken: Break,
    until: Mapping[str, date],
    released: GraphQLSchema,
    on: date,
) -> str | None:
    if change.type is BreakingChangeType.TYPE_REMOVED:
        staying = _find_staying(released, broken.coordinate, until, on)
        return staying and f"it is named by {staying}, which was not announced to leave"
    if change.type not in _LEAVING:
        return "clients rely on it: add something new beside it"
    if broken.coordinate not in until:
        return "no release said until when it works"
    if not _is_over(broken.coordinate, until, on):
        return f"it works until {until[broken.coordinate]}"
    return None


def _find_staying(
    schema: GraphQLSchema, name: str, until: Mapping[str, date], on: date
) -> str | None:
    """Find something that names a type and stays; None too where the type's own fields all left."""
    own = [coordinate for coordinate, _ in _members_of_type(schema.type_map[name])]
    if own and all(_is_over(coordinate, until, on) for coordinate in own if "(" not in coordinate):
        return None
    uses = (each for each in _uses_of(schema, name) if not _is_over(each, until, on))
    return next(uses, None)


def _is_over(coordinate: str, until: Mapping[str, date], on: date) -> bool:
    return coordinate in until and until[coordinate] < on


def _uses_of(schema: GraphQLSchema, name: str) -> Iterator[str]:
    """Name what gives or takes a type, and what it is a member of."""
    for coordinate, value in _members_of(schema):
        if hasattr(value, "type") and get_named_type(value.type).name == name:
            yield coordinate
    found = schema.type_map[name]
    yield from (each.name for each in getattr(found, "interfaces", ()))
    for kind in schema.type_map.values():
        if found in getattr(kind, "types", ()):
            yield kind.name


def _find_hurried(before: Mapping[str, date], after: Mapping[str, date]) -> Iterator[str]:
    for coordinate, until in before.items():
        if coordinate in after and after[coordinate] < until:
            yield f"{coordinate} was to work until {until}, not only until {after[coordinate]}."


def _read_dates(schema: GraphQLSchema) -> dict[str, date]:
    """Read until when things work, of all that are deprecated."""
    reasons = ((place, value.deprecation_reason) for place, value in _members_of(schema))
    read = ((place, read_deprecation(reason)) for place, reason in reasons if reason is not None)
    return {place: deprecation.until for place, deprecation in read if deprecation is not None}


def _members_of(schema: GraphQLSchema) -> Iterator[tuple[str, Any]]:
    """List fields, arguments, fields of inputs and values of enums by their coordinates."""
    for kind in schema.type_map.values():
        yield from _members_of_type(kind)


def _members_of_type(kind: GraphQLNamedType) -> Iterator[tuple[str, Any]]:
    for name, value in getattr(kind, "values", {}).items():
        yield f"{kind.name}.{name}", value
    for name, field in getattr(kind, "fields", {}).items():
        yield f"{kind.name}.{name}", field
        for argument, value in getattr(field, "args", {}).items():
            yield f"{kind.name}.{name}({argument}:)", value
