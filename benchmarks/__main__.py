"""`python -m benchmarks`: one run of all cases, in turn, on a server of its own."""

import sys
from pathlib import Path
from typing import Annotated, Final

import structlog
import typer
import uvloop
from rich.console import Console

from benchmarks.play import Plan, play
from benchmarks.report import show, write
from benchmarks.stage import running_stage_server

LARGE_COUNT: Final = 100_000
MILLION: Final = 1_000_000


def main(
    *,
    seconds: Annotated[float, typer.Option(min=0.1, help="For each case in each round.")] = 1.5,
    rounds: Annotated[int, typer.Option(min=1, max=99, help="Each gives one ratio per goal.")] = 3,
    case: Annotated[
        list[str] | None, typer.Option(help="Only cases with this in their name; repeatable.")
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write everything seen to this file.")] = None,
    million: Annotated[
        bool, typer.Option("--million", help="Close a window of a million; minutes more.")
    ] = False,
    wallets: Annotated[int, typer.Option(min=1000, max=1_000_000, help="On the stage.")] = 100_000,
) -> None:
    """Measure the hub against what most people would write. The figures are ratios in one run.

    Ends with 1 when an audit of the books found something: then nothing measured counts.
    """
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    console = Console()
    plan = Plan(seconds, rounds, case or [""], MILLION if million else LARGE_COUNT, wallets)
    with running_stage_server() as server:
        run = uvloop.run(play(server, plan, console))
    show(run, console)
    if json is not None:
        write(run, json)
    raise typer.Exit(int(bool(run.violations)))


typer.run(main)
