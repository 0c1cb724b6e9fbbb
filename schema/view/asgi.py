"""The view: one ASGI application for HTTP and for sockets, over one schema."""

from collections.abc import Awaitable, Callable
from typing import Final

from graphql import GraphQLSchema
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from hub.kernel.clock import Clock, system_clock
from schema.settings import ApiSettings
from schema.view.callers import Caller, FindCaller
from schema.view.engine import Engine, OperationContext
from schema.view.gate import Gate, OpenGate
from schema.view.http import Door, answer
from schema.view.presence import Presence
from schema.view.shelf import DocumentShelf, FindText
from schema.view.sockets import answer_socket
from schema.view.watching import Watch, look_away

Page = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN_GATE: Final = OpenGate()


async def find_nothing(_: str) -> str | None:
    """Find no trusted document: there are none."""
    return None


class View:
    """Answers GraphQL over HTTP and over sockets, for whoever `find_caller` says they come from.

    `open_context` makes what resolvers are given, for each operation and each event. `page` is
    shown to browsers that ask for nothing.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        shelf: DocumentShelf,
        open_context: Callable[[Caller | None, str], OperationContext],
        find_caller: FindCaller,
        settings: ApiSettings,
        is_development: bool,
        clock: Clock = system_clock,
        find_text: FindText = find_nothing,
        gate: Gate = OPEN_GATE,
        watch: Watch = look_away,
        page: Page | None = None,
    ) -> None:
        self.presence = Presence(
            per_caller_max=settings.connections_per_actor_max, all_max=settings.connections_max
        )
        engine = Engine(schema, shelf, gate, find_text, open_context, watch, settings)
        self.shelf = shelf
        self.traffic = engine.traffic
        self._door = Door(
            engine=engine,
            presence=self.presence,
            find_caller=find_caller,
            clock=clock,
            preflights_get=not is_development,
        )
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or serve a socket."""
        if scope["type"] == "websocket":
            await answer_socket(self._door, scope, receive, send)
        elif self._page is not None and _wants_page(scope):
            await self._page(scope, receive, send)
        else:
            await answer(self._door, scope, receive, send)

    def stop(self) -> None:
        """Let sockets go away and streams come to their end: the hub is stopping."""
        self.presence.stop()


def _wants_page(scope: Scope) -> bool:
    """Whether a browser asks for something to look at."""
    return (
        scope["method"] == "GET"
        and not scope["query_string"]
        and "text/html" in Headers(scope=scope).get("accept", "")
    )
