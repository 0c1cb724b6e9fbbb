"""Limits that all processes share, and tries that must wait longer after each failure.

What is counted is named by a hash: the table holds no address and no reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from auth.rates import store
from auth.rates.errors import TooManyRequests
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.tx import Database, Tx

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
SECOND_US: Final = 1_000_000
UNUSED_FOR: Final = timedelta(days=1)
"""Longer than any wait, and than failures are remembered."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in `seconds`, all of them at once if one likes."""

    name: str
    count: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Patience:
    """The first failures cost nothing; each one after them doubles the wait, up to the longest.

    A wait ends by itself: whoever fails on purpose in another's name delays them by at most
    `longest_seconds`, and only from where the failures come.
    """

    name: str
    free_count: int
    first_seconds: int
    longest_seconds: int
    forget_seconds: int


SIGN_INS: Final = Limit("sign_ins", 30, 60)
"""Sign-ins that one address may begin."""
INVITATIONS: Final = Patience("invitations", 5, 10, 900, 3_600)
FAILED_SIGN_INS: Final = Patience("failed_sign_ins", 5, 2, 900, 3_600)
PROBES: Final = Limit("probes", 20, 3_600)
"""Refusals for want of points that one partner may provoke of one member (rule book 1.4.1)."""
REFUSALS_TOLD: Final = Limit("refusals_told", 1, 60)
"""Records of one sort of refusal to one actor in the audit log."""


async def take(database: Database, limit: Limit, who: str) -> None:
    """Take one from a limit, for whoever it counts.

    Errors: TooManyRequests.
    """
    async with database.begin(HUB_ACTOR) as tx:
        wait_seconds = await try_take(tx, {limit: who})
    if wait_seconds:
        raise TooManyRequests(wait_seconds)


async def try_take(tx: Tx, wanted: Mapping[Limit, str]) -> int:
    """Take one from each limit in this transaction; give the seconds to wait, 0 if none.

    One limit, or two over the same time: then the second is used only by whoever the first lets in.

    Locks: the marks of whom they count.
    """
    (seconds,) = {limit.seconds for limit in wanted}
    steps = {_key(limit.name, who): _step_us(limit) for limit, who in wanted.items()}
    wait_us = await store.take(tx, steps, now_us=_us(tx.now), room_us=seconds * SECOND_US)
    return _seconds(wait_us)


async def forget_unused(database: Database) -> None:
    """Remove the marks of limits that have been unused for long."""
    async with database.begin(HUB_ACTOR) as tx:
        await store.prune(tx, before_us=_us(tx.now - UNUSED_FOR))


async def check_room(database: Database, limit: Limit, who: str) -> None:
    """See that one could be taken from a limit, without taking it.

    Errors: TooManyRequests.
    """
    async with database.begin(HUB_ACTOR) as tx:
        used_us = await _find_wait(tx, _key(limit.name, who), limit.seconds)
    wait_us = used_us + _step_us(limit) - limit.seconds * SECOND_US
    if wait_us > 0:
        raise TooManyRequests(_seconds(wait_us))


async def check_patience(database: Database, patience: Patience, who: str) -> None:
    """See that the wait after the last failure is over.

    Errors: TooManyRequests.
    """
    async with database.begin(HUB_ACTOR) as tx:
        wait_us = await _find_wait(tx, _key(patience.name, who), patience.longest_seconds)
    if wait_us:
        raise TooManyRequests(_seconds(wait_us))


async def note_failure(database: Database, patience: Patience, who: str) -> int:
    """Count a failure, and give how many there were in a row."""
    async with database.begin(HUB_ACTOR) as tx:
        _, count = await store.add_failure(
            tx,
            _key(patience.name, who),
            now_us=_us(tx.now),
            free_count=patience.free_count,
            first_us=patience.first_seconds * SECOND_US,
            longest_us=patience.longest_seconds * SECOND_US,
            forget_us=patience.forget_seconds * SECOND_US,
        )
    return count


async def note_success(database: Database, patience: Patience, who: str) -> None:
    """Forget the failures before a success."""
    async with database.begin(HUB_ACTOR) as tx:
        await store.forget(tx, _key(patience.name, who))


async def _find_wait(tx: Tx, key: bytes, longest_seconds: int) -> int:
    return await store.find_wait(
        tx, key, now_us=_us(tx.now), longest_us=longest_seconds * SECOND_US
    )


def _key(name: str, who: str) -> bytes:
    return sha256(f"{len(name)}:{name}{who}".encode()).digest()


def _us(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def _step_us(limit: Limit) -> int:
    return limit.seconds * SECOND_US // limit.count


def _seconds(microseconds: int) -> int:
    """Round up: whoever waits so long is let in."""
    return -(-microseconds // SECOND_US)
