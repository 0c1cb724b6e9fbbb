"""GraphQL over HTTP, to the letter: one request, one answer, or a stream of them.

Source: https://graphql.github.io/graphql-over-http/draft/ and its audits (`graphql-http`).
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from graphql import OperationType
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from hub.kernel.clock import Clock
from schema.faults import Fault, FaultCode
from schema.view.asked import Asked, bad_request, read_body, read_query_string
from schema.view.bodies import Body
from schema.view.callers import Caller, Credentials, FindCaller
from schema.view.documents import PreparedOperation
from schema.view.engine import (
    Engine,
    Origin,
    Ready,
    Refused,
    execute_events,
    execute_incrementally,
    execute_once,
    make_ready,
)
from schema.view.framing import framing_of
from schema.view.incremental import PathWriter, wants_paths
from schema.view.negotiation import (
    MediaType,
    choose_document,
    choose_single,
    choose_stream,
    rank,
    read_accept,
)
from schema.view.presence import Presence, TooManyConnections, key_of
from schema.view.replies import (
    masked,
    send_json,
    status_of,
    status_of_masked,
    wait_until_gone,
)
from schema.view.streams import Pace, send_in_stream, send_stream
from schema.view.watching import Transport

METHODS: Final = "GET, POST"
PREFLIGHTED: Final = (
    "graphql-preflight",
    "graphql-require-preflight",
    "apollo-require-preflight",
    "x-apollo-operation-name",
)
"""Headers that a page of another site cannot send unless we allow it, which we do not."""
TOKEN_SCHEMES: Final = frozenset({"bearer", "dpop"})
CLIENT_NAMES: Final = ("graphql-client-name", "apollographql-client-name", "x-client-name")
CLIENT_VERSIONS: Final = (
    "graphql-client-version",
    "apollographql-client-version",
    "x-client-version",
)
CLIENT_CHARACTERS_MAX: Final = 100
_DIGITS_MAX: Final = 20


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True, slots=True)
class Door:
    """What every HTTP request needs besides itself."""

    engine: Engine
    presence: Presence
    find_caller: FindCaller
    clock: Clock
    preflights_get: bool


@lru_cache(maxsize=256)
def accepted_types(accept: str | None) -> tuple[MediaType, ...]:
    """Rank what a client accepts; clients send few different headers."""
    return tuple(rank(read_accept(accept)))


async def answer(door: Door, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one HTTP request."""
    headers = Headers(scope=scope)
    accepted = accepted_types(headers.get("accept"))
    media_type = choose_document(accepted)
    try:
        asked = await _read(door, scope, headers, receive)
        origin = await _find_origin(door, scope, headers)
        ready = await make_ready(
            door.engine, asked, origin, lambda chosen: _check(scope, accepted, chosen)
        )
        await _execute(door, ready, headers, receive, send)
    except Fault as fault:
        body = {"errors": [fault.formatted]}
        status = status_of(fault.status, media_type)
        await send_json(send, body, media_type=media_type, status=status, headers=fault.headers)
    except Refused as refused:
        await _refuse(refused, accepted, send)
    except ClientGone:
        pass
    except Exception as error:  # noqa: BLE001 (masked, and logged)
        body = masked(error)
        await send_json(send, body, media_type=media_type, status=status_of_masked(body))


async def _refuse(refused: Refused, accepted: tuple[MediaType, ...], send: Send) -> None:
    single = choose_single(accepted)
    if single is not None and single.is_stream and refused.status is None:
        await send_in_stream(send, refused.body, framing_of(single, is_subscription=False))
        return
    media_type = choose_document(accepted)
    await send_json(
        send,
        refused.body,
        media_type=media_type,
        status=status_of(refused.status, media_type),
        headers=refused.headers,
    )


async def _read(door: Door, scope: Scope, headers: Headers, receive: Receive) -> Asked:
    """Read what is asked for.

    Errors: Fault.
    """
    if not accepted_types(headers.get("accept")):
        raise bad_request("None of the media types in Accept can be sent.", status=406)
    if scope["method"] == "POST":
        try:
            async with asyncio.timeout(door.engine.settings.body_seconds):
                content = await _read_content(door, headers, receive)
        except TimeoutError:
            raise _too_slow(door.engine.settings.body_seconds) from None
        return read_body(content)
    if scope["method"] != "GET":
        raise Fault(
            FaultCode.BAD_REQUEST,
            f"Use {METHODS}.",
            status=405,
            headers={"allow": METHODS},
        )
    asked = read_query_string(scope["query_string"])
    if asked.query is not None and not door.engine.settings.allows_get_queries:
        raise Fault(
            FaultCode.BAD_REQUEST,
            "GET is for published documents: give a `documentId`, or use POST.",
            status=405,
            headers={"allow": "POST"},
        )
    if door.preflights_get and not _is_preflighted(headers):
        raise bad_request(f"GET takes a header `{PREFLIGHTED[0]}`, with any value.")
    return asked


def _is_preflighted(headers: Headers) -> bool:
    """Whether no page of another site can have sent it: it has a header that takes our leave.

    A token is such a header too; browsers add neither by themselves. `content-type` is not looked
    at: there were browsers that sent odd ones without asking.
    """
    if any(name in headers for name in PREFLIGHTED):
        return True
    scheme, _, _ = headers.get("authorization", "").partition(" ")
    return scheme.lower() in TOKEN_SCHEMES


