"""Server-sent events, read as they come (GraphQL over SSE, one connection per operation)."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Final

from hub.client.errors import AnswerNotUnderstood

EVENT_BYTES_MAX: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event: its name and its data."""

    name: str
    data: str


async def read_events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[StreamEvent, None]:
    """Read events from the bytes of a stream; comments, ids and waiting times are passed over.

    Errors: AnswerNotUnderstood when one event is longer than 4 MiB.
    """
    name, data, length = "message", list[str](), 0
    async for line in _read_lines(chunks):
        if line == "":
            if data or name != "message":
                yield StreamEvent(name, "\n".join(data))
            name, data, length = "message", [], 0
            continue
        length += len(line)
        _check(length)
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)


async def _read_lines(chunks: AsyncIterator[bytes]) -> AsyncGenerator[str, None]:
    # By line feeds alone: `str.splitlines` also cuts at signs that a text of JSON may hold.
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        _check(len(rest))
        for line in whole:
            yield line.removesuffix(b"\r").decode(errors="replace")


def _check(length: int) -> None:
    if length > EVENT_BYTES_MAX:
        raise AnswerNotUnderstood(f"an event of more than {EVENT_BYTES_MAX} bytes")
