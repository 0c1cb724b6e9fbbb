"""Whole lists: line by line, or into a file. A break loses nothing and doubles nothing."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlencode

from hub.client.blocking import Blocking
from hub.client.calling import Calling
from hub.client.lines import (
    EntryLine,
    L,
    LotLine,
    ReadLine,
    StatementLine,
    read_entry,
    read_line,
    read_lot,
    read_statement_line,
)
from hub.client.lists import Reading, read_whole_lines
from hub.client.parts import PartFile


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file is: its lines without the first, its bytes.

    `entry_count` says how many entries of the journal the list passes over, to those who may know
    it; a line's own name says which of them it has come to.
    """

    line_count: int
    byte_count: int
    entry_count: int | None


Tell: TypeAlias = Callable[[Progress], None]


def _tell_nobody(_: Progress) -> None:
    pass


class Downloads(Calling):
    """Lists that are too long for pages."""

    async def entry_lines(self) -> AsyncGenerator[EntryLine, None]:
        """Give all entries, up to those that are booked now. For operators and auditors.

        Errors: Fault, DownloadBroken, AnswerNotUnderstood.
        """
        async with aclosing(self._typed(Reading("entries", ""), read_entry)) as lines:
            async for line in lines:
                yield line

    async def lot_lines(self) -> AsyncGenerator[LotLine, None]:
        """Give all lots with what is left of them now. For operators and auditors.

        Errors: Fault, DownloadBroken, AnswerNotUnderstood.
        """
        async with aclosing(self._typed(Reading("lots", ""), read_lot)) as lines:
            async for line in lines:
                yield line

    async def statement_lines(
        self, *, window: str, partner: str | None = None
    ) -> AsyncGenerator[StatementLine, None]:
        """Give what is behind a statement. `window` is CALENDAR/CODE; `partner` a code.

        A partner has its own statement, and leaves out `partner`.

        Errors: Fault, DownloadBroken, AnswerNotUnderstood.
        """
        reading = _statement(window, partner)
        async with aclosing(self._typed(reading, read_statement_line)) as lines:
            async for line in lines:
                yield line

    async def download_entries(self, path: Path, *, tell: Tell = _tell_nobody) -> Progress:
        """Write the lines of `entry_lines` into a file; see `download_statement`."""
        return await self._download(Reading("entries", ""), path, tell)

    async def download_lots(self, path: Path, *, tell: Tell = _tell_nobody) -> Progress:
        """Write the lines of `lot_lines` into a file; see `download_statement`."""
        return await self._download(Reading("lots", ""), path, tell)

    async def download_statement(
        self, path: Path, *, window: str, partner: str | None = None, tell: Tell = _tell_nobody
    ) -> Progress:
        """Write the lines of `statement_lines` into a file, as the hub gives them.

        The file is there when it is whole. Until then its lines lie in `.part` beside it; called
        again, even by another process, it goes on behind the last of them. `tell` is called
        whenever lines were added.

        Errors: Fault, DownloadBroken, AnswerNotUnderstood, FileExistsError; ValueError when what
        was begun is of another list.
        """
        return await self._download(_statement(window, partner), path, tell)

    async def _typed(self, reading: Reading, read: ReadLine[L]) -> AsyncGenerator[L, None]:
        is_head = True
        async with aclosing(read_whole_lines(self._wire, reading)) as arriving:
            async for lines in arriving:
                for line in lines[:-1].split(b"\n"):
                    if is_head:
                        is_head = False
                    else:
                        yield read(read_line(line))

    async def _download(self, reading: Reading, path: Path, tell: Tell) -> Progress:
        with PartFile(path, reading) as file:
            async with aclosing(read_whole_lines(self._wire, reading)) as arriving:
                async for lines in arriving:
                    file.write(lines)
                    tell(Progress(file.line_count, file.byte_count, reading.entry_count))
            file.finish()
            return Progress(file.line_count, file.byte_count, reading.entry_count)


class BlockingDownloads(Blocking[Downloads]):
    """The same without `await`."""

    def entry_lines(self) -> Iterator[EntryLine]:
        """Give all entries. See `Downloads.entry_lines`."""
        return self._each(self._awaited.entry_lines())

    def lot_lines(self) -> Iterator[LotLine]:
        """Give all lots. See `Downloads.lot_lines`."""
        return self._each(self._awaited.lot_lines())

    def statement_lines(
        self, *, window: str, partner: str | None = None
    ) -> Iterator[StatementLine]:
        """Give what is behind a statement. See `Downloads.statement_lines`."""
        return self._each(self._awaited.statement_lines(window=window, partner=partner))

    def download_entries(self, path: Path, *, tell: Tell = _tell_nobody) -> Progress:
        """Write all entries into a file. See `Downloads.download_statement`."""
        return self._run(self._awaited.download_entries(path, tell=tell))

    def download_lots(self, path: Path, *, tell: Tell = _tell_nobody) -> Progress:
        """Write all lots into a file. See `Downloads.download_statement`."""
        return self._run(self._awaited.download_lots(path, tell=tell))

    def download_statement(
        self, path: Path, *, window: str, partner: str | None = None, tell: Tell = _tell_nobody
    ) -> Progress:
        """Write what is behind a statement into a file. See `Downloads.download_statement`."""
        return self._run(
            self._awaited.download_statement(path, window=window, partner=partner, tell=tell)
        )


def _statement(window: str, partner: str | None) -> Reading:
    asked = {"window": window} | ({} if partner is None else {"partner": partner})
    return Reading("statement-lines", urlencode(asked))
