"""`hub keys`: the keys that the hub signs tokens with."""

from typing import Annotated

import typer
import uvloop

from auth.oauth.provider import open_wrapping_key
from auth.oauth.signing.rotation import KeyKind, make_first_keys, replace_keys, rotate_keys
from auth.oauth.signing.store import SigningKey, list_keys
from hub.cli.database import hub_database, open_books
from hub.cli.instants import format_instant
from hub.cli.output import Column, Format, Sheet, print_sheet
from hub.kernel.actor import HUB_ACTOR
from hub.settings import Settings, read_settings

app = typer.Typer(
    help="The hub's own signing keys: list them, or let new ones take over.", no_args_is_help=True
)

Kind = Annotated[
    list[KeyKind] | None, typer.Option("--kind", help="Only this kind. [default: all kinds]")
]
Now = Annotated[
    bool,
    typer.Option(
        "--now", help="A key may be in other hands: end the old ones, and every token by them."
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="How the list is printed.")]


@app.command("list")
def list_all(*, output_format: OutputFormat = Format.TABLE) -> None:
    """List the keys: since when they are published, from when on they sign, when they end.

    Example: hub keys list
    """
    settings = read_settings()
    with hub_database(settings) as url:
        print_sheet(_sheet(uvloop.run(_list(url))), output_format)


@app.command()
def rotate(*, kind: Kind = None, now: Now = False) -> None:
    """Make new keys. They are published at once and sign in 15 minutes; the old ones end later.

    No client notices: whoever checks signatures has read the new key before it signs, and what the
    old one signed is good until it expires. `hub serve` need not be restarted.

    Example: hub keys rotate --kind access_token
    """
    settings = read_settings()
    kinds = kind or list(KeyKind)
    with hub_database(settings) as url:
        for made in uvloop.run(_rotate(settings, url, kinds, is_urgent=now)):
            print(f"{made.kind} {made.key_id} signs from {format_instant(made.signs_at)}")


async def _list(url: str) -> list[SigningKey]:
    async with open_books(url) as books, books.database.read(HUB_ACTOR) as tx:
        return await list_keys(tx, with_ended=True)


async def _rotate(
    settings: Settings, url: str, kinds: list[KeyKind], *, is_urgent: bool
) -> list[SigningKey]:
    async with open_books(url) as books:
        wrapping_key = await open_wrapping_key(books.database, settings.oauth)
        async with books.database.begin(HUB_ACTOR) as tx:
            await make_first_keys(tx, wrapping_key)
            change = replace_keys if is_urgent else rotate_keys
            return await change(tx, wrapping_key, kinds)


def _sheet(keys: list[SigningKey]) -> Sheet:
    names = ("kind", "key", "published", "signs", "ends")
    return Sheet(
        "signing keys",
        tuple(Column(name, is_number=False) for name in names),
        tuple(
            (
                key.kind,
                key.key_id,
                format_instant(key.made_at),
                format_instant(key.signs_at),
                "" if key.ends_at is None else format_instant(key.ends_at),
            )
            for key in keys
        ),
    )
