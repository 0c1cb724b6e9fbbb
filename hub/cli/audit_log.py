"""`hub audit-log`: see whether the audit log is whole, show it, sign it."""

from typing import Annotated

import typer
import uvloop

from auth.audit.chain import Record
from auth.audit.log import Verdict, list_newest, sign_newest, verify_log
from hub.cli.database import hub_database, open_books
from hub.cli.exit_codes import ExitCode, describe_exit_codes, end_command
from hub.cli.output import Format, print_json, write_text
from hub.kernel.actor import HUB_ACTOR
from hub.settings import read_settings

EPILOG = f"""
Examples:

  hub audit-log show --newest 20

  hub audit-log verify

  hub audit-log verify --at-least 1200 --key 5f1c...   what was noted elsewhere

{describe_exit_codes()}
"""

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    epilog=EPILOG,
    help="Who did what that matters: sign-ins, refusals, roles, clients, approvals, keys.",
)


@app.command()
def verify(
    at_least: Annotated[
        int, typer.Option(min=0, help="A number that the log had reached, noted elsewhere.")
    ] = 0,
    key: Annotated[
        str | None, typer.Option(help="The public key that signs, noted elsewhere; hexadecimal.")
    ] = None,
) -> None:
    """Walk the whole log, and compare it with its signed heads.

    Signs the newest record first, so that from now on nothing before it can go unseen. Note the
    number and the key that are printed in another place: who can rewrite the whole database could
    sign anew.
    """
    public_key = None
    if key is not None:
        try:
            public_key = bytes.fromhex(key)
        except ValueError:
            end_command("hub: --key is not hexadecimal.", ExitCode.INVALID_INPUT)
    with hub_database(read_settings()) as url:
        verdict = uvloop.run(_verify(url, public_key, at_least))
    write_text(f"{verdict.record_count} records\n")
    if verdict.head is not None:
        write_text(f"signed up to {verdict.head.seq} with {verdict.head.public_key.hex()}\n")
    for broken in verdict.breaks:
        write_text(f"record {broken.seq}: {broken.what}\n")
    if verdict.breaks:
        end_command("hub: The audit log is not whole.", ExitCode.REFUSED)


@app.command()
def show(
    *,
    newest: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    output_format: Annotated[
        Format, typer.Option("--format", help="`table` for a person, `json` for a program.")
    ] = Format.TABLE,
) -> None:
    """Show the newest records, the newest last."""
    with hub_database(read_settings()) as url:
        records = uvloop.run(_show(url, newest))
    if output_format is Format.JSON:
        print_json([_describe(record) for record in records])
        return
    for record in records:
        told = _describe(record)
        write_text(
            f"{told['seq']:>6}  {told['at']}  {told['event']}  {told['actor']}"
            f"  {told['subject']}  {told['detail']}\n"
        )


async def _verify(url: str, public_key: bytes | None, at_least: int) -> Verdict:
    async with open_books(url) as books:
        async with books.database.read(HUB_ACTOR) as tx:
            before = await verify_log(tx, public_key=public_key, at_least=at_least)
        if before.breaks:
            return before
        await sign_newest(books.database)
        async with books.database.read(HUB_ACTOR) as tx:
            return await verify_log(tx, public_key=public_key, at_least=at_least)


async def _show(url: str, newest: int) -> list[Record]:
    async with open_books(url) as books, books.database.read(HUB_ACTOR) as tx:
        return await list_newest(tx, limit=newest)


def _describe(record: Record) -> dict[str, str]:
    return {
        "seq": str(record.seq),
        "at": record.at.isoformat(),
        "event": record.event,
        "actor": record.actor if record.person_id is None else f"person:{record.person_id}",
        "client_id": record.client_id or "",
        "subject": record.subject,
        "detail": record.detail,
    }
