"""What a bundle holds, read strictly: every key, every type, every length."""

import json
from collections.abc import Mapping
from typing import Any

from hub.ledger.log.verifier.fields import (
    KINDS,
    LANE_COUNT,
    MAKER,
    MONEY,
    OPEN,
    POINTS,
    WHOLE,
    WHOLE_LOT,
    WHOLE_MONEY,
    WHOLE_POINTS,
    Fields,
)
from hub.ledger.log.verifier.notes import read_base64
from hub.ledger.log.verifier.shapes import (
    Reader,
    Wrong,
    read_amount,
    read_bool,
    read_hex,
    read_instant,
    read_integer,
    read_list,
    read_maybe,
    read_object,
    read_one_of,
    read_text,
)

FORMAT = "coalition-hub bundle 1"
BUNDLE_BYTES_MAX = 256 * 1024 * 1024
DIGITS_MAX = 20
ENTRIES_MAX = 100_000
LINES_MAX = 10_000
PROOF_MAX = 64
SALT_OCTETS = 16

Bundle = dict[str, Any]

_READERS: Mapping[str, Reader] = {
    "int2": read_integer(16),
    "int4": read_integer(32),
    "int8": read_integer(64),
    "id4": read_maybe(read_integer(32)),
    "id8": read_maybe(read_integer(64)),
    "mode": read_maybe(read_integer(16)),
    "lane": read_maybe(read_integer(16)),
    "kind": read_one_of(KINDS),
    "bool": read_bool,
    "instant": read_instant,
    "since": read_maybe(read_instant),
    "until": read_maybe(read_instant),
    "hash16": read_hex(16),
    "text": read_maybe(read_text),
    "name": read_maybe(read_text),
    "amount": read_amount,
    "numeric": read_amount,
}


def _fields(fields: Fields) -> dict[str, Reader]:
    return {name: _READERS[kind] for name, kind in fields}


def _hash(value: Any, place: str) -> bytes:  # noqa: ANN401 (whatever JSON holds)
    octets = read_base64(read_text(value, place), place, "shape")
    if len(octets) != 32:  # noqa: PLR2004 (of SHA-256)
        raise Wrong(place, "shape", "expected 32 octets in base64")
    return octets


def _opened(fields: Fields, **more: Reader) -> Reader:
    salted = {"salt": read_hex(SALT_OCTETS), "salt_check": read_hex(4)}
    return read_maybe(read_object(fields=read_object(**_fields(fields)), **salted, **more))


def _line(value: Any, place: str) -> dict[str, Any]:  # noqa: ANN401
    kind = value.get("of") if isinstance(value, dict) else None
    fields = {"points": POINTS, "money": MONEY}.get(kind) if isinstance(kind, str) else None
    read = read_object(
        of=read_one_of({"points": "points", "money": "money"}),
        hash=_hash,
        shown=_opened(fields or POINTS),
    )
    found: dict[str, Any] = read(value, place)
    return found


def _whole_line(value: Any, place: str) -> dict[str, Any]:  # noqa: ANN401
    is_money = isinstance(value, dict) and "amount" in value
    read = read_object(**_fields(WHOLE_MONEY if is_money else WHOLE_POINTS))
    found: dict[str, Any] = read(value, place)
    return found


_PROOF = read_list(_hash, PROOF_MAX)
_ENTRY = read_object(
    **_fields(OPEN),
    leaf=_hash,
    whole=read_object(
        hash=_hash,
        shown=_opened(
            WHOLE,
            lot=read_maybe(read_object(**_fields(WHOLE_LOT))),
            lines=read_list(_whole_line, LINES_MAX),
        ),
    ),
    maker=read_object(hash=_hash, shown=_opened(MAKER)),
    lines=read_list(_line, LINES_MAX),
    proof=_PROOF,
)
_TREE = {"lane": read_integer(16), "size": read_integer(64), "root": _hash, "proof": _PROOF}
_LANES = read_list(read_object(**_TREE), LANE_COUNT)
_GROWN = read_list(read_object(**_TREE, consistency=_PROOF), LANE_COUNT)
_SUMS = read_object(
    points=read_list(
        read_object(
            kind=read_one_of(KINDS),
            is_reversal=read_bool,
            issuer_id=read_integer(32),
            acceptor_id=read_integer(32),
            points=read_integer(64),
            line_count=read_integer(64),
        ),
        ENTRIES_MAX,
    ),
    money=read_list(
        read_object(
            kind=read_text,
            is_reversal=read_bool,
            debtor_id=read_integer(32),
            creditor_id=read_integer(32),
            currency=read_maybe(read_text),
            amount=read_amount,
            line_count=read_integer(64),
        ),
        ENTRIES_MAX,
    ),
)


