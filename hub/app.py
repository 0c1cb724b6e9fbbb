"""The web application: /graphql for everybody, /health and /ready for whoever runs it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from opentelemetry.trace import Tracer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from auth.addresses import BehindProxies, read_networks
from auth.callers import Callers, Shown, userinfo_route
from auth.consents.orders import Agreement
from auth.consents.till import TILL_KEY
from auth.keys import ID_KEY, open_key
from auth.oauth.endpoints import oauth_routes
from auth.oauth.errors import CallerRefused
from auth.oauth.provider import PartnerName, Provider, open_provider
from auth.people.sessions.browsers import Browsers
from auth.people.sessions.pages import session_routes
from auth.people.sessions.passkeys import passkey_routes
from auth.persons import FindSignedIn
from auth.tokens import TokenBook
from hub.access import AccessLog, RequestFigures
from hub.kernel.actor import Actor
from hub.kernel.database import find_revision, newest_revision
from hub.metrics.counted import tell_hub, tell_operations, tell_requests, tell_view
from hub.metrics.page import METRICS_PATH, MetricsPage, answering
from hub.metrics.watchers import Watchers
from hub.settings import Profile, Settings
from hub.wiring import Hub
from schema.context import Context
from schema.cost.gate import BucketGate
from schema.cost.pricing import compile_price
from schema.documents.publishing import finding_text
from schema.exports.download import export_routes
from schema.faults import Fault, FaultCode
from schema.graphiql import mount_files, show_page
from schema.ids import Audiences
from schema.roots import CORE
from schema.view.asgi import View
from schema.view.callers import Caller, Credentials, FindCaller
from schema.view.shelf import DocumentShelf

log = structlog.get_logger()

GRAPHQL_PATH: Final = "/graphql"


async def build_app(hub: Hub, settings: Settings, *, tracer: Tracer | None = None) -> Starlette:
    """Build the application on an open hub; closing the hub is for who opened it.

    With a tracer every request has a span.
    """
    doors = await open_doors(hub, settings)
    watchers = Watchers(settings.api)
    await watchers.learn_names(hub.database)
    gate = BucketGate(hub.database, settings.api.cost)
    view = await open_view(hub, settings, doors.callers, watchers, gate)
    is_development = settings.profile is Profile.DEVELOPMENT
    page = MetricsPage(
        hub.database,
        partial(tell_hub, hub),
        partial(tell_operations, watchers.operations, watchers.slow),
        partial(tell_view, view.shelf, view.traffic),
        partial(tell_requests, watchers.requests),
    )
    metrics = answering(page, settings.metrics, is_for_local=is_development)
    routes: list[BaseRoute] = [
        Route(GRAPHQL_PATH, view),
        WebSocketRoute(GRAPHQL_PATH, view),
        Route("/health", health, methods=["GET"]),
        Route("/ready", ready_on(hub), methods=["GET"]),
        Route(METRICS_PATH, metrics, methods=["GET"]),
        *export_routes(
            hub,
            audiences=Audiences(await open_key(hub.database, ID_KEY)),
            find_caller=find_caller_with(doors.callers, watchers.requests),
            gate=gate,
            settings=settings.api.exports,
            all_open=view.presence,
        ),
        *doors.routes,
    ]
    if is_development:
        routes.append(mount_files())
    watchers.requests.know(routes)
    app = Starlette(routes=routes)
    # From `/oauth/token/` to `/oauth/token` would lead over whatever `Host` says.
    app.router.redirect_slashes = False
    app.state.view = view
    app.state.uses = watchers.uses
    app.state.metrics = page
    app.add_exception_handler(CallerRefused, answering_refused(watchers.requests))
    app.add_middleware(AccessLog, figures=watchers.requests, tracer=tracer)
    proxies = read_networks(settings.serve.trusted_proxies)
    if proxies:
        header = settings.serve.proxy_header
        app.add_middleware(BehindProxies, trusted=proxies, header=header)
    return app


async def open_view(
    hub: Hub, settings: Settings, callers: Callers, watchers: Watchers, gate: BucketGate
) -> View:
    """Make the view of the API: its documents, its gate, who calls it, what resolvers are given."""
    audiences = Audiences(await open_key(hub.database, ID_KEY))
    shelf = DocumentShelf(
        CORE, compile_price=compile_price, bytes_max=settings.api.documents_max_bytes
    )
    is_development = settings.profile is Profile.DEVELOPMENT
    agreement = Agreement(settings.asks_members, await open_key(hub.database, TILL_KEY))

    def open_context(caller: Caller | None, request_id: str) -> Context:
        return Context(
            hub,
            actor=caller.actor if caller else None,
            audiences=audiences,
            request_id=request_id,
            documents=shelf,
            gate=gate,
            agreement=agreement,
            confirm=callers.confirm,
        )

    return View(
        CORE,
        shelf=shelf,
        open_context=open_context,
        find_caller=find_caller_with(callers, watchers.requests),
        settings=settings.api,
        is_development=is_development,
        clock=hub.clock,
        find_text=watchers.names.noting(finding_text(hub.database)),
        gate=gate,
        watch=watchers.watch,
        page=show_page() if is_development else None,
    )


def find_caller_with(callers: Callers, figures: RequestFigures) -> FindCaller:
    """Let the view ask who calls, and be refused in the words of the API."""

    async def find(credentials: Credentials) -> Caller | None:
        try:
            actor = await find_actor(credentials)
        except CallerRefused as refusal:
            figures.refused[refusal.error] += 1
            raise fault_of(refusal) from None
        return None if actor is None else Caller(actor, partial(callers.confirm, actor))

    async def find_actor(credentials: Credentials) -> Actor | None:
        connection, payload = credentials.connection, credentials.payload
        authorization = payload.get("authorization")
        if not isinstance(authorization, str):
            return await callers.find_actor(connection)
        proof = payload.get("dpop")
        return await callers.find_actor_of(
            Shown(
                authorization=authorization,
                proofs=(proof,) if isinstance(proof, str) else (),
                method="GET",
                path=connection.url.path,
                client_host=connection.client.host if connection.client else None,
                host=connection.headers.get("host"),
            )
        )

    return find


def fault_of(refusal: CallerRefused) -> Fault:
    """Say in the words of the API why a token is not good, or how long to wait with the next."""
    wait = refusal.retry_after_seconds
    return Fault(
        FaultCode.UNAUTHENTICATED if wait is None else FaultCode.THROTTLED,
        refusal.description,
        status=refusal.status,
        headers=refusal.headers,
        error=refusal.error,
        **({} if wait is None else {"retryAfter": wait}),
    )


@dataclass(frozen=True, slots=True)
class Doors:
    """How one gets in: who says who calls, and the pages where one gets what to show."""

    provider: Provider
    callers: Callers
    routes: tuple[BaseRoute, ...]


async def open_doors(
    hub: Hub, settings: Settings, *, find_signed_in: FindSignedIn | None = None
) -> Doors:
    """Open the ways to show who one is; development tokens work in their profile only.

    Errors: KeyNotReadable.
    """

    def name_of(partner_id: int) -> PartnerName:
        partner = hub.register.get_partner_by_id(partner_id)
        return PartnerName(partner.name_en, partner.name_zh)

    browsers = Browsers(hub.database, origin=settings.issuer)
    provider = await open_provider(
        hub.database,
        settings.oauth,
        issuer=settings.issuer,
        verdicts=hub.verdicts,
        name_of=name_of,
        find_signed_in=find_signed_in or browsers.find_signed_in,
    )
    is_development = settings.profile is Profile.DEVELOPMENT
    callers = Callers(
        provider,
        book=TokenBook(hub.database) if is_development else None,
        find_session=browsers.find_session_actor,
        confirm_session=browsers.is_open,
    )
    hub.revoked.on_ring(callers.refresh)
    routes = (
        *oauth_routes(provider),
        userinfo_route(callers, provider),
        *session_routes(browsers),
        *passkey_routes(browsers),
    )
    return Doors(provider, callers, routes)


def answering_refused(
    figures: RequestFigures,
) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Make the answer to whoever showed a token that is not good, as GraphQL and OAuth have it."""

    async def answer(_: Request, refusal: Exception) -> Response:
        assert isinstance(refusal, CallerRefused), "it is the handler of these"
        figures.refused[refusal.error] += 1
        return JSONResponse(
            {"errors": [fault_of(refusal).formatted]},
            status_code=refusal.status,
            headers={**refusal.headers, "cache-control": "no-store"},
        )

    return answer


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
