"""Consumers: each follows every lane at its own pace, and has its effect once for each entry.

The effect and the cursor commit in one transaction: in our database an effect happens exactly once.
What an effect does outside it may do again after a crash, so it names the entry (`FeedEntry.name`).
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

import structlog

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.retries import growing_pause, write_error
from hub.kernel.tx import Database, Tx
from hub.ledger.feed.entries import FeedEntry
from hub.ledger.feed.settings import FeedSettings
from hub.ledger.feed.store import (
    enrol_consumer,
    move_cursors,
    note_failure,
    read_page,
    set_pause,
    take_cursors,
)
from hub.ledger.feed.watcher import Watcher
from hub.ledger.operations import Place

log = structlog.get_logger()

Effect: TypeAlias = Callable[[Tx, Sequence[FeedEntry]], Awaitable[None]]
"""What a consumer does about a page of entries, in the transaction that moves its cursors.

The entries of each lane, so those of each wallet, come in order, every one once.
"""

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")


class Start(Enum):
    """Where a consumer begins that was never seen before."""

    BEGINNING = "beginning"
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class Consumer:
    """Somebody who follows the entries; the name is for ever, its cursors are kept under it."""

    name: str
    effect: Effect
    start: Start

    def __post_init__(self) -> None:
        assert _NAME.fullmatch(self.name), self.name


class _EffectFailed(Exception):
    """The effect of a page failed; nothing of it is there."""

    def __init__(self, entries: Sequence[FeedEntry], error: Exception) -> None:
        super().__init__()
        self.entries = entries
        self.error = error


async def keep_up(
    database: Database, consumer: Consumer, watcher: Watcher, settings: FeedSettings
) -> None:
    """Follow the entries until cancelled; a database that is out of reach is waited for."""
    is_enrolled = False
    while True:
        turn = watcher.turn  # before looking: what moves meanwhile wakes us again
        count = 0
        try:
            if not is_enrolled:
                await enrol(database, consumer)
                is_enrolled = True
            count = await advance(database, consumer, settings)
        except Exception as error:  # noqa: BLE001 (whatever it is, the next round may succeed)
            log.warning("feed.round_failed", consumer=consumer.name, error=write_error(error))
            await asyncio.sleep(settings.pause_seconds)
        if count == 0:
            await watcher.wait_for_move(turn, seconds=settings.recheck_seconds)


async def catch_up(database: Database, consumer: Consumer, settings: FeedSettings) -> int:
    """Follow the entries up to the present, and count them; what fails is left for later."""
    await enrol(database, consumer)
    total = 0
    while count := await advance(database, consumer, settings):
        total += count
    return total


async def enrol(database: Database, consumer: Consumer) -> None:
    """Give a consumer its cursors; one that has them keeps them."""
    async with database.begin(HUB_ACTOR) as tx:
        await enrol_consumer(tx, consumer.name, from_beginning=consumer.start is Start.BEGINNING)


async def advance(database: Database, consumer: Consumer, settings: FeedSettings) -> int:
    """Take one page of the lanes that wait, and count its entries.

    If its effect fails, each lane goes on alone up to the entry that fails. That one is tried again
    after a pause, and parks its lane when it has failed too often; the other lanes go on.
    """
    try:
        return await _take_page(database, consumer, settings, lanes=None, limit=settings.page_max)
    except _EffectFailed as failure:
        lanes = sorted({entry.place.lane for entry in failure.entries})
    total = 0
    for lane in lanes:
        total += await _go_on_alone(database, consumer, settings, lane)
    return total


async def _take_page(
    database: Database,
    consumer: Consumer,
    settings: FeedSettings,
    *,
    lanes: Sequence[int] | None,
    limit: int,
) -> int:
    """Let a page have its effect, and count its entries; both commit or neither.

    Locks: the cursors of its lanes; other workers of the consumer take other lanes.
    """
    entries: Sequence[FeedEntry] = ()
    try:
        async with database.begin(HUB_ACTOR) as tx:
            cursors = await take_cursors(
                tx, consumer.name, lanes=lanes, limit=min(settings.lanes_max, limit)
            )
            if cursors:
                entries = await read_page(tx, cursors, per_lane=limit // len(cursors))
                async with asyncio.timeout(settings.effect_seconds):
                    await consumer.effect(tx, entries)
                ends = {entry.place.lane: entry.place.number for entry in entries}
                await move_cursors(tx, consumer.name, ends)
    except Exception as error:
        if not entries:
            raise
        raise _EffectFailed(entries, error) from error
    return len(entries)


async def _go_on_alone(
    database: Database, consumer: Consumer, settings: FeedSettings, lane: int
) -> int:
    """Go on with one lane, in ever smaller pages, until the entry that fails stands alone."""
    total, limit = 0, settings.page_max
    while total < settings.page_max:
        try:
            count = await _take_page(database, consumer, settings, lanes=[lane], limit=limit)
        except _EffectFailed as failure:
            if len(failure.entries) > 1:
                limit = len(failure.entries) // 2
                continue
            failed = failure.entries[0].place
            await _note_failure(database, consumer, settings, failed, failure.error)
            return total
        if count == 0:
            return total
        total += count
        limit = min(limit * 2, settings.page_max)
    return total


async def _note_failure(
    database: Database,
    consumer: Consumer,
    settings: FeedSettings,
    failed: Place,
    error: Exception,
) -> None:
    async with database.begin(HUB_ACTOR) as tx:
        attempt_count = await note_failure(
            tx,
            consumer.name,
            failed,
            error=write_error(error),
            attempts_max=settings.attempts_max,
        )
        if attempt_count == 0:
            return
        pause = growing_pause(
            attempt_count,
            first_seconds=settings.pause_seconds,
            seconds_max=settings.pause_seconds_max,
        )
        await set_pause(tx, consumer.name, failed.lane, pause)
    is_parked = attempt_count >= settings.attempts_max
    log.log(
        logging.ERROR if is_parked else logging.WARNING,
        "feed.lane_parked" if is_parked else "feed.entry_failed",
        consumer=consumer.name,
        lane=failed.lane,
        seq=failed.number,
        attempt_count=attempt_count,
        # The first time and the last: in between it would say the same.
        exc_info=error if is_parked or attempt_count == 1 else None,
    )
