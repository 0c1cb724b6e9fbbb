"""`hub token`: make a development token."""

from dataclasses import dataclass
from typing import Annotated

import typer
import uvloop

from auth.keys import ID_KEY, open_key
from auth.store import delete_tokens
from auth.tokens import mint_token
from hub.cli.database import hub_database, open_books
from hub.kernel.actor import HUB_ACTOR, Actor, ActorKind
from hub.kernel.errors import DomainError
from hub.kernel.ids import IdKind, IdMint, IdNotValid
from hub.kernel.tx import Database
from hub.members.errors import MemberNotFound
from hub.members.store import find_member
from hub.settings import Profile, Settings, read_settings
from hub.wiring import Hub, open_hub
from partners.errors import PartnerNotFound
from partners.register import FIRST_PARTNER_ID

app = typer.Typer()


@dataclass(eq=False)
class OnlyInDevelopment(DomainError):
    """Development tokens are for HUB_PROFILE=development only."""


@dataclass(eq=False)
class SubjectNotValid(DomainError):
    """A token is for `operator`, `partner:CODE` or `member:ID`."""

    given: str


Subject = Annotated[
    str | None,
    typer.Argument(help="operator, partner:CODE, or member:ID as the operator sees the id."),
]
RemoveAll = Annotated[
    bool, typer.Option("--remove-all", help="Take all development tokens away; in every profile.")
]


@app.command()
def token(subject: Subject = None, *, remove_all: RemoveAll = False) -> None:
    """Make a development token and print it; this is the only time it can be read.

    It works in the development profile, for programs on this machine, until the database goes.

    Example: hub token partner:AIR
    """
    settings = read_settings()
    if remove_all:
        with hub_database(settings) as url:
            print(f"{uvloop.run(_remove_tokens(url))} development tokens taken away")
        return
    if settings.profile is not Profile.DEVELOPMENT:
        raise OnlyInDevelopment
    print(make_token(settings, subject or ""))


def make_token(settings: Settings, subject: str) -> str:
    """Make a token for what the operator calls a subject.

    Errors: SubjectNotValid, PartnerNotFound, MemberNotFound.
    """
    with hub_database(settings) as url:
        return uvloop.run(_make_token(url, subject))


async def _remove_tokens(url: str) -> int:
    async with open_books(url) as books, books.database.begin(HUB_ACTOR) as tx:
        return await delete_tokens(tx)


async def _make_token(url: str, subject: str) -> str:
    async with open_hub(url) as hub:
        actor = await read_subject(hub, subject)
        async with hub.database.begin(HUB_ACTOR) as tx:
            return await mint_token(tx, actor)


async def read_subject(hub: Hub, subject: str) -> Actor:
    """Say which actor a subject stands for.

    Errors: SubjectNotValid, PartnerNotFound, MemberNotFound.
    """
    kind, _, name = subject.partition(":")
    match kind:
        case "operator" if not name:
            return Actor(ActorKind.OPERATOR)
        case "partner":
            partner = hub.register.get_partner(name)
            if partner.partner_id < FIRST_PARTNER_ID:
                raise PartnerNotFound(name)
            return Actor(ActorKind.PARTNER, partner.partner_id)
        case "member":
            return Actor(ActorKind.MEMBER, await read_member(hub.database, name))
        case _:
            raise SubjectNotValid(subject[:64])


async def read_member(database: Database, text: str) -> int:
    """Read the id of a member, as the operator sees it.

    Errors: MemberNotFound.
    """
    secret = await open_key(database, ID_KEY)
    try:
        number, _ = IdMint(secret, str(Actor(ActorKind.OPERATOR))).read(IdKind.MEMBER, text)
    except IdNotValid:
        raise MemberNotFound from None
    async with database.read(HUB_ACTOR) as tx:
        if await find_member(tx, number) is None:
            raise MemberNotFound
    return number
