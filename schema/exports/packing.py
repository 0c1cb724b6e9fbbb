"""The bytes of a download: lines put together into chunks, as they are or in gzip."""

import zlib
from collections.abc import AsyncIterator
from typing import Final

from schema.exports.lines import Row, Rows, write_line

CHUNK_BYTES: Final = 1 << 16
_GZIP: Final = 16 + zlib.MAX_WBITS


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header asks for gzip."""
    for part in header.lower().split(","):
        name, _, quality = part.partition(";")
        if name.strip() == "gzip":
            return quality.replace(" ", "").rstrip("0.") != "q="
    return False


async def pack(head: Row | None, rows: Rows, *, is_gzip: bool) -> AsyncIterator[bytes]:
    """Put lines together, the head first; every chunk ends with a line and can be unpacked."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP) if is_gzip else None
    waiting = bytearray() if head is None else bytearray(write_line(head))
    async for row in rows:
        waiting += write_line(row)
        if len(waiting) >= CHUNK_BYTES:
            yield _pack(waiting, packer, zlib.Z_SYNC_FLUSH)
            waiting.clear()
    yield _pack(waiting, packer, zlib.Z_FINISH)


def _pack(lines: bytearray, packer: "zlib._Compress | None", mode: int) -> bytes:
    return bytes(lines) if packer is None else packer.compress(lines) + packer.flush(mode)
