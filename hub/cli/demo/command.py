"""The command `hub demo`."""

import asyncio
from pathlib import Path
from time import monotonic_ns
from typing import Annotated, Final

import typer
from rich.console import Console

from hub.cli.demo.errors import NotOursToEmpty
from hub.cli.demo.loading import (
    SAMPLE,
    agree,
    check_folder,
    is_loaded,
    keep_up,
    list_settled,
    read_receipts,
    replay_receipts,
)
from hub.cli.demo.printout import demo_sheets
from hub.cli.exit_codes import ExitCode, describe_exit_codes, end_command
from hub.cli.output import Sheet, print_sheets, progress_bar, remark_console, result_console
from hub.cli.replay.errors import ReplayInvalid
from hub.kernel.database import check_schema, empty_database, find_revision, migrate
from hub.kernel.turns import take_turn
from hub.settings import read_settings
from hub.wiring import Hub, open_hub, server_url
from partners.register import FIRST_PARTNER_ID

NANOSECONDS_PER_SECOND: Final = 10**9
ONE_AT_A_TIME: Final = 4_701_802_003
"""Two demos at once would enrol every household twice."""

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EPILOG: Final = f"""
Examples:

  hub demo                    load, settle and show the demo coalition

  hub demo --serve            and serve it on this machine

  hub demo --fresh --serve    from the beginning

  hub demo --data receipts    with receipts of your own, in the layout of coalition_sample

{describe_exit_codes()}
"""


@app.command(epilog=EPILOG)
def demo(
    *,
    serve: Annotated[bool, typer.Option("--serve", help="Serve the API afterwards.")] = False,
    data: Annotated[
        Path, typer.Option("--data", help="A folder of receipts.", show_default="the sample")
    ] = SAMPLE,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Drop what is in the embedded database before.")
    ] = False,
) -> None:
    """Load a coalition of six brands from real receipts, settle it, and show who owes whom.

    Takes a minute the first time and seconds after that. It may be interrupted: the next start
    does the rest.
    """
    settings = read_settings()
    check_folder(data)
    if fresh and settings.database_url is not None:
        raise NotOursToEmpty
    with server_url(settings) as url:
        asyncio.run(find_revision(url))  # that it can be reached is said best at once
        if fresh:
            asyncio.run(empty_database(url))
        migrate(url)
        asyncio.run(check_schema(url))
        try:
            sheets = asyncio.run(_load(url, data, remark_console()))
        except ReplayInvalid as refusal:
            end_command(str(refusal), ExitCode.INVALID_INPUT)
        print_sheets(result_console(), sheets)
        if serve:
            # Only here: the schema takes a second to build.
            from hub.cli.serve import serve_hub  # noqa: PLC0415

            serve_hub(settings, url, where=settings.serve)


async def _load(url: str, folder: Path, console: Console) -> list[Sheet]:
    async with open_hub(url) as hub, take_turn(hub.database.connect, ONE_AT_A_TIME):
        await agree(hub)
        if await is_loaded(hub, folder):
            console.print("The receipts are loaded already; `hub demo --fresh` begins anew.")
        else:
            await _replay(hub, folder, console)
        await keep_up(hub, now=hub.clock())
        settled = await list_settled(hub)
        partners = [p for p in hub.register.partners if p.partner_id >= FIRST_PARTNER_ID]
    return list(demo_sheets(settled, partners))


async def _replay(hub: Hub, folder: Path, console: Console) -> None:
    began = monotonic_ns()
    replay = read_receipts(folder)
    console.print(f"Replaying {replay.events_count} events of {len(replay.histories)} households.")
    with progress_bar(console) as bar:
        task = bar.add_task("replay", total=replay.events_count)
        await replay_receipts(hub, replay, advance=lambda count: bar.advance(task, count))
    seconds = (monotonic_ns() - began) // NANOSECONDS_PER_SECOND
    console.print(f"Replayed and settled in {seconds} seconds.")
