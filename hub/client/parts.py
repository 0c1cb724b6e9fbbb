"""A file that is there whole or not at all: until then its lines lie beside it, in `.part`."""

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from hub.client.lines import LINE_BYTES_MAX, read_line
from hub.client.lists import NAMES, Reading
from hub.client.reading import field_of, text

_BLOCK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Begun:
    """How much of a file is there: whole lines with the first, and their bytes."""

    line_count: int
    byte_count: int
    last_line: bytes


class PartFile:
    """The lines of a list that is not whole yet; a break, or the end of a program, keeps them.

    Beside `list.jsonl` there are `list.jsonl.part`, and `list.jsonl.part.of`, which says of which
    list it is.
    """

    def __init__(self, path: Path, reading: Reading) -> None:
        """Open what was begun, or begin.

        Errors: FileExistsError when the whole file is there; ValueError when what was begun is of
        another list.
        """
        if path.exists():
            raise FileExistsError(f"{path} is there already; it is left as it is")
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._of = path.with_name(path.name + ".part.of")
        self._reading = reading
        begun = self._find_begun()
        self.line_count, self.byte_count = 0, 0
        if begun is not None:
            self.line_count, self.byte_count = begun.line_count - 1, begun.byte_count
            _go_on(reading, begun)
        self._file: BinaryIO = self._part.open("r+b" if begun else "wb")
        self._file.truncate(self.byte_count)
        self._file.seek(self.byte_count)

    def __enter__(self) -> Self:
        """Write to it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it; what is there stays there."""
        self._file.close()

    def write(self, lines: bytes) -> None:
        """Add whole lines."""
        is_first = self.byte_count == 0
        if is_first:
            self._of.write_text(f"{self._reading.name}?{self._reading.query}\n", encoding="ascii")
        self._file.write(lines)
        self._file.flush()
        self.line_count += lines.count(b"\n") - is_first
        self.byte_count += len(lines)

    def finish(self) -> None:
        """Give it its name: it is whole."""
        os.fsync(self._file.fileno())
        self._part.rename(self._path)
        self._of.unlink(missing_ok=True)

    def _find_begun(self) -> Begun | None:
        if not (self._part.exists() and self._of.exists()):
            return None
        name, _, query = self._of.read_text(encoding="ascii").strip().partition("?")
        asked = self._reading.query
        if name != self._reading.name or (asked and not _is_of(query, asked)):
            raise ValueError(f"{self._part} was begun for another list: {name}?{query}")
        found = _read_end(self._part)
        if found is not None:
            self._reading.query, self._reading.is_begun = query, True
        return found


def _is_of(query: str, asked: str) -> bool:
    """Whether a list is the one asked for: the hub adds whose it is where that was left out."""
    return set(asked.split("&")) <= set(query.split("&"))


def _read_end(path: Path) -> Begun | None:
    """Find the last whole line; None when there is none."""
    line_count = byte_count = read_count = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            feeds = block.count(b"\n")
            if feeds:
                line_count += feeds
                byte_count = read_count + block.rindex(b"\n") + 1
            read_count += len(block)
        if not line_count:
            return None
        file.seek(max(0, byte_count - LINE_BYTES_MAX))
        end = file.read(min(byte_count, LINE_BYTES_MAX))
    return Begun(line_count, byte_count, end[:-1].rpartition(b"\n")[2])


def _go_on(reading: Reading, begun: Begun) -> None:
    """Let the reading go on behind the last whole line."""
    reading.has_head = True
    if begun.line_count > 1:
        reading.last = text(field_of(read_line(begun.last_line), NAMES[reading.name]))
