"""The client for programs that use asyncio."""

from types import TracebackType
from typing import Final, Self

import httpx

from hub.client.downloads import Downloads
from hub.client.generated.methods import Mutations, Queries, Subscriptions
from hub.client.retries import RetryPolicy
from hub.client.wire import Wire

CONNECTIONS_MAX: Final = 20
_USUAL: Final = RetryPolicy()


class HubClient(Queries, Mutations, Subscriptions, Downloads):
    """A hub, asked over HTTP; open it with `async with`, and use it for many calls at a time.

        async with HubClient("https://hub.example/graphql", auth=BearerToken(token)) as hub:
            done = await hub.issue_points(
                IssuePointsInput(account=AccountInput(reference="card-1"), points=100)
            )

    A refusal by the rules is raised as a class with its data, e.g. `InsufficientPoints`.
    """

    def __init__(
        self,
        url: str,
        *,
        auth: httpx.Auth,
        retries: RetryPolicy = _USUAL,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Prepare a client; nothing is sent yet.

        `url` is the whole address of the API. `transport` is for programs that go through a proxy
        of their own, or for tests.
        """
        self._http = httpx.AsyncClient(
            auth=auth,
            transport=transport,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
        )
        super().__init__(Wire(self._http, url, retries))

    async def __aenter__(self) -> Self:
        """Open it."""
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close its connections."""
        await self._http.__aexit__(kind, error, trace)
