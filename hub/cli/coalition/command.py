"""The command `hub coalition`."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from hub.cli.coalition.document import read_coalition_file
from hub.cli.database import hub_database
from hub.cli.errors import FileInvalid
from hub.cli.exit_codes import ExitCode, describe_exit_codes, end_command
from hub.cli.output import Column, Format, Sheet, print_sheet
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.clock import system_clock
from hub.kernel.tx import Database
from hub.settings import read_settings
from partners.agreements import AgreementChange, Agreements, apply_agreements, plan_agreements

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Keep the coalition: its partners and what they agreed to.",
)

EPILOG: Final = f"""
Examples:

  hub coalition apply coalition.toml --dry-run        what would change

  hub coalition apply coalition.toml                  change it

  hub coalition apply coalition.json --format json    for a program

{describe_exit_codes()}
"""


@app.callback()
def _group() -> None:
    """Stand for the group: without a callback, a lone command would take its name away."""


@app.command(epilog=EPILOG)
def apply(
    file: Annotated[Path, typer.Argument(help="A coalition in TOML, or in JSON (.json).")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
    output_format: Annotated[
        Format, typer.Option("--format", help="How to print the changes.")
    ] = Format.TABLE,
) -> None:
    """Bring partners and terms to what a file says; applying twice changes nothing.

    All of it happens, or nothing. A version of terms never changes: a new one ends the open one
    before it. What the file does not name stays as it is.
    """
    try:
        wanted = read_coalition_file(file)
    except FileInvalid as refusal:
        end_command(str(refusal), ExitCode.INVALID_INPUT)
    with hub_database(read_settings()) as url:
        changes = asyncio.run(_plan(url, wanted) if dry_run else _apply(url, wanted))
    print_changes(changes, output_format, is_dry_run=dry_run)


async def _plan(url: str, wanted: Agreements) -> tuple[AgreementChange, ...]:
    database = Database(url, clock=system_clock)
    try:
        async with database.read(HUB_ACTOR) as tx:
            return (await plan_agreements(tx, wanted)).changes
    finally:
        await database.close()


async def _apply(url: str, wanted: Agreements) -> tuple[AgreementChange, ...]:
    database = Database(url, clock=system_clock)
    try:
        async with database.begin(HUB_ACTOR) as tx:
            return await apply_agreements(tx, wanted)
    finally:
        await database.close()


def print_changes(
    changes: tuple[AgreementChange, ...], output_format: Format, *, is_dry_run: bool
) -> None:
    """Print what became, or would become, of everything that was named."""
    title = "What would change; nothing did" if is_dry_run else "What changed"
    is_table = output_format is Format.TABLE
    rows = tuple(
        (str(c.sign) if is_table else c.sign.name.lower(), c.subject, c.name, c.detail)
        for c in changes
    )
    columns = tuple(Column(name, is_number=False) for name in ("change", "what", "name", "how"))
    sheet = Sheet(f"{title} (+ new, ~ changed, = as it was)", columns, rows)
    print_sheet(sheet, output_format)
