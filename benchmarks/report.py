"""What a run shows: a table of cases, a table of goals, and the same as JSON."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.goals import Round, Verdict, judge
from benchmarks.stage import SETTINGS


@dataclass(frozen=True, slots=True)
class Run:
    """One run: what it was done with, what each round saw, and what the audits found."""

    began_at: datetime
    seconds: float
    server_version: str
    rounds: Sequence[Round]
    violations: Sequence[str]

    @property
    def case_names(self) -> list[str]:
        """All cases measured, in their order."""
        return list(dict.fromkeys(name for seen in self.rounds for name in seen))


def show(run: Run, console: Console) -> None:
    """Print the tables."""
    console.print(_case_table(run))
    console.print(_goal_table(judge(run.rounds)))
    for violation in run.violations:
        console.print(f"[red]{violation}[/red]")
    console.print(
        "[red]VOID: the audits found the above[/red]" if run.violations else "The books are right."
    )


def write(run: Run, path: Path) -> None:
    """Write everything that was seen."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(_as_json(run), option=orjson.OPT_INDENT_2))


def machine() -> dict[str, Any]:
    """Describe where the run took place."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_average": os.getloadavg(),
    }


def _case_table(run: Run) -> Table:
    table = Table("case", title=f"Medians of {len(run.rounds)} rounds")
    for heading in ("ops/s", "p50 ms", "p99 ms", "python us", "postgres us", "refused"):
        table.add_column(heading, justify="right")
    for name in run.case_names:
        seen = [one[name] for one in run.rounds if name in one]
        table.add_row(
            name,
            f"{median(t.operations_per_second for t in seen):,.0f}",
            f"{median(t.percentile_ms(50) for t in seen):,.2f}",
            f"{median(t.percentile_ms(99) for t in seen):,.2f}",
            f"{median(t.python_us for t in seen):,.0f}",
            f"{median(t.postgres_us for t in seen):,.0f}",
            f"{sum(t.refused_count for t in seen):,}",
        )
    return table


def _goal_table(verdicts: Sequence[Verdict]) -> Table:
    table = Table("goal", title="Goals: held in two rounds of three")
    for heading in ("limit", "median", "each round", "in CPU", "verdict"):
        table.add_column(heading, justify="right")
    for verdict in verdicts:
        table.add_row(
            verdict.goal.title,
            verdict.goal.limit_text,
            f"{verdict.middle:.2f}",
            " ".join(f"{ratio:.2f}" for ratio in verdict.ratios),
            f"{verdict.cpu_middle:.2f}",
            "[green]pass[/green]" if verdict.is_passed else "[red]miss[/red]",
        )
    return table


def _as_json(run: Run) -> dict[str, Any]:
    return {
        "began_at": run.began_at,
        "machine": machine(),
        "postgres": {"version": run.server_version, "settings": SETTINGS},
        "seconds_per_case_and_round": run.seconds,
        "is_void": bool(run.violations),
        "violations": list(run.violations),
        "goals": [
            {
                "title": verdict.goal.title,
                "limit": verdict.goal.limit_text,
                "ratios": list(verdict.ratios),
                "median": verdict.middle,
                "cpu_ratios": list(verdict.cpu_ratios),
                "is_passed": verdict.is_passed,
            }
            for verdict in judge(run.rounds)
        ],
        "rounds": [
            {
                name: {
                    "operation_count": tally.operation_count,
                    "refused_count": tally.refused_count,
                    "operations_per_second": tally.operations_per_second,
                    "p50_ms": tally.percentile_ms(50),
                    "p99_ms": tally.percentile_ms(99),
                    "python_us": tally.python_us,
                    "postgres_us": tally.postgres_us,
                }
                for name, tally in seen.items()
            }
            for seen in run.rounds
        ],
    }
