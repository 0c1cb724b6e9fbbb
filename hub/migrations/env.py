"""What Alembic runs around the migrations: where to connect, and how long to wait for a lock.

Called in three ways: with `attributes["connection"]` (a caller's, inside `run_sync`), with
`attributes["database_url"]` (`hub migrate`, the tests), or from the shell with HUB_DATABASE_URL.
"""

import asyncio
import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from alembic import context
from sqlalchemy import Connection, make_url, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from hub.kernel.metadata import metadata

ROOMS = ("hub", "partners", "settlement", "auth", "schema")
# A migration that cannot have its lock soon gives up: behind it, all traffic would queue.
LOCK_TIMEOUT = "5s"
# A statement that takes longer than this belongs into a backfill of its own.
STATEMENT_TIMEOUT = "15min"
# Two migrations at once wait for each other. The number only has to be ours alone.
ONE_AT_A_TIME = 4_701_802_001
# The owner of the tables is held to row-level security too: a migration sees rows as the hub.
ACT_AS_HUB = "SET hub.actor = 'hub'"


def import_tables() -> None:
    """Import every room's tables.py, so that its tables are in `metadata`."""
    for room in ROOMS:
        spec = find_spec(room)
        if spec is None or spec.origin is None:
            continue
        root = Path(spec.origin).parent
        for path in sorted(root.rglob("tables.py")):
            inner = path.relative_to(root.parent).with_suffix("")
            import_module(".".join(inner.parts))


def migrate(connection: Connection) -> None:
    """Run the migrations on a connection, alone."""
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ONE_AT_A_TIME})
    try:
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
        connection.execute(text(ACT_AS_HUB))
        connection.commit()  # else Alembic would find itself inside a transaction and not end it
        context.configure(
            connection=connection,
            target_metadata=metadata,
            compare_server_default=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        connection.execute(text("RESET lock_timeout"))
        connection.execute(text("RESET statement_timeout"))
        connection.execute(text("RESET hub.actor"))
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ONE_AT_A_TIME})
        connection.commit()


async def migrate_at(url: str) -> None:
    """Connect and run the migrations."""
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"), poolclass=pool.NullPool
    )
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


def write_sql() -> None:
    """Print the migrations as SQL instead of running them, to be read in a review."""
    context.configure(
        dialect_name="postgresql",
        target_metadata=metadata,
        literal_binds=True,
        transaction_per_migration=True,
    )
    context.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    context.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
    context.execute(ACT_AS_HUB)
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    """Do what Alembic was asked for."""
    import_tables()
    attributes = context.config.attributes
    if context.is_offline_mode():
        write_sql()
    elif "connection" in attributes:
        migrate(attributes["connection"])
    else:
        asyncio.run(migrate_at(attributes.get("database_url") or os.environ["HUB_DATABASE_URL"]))


main()
