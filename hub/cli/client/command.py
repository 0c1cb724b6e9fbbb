"""`hub client`: let software of partners in, and show how it makes its first call."""

import json
import secrets
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final, TypeVar

import orjson
import typer
import uvloop

from auth.oauth.clients.registering import (
    add_key,
    keep_newest_key,
    register_client,
    revoke_client,
)
from auth.oauth.clients.store import Client, list_clients
from auth.oauth.grants.ending import end_grants_of_client
from auth.oauth.provider import API_PATH
from auth.oauth.scopes import SCOPES
from hub.cli.client.calls import Ready, fetch_token, make_proof
from hub.cli.client.key_file import (
    ClientFile,
    make_key,
    read_client_file,
    write_client_file,
    write_public,
)
from hub.cli.database import Books, hub_database, open_books
from hub.cli.errors import FileInvalid
from hub.cli.instants import format_instant
from hub.cli.output import Column, Format, Sheet, print_sheet
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.tx import Tx
from hub.settings import read_settings
from partners.errors import PartnerNotFound
from partners.register import FIRST_PARTNER_ID

T = TypeVar("T")

app = typer.Typer(
    help="Software of partners: register it, make its keys, and make its first call.",
    no_args_is_help=True,
)

OWN_SCOPES: Final = ("points.issue", "points.read", "points.refund", "points.reverse")
DEFAULT_SCOPES: Final = (*OWN_SCOPES, "points.redeem", "members.link", "members.read")
FILE_BYTES_MAX: Final = 65_536

PartnerCode = Annotated[str, typer.Argument(help="Code of the partner, e.g. AIR.")]
ClientId = Annotated[str, typer.Argument(help="Id of the client, as `hub client list` shows it.")]
KeyFile = Annotated[Path, typer.Argument(help="The file that `hub client create` wrote.")]
Name = Annotated[str | None, typer.Option(help="What members read. [default: the partner's name]")]
Scopes = Annotated[
    list[str] | None,
    typer.Option("--scope", help=f"May be given several times: {', '.join(SCOPES)}."),
]
Redirects = Annotated[
    list[str] | None,
    typer.Option("--redirect-uri", help="Where members are sent back to; several times."),
]
KeysFile = Annotated[
    Path | None, typer.Option("--jwks", help="A file with the partner's public keys (JWK Set).")
]
KeysUri = Annotated[
    str | None, typer.Option("--jwks-uri", help="The https address of the partner's public keys.")
]
OutFile = Annotated[
    Path | None, typer.Option("--out", help="Where the private key goes. [default: CLIENT_ID.json]")
]
OutputFormat = Annotated[Format, typer.Option("--format", help="How the list is printed.")]
EndOld = Annotated[
    bool, typer.Option("--end-old", help="Take the older keys away; adds no new one.")
]
Wanted = Annotated[str | None, typer.Option("--scope", help="Scopes, with spaces between them.")]
Reference = Annotated[
    str, typer.Option(help="The partner's own name for the member who gets points.")
]


@app.command()
def create(
    partner: PartnerCode,
    *,
    name: Name = None,
    scope: Scopes = None,
    redirect_uri: Redirects = None,
    jwks: KeysFile = None,
    jwks_uri: KeysUri = None,
    out: OutFile = None,
) -> None:
    """Register a client of a partner.

    Without --jwks and --jwks-uri a key pair is made here, for a first hour: the public key is
    registered, the private one is written to a file that only you can read, and is nowhere else.

    Example: hub client create AIR
    """
    issuer = read_settings().issuer
    key = make_key() if jwks is None and jwks_uri is None else None
    given = {"keys": [write_public(key)]} if key is not None else _read_keys(jwks)

    async def register(books: Books, tx: Tx) -> Client:
        found = books.register.get_partner(partner)
        if found.partner_id < FIRST_PARTNER_ID:
            raise PartnerNotFound(partner)
        client = await register_client(
            tx,
            partner_id=found.partner_id,
            name=name or found.name_en,
            keys=given,
            jwks_uri=jwks_uri,
            scopes=scope or DEFAULT_SCOPES,
            redirect_uris=redirect_uri or (),
        )
        if key is not None:  # before the commit: no client without its key
            write_client_file(_place(out, client), ClientFile(client.client_id, issuer, key))
        return client

    client = _in_tx(register)
    print(f"client {client.client_id} of {partner}")
    print(f"scopes {' '.join(client.scopes)}")
    if key is not None:
        path = _place(out, client)
        print(f"private key in {path}: keep it safe, it cannot be made again")
        print(f"next: hub client curl {path}")


@app.command("list")
def list_all(*, output_format: OutputFormat = Format.TABLE) -> None:
    """List the clients of all partners.

    Example: hub client list
    """

    async def load(books: Books, tx: Tx) -> Sheet:
        rows = [_row(books, client) for client in await list_clients(tx)]
        names = ("client", "partner", "name", "keys", "scopes", "registered", "ended")
        return Sheet("clients", tuple(Column(n, is_number=False) for n in names), tuple(rows))

    print_sheet(_in_tx(load), output_format)


