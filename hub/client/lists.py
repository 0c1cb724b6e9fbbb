"""A list of lines, read to its end whatever breaks: no line is lost, none comes twice."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import httpx

from hub.client.errors import AnswerNotUnderstood, DownloadBroken
from hub.client.lines import LINE_BYTES_MAX, read_line
from hub.client.reading import field_of, text
from hub.client.wire import Wire, judge, read_answer, settle

NAMES: Final[Mapping[str, str]] = {
    "entries": "entry",
    "lots": "lot",
    "statement-lines": "obligation",
}
"""What a line of each list is called by."""
_OK: Final = 200
_COUNT_DIGITS_MAX: Final = 18


@dataclass(slots=True)
class Reading:
    """A list that is being read: which, and how far.

    `query` names it with its end, as soon as the hub has said so; until then it is what is asked
    for. `last` is the name of the last whole line; None: none came but perhaps the first, which
    says what the list is.
    """

    name: str
    query: str
    is_begun: bool = False
    has_head: bool = False
    last: str | None = None
    entry_count: int | None = None
    """How many entries it passes over, for those who may know."""

    @property
    def path(self) -> str:
        """Where what is missing is asked for."""
        after = "" if self.last is None else urlencode({"after": self.last})
        query = "&".join(part for part in (self.query, after) if part)
        return f"exports/{self.name}" + (f"?{query}" if query else "")


async def read_whole_lines(wire: Wire, reading: Reading) -> AsyncGenerator[bytes, None]:
    """Give lines as they come, some at a time, each with its line feed.

    Errors: Fault, DownloadBroken, AnswerNotUnderstood.
    """
    tries_count = 0
    while True:
        tries_count += 1
        retry_after: int | None = None
        try:
            async with wire.get(reading.path) as response:
                if response.status_code == _OK:
                    _begin(reading, response)
                    async for lines in _lines_of(reading, response):
                        tries_count = 0
                        yield lines
                    return
                answer = await read_answer(response)
                is_passing, reason, retry_after = judge(answer)
                if not is_passing:
                    settle(answer)
                    raise AnswerNotUnderstood(f"status {answer.status}")
        except (httpx.TransportError, httpx.DecodingError) as error:
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
        if not await wire.wait_for_another(max(tries_count, 1), retry_after):
            raise DownloadBroken(reason)


def _begin(reading: Reading, response: httpx.Response) -> None:
    """Note which list it is, so that the rest is asked of the same one."""
    address = response.headers.get("content-location", "")
    path, _, query = address.partition("?")
    if not path.endswith(f"/exports/{reading.name}"):
        raise AnswerNotUnderstood(f"an export that is at {address[:200]!r}")
    if reading.is_begun and query != reading.query:
        raise AnswerNotUnderstood("the rest of another list")
    count = response.headers.get("x-entry-count", "")
    if count.isascii() and count.isdecimal() and len(count) <= _COUNT_DIGITS_MAX:
        reading.entry_count = int(count)
    reading.query, reading.is_begun = query, True


async def _lines_of(reading: Reading, response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """Give the lines of one answer; the first line of the list comes once."""
    is_again = reading.has_head and reading.last is None
    rest = b""
    async for chunk in response.aiter_bytes():
        whole, feed, rest = (rest + chunk).rpartition(b"\n")
        if len(rest) > LINE_BYTES_MAX:
            raise AnswerNotUnderstood(f"a line of more than {LINE_BYTES_MAX} bytes")
        lines = whole + feed
        if is_again and lines:
            _, _, lines = lines.partition(b"\n")
            is_again = False
        if lines:
            _note(reading, lines)
            yield lines
    if rest:
        raise AnswerNotUnderstood("a line without its end")


def _note(reading: Reading, lines: bytes) -> None:
    """Note how far it was read."""
    line = read_line(lines[:-1].rpartition(b"\n")[2])
    if not reading.has_head:
        reading.has_head = True
        if lines.count(b"\n") == 1:
            return
    reading.last = text(field_of(line, NAMES[reading.name]))
