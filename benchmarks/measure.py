"""Closed loops: so many callers, each asks again as soon as it is answered; and the CPU it took."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

Call = Callable[[], Awaitable[int]]
"""Asks once; gives how many of the operations asked for were refused."""

WARM_UP_SECONDS: Final = 0.1
_SCHEDULER_FILE: Final = "schedstat"


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to measure."""

    name: str
    callers: int
    call: Call
    operations_per_call: int = 1


@dataclass(slots=True)
class Tally:
    """What was seen of one case in one round, over its turns."""

    operation_count: int = 0
    refused_count: int = 0
    wall_seconds: float = 0.0
    python_seconds: float = 0.0
    postgres_seconds: float = 0.0
    latencies_seconds: list[float] = field(default_factory=list)

    @property
    def operations_per_second(self) -> float:
        """Throughput."""
        return self.operation_count / self.wall_seconds

    @property
    def python_us(self) -> float:
        """CPU of this process per operation, the load's own part included."""
        return 1e6 * self.python_seconds / self.operation_count

    @property
    def postgres_us(self) -> float:
        """CPU of the server's processes per operation."""
        return 1e6 * self.postgres_seconds / self.operation_count

    @property
    def cpu_us(self) -> float:
        """CPU of both per operation."""
        return self.python_us + self.postgres_us

    def percentile_ms(self, percent: int) -> float:
        """Time that so many percent of the calls kept within."""
        ordered = sorted(self.latencies_seconds)
        return 1e3 * ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


@dataclass(frozen=True, slots=True)
class CpuMeter:
    """Reads the CPU time of this process, and of a PostgreSQL server and all its children."""

    postmaster_pid: int

    def read(self) -> tuple[float, float]:
        """Give the seconds used so far by Python and by PostgreSQL."""
        return time.process_time(), self._postgres_seconds()

    def _postgres_seconds(self) -> float:
        task = Path("/proc") / str(self.postmaster_pid)
        children = (task / "task" / str(self.postmaster_pid) / "children").read_text().split()
        return sum(_on_cpu_seconds(pid) for pid in (str(self.postmaster_pid), *children))


async def run_turn(case: Case, tally: Tally, meter: CpuMeter, *, seconds: float) -> None:
    """Let a case run for a while and add what was seen to its tally."""
    await _loop(case, Tally(), WARM_UP_SECONDS)
    python_before, postgres_before = meter.read()
    await _loop(case, tally, seconds)
    python_after, postgres_after = meter.read()
    tally.python_seconds += python_after - python_before
    tally.postgres_seconds += postgres_after - postgres_before


async def _loop(case: Case, tally: Tally, seconds: float) -> None:
    began_at = time.perf_counter()
    until = began_at + seconds
    await asyncio.gather(*[_ask_until(until, case, tally) for _ in range(case.callers)])
    tally.wall_seconds += time.perf_counter() - began_at


async def _ask_until(until: float, case: Case, tally: Tally) -> None:
    while (asked_at := time.perf_counter()) < until:
        tally.refused_count += await case.call()
        tally.operation_count += case.operations_per_call
        tally.latencies_seconds.append(time.perf_counter() - asked_at)


def _on_cpu_seconds(pid: str) -> float:
    """Read the scheduler's own count, in nanoseconds; 0 for a process that ended meanwhile."""
    try:
        return int((Path("/proc") / pid / _SCHEDULER_FILE).read_text().split()[0]) / 1e9
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
