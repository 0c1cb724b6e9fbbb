"""One socket of graphql-transport-ws: its sign-in, its operations, its end.

A bad document is answered by an `error` message and never ends the socket; a message that is none
does. Every operation has a context of its own, and every event of a subscription.

Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import structlog
from graphql import OperationType
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Message, Receive, Scope, Send

from schema.faults import Fault, FaultCode
from schema.view.asked import Asked
from schema.view.bodies import Body
from schema.view.callers import Caller, Credentials
from schema.view.ends import SignInEnded, SubscriberTooSlow
from schema.view.engine import Origin, Refused, execute_events, execute_once, make_ready
from schema.view.http import Door, client_name, seconds_until_sign_in_ends
from schema.view.messages import (
    SUBPROTOCOL,
    CloseCode,
    Complete,
    Init,
    MessageNotValid,
    Ping,
    Subscribe,
    read_message,
    shorten_reason,
)
from schema.view.presence import TooManyConnections, key_of
from schema.view.replies import masked
from schema.view.watching import Transport

log = structlog.get_logger()

UNWANTED_FACTOR: Final = 2
"""So many times as many operations may be under way with those that nobody waits for."""


@dataclass(slots=True)
class Operation:
    """An operation under way on a socket; a mutation is not cancelled once it has begun."""

    task: asyncio.Task[None] | None = None
    is_mutation: bool = False


async def answer_socket(door: Door, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one socket from its handshake to its end."""
    await receive()  # websocket.connect
    headers = Headers(scope=scope)
    if not is_origin_allowed(headers, door.engine.settings.allowed_origins):
        await _deny(scope, send, 403)
        return
    try:
        with door.presence.room() as leaving:
            if SUBPROTOCOL not in scope.get("subprotocols", ()):
                await send({"type": "websocket.accept"})
                await _send_close(send, CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE, f"Use {SUBPROTOCOL}.")
                return
            await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
            door.engine.traffic.socket_count += 1
            try:
                await Socket(door, scope, headers, receive, send).serve(leaving)
            finally:
                door.engine.traffic.socket_count -= 1
    except TooManyConnections:
        await _deny(scope, send, 503)


def is_origin_allowed(headers: Headers, allowed: tuple[str, ...]) -> bool:
    """Whether the page that opens the socket may: ours, one that is named, or no page at all.

    Browsers let any page open sockets to anywhere, and tell where it came from.
    """
    origin = headers.get("origin")
    if origin is None or origin in allowed:
        return True
    return urlsplit(origin).netloc == headers.get("host")


