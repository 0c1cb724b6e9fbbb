"""The client for programs without asyncio: scripts, web frameworks that wait, notebooks' cells."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx

from hub.client.asynchronous import HubClient
from hub.client.downloads import BlockingDownloads
from hub.client.generated.waiting import (
    BlockingMutations,
    BlockingQueries,
    BlockingSubscriptions,
)
from hub.client.reading import Json
from hub.client.retries import RetryPolicy

_USUAL: Final = RetryPolicy()


class BlockingHubClient(
    BlockingQueries, BlockingMutations, BlockingSubscriptions, BlockingDownloads
):
    """A hub, asked over HTTP, one call at a time; open it with `with`, use it in one thread.

    with BlockingHubClient("https://hub.example/graphql", auth=BearerToken(token)) as hub:
        done = hub.issue_points(
            IssuePointsInput(account=AccountInput(reference="card-1"), points=100)
        )
    """

    def __init__(
        self,
        url: str,
        *,
        auth: httpx.Auth,
        retries: RetryPolicy = _USUAL,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Prepare a client; nothing is sent yet. See `HubClient`."""
        self._hub = HubClient(url, auth=auth, retries=retries, transport=transport)
        super().__init__(self._hub, asyncio.Runner())

    def execute(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        operation_name: str | None = None,
    ) -> Json:
        """Send a document of your own, and give its `data` as it came. See `HubClient.execute`."""
        return self._run(self._hub.execute(document, variables, operation_name=operation_name))

    def __enter__(self) -> Self:
        """Open it."""
        self._runner.__enter__()
        self._run(self._hub.__aenter__())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close its connections."""
        try:
            self._run(self._hub.__aexit__(kind, error, trace))
        finally:
            self._runner.__exit__(kind, error, trace)
