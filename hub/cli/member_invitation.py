"""`hub invite-member`: let a member make a passkey."""

from typing import Annotated

import typer
import uvloop

from auth.people.sessions.ceremonies import invite as make_invitation
from auth.people.sessions.store import Owner
from hub.cli.database import hub_database
from hub.cli.token import read_subject
from hub.kernel.actor import HUB_ACTOR
from hub.settings import Settings, read_settings
from hub.wiring import open_hub

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def invite_member(
    member: Annotated[str, typer.Argument(help="Id of the member, as the operator sees it.")],
) -> None:
    """Print a link by which a member makes a passkey, once, within a day.

    Example: hub invite-member m3mB3r1dAsTheOperator
    """
    settings = read_settings()
    with hub_database(settings) as url:
        print(uvloop.run(_invite(url, settings, member)))


async def _invite(url: str, settings: Settings, member: str) -> str:
    async with open_hub(url) as hub:
        actor = await read_subject(hub, f"member:{member}")
        async with hub.database.begin(HUB_ACTOR) as tx:
            secret = await make_invitation(tx, Owner(None, actor.number))
    return f"{settings.issuer}/invitation#{secret}"
