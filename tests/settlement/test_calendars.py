"""Windows are local weeks and months, whatever clocks do; a calendar has no gap."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.calendars import Calendar, list_periods, local_midnight, plan_ahead

NEW_YORK = ZoneInfo("America/New_York")
ZONES = ["UTC", "America/New_York", "Asia/Shanghai", "Africa/Cairo", "Australia/Lord_Howe"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_months_are_cut_at_local_midnight_on_both_sides_of_a_clock_change() -> None:
    months = islice(list_periods(Calendar.MONTHLY, first_day=date(2026, 3, 20), zone=NEW_YORK), 2)

    assert [(w.code, w.opens_at, w.cut_at) for w in months] == [
        ("M2026-03", at("2026-03-01T05:00"), at("2026-04-01T04:00")),
        ("M2026-04", at("2026-04-01T04:00"), at("2026-05-01T04:00")),
    ]


def test_the_week_of_a_clock_change_has_167_hours() -> None:
    (week,) = islice(list_periods(Calendar.WEEKLY, first_day=date(2026, 3, 8), zone=NEW_YORK), 1)

    assert (week.code, week.cut_at - week.opens_at) == ("W2026-03-02", timedelta(hours=167))


def test_a_day_whose_midnight_is_skipped_begins_when_clocks_were_changed() -> None:
    assert local_midnight(date(2026, 4, 24), ZoneInfo("Africa/Cairo")) == at("2026-04-23T22:00")


@given(
    st.sampled_from(Calendar), st.dates(date(1980, 1, 1), date(2080, 1, 1)), st.sampled_from(ZONES)
)
def test_periods_follow_each_other(calendar: Calendar, day: date, zone_name: str) -> None:
    zone = ZoneInfo(zone_name)
    periods = list(islice(list_periods(calendar, first_day=day, zone=zone), 15))

    assert periods[0].opens_at <= local_midnight(day, zone) < periods[0].cut_at
    assert all(before.cut_at == after.opens_at for before, after in pairwise(periods))
    assert len({period.code for period in periods}) == 15


def plan(opens_at: str, now: str, count: int = 1, taken: tuple[str, ...] = ()) -> list[str]:
    planned = plan_ahead(
        Calendar.MONTHLY, opens_at=at(opens_at), now=at(now), count=count, taken_codes=taken,
        zone=ZoneInfo("UTC"),
    )  # fmt: skip
    return [f"{w.code} {w.opens_at:%Y-%m-%d} {w.cut_at:%Y-%m-%d}" for w in planned]


@pytest.mark.parametrize(
    ("opens_at", "now", "expected"),
    [
        ("2026-03-01", "2026-03-15", ["M2026-03 2026-03-01 2026-04-01"]),
        ("2017-06-19", "2026-03-15", ["M2026-03 2017-06-19 2026-04-01"]),
        ("2026-04-01", "2026-03-15", ["M2026-04 2026-04-01 2026-05-01"]),
    ],
)
def test_the_first_window_opens_where_the_calendar_ends(
    opens_at: str, now: str, expected: list[str]
) -> None:
    assert plan(opens_at, now) == expected


def test_a_name_that_is_taken_becomes_the_day_it_opens() -> None:
    assert plan("2017-06-19", "2017-06-20", 2, ("M2017-06",)) == [
        "M2017-06-19 2017-06-19 2017-07-01",
        "M2017-07 2017-07-01 2017-08-01",
    ]
