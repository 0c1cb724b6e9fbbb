"""What a worker counts of its jobs."""

from collections import Counter
from typing import Final

from hub.kernel.spread import MILLISECOND, Spread

DONE: Final = "done"
LOST: Final = "lost"
GIVEN_BACK: Final = "given_back"
BOUNDS: Final = tuple(
    1000 * MILLISECOND * seconds for seconds in (1, 5, 15, 60, 300, 900, 1800, 3600)
)


class JobFigures:
    """How attempts at jobs ended, and how long they took in nanoseconds."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        """By kind of job and outcome: one of the above, or the name of the error."""
        self.durations: dict[str, Spread] = {}

    def note(self, kind: str, outcome: str, nanoseconds: int) -> None:
        """Count an attempt."""
        self.counts[kind, outcome] += 1
        self.durations.setdefault(kind, Spread(BOUNDS)).note(nanoseconds)
