"""The caps that this process knows; whoever needs one that is not open yet opens it."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.kernel.kept import KeptConnection
from hub.ledger.caps.kinds import Cap, CapKind, Series, calendar_span
from hub.ledger.caps.store import open_cap


class CapBook:
    """All caps as of the last time they were read, by what they are about.

    Stale ones do no harm: `post_batch` refuses a charge of a cap that it does not know or that does
    not cover the instant, and the verb reads again. Limits are the ledger's alone.
    """

    def __init__(self, kept: KeptConnection) -> None:
        self._kept = kept
        self._opening = asyncio.Lock()
        self._series: dict[Series, tuple[Cap, ...]] = {}

    def fill(self, caps: Iterable[Cap]) -> None:
        """Take in all caps, as they were read."""
        series: dict[Series, tuple[Cap, ...]] = {}
        for cap in sorted(caps, key=lambda cap: cap.starts_at):
            series[cap.series] = (*series.get(cap.series, ()), cap)
        self._series = series

    @property
    def is_empty(self) -> bool:
        """Whether nothing is capped."""
        return not self._series

    def find(self, series: Series, at: datetime) -> Cap | None:
        """Find the cap of a series that applies at an instant, if it is open."""
        newest_first = reversed(self._series.get(series, ()))
        return next((cap for cap in newest_first if cap.is_in_force(at)), None)

    def list_in_force(self, kind: CapKind, at: datetime) -> list[Cap]:
        """List the open caps of one kind that apply at an instant."""
        return [
            cap
            for (about, _, _), caps in self._series.items()
            if about is kind
            for cap in caps
            if cap.is_in_force(at)
        ]

    async def find_or_renew(self, series: Series, at: datetime, *, zone: ZoneInfo) -> Cap | None:
        """Find the cap of a series, opening that of this day, week, month or year if it renews."""
        found = self.find(series, at)
        if found is not None or series not in self._series:
            return found
        before = [cap for cap in self._series[series] if cap.ends_at <= at]
        if not before or before[-1].renewal is None:
            return None
        starts_at, ends_at = calendar_span(before[-1].renewal, at, zone=zone)
        return await self.find_or_open(replace(before[-1], starts_at=starts_at, ends_at=ends_at))

    async def find_or_open(self, wanted: Cap) -> Cap:
        """Find a cap that everybody would open alike, or open it."""
        found = self.find(wanted.series, wanted.starts_at)
        if found is not None:
            return found
        async with self._opening:
            if self.find(wanted.series, wanted.starts_at) is None:
                await self._open(wanted)
        return wanted

    async def _open(self, wanted: Cap) -> None:
        async with self._kept.use() as connection:
            await open_cap(connection, wanted)
        self._series = {
            **self._series,
            wanted.series: (*self._series.get(wanted.series, ()), wanted),
        }
