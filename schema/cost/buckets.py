"""The leaky bucket of a client, in whole points of cost and whole microseconds.

A bucket is one instant: when it will be full again. What is taken moves it on, time moves towards
it. What is taken is rounded up to a microsecond, so that rounding never adds up to anything for a
client; at any instant it may have a part of a point too early.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.kernel.clock import CLOCKS_APART

MICROSECONDS: Final = 1_000_000
SLICE_PARTS: Final = 64
"""A process takes at most this part of a bucket at once, beyond what it needs now,"""
SHARE_PARTS: Final = 16
"""and at most this part of what is left: the emptier the bucket, the more exact the count."""
_APART: Final = CLOCKS_APART // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """How much a client may use: at once, and lastingly.

    Units: points of cost; `restore_rate` of them come back in a second.
    """

    size: int
    restore_rate: int

    def available(self, full_at: datetime, now: datetime) -> int:
        """Say how much can be taken now."""
        return max(0, self.size - self._missing(full_at, now) * self.restore_rate // MICROSECONDS)

    def take(self, full_at: datetime, now: datetime, points: int) -> datetime:
        """Take points, or give them back when they are negative: say when it is full then."""
        moved = divide_up(points * MICROSECONDS, self.restore_rate)
        return now + timedelta(microseconds=self._missing(full_at, now) + moved)

    def _missing(self, full_at: datetime, now: datetime) -> int:
        """Say after how many microseconds it is full.

        Longer than a bucket ever takes (`CLOCKS_APART`), and it counts as full.
        """
        missing = max(0, (full_at - now) // timedelta(microseconds=1))
        longest = self.size * MICROSECONDS // self.restore_rate + _APART
        return missing if missing <= longest else 0

    def slice(self, available: int, cost: int) -> int:
        """Say how much a process takes when it needs `cost` now; 0: there is not enough."""
        if cost > available:
            return 0
        return cost + min(self.size // SLICE_PARTS, (available - cost) // SHARE_PARTS)

    def wait_seconds(self, available: int, cost: int) -> int:
        """Say after how many whole seconds there is enough, 1 at least."""
        return max(1, divide_up(cost - available, self.restore_rate))


@dataclass(slots=True)
class Lease:
    """What one process holds of a client's bucket, and what it saw of it last.

    `left` was taken from the bucket and is not spent; `full_at` is as the process saw the bucket
    when it took, so that others may have taken more since.
    """

    left: int = 0
    full_at: datetime | None = None


def divide_up(number: int, by: int) -> int:
    """Divide, rounded up."""
    return -(-number // by)
