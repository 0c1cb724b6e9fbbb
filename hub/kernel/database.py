"""Bring a database to the newest schema."""

import asyncio
from pathlib import Path
from typing import Final

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import make_url

MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"


def migrate(url: str, *, revision: str = "head") -> None:
    """Run the migrations that a database still lacks. Safe to repeat; two at once take turns."""
    command.upgrade(_config(url), revision)


async def create_database(url: str, name: str, *, exist_ok: bool = False) -> str:
    """Create a database on the server of another one, and give its URL."""
    connection = await asyncpg.connect(url)
    try:
        exists = exist_ok and await connection.fetchval(
            "SELECT 1 FROM pg_database WHERE datname = $1", name
        )
        if not exists:
            await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    return make_url(url).set(database=name).render_as_string(hide_password=False)


async def drop_database(url: str, name: str) -> None:
    """Drop a database on the server of another one, whoever is connected to it."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


async def migrate_async(url: str) -> None:
    """Run the migrations from a running event loop."""
    await asyncio.to_thread(migrate, url)


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["database_url"] = url
    return config
