"""What is hashed: tables of fields, in the order in which their bytes stand."""

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from itertools import groupby
from typing import Any

from hub.ledger.log.verifier.trees import Hash, hash_leaf

_POINT_KINDS = (
    "ISSUE REDEEM REFUND REVERSE EXPIRE TRANSFER CASH_OUT DONATE EXCHANGE HOLD CAPTURE VOID LAPSE"
    " REPAY ARRIVE EXTEND REINSTATE RELEASE OWE"
)
_HOUSE_KINDS = "MEMBERSHIP_SALE MEMBERSHIP_CANCEL ADJUST LATE_INTEREST HUB_FEE"
KINDS = {name: number for number, name in enumerate(_POINT_KINDS.split(), 1)}
KINDS |= {name: number for number, name in enumerate(_HOUSE_KINDS.split(), 20)}
NAMES = {number: name for name, number in KINDS.items()}
INFINITY = 2**63 - 1
FIRST_LANE = -1
LANE_COUNT = 65
"""The house lane, and the lanes of wallets."""

Fields = tuple[tuple[str, str], ...]
Values = Mapping[str, Any]

OPEN: Fields = (
    ("lane", "int2"),
    ("seq", "int8"),
    ("kind", "kind"),
    ("occurred_at", "instant"),
    ("posted_at", "instant"),
)
"""Of every entry that is shown at all. Instants are microseconds since 2000, as in PostgreSQL."""

MAKER: Fields = (
    ("partner_id", "int4"),
    ("points", "int8"),
    ("asked_points", "id8"),
    ("ref_seq", "id8"),
    ("available_at", "since"),
    ("ends_at", "until"),
    ("reason", "text"),
    ("reference", "text"),
    ("category", "text"),
)
"""For the partner that made the entry."""

POINTS: Fields = (
    ("kind", "kind"),
    ("is_reversal", "bool"),
    ("points", "int8"),
    ("held_points", "int8"),
    ("issuer_id", "int4"),
    ("acceptor_id", "int4"),
)
"""Points of one lot, for its issuer and for who accepted them."""

MONEY: Fields = (
    ("kind", "text"),
    ("is_reversal", "bool"),
    ("debtor_id", "int4"),
    ("creditor_id", "int4"),
    ("currency", "text"),
    ("amount", "amount"),
    ("label", "text"),
)
"""Money from one party to another."""

WHOLE: Fields = (
    ("lane", "int2"),
    ("seq", "int8"),
    ("kind", "kind"),
    ("partner_id", "int4"),
    ("wallet_id", "id8"),
    ("counter_lane", "lane"),
    ("counter_wallet_id", "id8"),
    ("points", "int8"),
    ("asked_points", "id8"),
    ("cap_id", "id8"),
    ("mode", "mode"),
    ("terms_id", "id4"),
    ("ref_seq", "id8"),
    ("lot_id", "id8"),
    ("occurred_at", "instant"),
    ("decided_at", "instant"),
    ("posted_at", "instant"),
    ("available_at", "since"),
    ("ends_at", "until"),
    ("request_hash", "hash16"),
    ("actor", "text"),
    ("reason", "text"),
    ("reference", "text"),
    ("category", "text"),
    ("match_rate", "text"),
    ("facts", "text"),
)
"""Everything, for auditors: `ledger.leaf_hash`, made when the entry was booked."""

WHOLE_LOT: Fields = (
    ("funder_id", "int4"),
    ("issue_rank", "int8"),
    ("restriction_id", "id4"),
    ("contributor_wallet_id", "id8"),
    ("source_lane", "lane"),
    ("source_lot_id", "id8"),
)
"""The lot that an entry makes, if it makes one."""

WHOLE_POINTS: Fields = (
    ("kind", "kind"),
    ("is_reversal", "bool"),
    ("lot_id", "int8"),
    ("points", "int8"),
    ("held_points", "int8"),
    ("issuer_id", "int4"),
    ("acceptor_id", "int4"),
    ("issue_terms_id", "int4"),
    ("acceptor_terms_id", "int4"),
    ("arrears_seq", "id8"),
)
WHOLE_MONEY: Fields = (
    ("kind", "name"),
    ("is_reversal", "bool"),
    ("debtor_id", "int4"),
    ("creditor_id", "int4"),
    ("currency", "name"),
    ("amount", "numeric"),
    ("label", "name"),
)

