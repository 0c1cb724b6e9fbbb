"""`hub export`: lists as JSON lines, the same bytes however often it was interrupted."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from hub.cli.export import app
from hub.cli.exports.errors import ExportExists, ExportNotResumable
from settlement.errors import WindowNotClosed, WindowNotFound
from tests.cli.books import issue, redeem, settle_two_months
from tests.cli.running import run, run_json
from tests.coalition import open_coalition

STATEMENT = ("statement-lines", "--window", "monthly/M2026-03", "--partner", "bio")


@pytest.fixture
def settled(database_url: str) -> str:
    asyncio.run(settle_two_months(database_url))
    return database_url


def read(path: Path) -> tuple[dict, list[dict]]:
    header, *rows = [json.loads(line) for line in path.read_text().splitlines()]
    return header, rows


def test_entries_are_exported_with_their_allocations(settled: str, tmp_path: Path) -> None:
    file = tmp_path / "entries.jsonl"
    (status,) = run_json(app, settled, "entries", str(file))

    assert (status["rows"], status["of_these_were_there"]) == ("3", "0")
    assert status["bytes"] == str(file.stat().st_size)
    header, rows = read(file)
    assert (header["export"], header["format"]) == ("entries", 1)
    assert header["ranges"] == [[lane, 0, 3 if lane == 7 else 0] for lane in range(-1, 64)]
    assert [(r["entry"], r["kind"], r["partner"], r["points"], r["reference"]) for r in rows] == [
        ("7:1", "ISSUE", "air", 1000, "till-1000"),
        ("7:2", "REDEEM", "bio", 400, None),
        ("7:3", "ISSUE", "bio", 77, "till-77"),
    ]
    assert rows[1]["allocations"] == [
        {
            "kind": "REDEEM", "is_reversal": False, "lot": "7:1", "points": -400, "issuer": "air",
            "acceptor": "bio",
        }
    ]  # fmt: skip


def test_lots_are_exported_as_they_were_after_the_entries_of_the_first_line(
    settled: str, tmp_path: Path
) -> None:
    file = tmp_path / "lots.jsonl"
    run_json(app, settled, "lots", str(file))

    before = file.read_bytes()
    assert [(r["lot"], r["points"], r["remaining_points"]) for r in read(file)[1]] == [
        ("7:1", 1000, 600),
        ("7:2", 77, 77),
    ]
    asyncio.run(go_on(settled))
    file.write_bytes(before[:-5])
    run_json(app, settled, "lots", str(file), "--resume")
    assert file.read_bytes() == before
    now = tmp_path / "now.jsonl"
    run_json(app, settled, "lots", str(now))
    assert [(r["points"], r["remaining_points"]) for r in read(now)[1]] == [
        (1000, 550), (77, 77), (5, 5),
    ]  # fmt: skip


def test_a_statement_is_exported_down_to_its_obligations(settled: str, tmp_path: Path) -> None:
    file = tmp_path / "bio.jsonl"
    run_json(app, settled, *STATEMENT, str(file))

    header, rows = read(file)
    assert (header["partner"], header["window"]) == ("bio", "monthly/M2026-03")
    assert [(r["debtor"], r["creditor"], r["amount"], r["line"], r["points"]) for r in rows] == [
        ("POOL", "bio", "3.12", "REIMBURSE@bio-2", 400),
        ("bio", "HUB", "0.03744", "ACCEPT_FEE@bio-2", 400),
    ]


@pytest.mark.parametrize("export", [("entries",), ("lots",), STATEMENT], ids=lambda e: e[0])
def test_a_file_cut_anywhere_is_finished_with_the_same_bytes(
    settled: str, tmp_path: Path, export: tuple[str, ...]
) -> None:
    file = tmp_path / "list.jsonl"
    run_json(app, settled, *export, str(file))
    whole = file.read_bytes()
    asyncio.run(go_on(settled))
    lines = [index + 1 for index, byte in enumerate(whole) if byte == ord("\n")]
    for end in (*lines, lines[0] + 1, lines[0] + 20, lines[-1] - 1, len(whole)):
        file.write_bytes(whole[:end])
        (status,) = run_json(app, settled, *export, str(file), "--resume")
        assert file.read_bytes() == whole, end
        assert status["of_these_were_there"] == str(sum(line <= end for line in lines) - 1)


def test_a_process_that_is_killed_is_gone_on_with(settled: str, tmp_path: Path) -> None:
    asyncio.run(many(settled))
    whole, file = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    run_json(app, settled, "entries", str(whole))
    environment = {**os.environ, "HUB_DATABASE_URL": settled}
    command = [sys.executable, "-c", SLOWLY, str(file)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)  # a hundred lines are written
        process.send_signal(signal.SIGKILL)
        process.wait()
    begun = file.read_bytes()
    assert 0 < len(begun) < whole.stat().st_size
    assert whole.read_bytes().startswith(begun[: begun.rindex(b"\n") + 1])
    run_json(app, settled, "entries", str(file), "--resume")
    assert file.read_bytes() == whole.read_bytes()


SLOWLY = """
import sys
from hub.cli.exports import command, files

