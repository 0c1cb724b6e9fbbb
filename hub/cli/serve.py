"""`hub serve`: serve the API over HTTP."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlsplit

import typer
import uvicorn
import uvloop
from opentelemetry.trace import Tracer

from auth.loopback import LOCAL_NAMES
from auth.store import has_tokens
from auth.tokens import mint_token
from hub.app import GRAPHQL_PATH, build_app
from hub.cli.database import hub_database
from hub.cli.heads import BoundedHeads
from hub.kernel.actor import HUB_ACTOR, Actor, ActorKind
from hub.kernel.clock import Clock, system_clock
from hub.kernel.errors import DomainError
from hub.kernel.log import set_up_log
from hub.metrics.port import metrics_port
from hub.settings import Profile, ServeSettings, Settings, SettingsNotValid, read_settings
from hub.tracing import open_tracer
from hub.wiring import Hub, open_hub
from partners.register import FIRST_PARTNER_ID
from schema.cost.usage import keep_uses

app = typer.Typer()

KEEP_ALIVE_SECONDS: Final = 75
WAITING_MAX: Final = 2048
PING_SECONDS: Final = 30
FAREWELL_SECONDS: Final = 1 / 4

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


@dataclass(eq=False)
class DevelopmentTokensFound(DomainError):
    """This database has development tokens: take them away with `hub token --remove-all`."""


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


def serve_hub(
    settings: Settings, url: str, *, where: ServeSettings, clock: Clock = system_clock
) -> None:
    """Serve a migrated database until told to stop.

    Errors: SettingsNotValid, when development would be open to other machines.
    """
    is_development = settings.profile is Profile.DEVELOPMENT
    if is_development and where.host not in LOCAL_NAMES:
        raise SettingsNotValid(
            ("HUB_SERVE__HOST: the development profile serves this machine only.",)
        )
    if is_development:
        check_development(settings)
    else:
        check_identity(settings)
    set_up_log(style=settings.log_style, level=settings.log.level)
    uvloop.run(_serve(settings, url, where, clock))


def check_identity(settings: Settings) -> None:
    """See that what sign-in stands on is set: in production it has no defaults.

    Errors: SettingsNotValid.
    """
    problems = []
    if settings.oauth.issuer is None or not settings.oauth.issuer.startswith("https://"):
        problems.append("HUB_OAUTH__ISSUER: production needs its own address, https://host.")
    if settings.oauth.wrapping_key is None:
        problems.append("HUB_OAUTH__WRAPPING_KEY is missing: `openssl rand -hex 32` makes one.")
    if problems:
        raise SettingsNotValid(tuple(problems))


async def check_no_development_tokens(hub: Hub) -> None:
    """See that a database that goes into production was not one of development.

    Errors: DevelopmentTokensFound.
    """
    async with hub.database.read(HUB_ACTOR) as tx:
        if await has_tokens(tx):
            raise DevelopmentTokensFound


def check_development(settings: Settings) -> None:
    """See that nothing of production is served with tokens that need no key.

    Errors: SettingsNotValid.
    """
    issuer = settings.oauth.issuer
    host = None if issuer is None else urlsplit(issuer).hostname
    if host is not None and host not in LOCAL_NAMES | {"::1"}:
        problem = "HUB_OAUTH__ISSUER: the development profile, whose tokens need no key, serves"
        raise SettingsNotValid((f"{problem} this machine only.",))


async def _serve(settings: Settings, url: str, where: ServeSettings, clock: Clock) -> None:
    listener = _listen(where)
    host, port = listener.getsockname()[:2]
    served = settings.serve.model_copy(update={"host": _name(host), "port": port})
    settings = settings.model_copy(update={"serve": served})
    with open_tracer(settings.tracing) as tracer:
        async with open_hub(url, clock=clock, feed=settings.feed) as hub:
            await _serve_hub(hub, settings, listener, tracer)


async def _serve_hub(
    hub: Hub, settings: Settings, listener: socket.socket, tracer: Tracer | None
) -> None:
    if settings.profile is Profile.PRODUCTION:
        await check_no_development_tokens(hub)
    app = await build_app(hub, settings, tracer=tracer)
    config = uvicorn.Config(
        app,
        http=BoundedHeads,
        ws="websockets-sansio",
        ws_max_size=settings.api.body_max_bytes,
        ws_per_message_deflate=False,  # would take more memory than all else of a socket
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        lifespan="off",
        access_log=False,  # the application has its own
        log_config=None,
        server_header=False,
        proxy_headers=False,  # who calls is who is connected: tokens depend on it
        backlog=WAITING_MAX,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.serve.shutdown_seconds,
    )
    address = _address(listener)
    if settings.profile is Profile.DEVELOPMENT:
        await _greet(hub, address, sys.stderr.write)
    else:
        sys.stderr.write(f"Serving {address}\n")
    async with (
        keep_uses(hub.database, app.state.uses),
        metrics_port(app.state.metrics, settings.metrics) as metrics,
    ):
        if metrics is not None:
            sys.stderr.write(f"Metrics on port {metrics}\n")
        await Server(config, on_stop=app.state.view.stop).serve(sockets=[listener])


class Server(uvicorn.Server):
    """A server that says that it stops before it hangs up, so that sockets and streams end well."""

    def __init__(self, config: uvicorn.Config, *, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGTERM be an end like any other: what is open is closed, the last spans are sent.

        uvicorn would raise it once more, and nothing after it would be done.
        """
        with super().capture_signals():
            yield
            self._captured_signals = [
                number for number in self._captured_signals if number != signal.SIGTERM
            ]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell, give those who were told a moment, then stop as always."""
        self._on_stop()
        await asyncio.sleep(FAREWELL_SECONDS)
        await super().shutdown(sockets)


def _listen(where: ServeSettings) -> socket.socket:
    """Take the port before anything is opened: that it is taken is best known at once."""
    host = where.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, where.port), family=family, backlog=WAITING_MAX)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{_name(host)}:{port}{GRAPHQL_PATH}"


def _name(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def _greet(hub: Hub, address: str, write: Callable[[str], object]) -> None:
    """Say where the API is, with the tokens if they are new, and queries to begin with."""
    tokens = await make_first_tokens(hub)
    write("!!! DEVELOPMENT PROFILE: this machine only; tokens that need no key and no proof are\n")
    write("!!! taken, and partners redeem without asking the member. Not for production.\n\n")
    write(f"Serving {address} (a browser gets a page to try queries on)\n\n")
    for name, token in tokens.items():
        write(f"Token of {name}, shown only now:  {token}\n")
    if not tokens:
        write("Tokens were shown at the first start; `hub token operator` makes another.\n")
    write("A client with keys, as in production: `hub client create CODE`.\n")
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