@app.command()
def token(key_file: KeyFile, *, scope: Wanted = None) -> None:
    """Get an access token from the running hub, and print it.

    It is good for five minutes, and only with proofs by the key of the file: `hub client curl`
    makes one.

    Example: hub client token cl_x.json --scope points.issue
    """
    print(fetch_token(read_client_file(key_file), scope=scope).token)


@app.command()
def curl(key_file: KeyFile, *, reference: Reference = "card-1") -> None:
    """Print a request that issues points, with a token and a proof: ready to be pasted.

    It enrols a member under the reference first; one who is there already stays as they are. The
    proof is good for one request within a minute, the token for five.

    Example: hub client curl cl_x.json --reference card-1 | sh
    """
    client = read_client_file(key_file)
    ready = fetch_token(client, scope="members.link points.issue")
    print(write_curl(client, ready, reference=reference))


@app.command()
def rotate(client_id: ClientId, *, end_old: EndOld = False, out: OutFile = None) -> None:
    """Give a client a new key; the old ones stay good until `--end-old` takes them away.

    Example: hub client rotate cl_x
    """
    if end_old:
        _in_tx(lambda _, tx: keep_newest_key(tx, client_id))
        print(f"client {client_id} has its newest key only")
        return
    key, issuer = make_key(), read_settings().issuer

    async def add(_: Books, tx: Tx) -> Path:
        client = await add_key(tx, client_id, write_public(key))
        path = out or Path(f"{client_id}.{len(client.keys or ()) + 1}.json")
        write_client_file(path, ClientFile(client_id, issuer, key))
        return path

    print(f"private key in {_in_tx(add)}")
    print(f"when your program uses it: hub client rotate {client_id} --end-old")


@app.command()
def revoke(client_id: ClientId) -> None:
    """End a client: its keys and all its tokens are refused from the next call on.

    Example: hub client revoke cl_x
    """
    _in_tx(lambda _, tx: revoke_client(tx, client_id))
    print(f"client {client_id} has ended")


@app.command("end-grants")
def end_grants(client_id: ClientId) -> None:
    """End everything that members allowed a client; the client itself stays.

    Example: hub client end-grants cl_x
    """
    count = _in_tx(lambda _, tx: end_grants_of_client(tx, client_id))
    print(f"{count} grants of members have ended")


def write_curl(client: ClientFile, ready: Ready, *, reference: str) -> str:
    """Write the request: one idempotency key, which makes it safe to send again."""
    address = client.issuer + API_PATH
    query = (
        "mutation($member: EnrolMemberInput!, $points: IssuePointsInput!) {"
        " enrolMember(input: $member) { userErrors { code message } }"
        " issuePoints(input: $points) { entryId lotId userErrors { code message } } }"
    )
    once = secrets.token_hex(4)
    variables = {
        "member": {"idempotencyKey": f"member-{once}", "reference": reference},
        "points": {
            "idempotencyKey": f"points-{once}",
            "account": {"reference": reference},
            "points": 100,
        },
    }
    body = json.dumps({"query": query, "variables": variables})
    proof = make_proof(client, method="POST", address=address, token=ready.token)
    lines = [
        f"curl -sS -X POST {shlex.quote(address)}",
        "-H 'content-type: application/json'",
        f"-H 'authorization: DPoP {ready.token}'",
        f"-H 'dpop: {proof}'",
        f"--data {shlex.quote(body)}",
    ]
    return " \\\n  ".join(lines)


def _place(out: Path | None, client: Client) -> Path:
    return out or Path(f"{client.client_id}.json")


def _read_keys(path: Path | None) -> object | None:
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            given: object = orjson.loads(file.read(FILE_BYTES_MAX))
    except (OSError, orjson.JSONDecodeError):
        raise FileInvalid(str(path), "file", "it cannot be read", "a JWK Set in JSON") from None
    return given


def _row(books: Books, client: Client) -> tuple[str, ...]:
    return (
        client.client_id,
        books.register.get_partner_by_id(client.partner_id).code,
        client.name,
        client.jwks_uri or " ".join(key["kid"][:8] for key in client.keys or ()),
        " ".join(client.scopes),
        format_instant(client.registered_at),
        "" if client.revoked_at is None else format_instant(client.revoked_at),
    )


def _in_tx(act: Callable[[Books, Tx], Awaitable[T]]) -> T:
    """Act in one transaction on the hub's database."""
    with hub_database(read_settings()) as url:
        return uvloop.run(_act(url, act))


async def _act(url: str, act: Callable[[Books, Tx], Awaitable[T]]) -> T:
    async with open_books(url) as books, books.database.begin(HUB_ACTOR) as tx:
        return await act(books, tx)
