"""From an entry of the journal to its leaf.

The leaf of the tree is made of hashes of parts, each with a salt of its own, so that a part can be
shown without the others: what is open to whoever sees the entry at all, what its maker sees, each
line for its two parties, and the whole, which only auditors see. The whole is what the ledger
hashed when the entry was booked; here it is hashed anew, and compared.

Which fields stand in which part, and in which order, is told once: in `verifier/fields.py`.

Source: rule book 1.10.4, 1.13; ADR-0015.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from hub.ledger.log.errors import JournalDisagrees
from hub.ledger.log.verifier.fields import hash_entry, hash_part, hash_whole
from hub.ledger.log.verifier.trees import Hash

SALT_OCTETS: Final = 16
MAKER: Final = 0
"""The number of the maker's part; lines are numbered from 1."""

_DERIVED: Final = b"\x05"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """An entry as it is stored; the values are named as in `verifier/fields.py`.

    Units: instants are microseconds since 2000, as PostgreSQL keeps them.
    """

    values: Mapping[str, Any]
    salt: bytes
    leaf_hash: Hash
    lot: Mapping[str, Any] | None
    points_lines: tuple[Mapping[str, Any], ...]
    money_lines: tuple[Mapping[str, Any], ...]

    @property
    def lines(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Name the lines of the entry in the order of the leaf: points first, then money."""
        points = [("points", line) for line in self.points_lines]
        return points + [("money", line) for line in self.money_lines]

    @property
    def whole_lines(self) -> tuple[Mapping[str, Any], ...]:
        """Give the lines that the ledger hashed: on the house lane there is money only."""
        return self.money_lines if self.values["lane"] < 0 else self.points_lines


@dataclass(frozen=True, slots=True)
class EntryLeaf:
    """The leaf of an entry, and the hashes of its parts."""

    whole: Hash
    maker: Hash
    lines: tuple[Hash, ...]
    leaf: Hash


def leaf_of(entry: JournalEntry) -> EntryLeaf:
    """Hash an entry into its leaf.

    Errors: JournalDisagrees, when the entry is no longer what was booked.
    """
    whole = hash_whole(entry.salt, entry.values, entry.lot, entry.whole_lines)
    if whole != entry.leaf_hash:
        place = f"entry {entry.values['lane']}:{entry.values['seq']}"
        raise JournalDisagrees(place, entry.leaf_hash.hex(), whole.hex())
    maker = hash_part("maker", part_salt(entry.salt, MAKER), entry.values)
    lines = tuple(
        hash_part(of, part_salt(entry.salt, number), line)
        for number, (of, line) in enumerate(entry.lines, MAKER + 1)
    )
    return EntryLeaf(whole, maker, lines, hash_entry(entry.values, whole, maker, lines))


def part_salt(salt: bytes, number: int) -> bytes:
    """Derive the salt of a part: who is given one learns neither the entry's salt nor another."""
    return sha256(_DERIVED + salt + struct.pack(">i", number)).digest()[:SALT_OCTETS]
