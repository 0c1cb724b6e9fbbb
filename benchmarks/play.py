"""One run: set the stage, play all cases in rounds, close windows in turn, audit the books."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.books import list_violations
from benchmarks.cases import opened_cases
from benchmarks.closing import LARGE_WINDOW, SMALL_WINDOW, LoadedWindow, close_copy, load_window
from benchmarks.measure import CpuMeter, Tally, run_turn
from benchmarks.report import Run
from benchmarks.stage import postmaster_of, set_stage
from hub.kernel.clock import system_clock
from hub.kernel.embedded.server import Server

TURNS: Final = 4
"""A round gives each case its time in so many turns, so that a noise of the machine hits all."""

SMALL_COUNT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, and how long."""

    seconds: float
    rounds: int
    case_filters: Sequence[str]
    large_count: int
    wallet_count: int

    def wants(self, name: str) -> bool:
        """Whether a case is asked for."""
        return any(part in name for part in self.case_filters)

    @property
    def is_about_windows_only(self) -> bool:
        """Whether the stage is not needed."""
        return all(part.startswith("close") for part in self.case_filters)


async def play(server: Server, plan: Plan, console: Console) -> Run:
    """Measure what the plan asks for."""
    began_at = system_clock()
    rounds: list[dict[str, Tally]] = [{} for _ in range(plan.rounds)]
    meter = CpuMeter(postmaster_of(server))
    columns = (TextColumn("{task.description:28}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        urls = await _play_cases(server, plan, rounds, meter, progress)
        urls += await _close_windows(server, plan, rounds, meter, progress)
        auditing = progress.add_task("audit of the books", total=1)
        violations = await list_violations(urls)
        progress.advance(auditing)
    return Run(
        began_at=began_at,
        seconds=plan.seconds,
        server_version=".".join(map(str, server.version)),
        rounds=rounds,
        violations=violations,
    )


async def _play_cases(
    server: Server,
    plan: Plan,
    rounds: Sequence[dict[str, Tally]],
    meter: CpuMeter,
    progress: Progress,
) -> list[str]:
    """Play the cases that are wanted; gives the databases to audit."""
    if plan.is_about_windows_only:
        return []
    setting = progress.add_task("stage", total=1)
    stage = await set_stage(server, wallet_count=plan.wallet_count)
    progress.advance(setting)
    async with opened_cases(stage) as cases:
        wanted = [case for case in cases if plan.wants(case.name)]
        playing = progress.add_task("cases", total=len(wanted) * len(rounds) * TURNS)
        for seen in rounds:
            for _ in range(TURNS):
                for case in wanted:
                    progress.update(playing, description=case.name)
                    tally = seen.setdefault(case.name, Tally())
                    await run_turn(case, tally, meter, seconds=plan.seconds / TURNS)
                    progress.advance(playing)
    return [stage.url]


async def _close_windows(
    server: Server,
    plan: Plan,
    rounds: Sequence[dict[str, Tally]],
    meter: CpuMeter,
    progress: Progress,
) -> list[str]:
    """Close a small and a large window in turn; gives the databases to audit."""
    counts = {SMALL_WINDOW: SMALL_COUNT, LARGE_WINDOW: plan.large_count}
    windows: list[LoadedWindow] = [
        await load_window(server, case, count, progress)
        for case, count in counts.items()
        if plan.wants(case)
    ]
    if not windows:
        return []
    closing = progress.add_task("close", total=len(windows) * len(rounds))
    urls = {}
    await close_copy(server, windows[0], meter)  # what a process does once is not measured
    for seen in rounds:
        for window in windows:
            seen[window.case], urls[window.case] = await close_copy(server, window, meter)
            progress.advance(closing)
    return list(urls.values())
