"""The routes by which people and members sign in: plain pages, one script, nothing from outside."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from auth.addresses import address_of
from auth.audit.log import record_apart
from auth.bodies import BodyTooLong, BodyTooSlow, read_bytes
from auth.people.errors import (
    InvitationNotValid,
    NotSignedIn,
    OriginNotOwn,
    SignInRefused,
    SignInTooOld,
    TooManyPasskeys,
)
from auth.people.sessions import ceremonies, texts
from auth.people.sessions.browsers import CEREMONY_COOKIE, Browsers, give_ceremony, read_secret
from auth.people.sessions.store import Owner
from auth.people.sessions.texts import Text
from auth.persons import SIGN_IN_PATH, Person
from auth.rates import limits
from auth.rates.errors import TooManyRequests
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.clock import is_recent
from hub.kernel.errors import DomainError

SESSION_PATH: Final = "/session"
INVITATION_PATH: Final = "/invitation"
PASSKEYS_PATH: Final = "/passkeys"
BODY_BYTES_MAX: Final = 32_768
NEXT_CHARACTERS_MAX: Final = 4_096
FIELDS_MAX: Final = 2
STATIC: Final = Path(__file__).parent / "static"
FILES: Final = {"passkeys.js": "text/javascript", "page.css": "text/css"}
HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": ("publickey-credentials-get=(self), publickey-credentials-create=(self)"),
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}

Body = dict[str, Any]
Answer = Callable[[Browsers, Request, Body], Awaitable[Response]]

REFUSALS: Final[Mapping[type[DomainError], tuple[int, Text]]] = {
    SignInRefused: (401, texts.REFUSED),
    InvitationNotValid: (400, texts.INVITATION_NOT_VALID),
    OriginNotOwn: (403, texts.NOT_OWN),
    TooManyRequests: (429, texts.TOO_OFTEN),
    NotSignedIn: (401, texts.NOT_SIGNED_IN),
    SignInTooOld: (403, texts.AGAIN_HELP),
    TooManyPasskeys: (400, texts.TOO_MANY_PASSKEYS),
}


class BodyNotRead(Exception):
    """The body is not what a page of ours sends."""


def session_routes(browsers: Browsers) -> list[BaseRoute]:
    """Give the routes of signing in and out."""
    on = partial(answering, browsers)

    async def sign_in(request: Request) -> Response:
        return await show_sign_in(browsers, request)

    async def session(request: Request) -> Response:
        return await show_session(browsers, request)

    async def sign_out(request: Request) -> Response:
        try:
            return await end_session(browsers, request)
        except (BodyNotRead, ValueError):
            return write_refusal(400, texts.NOT_UNDERSTOOD, {})

    return [
        Route(SIGN_IN_PATH, sign_in, methods=["GET"]),
        Route(f"{SIGN_IN_PATH}/begin", on(begin_sign_in), methods=["POST"]),
        Route(f"{SIGN_IN_PATH}/finish", on(finish_sign_in), methods=["POST"]),
        Route(f"{SIGN_IN_PATH}/{{name}}", show_file, methods=["GET"]),
        Route(INVITATION_PATH, show_invitation, methods=["GET"]),
        Route(f"{INVITATION_PATH}/begin", on(begin_invitation), methods=["POST"]),
        Route(f"{INVITATION_PATH}/finish", on(finish_invitation), methods=["POST"]),
        Route(SESSION_PATH, session, methods=["GET"]),
        Route(SESSION_PATH, sign_out, methods=["POST"]),
    ]


def answering(browsers: Browsers, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """Make the endpoint that a script of ours asks; refusals are told in both languages."""

    async def respond(request: Request) -> Response:
        try:
            browsers.check_own(request)
            return await answer(browsers, request, await read_body(request))
        except BodyNotRead:
            return write_refusal(400, texts.NOT_UNDERSTOOD, {})
        except tuple(REFUSALS) as refusal:
            return await refuse(browsers, request, refusal)

    return respond


# --- pages ---


async def show_sign_in(browsers: Browsers, request: Request) -> Response:
    """Ask for a passkey, unless whoever is there has shown theirs lately enough."""
    target = read_next(request.query_params.get("next"))
    person = await browsers.find_signed_in(request)
    age = request.query_params.get("max_age")
    if person is not None and is_young(browsers, person, age):
        return RedirectResponse(target, status_code=303, headers=HEADERS)
    return _page(
        texts.SIGN_IN,
        texts.SIGN_IN_HELP if person is None else texts.AGAIN_HELP,
        texts.SIGN_IN_BUTTON,
        {"does": "sign-in", "next": target},
    )


async def show_invitation(_: Request) -> Response:
    """Let an invited person, or a member, make a passkey."""
    return _page(
        texts.INVITATION, texts.INVITATION_HELP, texts.INVITATION_BUTTON, {"does": "register"}
    )


async def show_session(browsers: Browsers, request: Request) -> Response:
    """Say that somebody is signed in, and let them sign out."""
    person = await browsers.find_signed_in(request)
    if person is None:
        return RedirectResponse(SIGN_IN_PATH, status_code=303, headers=HEADERS)
    form = (
        f'<form method="post" action="{SESSION_PATH}">'
        f'<input type="hidden" name="token" value="{form_token(person)}">'
        f"<button>{in_both(texts.SIGN_OUT)}</button></form>"
        f'<p><a href="{PASSKEYS_PATH}">{in_both(texts.PASSKEYS)}</a></p>'
    )
    return write_page(texts.SESSION, form, {})


async def end_session(browsers: Browsers, request: Request) -> Response:
    """Sign out, if the form is one of ours."""
    form = await read_form(request)
    person = await browsers.find_signed_in(request)
    if not is_own_form(browsers, request, person, form):
        return write_page(texts.NOT_OWN, "", {}, status=403)
    link = f'<p><a href="{SIGN_IN_PATH}">{in_both(texts.SIGN_IN_AGAIN)}</a></p>'
    response = write_page(texts.SIGNED_OUT, link, {})
    await browsers.end(request, response)
    return response


async def show_file(request: Request) -> Response:
    """Give the script or the style of the pages."""
    name = request.path_params["name"]
    if name not in FILES:
        return Response(status_code=404)
    headers = {"x-content-type-options": "nosniff", "cache-control": "max-age=3600"}
    return Response((STATIC / name).read_bytes(), media_type=FILES[name], headers=headers)


# --- what the script asks ---


async def begin_sign_in(browsers: Browsers, request: Request, _: Body) -> Response:
    """Give a challenge."""
    await limits.take(browsers.database, limits.SIGN_INS, address_of(request))
    response = JSONResponse(None, headers=HEADERS)
    browser = give_ceremony(request, response)
    async with browsers.database.begin(HUB_ACTOR) as tx:
        options = await ceremonies.begin_sign_in(tx, browsers.party, browser=browser)
    return fill(response, options)


async def finish_sign_in(browsers: Browsers, request: Request, body: Body) -> Response:
    """Let in whoever answered the challenge."""
    credential, who = read_credential(body), address_of(request)
    await limits.check_patience(browsers.database, limits.FAILED_SIGN_INS, who)
    browser = read_secret(request, CEREMONY_COOKIE) or ""
    async with browsers.database.begin(HUB_ACTOR) as tx:
        challenge = await ceremonies.take_challenge(
            tx, credential=credential, browser=browser, invitation=None
        )
    async with browsers.database.begin(HUB_ACTOR) as tx:
        owner = await ceremonies.finish_sign_in(
            tx, browsers.party, challenge=challenge, credential=credential
        )
    await limits.note_success(browsers.database, limits.FAILED_SIGN_INS, who)
    return await let_in(browsers, request, owner, read_next(body.get("next")))


async def begin_invitation(browsers: Browsers, request: Request, body: Body) -> Response:
    """Give a challenge to whoever has an open invitation."""
    invitation, who = read_invitation(body), address_of(request)
    await limits.take(browsers.database, limits.SIGN_INS, who)
    await limits.check_patience(browsers.database, limits.FAILED_SIGN_INS, who)
    response = JSONResponse(None, headers=HEADERS)
    browser = give_ceremony(request, response)
    async with browsers.database.begin(HUB_ACTOR) as tx:
        options = await ceremonies.begin_registration(
            tx, browsers.party, invitation=invitation, browser=browser
        )
    return fill(response, options)


async def finish_invitation(browsers: Browsers, request: Request, body: Body) -> Response:
    """Register a passkey, and let its owner in."""
    invitation, credential = read_invitation(body), read_credential(body)
    await limits.check_patience(browsers.database, limits.FAILED_SIGN_INS, address_of(request))
    browser = read_secret(request, CEREMONY_COOKIE) or ""
    async with browsers.database.begin(HUB_ACTOR) as tx:
        challenge = await ceremonies.take_challenge(
            tx, credential=credential, browser=browser, invitation=invitation
        )
    async with browsers.database.begin(HUB_ACTOR) as tx:
        owner = await ceremonies.finish_registration(
            tx,
            browsers.party,
            invitation=invitation,
            challenge=challenge,
            credential=credential,
        )
    return await let_in(browsers, request, owner, SESSION_PATH)


async def let_in(browsers: Browsers, request: Request, owner: Owner, target: str) -> Response:
    """Begin a session, and say where to go."""
    response = JSONResponse({"next": target}, headers=HEADERS)
    await browsers.begin(request, response, owner)
    return response


async def refuse(browsers: Browsers, request: Request, refusal: DomainError) -> Response:
    """Say why not; failures make the next try wait, and are told to the audit log."""
    status, text = REFUSALS[type(refusal)]
    if isinstance(refusal, TooManyRequests):
        return write_refusal(status, text, {"retry-after": str(refusal.retry_after_seconds)})
    if isinstance(refusal, SignInRefused | InvitationNotValid):
        who = address_of(request)
        count = await limits.note_failure(browsers.database, limits.FAILED_SIGN_INS, who)
        if count == limits.FAILED_SIGN_INS.free_count:
            await record_apart(
                browsers.database, "session.refused", actor=HUB_ACTOR, failures=count
            )
    return write_refusal(status, text, {})


# --- small things ---


def read_next(given: object) -> str:
    """Give a path of ours to go on to; anything else leads to the default."""
    if not isinstance(given, str) or len(given) > NEXT_CHARACTERS_MAX or not given.isprintable():
        return SESSION_PATH
    is_local = given.startswith("/") and not given.startswith("//") and "\\" not in given
    parts = urlsplit(given) if is_local else None
    return given if parts is not None and not parts.scheme and not parts.netloc else SESSION_PATH


def is_young(browsers: Browsers, person: Person, max_age: str | None) -> bool:
    """Whether a person showed the passkey within so many seconds; without a number: ever."""
    if max_age is None:
        return True
    if not (max_age.isascii() and max_age.isdecimal()) or len(max_age) > 9:  # noqa: PLR2004
        return False
    age_max, now = timedelta(seconds=int(max_age)), browsers.database.clock()
    return is_recent(person.authenticated_at, age_max, now=now)


def form_token(person: Person) -> str:
    """Make what our own forms carry: another site cannot know it."""
    return hmac.digest(person.session_key, b"form", sha256).hex()


async def read_form(request: Request) -> Mapping[str, str]:
    """Read a small form; of a field that is repeated, the first.

    Errors: ValueError.
    """
    text = (await read_small(request)).decode("ascii", "replace")
    return {name: values[0] for name, values in parse_qs(text, max_num_fields=FIELDS_MAX).items()}


def is_own_form(
    browsers: Browsers, request: Request, person: Person | None, form: Mapping[str, str]
) -> bool:
    """Whether a form is one that we gave this session."""
    given = form.get("token", "").encode()
    is_known = person is not None and hmac.compare_digest(given, form_token(person).encode())
    return is_known and browsers.is_own(request)


async def read_small(request: Request) -> bytes:
    """Read a small body.

    Errors: BodyNotRead.
    """
    try:
        return await read_bytes(request, bytes_max=BODY_BYTES_MAX)
    except (BodyTooLong, BodyTooSlow) as error:
        raise BodyNotRead from error


async def read_body(request: Request) -> Body:
    """Read a small JSON object."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await read_small(request)
    try:
        read = orjson.loads(body) if kind == "application/json" else None
    except orjson.JSONDecodeError as error:
        raise BodyNotRead from error
    if not isinstance(read, dict):
        raise BodyNotRead
    return read


