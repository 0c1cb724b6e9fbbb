"""A folder of receipts is read in the right order, and its totals are those of the sample."""

import gzip
import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.cli.output import Format, dump_csv
from hub.cli.replay.calendars import ReplayWindow, Segment, make_segments, make_windows
from hub.cli.replay.command import print_replay
from hub.cli.replay.errors import ReplayInvalid
from hub.cli.replay.history import (
    Replay,
    ReplayIssue,
    ReplayRedeem,
    earned_points,
    histories_by_segment,
    lot_end,
    read_replay,
)
from hub.cli.replay.printout import flows_sheet
from hub.cli.replay.receipts import LINK_COLUMNS, RECEIPT_COLUMNS
from hub.cli.replay.totals import write_speed, write_totals
from hub.cli.strict_json import Json
from settlement.calendars import local_midnight
from tests.cli.fifo import fold

SAMPLE = Path(__file__).parent.parent / "data" / "coalition_sample"
NEW_YORK = ZoneInfo("America/New_York")
RULES = {
    "name": "Two shops", "timezone": "America/New_York", "currency": "USD",
    "partners": [
        {"code": "a", "name_en": "A", "name_zh": "甲", "earn_points_per_100_cents": 1},
        {"code": "b", "name_en": "B", "name_zh": "乙", "earn_points_per_100_cents": 3},
    ],
    "campaign_bonus_points": {"Type A": 300}, "expiry_variant_days": 28,
}  # fmt: skip
RECEIPTS = (
    "20,a,1,9,2017-04-24T16:00:00Z,18,1,500,199,0,0,0",
    "20,b,1,9,2017-04-24T16:00:00Z,18,1,500,100,7,0,0",
    "10,b,1,9,2017-04-24T16:00:00Z,18,1,500,99,0,0,0",
    "30,a,2,9,2017-04-30T23:00:00Z,18,1,500,10,0,0,0",
)


