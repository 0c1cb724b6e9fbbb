"""CSV files, plain or gzipped, read as a stream and checked column by column."""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, TextIO

from hub.cli.replay.errors import ReplayInvalid
from hub.cli.strict_json import quote, show_path

ROWS_MAX: Final = 10_000_000
LINE_CHARACTERS_MAX: Final = 10_000
WHOLE_MAX: Final = 10**12

_WHOLE: Final = re.compile(r"[0-9]{1,13}", re.ASCII)
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """One row, the file it is from, and its line."""

    file: str
    line: int
    cells: dict[str, str]

    def refusal(self, column: str, problem: str, expected: str) -> ReplayInvalid:
        """Say what is wrong with one cell."""
        return ReplayInvalid(
            file=self.file, line=self.line, problem=f"{column}: {problem}", expected=expected
        )

    def whole(self, column: str) -> int:
        """Read an integer from 0.

        Errors: ReplayInvalid.
        """
        text = self.cells[column]
        if _WHOLE.fullmatch(text) and int(text) <= WHOLE_MAX:
            return int(text)
        raise self.refusal(
            column, f"{quote(text)} is not such a number", f"an integer from 0 to {WHOLE_MAX}"
        )

    def instant(self, column: str) -> datetime:
        """Read an instant in UTC, to the second.

        Errors: ReplayInvalid.
        """
        text = self.cells[column]
        if _INSTANT.fullmatch(text):
            try:
                return datetime.fromisoformat(text).replace(tzinfo=UTC)
            except ValueError:
                pass
        raise self.refusal(
            column,
            f"{quote(text)} is not an instant",
            "an instant in UTC such as 2017-04-24T04:03:35Z",
        )

    def day(self, column: str) -> date:
        """Read a date.

        Errors: ReplayInvalid.
        """
        text = self.cells[column]
        if _DATE.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                pass
        raise self.refusal(column, f"{quote(text)} is not a date", "a date such as 2017-04-24")


def read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    """Read a file row by row; its header must be exactly these columns.

    Errors: ReplayInvalid.
    """
    file = show_path(path)
    line = 0
    try:
        with _open_text(path) as text:
            reader = csv.reader(_short_lines(text, file), strict=True)
            for line, cells in enumerate(reader, start=1):
                if line == 1:
                    _check_header(file, cells, columns)
                    continue
                yield _make_row(file, line, cells, columns)
    except (OSError, EOFError, zlib.error) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else None
        problem = reason or "is damaged"
        raise ReplayInvalid(file=file, line=0, problem=problem, expected="a file") from fault
    except UnicodeDecodeError as fault:
        raise ReplayInvalid(
            file=file, line=line + 1, problem="not UTF-8", expected="CSV in UTF-8"
        ) from fault
    except csv.Error as fault:
        raise ReplayInvalid(
            file=file, line=line + 1, problem=f"not CSV ({fault})", expected="CSV (RFC 4180)"
        ) from fault
    if line == 0:
        _check_header(file, [], columns)


def _make_row(file: str, line: int, cells: list[str], columns: tuple[str, ...]) -> Row:
    if line > ROWS_MAX:
        raise ReplayInvalid(
            file=file, line=line, problem="too many rows", expected=f"at most {ROWS_MAX}"
        )
    if len(cells) != len(columns):
        raise ReplayInvalid(
            file=file, line=line, problem=f"{len(cells)} cells", expected=f"{len(columns)} cells"
        )
    return Row(file, line, dict(zip(columns, cells, strict=True)))


@contextmanager
def _open_text(path: Path) -> Iterator[TextIO]:
    with path.open("rb") as raw:
        if path.suffix != ".gz":
            yield io.TextIOWrapper(raw, encoding="utf-8", newline="")
            return
        with gzip.GzipFile(fileobj=raw) as unzipped:
            yield io.TextIOWrapper(unzipped, encoding="utf-8", newline="")


def _short_lines(text: TextIO, file: str) -> Iterator[str]:
    """Read lines that have a maximum: a few bytes of gzip can be one line of gigabytes."""
    line = 0
    while content := text.readline(LINE_CHARACTERS_MAX):
        line += 1
        if len(content) == LINE_CHARACTERS_MAX:
            raise ReplayInvalid(
                file=file,
                line=line,
                problem="the line is too long",
                expected=f"fewer than {LINE_CHARACTERS_MAX} characters",
            )
        yield content


def _check_header(file: str, cells: list[str], columns: tuple[str, ...]) -> None:
    if tuple(cells) != columns:
        raise ReplayInvalid(
            file=file,
            line=1,
            problem=f"the columns are {quote(','.join(cells))}",
            expected=",".join(columns),
        )
