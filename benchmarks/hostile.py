"""`python -m benchmarks.hostile`: what refusing each attack costs, against an honest document."""

from statistics import median

from rich.console import Console
from rich.table import Table

from tests.schema.cost.attacks import ATTACKS, measure, measure_reference

MILLION = 1_000_000
GOAL_MS = 50


def main() -> None:
    """Print the CPU of each refusal, dearest first."""
    reference = measure_reference(times=5)
    seen = sorted(((measure(attack, times=5), attack) for attack in ATTACKS), key=_time)
    table = Table(title="CPU of a refusal, the least of five runs")
    for column in ("attack", "ms", "honest documents", "refused with", "limit"):
        table.add_column(column)
    for nanoseconds, attack in reversed(seen):
        milliseconds = nanoseconds / MILLION
        relative = f"{nanoseconds / reference:.2f}"
        table.add_row(attack.name, f"{milliseconds:.2f}", relative, attack.code, attack.limit or "")
    console = Console()
    console.print(table)
    times = [nanoseconds / MILLION for nanoseconds, _ in seen]
    console.print(
        f"An honest document (introspection): {reference / MILLION:.2f} ms. Refusals: median"
        f" {median(times):.2f} ms, most {max(times):.2f} ms; the goal is below {GOAL_MS} ms."
    )


def _time(measured: tuple[int, object]) -> int:
    return measured[0]


if __name__ == "__main__":
    main()
