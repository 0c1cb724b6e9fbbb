"""People in front of browsers, for tests: invited, with a passkey, signed in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
from starlette.applications import Starlette

from auth.people.sessions.browsers import Browsers
from auth.people.sessions.ceremonies import invite
from auth.people.sessions.pages import session_routes
from auth.people.sessions.passkeys import passkey_routes
from auth.people.sessions.store import Owner
from auth.people.staff.roster import add_person
from auth.policies import Role
from hub.kernel.actor import HUB_ACTOR
from tests.api import Api, open_api, with_key, write_mutation
from tests.auth.access.authenticator import Authenticator
from tests.coalition import Coalition

numbers = count(1)

ORIGIN = "https://hub.test"
OWN = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}


@dataclass
class Visitor:
    """A browser, with the authenticator of whoever sits before it."""

    http: httpx.AsyncClient
    key: Authenticator
    person_id: int = 0

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Ask the API as a page of the hub would, and give the whole body."""
        response = await self.post("/graphql", {"query": query, "variables": variables})
        assert response.status_code == 200, response.text
        return response.json()

    async def do(self, mutation: str, selection: str = "", **given: Any) -> dict[str, Any]:
        """Call a mutation and give its payload."""
        body = await self.ask(write_mutation(mutation, selection), input=with_key(given))
        assert "errors" not in body, body["errors"]
        return body["data"][mutation]

    async def fault(self, query: str, **variables: Any) -> str:
        """Ask something that ends in one top-level error, and give its code."""
        (error,) = (await self.ask(query, **variables))["errors"]
        return error["extensions"]["code"]

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.http.post(path, json=body or {}, headers={**OWN, **headers})

    async def register(self, invitation: str) -> httpx.Response:
        """Make a passkey by an invitation."""
        begun = await self.post("/invitation/begin", {"invitation": invitation})
        if begun.status_code != 200:
            return begun
        credential = self.key.create(begun.json())
        return await self.post(
            "/invitation/finish", {"invitation": invitation, "credential": credential}
        )

    async def sign_in(self, **more: Any) -> httpx.Response:
        """Sign in with the passkey."""
        begun = await self.post("/sign-in/begin")
        if begun.status_code != 200:
            return begun
        credential = self.key.get(begun.json())
        return await self.post("/sign-in/finish", {"credential": credential, **more})

    @property
    def cookie(self) -> str | None:
        return self.http.cookies.get("__Host-hub")


def open_visitor(app: Starlette, *, address: str = "203.0.113.7") -> Visitor:
    """Open a browser that has never been here."""
    transport = httpx.ASGITransport(app=app, client=(address, 40_000))
    http = httpx.AsyncClient(transport=transport, base_url=ORIGIN)
    return Visitor(http, Authenticator(ORIGIN, "hub.test"))


def build_site(database: Any) -> tuple[Starlette, Browsers]:
    """The pages alone, on a database."""
    browsers = Browsers(database, origin=ORIGIN)
    return Starlette(routes=[*session_routes(browsers), *passkey_routes(browsers)]), browsers


async def invite_person(
    database: Any, *roles: Role, email: str = "ada@hub.test", partner_id: int | None = None
) -> tuple[int, str]:
    """Invite a person, and give their id and the secret of the link."""
    async with database.begin(HUB_ACTOR) as tx:
        person = await add_person(tx, email=email, partner_id=partner_id, roles=roles)
        return person.person_id, await invite(tx, Owner(person.person_id, None))


async def invite_member(database: Any, member_id: int) -> str:
    """Invite a member to make a passkey."""
    async with database.begin(HUB_ACTOR) as tx:
        return await invite(tx, Owner(None, member_id))


@dataclass
class Desk:
    """Where people of the hub and of partners work: the API and its pages, in one process."""

    api: Api

    async def person(self, *roles: Role, code: str | None = None, email: str = "") -> Visitor:
        """Let a person with roles sign in with a passkey."""
        database = self.api.coalition.hub.database
        partner_id = None if code is None else self.api.coalition.partners[code].partner_id
        address = email or f"{next(numbers)}@hub.test"
        person_id, secret = await invite_person(
            database, *roles, email=address, partner_id=partner_id
        )
        visitor = open_visitor(self.api.app)
        assert (await visitor.register(secret)).status_code == 200
        visitor.person_id = person_id
        return visitor

    async def member(self, name: str) -> Visitor:
        """Let a member, who has joined before, sign in with a passkey."""
        wallet = self.api.coalition.members[name]
        visitor = open_visitor(self.api.app)
        secret = await invite_member(self.api.coalition.hub.database, wallet.number)
        assert (await visitor.register(secret)).status_code == 200
        return visitor


@asynccontextmanager
async def open_desk(coalition: Coalition) -> AsyncIterator[Desk]:
    """Open the application at its own address."""
    async with open_api(coalition, oauth={"issuer": ORIGIN}) as api:
        yield Desk(api)