async def _read_content(door: Door, headers: Headers, receive: Receive) -> bytes | bytearray:
    content_type, _, parameters = headers.get("content-type", "").partition(";")
    if content_type.strip().lower() != MediaType.JSON or not _is_utf8(parameters):
        raise bad_request(f"Send {MediaType.JSON} in UTF-8.", status=415)
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise bad_request("Send the body without an encoding.", status=415)
    limit = door.engine.settings.body_max_bytes
    length = headers.get("content-length", "")
    if length.isascii() and length.isdecimal() and int(length[:_DIGITS_MAX]) > limit:
        raise _too_long(limit)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if len(body) > limit:
            raise _too_long(limit)
        if not message.get("more_body", False):
            return body


def _too_long(limit: int) -> Fault:
    # The rest of the body is not read: the connection cannot be used again.
    return Fault(
        FaultCode.BAD_REQUEST,
        f"The body is longer than {limit} bytes.",
        status=413,
        headers={"connection": "close"},
    )


def _too_slow(seconds: int) -> Fault:
    return Fault(
        FaultCode.BAD_REQUEST,
        f"The body did not come within {seconds} seconds.",
        status=408,
        headers={"connection": "close"},
    )


def _is_utf8(parameters: str) -> bool:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower() in {"utf-8", "utf8"}
    return True


async def _find_origin(door: Door, scope: Scope, headers: Headers) -> Origin:
    client = scope.get("client")
    host = client[0] if client else None
    caller = await door.find_caller(Credentials(HTTPConnection(scope)))
    return Origin(Transport.HTTP, caller, host, client_name(headers), scope.get("request_id", ""))


def client_name(headers: Headers) -> str | None:
    """Say what the program calls itself, with its version; for statistics only."""
    name = next((headers[key] for key in CLIENT_NAMES if key in headers), None)
    if name is None:
        return None
    version = next((headers[key] for key in CLIENT_VERSIONS if key in headers), "")
    return f"{name}@{version}"[:CLIENT_CHARACTERS_MAX]


def _check(scope: Scope, accepted: tuple[MediaType, ...], operation: PreparedOperation) -> None:
    """Check that the operation may come and go this way.

    Errors: Fault.
    """
    if operation.kind is OperationType.MUTATION and scope["method"] == "GET":
        raise Fault(
            FaultCode.BAD_REQUEST,
            "GET reads; a mutation takes POST.",
            status=405,
            headers={"allow": "POST"},
        )
    if operation.kind is OperationType.SUBSCRIPTION and choose_stream(accepted) is None:
        raise bad_request(
            "A subscription is answered by a stream: accept text/event-stream, or use a socket.",
            status=406,
        )


async def _execute(
    door: Door, ready: Ready, headers: Headers, receive: Receive, send: Send
) -> None:
    engine, operation = door.engine, ready.operation
    accepted = accepted_types(headers.get("accept"))
    stream, single = choose_stream(accepted), choose_single(accepted) or MediaType.JSON
    if operation.kind is OperationType.SUBSCRIPTION:
        assert stream is not None, "checked before it was let in"
        bodies = execute_events(engine, ready)
        await _send_stream(door, ready, bodies, stream, receive=receive, send=send)
        return
    if operation.kind is OperationType.MUTATION:
        body = await execute_once(engine, ready)  # to its end, whoever waits for it
    elif operation.is_incremental and engine.settings.allows_defer and stream is not None:
        bodies = execute_incrementally(engine, ready)
        if wants_paths(headers.get("accept")):
            bodies = _with_paths(bodies)
        await _send_stream(door, ready, bodies, stream, receive=receive, send=send)
        return
    else:
        body = await _while_wanted(execute_once(engine, ready), receive)
    if single.is_stream:
        await send_in_stream(send, body, framing_of(single, is_subscription=False))
    else:
        await send_json(send, body, media_type=single, status=200)


async def _with_paths(bodies: AsyncGenerator[Body, None]) -> AsyncGenerator[Body, None]:
    writer = PathWriter()
    async with aclosing(bodies):
        async for body in bodies:
            yield writer.write(body)


async def _while_wanted(answering: Coroutine[Any, Any, Body], receive: Receive) -> Body:
    """Wait for an answer; if the client goes away, stop working on it.

    Errors: ClientGone, and what the answer raises.
    """
    working = asyncio.create_task(answering)
    gone = asyncio.create_task(wait_until_gone(receive))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGone
        return working.result()
    finally:
        working.cancel()
        gone.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def _send_stream(
    door: Door,
    ready: Ready,
    bodies: AsyncGenerator[Body, None],
    media_type: MediaType,
    *,
    receive: Receive,
    send: Send,
) -> None:
    """Send a stream, which counts as a connection of its caller.

    Errors: Fault.
    """
    settings, origin = door.engine.settings, ready.origin
    is_subscription = ready.operation.kind is OperationType.SUBSCRIPTION
    try:
        with (
            door.presence.room() as leaving,
            door.presence.seat(key_of(origin.caller, origin.client_host)),
        ):
            await send_stream(
                bodies,
                framing_of(media_type, is_subscription=is_subscription),
                receive=receive,
                send=send,
                leaving=leaving,
                pace=Pace(
                    settings.heartbeat_seconds,
                    settings.send_seconds,
                    seconds_until_sign_in_ends(origin.caller, door.clock),
                ),
                traffic=door.engine.traffic,
            )
    except TooManyConnections:
        raise Fault(
            FaultCode.TOO_MANY_SUBSCRIPTIONS,
            "This caller has as many connections as it may; close one first.",
            status=429,
            headers={"retry-after": "10"},
        ) from None


def seconds_until_sign_in_ends(caller: Caller | None, clock: Clock) -> float | None:
    """Say how long a sign-in still holds; None: for as long as one likes."""
    if caller is None or caller.expires_at is None:
        return None
    return max((caller.expires_at - clock()).total_seconds(), 0)
