"""Which field was changed: the one of which another value makes the hash right again.

A hash tells that something is not what was booked, not what. But a file is mostly damaged in one
place. So each field is tried with the values that lie one character away, and with all there are
where they are few. What then has the hash that was booked was booked: a hash does not fit twice.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from hub.ledger.log.verifier.fields import KINDS, NAMES, Fields, Values
from hub.ledger.log.verifier.shapes import Wrong, read_amount, read_instant, write_instant

NAMED_MAX = 20
"""Places of one file that are tried: each takes some thousand hashes."""
TRIED_CHARACTERS_MAX = 80
DIGITS = "0123456789"
HEX_DIGITS = "0123456789abcdef"
PRINTABLE = "".join(map(chr, range(32, 127)))
INSTANT_KINDS = ("instant", "since", "until")
INTEGER_BITS = {"int2": 16, "int4": 32, "int8": 64, "id4": 32, "id8": 64, "mode": 16, "lane": 16}

Tries = Iterator[int]


def start_tries() -> Tries:
    """Begin to count what is tried in one file."""
    return iter(range(NAMED_MAX))


def name_changed(
    fields: Fields, values: Values, is_booked: Callable[[Values], bool], tries: Tries
) -> tuple[str, str] | None:
    """Name the field that was changed and say what was booked; None if it cannot be known."""
    if next(tries, None) is None:
        return None
    for name, kind in fields:
        for value in _values_near(kind, values[name]):
            if is_booked({**values, name: value}):
                return name, f"was changed: {_show(kind, value)} was booked"
    return None


def _values_near(kind: str, value: Any) -> Iterator[Any]:  # noqa: ANN401 (of the type of the field)
    if kind == "kind":
        yield from KINDS.values()
    elif kind == "bool":
        yield not value
    elif value is None:
        return
    elif kind in INTEGER_BITS:
        limit = 1 << (INTEGER_BITS[kind] - 1)
        near = (int(text) for text in _texts_near(str(value), DIGITS) if text != "-")
        yield from (number for number in near if -limit <= number < limit)
    elif kind in INSTANT_KINDS:
        yield from _read_all(read_instant, _texts_near(write_instant(value), DIGITS))
    elif kind == "hash16":
        yield from (bytes.fromhex(text) for text in _texts_near(value.hex(), HEX_DIGITS))
    elif kind in ("amount", "numeric"):
        yield from _read_all(read_amount, _texts_near(value, DIGITS))
    else:
        yield from _texts_near(value, PRINTABLE)


def _texts_near(text: str, characters: str) -> Iterator[str]:
    """Give the texts that differ in one character."""
    for place in range(min(len(text), TRIED_CHARACTERS_MAX)):
        for character in characters:
            yield f"{text[:place]}{character}{text[place + 1 :]}"


def _read_all(read: Callable[[Any, str], Any], texts: Iterator[str]) -> Iterator[Any]:
    for text in texts:
        try:
            yield read(text, "")
        except Wrong:
            continue


def _show(kind: str, value: Any) -> str:  # noqa: ANN401
    if kind == "kind":
        return NAMES[value]
    if kind in INSTANT_KINDS:
        return write_instant(value)
    return value.hex() if kind == "hash16" else json.dumps(value, ensure_ascii=False)
