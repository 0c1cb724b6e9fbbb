"""Days, weeks, months and years of a zone: they follow each other without a gap, clocks or not."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.ledger.caps.kinds import Renewal, calendar_span

ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "Asia/Shanghai", "Asia/Kathmandu"),
    *("America/Sao_Paulo", "Africa/Cairo", "America/Havana", "Asia/Beirut", "Pacific/Apia"),
)
"""Some change their clocks at midnight, one left out a day."""
STEP = timedelta(microseconds=1)
INSTANTS = st.integers(788_918_400, 2_114_380_800).map(lambda n: datetime.fromtimestamp(n, UTC))
"""Of the years 1995 to 2036."""


@given(st.sampled_from(Renewal), INSTANTS, st.sampled_from(ZONES))
def test_every_instant_lies_in_one_span_and_the_next_begins_where_it_ends(renewal, at, name):
    zone = ZoneInfo(name)
    begins, ends = calendar_span(renewal, at, zone=zone)
    assert begins <= at < ends
    assert calendar_span(renewal, begins, zone=zone) == (begins, ends)
    assert calendar_span(renewal, ends - STEP, zone=zone) == (begins, ends)
    assert calendar_span(renewal, ends, zone=zone)[0] == ends


def span(renewal, at, zone):
    begins, ends = calendar_span(
        renewal, datetime.fromisoformat(at).astimezone(UTC), zone=ZoneInfo(zone)
    )
    return f"{begins:%m-%d %H:%M}", f"{ends:%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("renewal", "at", "zone", "expected"),
    [
        (Renewal.DAY, "2026-03-29T12:00Z", "Europe/Berlin", ("03-28 23:00", "03-29 22:00")),
        (Renewal.DAY, "2026-10-25T12:00Z", "Europe/Berlin", ("10-24 22:00", "10-25 23:00")),
        # There was no midnight: the day began at one o'clock.
        (Renewal.DAY, "2018-11-04T12:00Z", "America/Sao_Paulo", ("11-04 03:00", "11-05 02:00")),
        # Midnight came twice: the day began with the first.
        (Renewal.DAY, "2025-11-02T12:00Z", "America/Havana", ("11-02 04:00", "11-03 05:00")),
        # The 30th was left out: the 29th ends where the 31st begins.
        (Renewal.DAY, "2011-12-29T12:00Z", "Pacific/Apia", ("12-29 10:00", "12-30 10:00")),
        (Renewal.WEEK, "2026-03-01T12:00Z", "UTC", ("02-23 00:00", "03-02 00:00")),
        (Renewal.WEEK, "2026-03-29T12:00Z", "Europe/Berlin", ("03-22 23:00", "03-29 22:00")),
        (Renewal.MONTH, "2026-12-31T16:00Z", "Asia/Shanghai", ("12-31 16:00", "01-31 16:00")),
        (Renewal.YEAR, "2026-12-31T15:59Z", "Asia/Shanghai", ("12-31 16:00", "12-31 16:00")),
    ],
)
def test_a_span_begins_and_ends_at_local_midnights(renewal, at, zone, expected):
    assert span(renewal, at, zone) == expected
