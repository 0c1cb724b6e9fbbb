"""A wire between a client and a hub that loses answers: the request arrives, the answer does not.

It is a real connection that is cut, not an answer that is made up.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

import uvicorn
from starlette.types import ASGIApp

BYTES = 65536
HOST = "127.0.0.1"


@dataclass
class Cutter:
    """Carries requests to the hub, and cuts the first so many connections before the answer."""

    port: int
    lose_answers: int = 0
    asked: list[bytes] = field(default_factory=list)
    """The bodies that reached the hub."""

    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.add(asyncio.create_task(self._carry(reader, writer)))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_hub, to_hub = await asyncio.open_connection(HOST, self.port)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while await self._carry_one(reader, writer, from_hub, to_hub):
                    pass
        finally:
            for end in (to_hub, writer):
                end.transport.abort()
                with suppress(OSError):
                    await end.wait_closed()

    async def _carry_one(self, reader, writer, from_hub, to_hub) -> bool:
        """Carry a request there, and its answer back unless it gets lost."""
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length_of(head))
        self.asked.append(body)
        to_hub.write(head + body)
        await to_hub.drain()
        answer = await from_hub.readuntil(b"\r\n\r\n")
        answer += await from_hub.readexactly(_length_of(answer))
        if self.lose_answers > 0:
            self.lose_answers -= 1
            return False
        writer.write(answer)
        await writer.drain()
        return True


def _length_of(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))


@asynccontextmanager
async def serve(app: ASGIApp, port: int = 0) -> AsyncIterator[int]:
    """Serve an application on a port, or one of its own choice; gives it."""
    config = uvicorn.Config(app, host=HOST, port=port, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    # The test's own runner keeps its handlers of signals.
    server.capture_signals = _nothing
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 (uvicorn has a flag, and no event to wait for)
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def cut_wire(app: ASGIApp) -> AsyncIterator[tuple[Cutter, str]]:
    """Lay a wire to an application; gives it and the address of its other end."""
    async with serve(app) as port:
        cutter = Cutter(port)
        listener = await asyncio.start_server(cutter.accept, HOST, 0)
        try:
            number = listener.sockets[0].getsockname()[1]
            yield cutter, f"http://{HOST}:{number}/graphql"
        finally:
            listener.close()
            for task in cutter.tasks:
                task.cancel()
            await asyncio.gather(*cutter.tasks, return_exceptions=True)


@dataclass
class Scissors:
    """Carries bytes both ways, and cuts each connection after so many bytes of its answer."""

    port: int
    budgets: list[int]
    """For one connection each; the connections after these are whole."""

    asked: list[bytes] = field(default_factory=list)
    """The first line of each request that came first on its connection."""

    carried: list[int] = field(default_factory=list)
    """How many bytes of answers each connection carried."""

    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.add(asyncio.create_task(self._carry(reader, writer)))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        budget = self.budgets.pop(0) if self.budgets else None
        place = len(self.carried)
        self.carried.append(0)
        from_hub, to_hub = await asyncio.open_connection(HOST, self.port)
        there = asyncio.create_task(self._copy_requests(reader, to_hub))
        try:
            with suppress(OSError):
                while budget != 0 and (chunk := await from_hub.read(BYTES)):
                    kept = chunk if budget is None else chunk[:budget]
                    budget = None if budget is None else budget - len(kept)
                    self.carried[place] += len(kept)
                    writer.write(kept)
                    await writer.drain()
        finally:
            there.cancel()
            for end in (to_hub, writer):
                end.close()

    async def _copy_requests(
        self, reader: asyncio.StreamReader, to_hub: asyncio.StreamWriter
    ) -> None:
        is_first = True
        while chunk := await reader.read(BYTES):
            if is_first:
                self.asked.append(chunk.partition(b"\r\n")[0])
                is_first = False
            to_hub.write(chunk)
            await to_hub.drain()


@asynccontextmanager
async def cut_short(app: ASGIApp, budgets: list[int]) -> AsyncIterator[tuple[Scissors, str]]:
    """Lay a wire to an application that cuts its answers short; gives it and its address."""
    async with serve(app) as port:
        scissors = Scissors(port, budgets)
        listener = await asyncio.start_server(scissors.accept, HOST, 0)
        try:
            number = listener.sockets[0].getsockname()[1]
            yield scissors, f"http://{HOST}:{number}/graphql"
        finally:
            listener.close()
            for task in scissors.tasks:
                task.cancel()
            await asyncio.gather(*scissors.tasks, return_exceptions=True)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def find_port() -> int:
    """Find a port that nobody uses at this moment."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        return found.getsockname()[1]
