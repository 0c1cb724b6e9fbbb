"""Entries as they are booked, for subscriptions: one reading of the lanes serves all followers.

A follower first reads what it missed from the journal, at its own pace. Then it is handed what the
lanes get, through a buffer of limited size. Whoever does not keep up is told so and loses nothing:
it may follow again from where it was.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Self, TypeAlias

import structlog

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.errors import DomainError
from hub.kernel.retries import write_error
from hub.kernel.tx import Database
from hub.ledger.feed.entries import FeedEntry
from hub.ledger.feed.errors import CursorNotValid, FeedClosed, FellBehind, TooManyFollowers
from hub.ledger.feed.settings import FeedSettings
from hub.ledger.feed.store import read_heads, read_page
from hub.ledger.feed.watcher import Watcher
from hub.ledger.operations import Place

log = structlog.get_logger()

Wants: TypeAlias = Callable[[FeedEntry], bool]
"""Whether a follower is to see an entry: it may depend on nothing but the entry."""


class Following:
    """One reader's way through the entries: iterate over it with `async for`.

    `cursors` tells at any moment how far it came: following from there misses nothing.
    """

    def __init__(
        self, feed: "LiveFeed", cursors: Mapping[int, int], wants: Wants, buffer_max: int
    ) -> None:
        self._feed = feed
        self._heard = dict(cursors)
        self._wants = wants
        self._buffer_max = buffer_max
        self._waiting: deque[FeedEntry] = deque()
        self._bell = asyncio.Event()
        self._end: DomainError | None = None
        self._is_live = False

    @property
    def lanes(self) -> Collection[int]:
        """The lanes that are followed."""
        return self._heard.keys()

    @property
    def cursors(self) -> dict[int, int]:
        """The last entry of each lane that was seen, or was not for this reader."""
        seen = dict(self._heard)
        for entry in reversed(self._waiting):
            seen[entry.place.lane] = entry.place.number - 1
        return seen

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> FeedEntry:
        """Wait for the next entry.

        Errors: FellBehind, FeedClosed.
        """
        while not self._waiting:
            if self._end is not None:
                raise self._end
            if self._is_live:
                self._bell.clear()
                await self._bell.wait()
            else:
                self._is_live = await self._feed.read_on(self)
        return self._waiting.popleft()

    def take_in(self, entry: FeedEntry) -> None:
        """Take the next entry of a lane; one that was taken in before is left out."""
        lane, seq = entry.place.lane, entry.place.number
        if seq <= self._heard[lane] or self._end is not None:
            return
        assert seq == self._heard[lane] + 1, "the entries of a lane come one after another"
        if self._wants(entry):
            if len(self._waiting) >= self._buffer_max:
                self.end(FellBehind(len(self._waiting), self._buffer_max))
                return
            self._waiting.append(entry)
            self._bell.set()
        self._heard[lane] = seq

    def has_heard(self, lane: int) -> int:
        """Tell the last entry of a lane that was taken in."""
        return self._heard[lane]

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is taken in."""
        return self._end is not None

    def end(self, reason: DomainError) -> None:
        """Let the reader have what waits, and then the first reason why there is no more."""
        self._end = self._end or reason
        self._bell.set()


