"""JSON read strictly: every key once, integers exact, nothing that JSON does not know."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from hub.kernel.errors import DomainError

INTEGER_DIGITS_MAX: Final = 19
"""Longer integers stay text: nothing of ours needs them, and reading them is slow."""

QUOTED_CHARACTERS_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class NotWhole:
    """A JSON number that is not a plain integer (1.5, 1e3, far too long), as it was written."""

    text: str


@dataclass(frozen=True, slots=True)
class NotJson:
    """NaN or an infinity: Python's reader knows them, JSON does not."""

    text: str


@dataclass(frozen=True, slots=True)
class RepeatedKey:
    """Stands where an object names one key twice, until its place is known."""

    key: str


Json: TypeAlias = (
    dict[str, "Json"] | list["Json"] | str | int | NotWhole | NotJson | RepeatedKey | None
)


@dataclass(eq=False)
class JsonInvalid(DomainError):
    """The file is not the JSON that is expected."""

    place: str
    problem: str
    expected: str


def read_json(path: Path, *, bytes_max: int) -> Json:
    """Read one JSON document from a file.

    Numbers that are not plain integers come back as `NotWhole`, so that whoever knows the place can
    say what is wrong with them. Strings may still hold lone surrogates: `quote` copes with them.

    Units: bytes.
    Errors: JsonInvalid.
    """
    try:
        with path.open("rb") as file:
            content = file.read(bytes_max + 1)
    except (OSError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else None
        raise JsonInvalid(
            place="file", problem=reason or "cannot be read", expected="a JSON file"
        ) from fault
    if len(content) > bytes_max:
        raise JsonInvalid(place="file", problem="too large", expected=f"at most {bytes_max} bytes")
    return parse_json(content)


def parse_json(content: bytes) -> Json:
    """Read one JSON document from bytes.

    Errors: JsonInvalid.
    """
    oddities: list[NotJson | RepeatedKey] = []

    def build(pairs: list[tuple[str, Json]]) -> Json:
        built = dict(pairs)
        if len(built) == len(pairs):
            return built
        oddities.append(_first_repeated(pairs))
        return oddities[-1]

    def refuse_constant(text: str) -> Json:
        oddities.append(NotJson(text))
        return oddities[-1]

    try:
        document: Json = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=build,
            parse_int=_whole,
            parse_float=NotWhole,
            parse_constant=refuse_constant,
        )
    except UnicodeDecodeError as fault:
        raise JsonInvalid(
            place=f"byte {fault.start}", problem="not UTF-8", expected="JSON in UTF-8"
        ) from fault
    except json.JSONDecodeError as fault:
        raise JsonInvalid(
            place=f"line {fault.lineno} column {fault.colno}",
            problem=f"not JSON ({fault.msg})",
            expected="one JSON document",
        ) from fault
    except RecursionError as fault:
        raise JsonInvalid(
            place="file", problem="nested too deeply", expected="a flat document"
        ) from fault
    if oddities:
        _refuse_first_oddity(document)
    return document


def _whole(text: str) -> int | NotWhole:
    return int(text) if len(text) <= INTEGER_DIGITS_MAX else NotWhole(text)


def _first_repeated(pairs: list[tuple[str, Json]]) -> RepeatedKey:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return RepeatedKey(key)
        seen.add(key)
    raise AssertionError(pairs)


def _refuse_first_oddity(document: Json) -> None:
    """Walk the document for the place of what the reader stumbled over.

    An oddity inside an object that a `RepeatedKey` has replaced is reported as the latter.
    """
    for place, value in _walk(document):
        if isinstance(value, RepeatedKey):
            raise JsonInvalid(
                place=place,
                problem=f"the key {quote(value.key)} stands twice",
                expected="every key once",
            )
        if isinstance(value, NotJson):
            raise JsonInvalid(
                place=place, problem=f"{value.text} is not JSON", expected="an integer or a string"
            )


def _walk(document: Json) -> Iterator[tuple[str, Json]]:
    waiting: list[tuple[str, Json]] = [("", document)]
    while waiting:
        place, value = waiting.pop()
        yield place or "document", value
        if isinstance(value, dict):
            waiting.extend((join(place, key), value[key]) for key in reversed(value))
        elif isinstance(value, list):
            waiting.extend((f"{place}[{i}]", value[i]) for i in reversed(range(len(value))))


def join(place: str, key: str) -> str:
    """Name the place of a key or index: `input.fx.USD`, `shares["a b"]`, `parties[1]`."""
    if key.isascii() and key.isdigit():
        return f"{place}[{key}]"
    if key.isascii() and key.replace("_", "").isalnum():
        return f"{place}.{key}" if place else key
    return f"{place}[{quote(key)}]"


def quote(value: Json) -> str:
    """Show a value in a message: one line, ASCII, never long."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, NotWhole | NotJson):
        shown = value.text
    elif isinstance(value, RepeatedKey):
        return "an object"
    else:
        shown = json.dumps(value)
    if len(shown) <= QUOTED_CHARACTERS_MAX:
        return shown
    return shown[: QUOTED_CHARACTERS_MAX - 3] + "..."


def show_path(path: Path) -> str:
    """Show a path in a message, on one line whatever its name is."""
    return "".join(c if c.isprintable() else "?" for c in str(path))
