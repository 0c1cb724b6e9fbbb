"""The command `hub replay`."""

from pathlib import Path
from time import monotonic_ns
from typing import Annotated, Final

import typer

from hub.cli.exit_codes import ExitCode, describe_exit_codes, end_command
from hub.cli.output import (
    Format,
    print_csv,
    print_json,
    print_sheets,
    progress_bar,
    remark_console,
    result_console,
)
from hub.cli.replay.coalition import read_coalition
from hub.cli.replay.errors import ReplayInvalid
from hub.cli.replay.history import Replay, read_replay
from hub.cli.replay.play import play_replay
from hub.cli.replay.printout import flows_sheet, replay_sheets
from hub.cli.replay.totals import ReplayFacts, write_speed, write_totals

NANOSECONDS_PER_MICROSECOND: Final = 1_000
LIMIT_MAX: Final = 10_000_000

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EPILOG: Final = f"""
Examples:

  hub replay tests/data/coalition_sample                  tables

  hub replay tests/data/coalition_sample --format json    every total, by window

  hub replay tests/data/coalition_sample --expire         points die after some weeks

  hub replay tests/data/coalition_sample --limit 1000     the first thousand receipts

{describe_exit_codes()}
"""


@app.command(epilog=EPILOG)
def replay(
    folder: Annotated[Path, typer.Argument(help="Receipts in the layout of coalition_sample.")],
    *,
    expire: Annotated[
        bool, typer.Option("--expire", help="Let points die after the folder's number of days.")
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, max=LIMIT_MAX, help="Replay only the first N receipts."),
    ] = None,
    output_format: Annotated[
        Format, typer.Option("--format", help="How to print the result.")
    ] = Format.TABLE,
) -> None:
    """Replay a folder of real receipts through the ledger.

    Enrols the members, links their accounts, issues, redeems, closes every week and month, and
    prints what came out. Runs in a throw-away database and leaves nothing behind.
    """
    try:
        expiry_days = read_coalition(folder).expiry_days if expire else None
        read = read_replay(folder, limit=limit, expiry_days=expiry_days)
    except ReplayInvalid as refusal:
        end_command(str(refusal), ExitCode.INVALID_INPUT)
    with progress_bar(remark_console()) as bar:
        task = bar.add_task("replay", total=read.events_count)
        began = monotonic_ns()
        facts = play_replay(read, advance=lambda count: bar.advance(task, count))
        elapsed_microseconds = (monotonic_ns() - began) // NANOSECONDS_PER_MICROSECOND
    print_replay(read, facts, elapsed_microseconds, output_format)


def print_replay(
    read: Replay, facts: ReplayFacts, elapsed_microseconds: int, output_format: Format
) -> None:
    """Print what came out of a replay."""
    document = write_totals(
        facts,
        partners=read.coalition.partner_codes,
        window_ids=[window.id for window in read.windows],
    )
    document |= write_speed(
        operations_count=read.events_count, elapsed_microseconds=elapsed_microseconds
    )
    match output_format:
        case Format.JSON:
            print_json(document)
        case Format.CSV:
            print_csv(flows_sheet(facts))
        case Format.TABLE:
            print_sheets(result_console(), replay_sheets(document))