class LiveFeed:
    """Hands new entries to those who follow. Start with `async with`; without followers it rests.

    async with live.follow_wallet(wallet) as entries:
        async for entry in entries:
            ...
    """

    def __init__(self, database: Database, watcher: Watcher, settings: FeedSettings) -> None:
        self._database = database
        self._watcher = watcher
        self._settings = settings
        self._followers: dict[int, set[Following]] = {}
        self._handed_out: dict[int, int] = {}
        self._has_followers = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._open: set[Following] = set()
        self._is_closed = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="live-feed")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Tell every follower that there is no more to come from here."""
        self._is_closed = True
        for following in self._open:
            following.end(FeedClosed())
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @property
    def follower_count(self) -> int:
        """How many follow now."""
        return len(self._open)

    @asynccontextmanager
    async def follow(
        self,
        lanes: Collection[int] | None = None,
        *,
        since: Mapping[int, int] | None = None,
        wants: Wants = lambda _: True,
    ) -> AsyncIterator[Following]:
        """Follow some lanes, or all, from the present or from the entries after `since`.

        Lanes that `since` does not name are followed from the present.

        Errors: TooManyFollowers, CursorNotValid, FellBehind, FeedClosed.
        """
        if self._is_closed:
            raise FeedClosed
        if len(self._open) >= self._settings.followers_max:
            raise TooManyFollowers(self._settings.followers_max)
        cursors = await self._choose_cursors(lanes, since or {})
        following = Following(self, cursors, wants, self._settings.buffer_max)
        self._open.add(following)
        try:
            yield following
        finally:
            following.end(FeedClosed())
            self._open.discard(following)
            self._drop(following)

    def follow_wallet(
        self, wallet: Place, *, since: int | None = None
    ) -> "contextlib.AbstractAsyncContextManager[Following]":
        """Follow what moves the points of one wallet; `since` is the last entry that was seen.

        Errors: TooManyFollowers, CursorNotValid, FellBehind, FeedClosed.
        """
        return self.follow(
            [wallet.lane],
            since=None if since is None else {wallet.lane: since},
            wants=lambda entry: entry.touches(wallet),
        )

    async def _choose_cursors(
        self, lanes: Collection[int] | None, since: Mapping[int, int]
    ) -> dict[int, int]:
        async with self._database.read(HUB_ACTOR) as tx:
            heads = await read_heads(tx)
        chosen = heads.keys() if lanes is None else lanes
        assert set(chosen) <= heads.keys(), "only lanes that are there can be followed"
        for lane, seq in since.items():
            if lane not in chosen or not 0 <= seq <= heads[lane]:
                raise CursorNotValid(lane, seq)
        cursors = {lane: since.get(lane, heads[lane]) for lane in chosen}
        missed = sum(heads[lane] - seq for lane, seq in cursors.items())
        if missed > self._settings.catch_up_max:
            raise FellBehind(missed, self._settings.catch_up_max)
        return cursors

    async def read_on(self, following: Following) -> bool:
        """Let a follower take in a page of what it missed; True when it has joined the others."""
        cursors = {lane: following.has_heard(lane) for lane in following.lanes}
        page_max = min(self._settings.page_max, self._settings.buffer_max)
        async with self._database.read(HUB_ACTOR) as tx:
            page = await read_page(tx, cursors, per_lane=max(1, page_max // len(cursors)))
        for entry in page[:page_max]:
            following.take_in(entry)
        return not page and self._join(following)

    def _join(self, following: Following) -> bool:
        """Let a follower be handed what comes; False when it missed something just now."""
        behind = any(
            following.has_heard(lane) < self._handed_out.get(lane, 0) for lane in following.lanes
        )
        if behind or self._is_closed:
            return False
        for lane in following.lanes:
            self._followers.setdefault(lane, set()).add(following)
            self._handed_out.setdefault(lane, following.has_heard(lane))
        self._has_followers.set()
        return True

    def _drop(self, following: Following) -> None:
        for lane in following.lanes:
            others = self._followers.get(lane)
            if others is None:
                continue
            others.discard(following)
            if not others:
                del self._followers[lane]
                del self._handed_out[lane]
        if not self._followers:
            self._has_followers.clear()

    async def _run(self) -> None:
        while True:
            await self._has_followers.wait()
            turn = self._watcher.turn
            try:
                has_more = await self._hand_out()
            except Exception as error:  # noqa: BLE001 (whatever it is, the next try may succeed)
                log.warning("feed.hand_out_failed", error=write_error(error))
                await asyncio.sleep(self._settings.pause_seconds)
                continue
            if not has_more:
                await self._watcher.wait_for_move(turn, seconds=self._settings.recheck_seconds)

    async def _hand_out(self) -> bool:
        """Read one page of the lanes that moved, and hand it out; False when there was nothing."""
        heads = self._watcher.heads
        behind = {lane: seq for lane, seq in self._handed_out.items() if heads.get(lane, 0) > seq}
        if not behind:
            return False
        per_lane = max(1, self._settings.page_max // len(behind))
        async with self._database.read(HUB_ACTOR) as tx:
            page = await read_page(tx, behind, per_lane=per_lane)
        for entry in page:
            lane, seq = entry.place.lane, entry.place.number
            # A lane that lost its followers while we read may have got new ones further on.
            if self._handed_out.get(lane) != seq - 1:
                continue
            self._handed_out[lane] = seq
            for following in list(self._followers[lane]):
                following.take_in(entry)
                if following.has_ended:
                    self._drop(following)
        return True
