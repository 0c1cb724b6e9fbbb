"""Every request: its id, its line in the log, its counts, its span; ids only, no contents."""

import secrets
import time
from collections import Counter
from collections.abc import Iterable
from typing import Final

import structlog
from opentelemetry.trace import SpanKind, Tracer
from starlette.datastructures import Headers
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.kernel.effort import effort_under
from hub.kernel.spread import DURATIONS, MILLISECOND, Spread
from hub.kernel.traces import TRACEPARENT, Trace, begin_traces

log = structlog.get_logger()

QUIET_PATHS: Final = frozenset({"/health", "/ready", "/metrics"})
"""Asked every few seconds by whoever runs the hub: told in the log only when they fail."""

FAULT_MIN: Final = 500
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "other"
_REQUEST_ID: Final = b"x-request-id"


class RequestFigures:
    """How many requests there were, by names of which there are only so many."""

    def __init__(self) -> None:
        self._paths: frozenset[str] = frozenset()
        self.counts: Counter[tuple[str, str, int]] = Counter()
        """By method, path and status."""
        self.durations: dict[str, Spread] = {}
        """Nanoseconds, by path."""
        self.refused: Counter[str] = Counter()
        """Callers whose token, proof or session was not good, by the code that they were told."""

    def know(self, routes: Iterable[BaseRoute]) -> None:
        """Learn the paths of an application: those in which nothing varies."""
        paths = (route.path for route in routes if isinstance(route, Route))
        self._paths = frozenset(path for path in paths if "{" not in path)

    def name_path(self, path: str) -> str:
        """Name a path: one of ours that holds no names of things, or `other`."""
        return path if path in self._paths else OTHER

    def note(self, method: str, path: str, status: int, nanoseconds: int) -> None:
        """Count a request that was answered."""
        named = self.name_path(path)
        self.counts[method if method in METHODS else OTHER, named, status] += 1
        durations = self.durations.get(named)
        if durations is None:
            durations = self.durations[named] = Spread(DURATIONS)
        durations.note(nanoseconds)


class AccessLog:
    """Gives every request an id, and tells the log, the figures and the traces what became of it.

    A socket gets an id; its operations are spans of their own, for it may live for days.
    """

    def __init__(self, app: ASGIApp, *, figures: RequestFigures, tracer: Tracer | None) -> None:
        self._app = app
        self._figures = figures
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and tell of it."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request_id = scope["request_id"] = secrets.token_hex(8)
        trace = self._begin(scope, request_id)
        bound = {"request_id": request_id}
        if trace is not None and trace.span is not None:
            bound["trace_id"] = trace.trace_id
        with structlog.contextvars.bound_contextvars(**bound), effort_under(trace):
            if scope["type"] == "http":
                await self._answer(scope, receive, send, trace)
            else:
                await self._app(scope, receive, send)

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, trace: Trace | None
    ) -> None:
        started = time.perf_counter_ns()
        request_id = scope["request_id"].encode()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (_REQUEST_ID, request_id)]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            nanoseconds = time.perf_counter_ns() - started
            self._figures.note(scope["method"], scope["path"], status, nanoseconds)
            if trace is not None:
                trace.end({"http.response.status_code": status}, has_failed=status >= FAULT_MIN)
            path = scope["path"] if scope.get("endpoint") else "unknown"
            if path not in QUIET_PATHS or status >= FAULT_MIN:
                log.info(
                    "app.request_answered",
                    method=scope["method"],
                    path=path,
                    status=status,
                    milliseconds=nanoseconds // MILLISECOND,
                )

    def _begin(self, scope: Scope, request_id: str) -> Trace | None:
        """Begin the span of a request, in the trace that its caller names."""
        if self._tracer is None:
            return None
        traces = begin_traces(self._tracer, Headers(scope=scope).get(TRACEPARENT))
        if scope["type"] == "websocket":
            return traces
        method = scope["method"] if scope["method"] in METHODS else OTHER
        path = self._figures.name_path(scope["path"])
        return traces.begin(
            f"{method} {path}",
            {"http.request.method": method, "http.route": path, "hub.request_id": request_id},
            kind=SpanKind.SERVER,
        )
