"""A database that an earlier release made becomes the same as a new one, with its books."""

import asyncio
import gzip
from pathlib import Path

import asyncpg

from hub.kernel.database import migrate
from tests.coalition import audit_books

SPINE = Path(__file__).parent / "spine_0002.sql.gz"
CATALOG = {
    "columns": "SELECT table_schema, table_name, column_name, data_type, is_nullable,"
    " column_default, col_description(format('%I.%I', table_schema, table_name)::regclass,"
    " ordinal_position) FROM information_schema.columns",
    "constraints": "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint",
    "indexes": "SELECT schemaname, tablename, indexdef FROM pg_indexes",
    "functions": "SELECT oid::regprocedure::text, md5(prosrc), proowner::regrole::text, proacl"
    "::text FROM pg_proc",
    "tables": "SELECT oid::regclass::text, relkind, relowner::regrole::text, relacl::text,"
    " obj_description(oid) FROM pg_class",
}
OURS = {
    "columns": "table_schema IN ('ledger', 'public')",
    "constraints": "connamespace IN ('ledger'::regnamespace, 'public'::regnamespace)",
    "indexes": "schemaname IN ('ledger', 'public')",
    "functions": "pronamespace IN ('ledger'::regnamespace, 'public'::regnamespace)",
    "tables": "relnamespace IN ('ledger'::regnamespace, 'public'::regnamespace)",
}


async def read_catalog(url: str) -> dict[str, set[tuple[object, ...]]]:
    """All that the catalogue says of our schemas; the order of columns does not matter."""
    connection = await asyncpg.connect(url)
    try:
        return {
            name: {tuple(row) for row in await connection.fetch(f"{query} WHERE {OURS[name]}")}
            for name, query in CATALOG.items()
        }
    finally:
        await connection.close()


async def test_the_first_release_s_books_come_along(
    empty_database_url: str, database_url: str
) -> None:
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute(gzip.decompress(SPINE.read_bytes()).decode())
    await connection.close()
    await asyncio.to_thread(migrate, empty_database_url)
    assert await audit_books(empty_database_url) == []
    connection = await asyncpg.connect(empty_database_url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM ledger.entries") == 8
        kinds = await connection.fetch("SELECT kind FROM ledger.entries ORDER BY lane, seq")
        assert [row["kind"] for row in kinds] == [1, 1, 2, 3, 4, 6, 8, 5]
    finally:
        await connection.close()
    upgraded, new = await read_catalog(empty_database_url), await read_catalog(database_url)
    for name in CATALOG:
        assert upgraded[name] == new[name]
