"""The command `hub export`."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from auth.keys import open_key
from hub.cli.database import Books, hub_database, open_books
from hub.cli.exit_codes import ExitCode, describe_exit_codes, end_command
from hub.cli.exports.command import add_to
from hub.cli.settle.names import find_named
from hub.cli.token import read_member
from hub.cli.written import write_file
from hub.kernel.actor import HUB_ACTOR
from hub.ledger.log.bundles import AUDITOR, Audience, Span, make_bundle
from hub.ledger.log.checkpoints import Keys, open_keys, seal_lanes
from hub.ledger.log.verifier.checks import read_file
from hub.ledger.log.verifier.shapes import Wrong
from hub.ledger.store import list_ranges
from hub.members.store import find_member
from hub.settings import read_settings
from partners.register import Register
from settlement.errors import WindowNotClosed

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Write what is given to partners and auditors: proofs, and the keys to verify them.",
)

add_to(app)

EPILOG = f"""
Examples:

  hub export proofs --partner NIMBUS --window M2017-05 may.json

  hub export proofs --partner NIMBUS --window M2017-06 --older may.json june.json

  hub export proofs --auditor --window M2017-05 everything.json

  hub export proofs --member m3mB3r1dAsTheOperator ana.json

{describe_exit_codes()}
"""


@app.command(epilog=EPILOG)
def proofs(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    *,
    window: Annotated[
        str | None,
        typer.Option(
            metavar="WINDOW",
            help="A closed window: CALENDAR/CODE, or its code. Not with --member.",
        ),
    ] = None,
    partner: Annotated[
        str | None, typer.Option(metavar="CODE", help="What this partner may see.")
    ] = None,
    auditor: Annotated[
        bool, typer.Option("--auditor", help="Everything, with wallets and lots.")
    ] = False,
    member: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="All entries of this member's wallet, as the member may see them. The id is the"
            " operator's.",
        ),
    ] = None,
    older: Annotated[
        Path | None,
        typer.Option(help="A bundle given before: prove that the books only grew since."),
    ] = None,
) -> None:
    """Write the entries of a window, or of a member, with proofs that they are in the signed log.

    A bundle shows where its entries stand among all entries of their lanes, so it tells something
    of the volume of the coalition: give it to those with whom that is agreed.
    """
    if [auditor, partner is not None, member is not None].count(True) != 1:
        raise typer.BadParameter("name one partner or one member, or say --auditor")
    if (window is None) != (member is not None):
        raise typer.BadParameter(
            "a partner and an auditor get a window: name it by --window; a member gets all"
        )
    try:
        before = None if older is None else read_file(older, "older bundle")
    except Wrong as wrong:
        end_command(f"hub: {wrong}", ExitCode.INVALID_INPUT)
    with hub_database(read_settings()) as url:
        if member is None:
            assert window is not None, "checked"
            content = asyncio.run(_make(url, partner, window, before))
        else:
            content = asyncio.run(_make_for_member(url, member, before))
    write_file(file, content)


async def _make(url: str, partner: str | None, window: str, older: bytes | None) -> bytes:
    async with open_books(url) as books:
        keys = await _seal(books)
        audience = _audience(books.register, partner)
        async with books.database.read(HUB_ACTOR) as tx:
            found = await find_named(tx, window)
            if found.status != "CLOSED":
                raise WindowNotClosed(found.calendar, found.code, found.cut_at)
            ranges = await list_ranges(tx, found.opens_at, found.cut_at)
            name = f"{found.calendar}/{found.code}"
            return await make_bundle(
                tx,
                keys,
                audience=audience,
                span=Span(name, found.opens_at, found.cut_at, ranges),
                parties=_parties(books.register),
                older=older,
            )


async def _make_for_member(url: str, member_id: str, older: bytes | None) -> bytes:
    async with open_books(url) as books:
        number = await read_member(books.database, member_id)
        keys = await _seal(books)
        async with books.database.read(HUB_ACTOR) as tx:
            member = await find_member(tx, number)
            assert member is not None, "members are never removed"
            return await make_bundle(
                tx,
                keys,
                audience=Audience(f"member {member_id}", None, member.wallet),
                span=None,
                parties=_parties(books.register),
                older=older,
            )


async def _seal(books: Books) -> Keys:
    """Sign what is not under a checkpoint yet, and give the keys."""
    open_secret = partial(open_key, books.database)
    while await seal_lanes(books.database, open_secret):
        pass
    return await open_keys(books.database, open_secret)


def _parties(register: Register) -> dict[int, str]:
    return {row.partner_id: row.code for row in register.partners}


def _audience(register: Register, code: str | None) -> Audience:
    if code is None:
        return Audience(AUDITOR, None)
    return Audience(code, register.get_partner(code).partner_id)


@app.command()
def keys(file: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Write the public keys of the log, all that ever signed: what `hub verify --key` needs."""
    with hub_database(read_settings()) as url:
        written = asyncio.run(_write_keys(url))
    write_file(file, written.encode())


async def _write_keys(url: str) -> str:
    async with open_books(url) as books:
        known = await open_keys(books.database, partial(open_key, books.database))
    return "".join(f"{key}\n" for key in known.public)
