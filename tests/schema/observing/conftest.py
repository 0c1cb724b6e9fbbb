"""An API whose spans are kept."""

from contextlib import asynccontextmanager

import httpx
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from auth.keys import ID_KEY, open_key
from hub.app import build_app
from hub.settings import Settings
from hub.tracing import make_provider
from tests.api import Api, open_api


@pytest.fixture
async def api(coalition):
    async with open_api(coalition) as opened:
        yield opened


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
async def traced(coalition, exporter):
    async with open_traced(coalition, exporter) as opened:
        yield opened


@asynccontextmanager
async def open_traced(coalition, exporter, *, percent=100):
    """The API with a tracer that hands every span to the exporter when it ends."""
    provider = make_provider(SimpleSpanProcessor(exporter), percent=percent)
    app = await build_app(coalition.hub, Settings(), tracer=provider.get_tracer("test"))
    transport = httpx.ASGITransport(
        app=app, client=("127.0.0.1", 50_000), raise_app_exceptions=False
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield Api(coalition, app, http, await open_key(coalition.hub.database, ID_KEY))
    provider.shutdown()
