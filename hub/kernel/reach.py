"""Reach a database server, and say in one sentence when it cannot be reached."""

from typing import Final

import asyncpg
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, PendingRollbackError

from hub.kernel.errors import DatabaseUnreachable

CONNECT_SECONDS_MAX: Final = 10

_CONNECTION_LOST: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server's last word came while nobody had asked
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    ConnectionError,
)
"""SQLSTATE 08, 57P0x, 53300, 28 and 3D000, or a broken socket."""
_INVALIDATED: Final = "8s2b"
"""SQLAlchemy's name for a transaction whose connection it has given up before."""


async def reach(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Connect as the owner of the database: to create, to migrate, to look.

    Errors: DatabaseUnreachable.
    """
    try:
        return await asyncpg.connect(url, timeout=CONNECT_SECONDS_MAX)
    except (OSError, ValueError, *_CONNECTION_LOST) as fault:
        raise DatabaseUnreachable(name_server(url), _reason(fault)) from fault


def name_server(url: str) -> str:
    """Name host, port and database of a URL; never user or password."""
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        return "an address that is not a URL"
    host = parts.host or parts.query.get("host") or "this machine"
    return f"{host}:{parts.port or parts.query.get('port') or 5432}/{parts.database or ''}"


def is_connection_lost(error: BaseException) -> bool:
    """Whether an error, or what it came from, is that the database went away."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        here = waiting.pop()
        if here is None or here in seen:
            continue
        if isinstance(here, _CONNECTION_LOST):
            return True
        if isinstance(here, PendingRollbackError) and here.code == _INVALIDATED:
            return True
        seen.append(here)
        waiting += [here.__cause__, here.__context__]
        if isinstance(here, BaseExceptionGroup):
            waiting += here.exceptions
    return False


def _reason(fault: BaseException) -> str:
    """Say it in one line."""
    if isinstance(fault, TimeoutError):
        return f"no answer within {CONNECT_SECONDS_MAX} seconds"
    told = fault.strerror if isinstance(fault, OSError) else None
    return " ".join((told or str(fault) or type(fault).__name__).split()).rstrip(".")
