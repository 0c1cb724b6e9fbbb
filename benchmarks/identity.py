"""`python -m benchmarks.identity`: what it costs to know who calls, beside the bare signature.

Authentication of one call checks two signatures the first time a token is seen (the token's and
the proof's), and one after that. Each figure is CPU of this process per call, and a ratio to one
bare check of an ES256 signature in the same round.
"""

import asyncio
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Annotated, Any, Final

import structlog
import typer
import uvloop
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey
from rich.console import Console
from rich.table import Table
from sqlalchemy import event
from starlette.requests import Request

from auth.callers import Callers, Shown
from auth.oauth.assertions import ASSERTION_TYPE
from auth.oauth.clients.authenticating import authenticate
from auth.oauth.clients.registering import register_client
from auth.oauth.clients.store import Client
from auth.oauth.granting import grant_tokens
from auth.oauth.jose import PublicKey, sign, thumbprint_of
from auth.oauth.proofs import hash_of_token
from auth.oauth.provider import PartnerName, Provider, open_provider
from auth.oauth.settings import OAuthSettings
from auth.oauth.verdicts import Verdicts
from benchmarks.stage import found_coalition, running_stage_server
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.clock import system_clock
from hub.kernel.database import create_database
from hub.kernel.embedded.server import Server
from hub.kernel.kept import KeptConnection
from hub.kernel.tx import SET_ACTOR, Database

ISSUER: Final = "https://hub.example"
CALLS: Final = 400
LAG_SECONDS: Final = 3
PAUSE_SECONDS: Final = 1 / 1000
MILLION: Final = 1_000_000

Act = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Program:
    """A partner's program with its key."""

    client: Client
    key: PublicKey

    def assertion(self) -> str:
        """Sign who it is."""
        now, name = int(time.time()), self.client.client_id
        claims = {"iss": name, "sub": name, "aud": ISSUER, "iat": now, "exp": now + 60}
        return sign({"alg": "ES256"}, {**claims, "jti": secrets.token_hex(8)}, self.key)

    def proof(self, path: str, token: str | None = None) -> str:
        """Sign one request."""
        claims: dict[str, Any] = {
            "jti": secrets.token_hex(8),
            "htm": "POST",
            "htu": ISSUER + path,
            "iat": int(time.time()),
        }
        if token is not None:
            claims["ath"] = hash_of_token(token)
        jwk = {k: v for k, v in self.key.as_dict(private=False).items() if k != "kid"}
        return sign({"alg": "ES256", "typ": "dpop+jwt", "jwk": jwk}, claims, self.key)

    def request(self) -> tuple[Request, dict[str, str]]:
        """Ask for a token, as the endpoint gets it."""
        proof = (b"dpop", self.proof("/oauth/token").encode())
        scope = {"type": "http", "method": "POST", "path": "/oauth/token", "headers": [proof]}
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(),
        }
        return Request({**scope, "query_string": b"", "server": ("hub.example", 443)}), form


@contextmanager
def counted(provider: Provider) -> Iterator[list[str]]:
    """List the statements that are sent, but for the one that names the actor."""
    statements: list[str] = []
    engine = provider.database._engine.sync_engine  # noqa: SLF001 (a look under the lid)
    raw = provider.verdicts._kept._connection  # noqa: SLF001 (as above)

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement != SET_ACTOR:
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    with raw.query_logger(lambda sent: statements.append(sent.query)) if raw else nullcontext():
        yield statements
    event.remove(engine, "before_cursor_execute", note)


async def cpu_us(acts: list[Act]) -> float:
    """Measure the CPU per act, of all threads of this process."""
    started = time.process_time_ns()
    for act in acts:
        await act()
    return (time.process_time_ns() - started) / len(acts) / 1000


def bare_check() -> Act:
    """Give the floor: one check of a signature, with everything at hand."""
    key = ec.generate_private_key(ec.SECP256R1())
    signature = key.sign(b"x" * 500, ec.ECDSA(hashes.SHA256()))
    public = key.public_key()

    async def check() -> None:
        public.verify(signature, b"x" * 500, ec.ECDSA(hashes.SHA256()))

    return check


