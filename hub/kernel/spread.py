"""How values are spread over steps: counted with whole numbers, told to Prometheus as they are."""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

MILLISECOND: Final = 1_000_000
DURATIONS: Final = tuple(
    MILLISECOND * each for each in (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000)
)
"""Steps of durations in nanoseconds, as `time.perf_counter_ns` measures them."""


class Spread:
    """How many values there were up to each bound, and above the last one."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[int, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0

    def note(self, value: int) -> None:
        """Count a value; a search in a few numbers, so it can be done for every request."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def add(self, other: "Spread") -> None:
        """Add what another one counted over the same bounds."""
        assert other.bounds == self.bounds, "only like can be added"
        self.counts = [mine + its for mine, its in zip(self.counts, other.counts, strict=True)]
        self.total += other.total

    def cumulated(self) -> Iterator[int]:
        """Give how many values were at most each bound, and at last how many there were."""
        count = 0
        for each in self.counts:
            count += each
            yield count
