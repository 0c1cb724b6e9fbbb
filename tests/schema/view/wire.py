"""One socket or request, driven by hand: what goes in and what comes out, message by message."""

import asyncio
from typing import Any

import orjson

SECONDS_MAX = 10


class Line:
    """An application that was called with a scope; the test is the server."""

    def __init__(self, app: Any, scope: dict[str, Any]) -> None:
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.is_reading = asyncio.Event()
        self.is_reading.set()
        self.task = asyncio.create_task(app(scope, self.incoming.get, self._send))

    async def _send(self, message: dict[str, Any]) -> None:
        await self.is_reading.wait()
        self.outgoing.put_nowait(message)

    async def take(self) -> dict[str, Any]:
        """Take the next message that the application sent."""
        async with asyncio.timeout(SECONDS_MAX):
            return await self.outgoing.get()

    async def end(self) -> None:
        """Wait until the application has returned."""
        async with asyncio.timeout(SECONDS_MAX):
            await self.task


class SocketLine(Line):
    """A socket whose handshake was sent."""

    def __init__(
        self,
        app: Any,
        *,
        subprotocols: tuple[str, ...] = ("graphql-transport-ws",),
        **headers: str,
    ) -> None:
        names = {"host": "localhost", **headers}
        super().__init__(
            app,
            {
                "type": "websocket",
                "path": "/graphql",
                "raw_path": b"/graphql",
                "root_path": "",
                "scheme": "ws",
                "query_string": b"",
                "headers": [(key.encode(), value.encode()) for key, value in names.items()],
                "client": ("127.0.0.1", 50_000),
                "server": ("localhost", 80),
                "subprotocols": list(subprotocols),
                "extensions": {"websocket.http.response": {}},
            },
        )
        self.incoming.put_nowait({"type": "websocket.connect"})

    async def open(self, payload: dict[str, Any] | None = None) -> None:
        """Go through the handshake and the protocol's own greeting."""
        assert (await self.take()) == {
            "type": "websocket.accept",
            "subprotocol": "graphql-transport-ws",
        }
        self.say({"type": "connection_init", **({"payload": payload} if payload else {})})
        assert await self.hear() == {"type": "connection_ack"}

    def say(self, message: Any) -> None:
        """Send a frame: an object as JSON, a text as it is, bytes as a binary frame."""
        frame: dict[str, Any] = {"type": "websocket.receive"}
        if isinstance(message, bytes):
            frame["bytes"] = message
        else:
            frame["text"] = message if isinstance(message, str) else orjson.dumps(message).decode()
        self.incoming.put_nowait(frame)

    def subscribe(self, name: str, query: str, **payload: Any) -> None:
        """Ask for something under a name."""
        self.say({"id": name, "type": "subscribe", "payload": {"query": query, **payload}})

    async def hear(self) -> Any:
        """Take the next message of the protocol."""
        message = await self.take()
        assert message["type"] == "websocket.send", message
        assert "bytes" not in message
        return orjson.loads(message["text"])

    async def closing(self) -> tuple[int, str]:
        """Take messages until the socket is closed, and give the code and the reason."""
        while (message := await self.take())["type"] != "websocket.close":
            pass
        self.hang_up()
        await self.end()
        return message["code"], message["reason"]

    def hang_up(self) -> None:
        """End the connection."""
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": 1005})


class RequestLine(Line):
    """A POST request that was sent whole."""

    def __init__(self, app: Any, given: Any, **headers: str) -> None:
        names = {"host": "localhost", "content-type": "application/json"}
        names |= {name.replace("_", "-"): value for name, value in headers.items()}
        super().__init__(
            app,
            {
                "type": "http",
                "method": "POST",
                "path": "/graphql",
                "raw_path": b"/graphql",
                "root_path": "",
                "scheme": "http",
                "query_string": b"",
                "headers": [(key.encode(), value.encode()) for key, value in names.items()],
                "client": ("127.0.0.1", 50_000),
                "server": ("localhost", 80),
            },
        )
        self.incoming.put_nowait({"type": "http.request", "body": orjson.dumps(given)})

    def hang_up(self) -> None:
        """End the connection."""
        self.incoming.put_nowait({"type": "http.disconnect"})

    async def text(self) -> str:
        """Take the whole body."""
        found = b""
        while True:
            message = await self.take()
            if message["type"] == "http.response.body":
                found += message.get("body", b"")
                if not message.get("more_body", False):
                    return found.decode()
