"""The database that a command works on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from hub.kernel.clock import system_clock
from hub.kernel.database import check_schema, has_newest_schema, migrate
from hub.kernel.kept import KeptConnection
from hub.kernel.tx import Database
from hub.settings import Settings
from hub.wiring import server_url
from partners.register import Register


@contextmanager
def hub_database(settings: Settings) -> Iterator[str]:
    """Give the URL of the hub's database, which has the schema that this version works with.

    The embedded database is ours: it is migrated on the way. A given one is only looked at.

    Errors: DatabaseUnreachable, SchemaNotCurrent, and what the launcher refuses.
    """
    with server_url(settings) as url:
        if settings.database_url is None and not asyncio.run(has_newest_schema(url)):
            migrate(url)
        asyncio.run(check_schema(url))
        yield url


@dataclass(frozen=True, slots=True)
class Books:
    """A database to read, and the register of partners and terms as it is now."""

    database: Database
    register: Register


@asynccontextmanager
async def open_books(url: str) -> AsyncIterator[Books]:
    """Open the books without a poster, for commands that post nothing."""
    database = Database(url, clock=system_clock)
    kept = KeptConnection(database.connect)
    register = Register(kept)
    try:
        await register.refresh()
        yield Books(database, register)
    finally:
        await kept.close()
        await database.close()