def _entries(value: Any, place: str) -> list[dict[str, Any]]:  # noqa: ANN401
    """Read the entries; what is wrong with one of them is told by its lane and sequence."""
    given = read_list(lambda each, _: each, ENTRIES_MAX)(value, place)
    return [_ENTRY(each, _name_entry(each, number)) for number, each in enumerate(given)]


def _name_entry(value: Any, number: int) -> str:  # noqa: ANN401
    names = [value.get("lane"), value.get("seq")] if isinstance(value, dict) else []
    known = len(names) > 0 and all(isinstance(name, int) for name in names)
    return f"entry {names[0]}:{names[1]}" if known else f"entries[{number}]"


def _parties(value: Any, place: str) -> dict[int, str]:  # noqa: ANN401
    if not isinstance(value, dict) or not all(key.isdecimal() and key.isascii() for key in value):
        raise Wrong(place, "shape", "expected names of parties by number")
    return {int(key[:DIGITS_MAX]): read_text(name, place) for key, name in value.items()}


_BUNDLE = read_object(
    format=read_one_of({FORMAT: FORMAT}),
    made_at=read_instant,
    audience=read_text,
    window=read_maybe(read_object(name=read_text, opens_at=read_instant, cut_at=read_instant)),
    parties=_parties,
    checkpoint=read_text,
    lanes=_LANES,
    entries=_entries,
    totals=_SUMS,
    older=read_maybe(read_object(checkpoint=read_text, lanes=_GROWN)),
    seal=read_text,
)


def parse_json(content: bytes, place: str) -> Any:  # noqa: ANN401
    """Read JSON that has neither fractions nor endless numbers."""
    if len(content) > BUNDLE_BYTES_MAX:
        raise Wrong(place, "file", f"is larger than {BUNDLE_BYTES_MAX} bytes")

    def refuse(text: str) -> int:
        raise Wrong(place, "file", f"holds {text[:DIGITS_MAX]}, which is no plain integer")

    def read_whole(text: str) -> int:
        return int(text) if len(text) <= DIGITS_MAX else refuse(text)

    try:
        return json.loads(
            content.decode(), parse_int=read_whole, parse_float=refuse, parse_constant=refuse
        )
    except UnicodeDecodeError as error:
        raise Wrong(place, "file", f"is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        problem = f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise Wrong(place, "file", problem) from None
    except RecursionError:
        raise Wrong(place, "file", "is nested too deeply") from None


def write_json(document: Mapping[str, Any]) -> bytes:
    """Write an object in the one way in which bundles are written: in lists a line for each."""
    lines = [f"{_compact(key)}: {_write_member(document[key])}" for key in sorted(document)]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _write_member(value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, list) or not value:
        return _compact(value)
    return "[\n" + ",\n".join(map(_compact, value)) + "\n]"


def _compact(value: Any) -> str:  # noqa: ANN401
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def read_bundle(document: Any, place: str) -> Bundle:  # noqa: ANN401
    """Read a bundle out of JSON: hashes become bytes, instants microseconds since 2000."""
    found: Bundle = _BUNDLE(document, place)
    return found


def write_sealed(document: Mapping[str, Any]) -> bytes:
    """Give what the seal of a bundle stands for: all of it but the seal."""
    return write_json({key: value for key, value in document.items() if key != "seal"})
