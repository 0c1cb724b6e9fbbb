"""The commands `hub work`."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Final, TypeVar

import typer
import uvloop

from hub.cli.database import hub_database
from hub.cli.exit_codes import describe_exit_codes
from hub.cli.output import (
    Format,
    print_csv,
    print_json,
    print_sheet,
    print_sheets,
    result_console,
    sheet_objects,
)
from hub.cli.work.printout import (
    audits_sheet,
    jobs_sheet,
    lags_sheet,
    schedules_sheet,
    stuck_sheet,
)
from hub.kernel.actor import Actor, ActorKind
from hub.kernel.clock import Clock, system_clock
from hub.kernel.jobs.figures import JobFigures
from hub.kernel.jobs.job import JobRecord, JobState, ScheduleRecord
from hub.kernel.jobs.store import LIST_MAX, hasten_schedule, list_jobs, list_schedules, retry_job
from hub.kernel.log import set_up_log
from hub.kernel.tx import Database, Tx
from hub.ledger.audits.store import list_runs
from hub.ledger.feed.care import retry_entry, skip_entry
from hub.ledger.feed.consumers import Consumer
from hub.ledger.feed.store import ConsumerLag, StuckLane, list_lags, list_stuck_lanes
from hub.metrics.counted import tell_hub, tell_jobs
from hub.metrics.page import MetricsPage
from hub.metrics.port import metrics_port
from hub.settings import Settings, WorkSettings, read_settings
from hub.tracing import open_tracer
from hub.wiring import open_hub
from hub.worker import Round, consumers_of, work, work_once

LISTED: Final = 50
OPERATOR: Final = Actor(ActorKind.OPERATOR)
LANES_BELOW_ZERO: Final = {"ignore_unknown_options": True}
"""Else -1, the house lane, would be taken for an option."""
T = TypeVar("T")


def _epilog(*examples: tuple[str, str]) -> str:
    width = max(len(line) for line, _ in examples) + 4
    shown = "\n\n".join(f"  {line.ljust(width)}{meaning}" for line, meaning in examples)
    return f"\nExamples:\n\n{shown}\n\n{describe_exit_codes()}\n"


app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    invoke_without_command=True,
    epilog=_epilog(
        ("hub work", "jobs and consumers, until told to stop"),
        ("hub work --once", "one round, for a timetable of your own"),
        ("hub work list --state FAILED", "what waits for a person"),
        ("hub work consumers", "who follows the entries, and how far behind"),
    ),
)

OutputFormat = Annotated[Format, typer.Option("--format", help="How to print the result.")]
ConsumerName = Annotated[str, typer.Argument(help="Its name in `hub work consumers`.")]
LaneNumber = Annotated[
    int, typer.Argument(min=-1, max=63, help="Lane of the entry; -1 is the house lane.")
]


@app.callback()
def run(
    context: typer.Context,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Cut, sweep, do what waits, once, and end.")
    ] = False,
) -> None:
    """Run jobs and consumers until told to stop, or look after those that are stuck.

    Books what has expired, cuts what is over, audits the books, and lets consumers follow the
    entries. Nothing a member or a partner sees depends on it. Windows that are over are closed too
    if HUB_WORK__CLOSES_WINDOWS is true. Any number of workers may run at once; a job whose worker
    goes away is finished by another. HUB_METRICS__PORT opens a port for Prometheus. Settings:
    HUB_WORK__, HUB_JOBS__, HUB_FEED__, HUB_METRICS__ and HUB_TRACING__.
    """
    if context.invoked_subcommand is not None:
        return
    settings = read_settings()
    with hub_database(settings) as url:
        set_up_log(style=settings.log_style, level=settings.log.level)
        if once:
            done = uvloop.run(_work_once(url, settings))
            print(f"{done.expiry_count} expiries booked, {len(done.closed_windows)} windows closed")
        else:
            uvloop.run(run_worker(url, settings))


async def _work_once(url: str, settings: Settings) -> Round:
    async with open_hub(url, feed=settings.feed) as hub:
        return await work_once(hub, settings)


async def run_worker(
    url: str,
    settings: Settings,
    *,
    clock: Clock = system_clock,
    more_consumers: Collection[Consumer] = (),
) -> None:
    """Run the jobs and the hub's own consumers, and perhaps others, until told to stop."""
    figures = JobFigures()
    with open_tracer(settings.tracing) as tracer:
        async with open_hub(url, clock=clock, feed=settings.feed) as hub:
            followers = (*consumers_of(hub), *more_consumers)
            page = MetricsPage(hub.database, partial(tell_hub, hub), partial(tell_jobs, figures))
            async with metrics_port(page, settings.metrics) as port:
                if port is not None:
                    sys.stderr.write(f"Metrics on port {port}\n")
                working = work(hub, settings, consumers=followers, figures=figures, tracer=tracer)
                await _until_told_to_stop(asyncio.create_task(working), settings.work)


async def _until_told_to_stop(working: asyncio.Task[None], settings: WorkSettings) -> None:
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        # What was under way stops between two statements; every job can be repeated.
        loop.add_signal_handler(each, working.cancel)
    sys.stderr.write(f"Working every {settings.interval_seconds} seconds\n")
    await asyncio.wait([working])
    if not working.cancelled():
        working.result()  # nothing but a mistake of ours ends it


