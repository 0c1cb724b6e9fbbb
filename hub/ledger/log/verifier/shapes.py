"""Reading what comes from outside: nothing but what is expected, and limits on all of it."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

TEXT_MAX = 4_000
SHOWN_MAX = 20
EPOCH = datetime(2000, 1, 1, tzinfo=timezone.utc)  # noqa: UP017 (Python 3.10 has no datetime.UTC)


class Wrong(Exception):
    """What is wrong: a place, a part of it, and a sentence."""

    def __init__(self, place: str, part: str, problem: str) -> None:
        super().__init__(place, part, problem)
        self.place, self.part, self.problem = place, part, problem

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.place}: {self.part}: {self.problem}"


Reader = Callable[[Any, str], Any]


def read_text(value: Any, place: str) -> str:  # noqa: ANN401 (whatever JSON holds)
    """Read a text."""
    if not isinstance(value, str) or len(value) > TEXT_MAX:
        raise Wrong(place, "shape", f"expected a text of at most {TEXT_MAX} characters")
    return value


def read_one_of(names: Mapping[str, Any]) -> Reader:
    """Make a reader of a name out of a table; it gives what the name stands for."""

    def read(value: Any, place: str) -> Any:  # noqa: ANN401
        if not isinstance(value, str) or value not in names:
            raise Wrong(place, "shape", f"expected one of {', '.join(names)}")
        return names[value]

    return read


def read_integer(bits: int) -> Reader:
    """Make a reader of an integer of so many bits."""

    def read(value: Any, place: str) -> int:  # noqa: ANN401
        limit = 1 << (bits - 1)
        if isinstance(value, bool) or not isinstance(value, int) or not -limit <= value < limit:
            raise Wrong(place, "shape", f"expected an integer of {bits} bits")
        return value

    return read


def read_bool(value: Any, place: str) -> bool:  # noqa: ANN401
    """Read true or false."""
    if not isinstance(value, bool):
        raise Wrong(place, "shape", "expected true or false")
    return value


def read_hex(octet_count: int) -> Reader:
    """Make a reader of so many octets as hexadecimal digits."""

    def read(value: Any, place: str) -> bytes:  # noqa: ANN401
        if not re.fullmatch(rf"[0-9a-f]{{{2 * octet_count}}}", read_text(value, place)):
            raise Wrong(place, "shape", f"expected {2 * octet_count} hexadecimal digits")
        return bytes.fromhex(value)

    return read


def read_amount(value: Any, place: str) -> str:  # noqa: ANN401
    """Read an amount with twelve places, kept as text."""
    if not re.fullmatch(r"-?(0|[1-9][0-9]{0,25})\.[0-9]{12}", read_text(value, place)):
        raise Wrong(place, "shape", "expected an amount with twelve places")
    return str(value)


def read_instant(value: Any, place: str) -> int:  # noqa: ANN401
    """Read an instant, to the microsecond and in UTC, as microseconds since 2000."""
    try:
        at = datetime.strptime(read_text(value, place) + "+0000", "%Y-%m-%dT%H:%M:%S.%fZ%z")
    except ValueError:
        raise Wrong(place, "shape", "expected an instant") from None
    micros = (at - EPOCH) // timedelta(microseconds=1)
    if write_instant(micros) != value:
        raise Wrong(place, "shape", "expected an instant to the microsecond, in UTC")
    return micros


def write_instant(micros: int) -> str:
    """Write microseconds since 2000 as an instant."""
    at = EPOCH + timedelta(microseconds=micros)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ").zfill(27)


def read_maybe(read: Reader) -> Reader:
    """Make a reader that lets null pass."""
    return lambda value, place: None if value is None else read(value, place)


def read_list(read: Reader, most: int) -> Reader:
    """Make a reader of a list."""

    def read_each(value: Any, place: str) -> list[Any]:  # noqa: ANN401
        if not isinstance(value, list) or len(value) > most:
            raise Wrong(place, "shape", f"expected a list of at most {most}")
        return [read(each, f"{place}[{number}]") for number, each in enumerate(value)]

    return read_each


def read_object(**readers: Reader) -> Reader:
    """Make a reader of an object with exactly these keys."""

    def read(value: Any, place: str) -> dict[str, Any]:  # noqa: ANN401
        if not isinstance(value, dict) or value.keys() != readers.keys():
            raise Wrong(place, "shape", f"expected the keys {', '.join(readers)}")
        return {name: read(value[name], f"{place}.{name}") for name, read in readers.items()}

    return read
