"""`hub settle`: every figure of a window, down to single entries, in each format."""

import asyncio
import csv
import io
import json

import asyncpg
import pytest

from hub.cli.settle.command import app
from settlement.errors import (
    CellNotFound,
    NoWindowClosed,
    WindowNotClosed,
    WindowNotFound,
    WindowNotOver,
)
from tests.cli.books import settle_two_months
from tests.cli.running import run, run_json


@pytest.fixture
def settled(database_url: str) -> str:
    asyncio.run(settle_two_months(database_url))
    return database_url


def test_a_window_is_shown_with_every_figure(settled: str) -> None:
    shown = run_json(app, settled, "show", "monthly/M2026-03")

    assert shown["gross_exact"] == {
        "POOL>HUB": "0.48", "POOL>bio": "3.12", "air>HUB": "0.5", "air>POOL": "9",
        "bio>HUB": "0.03744",
    }  # fmt: skip
    assert shown["gross_matrix"] == {
        "POOL>HUB": "0.48", "POOL>bio": "3.12", "air>HUB": "0.50", "air>POOL": "9.00",
        "bio>HUB": "0.04",
    }  # fmt: skip
    assert shown["net_position"] == {
        "HUB": "1.02", "POOL": "5.40", "air": "-9.50", "bio": "3.08",
    }  # fmt: skip
    assert shown["carry_out"] == {"bio>HUB": "-0.00256"}
    assert (shown["calendar"], shown["window"], shown["status"]) == (
        "monthly", "M2026-03", "CLOSED",
    )  # fmt: skip
    assert shown["previous_seal"] is None and len(shown["seal"]) == 64


def test_without_a_name_the_window_that_was_cut_last_is_shown(settled: str) -> None:
    april = run_json(app, settled, "show")
    march = run_json(app, settled, "show", "M2026-03")

    assert april["window"] == "M2026-04"
    assert april["previous_seal"] == march["seal"]
    assert april["carry_in"] == {"bio>HUB": "-0.00256"}


def test_positions_say_what_each_party_owes_and_is_owed(settled: str) -> None:
    rows = run_json(app, settled, "positions", "monthly/M2026-03")

    assert [(r["party"], r["owes"], r["is_owed"], r["net"]) for r in rows] == [
        ("HUB", "0.00", "1.02", "1.02"),
        ("POOL", "3.60", "9.00", "5.40"),
        ("air", "9.50", "0.00", "-9.50"),
        ("bio", "0.04", "3.12", "3.08"),
    ]


def test_lines_are_listed_with_their_exact_and_their_billed_amount(settled: str) -> None:
    result = run(app, settled, "lines", "--creditor", "HUB", "--format", "csv")

    assert result.stdout_bytes.decode() == (
        "debtor,creditor,line,currency,exact,amount\r\n"
        "bio,HUB,ISSUE_FEE@bio-2,EUR,0.0385,0.04\r\n"
        "bio,HUB,ROUNDING_BF,EUR,-0.00256,0.00\r\n"
    )


def test_a_bill_is_drilled_down_to_entries_that_sum_to_it(settled: str) -> None:
    arguments = ("lines", "M2026-03", "--debtor", "bio", "--creditor", "HUB", "--entries")
    document = run_json(app, settled, *arguments)

    assert document["check"] == {
        "is_equal": True,
        "obligations": 1,
        "lines": {"ACCEPT_FEE@bio-2": {"cell": "0.03744", "entries": "0.03744"}},
    }
    (owed,) = document["obligations"]
    assert owed | {"entry": "", "lot": "", "posted_at": ""} == {
        "entry": "", "lot": "", "occurred_at": "2026-03-01T12:00:00Z", "posted_at": "",
        "reference": "", "kind": "ACCEPT_FEE", "terms": "bio-2", "points": "400",
        "currency": "EUR", "amount": "0.03744",
    }  # fmt: skip


