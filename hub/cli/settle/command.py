"""The command `hub settle`."""

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final

import typer

from hub.cli.database import hub_database, open_books
from hub.cli.exit_codes import ExitCode, describe_exit_codes, end_command
from hub.cli.output import Format, print_sheet, progress_bar, remark_console
from hub.cli.settle.entries import print_entries
from hub.cli.settle.names import find_named, load_closed, read_rates
from hub.cli.settle.printout import lines_sheet, positions_sheet, print_window, windows_sheet
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.clock import system_clock
from hub.kernel.tx import ReadTx
from hub.settings import read_settings
from settlement.calendars import Calendar
from settlement.cells import Pair
from settlement.errors import CellNotFound
from settlement.settle import Settlement
from settlement.store import Window, list_windows
from settlement.windows import close_window, plan_windows_ahead

AHEAD_MAX: Final = 120

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Plan and close settlement windows, and show what they owe.",
)

WindowName = Annotated[
    str | None,
    typer.Argument(
        metavar="[WINDOW]",
        help="CALENDAR/WINDOW such as monthly/M2017-05; without it the one that was cut last.",
        show_default=False,
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="How to print the result.")]


def _epilog(*examples: tuple[str, str]) -> str:
    width = max(len(line) for line, _ in examples) + 4
    shown = "\n\n".join(f"  {line.ljust(width)}{meaning}" for line, meaning in examples)
    return f"\nExamples:\n\n{shown}\n\n{describe_exit_codes()}\n"


@app.command(
    epilog=_epilog(
        ("hub settle plan monthly", "this month's window, and the next"),
        ("hub settle plan weekly --ahead 8", "this week's, and eight more"),
        ("hub settle plan monthly --from 2027-01-01", "a calendar that begins later"),
    )
)
def plan(
    calendar: Annotated[Calendar, typer.Argument(help="How long its windows are.")],
    *,
    ahead: Annotated[
        int, typer.Option("--ahead", min=0, max=AHEAD_MAX, help="How many windows to come.")
    ] = 1,
    start: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            formats=["%Y-%m-%d"],
            help="Local day on which a calendar without windows begins.",
            show_default="with the present week or month",
        ),
    ] = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Make windows ahead of their cuts, in local weeks or months of the coalition.

    What is missing up to the end of the present week or month becomes one window: a lane cannot be
    cut at an instant that it has passed. Asking again makes only what is missing.
    """
    with hub_database(read_settings()) as url:
        windows = asyncio.run(_plan(url, calendar, ahead, start))
    print_sheet(windows_sheet(windows, f"{calendar} windows that are not closed"), output_format)


async def _plan(
    url: str, calendar: Calendar, ahead_count: int, start: datetime | None
) -> list[Window]:
    async with open_books(url) as books:
        await plan_windows_ahead(
            books.database,
            books.register,
            HUB_ACTOR,
            calendar=calendar,
            starts_on=None if start is None else start.date(),
            now=system_clock(),
            ahead_count=ahead_count,
        )
        async with books.database.read(HUB_ACTOR) as tx:
            return [w for w in await list_windows(tx, calendar) if w.status != "CLOSED"]


@app.command(
    epilog=_epilog(
        ("hub settle windows", "every window of every calendar"),
        ("hub settle windows --format csv", "for a program"),
    )
)
def windows(*, output_format: OutputFormat = Format.TABLE) -> None:
    """List all windows with their spans, states and seals."""
    with hub_database(read_settings()) as url:
        found = asyncio.run(_list_windows(url))
    print_sheet(windows_sheet(found, "Windows"), output_format)


async def _list_windows(url: str) -> list[Window]:
    async with open_books(url) as books, books.database.read(HUB_ACTOR) as tx:
        return await list_windows(tx)


@app.command(
    epilog=_epilog(
        ("hub settle close monthly/M2017-05", "one window"),
        ("hub settle close --due", "all that are over"),
        ("hub settle close --due --fx USD=1.0850", "with a rate fixed at the cut"),
    )
)
def close(
    window: WindowName = None,
    *,
    due: Annotated[bool, typer.Option("--due", help="Close every window that is over.")] = False,
    fx: Annotated[
        list[str] | None,
        typer.Option(
            "--fx",
            metavar="CUR=RATE",
            help="Units of a currency per unit of the clearing currency; may be repeated.",
        ),
    ] = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Close a window: book what expired before its cut, cut every lane, settle and seal.

    Closing again changes nothing; a close that was interrupted is finished by the next.
    """
    if due == (window is not None):
        raise typer.BadParameter("name one window, or ask for all that are over by --due")
    rates = read_rates(fx or [])
    with hub_database(read_settings()) as url:
        closed = asyncio.run(_close(url, window, rates))
    print_sheet(windows_sheet(closed, "Closed"), output_format)