@app.command(
    "list",
    epilog=_epilog(
        ("hub work list", "what comes back, and the newest jobs that are not done"),
        ("hub work list --state FAILED --format json", "what waits for a person, for a program"),
    ),
)
def list_work(
    *,
    state: Annotated[
        list[JobState] | None,
        typer.Option(help="Only jobs in this state; may be repeated. [default: all but DONE]"),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=LIST_MAX, help="How many jobs, the newest first.")
    ] = LISTED,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """List jobs, and those that come back."""
    states = state or [each for each in JobState if each is not JobState.DONE]

    async def read(tx: Tx) -> tuple[list[ScheduleRecord], list[JobRecord]]:
        return await list_schedules(tx), await list_jobs(tx, states=states, limit=limit)

    schedules, jobs = _as_operator(read)
    schedules_shown, jobs_shown = schedules_sheet(schedules), jobs_sheet(jobs)
    match output_format:
        case Format.TABLE:
            print_sheets(result_console(), [schedules_shown, jobs_shown])
        case Format.CSV:
            print_csv(jobs_shown)
        case Format.JSON:
            recurring, listed = sheet_objects(schedules_shown), sheet_objects(jobs_shown)
            print_json({"recurring": recurring, "jobs": listed})


@app.command(epilog=_epilog(("hub work retry 4711", "once more, with all of its attempts")))
def retry(
    job_id: Annotated[int, typer.Argument(metavar="JOB", help="Its number in `hub work list`.")],
    *,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Let a job that failed be tried again at once."""

    async def change(tx: Tx) -> JobRecord:
        return await retry_job(tx, job_id)

    print_sheet(jobs_sheet([_as_operator(change)]), output_format)


@app.command(epilog=_epilog(("hub work now audit-books", "an audit before its time")))
def now(
    kind: Annotated[str, typer.Argument(help="Its name in `hub work list`.")],
    *,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Let a job that comes back come at once; a worker that runs takes it."""

    async def change(tx: Tx) -> list[ScheduleRecord]:
        await hasten_schedule(tx, kind)
        return [each for each in await list_schedules(tx) if each.kind == kind]

    print_sheet(schedules_sheet(_as_operator(change)), output_format)


@app.command(
    epilog=_epilog(
        ("hub work consumers", "how far each is behind, and where it fails"),
        ("hub work consumers --format json", "for a program"),
    )
)
def consumers(*, output_format: OutputFormat = Format.TABLE) -> None:
    """List who follows the entries: how far behind, and the entries that they fail at."""

    async def read(tx: Tx) -> tuple[list[ConsumerLag], list[StuckLane]]:
        return await list_lags(tx), await list_stuck_lanes(tx)

    lags, stuck = _as_operator(read)
    lags_shown, stuck_shown = lags_sheet(lags), stuck_sheet(stuck)
    match output_format:
        case Format.TABLE:
            print_sheets(result_console(), [lags_shown, *([stuck_shown] if stuck else [])])
        case Format.CSV:
            print_csv(lags_shown)
        case Format.JSON:
            failing = sheet_objects(stuck_shown)
            print_json({"consumers": sheet_objects(lags_shown), "failing": failing})


@app.command(
    "retry-entry",
    context_settings=LANES_BELOW_ZERO,
    epilog=_epilog(("hub work retry-entry webhooks 7", "go on in lane 7")),
)
def retry_one(
    consumer: ConsumerName, lane: LaneNumber, *, output_format: OutputFormat = Format.TABLE
) -> None:
    """Let a consumer try again, at once, the entry that it fails at in a lane."""

    async def change(tx: Tx) -> StuckLane:
        return await retry_entry(tx, consumer=consumer, lane=lane)

    print_sheet(stuck_sheet([_as_operator(change)]), output_format)


@app.command(
    "skip-entry",
    context_settings=LANES_BELOW_ZERO,
    epilog=_epilog(
        (
            'hub work skip-entry webhooks 7 120 --reason "told by hand, case 17"',
            "leave entry 120 of lane 7 out",
        )
    ),
)
def skip_one(
    consumer: ConsumerName,
    lane: LaneNumber,
    seq: Annotated[int, typer.Argument(min=1, metavar="ENTRY", help="Its number in the lane.")],
    *,
    reason: Annotated[str, typer.Option(help="Why; it is kept. At most 500 letters.")],
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Let a consumer leave out the entry that it fails at; the reason is written down.

    The entry stays in the books: only this consumer never has its effect.
    """

    async def change(tx: Tx) -> StuckLane:
        return await skip_entry(tx, consumer=consumer, lane=lane, seq=seq, reason=reason)

    print_sheet(stuck_sheet([_as_operator(change)]), output_format)


@app.command(
    epilog=_epilog(
        ("hub work audits", "the newest audits of the books"),
        ("hub work now audit-books", "another one"),
        ("hub check-books", "what is wrong, place by place"),
    )
)
def audits(
    *,
    limit: Annotated[
        int, typer.Option(min=1, max=LIST_MAX, help="How many, the newest first.")
    ] = LISTED,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """List the audits of the books: when, how long, what was wrong."""
    print_sheet(audits_sheet(_as_operator(lambda tx: list_runs(tx, limit=limit))), output_format)


def _as_operator(act: Callable[[Tx], Awaitable[T]]) -> T:
    """Act in one transaction on the hub's database."""

    async def run_it(url: str) -> T:
        async with _opened(url) as database, database.begin(OPERATOR) as tx:
            return await act(tx)

    with hub_database(read_settings()) as url:
        return asyncio.run(run_it(url))


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    database = Database(url, clock=system_clock)
    try:
        yield database
    finally:
        await database.close()
