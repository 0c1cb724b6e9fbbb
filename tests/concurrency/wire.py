"""A wire between a hub and PostgreSQL that a test can hold or cut."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

SOCKET = ".s.PGSQL.5432"
BYTES = 65536


class Wire:
    """Carries bytes both ways; what the server answers can be held back."""

    def __init__(self, server_socket: Path) -> None:
        self._server_socket = server_socket
        self._flows = asyncio.Event()
        self._flows.set()
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def hold_answers(self) -> None:
        """From now on the server hears, and is not heard."""
        self._flows.clear()

    def cut(self) -> None:
        """End every connection, and what was held is lost."""
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        self._flows.set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_unix_connection(self._server_socket)
        except OSError:
            writer.transport.abort()  # no server, no connection: as without a wire
            return
        self._writers += [writer, to_server]
        for pump in (self._ask(reader, to_server), self._answer(from_server, writer)):
            task = asyncio.create_task(pump)
            self._tasks.add(task)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(BYTES):
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(BYTES):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


@asynccontextmanager
async def lay_wire(url: str, directory: Path) -> AsyncIterator[tuple[Wire, str]]:
    """Lay a wire to the server of a URL; gives it and the URL of its other end."""
    parts = urlsplit(url)
    (host,) = parse_qs(parts.query)["host"]
    wire = Wire(Path(host) / SOCKET)
    listener = await asyncio.start_unix_server(wire.accept, directory / SOCKET)
    try:
        yield wire, parts._replace(query=f"host={quote(str(directory))}&port=5432").geturl()
    finally:
        listener.close()
        wire.cut()
        await listener.wait_closed()
