"""The schema of a migrated database as text: hub/migrations/schema.sql."""

import asyncio
import re
import subprocess
import tempfile
from pathlib import Path

from hub.kernel.database import MIGRATIONS, create_database, migrate
from hub.kernel.embedded.binaries import Binaries, find_binaries
from hub.kernel.embedded.server import running_server

SCHEMA_SQL = MIGRATIONS / "schema.sql"
# What differs from run to run, or says nothing about our schema.
NOISE = re.compile(
    r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*)\n", re.MULTILINE
)


def dump_schema(binaries: Binaries, url: str) -> str:
    """Let `pg_dump` tell the schema; owners are left to the tests of privileges."""
    told = subprocess.run(
        [binaries.bin_dir / "pg_dump", "--schema-only", "--no-owner", "--dbname", url],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return re.sub(r"\n{3,}", "\n\n", NOISE.sub("", told.stdout)).strip() + "\n"


def write_schema_sql() -> str:
    """Migrate an empty database of a server of our own, and dump it."""
    binaries = find_binaries()
    settings = {"fsync": "off", "shared_buffers": "16MB"}
    with (
        tempfile.TemporaryDirectory(prefix="hub-snapshot-", dir="/tmp") as place,
        running_server(Path(place), binaries=binaries, settings=settings) as server,
    ):
        url = asyncio.run(create_database(server.url("postgres"), "snapshot"))
        migrate(url)
        return dump_schema(binaries, url)
