"""Work that only one process may do at a time, on whatever machine it runs."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from hub.kernel.tx import RawConnection


@asynccontextmanager
async def take_turn(
    connect: Callable[[], Awaitable[RawConnection]], number: int
) -> AsyncIterator[None]:
    """Wait until nobody else has this turn, and have it until the block, or the process, ends.

    The number only has to be the work's alone among advisory locks of the database.
    """
    connection = await connect()
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", number)
        yield
    finally:
        await connection.close()
