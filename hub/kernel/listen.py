"""Hear what other processes tell through PostgreSQL's NOTIFY."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

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


async def listen(
    connect: Callable[[], Awaitable[RawConnection]],
    channel: str,
    on_notice: Callable[[], Awaitable[None]],
) -> None:
    """Call `on_notice` for notices on a channel, several at once as one, until cancelled.

    It is also called after every (re)connection: what was told meanwhile was not heard.
    """
    while True:
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await _listen_once(connect, channel, on_notice)
        log.warning("kernel.listener_lost", channel=channel)
        await asyncio.sleep(RETRY_SECONDS)


async def _listen_once(
    connect: Callable[[], Awaitable[RawConnection]],
    channel: str,
    on_notice: Callable[[], Awaitable[None]],
) -> None:
    heard = asyncio.Event()
    heard.set()
    connection = await connect()
    try:
        await connection.add_listener(channel, lambda *_: heard.set())
        while not connection.is_closed():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(heard.wait(), POLL_SECONDS)
            if heard.is_set():
                heard.clear()
                await on_notice()
    finally:
        # A close that takes too long must not take the place of the cancellation that caused it.
        with contextlib.suppress(TimeoutError):
            await connection.close(timeout=RETRY_SECONDS)
