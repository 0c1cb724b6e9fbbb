"""The servers that are compared, over one schema: `python -m benchmarks.view.servers NAME PORT`."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final

import orjson
import strawberry
import uvicorn
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache

from hub.kernel.actor import Actor, ActorKind
from schema.settings import ApiSettings
from schema.view.asgi import View
from schema.view.callers import Caller, Credentials
from schema.view.documents import price_nothing
from schema.view.shelf import DocumentShelf

ISSUED: Final = {
    "data": {"issue": {"id": "e1", "points": 5, "available": 105, "userErrors": []}},
}
CALLER: Final = Caller(Actor(ActorKind.PARTNER, 100))


@strawberry.input
class IssueInput:
    """Three fields, as a small mutation has them."""

    idempotency_key: str
    reference: str
    points: int


@strawberry.type
class IssuePayload:
    """Four leaves."""

    id: str
    points: int
    available: int
    user_errors: list[str]


@strawberry.type
class Lot:
    """A lot of a wallet."""

    id: str
    points: int
    remaining_points: int
    issuer: str
    expires_at: str


@strawberry.type
class Wallet:
    """A wallet with lots."""

    id: str
    available_points: int
    lots: list[Lot]


@strawberry.type
class Query:
    """What can be read."""

    @strawberry.field
    async def wallet(self, lots: int) -> Wallet:
        """Give a wallet with so many lots."""
        listed = [
            Lot(
                id=f"l{n}",
                points=10,
                remaining_points=5,
                issuer="AIR",
                expires_at="2027-01-01T00:00:00Z",
            )
            for n in range(lots)
        ]
        return Wallet(id="w1", available_points=100, lots=listed)


@strawberry.type
class Mutation:
    """What can be done."""

    @strawberry.mutation
    async def issue(self, given: IssueInput) -> IssuePayload:
        """Issue points to nobody."""
        points = given.points
        return IssuePayload(id="e1", points=points, available=100 + points, user_errors=[])


BELLS: Final[set["asyncio.Queue[int]"]] = set()


@strawberry.type
class Subscription:
    """What can be followed."""

    @strawberry.subscription
    async def sent(self) -> AsyncGenerator[str, None]:
        """Follow when events are sent, in nanoseconds of the machine's clock."""
        bell: asyncio.Queue[int] = asyncio.Queue()
        BELLS.add(bell)
        try:
            while True:
                yield str(await bell.get())
        finally:
            BELLS.discard(bell)


def make_schema(*extensions: Callable[[], Any]) -> strawberry.Schema:
    """Make the schema, with extensions of Strawberry's."""
    return strawberry.Schema(Query, Mutation, Subscription, extensions=list(extensions))


class Nothing:
    """What resolvers are given."""

    async def close(self) -> None:
        """Give back nothing."""


async def find_caller(_: Credentials) -> Caller:
    """Know everybody."""
    return CALLER


def make_view(**settings: Any) -> View:  # noqa: ANN401 (whatever ApiSettings takes)
    """Make our view."""
    core = make_schema()._schema  # noqa: SLF001 (where Strawberry keeps graphql-core's schema)
    shelf = DocumentShelf(core, compile_price=price_nothing, bytes_max=64 * 1024 * 1024)
    return View(
        core,
        shelf=shelf,
        open_context=lambda _, __: Nothing(),
        find_caller=find_caller,
        settings=ApiSettings(**settings),
        is_development=False,
    )


async def answer_floor(_: Scope, receive: Receive, send: Send) -> None:
    """Read the request and answer what the mutation answers, without GraphQL."""
    body = b""
    while (message := await receive()).get("more_body"):
        body += message["body"]
    orjson.loads(body + message["body"])
    content = orjson.dumps(ISSUED)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def make_app(name: str) -> ASGIApp:
    """Make the application of a name."""
    match name:
        case "floor":
            return answer_floor
        case "stock":
            return GraphQL(make_schema())
        case "cached":
            return GraphQL(make_schema(ParserCache, ValidationCache))
        case "sockets":
            return make_view(connections_per_actor_max=100_000, connections_max=100_000)
    return make_view()


async def serve(name: str, port: int, events_per_second: int) -> None:
    """Serve, and ring the bell so often."""
    config = uvicorn.Config(
        make_app(name),
        host="127.0.0.1",
        port=port,
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        lifespan="off",
        log_level="error",
        backlog=4096,
        timeout_graceful_shutdown=1,
    )
    ringing = asyncio.create_task(ring(events_per_second))
    await uvicorn.Server(config).serve()
    ringing.cancel()


async def ring(events_per_second: int) -> None:
    """Send so many events a second, each to one subscriber in turn."""
    import time  # noqa: PLC0415 (for this bench only)

    turn = 0
    gap = 1 / events_per_second if events_per_second else 3600
    due = time.monotonic()
    while True:
        due += gap
        await asyncio.sleep(max(0, due - time.monotonic()))
        bells = list(BELLS)
        if bells:
            bells[turn % len(bells)].put_nowait(time.monotonic_ns())
            turn += 1


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
