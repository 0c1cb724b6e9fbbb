"""The heads of requests: how long they may be, and how long they may take to come.

The server below reads a head of any length, for as long as it takes, before anybody is asked who
calls. So it is cut off here. What comes after the head has limits of its own, where it is read.
"""

import asyncio
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX: Final = 65_536
"""Address and headers; a request with a token and its proof has some two thousand."""

HEADERS_MAX: Final = 100
HEAD_SECONDS: Final = 20


class BoundedHeads(HttpToolsProtocol):
    """HTTP/1.1 as the server below speaks it, to whoever comes to the point."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (the server's own)
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._header_count = 0
        self._unheard_bytes = 0
        self._is_heard = False
        self._too_late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, as long as something comes of it."""
        self._is_heard = False
        super().data_received(data)
        # One header without an end, or a chunk's: the parser keeps it until it has it whole.
        self._unheard_bytes = 0 if self._is_heard else self._unheard_bytes + len(data)
        if self._unheard_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def on_message_begin(self) -> None:
        """Begin to count."""
        super().on_message_begin()
        self._is_heard = True
        self._head_bytes = self._header_count = 0
        if self._too_late is None:
            self._wait()

    def on_url(self, url: bytes) -> None:
        """Count the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header, also one that comes after the body."""
        self._header_count += 1
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let the application begin."""
        self._is_heard = True
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Leave bodies to who reads them."""
        self._is_heard = True
        super().on_body(body)

    def _count(self, byte_count: int) -> None:
        self._is_heard = True
        self._head_bytes += byte_count
        if self._head_bytes > HEAD_BYTES_MAX or self._header_count > HEADERS_MAX:
            # The parser stops, and the server answers 400.
            raise httptools.HttpParserError("the head is too long")

    def _wait(self) -> None:
        self._too_late = self.loop.call_later(HEAD_SECONDS, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._too_late is not None:
            self._too_late.cancel()
            self._too_late = None

    def _hang_up(self) -> None:
        self._too_late = None
        if not self.transport.is_closing():
            self.transport.close()
