"""Many results in one HTTP answer, until they end, the client goes away, or the hub stops."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from starlette.types import Receive, Send

from schema.view.bodies import Body
from schema.view.ends import SIGN_IN_ENDED, TOO_SLOW, SignInEnded, SubscriberTooSlow
from schema.view.engine import Refused
from schema.view.framing import Framing
from schema.view.replies import masked, wait_until_gone, write_headers
from schema.view.watching import Traffic

Write = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient a stream is. `sign_in_seconds`: until the sign-in ends; None: it does not."""

    heartbeat_seconds: int
    send_seconds: int
    sign_in_seconds: float | None


async def send_in_stream(send: Send, body: Body, framing: Framing) -> None:
    """Send one result that is there already to a client that reads streams only."""
    content = framing.first + framing.frame(body) + framing.last
    headers = write_headers(framing.content_type)
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def send_stream(
    bodies: AsyncGenerator[Body, None],
    framing: Framing,
    *,
    receive: Receive,
    send: Send,
    leaving: asyncio.Future[None],
    pace: Pace,
    traffic: Traffic,
) -> None:
    """Send results as they come; whatever ends them, the stream is closed properly."""

    async def write(chunk: bytes) -> None:
        async with asyncio.timeout(pace.send_seconds):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})

    headers = write_headers(framing.content_type, (b"x-accel-buffering", b"no"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    writing = asyncio.create_task(
        _write_all(bodies, framing, write, pace.heartbeat_seconds, traffic)
    )
    gone = asyncio.create_task(wait_until_gone(receive))
    try:
        done, _ = await asyncio.wait(
            {writing, gone, leaving},
            return_when=asyncio.FIRST_COMPLETED,
            timeout=pace.sign_in_seconds,
        )
    finally:
        await _cancel({writing, gone})
    if gone in done:
        return
    with contextlib.suppress(TimeoutError):  # who does not read does not read why either
        if writing in done:
            writing.result()
        elif not done:
            await write(framing.frame(SIGN_IN_ENDED))
        async with asyncio.timeout(pace.send_seconds):
            await send({"type": "http.response.body", "body": framing.last})


async def _write_all(
    bodies: AsyncGenerator[Body, None],
    framing: Framing,
    write: Write,
    heartbeat_seconds: int,
    traffic: Traffic,
) -> None:
    await write(framing.first)
    try:
        async with aclosing(_with_heartbeats(bodies, heartbeat_seconds)) as arriving:
            async for body in arriving:
                await write(framing.heartbeat if body is None else framing.frame(body))
    except Refused as refused:
        await write(framing.frame(refused.body))
    except SignInEnded:
        await write(framing.frame(SIGN_IN_ENDED))
    except (SubscriberTooSlow, TimeoutError):
        traffic.cut_off_count += 1
        await write(framing.frame(TOO_SLOW))
    except Exception as error:  # noqa: BLE001 (masked, and logged)
        await write(framing.frame(masked(error)))


async def _with_heartbeats(
    bodies: AsyncGenerator[Body, None], seconds: int
) -> AsyncGenerator[Body | None, None]:
    """Pass results on, and None whenever there was none for so long."""
    async with aclosing(bodies):
        while True:
            following = asyncio.ensure_future(anext(bodies))
            try:
                while not (await asyncio.wait({following}, timeout=seconds))[0]:
                    yield None
            finally:
                await _cancel({following})
            if following.cancelled():
                return
            error = following.exception()
            if isinstance(error, StopAsyncIteration):
                return
            yield following.result()


async def _cancel(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
