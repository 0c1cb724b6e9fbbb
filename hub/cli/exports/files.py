"""A file of JSON lines that grows as it is read, and can be gone on with after any crash.

Its first line says what it is an export of, and up to which entry of every lane: so whatever was
posted in between, the same export has the same bytes. A line counts when its end is written.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from hub.cli.exports.errors import ExportExists, ExportNotResumable
from hub.cli.strict_json import show_path
from schema.exports.lines import FORMAT, Export, Row, Rows, write_line

HEAD_BYTES: Final = 1 << 16
"""More than the first line of any export: it names every lane once."""
FLUSHED_EVERY: Final = 1_000


@dataclass(frozen=True, slots=True)
class Written:
    """How an export ended."""

    row_count: int
    resumed_count: int
    byte_count: int


def read_begun(path: Path, export: Export) -> Export:
    """Give the export that a file was begun with, or this one if there is no file yet.

    Errors: ExportNotResumable.
    """
    if not path.exists() or b"\n" not in _head(path):
        return export
    try:
        header = json.loads(_head(path).partition(b"\n")[0])
        ranges = [(lane, from_seq, to_seq) for lane, from_seq, to_seq in header["ranges"]]
        begun = Export(header["export"], {key: header[key] for key in export.asked}, ranges)
    except (ValueError, KeyError, TypeError):
        raise _refuse(path, "its first line is not that of an export") from None
    if (begun.name, dict(begun.asked), header["format"]) != (
        export.name,
        dict(export.asked),
        FORMAT,
    ):
        raise _refuse(path, "it was begun with other arguments")
    return begun


async def write_export(
    path: Path,
    export: Export,
    rows_from: Callable[[Row | None], Rows],
    *,
    is_resumed: bool,
    advance: Callable[[Row], None],
) -> Written:
    """Write the rows of an export, going on after the last whole line of the file if asked to.

    `rows_from` gives the rows from one on, that one included; None: from the first. The last line
    that is there must be the row that the books give in its place.

    Errors: ExportExists, ExportNotResumable.
    """
    with _open(path, is_resumed=is_resumed) as file:
        last, kept = _cut_tail(file, path)
        rows = rows_from(last)
        if last is not None:
            first = await anext(rows, None)
            if first is None or write_line(first) != write_line(last):
                raise _refuse(path, "its last line is not what the books say there")
        if not kept:
            file.write(write_line(export.header()))
        count = 0
        async for row in rows:
            file.write(write_line(row))
            advance(row)
            count += 1
            if count % FLUSHED_EVERY == 0:
                file.flush()
        file.flush()
        os.fsync(file.fileno())
        resumed = max(kept - 1, 0)
        return Written(count + resumed, resumed, file.tell())


def _open(path: Path, *, is_resumed: bool) -> BinaryIO:
    if path.exists() and not is_resumed:
        raise ExportExists(show_path(path))
    try:
        path.touch()
        return path.open("r+b")
    except OSError as error:
        raise _refuse(path, error.strerror or "it cannot be written") from None


def _cut_tail(file: BinaryIO, path: Path) -> tuple[Row | None, int]:
    """Cut off what follows the last whole line; give that line if it is a row, and how many."""
    end = 0
    count = 0
    last = b""
    for line in file:
        if not line.endswith(b"\n"):
            break
        end, count, last = end + len(line), count + 1, line
    file.seek(end)
    file.truncate()
    if count <= 1:
        return None, count
    try:
        row: Row = json.loads(last)
    except ValueError:
        raise _refuse(path, "its last line is not JSON") from None
    return row, count


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _refuse(path: Path, reason: str) -> ExportNotResumable:
    return ExportNotResumable(show_path(path), reason)
