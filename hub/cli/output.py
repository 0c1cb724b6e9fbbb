"""What the commands print with: tables for a person, JSON and CSV for a program.

Results go to standard output, progress and remarks to standard error, so that a pipe sees results
only.
"""

import csv
import io
import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

FILE_WIDTH: Final = 240
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a text that begins so for a formula."""

_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)


class Format(StrEnum):
    """How a command prints its result."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet; numbers stand to the right."""

    name: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows under columns; every cell is text that is final."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.columns) for row in self.rows), self.title


def result_console() -> Console:
    """Make the console for results.

    Nothing is emphasised by guessing, and markup in data stays data.
    """
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        # A file has no width to fit into, and no figure may be cut.
        console.width = FILE_WIDTH
    return console


def remark_console() -> Console:
    """Make the console for progress and remarks."""
    return Console(file=sys.stderr, highlight=False, markup=False, emoji=False)


def progress_bar(console: Console) -> Progress:
    """Make a bar that shows on a terminal only."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def dump_json(value: object) -> str:
    """Write JSON: keys sorted, UTF-8, a newline at the end; the same value gives the same bytes."""
    refuse_floats(value)
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def refuse_floats(value: object) -> None:
    """Assert that a value has no float anywhere: a float in a result is our own mistake."""
    assert not isinstance(value, float), value
    if isinstance(value, dict):
        for key, inner in value.items():
            assert isinstance(key, str), key
            refuse_floats(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            refuse_floats(inner)


def print_json(value: object, out: TextIO | None = None) -> None:
    """Print a value as JSON in UTF-8, whatever the terminal's encoding is."""
    _write_utf8(dump_json(value), out or sys.stdout)


def dump_csv(sheet: Sheet) -> str:
    """Write a sheet as CSV (RFC 4180, header row).

    A text that a spreadsheet would take for a formula begins with an apostrophe.

    Source: rule book 2.7.
    """
    header = csv_row(sheet.columns, tuple(column.name for column in sheet.columns))
    return header + "".join(csv_row(sheet.columns, row) for row in sheet.rows)


def csv_row(columns: Sequence[Column], row: Sequence[str]) -> str:
    """Write one row as CSV, its line end included."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(
        cell if column.is_number and _NUMBER.fullmatch(cell) else _guard(cell)
        for column, cell in zip(columns, row, strict=True)
    )
    return out.getvalue()


def _guard(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def write_text(text: str) -> None:
    """Write a piece of a result to standard output in UTF-8."""
    _write_utf8(text, sys.stdout)


def print_csv(sheet: Sheet, out: TextIO | None = None) -> None:
    """Print a sheet as CSV in UTF-8."""
    _write_utf8(dump_csv(sheet), out or sys.stdout)


def _write_utf8(text: str, out: TextIO) -> None:
    raw = getattr(out, "buffer", None)
    if raw is None:
        out.write(text)
        return
    out.flush()
    raw.write(text.encode("utf-8"))
    raw.flush()


def print_sheets(console: Console, sheets: Iterable[Sheet]) -> None:
    """Print sheets as tables for a person."""
    for sheet in sheets:
        # Not the table's own title: that is folded to the width of the table.
        console.print(Text(sheet.title, style="bold"))
        console.print(_table(sheet))


def _table(sheet: Sheet) -> Table:
    table = Table()
    for column in sheet.columns:
        table.add_column(
            Text(column.name), justify="right" if column.is_number else "left", overflow="fold"
        )
    for row in sheet.rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def print_sheet(sheet: Sheet, output_format: Format) -> None:
    """Print one sheet in the format that was asked for; in JSON it is a list of objects."""
    match output_format:
        case Format.TABLE:
            print_sheets(result_console(), [sheet])
        case Format.CSV:
            print_csv(sheet)
        case Format.JSON:
            print_json(sheet_objects(sheet))


def sheet_objects(sheet: Sheet) -> list[dict[str, str]]:
    """Turn the rows of a sheet into objects keyed by column."""
    names: Sequence[str] = [column.name for column in sheet.columns]
    return [dict(zip(names, row, strict=True)) for row in sheet.rows]
