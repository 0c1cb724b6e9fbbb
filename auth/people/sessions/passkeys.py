"""The page on which people and members see their own passkeys, add one, and remove one."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from html import escape
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from auth.people.errors import LastPasskey, NotSignedIn, PasskeyNotFound, SignInTooOld
from auth.people.sessions import ceremonies, store, texts
from auth.people.sessions.browsers import CEREMONY_COOKIE, Browsers, give_ceremony, read_secret
from auth.people.sessions.pages import (
    HEADERS,
    PASSKEYS_PATH,
    Body,
    BodyNotRead,
    answering,
    fill,
    form_token,
    in_both,
    is_own_form,
    is_young,
    read_credential,
    read_form,
    write_page,
)
from auth.people.sessions.store import Owner, Passkey
from auth.people.sessions.texts import Text
from auth.persons import SIGN_IN_PATH, Person
from auth.policies import STEP_UP_SECONDS
from auth.rates import limits
from hub.kernel.actor import HUB_ACTOR, ActorKind

SEE_OTHER: Final = 303
FRESH: Final = str(STEP_UP_SECONDS)
_AGAIN: Final = urlencode({"next": PASSKEYS_PATH, "max_age": FRESH})


def passkey_routes(browsers: Browsers) -> list[BaseRoute]:
    """Give the routes of one's own passkeys."""

    def serving(
        page: Callable[[Browsers, Request], Awaitable[Response]],
    ) -> Callable[[Request], Awaitable[Response]]:
        return partial(page, browsers)

    on = partial(answering, browsers)
    return [
        Route(PASSKEYS_PATH, serving(show_passkeys), methods=["GET"]),
        Route(f"{PASSKEYS_PATH}/begin", on(begin), methods=["POST"]),
        Route(f"{PASSKEYS_PATH}/finish", on(finish), methods=["POST"]),
        Route(f"{PASSKEYS_PATH}/remove", serving(remove), methods=["POST"]),
    ]


async def show_passkeys(browsers: Browsers, request: Request) -> Response:
    """List the passkeys of whoever is signed in; changing them takes a fresh sign-in."""
    person = await browsers.find_signed_in(request)
    if person is None:
        address = f"{SIGN_IN_PATH}?{urlencode({'next': PASSKEYS_PATH})}"
        return RedirectResponse(address, status_code=SEE_OTHER, headers=HEADERS)
    async with browsers.database.read(HUB_ACTOR) as tx:
        known = await store.list_passkeys(tx, owner_of(person))
    is_fresh = is_young(browsers, person, FRESH)
    listed = "".join(
        f"<li>{_describe(each)}{_remove_form(person, each) if is_fresh else ''}</li>"
        for each in known
    )
    body = f"<p>{in_both(texts.PASSKEYS_HELP)}</p><ul>{listed}</ul>"
    if not is_fresh:
        link = f'<a href="{SIGN_IN_PATH}?{escape(_AGAIN)}">{in_both(texts.STEP_UP_LINK)}</a>'
        return write_page(texts.PASSKEYS, f"{body}<p>{link}</p>", {})
    told = {
        "does": "add",
        "waiting": texts.WAITING.lines,
        "stopped": texts.STOPPED.lines,
    }
    button = (
        f"<button type='button'>{in_both(texts.ADD_BUTTON)}</button>"
        '<p role="status" aria-live="polite"></p><p role="alert" tabindex="-1"></p>'
        f"<noscript><p>{in_both(texts.NEEDS_SCRIPT)}</p></noscript>"
        f'<script src="{SIGN_IN_PATH}/passkeys.js" defer></script>'
    )
    return write_page(texts.PASSKEYS, body + button, told)


async def begin(browsers: Browsers, request: Request, _: Body) -> Response:
    """Give a challenge to whoever is signed in, freshly, for one more passkey."""
    person = await _find_fresh(browsers, request)
    owner = owner_of(person)
    await limits.take(browsers.database, limits.SIGN_INS, str(owner))
    response = JSONResponse(None, headers=HEADERS)
    browser = give_ceremony(request, response)
    async with browsers.database.begin(HUB_ACTOR) as tx:
        options = await ceremonies.offer_passkey(
            tx, browsers.party, owner, browser=browser, binding=_binding(person)
        )
    return fill(response, options)


