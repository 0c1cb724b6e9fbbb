"""A hub without its API, in a process of its own: answers orders until it is killed.

Whoever hangs up is cancelled, as a web server does it; who asks for few `steps` is cancelled after
that many turns of the loop, so that each await of the hub's is left some time.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import orjson
from sqlalchemy.exc import DBAPIError

from hub.ledger.settings import PosterSettings
from hub.wiring import Hub, open_hub
from tests.soak.journal import Json
from tests.soak.orders import UNKNOWN, answer
from tests.soak.scene import Scene, log_to

SETTINGS: Final = PosterSettings(batch_max=64, queue_max=500, call_timeout_seconds=8)
LINE_BYTES_MAX: Final = 1_000_000
GONE: Final = {"is": "Cancelled", "kind": UNKNOWN}
OUT_OF_REACH: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    DBAPIError,
    OSError,
)


async def answer_in_time(hub: Hub, order: Json) -> Json:
    """Answer an order, unless its caller goes away after a few turns of the loop."""
    steps = order.pop("steps", None)
    call = asyncio.ensure_future(answer(hub, order))
    if steps is not None:
        for _ in range(steps):
            await asyncio.sleep(0)
        call.cancel()
    try:
        return await call
    except asyncio.CancelledError:
        if call.cancelled():
            return GONE
        call.cancel()
        raise


async def serve(hub: Hub, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one order; a caller who hangs up gives up the answer, not the order."""
    try:
        line = await reader.readline()
        if not line.endswith(b"\n"):
            return
        call = asyncio.create_task(answer_in_time(hub, orjson.loads(line)))
        gone = asyncio.create_task(reader.read())
        await asyncio.wait({call, gone}, return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        if not call.done():
            call.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            writer.write(orjson.dumps(await call) + b"\n")
            await writer.drain()
        await asyncio.gather(gone, return_exceptions=True)
    except OSError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def open_soon(scene: Scene) -> AsyncIterator[Hub]:
    """Open a hub as soon as the database is there."""
    while True:
        opening = open_hub(scene.database_url, clock=scene.board.clock, poster=SETTINGS)
        try:
            hub = await opening.__aenter__()
        except OUT_OF_REACH:
            await asyncio.sleep(0.1)
            continue
        break
    try:
        yield hub
    finally:
        await opening.__aexit__(None, None, None)


async def run(scene: Scene) -> None:
    async with open_soon(scene) as hub:

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await serve(hub, reader, writer)

        scene.door.unlink(missing_ok=True)
        door = await asyncio.start_unix_server(accept, scene.door, limit=LINE_BYTES_MAX)
        async with door:
            await door.serve_forever()


def main(directory: str) -> None:
    scene = Scene.load(directory)
    log_to(scene.place("poster-0.log"))
    asyncio.run(run(scene))
