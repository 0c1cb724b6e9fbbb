"""Consumers for tests: what they do is write down, in the database, what they were told."""

import asyncio
from collections.abc import Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
from sqlalchemy import text

from hub.kernel.tx import Database, Tx
from hub.ledger.feed.consumers import Consumer, Start
from hub.ledger.feed.entries import FeedEntry
from hub.ledger.feed.settings import FeedSettings
from hub.ledger.operations import Place
from hub.points.issue import issue_points
from hub.points.requests import NEVER

BRISK = FeedSettings(watch_milliseconds=10, gap_milliseconds=1, recheck_seconds=1)


class Notebook:
    """Writes every entry down in a table of the test's own, in the transaction of the cursor."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pages: list[list[str]] = []
        self.poison: set[str] = set()

    async def open(self) -> None:
        connection = await asyncpg.connect(self.url)
        await connection.execute(
            "CREATE TABLE told (number bigserial, consumer text, lane int, seq bigint);"
            " GRANT ALL ON told, told_number_seq TO hub_app"
        )
        await connection.close()

    def consumer(self, name: str = "notes", start: Start = Start.BEGINNING) -> Consumer:
        async def note(tx: Tx, entries: Sequence[FeedEntry]) -> None:
            self.pages.append([entry.name for entry in entries])
            for entry in entries:
                await self.write(tx, name, entry)
                if entry.name in self.poison:
                    raise ValueError(f"{entry.name} is poison")

        return Consumer(name, note, start)

    async def write(self, tx: Tx, name: str, entry: FeedEntry) -> None:
        await tx.connection.execute(
            text("INSERT INTO told (consumer, lane, seq) VALUES (:consumer, :lane, :seq)"),
            {"consumer": name, "lane": entry.place.lane, "seq": entry.place.number},
        )

    async def read(self, name: str = "notes") -> dict[int, list[int]]:
        """What is written down of each lane, in the order in which it was committed."""
        connection = await asyncpg.connect(self.url)
        rows = await connection.fetch(
            "SELECT lane, seq FROM told WHERE consumer = $1 ORDER BY number", name
        )
        await connection.close()
        told: dict[int, list[int]] = {}
        for lane, seq in rows:
            told.setdefault(lane, []).append(seq)
        return told


async def book(coalition: Any, wallet: Place, how_many: int = 1) -> None:
    """Issue a point to a wallet, so many times."""
    hub = coalition.hub
    await asyncio.gather(
        *(
            issue_points(
                hub.poster,
                hub.register,
                coalition.request(),
                now=coalition.clock.now,
                issuer=coalition.partners["air"],
                wallet=wallet,
                points=1,
                reference=None,
                expires_at=NEVER,
            )
            for _ in range(how_many)
        )
    )


async def cursors_of(coalition: Any, name: str = "notes") -> dict[int, int]:
    """Where a consumer stands in the lanes in which it has come anywhere."""
    rows = await coalition.query(
        "SELECT lane, seq FROM feed_cursors WHERE consumer = $1 AND seq > 0", name
    )
    return dict(map(tuple, rows))


async def until(condition: Any, *, seconds: int = 20) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 (others do it)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def another_database(coalition: Any):
    """The pool of another worker."""
    database = Database(coalition.url, clock=coalition.clock)
    yield database
    await database.close()


def seconds(number: int) -> timedelta:
    return timedelta(seconds=number)
