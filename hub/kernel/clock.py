"""The hub's clock: the only place that asks what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

Clock = Callable[[], datetime]

CLOCKS_APART: Final = timedelta(minutes=1)
"""Clocks of processes that share a database differ by less than this.

An instant that lies further ahead than it can, by more than this, was written before the clock was
set back: nobody waits until that time comes again.
"""


def system_clock() -> datetime:
    """Tell the present instant, in UTC."""
    return datetime.now(UTC)


def is_recent(instant: datetime, age_max: timedelta, *, now: datetime) -> bool:
    """Whether something happened at most so long ago.

    What was written before the clock was set back is of an age that nobody knows: it is not recent.
    """
    return -CLOCKS_APART <= now - instant <= age_max


def as_utc(instant: datetime) -> datetime:
    """Give an instant of the database its zone: the driver leaves it out of the infinite ones.

    PostgreSQL's infinity is the last instant that Python knows, -infinity the first.
    """
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