PARTS: Mapping[str, tuple[bytes, Fields]] = {
    "maker": (b"\x02", MAKER),
    "points": (b"\x03", POINTS),
    "money": (b"\x04", MONEY),
}


def pack(fields: Fields, values: Values) -> bytes:
    """Write fields one after another; each has a fixed width or its length before it."""
    return b"".join(
        run.pack(*[unset if values[name] is None else values[name] for name, unset in named])
        if isinstance(run, struct.Struct)
        else run(values[named[0][0]])
        for run, named in _runs_of(fields)
    )


@cache
def _runs_of(fields: Fields) -> tuple[tuple[Any, tuple[tuple[str, int], ...]], ...]:
    """Put fields of fixed width that stand side by side together: one call packs all of them."""
    runs: list[tuple[Any, tuple[tuple[str, int], ...]]] = []
    for is_fixed, group in groupby(fields, key=lambda field: field[1] in _WIDTHS):
        own = list(group)
        if is_fixed:
            layout = struct.Struct(">" + "".join(_WIDTHS[kind] for _, kind in own))
            runs.append((layout, tuple((name, _UNSET.get(kind, 0)) for name, kind in own)))
        else:
            runs += [(_PACKERS[kind], ((name, 0),)) for name, kind in own]
    return tuple(runs)


def pack_text(value: str | None) -> bytes:
    """Write a text with its length in octets before it; -1 for none."""
    if value is None:
        return struct.pack(">i", -1)
    octets = value.encode()
    return struct.pack(">i", len(octets)) + octets


def pack_numeric(text: str) -> bytes:
    """Write an amount of twelve places as PostgreSQL's numeric_send does: digits of 10,000."""
    sign = 0x4000 if text.startswith("-") else 0
    whole, _, places = text.lstrip("-").partition(".")
    whole = whole.lstrip("0")
    padded = "0" * (-len(whole) % 4) + whole + places
    digits = [int(padded[i : i + 4]) for i in range(0, len(padded), 4)]
    weight = (len(padded) - len(places)) // 4 - 1
    while digits and digits[0] == 0:
        digits, weight = digits[1:], weight - 1
    while digits and digits[-1] == 0:
        digits = digits[:-1]
    if not digits:
        sign, weight = 0, 0
    head = struct.pack(">HhHH", len(digits), weight, sign, len(places))
    return head + b"".join(struct.pack(">H", digit) for digit in digits)


_WIDTHS: Mapping[str, str] = {
    "int2": "h",
    "int4": "i",
    "int8": "q",
    "id4": "i",
    "id8": "q",
    "mode": "h",
    "lane": "h",
    "kind": "h",
    "bool": "?",
    "instant": "q",
    "since": "q",
    "until": "q",
    "hash16": "16s",
}
_UNSET: Mapping[str, int] = {"lane": -1, "since": -INFINITY - 1, "until": INFINITY}
"""What stands for nothing; 0 for all others."""

_PACKERS: Mapping[str, Callable[[Any], bytes]] = {
    "text": pack_text,
    "name": lambda value: pack_text(value or ""),
    "amount": pack_text,
    "numeric": pack_numeric,
}


def hash_part(part: str, salt: bytes, values: Values) -> Hash:
    """Hash a part of an entry that can be shown without the others."""
    tag, fields = PARTS[part]
    return sha256(tag + salt + pack(fields, values)).digest()


def hash_whole(salt: bytes, values: Values, lot: Values | None, lines: Sequence[Values]) -> Hash:
    """Hash an entry with all its fields and lines, as the ledger did when it was booked."""
    made = b"" if lot is None else pack(WHOLE_LOT, lot)
    return hash_leaf(salt + pack(WHOLE, values) + made + b"".join(map(_pack_whole_line, lines)))


def _pack_whole_line(line: Values) -> bytes:
    return pack(WHOLE_MONEY if "amount" in line else WHOLE_POINTS, line)


def hash_entry(values: Values, whole: Hash, maker: Hash, lines: Sequence[Hash]) -> Hash:
    """Hash an entry into its leaf: what is open, and the hashes of its parts."""
    count = struct.pack(">i", len(lines))
    return hash_leaf(pack(OPEN, values) + whole + maker + count + b"".join(lines))


def hash_lane(lane: int, size: int, root: Hash) -> Hash:
    """Hash the tree of a lane into its leaf of the tree over all lanes."""
    return hash_leaf(struct.pack(">hq", lane, size) + root)
