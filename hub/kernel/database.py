"""Databases as wholes: create and drop them, and bring them to the newest schema."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

import asyncpg
from sqlalchemy import make_url

from hub.kernel.errors import SchemaNotCurrent
from hub.kernel.reach import reach

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"
MAINTENANCE_DATABASE: Final = "postgres"
"""The database that every server has: from it the others are created and dropped."""


def migrate(url: str, *, revision: str = "head") -> None:
    """Run the migrations that a database still lacks. Safe to repeat; two at once take turns."""
    from alembic import command  # noqa: PLC0415 (as long to load as many a command takes)

    command.upgrade(_config(url), revision)


def write_migration_sql(out: TextIO, *, since: str | None) -> None:
    """Write the migrations after a revision as SQL instead of running them; None: all."""
    from alembic import command  # noqa: PLC0415 (as above)

    config = _config("")
    config.output_buffer = out
    command.upgrade(config, f"{since}:head" if since else "head", sql=True)


async def find_revision(url: str) -> str | None:
    """Find the migration that a database is at; None for one that was never migrated.

    Errors: DatabaseUnreachable.
    """
    connection = await reach(url)
    try:
        revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()
    return revision


def newest_revision() -> str:
    """Name the newest migration: their files begin with their numbers."""
    return max(path.name for path in MIGRATIONS.glob("versions/[0-9]*.py")).partition("_")[0]


async def has_newest_schema(url: str) -> bool:
    """Tell whether a database has the schema that this version of the hub works with.

    Errors: DatabaseUnreachable.
    """
    return await find_revision(url) == newest_revision()


async def check_schema(url: str) -> None:
    """See that a database has the schema that this version of the hub works with.

    Errors: DatabaseUnreachable, SchemaNotCurrent.
    """
    found, expected = await find_revision(url), newest_revision()
    if found != expected:
        raise SchemaNotCurrent(found or "none", expected)


async def create_database(url: str, name: str, *, exist_ok: bool = False) -> str:
    """Create a database on the server of another one, and give its URL.

    Errors: DatabaseUnreachable.
    """
    connection = await reach(url)
    try:
        exists = exist_ok and await connection.fetchval(
            "SELECT 1 FROM pg_database WHERE datname = $1", name
        )
        if not exists:
            await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    return on_same_server(url, name)


async def drop_database(url: str, name: str) -> None:
    """Drop a database on the server of another one, whoever is connected to it.

    Errors: DatabaseUnreachable.
    """
    connection = await reach(url)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


async def empty_database(url: str) -> None:
    """Drop a database with all that is in it, and create it anew.

    Errors: DatabaseUnreachable.
    """
    name = make_url(url).database
    assert name is not None, "a database has a name"
    beside = on_same_server(url, MAINTENANCE_DATABASE)
    await drop_database(beside, name)
    await create_database(beside, name)


def on_same_server(url: str, name: str) -> str:
    """Give the URL of another database on the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


async def migrate_async(url: str) -> None:
    """Run the migrations from a running event loop."""
    await asyncio.to_thread(migrate, url)


def _config(url: str) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 (as above)

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["database_url"] = url
    return config
