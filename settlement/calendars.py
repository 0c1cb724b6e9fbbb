"""Calendars of windows: local weeks and months of the coalition, as spans of UTC.

A local day lasts 23 or 25 hours where clocks change: spans are made from days, never from hours.

Source: rule book 1.1.2, 2.5.2.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from zoneinfo import ZoneInfo


class Calendar(StrEnum):
    """How long the windows of a calendar are."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class PlannedWindow:
    """A window to be made: its code in the calendar, and its half-open span in UTC."""

    code: str
    opens_at: datetime
    cut_at: datetime


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


def month_name(day: date) -> str:
    """Write the month of a day: 2017-04."""
    return day.isoformat()[:7]


def first_day_of(calendar: Calendar, day: date) -> date:
    """Find the first day of the week (a Monday) or of the month that a day lies in."""
    match calendar:
        case Calendar.WEEKLY:
            return day - timedelta(days=day.weekday())
        case Calendar.MONTHLY:
            return day.replace(day=1)


def first_day_after(calendar: Calendar, day: date) -> date:
    """Find the first day of the week or month that follows the one a day lies in."""
    first = first_day_of(calendar, day)
    match calendar:
        case Calendar.WEEKLY:
            return first + timedelta(days=7)
        case Calendar.MONTHLY:
            return (first + timedelta(days=31)).replace(day=1)


def period_code(calendar: Calendar, day: date) -> str:
    """Name the week or month that a day lies in: `W2017-04-24`, `M2017-04`."""
    first = first_day_of(calendar, day)
    match calendar:
        case Calendar.WEEKLY:
            return f"W{first.isoformat()}"
        case Calendar.MONTHLY:
            return f"M{month_name(first)}"


def list_periods(calendar: Calendar, *, first_day: date, zone: ZoneInfo) -> Iterator[PlannedWindow]:
    """List whole local weeks or months without end, from the one that a day lies in."""
    day = first_day_of(calendar, first_day)
    while True:
        following = first_day_after(calendar, day)
        yield PlannedWindow(
            period_code(calendar, day), local_midnight(day, zone), local_midnight(following, zone)
        )
        day = following


def plan_ahead(
    calendar: Calendar,
    *,
    opens_at: datetime,
    now: datetime,
    count: int,
    taken_codes: Iterable[str],
    zone: ZoneInfo,
) -> list[PlannedWindow]:
    """Plan so many windows from an instant on; the first one is not over yet.

    It opens where the calendar ends so far, however long ago that is: no lane can be cut at an
    instant that it has passed, so everything up to the end of the present week or month is one
    window. It is named for the period it ends in, or for its first day if that name is taken.

    Units: UTC instants.
    """
    taken = set(taken_codes)
    whole = list_periods(calendar, first_day=local_day(max(opens_at, now), zone), zone=zone)
    first, *following = islice(whole, count)
    code = first.code
    if code in taken:
        code = f"{code[0]}{local_day(opens_at, zone).isoformat()}"
    return [PlannedWindow(code, opens_at, first.cut_at), *following]
