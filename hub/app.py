"""The web application: /graphql for everybody, /health and /ready for whoever runs it."""

import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth.keys import ID_KEY, open_key
from auth.loopback import is_local
from auth.tokens import TokenBook
from hub.kernel.actor import Actor
from hub.kernel.database import find_revision, newest_revision
from hub.settings import Profile, Settings
from hub.wiring import Hub
from schema.endpoint import Endpoint, FindActor
from schema.graphiql import mount_files, show_page

log = structlog.get_logger()

GRAPHQL_PATH: Final = "/graphql"
QUIET_PATHS: Final = frozenset({"/health", "/ready"})
"""Asked every few seconds by whoever runs the hub: told in the log only when they fail."""

FAULT_MIN: Final = 500
_BEARER: Final = "bearer "
_REQUEST_ID: Final = b"x-request-id"


async def build_app(hub: Hub, settings: Settings) -> Starlette:
    """Build the application on an open hub; closing the hub is for who opened it."""
    endpoint = Endpoint(
        hub,
        find_actor=find_actor_with(hub, settings),
        id_secret=await open_key(hub.database, ID_KEY),
        settings=settings.api,
    )
    routes: list[BaseRoute] = [
        Route(GRAPHQL_PATH, endpoint.answer, methods=["POST"]),
        Route("/health", health, methods=["GET"]),
        Route("/ready", ready_on(hub), methods=["GET"]),
    ]
    if settings.profile is Profile.DEVELOPMENT:
        routes += [Route(GRAPHQL_PATH, graphiql, methods=["GET"]), mount_files()]
    app = Starlette(routes=routes)
    app.add_middleware(AccessLog)
    return app


def find_actor_with(hub: Hub, settings: Settings) -> FindActor:
    """Choose how callers show who they are: so far, tokens of the development profile only."""
    book = TokenBook(hub.database)

    async def find_development_actor(request: Request) -> Actor | None:
        header = request.headers.get("authorization", "")
        client = request.client.host if request.client else None
        if not header.lower().startswith(_BEARER):
            return None
        if not is_local(client, request.headers.get("host")):
            log.warning("app.token_refused", reason="not from this machine")
            return None
        return await book.find_actor(header[len(_BEARER) :].strip())

    async def find_nobody(_: Request) -> Actor | None:
        return None

    is_development = settings.profile is Profile.DEVELOPMENT
    return find_development_actor if is_development else find_nobody


async def graphiql(request: Request) -> Response:
    """Show the page for developers to browsers; there are no queries over GET."""
    if "text/html" in request.headers.get("accept", ""):
        return show_page()
    return Response("Use POST.", status_code=405, headers={"allow": "POST"})


async def health(_: Request) -> Response:
    """Say that the process runs."""
    return JSONResponse({"status": "up"})


def ready_on(hub: Hub) -> Callable[[Request], Awaitable[Response]]:
    """Make the answer to whether requests can be served: the database is there, and migrated."""
    expected = newest_revision()

    async def ready(_: Request) -> Response:
        try:
            is_ready = await find_revision(hub.database.url) == expected
        except Exception as error:  # noqa: BLE001 (whatever it is, the answer is: not ready)
            log.warning("app.database_unreachable", error=type(error).__name__)
            is_ready = False
        status = "ready" if is_ready else "not ready"
        return JSONResponse({"status": status}, status_code=200 if is_ready else 503)

    return ready


class AccessLog:
    """Gives every request an id, and tells the log what became of it: ids only, no contents."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and log it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope["request_id"] = secrets.token_hex(8)
        started = time.monotonic_ns()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (_REQUEST_ID, request_id.encode()),
                ]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                path = scope["path"] if scope.get("endpoint") else "unknown"
                if path not in QUIET_PATHS or status >= FAULT_MIN:
                    log.info(
                        "app.request_answered",
                        method=scope["method"],
                        path=path,
                        status=status,
                        milliseconds=(time.monotonic_ns() - started) // 1_000_000,
                    )
