"""The weekly and monthly windows of a replay, and the segments that both calendars share.

Source: rule book 1.1.2, 2.5.2.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

from settlement.calendars import Calendar, list_periods, local_midnight


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


def make_windows(*, first_day: date, last_day: date, zone: ZoneInfo) -> tuple[ReplayWindow, ...]:
    """Make every local week (from Monday) and every local month that the days touch.

    The last ones are cut when the last day ends: what happens later is not part of the replay.
    """
    end_at = local_midnight(last_day + timedelta(days=1), zone)
    return tuple(
        ReplayWindow(window.code, window.opens_at, min(window.cut_at, end_at))
        for calendar in Calendar
        for window in takewhile(
            lambda window: window.opens_at < end_at,
            list_periods(calendar, first_day=first_day, zone=zone),
        )
    )


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
