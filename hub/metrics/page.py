"""The page for Prometheus: who may read it, and what is on it."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Metric, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import Response

from auth.loopback import is_local
from hub.kernel.retries import write_error
from hub.kernel.settings import MetricsSettings
from hub.kernel.tx import Database
from hub.metrics.books import BOOKS, refresh_metrics
from hub.metrics.counted import Counted, Tell, gauge

log = structlog.get_logger()

METRICS_PATH: Final = "/metrics"
BOOKS_SECONDS_MAX: Final = 5
"""How long the database may take; without it, the rest is told all the same."""


class MetricsPage:
    """What is counted, as one page."""

    def __init__(self, database: Database, *tells: Tell) -> None:
        self._database = database
        self._are_books_read = False
        self._reading = asyncio.Lock()
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        self._registry.register(Counted(self._tell_books, *tells))

    async def write(self) -> bytes:
        """Write the page; those who ask at the same time wait for each other."""
        async with self._reading:
            try:
                async with asyncio.timeout(BOOKS_SECONDS_MAX):
                    await refresh_metrics(self._database)
            except Exception as error:  # noqa: BLE001 (the figures of the process are still good)
                log.warning("metrics.books_not_read", error=write_error(error))
                self._are_books_read = False
                return generate_latest(self._registry)
            self._are_books_read = True
            return generate_latest(self._registry) + generate_latest(BOOKS)

    def _tell_books(self) -> list[Metric]:
        says = "Whether the database was read: else the figures of the books are not told."
        return [gauge("hub_books_read", says, int(self._are_books_read))]


def answering(
    page: MetricsPage, settings: MetricsSettings, *, is_for_local: bool
) -> Callable[[Request], Awaitable[Response]]:
    """Make the answer to `GET /metrics`.

    With a token it is for who sends it. Without one it is for this machine, where `is_for_local`,
    and else for nobody: it is as if it were not there.
    """

    async def answer(request: Request) -> Response:
        if settings.token is not None:
            token = settings.token.get_secret_value()
            if not is_shown(request.headers.get("authorization"), token):
                headers = {"www-authenticate": "Bearer"}
                return Response(status_code=401, headers=headers)
        else:
            client = request.client.host if request.client else None
            if not is_for_local or not is_local(client, request.headers.get("host")):
                return Response("Not Found", status_code=404)
        return Response(
            await page.write(),
            media_type=CONTENT_TYPE_PLAIN_0_0_4,
            headers={"cache-control": "no-store"},
        )

    return answer


def is_shown(authorization: str | None, token: str) -> bool:
    """Whether a header shows the token; the time that takes tells nothing of it."""
    scheme, _, given = (authorization or "").partition(" ")
    is_same = hmac.compare_digest(given.strip().encode(), token.encode())
    return is_same and scheme.lower() == "bearer"
