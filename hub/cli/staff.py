"""`hub staff`: invite people, take roles away, let people go; and invite members."""

from typing import Annotated

import typer
import uvloop

from auth.people.sessions.ceremonies import invite as make_invitation
from auth.people.sessions.store import Owner
from auth.people.staff import roster
from auth.people.staff.store import Worker, list_people
from auth.policies import Role
from hub.cli.database import Books, hub_database, open_books
from hub.cli.exit_codes import describe_exit_codes
from hub.cli.output import Format, print_json, write_text
from hub.kernel.actor import HUB_ACTOR
from hub.settings import Settings, read_settings

EPILOG = f"""
Examples:

  hub staff invite ada@hub.example --role security_admin

  hub staff invite li@air.example --role partner_finance --partner AIR

  hub staff revoke ada@hub.example --role finance_checker

{describe_exit_codes()}
"""

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    epilog=EPILOG,
    help="People of the hub and of partners: who may sign in, and with which roles.",
)

Email = Annotated[str, typer.Argument(help="The address of the person.")]
Roles = Annotated[list[Role], typer.Option("--role", help="A role; repeat it for several.")]
Partner = Annotated[
    str | None, typer.Option(help="Code of the partner whose person it is; the hub's without it.")
]


@app.command()
def invite(email: Email, role: Roles, partner: Partner = None) -> None:
    """Give a person roles, and print a link by which they make a passkey, once, within a day.

    Whoever has the link becomes that person: hand it over on a way that you trust. For somebody who
    lost the passkey, invite again: the new one ends every session of theirs.
    """
    settings = read_settings()
    with hub_database(settings) as url:
        link = uvloop.run(_invite(url, settings, email, role, partner))
    print(link)


@app.command()
def revoke(email: Email, role: Roles) -> None:
    """Take roles away. It counts from the person's next request on."""
    with hub_database(read_settings()) as url:
        uvloop.run(_revoke(url, email, role))


@app.command()
def end(email: Email) -> None:
    """Let a person go: their sessions and their passkeys let nobody in any more."""
    with hub_database(read_settings()) as url:
        uvloop.run(_end(url, email))


@app.command(name="list")
def show(
    *,
    output_format: Annotated[
        Format, typer.Option("--format", help="`table` for a person, `json` for a program.")
    ] = Format.TABLE,
) -> None:
    """List everybody who may sign in, or could once, with their roles."""
    with hub_database(read_settings()) as url:
        people = uvloop.run(_list(url))
    if output_format is Format.JSON:
        print_json([_describe(person) for person in people])
        return
    for person in people:
        told = _describe(person)
        write_text(f"{told['person_id']:>4}  {told['email']}  {told['roles']}  {told['state']}\n")


async def _invite(
    url: str, settings: Settings, email: str, roles: list[Role], code: str | None
) -> str:
    async with open_books(url) as books:
        partner_id = None if code is None else books.register.get_partner(code).partner_id
        async with books.database.begin(HUB_ACTOR) as tx:
            person = await roster.add_person(tx, email=email, partner_id=partner_id, roles=roles)
            secret = await make_invitation(tx, Owner(person.person_id, None))
    return f"{settings.issuer}/invitation#{secret}"


async def _revoke(url: str, email: str, roles: list[Role]) -> None:
    async with open_books(url) as books, books.database.begin(HUB_ACTOR) as tx:
        person = await roster.find_by_email(tx, email)
        await roster.take_roles(tx, person.person_id, roles)


async def _end(url: str, email: str) -> None:
    async with open_books(url) as books, books.database.begin(HUB_ACTOR) as tx:
        person = await roster.find_by_email(tx, email)
        await roster.end_person(tx, person.person_id)


async def _list(url: str) -> list[Worker]:
    books: Books
    async with open_books(url) as books, books.database.read(HUB_ACTOR) as tx:
        return await list_people(tx)


def _describe(person: Worker) -> dict[str, str]:
    return {
        "person_id": str(person.person_id),
        "email": person.email,
        "partner_id": "" if person.partner_id is None else str(person.partner_id),
        "roles": " ".join(sorted(person.roles)),
        "state": "may sign in" if person.left_at is None else "left",
    }
