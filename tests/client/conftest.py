"""What tests of the partners' client share: the real application, and clients of it."""

import httpx
import pytest

from hub.client.asynchronous import HubClient
from hub.client.bearer import BearerToken
from hub.client.retries import RetryPolicy
from tests.api import open_api

ADDRESS = "http://localhost/graphql"
SOON = RetryPolicy(tries_max=4, pause_min_ms=1, pause_max_ms=2)


@pytest.fixture
async def api(coalition):
    async with open_api(coalition) as opened:
        yield opened


@pytest.fixture
def connect(api):
    """Open a client for one who has signed in."""

    def connect(caller):
        token = caller.headers["authorization"].removeprefix("Bearer ")
        transport = httpx.ASGITransport(app=api.app, client=("127.0.0.1", 50_000))
        return HubClient(ADDRESS, auth=BearerToken(token), retries=SOON, transport=transport)

    return connect
