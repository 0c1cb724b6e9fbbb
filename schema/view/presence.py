"""Who is connected for longer than one answer: counted per caller, and told when the hub stops."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from schema.view.callers import Caller


def key_of(caller: Caller | None, client_host: str | None) -> str:
    """Name whose connections are counted together; those of nobody, by where they come from."""
    return str(caller.actor) if caller else f"nobody at {client_host}"


class TooManyConnections(Exception):
    """This caller, or all together, have as many connections as they may."""


class Presence:
    """All sockets and streams of this process."""

    def __init__(self, *, per_caller_max: int, all_max: int) -> None:
        self.count = 0
        self._per_caller_max = per_caller_max
        self._all_max = all_max
        self._counts: Counter[str] = Counter()
        self._is_stopping = False
        self._leaving: set[asyncio.Future[None]] = set()

    @contextmanager
    def room(self) -> Iterator[asyncio.Future[None]]:
        """Take one of all places; the future is done when everybody has to leave.

        Errors: TooManyConnections.
        """
        if self.count >= self._all_max:
            raise TooManyConnections
        leaving: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._is_stopping:
            leaving.set_result(None)
        self._leaving.add(leaving)
        self.count += 1
        try:
            yield leaving
        finally:
            self.count -= 1
            self._leaving.discard(leaving)
            leaving.cancel()

    @contextmanager
    def seat(self, key: str) -> Iterator[None]:
        """Take one of a caller's places.

        Errors: TooManyConnections.
        """
        if self._counts[key] >= self._per_caller_max:
            raise TooManyConnections
        self._counts[key] += 1
        try:
            yield
        finally:
            self._counts[key] -= 1
            if not self._counts[key]:
                del self._counts[key]

    def stop(self) -> None:
        """Tell everybody to leave, and whoever comes from now on."""
        self._is_stopping = True
        for leaving in self._leaving:
            if not leaving.done():
                leaving.set_result(None)
