"""`hub serve`: serve the API over HTTP."""

import asyncio
import socket
import sys
from collections.abc import Callable
from typing import Annotated, Final

import typer
import uvicorn
import uvloop

from auth.loopback import LOCAL_NAMES
from auth.store import has_tokens
from auth.tokens import mint_token
from hub.app import GRAPHQL_PATH, build_app
from hub.cli.database import hub_database
from hub.kernel.actor import HUB_ACTOR, Actor, ActorKind
from hub.kernel.log import set_up_log
from hub.settings import Profile, ServeSettings, Settings, SettingsNotValid, read_settings
from hub.wiring import Hub, open_hub
from partners.register import FIRST_PARTNER_ID

app = typer.Typer()

KEEP_ALIVE_SECONDS: Final = 75
WAITING_MAX: Final = 2048

Host = Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one. [default: 8000]"),
]

QUERIES: Final = (
    "{ viewer { kind partner { code } } coalition { name clearingCurrency } }",
    "{ partners { nodes { code nameEn termsInForce { version funding } } } }",
    (
        '{ settlementWindows(calendar: "monthly", first: 5)'
        " { nodes { code netPositions { net { amount currency } } } } }"
    ),
)


@app.command()
def serve(host: Host = None, port: Port = None) -> None:
    """Serve the API over HTTP until told to stop (SIGTERM or Ctrl-C).

    Requests under way are finished first. In the development profile only this machine is served,
    and the first start makes tokens and prints them: they cannot be read again, `hub token` makes
    others. Settings: HUB_SERVE__HOST, HUB_SERVE__PORT, HUB_SERVE__SHUTDOWN_SECONDS.

    Example: hub serve --port 8080
    """
    settings = read_settings()
    given = {"host": host, "port": port}
    changes = {name: value for name, value in given.items() if value is not None}
    with hub_database(settings) as url:
        serve_hub(settings, url, where=settings.serve.model_copy(update=changes))


def serve_hub(settings: Settings, url: str, *, where: ServeSettings) -> None:
    """Serve a migrated database until told to stop.

    Errors: SettingsNotValid, when development would be open to other machines.
    """
    is_development = settings.profile is Profile.DEVELOPMENT
    if is_development and where.host not in LOCAL_NAMES:
        raise SettingsNotValid(
            ("HUB_SERVE__HOST: the development profile serves this machine only.",)
        )
    set_up_log(style=settings.log_style, level=settings.log.level)
    uvloop.run(_serve(settings, url, where))


async def _serve(settings: Settings, url: str, where: ServeSettings) -> None:
    listener = _listen(where)
    async with open_hub(url) as hub:
        config = uvicorn.Config(
            await build_app(hub, settings),
            http="httptools",
            ws="none",
            lifespan="off",
            access_log=False,  # the application has its own
            log_config=None,
            server_header=False,
            proxy_headers=False,  # who calls is who is connected: tokens depend on it
            backlog=WAITING_MAX,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=where.shutdown_seconds,
        )
        address = _address(listener)
        if settings.profile is Profile.DEVELOPMENT:
            await _greet(hub, address, sys.stderr.write)
        else:
            sys.stderr.write(f"Serving {address}\n")
        await uvicorn.Server(config).serve(sockets=[listener])


def _listen(where: ServeSettings) -> socket.socket:
    """Take the port before anything is opened: that it is taken is best known at once."""
    host = where.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, where.port), family=family, backlog=WAITING_MAX)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}{GRAPHQL_PATH}"


async def _greet(hub: Hub, address: str, write: Callable[[str], object]) -> None:
    """Say where the API is, with the tokens if they are new, and queries to begin with."""
    tokens = await make_first_tokens(hub)
    write("Development profile: this machine only, tokens instead of sign-in.\n\n")
    write(f"Serving {address} (a browser gets a page to try queries on)\n\n")
    for name, token in tokens.items():
        write(f"Token of {name}, shown only now:  {token}\n")
    if not tokens:
        write("Tokens were shown at the first start; `hub token operator` makes another.\n")
    write("\nQueries to paste, with the header  Authorization: Bearer <token>\n\n")
    write("".join(f"  {query}\n" for query in QUERIES))
    write("\n")
    await asyncio.sleep(0)


async def make_first_tokens(hub: Hub) -> dict[str, str]:
    """Make a token for the operator and one for the first partner, unless there are any."""
    actors = {"operator": Actor(ActorKind.OPERATOR)}
    for partner in hub.register.partners:
        if partner.partner_id >= FIRST_PARTNER_ID:
            actors[f"partner:{partner.code}"] = Actor(ActorKind.PARTNER, partner.partner_id)
            break
    async with hub.database.begin(HUB_ACTOR) as tx:
        if await has_tokens(tx):
            return {}
        return {name: await mint_token(tx, actor) for name, actor in actors.items()}
