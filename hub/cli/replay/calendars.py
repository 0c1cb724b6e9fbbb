"""Local days, weekly and monthly windows, and the segments that both calendars share.

Source: rule book 1.1.2, 2.5.2.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class ReplayWindow:
    """A half-open span that is settled together; `W2017-04-24` is a week, `M2017-04` a month."""

    id: str
    open_at: datetime
    cut_at: datetime


@dataclass(frozen=True, slots=True)
class Segment:
    """A span that no cut of any calendar divides.

    `window_ids` are the windows it is part of, `cut_window_ids` those that are cut at its end.
    """

    open_at: datetime
    cut_at: datetime
    window_ids: tuple[str, ...]
    cut_window_ids: tuple[str, ...]


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """Find the instant at which a local day begins.

    Where clocks skip midnight it is the instant of the skip.
    """
    return local_instant(day, time.min, zone)


def local_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Find the instant of a local time of day."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """Find the local day of an instant."""
    return at.astimezone(zone).date()


def make_windows(*, first_day: date, last_day: date, zone: ZoneInfo) -> tuple[ReplayWindow, ...]:
    """Make every local week (from Monday) and every local month that the days touch.

    The last ones are cut when the last day ends: what happens later is not part of the replay.
    """
    end_at = local_midnight(last_day + timedelta(days=1), zone)
    spans = [*_weeks(first_day, last_day), *_months(first_day, last_day)]
    return tuple(
        ReplayWindow(name, local_midnight(opens, zone), min(local_midnight(closes, zone), end_at))
        for name, opens, closes in spans
    )


def _weeks(first_day: date, last_day: date) -> Iterator[tuple[str, date, date]]:
    monday = first_day - timedelta(days=first_day.weekday())
    while monday <= last_day:
        following = monday + timedelta(days=7)
        yield f"W{monday.isoformat()}", monday, following
        monday = following


def _months(first_day: date, last_day: date) -> Iterator[tuple[str, date, date]]:
    first = first_day.replace(day=1)
    while first <= last_day:
        following = (first + timedelta(days=31)).replace(day=1)
        yield f"M{month_name(first)}", first, following
        first = following


def month_name(day: date) -> str:
    """Write the month of a day: 2017-04."""
    return day.isoformat()[:7]


def make_segments(windows: Sequence[ReplayWindow]) -> tuple[Segment, ...]:
    """Divide the time of all windows at every place where one of them opens or is cut."""
    cuts = sorted({window.open_at for window in windows} | {window.cut_at for window in windows})
    return tuple(_make_segment(open_at, cut_at, windows) for open_at, cut_at in pairwise(cuts))


def _make_segment(open_at: datetime, cut_at: datetime, windows: Iterable[ReplayWindow]) -> Segment:
    around = [window for window in windows if window.open_at <= open_at and cut_at <= window.cut_at]
    return Segment(
        open_at=open_at,
        cut_at=cut_at,
        window_ids=tuple(window.id for window in around),
        cut_window_ids=tuple(window.id for window in around if window.cut_at == cut_at),
    )
