"""Hear what other processes tell through PostgreSQL's NOTIFY."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Self

import asyncpg
import structlog

from hub.kernel.tx import RawConnection

log = structlog.get_logger()

RETRY_SECONDS: Final = 1
POLL_SECONDS: Final = 5


class Bell:
    """Calls whoever wants to know that something happened, one after the other."""

    def __init__(self) -> None:
        self._heard_by: list[Callable[[], Awaitable[None]]] = []

    def on_ring(self, hear: Callable[[], Awaitable[None]]) -> None:
        """Call this too, from now on."""
        self._heard_by.append(hear)

    async def ring(self) -> None:
        """Tell everybody. Who fails to take it in is told again at the next ring."""
        for hear in self._heard_by:
            try:
                await hear()
            except Exception as error:  # noqa: BLE001 (one that fails must not keep the others out)
                log.warning("kernel.bell_not_heard", error=type(error).__name__)


Connect = Callable[[], Awaitable[RawConnection]]
Hearers = Mapping[str, Callable[[], Awaitable[None]]]
"""By channel: what is called for its notices, several at once as one."""


@asynccontextmanager
async def listening(connect: Connect, hearers: Hearers) -> AsyncIterator[None]:
    """Hear notices on some channels, over one connection, while the block runs.

    Everybody is called once before it begins, and after every reconnection: what was told meanwhile
    was not heard.

    Errors: whatever keeps it from connecting, or one of them from taking in how it stands.
    """
    ear = await _Ear.open(connect, hearers)
    task = asyncio.create_task(_go_on(ear, connect, hearers))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@dataclass(frozen=True, slots=True)
class _Ear:
    """One connection that listens, and the channels on which something was told."""

    connection: RawConnection
    hearers: Hearers
    told: set[str]
    is_told: asyncio.Event

    @classmethod
    async def open(cls, connect: Connect, hearers: Hearers) -> Self:
        """Connect, and let everybody take in how it stands."""
        ear = cls(await connect(), hearers, set(), asyncio.Event())

        def hear(_: object, __: int, channel: str, ___: object) -> None:
            ear.told.add(channel)
            ear.is_told.set()

        try:
            for channel in hearers:
                await ear.connection.add_listener(channel, hear)
            for take_in in hearers.values():
                await take_in()
        except BaseException:
            await ear.close()
            raise
        return ear

    async def hear(self) -> None:
        """Pass on what is told, until the connection is lost."""
        while not self.connection.is_closed():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.is_told.wait(), POLL_SECONDS)
            self.is_told.clear()
            while self.told:
                await self.hearers[self.told.pop()]()

    async def close(self) -> None:
        """Close it; one that takes too long must not take the place of what ended it."""
        with contextlib.suppress(TimeoutError):
            await self.connection.close(timeout=RETRY_SECONDS)


async def _go_on(ear: _Ear, connect: Connect, hearers: Hearers) -> None:
    """Hear with this ear, and with another one after each loss, until cancelled."""
    while True:
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            try:
                await ear.hear()
            finally:
                await ear.close()
        log.warning("kernel.listener_lost", channels=sorted(hearers))
        while ear.connection.is_closed():
            await asyncio.sleep(RETRY_SECONDS)
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                ear = await _Ear.open(connect, hearers)
