"""`hub schema`: print the schema, and say who uses what of it."""

from typing import Annotated

import typer
import uvloop

from hub.cli.database import hub_database
from hub.cli.output import (
    Column,
    Format,
    Sheet,
    print_csv,
    print_json,
    print_sheets,
    result_console,
    sheet_objects,
)
from hub.settings import read_settings
from hub.wiring import open_hub
from schema.cost.store import FieldUse
from schema.cost.usage import Deprecated, find_uses, list_deprecated
from schema.roots import CORE, SCHEMA

app = typer.Typer(add_completion=False, rich_markup_mode=None)

As = Annotated[Format, typer.Option("--format", help="How to print it.")]
Name = Annotated[str | None, typer.Option("--field", help="Only this field, e.g. Wallet.lots.")]
OnlyDeprecated = Annotated[
    bool, typer.Option("--deprecated", help="Only fields and arguments that are going away.")
]
ForRouters = Annotated[
    bool, typer.Option("--subgraph", help="With the directives of Federation 2, for a composer.")
]

COLUMNS = (
    Column("field", is_number=False),
    Column("client", is_number=False),
    Column("uses", is_number=True),
    Column("first_on", is_number=False),
    Column("last_on", is_number=False),
    Column("deprecated", is_number=False),
)


@app.command(name="print")
def print_schema(*, subgraph: ForRouters = False) -> None:
    """Print the schema of the API in its definition language; it needs no database.

    Example: hub schema print --subgraph
    """
    print(SCHEMA.print_subgraph() if subgraph else SCHEMA.as_str())


@app.command()
def usage(
    *, field: Name = None, deprecated: OnlyDeprecated = False, output: As = Format.TABLE
) -> None:
    """Show which client asks for which field, since when and until when.

    A running hub writes its counts down every minute. Members are one client, and so is the staff.

    Example: hub schema usage --deprecated
    """
    leaving = list_deprecated(CORE)
    names = [each.name for each in leaving] if deprecated else None
    if field is not None:
        names = [field] if names is None or field in names else []
    with hub_database(read_settings()) as url:
        uses = uvloop.run(_find(url, names))
    sheet = make_sheet(uses, leaving)
    match output:
        case Format.TABLE:
            print_sheets(result_console(), [sheet])
        case Format.CSV:
            print_csv(sheet)
        case Format.JSON:
            print_json(sheet_objects(sheet))


def make_sheet(uses: list[FieldUse], leaving: list[Deprecated]) -> Sheet:
    """Lay out who uses what."""
    reasons = {each.name: each.reason for each in leaving}
    rows = [
        (
            use.field,
            use.client,
            str(use.use_count),
            use.first_on.isoformat(),
            use.last_on.isoformat(),
            reasons.get(use.field, ""),
        )
        for use in uses
    ]
    return Sheet("Use of the schema", COLUMNS, tuple(rows))


async def _find(url: str, names: list[str] | None) -> list[FieldUse]:
    async with open_hub(url) as hub:
        return await find_uses(hub.database, names)
