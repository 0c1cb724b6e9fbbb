"""A list with a fixed end, so that it has the same lines whenever it is read."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from hub.ledger.journal.store import Ranges

FORMAT: Final = 1

Row: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = AsyncIterator[Row]


@dataclass(frozen=True, slots=True)
class Export:
    """What is exported: its name, what was asked for, and up to where every lane is read."""

    name: str
    asked: Mapping[str, str | None]
    ranges: Ranges

    def header(self) -> Row:
        """Write the first line."""
        return {**self.public_header(), "ranges": [list(one) for one in self.ranges]}

    def public_header(self) -> Row:
        """Write the first line for who must not know how long lanes are (rule book 1.13)."""
        return {"export": self.name, "format": FORMAT, **self.asked}

    @property
    def entry_count(self) -> int:
        """How many entries it passes over."""
        return sum(to - since for _, since, to in self.ranges)


def write_line(row: Row) -> bytes:
    """Write a row; the same row has the same bytes."""
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode() + b"\n"
