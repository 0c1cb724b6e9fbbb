"""From the cookie of a browser to who is signed in, and back.

The cookie is a secret that is stored as a hash. Its name begins with `__Host-`, so no other site
and no subdomain can set it; it changes at every sign-in. Roles are read with it, each time.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from auth.audit.log import record
from auth.people.errors import OriginNotOwn
from auth.people.sessions import store
from auth.people.sessions.ceremonies import Party, hash_secret, new_secret
from auth.people.sessions.store import Owner, Session
from auth.persons import Person
from hub.kernel.actor import HUB_ACTOR, Actor, ActorKind, Credential, Proof
from hub.kernel.clock import is_recent
from hub.kernel.tx import Database

COOKIE: Final = "__Host-hub"
CEREMONY_COOKIE: Final = "__Host-hub-ceremony"
COOKIE_CHARACTERS_MAX: Final = 64
TOUCH: Final = timedelta(minutes=1)
ACR: Final = "phr"
AMR: Final = ("hwk", "user")


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lasts without being used, and at all."""

    idle: timedelta
    absolute: timedelta


STAFF: Final = Lifetime(timedelta(minutes=15), timedelta(hours=8))
MEMBERS: Final = Lifetime(timedelta(minutes=30), timedelta(hours=12))


class Browsers:
    """Knows the signed-in browsers of one hub."""

    def __init__(self, database: Database, *, origin: str) -> None:
        self.database = database
        self.party = Party(origin)

    async def find_signed_in(self, request: Request) -> Person | None:
        """Find who is signed in, for a page to greet and to ask."""
        secret = read_secret(request, COOKIE)
        session = await self._find(secret)
        if secret is None or session is None:
            return None
        key = hmac.digest(secret.encode(), b"hub.pages", sha256)
        return Person(actor_of(session), session.authenticated_at, ACR, AMR, key)

    async def find_session_actor(self, request: HTTPConnection) -> Actor | None:
        """Find who acts through a page of ours; nobody when another site sent the request."""
        secret = read_secret(request, COOKIE)
        if secret is None or not self.is_own(request):
            return None
        session = await self._find(secret)
        return None if session is None else actor_of(session)

    async def is_open(self, actor: Actor) -> bool:
        """Whether the session of an actor is still open, with all the roles that it had."""
        session_id = actor.credential.session_id
        assert session_id is not None, "an actor of a session"
        async with self.database.read(HUB_ACTOR) as tx:
            session = await store.find_session_by_id(tx, session_id)
            now = tx.now
        if session is None or is_idle(session, now):
            return False
        return session.roles >= actor.credential.roles

    def is_own(self, request: HTTPConnection) -> bool:
        """Whether a page of this hub sent the request: what the browser itself says of it."""
        origin = request.headers.get("origin")
        site = request.headers.get("sec-fetch-site")
        is_known = origin is not None or site is not None
        return is_known and origin in (None, self.party.origin) and site in (None, "same-origin")

    def check_own(self, request: HTTPConnection) -> None:
        """See that a page of this hub sent the request.

        Errors: OriginNotOwn.
        """
        if not self.is_own(request):
            raise OriginNotOwn

    async def begin(self, request: Request, response: Response, owner: Owner) -> None:
        """Sign a browser in: a new session takes the place of the one it had.

        Whoever shows the same passkey again keeps the end of the session, not its secret.
        """
        secret = new_secret()
        lifetime = lifetime_of(owner)
        known = read_secret(request, COOKIE)
        async with self.database.begin(HUB_ACTOR) as tx:
            await store.delete_ended_sessions(tx)
            ends_at = tx.now + lifetime.absolute
            before = await store.delete_session(tx, hash_secret(known)) if known else None
            if before is not None and before.owner == owner and not is_idle(before, tx.now):
                ends_at = before.ends_at
            await store.insert_session(
                tx, secret_hash=hash_secret(secret), owner=owner, ends_at=ends_at
            )
            await record(tx, "session.began", subject=str(owner))
        _set(response, COOKIE, secret, is_strict=owner.person_id is not None)

    async def end(self, request: Request, response: Response) -> None:
        """Sign a browser out."""
        secret = read_secret(request, COOKIE)
        if secret is not None:
            async with self.database.begin(HUB_ACTOR) as tx:
                session = await store.delete_session(tx, hash_secret(secret))
                if session is not None:
                    await record(tx, "session.ended", subject=str(session.owner))
        response.delete_cookie(COOKIE, secure=True, httponly=True)

    async def _find(self, secret: str | None) -> Session | None:
        if secret is None:
            return None
        async with self.database.read(HUB_ACTOR) as tx:
            session = await store.find_session(tx, hash_secret(secret))
            now = tx.now
        if session is None or is_idle(session, now):
            return None
        if now - session.seen_at > TOUCH:
            async with self.database.begin(HUB_ACTOR) as write:
                await store.touch_session(write, session.session_id)
        return session


def actor_of(session: Session) -> Actor:
    """Say who acts in a session: the hub's people for the hub, a partner's for the partner."""
    owner = session.owner
    credential = Credential(
        proof=Proof.SESSION,
        roles=session.roles,
        session_id=session.session_id,
        staff_id=owner.person_id,
        authenticated_at=session.authenticated_at,
        ends_at=ends_at_of(session),
    )
    if owner.member_id is not None:
        return Actor(ActorKind.MEMBER, owner.member_id, credential)
    if session.partner_id is not None:
        return Actor(ActorKind.PARTNER, session.partner_id, credential)
    return Actor(ActorKind.OPERATOR, 0, credential)


def is_idle(session: Session, now: datetime) -> bool:
    """Whether a session has not been used for too long."""
    return not is_recent(session.seen_at, lifetime_of(session.owner).idle, now=now)


def lifetime_of(owner: Owner) -> Lifetime:
    """How long a session of this owner lasts."""
    return MEMBERS if owner.member_id is not None else STAFF


def ends_at_of(session: Session) -> datetime:
    """When a session ends if it is not used meanwhile."""
    return min(session.ends_at, session.seen_at + lifetime_of(session.owner).idle + TOUCH)


def read_secret(request: HTTPConnection, name: str) -> str | None:
    """Read a secret that a browser carries, under exactly this name and once.

    A browser guards the name `__Host-hub`, letter by letter. Whoever serves a neighbouring host can
    set one that differs by a blank of another alphabet, and usual readers strip it: two of a name,
    or one that only looks like it, are nobody's.
    """
    pairs = (
        pair.strip(" \t").partition("=")
        for line in request.headers.getlist("cookie")
        for pair in line.split(";")
    )
    found = [value for given, _, value in pairs if given == name]
    secret = found[0] if len(found) == 1 else None
    return secret if secret and len(secret) <= COOKIE_CHARACTERS_MAX else None


def give_ceremony(request: Request, response: Response) -> str:
    """Give the browser that begins a ceremony a secret of its own, unless it has one."""
    secret = read_secret(request, CEREMONY_COOKIE) or new_secret()
    _set(response, CEREMONY_COOKIE, secret, is_strict=True)
    return secret


def _set(response: Response, name: str, secret: str, *, is_strict: bool) -> None:
    response.set_cookie(
        name, secret, secure=True, httponly=True, samesite="strict" if is_strict else "lax"
    )
