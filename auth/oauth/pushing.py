"""Authorization requests, pushed by the client itself (RFC 9126) and not by the browser."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from starlette.responses import Response

from auth.oauth.clients.authenticating import ClientCall
from auth.oauth.clients.store import Client
from auth.oauth.errors import OAuthRefused, invalid_request, invalid_scope
from auth.oauth.forms import Form, need
from auth.oauth.orders import read_order
from auth.oauth.provider import Provider, answer
from auth.oauth.scopes import narrow, read_scopes
from auth.oauth.store import insert_pushed
from hub.kernel.actor import HUB_ACTOR, Order

LIFE: Final = timedelta(seconds=60)
URI_PREFIX: Final = "urn:ietf:params:oauth:request_uri:"
MAX_AGE_MAX: Final = 86_400
CREATED: Final = 201
PROMPTS: Final = frozenset({"none", "login", "consent", "login consent", "consent login"})
FRESH_SECONDS: Final = 300
"""How old the sign-in may be that agrees to a redemption."""

_BYTES: Final = 32
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]*", re.ASCII)
_NOT_SUPPORTED: Final = ("request", "request_uri", "registration")


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a client asks a member for; everything in it was found valid."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    code_challenge: str
    state: str | None
    nonce: str | None
    prompt: str | None
    max_age: int | None
    thumbprint: str | None
    order: Order | None


async def push(provider: Provider, call: ClientCall) -> Response:
    """Keep an authorization request for a minute, and give the name that a browser brings.

    Errors: OAuthRefused.
    """
    pushed = read_pushed(call.form, call.client, thumbprint=call.thumbprint, provider=provider)
    name = secrets.token_urlsafe(_BYTES)
    async with provider.database.begin(HUB_ACTOR) as tx:
        await insert_pushed(
            tx,
            hash_secret(name),
            call.client.client_id,
            asdict(pushed),
            ends_at=tx.now + LIFE,
        )
    body = {"request_uri": URI_PREFIX + name, "expires_in": int(LIFE.total_seconds())}
    return answer(body, CREATED)


def read_pushed(
    form: Form, client: Client, *, thumbprint: str | None, provider: Provider
) -> Pushed:
    """Read an authorization request.

    Errors: OAuthRefused.
    """
    for name in _NOT_SUPPORTED:
        if name in form:
            raise invalid_request(f"`{name}` is not supported: push the parameters themselves")
    if need(form, "response_type") != "code":
        raise OAuthRefused("unsupported_response_type", "`response_type` is `code`")
    if form.get("response_mode", "query") != "query":
        raise invalid_request("`response_mode` is `query`, or absent")
    redirect_uri = need(form, "redirect_uri")
    if redirect_uri not in client.redirect_uris:
        raise invalid_request("`redirect_uri` is not, letter by letter, one that is registered")
    if form.get("code_challenge_method") != "S256":
        raise invalid_request("`code_challenge_method` is `S256`")
    if not _CHALLENGE.fullmatch(need(form, "code_challenge")):
        raise invalid_request("`code_challenge` is a SHA-256 in base64url: 43 characters")
    if form.get("resource", provider.resource) != provider.resource:
        raise OAuthRefused("invalid_target", f"`resource` is `{provider.resource}`")
    order = read_order(form.get("authorization_details"))
    return Pushed(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        scopes=_read_scopes(form, client, order),
        code_challenge=form["code_challenge"],
        state=_read_printable(form, "state"),
        nonce=_read_printable(form, "nonce"),
        prompt=_read_prompt(form),
        max_age=_read_max_age(form, order),
        thumbprint=_read_thumbprint(form, thumbprint),
        order=order,
    )


def load_pushed(kept: Mapping[str, Any]) -> Pushed:
    """Read a request as it was kept."""
    order = kept["order"]
    return Pushed(
        **{
            **kept,
            "scopes": tuple(kept["scopes"]),
            "order": None if order is None else Order(order["points"], order["reference"]),
        }
    )


def hash_secret(secret: str) -> bytes:
    """Hash a secret that we made; it is looked up by its hash, so no comparison takes time."""
    return sha256(secret.encode()).digest()


def _read_scopes(form: Form, client: Client, order: Order | None) -> tuple[str, ...]:
    scopes = narrow(read_scopes(need(form, "scope")), client.scopes)
    if order is not None and "points.redeem" not in scopes:
        raise invalid_scope("`authorization_details` of a redemption need the scope points.redeem")
    if order is None and "points.redeem" in scopes:
        raise OAuthRefused(
            "invalid_authorization_details",
            "the scope points.redeem needs `authorization_details` that name the redemption",
        )
    if order is not None and "offline_access" in scopes:
        raise invalid_scope("what is agreed for one redemption cannot be kept: no offline_access")
    return scopes


def _read_printable(form: Form, name: str) -> str | None:
    text = form.get(name)
    if text is not None and not _PRINTABLE.fullmatch(text):
        raise invalid_request(f"`{name}` has printable ASCII characters only")
    return text


def _read_thumbprint(form: Form, proved: str | None) -> str | None:
    """Say which key the code will be for, if the client names one or proves one."""
    named = form.get("dpop_jkt", proved)
    if named is not None and (not _CHALLENGE.fullmatch(named) or named != (proved or named)):
        raise invalid_request("`dpop_jkt` is not the thumbprint of the key of the DPoP proof")
    return named


def _read_prompt(form: Form) -> str | None:
    prompt = form.get("prompt")
    if prompt is not None and prompt not in PROMPTS:
        raise invalid_request("`prompt` is none, login, consent, or login and consent")
    return prompt


def _read_max_age(form: Form, order: Order | None) -> int | None:
    text = form.get("max_age")
    if text is not None and not _SECONDS.fullmatch(text):
        raise invalid_request("`max_age` is a number of seconds")
    asked = None if text is None else min(int(text), MAX_AGE_MAX)
    if order is None:
        return asked
    return FRESH_SECONDS if asked is None else min(asked, FRESH_SECONDS)