async def _close(url: str, name: str | None, rates: dict[str, Decimal]) -> list[Window]:
    now = system_clock()
    async with open_books(url) as books:
        async with books.database.read(HUB_ACTOR) as tx:
            chosen = await _list_due(tx, now) if name is None else [await find_named(tx, name)]
        with progress_bar(remark_console()) as bar:
            return [
                await close_window(
                    books.database,
                    books.register,
                    HUB_ACTOR,
                    calendar=window.calendar,
                    code=window.code,
                    now=now,
                    fx=rates,
                )
                for window in bar.track(chosen, description="close")
            ]


async def _list_due(tx: ReadTx, now: datetime) -> list[Window]:
    """List the windows that are over and not closed, in the order of their cuts."""
    due = [w for w in await list_windows(tx) if w.status != "CLOSED" and w.cut_at <= now]
    return sorted(due, key=lambda window: (window.cut_at, window.calendar))


@app.command(
    epilog=_epilog(
        ("hub settle show", "the window that was cut last"),
        ("hub settle show monthly/M2017-05", "matrix, nets, payments, rounding, seal"),
        ("hub settle show --format csv", "its cells, a row each"),
    )
)
def show(window: WindowName = None, *, output_format: OutputFormat = Format.TABLE) -> None:
    """Show who owes whom in a closed window, what is left when it is set off, and who pays."""
    with hub_database(read_settings()) as url:
        found, settlement = asyncio.run(_load(url, window))
    print_window(found, settlement, output_format)


@app.command(
    epilog=_epilog(
        ("hub settle positions", "what each party pays or gets"),
        ("hub settle positions monthly/M2017-05 --format json", "for a program"),
    )
)
def positions(window: WindowName = None, *, output_format: OutputFormat = Format.TABLE) -> None:
    """Show of each party what it owes, what it is owed, and what is left to pay or to get."""
    with hub_database(read_settings()) as url:
        found, settlement = asyncio.run(_load(url, window))
    print_sheet(positions_sheet(found, settlement), output_format)


async def _load(url: str, name: str | None) -> tuple[Window, Settlement]:
    async with open_books(url) as books, books.database.read(HUB_ACTOR) as tx:
        return await load_closed(tx, books.register, name)


@app.command(
    epilog=_epilog(
        ("hub settle lines", "every line of every bill"),
        ("hub settle lines monthly/M2017-05 --debtor bistro", "of one debtor"),
        ("hub settle lines --debtor POOL --creditor HUB --entries", "down to single entries"),
    )
)
def lines(
    window: WindowName = None,
    *,
    debtor: Annotated[str | None, typer.Option(help="Only what this party owes.")] = None,
    creditor: Annotated[str | None, typer.Option(help="Only what this party is owed.")] = None,
    entries: Annotated[
        bool,
        typer.Option("--entries", help="What each entry owes, and a check that it is the sum."),
    ] = False,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """List the lines of the bills of a closed window, or the entries behind one of them.

    With --entries the exit status is 1 when the entries do not sum to the bill.
    """
    if entries and (debtor is None or creditor is None):
        raise typer.BadParameter("--entries needs one bill: --debtor and --creditor")
    with hub_database(read_settings()) as url:
        if debtor is None or creditor is None or not entries:
            found, settlement = asyncio.run(_load(url, window))
            sheet = lines_sheet(found, settlement, debtor=debtor, creditor=creditor)
            print_sheet(sheet, output_format)
            return
        is_equal = asyncio.run(_drill_down(url, window, Pair(debtor, creditor), output_format))
    if not is_equal:
        end_command("hub: the entries do not sum to the bill", ExitCode.REFUSED)


async def _drill_down(url: str, name: str | None, pair: Pair, output_format: Format) -> bool:
    async with open_books(url) as books, books.database.read(HUB_ACTOR) as tx:
        window, settlement = await load_closed(tx, books.register, name)
        cell = settlement.cells.get(pair)
        if cell is None:
            raise CellNotFound(window.code, pair.debtor, pair.creditor)
        checked = await print_entries(
            tx,
            books.register,
            window=window,
            cell=cell,
            fixing=settlement.clearing.fixing,
            output_format=output_format,
        )
    if output_format is Format.CSV:
        verdict = "equal" if checked.is_equal else "do NOT equal"
        remark_console().print(f"The {checked.entry_count} obligations {verdict} the bill.")
    return checked.is_equal
