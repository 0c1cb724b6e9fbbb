"""The commands `hub export entries`, `hub export lots` and `hub export statement-lines`."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.database import Books, hub_database, open_books
from hub.cli.exit_codes import describe_exit_codes
from hub.cli.exports.files import Written, read_begun, write_export
from hub.cli.output import Column, Format, Sheet, print_sheet, progress_bar, remark_console
from hub.cli.settle.names import find_named
from hub.cli.strict_json import show_path
from hub.kernel.actor import HUB_ACTOR
from hub.ledger.journal.moves.store import list_lane_ends
from hub.ledger.journal.store import Ranges
from hub.ledger.store import list_ranges
from hub.settings import read_settings
from schema.exports.lines import Export, Row, Rows
from schema.exports.names import Positions
from schema.exports.rows import Reader, read_entries, read_lots, read_statement_lines
from settlement.errors import WindowNotClosed

File = Annotated[Path, typer.Argument(help="The file of JSON lines to write.")]
Resume = Annotated[
    bool,
    typer.Option("--resume", help="Go on after the last whole line of a file begun before."),
]
Status = Annotated[Format, typer.Option("--format", help="How to print what was done.")]
Window = Annotated[
    str, typer.Option(metavar="WINDOW", help="A closed window: CALENDAR/CODE, or its code.")
]
Party = Annotated[str, typer.Option("--partner", metavar="CODE", help="Whose statement.")]


def _epilog(*examples: str) -> str:
    shown = "\n\n".join(f"  {line}" for line in examples)
    return f"\nExamples:\n\n{shown}\n\n{describe_exit_codes()}\n"


def entries(file: File, *, resume: Resume = False, output_format: Status = Format.TABLE) -> None:
    """Write every entry of the books with its allocations, a line each.

    The first line says up to which entry of every lane. The same command with --resume finishes a
    file that was interrupted, with the same bytes as if it had not been.
    """
    _run(file, partial(_begin, name="entries"), resume=resume, output_format=output_format)


def lots(file: File, *, resume: Resume = False, output_format: Status = Format.TABLE) -> None:
    """Write every lot with what was left of it, as of the entries in the first line."""
    _run(file, partial(_begin, name="lots"), resume=resume, output_format=output_format)


def statement_lines(
    file: File,
    *,
    window: Window,
    party: Party,
    resume: Resume = False,
    output_format: Status = Format.TABLE,
) -> None:
    """Write every obligation behind the statement of a partner in a closed window, a line each."""
    begin = partial(_begin_statement, window=window, party=party)
    _run(file, begin, resume=resume, output_format=output_format)


def add_to(app: typer.Typer) -> None:
    """Add the commands to an application."""
    examples = ("hub export entries all.jsonl", "hub export entries all.jsonl --resume")
    app.command("entries", epilog=_epilog(*examples))(entries)
    app.command("lots", epilog=_epilog("hub export lots lots.jsonl"))(lots)
    example = "hub export statement-lines may.jsonl --window monthly/M2017-05 --partner BIO"
    app.command("statement-lines", epilog=_epilog(example))(statement_lines)


Begin = Callable[[Books], Awaitable[Export]]


def _run(file: Path, begin: Begin, *, resume: bool, output_format: Format) -> None:
    with hub_database(read_settings()) as url:
        written = asyncio.run(_export(url, file, begin, is_resumed=resume))
    columns = tuple(Column(name, is_number=name != "file") for name in _STATUS)
    row = (show_path(file), *map(str, (written.row_count, written.resumed_count)))
    print_sheet(Sheet("Exported", columns, ((*row, str(written.byte_count)),)), output_format)


_STATUS = ("file", "rows", "of_these_were_there", "bytes")


async def _export(url: str, file: Path, begin: Begin, *, is_resumed: bool) -> Written:
    async with open_books(url) as books:
        export = await begin(books)
        if is_resumed:
            export = read_begun(file, export)
        reader = Reader(books.database, books.register, HUB_ACTOR, Positions())
        with progress_bar(remark_console()) as bar:
            task = bar.add_task("export", total=export.entry_count)
            progress = _Progress(export.ranges)
            return await write_export(
                file,
                export,
                partial(_read, reader, export),
                is_resumed=is_resumed,
                advance=lambda row: bar.update(task, completed=progress.of(row)),
            )


def _read(reader: Reader, export: Export, last: Row | None) -> Rows:
    """Give the rows of an export from one on, that one included; None: from the first."""
    match export.name:
        case "entries":
            return read_entries(reader, export.ranges, last["entry"] if last else None)
        case "lots":
            return read_lots(reader, export.ranges, last["lot"] if last else None)
    party = export.asked["partner"]
    assert party is not None, "a statement is somebody's"
    last_name = last["obligation"] if last else None
    return read_statement_lines(reader, export.ranges, party, last_name)


class _Progress:
    """How many entries were passed: those of the lanes before, and those up to the row's own."""

    def __init__(self, ranges: Ranges) -> None:
        self._before: dict[int, tuple[int, int]] = {}
        total = 0
        for lane, from_seq, to_seq in ranges:
            self._before[lane] = (total, from_seq)
            total += to_seq - from_seq

    def of(self, row: Row) -> int:
        lane, seq = map(int, (row.get("entry") or row["made_by"]).split(":"))
        total, from_seq = self._before[lane]
        return total + seq - from_seq


async def _begin(books: Books, *, name: str) -> Export:
    async with books.database.read(HUB_ACTOR) as tx:
        return Export(name, {}, await list_lane_ends(tx))


async def _begin_statement(books: Books, *, window: str, party: str) -> Export:
    """Find the window.

    Errors: PartnerNotFound, WindowNotFound, WindowNotClosed.
    """
    code = books.register.get_partner(party).code
    async with books.database.read(HUB_ACTOR) as tx:
        found = await find_named(tx, window)
        if found.status != "CLOSED":
            raise WindowNotClosed(found.calendar, found.code, found.cut_at)
        ranges = await list_ranges(tx, found.opens_at, found.cut_at)
    asked = {"window": f"{found.calendar}/{found.code}", "partner": code}
    return Export("statement-lines", asked, ranges)