def totals(replay: Replay) -> dict[str, Json]:
    return write_totals(
        fold(replay),
        partners=replay.coalition.partner_codes,
        window_ids=[window.id for window in replay.windows],
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scenario.json").write_text(json.dumps(RULES))
    (tmp_path / "members.csv").write_text(
        "household_id,age,income,home_ownership,marital_status,household_size,household_comp,"
        "kids_count\n1,,,,,,,\n2,65+,,,,,,\n"
    )
    (tmp_path / "campaigns.csv").write_text(
        "campaign_id,campaign_type,start_date,end_date,sponsor,coupons,targets\n"
        "3,Type A,2017-03-13,2017-05-08,a,34,12\n"
    )
    (tmp_path / "campaign_redemptions.csv").write_text(
        "household_id,coupon_upc,campaign_id,redemption_date,partner\n"
        "1,53,3,2017-04-24,a\n1,54,3,2017-05-01,b\n"
    )
    write_gzip(tmp_path / "links.csv.gz", LINK_COLUMNS, "1,a,2017-04-24T16:00:00Z,AX-1")
    write_gzip(tmp_path / "receipts.csv.gz", RECEIPT_COLUMNS, *RECEIPTS)
    return tmp_path


def write_gzip(path: Path, columns: tuple[str, ...], *rows: str) -> None:
    path.write_bytes(gzip.compress(("\n".join([",".join(columns), *rows]) + "\n").encode()))


def test_the_totals_of_the_sample_are_exact() -> None:
    expected = json.loads((SAMPLE / "expected.json").read_text())

    assert totals(read_replay(SAMPLE, limit=None, expiry_days=None)) == expected["base"]
    assert totals(read_replay(SAMPLE, limit=None, expiry_days=28)) == expected["expiry"]


def test_the_sample_has_its_members_links_events_and_segments() -> None:
    replay = read_replay(SAMPLE, limit=None, expiry_days=None)

    assert (len(replay.histories), len(replay.links), replay.events_count) == (2214, 8464, 45262)
    assert len(replay.windows) == 11
    assert [segment.cut_window_ids for segment in replay.segments] == [
        (), ("W2017-04-24", "M2017-04"), ("W2017-05-01",), ("W2017-05-08",), ("W2017-05-15",),
        ("W2017-05-22",), ("M2017-05",), ("W2017-05-29",), ("W2017-06-05",),
        ("W2017-06-12", "M2017-06"),
    ]  # fmt: skip
    assert replay.end_at == datetime(2017, 6, 19, 4, tzinfo=UTC)


def test_all_events_lie_in_their_segment_and_keep_the_members_order() -> None:
    replay = read_replay(SAMPLE, limit=5_000, expiry_days=None)
    divided = histories_by_segment(replay)

    for segment, histories in divided:
        for event in chain.from_iterable(histories.values()):
            assert segment.open_at <= event.at < segment.cut_at
    for household_id, events in replay.histories.items():
        assert events == tuple(
            chain.from_iterable(histories.get(household_id, ()) for _, histories in divided)
        )


def test_one_member_redeems_before_earning_by_instant_basket_and_partner(folder: Path) -> None:
    replay = read_replay(folder, limit=None, expiry_days=None)
    noon = datetime(2017, 4, 24, 16, tzinfo=UTC)

    def issue(partner: str, points: int, reference: str, *, bonus: bool) -> ReplayIssue:
        return ReplayIssue(noon, partner, points, reference, bonus, None)

    assert replay.histories[1] == (
        issue("a", 300, "campaign-3-1", bonus=True),
        issue("b", 2, "10", bonus=False),
        ReplayRedeem(noon, "b", 7, "20"),
        issue("a", 1, "20", bonus=False),
        issue("b", 3, "20", bonus=False),
        ReplayIssue(
            datetime(2017, 5, 1, 16, tzinfo=UTC),
            "b",
            300,
            "campaign-3-2",
            is_bonus=True,
            expires_at=None,
        ),
    )
    assert replay.histories[2] == ()


def test_a_limit_takes_the_first_receipts_and_the_bonuses_up_to_the_last(folder: Path) -> None:
    replay = read_replay(folder, limit=1, expiry_days=None)

    assert [event.reference for event in replay.histories[1]] == ["campaign-3-1", "20"]
    assert list(replay.histories) == [1]
    assert [window.id for window in replay.windows] == ["W2017-04-24", "M2017-04"]
    assert replay.end_at == datetime(2017, 4, 25, 4, tzinfo=UTC)


def test_the_manifest_says_which_days_are_covered_and_events_may_add_to_them(folder: Path) -> None:
    (folder / "MANIFEST.json").write_text('{"local_dates": ["2017-04-25", "2017-05-07"]}')

    replay = read_replay(folder, limit=None, expiry_days=None)

    assert replay.windows[0].open_at == datetime(2017, 4, 24, 4, tzinfo=UTC)
    assert replay.end_at == datetime(2017, 5, 8, 4, tzinfo=UTC)


def test_a_lot_lives_whole_local_days_also_when_the_clocks_change() -> None:
    late_evening = datetime(2017, 3, 12, 3, 30, tzinfo=UTC)

    assert lot_end(late_evening, NEW_YORK, 28) == datetime(2017, 4, 9, 4, tzinfo=UTC)
    assert lot_end(late_evening, NEW_YORK, None) is None


def test_a_day_that_has_no_midnight_begins_when_the_clocks_skip() -> None:
    assert local_midnight(date(2017, 10, 15), ZoneInfo("America/Sao_Paulo")) == datetime(
        2017, 10, 15, 3, tzinfo=UTC
    )


def test_points_are_rounded_down_once_per_receipt() -> None:
    assert [earned_points(cents, 3) for cents in (0, 33, 34, 67, 100)] == [0, 0, 1, 2, 3]


def test_weeks_begin_on_local_monday_and_the_last_windows_end_with_the_last_day() -> None:
    windows = make_windows(first_day=date(2017, 12, 31), last_day=date(2018, 1, 1), zone=NEW_YORK)

    end_at = datetime(2018, 1, 2, 5, tzinfo=UTC)
    new_year = datetime(2018, 1, 1, 5, tzinfo=UTC)
    assert windows == (
        ReplayWindow("W2017-12-25", datetime(2017, 12, 25, 5, tzinfo=UTC), new_year),
        ReplayWindow("W2018-01-01", new_year, end_at),
        ReplayWindow("M2017-12", datetime(2017, 12, 1, 5, tzinfo=UTC), new_year),
        ReplayWindow("M2018-01", new_year, end_at),
    )
    assert make_segments(windows)[-1] == Segment(
        new_year, end_at, ("W2018-01-01", "M2018-01"), ("W2018-01-01", "M2018-01")
    )


@given(
    st.dates(date(2000, 1, 1), date(2037, 1, 1)),
    st.integers(0, 400),
    st.sampled_from(["America/New_York", "Asia/Shanghai", "America/Sao_Paulo", "UTC"]),
)
def test_both_calendars_cover_every_segment_of_the_days(
    first_day: date, days: int, zone_name: str
) -> None:
    zone = ZoneInfo(zone_name)
    last_day = date.fromordinal(first_day.toordinal() + days)
    segments = make_segments(make_windows(first_day=first_day, last_day=last_day, zone=zone))
    first_at = local_midnight(first_day, zone)

    for segment in segments:
        assert segment.open_at < segment.cut_at
        if segment.cut_at > first_at:
            assert [window_id[0] for window_id in segment.window_ids] == ["W", "M"]
    assert segments[-1].cut_at == local_midnight(date.fromordinal(last_day.toordinal() + 1), zone)


def test_the_speed_is_in_whole_numbers() -> None:
    assert write_speed(operations_count=45_262, elapsed_microseconds=2_500_000) == {
        "seconds": 3, "operations_per_second": 18_104,
    }  # fmt: skip


def test_a_replay_is_printed_in_each_format(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replay = read_replay(folder, limit=None, expiry_days=None)
    facts, printed = fold(replay), {}
    for output_format in Format:
        print_replay(replay, facts, 1_000_000, output_format)
        printed[output_format] = capsys.readouterr().out

    document = json.loads(printed[Format.JSON])
    assert set(document) - set(totals(replay)) == {"seconds", "operations_per_second"}
    assert (
        printed[Format.CSV]
        == dump_csv(flows_sheet(facts))
        == ("window,issuer,acceptor,points\r\nM2017-04,a,b,7\r\nW2017-04-24,a,b,7\r\n")
    )
    assert "Points, by issuer and acceptor" in printed[Format.TABLE]


def replace_text(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        content = path.read_bytes()
        if name.endswith(".gz"):
            content = gzip.decompress(content)
        assert old.encode() in content
        content = content.replace(old.encode(), new.encode(), 1)
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)

    return change


def truncate(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:-12])

    return change


def write(name: str, content: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return change


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "a column is missing": (
        replace_text("links.csv.gz", "household_id,", ""),
        ('links.csv.gz: line 1: the columns are "partner,linked_at_utc,account_ref";'
        " expected household_id,partner,linked_at_utc,account_ref"),
    ),
    "an empty file": (
        write("members.csv", b""),
        ('members.csv: line 1: the columns are ""; expected household_id,age,income,'
        "home_ownership,marital_status,household_size,household_comp,kids_count"),
    ),
    "a cell too many": (
        replace_text("receipts.csv.gz", ",199,", ",1,99,"),
        "receipts.csv.gz: line 2: 13 cells; expected 12 cells",
    ),
    "a negative number": (
        replace_text("receipts.csv.gz", ",199,", ",-199,"),
        ('receipts.csv.gz: line 2: eligible_cents: "-199" is not such a number;'
        " expected an integer from 0 to 1000000000000"),
    ),
    "digits of another script": (
        replace_text("receipts.csv.gz", ",199,", ",\u0661,"),
        ('receipts.csv.gz: line 2: eligible_cents: "\\u0661" is not such a number;'
        " expected an integer from 0 to 1000000000000"),
    ),
    "a day that does not exist": (
        replace_text("receipts.csv.gz", "2017-04-30", "2017-04-31"),
        ('receipts.csv.gz: line 5: ts_utc: "2017-04-31T23:00:00Z" is not an instant;'
        " expected an instant in UTC such as 2017-04-24T04:03:35Z"),
    ),
    "a receipt twice": (
        replace_text("receipts.csv.gz", "10,b,1", "20,b,1"),
        "receipts.csv.gz: line 4: basket_id: 20 of b stands twice; expected a receipt per partner",
    ),
    "an unknown partner": (
        replace_text("receipts.csv.gz", "30,a,2", "30,c,2"),
        'receipts.csv.gz: line 5: partner: "c" is unknown; expected a partner of scenario.json',
    ),
    "an unknown household": (
        replace_text("receipts.csv.gz", "30,a,2", "30,a,3"),
        "receipts.csv.gz: line 5: household_id: 3 is unknown; expected a household of members.csv",
    ),
    "a member twice": (
        replace_text("members.csv", "2,65+", "1,65+"),
        "members.csv: line 3: household_id: 1 stands twice; expected a row per member",
    ),
    "no receipts": (
        lambda folder: write_gzip(folder / "receipts.csv.gz", RECEIPT_COLUMNS),
        "receipts.csv.gz: no receipts; expected at least one receipt",
    ),
    "an unknown campaign": (
        replace_text("campaign_redemptions.csv", "1,54,3", "1,54,4"),
        ('campaign_redemptions.csv: line 3: campaign_id: "4" is unknown;'
        " expected a campaign of campaigns.csv"),
    ),
    "a campaign without a bonus": (
        replace_text("campaigns.csv", "Type A", "Type Z"),
        ('campaigns.csv: line 2: campaign_type: "Type Z" has no bonus;'
        " expected a type in campaign_bonus_points of scenario.json"),
    ),
    "a date that is none": (
        replace_text("campaign_redemptions.csv", "2017-05-01", "01.05.2017"),
        ('campaign_redemptions.csv: line 3: redemption_date: "01.05.2017" is not a date;'
        " expected a date such as 2017-04-24"),
    ),
    "a damaged gzip": (
        truncate("receipts.csv.gz"), "receipts.csv.gz: is damaged; expected a file",
    ),
    "no gzip at all": (
        write("receipts.csv.gz", b"basket_id"), "receipts.csv.gz: is damaged; expected a file",
    ),
    "a missing file": (
        lambda folder: (folder / "links.csv.gz").unlink(),
        "links.csv.gz: No such file or directory; expected a file",
    ),
    "not UTF-8": (
        write("members.csv", b"\xff"),
        "members.csv: line 1: not UTF-8; expected CSV in UTF-8",
    ),
    "an endless line": (
        write("members.csv", b"x" * 10_000),
        "members.csv: line 1: the line is too long; expected fewer than 10000 characters",
    ),
    "an open quote": (
        replace_text("members.csv", "2,65+", '2,"65+'),
        "members.csv: line 3: not CSV (unexpected end of data); expected CSV (RFC 4180)",
    ),
    "a time zone that is none": (
        replace_text("scenario.json", "America/New_York", "../../etc/passwd"),
        ('scenario.json: timezone: "../../etc/passwd" is not valid;'
        " expected a time zone such as America/New_York"),
    ),
    "a rate that is none": (
        replace_text("scenario.json", '"earn_points_per_100_cents": 3',
                     '"earn_points_per_100_cents": 1.5'),
        ("scenario.json: partners[1].earn_points_per_100_cents: 1.5 is not valid;"
        " expected an integer from 0 to 100000"),
    ),
    "a partner twice": (
        replace_text("scenario.json", '"code": "b"', '"code": "a"'),
        'scenario.json: partners[1].code: "a" is not valid; expected every code once',
    ),
    "a manifest that is wrong": (
        write("MANIFEST.json", b'{"local_dates": ["2017-05-07", "2017-04-25"]}'),
        ("MANIFEST.json: local_dates: a list is not valid;"
        " expected two dates in order such as 2017-04-24, 2017-06-18"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_folder_is_refused_with_file_line_and_reason(case: str, folder: Path) -> None:
    break_it, message = BROKEN[case]
    break_it(folder)

    with pytest.raises(ReplayInvalid) as caught:
        read_replay(folder, limit=None, expiry_days=28)

    assert str(caught.value) == f"{folder}/{message}"


def test_the_sample_may_be_copied_anywhere(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE, tmp_path / "copy")

    copied = read_replay(tmp_path / "copy", limit=100, expiry_days=None)

    assert copied == read_replay(SAMPLE, limit=100, expiry_days=None)