def read_invitation(body: Body) -> str:
    """Read the secret of an invitation; a link that was cut off has none.

    Errors: InvitationNotValid.
    """
    value = body.get("invitation")
    if not isinstance(value, str):
        raise BodyNotRead
    if not 0 < len(value) <= 64:  # noqa: PLR2004 (secrets are 43)
        raise InvitationNotValid
    return value


def read_credential(body: Body) -> ceremonies.Credential:
    """Read what the authenticator gave."""
    value = body.get("credential")
    if not isinstance(value, dict) or not isinstance(value.get("response"), dict):
        raise BodyNotRead
    return value


def write_refusal(status: int, text: Text, headers: Mapping[str, str]) -> Response:
    """Say why not, in both languages."""
    return JSONResponse({"message": text.lines}, status_code=status, headers={**HEADERS, **headers})


def fill(response: Response, body: str) -> Response:
    """Give a response its body of JSON."""
    response.body = body.encode()
    response.headers["content-length"] = str(len(response.body))
    return response


def _page(title: Text, help_: Text, button: Text, data: Mapping[str, str]) -> Response:
    body = (
        f"<p>{in_both(help_)}</p><button type='button'>{in_both(button)}</button>"
        '<p role="status" aria-live="polite"></p><p role="alert" tabindex="-1"></p>'
        f"<noscript><p>{in_both(texts.NEEDS_SCRIPT)}</p></noscript>"
        f'<script src="{SIGN_IN_PATH}/passkeys.js" defer></script>'
    )
    told = {"waiting": texts.WAITING.lines, "stopped": texts.STOPPED.lines, **data}
    return write_page(title, body, told)


def write_page(title: Text, body: str, data: Mapping[str, str], *, status: int = 200) -> Response:
    """Write a page of the hub; `data` is told to its script."""
    told = "".join(f' data-{name}="{escape(value)}"' for name, value in data.items())
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title.both)}</title>"
        f'<link rel="stylesheet" href="{SIGN_IN_PATH}/page.css"></head>'
        f"<body><main{told}><h1>{in_both(title)}</h1>{body}</main></body></html>",
        status_code=status,
        headers=HEADERS,
    )


def in_both(text: Text) -> str:
    """Write a text in English, with Chinese below it."""
    return f'{escape(text.en)}<small lang="zh-Hans">{escape(text.zh)}</small>'
