"""The provider and the API for tests, asked through HTTP in one process."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from auth.callers import refuse
from auth.oauth.errors import CallerRefused
from auth.persons import Person
from hub.app import Doors, build_app, open_doors
from hub.kernel.actor import Actor, ActorKind
from hub.settings import Settings
from tests.auth.provider.wire import ISSUER, Software, register
from tests.coalition import Coalition


@dataclass
class World:
    """A hub with its provider; `person` is whoever is signed in in the one browser."""

    coalition: Coalition
    http: httpx.AsyncClient
    doors: Doors
    person: Person | None = None
    software: dict[str, Software] = field(default_factory=dict)

    async def client(self, code: str, **given: Any) -> Software:
        return await register(self.coalition, self.http, code, **given)

    async def sign_in(self, name: str) -> int:
        """Let a member sign in, and give their number."""
        if name not in self.coalition.members:
            await self.coalition.member(name)
        place = self.coalition.members[name]
        number = await self.coalition.value(
            "SELECT member_id FROM members WHERE wallet_id = $1", place.number
        )
        actor = Actor(ActorKind.MEMBER, number)
        now = self.coalition.clock()
        self.person = Person(actor, now, "phr", ("hwk", "user"), name.encode())
        return number


def everything() -> dict[str, Any]:
    return {"oauth": {"issuer": ISSUER}}


@pytest.fixture
async def world(coalition: Coalition) -> AsyncIterator[World]:
    settings = Settings(**everything())
    made: list[World] = []

    async def find_signed_in(_: object) -> Person | None:
        return made[0].person

    doors = await open_doors(coalition.hub, settings, find_signed_in=find_signed_in)
    api = await build_app(coalition.hub, settings)

    async def who(request: Request) -> Response:
        """Any protected endpoint: it reads on GET and changes something on POST."""
        try:
            actor = await doors.callers.find_actor(request)
        except CallerRefused as refusal:
            return refuse(refusal)
        if actor is None or (request.method == "POST" and not await doors.callers.confirm(actor)):
            return Response(status_code=401)
        return Response(str(actor))

    routes = [*doors.routes, Route("/who", who, methods=["GET", "POST"]), Mount("/", api)]
    app = Starlette(routes=routes)
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as http:
        made.append(World(coalition, http, doors))
        yield made[0]
