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
