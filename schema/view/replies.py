"""The HTTP around an answer: its head, its status, its body."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from graphql import GraphQLError
from starlette.types import Receive, Send

from schema.faults import NOTHING, FaultCode, present
from schema.view.negotiation import MediaType

_PLAIN_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)


def write_headers(content_type: str, *more: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Write the head of an answer: nothing here may be kept by a cache."""
    return [(b"content-type", content_type.encode()), *_PLAIN_HEADERS, *more]


async def send_json(
    send: Send,
    body: Mapping[str, Any],
    *,
    media_type: MediaType,
    status: int,
    headers: Mapping[str, str] = NOTHING,
) -> None:
    """Send an answer that is one document."""
    content = orjson.dumps(body)
    head = write_headers(
        f"{media_type}; charset=utf-8",
        (b"content-length", str(len(content)).encode()),
        *((name.encode(), value.encode()) for name, value in headers.items()),
    )
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": content})


def status_of(status: int | None, media_type: MediaType) -> int:
    """Choose the status of an answer of which nothing was executed.

    Source: GraphQL over HTTP: 4xx for application/graphql-response+json; for application/json,
    which older clients ask for, 200 when the request itself was well-formed.
    """
    if status is not None:
        return status
    is_strict = media_type is MediaType.GRAPHQL_JSON
    return int(HTTPStatus.BAD_REQUEST if is_strict else HTTPStatus.OK)


async def wait_until_gone(receive: Receive) -> None:
    """Wait until the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass


def masked(error: Exception) -> dict[str, Any]:
    """Write what went wrong outside of any field as the client may see it; it is in the log."""
    return {"errors": [present(GraphQLError(str(error), original_error=error))]}


def status_of_masked(body: Mapping[str, Any]) -> int:
    """Choose the status for what went wrong: something that passes, or our own mistake."""
    (error,) = body["errors"]
    is_passing = error["extensions"]["code"] in {FaultCode.OVERLOADED, FaultCode.OUTCOME_UNKNOWN}
    return int(HTTPStatus.SERVICE_UNAVAILABLE if is_passing else HTTPStatus.INTERNAL_SERVER_ERROR)
