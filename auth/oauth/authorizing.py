"""The browser's part: who it is, what they allow, and the code that the client gets for it."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode, urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.audit.log import record
from auth.oauth.clients.store import Client, find_client
from auth.oauth.consent_page import show_consent, show_error
from auth.oauth.errors import OAuthRefused, invalid_request
from auth.oauth.forms import need, read_fields, read_form
from auth.oauth.provider import Provider
from auth.oauth.pushing import URI_PREFIX, Pushed, hash_secret, load_pushed
from auth.oauth.store import Code, Grant, insert_code, insert_grant, open_pushed, use_pushed
from auth.persons import SIGN_IN_PATH, Person
from hub.kernel.actor import HUB_ACTOR, ActorKind
from hub.kernel.clock import is_recent
from hub.kernel.ids import new_number
from hub.kernel.tx import Tx

log = structlog.get_logger()

CODE_LIFE: Final = timedelta(seconds=60)
OPEN_LIFE: Final = timedelta(minutes=10)
"""How long a person may take to sign in and decide, once the browser has come."""

SEE_OTHER: Final = 303
_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Asked:
    """A pushed request that a browser brought, and who pushed it when."""

    request_uri: str
    request_hash: bytes
    client: Client
    pushed: Pushed
    pushed_at: datetime


async def show(provider: Provider, request: Request) -> Response:
    """Answer a browser that brings a pushed request: sign in first, then the consent page."""
    try:
        asked = await _find_asked(provider, read_fields(request.url.query.encode()))
    except OAuthRefused as refusal:
        return show_error(refusal.description)
    person = await provider.find_signed_in(request)
    pushed = asked.pushed
    if person is None or not _is_fresh(provider, asked, person):
        if pushed.prompt == "none":
            return _send_back(provider, pushed, error="login_required")
        return _send_to_sign_in(asked)
    if person.actor.kind is not ActorKind.MEMBER:
        return show_error(
            "Only members can allow this: sign out, and in again as a member.", status=403
        )
    if pushed.prompt == "none":
        return _send_back(provider, pushed, error="consent_required")
    return show_consent(
        partner=provider.name_of(asked.client.partner_id),
        client_name=asked.client.name,
        scopes=pushed.scopes,
        order=pushed.order,
        hidden={
            "client_id": asked.client.client_id,
            "request_uri": asked.request_uri,
            "csrf_token": make_csrf_token(person, asked),
        },
        redirect_uri=pushed.redirect_uri,
    )


async def decide(provider: Provider, request: Request) -> Response:
    """Take what the member decided on the consent page, and send the browser back."""
    try:
        form = await read_form(request)
        _check_origin(provider, request)
        asked = await _find_asked(provider, form)
        person = await provider.find_signed_in(request)
        if person is None or person.actor.kind is not ActorKind.MEMBER:
            raise invalid_request("Nobody is signed in any more.")
        if not _is_fresh(provider, asked, person):
            return _send_to_sign_in(asked)
        expected = make_csrf_token(person, asked)
        if not hmac.compare_digest(need(form, "csrf_token").encode(), expected.encode()):
            raise invalid_request("The answer is not from this page.")
        decision = need(form, "decision")
        if decision not in {"allow", "deny"}:
            raise invalid_request("`decision` is allow or deny")
    except OAuthRefused as refusal:
        return show_error(refusal.description, status=refusal.status)
    code = secrets.token_urlsafe(_BYTES)
    async with provider.database.begin(HUB_ACTOR) as tx:
        is_first = await use_pushed(tx, asked.request_hash)
        if is_first and decision == "allow":
            await _make_code(tx, asked, person, code)
    if not is_first:
        return show_error("This request was answered before.")
    if decision == "deny":
        return _send_back(provider, asked.pushed, error="access_denied")
    log.info("oauth.grant_made", client_id=asked.client.client_id)
    return _send_back(provider, asked.pushed, code=code)


def make_csrf_token(person: Person, asked: Asked) -> str:
    """Sign what the page shows, for this session alone: another list would need another page."""
    pushed = asked.pushed
    shown = "\0".join(
        (
            asked.request_uri,
            pushed.client_id,
            pushed.redirect_uri,
            *pushed.scopes,
            str(pushed.order),
        )
    )
    return hmac.new(person.session_key, f"oauth.consent\0{shown}".encode(), sha256).hexdigest()


async def _find_asked(provider: Provider, fields: Mapping[str, str]) -> Asked:
    """Find the request that a browser brings. Until it is found, nobody is sent anywhere.

    Errors: OAuthRefused.
    """
    request_uri, client_id = fields.get("request_uri", ""), fields.get("client_id", "")
    if not request_uri.startswith(URI_PREFIX) or not client_id:
        raise invalid_request("Push the request first, then bring `client_id` and `request_uri`.")
    request_hash = hash_secret(request_uri.removeprefix(URI_PREFIX))
    async with provider.database.begin(HUB_ACTOR) as tx:
        found = await open_pushed(tx, request_hash, client_id, ends_at=tx.now + OPEN_LIFE)
        client = None if found is None else await find_client(tx, client_id)
    if found is None or client is None or client.revoked_at is not None:
        raise invalid_request("The request is unknown, was used before, or took too long.")
    return Asked(request_uri, request_hash, client, load_pushed(found[0]), found[1])


def _is_fresh(provider: Provider, asked: Asked, person: Person) -> bool:
    """Whether the person signed in lately enough for what is asked."""
    pushed = asked.pushed
    if pushed.prompt is not None and "login" in pushed.prompt:
        return person.authenticated_at >= asked.pushed_at
    if pushed.max_age is None:
        return True
    age_max, now = timedelta(seconds=pushed.max_age), provider.database.clock()
    return is_recent(person.authenticated_at, age_max, now=now)


def _check_origin(provider: Provider, request: Request) -> None:
    """See that a form was sent by a page of ours. Browsers tell; other programs have no cookie.

    Errors: OAuthRefused.
    """
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    if origin not in (None, provider.issuer) or site not in {"same-origin", "none"}:
        raise OAuthRefused("invalid_request", "The answer is not from this page.", 403)


def _send_to_sign_in(asked: Asked) -> Response:
    """Send the browser to the sign-in page, and back here afterwards."""
    back = urlencode({"client_id": asked.client.client_id, "request_uri": asked.request_uri})
    query = {"next": f"/oauth/authorize?{back}"}
    if asked.pushed.prompt is not None and "login" in asked.pushed.prompt:
        query["max_age"] = "0"
    elif asked.pushed.max_age is not None:
        query["max_age"] = str(asked.pushed.max_age)
    return _redirect(f"{SIGN_IN_PATH}?{urlencode(query)}")


def _send_back(provider: Provider, pushed: Pushed, **answer: str) -> Response:
    """Send the browser back to the client, which is told who answers (RFC 9207)."""
    query = {**answer, "iss": provider.issuer}
    if pushed.state is not None:
        query["state"] = pushed.state
    joint = "&" if urlsplit(pushed.redirect_uri).query else "?"
    return _redirect(f"{pushed.redirect_uri}{joint}{urlencode(query)}")


def _redirect(address: str) -> Response:
    headers = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    return RedirectResponse(address, status_code=SEE_OTHER, headers=headers)


async def _make_code(tx: Tx, asked: Asked, person: Person, code: str) -> None:
    pushed = asked.pushed
    grant = Grant(
        grant_id=new_number(),
        client_id=asked.client.client_id,
        member_id=person.actor.number,
        scopes=pushed.scopes,
        order=pushed.order,
        nonce=pushed.nonce,
        acr=person.acr,
        amr=person.amr,
        authenticated_at=person.authenticated_at,
        revoked_at=None,
    )
    await insert_grant(tx, grant)
    await record(
        tx,
        "consent.given",
        actor=person.actor,
        subject=asked.client.client_id,
        grant=f"{grant.grant_id:x}",
        scopes=" ".join(grant.scopes),
    )
    await insert_code(
        tx,
        Code(
            code_hash=hash_secret(code),
            grant_id=grant.grant_id,
            client_id=asked.client.client_id,
            redirect_uri=pushed.redirect_uri,
            code_challenge=pushed.code_challenge,
            thumbprint=pushed.thumbprint,
            ends_at=tx.now + CODE_LIFE,
            used_at=None,
        ),
    )
