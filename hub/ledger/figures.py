"""What a courier counts: whole numbers that are added to, and read when somebody asks."""

from dataclasses import dataclass, field
from typing import Final

from hub.kernel.spread import DURATIONS, Spread
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Outcome

BATCH_SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
_KINDS: Final = max(EntryKind) + 1
_CODES: Final = 64
"""Above every code of `post_batch`."""


def _nothing() -> list[list[int]]:
    return [[0] * _CODES for _ in range(_KINDS)]


@dataclass(slots=True, eq=False)
class CourierFigures:
    """What became of the operations of a courier, and how its batches went.

    `replay_count`: those that were answered as the first use of their key was. `upkeep_count`: how
    often operations came back because something else was to be booked before.
    Units: `batch_durations` are nanoseconds.
    """

    outcome_counts: list[list[int]] = field(default_factory=_nothing)
    batch_sizes: Spread = field(default_factory=lambda: Spread(BATCH_SIZES))
    batch_durations: Spread = field(default_factory=lambda: Spread(DURATIONS))
    replay_count: int = 0
    upkeep_count: int = 0
    connection_lost_count: int = 0

    def note(self, kind: EntryKind, outcome: Outcome) -> None:
        """Count what became of an operation."""
        self.outcome_counts[kind][outcome.code] += 1
        self.replay_count += outcome.is_replay

    def add(self, other: "CourierFigures") -> None:
        """Add what another courier counted."""
        for mine, its in zip(self.outcome_counts, other.outcome_counts, strict=True):
            mine[:] = [each + more for each, more in zip(mine, its, strict=True)]
        self.batch_sizes.add(other.batch_sizes)
        self.batch_durations.add(other.batch_durations)
        self.replay_count += other.replay_count
        self.upkeep_count += other.upkeep_count
        self.connection_lost_count += other.connection_lost_count