def test_entries_come_as_csv_and_as_a_table_too(settled: str) -> None:
    arguments = ("lines", "M2026-03", "--debtor", "air", "--creditor", "POOL", "--entries")
    as_csv = run(app, settled, *arguments, "--format", "csv")
    as_table = run(app, settled, *arguments)

    (row,) = csv.DictReader(io.StringIO(as_csv.stdout, newline=""))
    assert (row["reference"], row["points"], row["amount"]) == ("till-1000", "1000", "9")
    assert "The 1 obligations equal the bill." in as_csv.stderr
    assert "Check: the cell is the sum of its entries (1 obligations)" in as_table.stdout


def test_a_bill_that_is_not_the_sum_of_its_entries_ends_with_1(settled: str) -> None:
    async def flip(exact: str) -> None:
        connection = await asyncpg.connect(settled)
        await connection.execute(
            f"UPDATE cell_lines SET exact = {exact} WHERE line = 'ISSUE_VALUE@air-1'"  # noqa: S608
        )
        await connection.close()

    arguments = ("lines", "M2026-03", "--debtor", "air", "--creditor", "POOL", "--entries")
    asyncio.run(flip("9.01"))
    result = run(app, settled, *arguments, "--format", "json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["check"]["lines"] == {
        "ISSUE_VALUE@air-1": {"cell": "9.01", "entries": "9"}
    }


def test_closing_again_gives_the_same_window_and_nothing_is_due(settled: str) -> None:
    before = run_json(app, settled, "windows")

    assert run_json(app, settled, "close", "monthly/M2026-03") == before[:1]
    assert run_json(app, settled, "close", "--due") == []
    assert run_json(app, settled, "windows") == before


def test_windows_that_are_over_are_closed_in_their_order(database_url: str) -> None:
    asyncio.run(settle_two_months(database_url))
    planned = run_json(app, database_url, "plan", "monthly", "--ahead", "2")

    assert len(planned) == 3
    assert planned[0]["opens_at"] == "2026-05-01T00:00:00Z"
    assert {window["status"] for window in planned} == {"OPEN"}
    assert run_json(app, database_url, "plan", "monthly", "--ahead", "2") == planned
    assert run_json(app, database_url, "close", "--due") == []
    refused = run(app, database_url, "close", planned[0]["window"])
    assert isinstance(refused.exception, WindowNotOver)


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (("show", "monthly/M2030-01"), WindowNotFound),
        (("show", "M2030-01"), WindowNotFound),
        (("close", "weekly/M2026-03"), WindowNotFound),
        (("lines", "--debtor", "x", "--creditor", "y", "--entries"), CellNotFound),
    ],
)
def test_what_is_not_there_is_refused(
    settled: str, arguments: tuple[str, ...], refusal: type[Exception]
) -> None:
    assert isinstance(run(app, settled, *arguments).exception, refusal)


def test_a_window_that_is_open_has_nothing_to_show(settled: str) -> None:
    (planned, *_) = run_json(app, settled, "plan", "monthly", "--ahead", "0")

    refused = run(app, settled, "show", planned["window"])

    assert isinstance(refused.exception, WindowNotClosed)


def test_before_the_first_close_there_is_nothing_to_show(database_url: str) -> None:
    assert isinstance(run(app, database_url, "show").exception, NoWindowClosed)


@pytest.mark.parametrize("rate", ["USD", "USD=", "USD=0", "USD=-1", "USD=1e3", "XYZ=1", "=1"])
def test_a_rate_that_is_none_ends_with_2(database_url: str, rate: str) -> None:
    refused = run(app, database_url, "close", "--due", "--fx", rate)

    assert refused.exit_code == 2
    assert "is not a rate; expected a currency and its units" in refused.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    "arguments", [("close",), ("close", "M1", "--due"), ("lines", "--entries")]
)
def test_arguments_that_do_not_fit_together_end_with_2(
    database_url: str, arguments: tuple[str, ...]
) -> None:
    assert run(app, database_url, *arguments).exit_code == 2
