"""The goals: each a ratio of two cases of one round, held when two rounds of three hold it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.closing import LARGE_WINDOW, SMALL_WINDOW
from benchmarks.measure import Tally

Figure = Callable[[Tally], float]
Round = Mapping[str, Tally]


def throughput(tally: Tally) -> float:
    """Give the operations per second."""
    return tally.operations_per_second


def latency(tally: Tally) -> float:
    """Give the median time of a call."""
    return tally.percentile_ms(50)


def cost(tally: Tally) -> float:
    """Give the CPU of Python and PostgreSQL per operation."""
    return tally.cpu_us


def duration(tally: Tally) -> float:
    """Give the wall time per call."""
    return tally.wall_seconds / tally.operation_count


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure of one case, divided by the same figure of another."""

    title: str
    figure: Figure
    case: str
    compared_to: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def limit_text(self) -> str:
        """The limit as it is shown."""
        return f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"

    def ratios(self, rounds: Sequence[Round]) -> list[float]:
        """Give one ratio per round; none when a case was not measured."""
        return [
            self.figure(seen[self.case]) / self.figure(seen[self.compared_to])
            for seen in rounds
            if self.case in seen and self.compared_to in seen
        ]

    def cpu_ratios(self, rounds: Sequence[Round]) -> list[float]:
        """Give the same ratios as CPU alone would have them, whatever else the machine did."""
        ratios = [
            cost(seen[self.case]) / cost(seen[self.compared_to])
            for seen in rounds
            if self.case in seen and self.compared_to in seen
        ]
        return [1 / ratio for ratio in ratios] if self.figure is throughput else ratios

    def is_held(self, ratio: float) -> bool:
        """Whether a ratio keeps the limit."""
        is_enough = self.at_least is None or ratio >= self.at_least
        return is_enough and (self.at_most is None or ratio <= self.at_most)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a goal."""

    goal: Goal
    ratios: Sequence[float]
    cpu_ratios: Sequence[float]

    @property
    def middle(self) -> float:
        """The median ratio."""
        return median(self.ratios)

    @property
    def cpu_middle(self) -> float:
        """The median ratio in CPU."""
        return median(self.cpu_ratios)

    @property
    def is_passed(self) -> bool:
        """Held in two rounds of three."""
        held_count = sum(self.goal.is_held(ratio) for ratio in self.ratios)
        return 3 * held_count >= 2 * len(self.ratios)


_HUB: Final = "issue poster 256"

GOALS: Final = (
    Goal("256 issues at once : naive", throughput, _HUB, "issue naive", at_least=10),
    Goal("256 issues at once : ORM", throughput, _HUB, "issue orm", at_least=50),
    Goal(
        "32 issues at once : one call each",
        throughput,
        "issue poster 32",
        "issue function",
        at_least=4,
    ),
    Goal("lone issue : direct call, time", latency, "issue poster 1", "issue direct", at_most=1.1),
    Goal("all on one partner : spread", throughput, "issue one partner", _HUB, at_least=0.9),
    Goal("durable : not durable", throughput, _HUB, "issue not durable", at_least=0.9),
    Goal(
        "256 redemptions at once : naive",
        throughput,
        "redeem poster 256",
        "redeem naive",
        at_least=8,
    ),
    Goal(
        "hold and capture : one redemption, CPU",
        cost,
        "hold, capture poster 256",
        "redeem poster 256",
        at_most=2.2,
    ),
    Goal("20,000 lots : 5 lots, CPU", cost, "redeem 20000 lots", "redeem 5 lots", at_most=1.2),
    Goal("large window : small, time", duration, LARGE_WINDOW, SMALL_WINDOW, at_most=1.2),
)


def judge(rounds: Sequence[Round]) -> list[Verdict]:
    """Judge every goal whose cases were measured."""
    verdicts = [Verdict(goal, goal.ratios(rounds), goal.cpu_ratios(rounds)) for goal in GOALS]
    return [verdict for verdict in verdicts if verdict.ratios]
