"""One run of the soak.

    python -m tests.soak --seed 7 --seconds 60

Without seconds it does each kind of harm once. It prints the report as a table, writes it
where `--report` says as JSON, with the table beside it, and ends with 1 if anything was wrong; then
everything it made is left for whoever looks into it.
"""

import argparse
import asyncio
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

import asyncpg

from hub.kernel.clock import system_clock
from hub.kernel.log import LogLevel, LogStyle, set_up_log
from hub.ledger.entries import EntryKind
from hub.points.crossing import finish_crossings
from hub.wiring import Hub, open_hub
from hub.worker import consumers_of, work_once
from tests.soak import harm, verdict
from tests.soak.client import SETTLED, journal_name
from tests.soak.journal import Asked, read_asked, read_lines
from tests.soak.report import Report
from tests.soak.stage import Stage, open_stage, plan_on
from tests.soak.verdict import Fault, Wrong
from tests.soak.work import consumers, read_outside, settings_of

BAGS_PER_CHECKPOINT: Final = 3
GAP_SECONDS_MAX: Final = 0.5
TO_THE_PRESENT: Final = timedelta(minutes=10)
"""By so much the clock is moved before a checkpoint, beyond where it ever was."""
WARM_UP_SECONDS: Final = 1
HARM_LOG: Final = "harm.log"
"""What was done when, beside the logs of all processes."""


async def run(directory: Path, report: Report, seconds: int | None) -> None:
    """Go through bag after bag until the time is over; each harm once if there is none."""
    dice = random.Random(report.seed)  # noqa: S311
    # Told to end, it takes everything down that it has started.
    task = asyncio.current_task()
    assert task is not None, "asyncio.run made one"
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    began = time.monotonic()
    bag = harm.BAG if seconds else tuple(dict.fromkeys(harm.BAG))
    so_far = SoFar()
    async with open_stage(directory, report.seed) as stage:
        stage.start_hubs()
        await stage.see_open()
        turn, is_over = 0, False
        while not is_over:
            names = stage.start_clients(turn)
            await asyncio.sleep(WARM_UP_SECONDS)
            for _ in range(BAGS_PER_CHECKPOINT if seconds else 1):
                await shake(stage, dice, report, bag)
                is_over = seconds is None or time.monotonic() - began > seconds
                if is_over:
                    break
            await judge(stage, report, turn, names, so_far)
            turn += 1
            is_over = is_over or bool(report.faults)
        report.kills = stage.kills
        report.faults += [Fault(Wrong.ENDED, told) for told in stage.ended_alone]
    report.seconds = round(time.monotonic() - began)


async def shake(
    stage: Stage, dice: random.Random, report: Report, bag: Sequence[harm.Harm]
) -> None:
    """Do every harm of a bag, one after another, in an order of chance."""
    for each in dice.sample(bag, len(bag)):
        began_at = system_clock()
        await each(stage, dice)
        stage.revive()
        report.harms[each.__name__] += 1
        with stage.scene.place(HARM_LOG).open("a") as log:
            log.write(
                f"{began_at:%H:%M:%S.%f}  until {system_clock():%H:%M:%S.%f}  {each.__name__}\n"
            )
        await asyncio.sleep(dice.random() * GAP_SECONDS_MAX)


@dataclass
class SoFar:
    """What must still hold at the next checkpoint: all that was acknowledged, and the seals."""

    journals: dict[str, dict[int, Asked]] = field(default_factory=dict)
    seals: dict[str, str] = field(default_factory=dict)


async def judge(stage: Stage, report: Report, turn: int, names: list[str], so_far: SoFar) -> None:
    """Let the clients settle and the work be done, then look at everything since the beginning."""
    stage.revive()
    stage.wire.cut()
    stage.board.settle(turn)
    late = await stage.see_end(names)
    report.faults += [Fault(Wrong.UNANSWERED, f"{name} did not come to its end") for name in late]
    report.faults += [
        Fault(Wrong.UNANSWERED, f"{name} ended before it was settled")
        for name in names
        if name not in late and not stage.scene.place(f"{name}.{SETTLED}").exists()
    ]
    for name in stage.names("work"):
        stage.kill(name)
    stage.board.jump(TO_THE_PRESENT)
    journals = {name: read_asked(stage.scene.place(journal_name(name))) for name in names}
    so_far.journals |= journals
    async with open_hub(stage.scene.database_url, clock=stage.board.clock) as hub:
        await come_to_the_present(stage, hub)
        books = await verdict.read_books(stage.scene.database_url)
        found = [
            *verdict.judge_journals(books, so_far.journals),
            *await verdict.judge_books(hub),
            *await verdict.judge_effects(stage.scene, books),
        ]
        after = await verdict.read_seals(hub)
        report.faults += [*found, *verdict.judge_seals(so_far.seals, after)]
        so_far.seals = after
        await count(stage, report, journals, books)
        report.closed_window_count = len(after)
        await plan_on(hub, stage.board.clock())
    report.checkpoint_count += 1
    stage.revive()


async def come_to_the_present(stage: Stage, hub: Hub) -> None:
    """Do all the work that waits."""
    await finish_crossings(
        hub.poster, hub.database, now=hub.clock(), older_than=-2 * TO_THE_PRESENT
    )
    settings = settings_of(stage.scene)
    followers = [*consumers_of(hub), *consumers(stage.scene, None)]
    await work_once(hub, settings, consumers=followers)


async def count(
    stage: Stage, report: Report, journals: dict[str, dict[int, Asked]], books: verdict.Books
) -> None:
    """Add a turn to the report."""
    report.count_orders(journals)
    for name in journals:
        lines = read_lines(stage.scene.place(journal_name(name)))
        report.unknown_outcomes.update(line["try"]["is"] for line in lines if "try" in line)
    report.entry_count = len(books)
    report.entries = Counter(EntryKind(entry.kind).name for entry in books.values())
    outside = read_outside(stage.scene)
    report.outside_repeat_count = len(outside) - len(set(outside))
    connection = await asyncpg.connect(stage.scene.database_url)
    try:
        row = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM soak_effects), (SELECT count(*) FROM ledger.checkpoints),"
            " (SELECT count(*) FROM audit_runs)"
        )
    finally:
        await connection.close()
    report.effect_count, report.signed_checkpoint_count, report.audit_count = row
    report.clock_moved_seconds = round((stage.board.offset).total_seconds())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="what chance begins with")
    parser.add_argument("--seconds", type=int, default=None, help="how long; else one bag")
    parser.add_argument("--keep", action="store_true", help="leave everything that was made")
    parser.add_argument("--report", type=Path, default=None, help="where the JSON goes")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if given.seed is None else given.seed
    sys.stderr.write(f"soak: seed {seed}\n")
    set_up_log(style=LogStyle.CONSOLE, level=LogLevel.ERROR)
    report = Report(seed)
    # A short path, for sockets; open to the account of the server.
    directory = Path(tempfile.mkdtemp(prefix="hub-soak-", dir="/tmp"))
    directory.chmod(0o755)
    asyncio.run(run(directory, report, given.seconds))
    sys.stdout.write(report.table())
    if given.report is not None:
        report.write(given.report)
    if report.faults or given.keep:
        sys.stderr.write(f"soak: what it left lies in {directory}\n")
        return 1 if report.faults else 0
    shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
