"""The command `hub seal`."""

import asyncio
from functools import partial
from typing import Annotated

import typer

from auth.keys import open_key
from hub.cli.database import hub_database, open_books
from hub.cli.exit_codes import describe_exit_codes
from hub.cli.output import Format, print_json, write_text
from hub.kernel.actor import HUB_ACTOR
from hub.ledger.log.checkpoints import begin_key, load_checkpoint, seal_lanes
from hub.ledger.log.store import StoredCheckpoint
from hub.settings import read_settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EPILOG = f"""
Examples:

  hub seal             sign what is in the books now

  hub seal --new-key   begin to sign with a new key; the old one vouches for it once

{describe_exit_codes()}
"""


@app.command(epilog=EPILOG)
def seal(
    *,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Make a new key, which signs from now on.")
    ] = False,
    output_format: Annotated[
        Format, typer.Option("--format", help="`table` for a person, `json` for a program.")
    ] = Format.TABLE,
) -> None:
    """Sign a checkpoint over all entries, as `hub work` does regularly, and show the last one.

    Nothing is signed when the journal is no longer what was signed before: the exit status is 1,
    and the place is named.
    """
    with hub_database(read_settings()) as url:
        checkpoint, entry_count = asyncio.run(_seal(url, new_key=new_key))
    if output_format is Format.JSON:
        print_json({"entry_count": entry_count, "checkpoint": checkpoint.note})
    else:
        write_text(f"{entry_count} entries were new to the log. The last checkpoint:\n\n")
        write_text(checkpoint.note)


async def _seal(url: str, *, new_key: bool) -> tuple[StoredCheckpoint, int]:
    entry_count = 0
    async with open_books(url) as books:
        open_secret = partial(open_key, books.database)
        if new_key:
            await begin_key(books.database, open_secret)
        while sealed := await seal_lanes(books.database, open_secret):
            entry_count += sealed.entry_count
        async with books.database.read(HUB_ACTOR) as tx:
            return await load_checkpoint(tx, None), entry_count
