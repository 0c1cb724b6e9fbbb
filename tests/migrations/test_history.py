"""The history of the database can be run at any time, by anybody, and be read beforehand."""

import asyncio
import io
import sys
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from hub.kernel.database import MIGRATIONS, migrate, newest_revision

ROOT = Path(__file__).parent.parent.parent


async def read_revisions(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT version_num FROM alembic_version")
    finally:
        await connection.close()
    return [row["version_num"] for row in rows]


async def test_two_migrations_at_once_take_turns(empty_database_url):
    program = f"from hub.kernel.database import migrate; migrate({empty_database_url!r})"
    both = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT) for _ in "12"
    ]

    assert [await one.wait() for one in both] == [0, 0]
    assert len(await read_revisions(empty_database_url)) == 1


def test_the_newest_migration_is_the_one_end_of_the_chain():
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [newest_revision()]


async def test_migrating_again_changes_nothing(database_url):
    before = await read_revisions(database_url)
    await asyncio.to_thread(migrate, database_url)

    assert await read_revisions(database_url) == before


def test_the_history_can_be_read_as_sql_that_waits_for_no_lock_for_long():
    told = io.StringIO()
    config = Config(output_buffer=told)
    config.set_main_option("script_location", str(MIGRATIONS))

    command.upgrade(config, "head", sql=True)

    assert told.getvalue().startswith("SET lock_timeout = '5s';")
    assert "SET statement_timeout = '15min';" in told.getvalue()
    assert "CREATE TABLE alembic_version" in told.getvalue()