async def _deny(scope: Scope, send: Send, status: int) -> None:
    """Refuse the handshake."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": CloseCode.FORBIDDEN})
        return
    await send({"type": "websocket.http.response.start", "status": status, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b""})


async def _send_close(send: Send, code: CloseCode, reason: str) -> None:
    await send({"type": "websocket.close", "code": int(code), "reason": shorten_reason(reason)})


class Socket:
    """A socket that was accepted."""

    def __init__(
        self, door: Door, scope: Scope, headers: Headers, receive: Receive, send: Send
    ) -> None:
        self._door = door
        self._scope = scope
        self._headers = headers
        self._receive = receive
        self._send = send
        self._settings = door.engine.settings
        self._caller: Caller | None = None
        self._is_acknowledged = False
        self._is_closed = False
        self._is_given_up = False
        self._reader: asyncio.Task[None] | None = None
        self._operations: dict[str, Operation] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._timers: list[asyncio.TimerHandle] = []
        self._seat = ExitStack()

    async def serve(self, leaving: asyncio.Future[None]) -> None:
        """Read messages until the socket ends, then clean up."""
        self._reader = asyncio.current_task()
        leaving.add_done_callback(self._leave)
        self._later(
            self._settings.init_seconds, CloseCode.INIT_TIMEOUT, "connection_init did not come."
        )
        try:
            await self._read()
        except asyncio.CancelledError:
            if not self._is_given_up:
                raise
        finally:
            self._is_closed = True
            leaving.remove_done_callback(self._leave)
            for timer in self._timers:
                timer.cancel()
            await self._end_operations()
            self._seat.close()

    def _leave(self, leaving: asyncio.Future[None]) -> None:
        if not leaving.cancelled():
            self._start(self._close(CloseCode.GOING_AWAY, "The hub is stopping."))

    async def _end_operations(self) -> None:
        """Stop what can be stopped, and wait for the mutations."""
        for operation in self._operations.values():
            if operation.task is not None and not operation.is_mutation:
                operation.task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self) -> None:
        while not self._is_closed:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                return
            try:
                await self._take(message.get("text"))
            except MessageNotValid as error:
                await self._close(CloseCode.BAD_REQUEST, str(error))
            except TimeoutError:
                await self._cut_off()

    async def _take(self, text: str | None) -> None:
        """Act on a message.

        Errors: MessageNotValid; TimeoutError, when the client does not read.
        """
        match read_message(text):
            case Init(payload):
                await self._sign_in(payload)
            case Ping(payload):
                await self._write({"type": "pong", **({"payload": payload} if payload else {})})
            case Subscribe(operation_id, asked):
                await self._subscribe(operation_id, asked)
            case Complete(operation_id):
                self._complete(operation_id)

    async def _sign_in(self, payload: dict[str, Any]) -> None:
        if self._is_acknowledged:
            await self._close(CloseCode.TOO_MANY_INITS, "Too many initialisation requests")
            return
        self._is_acknowledged = True
        credentials = Credentials(
            HTTPConnection(self._scope), {name.lower(): payload[name] for name in payload}
        )
        try:
            self._caller = await self._door.find_caller(credentials)
        except Fault as fault:
            await self._close(CloseCode.FORBIDDEN, fault.message)
            return
        if self._caller is None and credentials.is_shown:
            await self._close(CloseCode.FORBIDDEN, "Forbidden")
            return
        host = self._client_host
        try:
            self._seat.enter_context(self._door.presence.seat(key_of(self._caller, host)))
        except TooManyConnections:
            await self._close(CloseCode.TRY_AGAIN_LATER, "Too many connections of this caller")
            return
        while self._timers:
            self._timers.pop().cancel()
        seconds_left = seconds_until_sign_in_ends(self._caller, self._door.clock)
        if seconds_left is not None:
            self._later(seconds_left, CloseCode.FORBIDDEN, "The token has ended.")
        await self._write({"type": "connection_ack"})

    @property
    def _client_host(self) -> str | None:
        client = self._scope.get("client")
        return client[0] if client else None

    async def _subscribe(self, operation_id: str, asked: Asked) -> None:
        if not self._is_acknowledged:
            await self._close(CloseCode.UNAUTHORIZED, "Unauthorized")
            return
        if operation_id in self._operations:
            await self._close(
                CloseCode.SUBSCRIBER_EXISTS, f"Subscriber for {operation_id} already exists"
            )
            return
        # A mutation goes on when its client wants no answer any more: it still counts for a while.
        most = self._settings.operations_per_socket_max
        if len(self._operations) >= most or len(self._tasks) >= most * UNWANTED_FACTOR:
            await self._write(_error(operation_id, [_too_many()]))
            return
        operation = self._operations[operation_id] = Operation()
        operation.task = self._start(self._run(operation_id, operation, asked))

    def _complete(self, operation_id: str) -> None:
        operation = self._operations.pop(operation_id, None)
        if operation is not None and operation.task is not None and not operation.is_mutation:
            operation.task.cancel()

    async def _run(self, operation_id: str, operation: Operation, asked: Asked) -> None:
        """Run an operation, and tell how it went or why it did not."""
        try:
            await self._answer(operation_id, operation, asked)
            last: Body = {"id": operation_id, "type": "complete"}
        except Refused as refused:
            last = _error(operation_id, refused.errors)
        except SignInEnded:
            await self._close(CloseCode.FORBIDDEN, "The token has ended.")
            return
        except (SubscriberTooSlow, TimeoutError):
            await self._cut_off()
            return
        except Exception as error:  # noqa: BLE001 (masked, and logged)
            last = _error(operation_id, masked(error)["errors"])
        if self._operations.get(operation_id) is operation:
            # Before it is told: from then on the client may use the id again.
            del self._operations[operation_id]
            with contextlib.suppress(TimeoutError):
                await self._write(last)

    async def _answer(self, operation_id: str, operation: Operation, asked: Asked) -> None:
        engine = self._door.engine
        origin = Origin(
            Transport.SOCKET,
            self._caller,
            self._client_host,
            client_name(self._headers),
            self._scope.get("request_id", ""),
        )
        ready = await make_ready(engine, asked, origin, lambda _: None)
        if ready.operation.kind is not OperationType.SUBSCRIPTION:
            operation.is_mutation = ready.operation.kind is OperationType.MUTATION
            await self._next(operation_id, operation, await execute_once(engine, ready))
            return
        async with aclosing(execute_events(engine, ready)) as bodies:
            async for body in bodies:
                await self._next(operation_id, operation, body)

    async def _next(self, operation_id: str, operation: Operation, body: Body) -> None:
        if self._operations.get(operation_id) is operation:
            await self._write({"id": operation_id, "type": "next", "payload": body})

    async def _write(self, message: Body) -> None:
        """Send a message, unless nobody is there any more; the reader hears of that.

        Errors: TimeoutError, when the client does not read.
        """
        if self._is_closed:
            return
        text = orjson.dumps(message).decode()
        async with asyncio.timeout(self._settings.send_seconds):
            await self._transmit({"type": "websocket.send", "text": text})

    async def _transmit(self, message: Message) -> None:
        try:
            await self._send(message)
        except TimeoutError:
            raise
        except OSError:
            self._is_closed = True

    def _later(self, seconds: float, code: CloseCode, reason: str) -> None:
        """Close the socket after some time."""
        loop = asyncio.get_running_loop()
        self._timers.append(
            loop.call_later(seconds, lambda: self._start(self._close(code, reason)))
        )

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _cut_off(self) -> None:
        """Close the socket of a client that does not read."""
        self._door.engine.traffic.cut_off_count += 1
        await self._close(CloseCode.TOO_SLOW, "Events were not read fast enough.")

    async def _close(self, code: CloseCode, reason: str) -> None:
        """Close the socket; the disconnect that follows ends the reading."""
        if self._is_closed:
            return
        self._is_closed = True
        log.info("schema.socket_closed", code=int(code))
        try:
            async with asyncio.timeout(self._settings.send_seconds):
                await _send_close(self._transmit, code, reason)
        except TimeoutError:  # it does not even read that: let go of the connection
            self._is_given_up = True
            if self._reader is not None:
                self._reader.cancel()


def _error(operation_id: str, errors: list[Body]) -> Body:
    return {"id": operation_id, "type": "error", "payload": errors}


def _too_many() -> Body:
    fault = Fault(
        FaultCode.TOO_MANY_SUBSCRIPTIONS,
        "This socket has as many operations under way as it may; complete one first.",
    )
    return dict(fault.formatted)
