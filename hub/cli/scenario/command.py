"""The command `hub scenario`."""

from pathlib import Path
from typing import Annotated, Final

import typer

from hub.cli.errors import FileInvalid
from hub.cli.exit_codes import ExitCode, describe_exit_codes, end_command
from hub.cli.output import (
    Format,
    print_csv,
    print_json,
    print_sheet,
    print_sheets,
    result_console,
)
from hub.cli.scenario.answer import Outcome, write_answer
from hub.cli.scenario.compare import compare_answers, differences_sheet, write_differences
from hub.cli.scenario.document import read_scenario
from hub.cli.scenario.play import play_scenario
from hub.cli.scenario.printout import cells_sheet, outcome_sheets

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EPILOG: Final = f"""
Examples:

  hub scenario terms.json                      tables: matrix, nets, payments

  hub scenario terms.json --format json        the whole answer

  hub scenario terms.json --format csv         the cells, a row each

  hub scenario today.json proposal.json        what differs

{describe_exit_codes()}
"""


@app.command(epilog=EPILOG)
def scenario(
    file: Annotated[Path, typer.Argument(help="A scenario: a whole example, or its input alone.")],
    other: Annotated[
        Path | None, typer.Argument(help="Another scenario, to see what differs.")
    ] = None,
    output_format: Annotated[
        Format, typer.Option("--format", help="How to print the result.")
    ] = Format.TABLE,
) -> None:
    """Ask what the hub would do with a file of terms and events.

    Runs the real ledger and settlement in a throw-away database, and leaves nothing behind.
    """
    try:
        scenarios = [read_scenario(path) for path in (file, other) if path is not None]
    except FileInvalid as refusal:
        end_command(str(refusal), ExitCode.INVALID_INPUT)
    outcomes = [play_scenario(each) for each in scenarios]
    if other is None:
        print_outcome(outcomes[0], output_format)
    else:
        print_differences(outcomes, (str(file), str(other)), output_format)


def print_outcome(outcome: Outcome, output_format: Format) -> None:
    """Print what came out of one scenario."""
    match output_format:
        case Format.JSON:
            print_json(write_answer(outcome))
        case Format.CSV:
            print_csv(cells_sheet(outcome.settlements))
        case Format.TABLE:
            print_sheets(result_console(), outcome_sheets(outcome))


def print_differences(
    outcomes: list[Outcome], names: tuple[str, str], output_format: Format
) -> None:
    """Print what two outcomes do not share."""
    first, second = (write_answer(outcome) for outcome in outcomes)
    differences = compare_answers(first, second)
    if output_format is Format.JSON:
        print_json(write_differences(differences))
        return
    sheet = differences_sheet(differences, first_name=names[0], second_name=names[1])
    print_sheet(sheet, output_format)
