"""A connection outside the pool that is kept: to open one costs more than most questions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from hub.kernel.tx import RawConnection

Connect = Callable[[], Awaitable[RawConnection]]


class KeptConnection:
    """Opened when it is first wanted, and again after a loss; one user at a time."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._in_use = asyncio.Lock()
        self._connection: RawConnection | None = None

    @asynccontextmanager
    async def use(self) -> AsyncIterator[RawConnection]:
        """Have the connection for a block, after whoever has it now.

        Errors: whatever keeps it from connecting.
        """
        async with self._in_use:
            if self._connection is None or self._connection.is_closed():
                self._connection = await self._connect()
            yield self._connection

    async def close(self) -> None:
        """Close it; it may be used again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
