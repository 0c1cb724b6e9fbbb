"""`hub seal`, `hub export` and `hub verify`: from books to a bundle that a partner verifies."""

import asyncio
import json
import subprocess
import sys

import asyncpg
import pytest

from auth.keys import ID_KEY, open_key
from hub.cli import check_books, export, seal, verify
from hub.kernel.actor import Actor, ActorKind
from hub.kernel.ids import IdKind
from hub.kernel.log import LogLevel, LogStyle, set_up_log
from schema.ids import Audience
from tests.cli.books import settle_two_months
from tests.cli.running import run, run_json
from tests.coalition import open_coalition

MARCH, APRIL = "monthly/M2026-03", "M2026-04"


@pytest.fixture
def settled(database_url):
    # As `hub` does for every command: what is logged must not get into results.
    set_up_log(style=LogStyle.CONSOLE, level=LogLevel.WARNING)
    asyncio.run(settle_two_months(database_url))
    return database_url


def change(url, statement):
    async def execute():
        connection = await asyncpg.connect(url)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(execute())


def export_proofs(url, *arguments):
    result = run(export.app, url, "proofs", *map(str, arguments))
    assert result.exit_code == 0, result.stderr


def test_sealing_shows_the_last_checkpoint(settled):
    sealed = run_json(seal.app, settled)
    assert sealed["entry_count"] == 3
    assert sealed["checkpoint"].split("\n")[1] == "65"
    again = run(seal.app, settled)
    assert again.stdout.startswith("0 entries were new to the log. The last checkpoint:\n\n")
    assert again.stdout.endswith(sealed["checkpoint"])


def test_a_partner_verifies_two_months_one_after_the_other(settled, tmp_path):
    march, april, keys = (tmp_path / name for name in ("march.json", "april.json", "hub.pub"))
    export_proofs(settled, march, "--partner", "bio", "--window", MARCH)
    export_proofs(settled, april, "--partner", "bio", "--window", APRIL, "--older", march)
    assert run(export.app, settled, "keys", str(keys)).exit_code == 0
    told = run_json(verify.app, "", str(april), "--key", str(keys), "--older", str(march))
    assert (told["is_verified"], told["wrongs"], told["entry_count"]) == (True, [], 1)
    verified = run(verify.app, "", str(march), "--key", str(keys))
    assert verified.exit_code == 0
    assert verified.stdout.startswith("1 entries are in the log as signed at ")
    (redemption,) = json.loads(march.read_text())["entries"]
    assert redemption["maker"]["shown"]["fields"]["points"] == 400
    assert json.loads(march.read_text())["window"] == {
        "name": "monthly/M2026-03",
        "opens_at": "2026-03-01T00:00:00.000000Z",
        "cut_at": "2026-04-01T00:00:00.000000Z",
    }


def test_a_changed_bundle_is_refused_by_name(settled, tmp_path):
    bundle, keys = tmp_path / "march.json", tmp_path / "hub.pub"
    export_proofs(settled, bundle, "--partner", "bio", "--window", MARCH)
    run(export.app, settled, "keys", str(keys))
    bundle.write_text(bundle.read_text().replace('"points": 400', '"points": 500'))
    refused = run(verify.app, "", str(bundle), "--key", str(keys))
    assert refused.exit_code == 1
    assert refused.stdout.startswith(
        "WRONG  entry 7:2 maker: points: was changed: 400 was booked\n"
    )
    assert refused.stderr == "hub: the bundle is not verified\n"


def test_an_auditor_is_given_everything(settled, tmp_path):
    bundle, keys = tmp_path / "all.json", tmp_path / "hub.pub"
    export_proofs(settled, bundle, "--auditor", "--window", MARCH)
    run(export.app, settled, "keys", str(keys))
    assert run_json(verify.app, "", str(bundle), "--key", str(keys))["entry_count"] == 2


def member_id(url):
    """The id of the only member, as the operator sees it."""

    async def read():
        async with open_coalition(url) as coalition:
            secret = await open_key(coalition.hub.database, ID_KEY)
            number = await coalition.value("SELECT member_id FROM members")
        return Audience(secret, Actor(ActorKind.OPERATOR)).write(IdKind.MEMBER, number)

    return asyncio.run(read())


