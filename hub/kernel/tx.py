"""Database transactions: the only place that begins and commits one."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

import asyncpg
from sqlalchemy import QueuePool, make_url
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from hub.kernel.actor import HUB_ACTOR, Actor
from hub.kernel.clock import Clock
from hub.kernel.errors import DomainError
from hub.kernel.statements import watch_statements

RawConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

APP_ROLE: Final = "hub_app"
"""What the running hub may do, whoever it signs in as: see hub/ledger/roles.sql."""

_SERVER_SETTINGS: Final = {"role": APP_ROLE, "jit": "off", "timezone": "UTC"}
ACTOR_SETTING: Final = "hub.actor"
"""In whose name a transaction acts: what row-level security asks (auth/wall.sql, ADR-0019)."""
SET_ACTOR: Final = f"SELECT set_config('{ACTOR_SETTING}', $1, true)"
"""Ends with its transaction, whatever becomes of it: a connection of the pool remembers nobody."""


@dataclass(eq=False)
class DatabaseBusy(DomainError):
    """Every connection to the database has been in use for too long; try again."""

    retry_after_seconds: int


@dataclass(frozen=True, slots=True)
class ReadTx:
    """A read-only transaction: one snapshot, one instant, one actor."""

    connection: AsyncConnection
    now: datetime
    actor: Actor


@dataclass(frozen=True, slots=True)
class Tx(ReadTx):
    """A transaction that may write; it commits when its block ends without an error."""


class Database:
    """A pool of connections to one database, as the role of the running hub."""

    def __init__(
        self, url: str, *, clock: Clock, pool_size: int = 5, pool_seconds: int = 30
    ) -> None:
        self.url = url
        self.clock = clock
        self._engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=pool_seconds,
            connect_args={"server_settings": _SERVER_SETTINGS},
        )
        self.pool_size = pool_size
        self.busy_count = 0
        """How often somebody waited in vain for a connection."""
        watch_statements(self._engine.sync_engine)

    @property
    def in_use_count(self) -> int:
        """How many connections of the pool are in use."""
        pool = self._engine.pool
        assert isinstance(pool, QueuePool), "made above"
        return pool.checkedout()

    @asynccontextmanager
    async def begin(self, actor: Actor) -> AsyncIterator[Tx]:
        """Open a transaction that commits at the end of the block, or rolls back on any error.

        Errors: DatabaseBusy.
        """
        async with self._take() as connection, connection.begin():
            await _act_as(connection, actor)
            yield Tx(connection, self.clock(), actor)

    @asynccontextmanager
    async def read(self, actor: Actor) -> AsyncIterator[ReadTx]:
        """Open a read-only transaction with one snapshot.

        Errors: DatabaseBusy.
        """
        async with self._take() as connection:
            await connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            async with connection.begin() as transaction:
                await _act_as(connection, actor)
                yield ReadTx(connection, self.clock(), actor)
                # There is nothing to keep; and this ends one whose connection was lost, too.
                await transaction.rollback()

    @asynccontextmanager
    async def _take(self) -> AsyncIterator[AsyncConnection]:
        """Take a connection of the pool for a block."""
        async with AsyncExitStack() as taken:
            try:
                connection = await taken.enter_async_context(self._engine.connect())
            except PoolTimeoutError as error:
                self.busy_count += 1
                raise DatabaseBusy(retry_after_seconds=1) from error
            yield connection

    async def connect(self) -> RawConnection:
        """Open a connection of one's own, outside the pool: for the poster, sweeps, listeners."""
        return await connect(self.url)

    async def close(self) -> None:
        """Close the pool."""
        await self._engine.dispose()


async def _act_as(connection: AsyncConnection, actor: Actor) -> None:
    """Say in whose name the transaction acts, before anything else is asked of it."""
    await connection.exec_driver_sql(SET_ACTOR, (str(actor),))


async def connect(url: str) -> RawConnection:
    """Open a raw connection as the role of the running hub, in the name of the hub itself.

    Its prepared statements live as long as it does: planning them again every few minutes would
    cost the poster more than it gains.
    """
    return await asyncpg.connect(
        url,
        server_settings={**_SERVER_SETTINGS, ACTOR_SETTING: str(HUB_ACTOR)},
        max_cached_statement_lifetime=0,
        timeout=30,
    )
