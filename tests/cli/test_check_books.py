"""`hub check-books`: silent on good books, and one flipped value anywhere is named."""

import asyncio
import json
import re
from pathlib import Path

import asyncpg
import pytest

from hub.cli.check_books import app
from hub.ledger.journal.rules import LEDGER_RULES
from hub.ledger.log.checking import LOG_RULES
from settlement.recompute import SETTLEMENT_RULES
from tests.cli.books import settle_two_months
from tests.cli.running import run, run_json

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def settled(database_url: str) -> str:
    asyncio.run(settle_two_months(database_url))
    return database_url


def change(url: str, *statements: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(url)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    asyncio.run(execute())


def test_the_rules_are_those_of_the_audit() -> None:
    sql = (ROOT / "hub" / "ledger" / "audit.sql").read_text()
    found = re.findall(r"SELECT '([^']+)'", sql)

    assert tuple(found) == LEDGER_RULES


def test_books_in_order_pass_every_rule(settled: str) -> None:
    checked = run_json(app, settled)

    assert checked["is_in_order"] is True and checked["violations"] == []
    assert set(checked["rules"]) == {*LEDGER_RULES, *LOG_RULES, *SETTLEMENT_RULES}
    assert set(checked["rules"].values()) == {0}


def test_books_that_are_empty_are_in_order(database_url: str) -> None:
    assert run(app, database_url).exit_code == 0


SEAL = "f" * 64
FLIPPED = {
    "an entry": (
        "UPDATE ledger.entries SET points = points + {} WHERE kind = 2",
        "entry equals its allocations", "entry 7:2", "401", "400",
    ),
    "when an entry happened": (
        "UPDATE ledger.entries SET occurred_at = occurred_at + {} * interval '1 s' WHERE kind = 1",
        "leaf hashes its entry", "entry 7:1", None, None,
    ),
    "a lot": (
        "UPDATE ledger.lots SET remaining_points = remaining_points + {} WHERE lot_id = 1",
        "lot equals its allocations", "lot 7:1", "601, held 0", "600, held 0",
    ),
    "a wallet": (
        "UPDATE ledger.wallets SET balance_points = balance_points + {}",
        "wallet equals its lots", None, "678, held 0", "677, held 0",
    ),
    "a flow": (
        "UPDATE ledger.flows SET points = points + {} WHERE kind = 2",
        "flow equals the journal", None, "401 points, 1 entries", "400 points, 1 entries",
    ),
    "an amount of a cell": (
        "UPDATE cells SET rounded_minor = rounded_minor + {} WHERE creditor = 'bio'",
        "cells equal the journal", "monthly/M2026-03 POOL>bio", "amount 3.13", "amount 3.12",
    ),
    "a line of a cell": (
        "UPDATE cell_lines SET exact = exact + {} * 1e-12::numeric WHERE line LIKE 'ACCEPT%'",
        "cells equal the journal", "monthly/M2026-03 bio>HUB",
        "line ACCEPT_FEE@bio-2 0.037440000001", "line ACCEPT_FEE@bio-2 0.03744",
    ),
    "a carry": (
        "UPDATE cells SET carry_out = carry_out + {} * 0.001 WHERE carry_out <> 0",
        "cells equal the journal", "monthly/M2026-03 bio>HUB", "carry out -0.00156",
        "carry out -0.00256",
    ),
    "the span of a window": (
        "UPDATE windows SET opens_at = opens_at + {} * interval '1 s' WHERE code = 'M2026-04'",
        "windows partition time", "monthly/M2026-04", "2026-04-01 00:00:01+00:00",
        "2026-04-01 00:00:00+00:00",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", FLIPPED)
def test_one_flipped_value_is_named(settled: str, what: str) -> None:
    statement, rule, place, found, expected = FLIPPED[what]
    change(settled, statement.format(1))
    try:
        result = run(app, settled, "--format", "json")
    finally:
        change(settled, statement.format(-1))

    assert result.exit_code == 1
    named = [v for v in json.loads(result.stdout)["violations"] if v["rule"] == rule]
    assert named, result.stdout
    for key, value in {"place": place, "found": found, "expected": expected}.items():
        assert value is None or named[0][key] == value
    assert run(app, settled).exit_code == 0


def test_a_wrong_seal_is_named_in_its_own_window_only(settled: str) -> None:
    change(settled, "UPDATE windows SET seal = repeat('f', 64) WHERE code = 'M2026-03'")

    violations = json.loads(run(app, settled, "--format", "json").stdout)["violations"]

    assert [(v["rule"], v["place"], v["found"]) for v in violations] == [
        ("seal equals the figures", "monthly/M2026-03", SEAL)
    ]


def test_a_cell_that_vanished_is_named(settled: str) -> None:
    change(
        settled,
        "DELETE FROM cell_lines WHERE creditor = 'bio'",
        "DELETE FROM cells WHERE creditor = 'bio'",
    )

    result = run(app, settled, "--format", "csv")

    assert result.exit_code == 1
    assert result.stdout_bytes.decode() == (
        "rule,place,found,expected\r\n"
        "cells equal the journal,monthly/M2026-03 POOL>bio,no cell,a cell\r\n"
    )
    assert result.stderr == "hub: 1 place is wrong in the books\n"


def test_a_partner_who_joins_later_breaks_no_seal(settled: str) -> None:
    change(settled, "INSERT INTO partners (code, name_en, name_zh) VALUES ('cin', 'Cin', 'C')")

    assert run(app, settled).exit_code == 0


def test_a_repair_plan_says_what_would_put_it_right_and_repairs_nothing(settled: str) -> None:
    change(settled, "UPDATE ledger.wallets SET balance_points = balance_points + 1")
    first = run(app, settled, "--repair-plan", "--format", "json")
    again = run(app, settled, "--repair-plan", "--format", "json")
    change(settled, "UPDATE ledger.wallets SET balance_points = balance_points - 1")

    assert again.stdout == first.stdout
    assert first.exit_code == 1
    plan = json.loads(first.stdout)["repair_plan"]
    assert [step["rule"] for step in plan] == [
        "wallet equals its lots",
        "wallet equals its postings",
    ]
    assert plan[0]["nature"] == "kept sum"
    assert plan[0]["wrong"].endswith("1 too many")
    assert plan[0]["correction entries"].startswith("REVERSE of up to 1 point with mode UNLIMITED")


def test_a_repair_plan_is_printed_as_rows_and_as_a_table(settled: str) -> None:
    change(settled, "UPDATE ledger.flows SET points = points + 1 WHERE kind = 2")

    rows = run(app, settled, "--repair-plan", "--format", "csv").stdout.splitlines()
    shown = run(app, settled, "--repair-plan").stdout
    change(settled, "UPDATE ledger.flows SET points = points - 1 WHERE kind = 2")

    assert rows[0] == "rule,nature,wrong,remedy,correction entries"
    assert [row.split(",")[:2] for row in rows[1:]] == [["flow equals the journal", "kept sum"]]
    assert "What would put it right (nothing was repaired)" in shown


def test_books_in_order_need_no_plan(settled: str) -> None:
    checked = run_json(app, settled, "--repair-plan")

    assert (checked["is_in_order"], checked["repair_plan"]) == (True, [])
    assert "put it right" not in run(app, settled, "--repair-plan").stdout
