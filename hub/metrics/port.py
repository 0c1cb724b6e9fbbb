"""A port of its own for the metrics: of a worker, or of a hub that is served to the world."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from hub.kernel.settings import MetricsSettings
from hub.metrics.page import METRICS_PATH, MetricsPage, answering

log = structlog.get_logger()

STOP_SECONDS: Final = 2


class PortServer(uvicorn.Server):
    """A server beside the one that hears the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to whoever runs the process."""
        yield


@asynccontextmanager
async def metrics_port(page: MetricsPage, settings: MetricsSettings) -> AsyncIterator[int | None]:
    """Serve the page on its port while the block runs, if there is to be one; give the port."""
    if settings.port is None:
        yield None
        return
    host = settings.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, settings.port), family=family)
    port: int = listener.getsockname()[1]
    answer = answering(page, settings, is_for_local=True)
    config = uvicorn.Config(
        Starlette(routes=[Route(METRICS_PATH, answer, methods=["GET"])]),
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = PortServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="metrics-port")
    log.info("metrics.port_opened", port=port)
    try:
        yield port
    finally:
        server.should_exit = True
        await serving
