"""Follow the settlement windows: each that changes is handed to whoever follows."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.errors import DomainError
from hub.kernel.tx import Database
from settlement.store import Window, list_windows

log = structlog.get_logger()

LOOK_SECONDS: Final = 1
WAITING_MAX: Final = 256


@dataclass(eq=False)
class WindowsMissed(DomainError):
    """More windows changed than the reader took in: list them, then follow again."""

    waiting_count_max: int


class WindowWatch:
    """Looks at the windows while somebody follows them, and hands out those that changed.

    One query each second serves everybody of this process; a window changes twice in its life.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[int, Window] = {}
        self._followers: set[asyncio.Queue[Window | None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._beginning = asyncio.Lock()

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[AsyncGenerator[Window, None]]:
        """Follow the windows from now on.

        Errors: WindowsMissed, from the windows.
        """
        waiting: asyncio.Queue[Window | None] = asyncio.Queue(WAITING_MAX)
        async with self._beginning:
            if self._looking is None:
                self._known = await self._read()
                self._looking = asyncio.create_task(self._look_on(), name="window-watch")
            self._followers.add(waiting)
        try:
            yield _take(waiting)
        finally:
            self._followers.discard(waiting)
            if not self._followers:
                await self._rest()

    async def _rest(self) -> None:
        """Look no more until somebody follows again."""
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await looking

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                found = await self._read()
            except Exception as error:  # noqa: BLE001 (whatever it is, the next look may succeed)
                log.warning("settlement.look_failed", error=type(error).__name__)
                continue
            before, self._known = self._known, found
            for window in found.values():
                if before.get(window.window_id) != window:
                    self._hand_out(window)

    def _hand_out(self, window: Window) -> None:
        for waiting in list(self._followers):
            if waiting.qsize() < WAITING_MAX - 1:
                waiting.put_nowait(window)
            else:
                self._followers.discard(waiting)
                waiting.put_nowait(None)

    async def _read(self) -> dict[int, Window]:
        async with self._database.read(HUB_ACTOR) as tx:
            return {window.window_id: window for window in await list_windows(tx)}


async def _take(waiting: asyncio.Queue[Window | None]) -> AsyncGenerator[Window, None]:
    while (window := await waiting.get()) is not None:
        yield window
    raise WindowsMissed(WAITING_MAX)
