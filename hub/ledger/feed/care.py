"""What operators do about a consumer that is stuck: let it try again, or leave one entry out."""

from typing import Final

from hub.kernel.tx import Tx
from hub.ledger.feed.errors import (
    ConsumerNotFound,
    EntryNotNext,
    LaneNotStuck,
    SkipReasonNotValid,
)
from hub.ledger.feed.store import StuckLane, free_lane, insert_skip, lock_stuck_lane

REASON_LENGTH_MAX: Final = 500


async def retry_entry(tx: Tx, *, consumer: str, lane: int) -> StuckLane:
    """Let a consumer try again the entry that it fails at, at once and with all of its attempts.

    Errors: ConsumerNotFound, LaneNotStuck.
    Locks: the cursor.
    """
    stuck = await _find_stuck(tx, consumer, lane)
    await free_lane(tx, consumer, lane, seq=stuck.seq - 1)
    return stuck


async def skip_entry(tx: Tx, *, consumer: str, lane: int, seq: int, reason: str) -> StuckLane:
    """Let a consumer leave out the entry that it fails at; who decided it and why is kept.

    Errors: SkipReasonNotValid, ConsumerNotFound, LaneNotStuck, EntryNotNext.
    Locks: the cursor.
    """
    written = " ".join(reason.split())
    if not 0 < len(written) <= REASON_LENGTH_MAX:
        raise SkipReasonNotValid(REASON_LENGTH_MAX)
    stuck = await _find_stuck(tx, consumer, lane)
    if stuck.seq != seq:
        raise EntryNotNext(consumer, lane, seq, stuck.seq)
    await insert_skip(tx, stuck, reason=written)
    await free_lane(tx, consumer, lane, seq=seq)
    return stuck


async def _find_stuck(tx: Tx, consumer: str, lane: int) -> StuckLane:
    found = await lock_stuck_lane(tx, consumer, lane)
    if found is None:
        raise ConsumerNotFound(consumer)
    if found.attempt_count == 0:
        raise LaneNotStuck(consumer, lane)
    return found
