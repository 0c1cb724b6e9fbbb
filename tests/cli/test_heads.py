"""Heads of requests: a stranger takes neither the memory nor the time of the server with one."""

import asyncio
from contextlib import asynccontextmanager

import pytest
import uvicorn

from hub.cli import heads
from hub.cli.heads import HEAD_BYTES_MAX, HEADERS_MAX, BoundedHeads

OK, REFUSED = b"HTTP/1.1 200", b"HTTP/1.1 400"
FIRST = b"POST /x HTTP/1.1\r\nhost: localhost\r\n"


class App:
    """Answers how many bytes it read, and counts its requests."""

    def __init__(self):
        self.calls = 0

    async def __call__(self, _, receive, send):
        self.calls += 1
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message.get("body", b"")), message.get("more_body", False)
        length = [(b"content-length", str(len(str(size))).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        await send({"type": "http.response.body", "body": str(size).encode()})


@asynccontextmanager
async def serving(app):
    config = uvicorn.Config(app, http=BoundedHeads, lifespan="off", log_config=None)
    config.load()
    state = uvicorn.server.ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: BoundedHeads(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()[1]


async def send(port, *parts):
    """Send parts of a request, and give what comes back until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionError:
        return b"reset"
    finally:
        writer.close()


def head(*headers, size=0):
    lines = [*headers, b"content-length: %d" % size, b"connection: close"]
    return FIRST + b"\r\n".join(lines) + b"\r\n\r\n"


async def test_a_head_of_usual_size_and_a_long_body_are_read():
    async with serving(app := App()) as port:
        assert (await send(port, head())).startswith(OK)
        full = [b"x%d: y" % number for number in range(HEADERS_MAX - 3)]
        assert (await send(port, head(*full))).startswith(OK)
        body = b"a" * (4 * HEAD_BYTES_MAX)
        answer = await send(port, head(size=len(body)), body)
        assert answer.startswith(OK) and answer.endswith(b"\r\n\r\n%d" % len(body))
    assert app.calls == 3


ENDLESS = [b"a" * 50_000] * 8


@pytest.mark.parametrize(
    "parts",
    [
        [head(*[b"x%d: y" % number for number in range(HEADERS_MAX - 2)])],
        [head(b"x: " + b"a" * HEAD_BYTES_MAX)],
        [head(*[b"x: " + b"a" * 8_000] * 9)],
        [FIRST, b"x: ", *ENDLESS],
        [FIRST, *ENDLESS],
        [b"POST /", *ENDLESS],
        [b"POST /" + b"a" * HEAD_BYTES_MAX + b" HTTP/1.1\r\nhost: localhost\r\n\r\n"],
    ],
    ids=["too many", "one long", "long together", "no end", "no name", "address", "whole address"],
)
async def test_a_head_that_is_too_long_is_refused_and_never_reaches_the_application(parts):
    async with serving(app := App()) as port:
        assert (await send(port, *parts)).startswith((REFUSED, b"reset"))
    assert app.calls == 0


async def test_what_comes_after_a_body_is_bounded_too():
    chunked = FIRST + b"connection: close\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n"
    async with serving(App()) as port:
        assert (await send(port, chunked + b"0\r\nx: y\r\n\r\n")).startswith(OK)
        for tail in ([b"0\r\nx: ", *ENDLESS], [b"1;x=", *ENDLESS], [b"0\r\n" + b"x: y\r\n" * 200]):
            answer = await send(port, chunked, *tail)
            assert REFUSED in answer or answer == b"reset"


async def test_whoever_does_not_come_to_the_point_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(heads, "HEAD_SECONDS", 0.2)
    async with serving(app := App()) as port:
        assert await send(port) == b""
        assert await send(port, FIRST) == b""
        assert await send(port, head().partition(b"connection")[0] + b"\r\n", FIRST) != b""
    assert app.calls == 1
