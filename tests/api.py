"""The API for tests: the real application over a coalition, asked through HTTP in one process."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
from sqlalchemy import event
from starlette.applications import Starlette

from auth.keys import ID_KEY, open_key
from auth.tokens import mint_token
from hub.app import build_app
from hub.kernel.actor import HUB_ACTOR, Actor, ActorKind
from hub.kernel.ids import IdKind
from hub.kernel.tx import SET_ACTOR
from hub.ledger.operations import Place
from hub.members.store import LinkedAccount, link_accounts
from hub.settings import Settings
from schema.ids import Audience
from tests.coalition import Coalition

OPERATOR = Actor(ActorKind.OPERATOR)
keys = count(1)


def new_key() -> str:
    """A key that no other request uses."""
    return f"api-{next(keys)}"


@dataclass
class Caller:
    """Somebody with a token."""

    http: httpx.AsyncClient
    headers: dict[str, str]
    audience: Audience | None = None

    async def send(self, query: str, **variables: Any) -> dict[str, Any]:
        """Ask, and give the whole body of the answer."""
        response = await self.http.post(
            "/graphql", json={"query": query, "variables": variables}, headers=self.headers
        )
        assert response.status_code == 200, response.text
        return response.json()

    async def ask(self, query: str, **variables: Any) -> Any:
        """Ask something that is answered without a top-level error."""
        body = await self.send(query, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def fault(self, query: str, **variables: Any) -> str:
        """Ask something that ends in one top-level error, and give its code."""
        body = await self.send(query, **variables)
        (error,) = body["errors"]
        return error["extensions"]["code"]

    async def do(self, mutation: str, selection: str = "", **given: Any) -> dict[str, Any]:
        """Call a mutation with a key of its own unless one is given, and give its payload."""
        data = await self.ask(write_mutation(mutation, selection), input=with_key(given))
        return data[mutation]

    async def refusal(self, mutation: str, **given: Any) -> dict[str, Any]:
        """Call a mutation that is refused with one reason, and give it."""
        (error,) = (await self.do(mutation, **given))["userErrors"]
        return error

    def id(self, kind: IdKind, number: int | Place) -> str:
        """The id of a thing as this caller sees it."""
        assert self.audience is not None
        if isinstance(number, Place):
            return self.audience.write_place(kind, number)
        return self.audience.write(kind, number)


def with_key(given: Mapping[str, Any]) -> dict[str, Any]:
    """The input of a mutation, with a key of its own unless one is given."""
    return {"idempotencyKey": new_key(), **given}


def write_mutation(mutation: str, selection: str = "") -> str:
    """The document of a mutation that asks why it was refused, with the data of some refusals."""
    name = mutation[0].upper() + mutation[1:]
    return (
        f"mutation Do($input: {name}Input!) {{ {mutation}(input: $input) {{ {selection}"
        " userErrors { __typename message code path"
        " ... on InsufficientPoints { availablePoints requiredPoints }"
        " ... on PointsOutOfRange { given pointsMin pointsMax }"
        " ... on RefundExceedsRedeemed { refundablePoints requiredPoints }"
        " ... on OccurredAtOutOfBounds { occurredAt earliest latest }"
        " } } }"
    )


@dataclass
class Api:
    """The application, and whoever has signed in."""

    coalition: Coalition
    app: Starlette
    http: httpx.AsyncClient
    secret: bytes
    callers: dict[Actor, Caller] = field(default_factory=dict)

    async def sign_in(self, actor: Actor) -> Caller:
        """Give the caller that acts for an actor."""
        if actor not in self.callers:
            async with self.coalition.hub.database.begin(HUB_ACTOR) as tx:
                token = await mint_token(tx, actor)
            headers = {"authorization": f"Bearer {token}"}
            self.callers[actor] = Caller(self.http, headers, Audience(self.secret, actor))
        return self.callers[actor]

    async def operator(self) -> Caller:
        """Give the operator."""
        return await self.sign_in(OPERATOR)

    async def partner(self, code: str, **terms: Any) -> Caller:
        """Give a partner, which joins if it has not yet."""
        if code not in self.coalition.partners:
            await self.coalition.partner(code, **terms)
        number = self.coalition.partners[code].partner_id
        return await self.sign_in(Actor(ActorKind.PARTNER, number))

    async def member(self, name: str, **references: str) -> Caller:
        """Give a member, who joins if they have not yet, linked to partners by references."""
        if name not in self.coalition.members:
            await self.coalition.member(name)
        number = self.coalition.members[name].number
        async with self.coalition.hub.database.begin(HUB_ACTOR) as tx:
            for code, reference in references.items():
                partner_id = self.coalition.partners[code].partner_id
                await link_accounts(tx, [LinkedAccount(partner_id, reference, number, tx.now)])
        return await self.sign_in(Actor(ActorKind.MEMBER, number))

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """Count the statements that are sent outside the poster: they are added to the list.

        The one by which every transaction says in whose name it acts is not among them, nor those
        by which a process takes a slice of a client's bucket, once in a while.
        """
        statements: list[str] = []
        engine = self.coalition.hub.database._engine.sync_engine

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement != SET_ACTOR and "cost_buckets" not in statement:
                statements.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(engine, "before_cursor_execute", note)


@asynccontextmanager
async def open_api(coalition: Coalition, **settings: Any) -> AsyncIterator[Api]:
    """Build the application on a coalition, and call it as a client on this machine."""
    app = await build_app(coalition.hub, Settings(**settings))
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        secret = await open_key(coalition.hub.database, ID_KEY)
        yield Api(coalition, app, http, secret)


EVERYTHING = "entryId postedAt wallet { id }"
ISSUED = "entryId lotId postedAt"


async def issue(caller: Caller, reference: str, points: int, **given: Any) -> dict[str, Any]:
    """Let a partner issue points to a member by its own reference, and give the payload."""
    payload = await caller.do(
        "issuePoints", ISSUED, account={"reference": reference}, points=points, **given
    )
    assert payload["userErrors"] == []
    return payload
