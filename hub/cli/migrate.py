"""The command `hub migrate`."""

import asyncio
import sys
from typing import Annotated, Final

import typer

from hub.cli.exit_codes import describe_exit_codes
from hub.kernel.database import find_revision, migrate, newest_revision, write_migration_sql
from hub.settings import read_settings
from hub.wiring import server_url

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EPILOG: Final = f"""
Examples:

  hub migrate                          bring the database to the newest schema

  hub migrate --sql > migration.sql    what that would run, to be read

{describe_exit_codes()}
"""

EMPTY: Final = "nothing"
"""What is said of a database that was never migrated."""


@app.command("migrate", epilog=EPILOG)
def migrate_database(
    *,
    sql: Annotated[
        bool, typer.Option("--sql", help="Print the SQL that is missing, and run none of it.")
    ] = False,
) -> None:
    """Bring the database to the newest schema, and say from which revision to which.

    Safe to repeat; two at once take turns.
    """
    with server_url(read_settings()) as url:
        before = asyncio.run(find_revision(url))
        if sql:
            write_migration_sql(sys.stdout, since=before)
            return
        migrate(url)
        after = asyncio.run(find_revision(url))
    assert after == newest_revision(), "the newest migration was run"
    changed = "nothing to do" if before == after else "migrated"
    print(f"{changed}: from {before or EMPTY} to {after}")