async def open_all(server: Server) -> tuple[Database, Provider, Program]:
    """Make a database with a partner, its program, and the provider."""
    url = await create_database(server.url("postgres"), "identity")
    (party, *_) = await found_coalition(url, 1)
    database = Database(url, clock=system_clock)
    provider = await open_provider(
        database,
        OAuthSettings(client_calls_per_minute=MILLION, address_calls_per_minute=MILLION),
        issuer=ISSUER,
        verdicts=Verdicts(KeptConnection(database.connect)),
        name_of=lambda _: PartnerName("x", "x"),
    )
    key = ECKey.generate_key("P-256")
    async with database.begin(HUB_ACTOR) as tx:
        client = await register_client(
            tx,
            partner_id=party.partner_id,
            name="x",
            keys={"keys": [key.as_dict(private=False)]},
            jwks_uri=None,
            scopes=("points.issue",),
            redirect_uris=(),
        )
    return database, provider, Program(client, key)


def mint(provider: Provider, program: Program) -> str:
    """Make an access token."""
    return provider.mint.make_access_token(
        client_id=program.client.client_id,
        partner_id=program.client.partner_id,
        scopes=("points.issue",),
        thumbprint=thumbprint_of(program.key),
        grant=None,
        now=system_clock(),
    )


def showing(callers: Callers, program: Program, token: str) -> Act:
    """Prepare one call: only what the hub does is measured."""
    proof = program.proof("/graphql", token)
    shown = Shown(f"DPoP {token}", (proof,), "POST", "/graphql", "127.0.0.1", "hub.example")

    async def call() -> object:
        return await callers.find_actor_of(shown)

    return call


def asking(provider: Provider, program: Program) -> Act:
    """Prepare one request for a token."""
    request, form = program.request()

    async def ask() -> object:
        call = await authenticate(
            provider.ceilings, provider.key_sets, request, form, issuer=ISSUER
        )
        return await grant_tokens(provider, call)

    return ask


async def lag_ms(provider: Provider, program: Program) -> tuple[float, float, int]:
    """Measure how late a timer fires beside token requests: median, worst, and how many came."""
    asked, late, until = 0, [], time.monotonic() + LAG_SECONDS

    async def ask() -> None:
        nonlocal asked
        while time.monotonic() < until:
            await asking(provider, program)()
            asked += 1

    asking_all = asyncio.gather(*[ask() for _ in range(4)])
    while time.monotonic() < until:
        due = time.monotonic() + PAUSE_SECONDS
        await asyncio.sleep(PAUSE_SECONDS)
        late.append((time.monotonic() - due) * 1000)
    await asking_all
    return median(late), max(late), asked


async def run(server: Server, rounds: int, console: Console) -> None:
    """Measure, and show the medians of the rounds."""
    database, provider, program = await open_all(server)
    callers = Callers(provider)
    seen: dict[str, list[tuple[float, float]]] = {}
    statements: dict[str, float] = {}
    for _ in range(rounds):
        floor = await cpu_us([bare_check()] * CALLS)
        token = mint(provider, program)
        actor = await callers.find_actor_of(
            Shown(f"DPoP {token}", (program.proof("/graphql", token),), "POST", "/graphql", "", "")
        )
        assert actor is not None, "the token is good"
        cases: dict[str, list[Act]] = {
            "read, token seen before": [showing(callers, program, token) for _ in range(CALLS)],
            "read, new token": [
                showing(callers, program, mint(provider, program)) for _ in range(CALLS)
            ],
            "write: asked once more": [partial(callers.confirm, actor)] * CALLS,
            "token endpoint": [asking(provider, program) for _ in range(CALLS // 4)],
        }
        for name, acts in cases.items():
            with counted(provider) as sent:
                cost = await cpu_us(acts)
            seen.setdefault(name, []).append((cost, cost / floor))
            statements[name] = len(sent) / len(acts)
        seen.setdefault("one bare signature", []).append((floor, 1))
    table = Table("case", "CPU us", "x bare signature", "statements")
    for name, figures in seen.items():
        us, ratio = (median(each) for each in zip(*figures, strict=True))
        table.add_row(name, f"{us:.0f}", f"{ratio:.2f}", f"{statements.get(name, 0):g}")
    console.print(table)
    middle, worst, asked = await lag_ms(provider, program)
    console.print(
        f"Beside {asked} token requests in {LAG_SECONDS} s a timer was late by"
        f" {middle:.1f} ms in the middle, {worst:.1f} ms at worst."
    )
    await provider.verdicts.close()
    await database.close()


def main(
    *, rounds: Annotated[int, typer.Option(min=1, max=99, help="The median of them counts.")] = 3
) -> None:
    """Measure what authentication costs."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with running_stage_server() as server:
        uvloop.run(run(server, rounds, Console()))


if __name__ == "__main__":
    typer.run(main)
