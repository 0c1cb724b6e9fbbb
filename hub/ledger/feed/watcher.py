"""Look where the lanes end, and wake whoever waits for entries."""

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Self

import structlog

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.retries import write_error
from hub.kernel.tx import Database
from hub.ledger.feed.settings import FeedSettings
from hub.ledger.feed.store import read_heads

log = structlog.get_logger()


class Watcher:
    """Reads the heads of all lanes at an interval while somebody waits, and sooner when nudged.

    One cheap query serves everybody of this process; nothing is asked of those who post. Each look
    that finds a lane moved begins a new `turn`. Start with `async with`.
    """

    def __init__(self, database: Database, settings: FeedSettings) -> None:
        self._database = database
        self._settings = settings
        self._waiter_count = 0
        self._is_wanted = asyncio.Event()
        self._is_nudged = asyncio.Event()
        self._moved = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.turn = 0
        self.heads: Mapping[int, int] = {}
        self.look_count = 0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="watcher")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def nudge(self) -> None:
        """Look at once: what whoever booked something in this process calls; costs next to nothing.

        Many nudges together make one look.
        """
        self._is_nudged.set()

    async def wait_for_move(self, turn: int, *, seconds: int) -> int:
        """Wait until a lane has moved after a turn, or for so long; gives the present turn."""
        if self.turn > turn:
            return self.turn
        moved = self._moved
        if self._waiter_count == 0:
            self._is_nudged.set()  # nobody looked meanwhile
        self._waiter_count += 1
        self._is_wanted.set()
        try:
            async with asyncio.timeout(seconds):
                await moved.wait()
        except TimeoutError:
            pass
        finally:
            self._waiter_count -= 1
            if self._waiter_count == 0:
                self._is_wanted.clear()
        return self.turn

    async def _run(self) -> None:
        gap = timedelta(milliseconds=self._settings.gap_milliseconds)
        interval = timedelta(milliseconds=self._settings.watch_milliseconds)
        while True:
            await self._is_wanted.wait()
            self._is_nudged.clear()  # a nudge from here on makes another look
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 (whatever it is, the next look may succeed)
                log.warning("feed.look_failed", error=write_error(error))
            await asyncio.sleep(gap.total_seconds())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(interval.total_seconds()):
                    await self._is_nudged.wait()

    async def _look(self) -> None:
        async with self._database.read(HUB_ACTOR) as tx:
            heads = await read_heads(tx)
        self.look_count += 1
        if heads != self.heads:
            self.heads = heads
            self.turn += 1
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()