def test_a_member_is_given_the_entries_of_the_own_wallet(settled, tmp_path):
    bundle, keys, written = tmp_path / "ana.json", tmp_path / "hub.pub", tmp_path / "verify.py"
    ana = member_id(settled)
    export_proofs(settled, bundle, "--member", ana)
    run(export.app, settled, "keys", str(keys))
    told = run_json(verify.app, "", str(bundle), "--key", str(keys))
    assert (told["is_verified"], told["wrongs"], told["entry_count"]) == (True, [], 3)
    run(verify.app, "", "--write-verifier", str(written))
    command = [sys.executable, "-I", written, bundle, "--key", keys]
    alone = subprocess.run(command, capture_output=True, text=True, check=True)
    assert alone.stdout.startswith("3 entries are in the log as signed at ")
    document = json.loads(bundle.read_text())
    assert (document["audience"], document["window"]) == (f"member {ana}", None)
    shown = [
        (
            entry["kind"],
            entry["maker"]["shown"]["fields"]["points"],
            entry["maker"]["shown"]["fields"]["reference"],
            [line["shown"]["fields"]["points"] for line in entry["lines"]],
            entry["whole"]["shown"],
        )
        for entry in document["entries"]
    ]
    assert shown == [
        ("ISSUE", 1000, "till-1000", [], None),
        ("REDEEM", 400, None, [-400], None),
        ("ISSUE", 77, "till-77", [], None),
    ]
    for name in ("wallet_id", "terms_id", "request_hash", "actor"):
        assert name not in bundle.read_text()


def test_a_member_verifies_that_the_books_only_grew(settled, tmp_path):
    first, second, keys = (tmp_path / name for name in ("first.json", "second.json", "hub.pub"))
    ana = member_id(settled)
    export_proofs(settled, first, "--member", ana)
    export_proofs(settled, second, "--member", ana, "--older", first)
    run(export.app, settled, "keys", str(keys))
    told = run_json(verify.app, "", str(second), "--key", str(keys), "--older", str(first))
    assert told["is_verified"] is True
    second.write_text(second.read_text().replace('"till-77"', '"till-78"'))
    refused = run(verify.app, "", str(second), "--key", str(keys))
    assert refused.exit_code == 1
    assert refused.stdout.startswith(
        'WRONG  entry 7:3 maker: reference: was changed: "till-77" was booked\n'
    )


def test_the_written_verifier_verifies_without_the_hub(settled, tmp_path):
    export_proofs(settled, tmp_path / "march.json", "--partner", "air", "--window", MARCH)
    run(export.app, settled, "keys", str(tmp_path / "hub.pub"))
    written = tmp_path / "verify_statement.py"
    assert run(verify.app, "", "--write-verifier", str(written)).exit_code == 0
    command = [sys.executable, "-I", written, "march.json", "--key", "hub.pub"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout.startswith("2 entries are in the log as signed at ")


WRONG_CALLS = {
    "no bundle": (verify.app, ["--key", "hub.pub"], 2),
    "no key": (verify.app, ["march.json"], 2),
    "no such bundle": (verify.app, ["nobody.json", "--key", "hub.pub"], 2),
    "a partner and an auditor": (
        export.app, ["proofs", "x", "--partner", "bio", "--auditor", "--window", MARCH], 2,
    ),
    "neither": (export.app, ["proofs", "x", "--window", MARCH], 2),
    "a member and a window": (
        export.app, ["proofs", "x", "--member", "nobody", "--window", MARCH], 2,
    ),
    "a partner without a window": (export.app, ["proofs", "x", "--partner", "bio"], 2),
    "no such older bundle": (
        export.app, ["proofs", "x", "--auditor", "--window", MARCH, "--older", "nobody"], 2,
    ),
    "no such place to write": (verify.app, ["--write-verifier", "no/such/place.py"], 2),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG_CALLS)
def test_a_wrong_call_ends_with_a_sentence(database_url, what):
    app, arguments, status = WRONG_CALLS[what]
    result = run(app, database_url, *arguments)
    assert result.exit_code == status
    assert result.stderr


def test_a_changed_journal_is_neither_sealed_nor_exported(settled, tmp_path):
    from hub.ledger.log.errors import JournalDisagrees

    run(seal.app, settled)
    change(settled, "UPDATE ledger.entries SET points = points + 1 WHERE seq = 2")
    try:
        checked = json.loads(run(check_books.app, settled, "--format", "json").stdout)
        places = {v["place"] for v in checked["violations"] if v["rule"].startswith("journal eq")}
        assert places == {"entry 7:2"}
        for app, arguments in (
            (seal.app, []),
            (export.app, ["proofs", str(tmp_path / "x"), "--auditor", "--window", MARCH]),
        ):
            refusal = run(app, settled, *arguments).exception
            assert isinstance(refusal, JournalDisagrees)
            assert refusal.place == "entry 7:2"
        assert not (tmp_path / "x").exists()
    finally:
        change(settled, "UPDATE ledger.entries SET points = points - 1 WHERE seq = 2")
