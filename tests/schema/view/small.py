"""A small schema behind the view: what the view does shows without a hub."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import httpx
import strawberry
from strawberry.schema.config import StrawberryConfig

from hub.kernel.clock import system_clock
from schema.faults import bad_input
from schema.settings import ApiSettings
from schema.view.asgi import View
from schema.view.documents import price_nothing
from schema.view.shelf import DocumentShelf


@dataclass
class Given:
    """What resolvers are given, and what they have noticed."""

    caller: Any
    request_id: str
    is_closed: bool = False

    async def close(self) -> None:
        self.is_closed = True


@dataclass
class Notes:
    """What happened in the resolvers."""

    contexts: list[Given] = field(default_factory=list)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    done: list[str] = field(default_factory=list)


NOTES: list[Notes] = []
"""Of the test that runs: the schema is built once, the notes are made for each test."""


@strawberry.type
class Deep:
    name: str = "deep"

    @strawberry.field
    async def late(self) -> str:
        await asyncio.sleep(0)
        return "late"

    @strawberry.field
    async def numbers(self) -> list[int]:
        return [1, 2, 3]

    @strawberry.field
    async def broken(self) -> str | None:
        raise ZeroDivisionError("secret")

    @strawberry.field
    async def hopeless(self) -> str:
        raise ZeroDivisionError("secret")


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "world"

    @strawberry.field
    def echo(self, text: str = "nothing") -> str:
        return text

    @strawberry.field
    def deep(self) -> Deep:
        return Deep()

    @strawberry.field
    async def boom(self) -> str:
        raise ZeroDivisionError("secret")

    @strawberry.field
    async def wait(self) -> str:
        notes = NOTES[-1]
        notes.started.set()
        try:
            await notes.released.wait()
        except asyncio.CancelledError:
            notes.cancelled.set()
            raise
        return "waited"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def wait(self) -> str:
        notes = NOTES[-1]
        notes.started.set()
        await notes.released.wait()
        notes.done.append("mutation")
        return "done"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        try:
            for number in range(to):
                yield number
                await asyncio.sleep(0)
        finally:
            NOTES[-1].ended.set()

    @strawberry.subscription
    async def forever(self) -> AsyncGenerator[str, None]:
        notes = NOTES[-1]
        notes.started.set()
        try:
            yield "first"
            await asyncio.Event().wait()
        finally:
            notes.ended.set()

    @strawberry.subscription
    async def fails(self, after: int) -> AsyncGenerator[int, None]:
        for number in range(after):
            yield number
        raise ZeroDivisionError("secret")

    @strawberry.subscription
    async def refuses(self) -> AsyncGenerator[int, None]:
        raise bad_input("Not that.")
        yield 0


SCHEMA = strawberry.Schema(
    Query,
    Mutation,
    Subscription,
    config=StrawberryConfig(enable_experimental_incremental_execution=True),
)


async def find_nobody(_: Any) -> None:
    return None


def make_view(*, is_development: bool = True, settings: dict[str, Any] | None = None, **more: Any):
    """Make a view over the small schema, and notes of what its resolvers do."""
    notes = Notes()
    NOTES.append(notes)
    limits = ApiSettings(**(settings or {}))

    def open_context(caller: Any, request_id: str) -> Given:
        notes.contexts.append(Given(caller, request_id))
        return notes.contexts[-1]

    core = SCHEMA._schema
    given = {
        "shelf": DocumentShelf(
            core, compile_price=price_nothing, bytes_max=limits.documents_max_bytes
        ),
        "open_context": open_context,
        "find_caller": find_nobody,
        "settings": limits,
        "is_development": is_development,
        "clock": system_clock,
    }
    return View(core, **(given | more)), notes


def client(view: View) -> httpx.AsyncClient:
    """Ask the view over HTTP, in this process."""
    transport = httpx.ASGITransport(app=view, client=("127.0.0.1", 50_000))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


async def post(view: View, given: Any, **headers: str) -> httpx.Response:
    """Post a request; headers in Python's spelling."""
    async with client(view) as http:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return await http.post("/graphql", json=given, headers=names)


async def get(view: View, params: dict[str, str], **headers: str) -> httpx.Response:
    """Ask by GET."""
    async with client(view) as http:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return await http.get("/graphql", params=params, headers=names)


def code_of(response: httpx.Response) -> str:
    """The code of the one error of an answer without data."""
    body = response.json()
    assert "data" not in body
    (error,) = body["errors"]
    return error["extensions"]["code"]
