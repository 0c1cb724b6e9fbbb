"""`hub work`: run the background jobs."""

import asyncio
import signal
import sys
from typing import Annotated

import typer
import uvloop

from hub.cli.database import hub_database
from hub.kernel.log import set_up_log
from hub.settings import WorkSettings, read_settings
from hub.wiring import open_hub
from hub.worker import Round, work, work_once

app = typer.Typer()

Once = Annotated[bool, typer.Option("--once", help="Run every job once, and end.")]


@app.command()
def run(*, once: Once = False) -> None:
    """Book what has expired and cut what is over, regularly, until told to stop.

    Nothing a member or a partner sees depends on it. Windows that are over are closed too if
    HUB_WORK__CLOSES_WINDOWS is true. Any number of workers may run at once.
    Settings: HUB_WORK__INTERVAL_SECONDS, HUB_WORK__CLOSES_WINDOWS.

    Example: hub work --once
    """
    settings = read_settings()
    with hub_database(settings) as url:
        set_up_log(style=settings.log_style, level=settings.log.level)
        if once:
            done = uvloop.run(_work_once(url, settings.work))
            print(f"{done.expiry_count} expiries booked, {len(done.closed_windows)} windows closed")
        else:
            uvloop.run(_work(url, settings.work))


async def _work_once(url: str, settings: WorkSettings) -> Round:
    async with open_hub(url) as hub:
        return await work_once(hub, settings)


async def _work(url: str, settings: WorkSettings) -> None:
    async with open_hub(url) as hub:
        jobs = asyncio.create_task(work(hub, settings))
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            # What was under way stops between two statements; every job can be repeated.
            loop.add_signal_handler(each, jobs.cancel)
        sys.stderr.write(f"Working every {settings.interval_seconds} seconds\n")
        await asyncio.wait([jobs])