files.FLUSHED_EVERY = 10
seen = []
write = files.write_line

def write_slowly(row):
    seen.append(row)
    if len(seen) == 100:
        print("x", end="", flush=True)
        __import__("time").sleep(60)
    return write(row)

files.write_line = write_slowly
command.entries(__import__("pathlib").Path(sys.argv[1]))
"""


def test_what_is_not_the_beginning_of_the_export_is_left_alone(
    settled: str, tmp_path: Path
) -> None:
    file = tmp_path / "list.jsonl"
    run_json(app, settled, "entries", str(file))
    whole = file.read_bytes()
    assert isinstance(run(app, settled, "entries", str(file)).exception, ExportExists)
    for wrong in (
        b'{"export":"lots"}\n',
        b"not json\n",
        whole.replace(b"till-77", b"till-78"),
        whole.replace(b'"format":1', b'"format":2'),
    ):
        file.write_bytes(wrong)
        refused = run(app, settled, "entries", str(file), "--resume").exception
        assert isinstance(refused, ExportNotResumable), wrong
        assert file.read_bytes() == wrong
    file.write_bytes(whole)
    refused = run(app, settled, "lots", str(file), "--resume").exception
    assert isinstance(refused, ExportNotResumable)
    assert refused.reason == "it was begun with other arguments"


def test_a_statement_is_of_a_closed_window(settled: str, tmp_path: Path) -> None:
    file = str(tmp_path / "x.jsonl")
    named = ("statement-lines", file, "--partner", "bio", "--window")
    assert isinstance(run(app, settled, *named, "M9999-01").exception, WindowNotFound)
    asyncio.run(plan_june(settled))
    assert isinstance(run(app, settled, *named, "M2026-06").exception, WindowNotClosed)
    assert not Path(file).exists()


async def go_on(url: str) -> None:
    """Post more, after an export was begun."""
    async with open_coalition(url) as coalition:
        await find_everybody(coalition)
        await issue(coalition, "bio", 5)
        await redeem(coalition, "bio", 50)


async def many(url: str) -> None:
    async with open_coalition(url) as coalition:
        await find_everybody(coalition)
        for points in range(1, 200):
            await issue(coalition, "air", 2000 + points)


async def find_everybody(coalition) -> None:
    from hub.ledger.operations import Place

    coalition.numbers = count(10_000)
    coalition.clock.tick(timedelta(days=90))
    for row in coalition.hub.register.partners:
        coalition.partners[row.code] = row
    (wallet,) = await coalition.query("SELECT wallet_lane, wallet_id FROM members")
    coalition.members["ana"] = Place(*wallet)


async def plan_june(url: str) -> None:
    from datetime import UTC, datetime

    from hub.kernel.actor import HUB_ACTOR
    from settlement.windows import PlannedWindow, plan_windows

    async with open_coalition(url) as coalition:
        may, june, july = (datetime(2026, month, 1, tzinfo=UTC) for month in (5, 6, 7))
        planned = [PlannedWindow("M2026-05", may, june), PlannedWindow("M2026-06", june, july)]
        await plan_windows(coalition.hub.database, HUB_ACTOR, calendar="monthly", planned=planned)