async def finish(browsers: Browsers, request: Request, body: Body) -> Response:
    """Register one more passkey."""
    credential = read_credential(body)
    person = await _find_fresh(browsers, request)
    browser = read_secret(request, CEREMONY_COOKIE) or ""
    async with browsers.database.begin(HUB_ACTOR) as tx:
        challenge = await ceremonies.take_challenge(
            tx, credential=credential, browser=browser, invitation=_binding(person)
        )
    async with browsers.database.begin(HUB_ACTOR) as tx:
        await ceremonies.add_passkey(
            tx,
            browsers.party,
            owner_of(person),
            session_id=_session_id(person),
            challenge=challenge,
            credential=credential,
            binding=_binding(person),
        )
    return JSONResponse({"next": PASSKEYS_PATH}, headers=HEADERS)


async def remove(browsers: Browsers, request: Request) -> Response:
    """Remove a passkey, if the form is one of ours and another one stays."""
    person = await browsers.find_signed_in(request)
    try:
        form = await read_form(request)
        credential_id = base64url_to_bytes(form.get("passkey", ""))
    except (BodyNotRead, ValueError):
        return _refuse(texts.NOT_UNDERSTOOD, 400)
    if person is None or not is_own_form(browsers, request, person, form):
        return _refuse(texts.NOT_OWN, 403)
    if not is_young(browsers, person, FRESH):
        return RedirectResponse(f"{SIGN_IN_PATH}?{_AGAIN}", status_code=SEE_OTHER, headers=HEADERS)
    try:
        async with browsers.database.begin(HUB_ACTOR) as tx:
            await ceremonies.remove_passkey(
                tx, owner_of(person), credential_id, session_id=_session_id(person)
            )
    except PasskeyNotFound:
        return _refuse(texts.NO_SUCH_PASSKEY, 404)
    except LastPasskey:
        return _refuse(texts.LAST_STAYS, 409)
    return RedirectResponse(PASSKEYS_PATH, status_code=SEE_OTHER, headers=HEADERS)


def owner_of(person: Person) -> Owner:
    """Say whose passkeys they are."""
    actor = person.actor
    if actor.kind is ActorKind.MEMBER:
        return Owner(None, actor.number)
    return Owner(actor.credential.staff_id, None)


async def _find_fresh(browsers: Browsers, request: Request) -> Person:
    """Find who is signed in and has shown a passkey just now.

    Errors: NotSignedIn, SignInTooOld.
    """
    person = await browsers.find_signed_in(request)
    if person is None:
        raise NotSignedIn
    if not is_young(browsers, person, FRESH):
        raise SignInTooOld
    return person


def _session_id(person: Person) -> int:
    session_id = person.actor.credential.session_id
    assert session_id is not None, "somebody who is signed in"
    return session_id


def _binding(person: Person) -> str:
    """Bind a challenge to this session: it registers nothing for anybody else."""
    return f"passkey of {person.session_key.hex()}"


def _describe(passkey: Passkey) -> str:
    used = passkey.used_at
    made = _write(passkey.made_at)
    english = f"{texts.MADE.en} {made}, {texts.USED.en} {_write(used) or texts.NEVER.en}"
    chinese = f"{texts.MADE.zh} {made}，{texts.USED.zh} {_write(used) or texts.NEVER.zh}"
    return in_both(Text(english, chinese))


def _write(instant: datetime | None) -> str:
    return "" if instant is None else f"{instant:%Y-%m-%d %H:%M} UTC"


def _remove_form(person: Person, passkey: Passkey) -> str:
    name = bytes_to_base64url(passkey.credential_id)
    return (
        f'<form method="post" action="{PASSKEYS_PATH}/remove">'
        f'<input type="hidden" name="token" value="{form_token(person)}">'
        f'<input type="hidden" name="passkey" value="{escape(name)}">'
        f"<button>{in_both(texts.REMOVE_BUTTON)}</button></form>"
    )


def _refuse(text: Text, status: int) -> Response:
    link = f'<p><a href="{PASSKEYS_PATH}">{in_both(texts.PASSKEYS)}</a></p>'
    return write_page(text, link, {}, status=status)
