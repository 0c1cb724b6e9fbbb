"""How commands end: a sentence on standard error, and a status that means something."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from hub.cli.endings import describe, first_of
from hub.kernel.errors import DatabaseUnreachable, IdempotencyConflict
from hub.kernel.reach import is_connection_lost, name_server
from partners.errors import PartnerNotFound
from settlement.errors import WindowNotOver
from tests.cli.test_output import ROOT, hub


def test_a_refusal_says_its_data() -> None:
    over_at = datetime(2026, 4, 1, tzinfo=UTC)

    assert describe(WindowNotOver("M2026-03", over_at)) == (
        "The window is not over; it can be closed from its cut on."
        " (window M2026-03, cut_at 2026-04-01T00:00:00Z)"
    )
    assert describe(IdempotencyConflict()) == (
        "The idempotency key was used before for another request."
    )
    assert describe(DatabaseUnreachable("db:5432/hub", "refused")) == (
        "The database at db:5432/hub cannot be reached: refused."
    )


def test_of_several_errors_the_first_is_told() -> None:
    refusal = PartnerNotFound("air")

    assert first_of(ExceptionGroup("tasks", [ExceptionGroup("more", [refusal])])) is refusal


def test_a_lost_connection_is_known_whatever_it_is_wrapped_in() -> None:
    wrapped = RuntimeError("while closing")
    wrapped.__cause__ = ConnectionResetError()

    assert is_connection_lost(ExceptionGroup("tasks", [wrapped]))
    assert not is_connection_lost(ValueError("x"))


def test_a_server_is_named_without_its_password() -> None:
    assert name_server("postgresql://ana:secret@db:6543/hub") == "db:6543/hub"
    assert name_server("postgresql://ana@/hub?host=/run/x&port=5432") == "/run/x:5432/hub"
    assert name_server("nonsense") == "an address that is not a URL"


@pytest.mark.parametrize(
    "command",
    [("migrate",), ("check-books",), ("settle", "show"), ("demo",),
     ("scenario", "tests/data/examples/EX1.json")],
)  # fmt: skip
def test_an_unreachable_database_ends_with_3_and_one_sentence(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://ana:secret@127.0.0.1:1/hub"
    monkeypatch.setitem(os.environ, "HUB_DATABASE_URL", url)

    ended = hub(*command)

    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr.startswith("hub: The database at 127.0.0.1:1/hub cannot be reached: ")
    assert ended.stderr.count("\n") == 1 and "secret" not in ended.stderr


def test_a_database_without_our_schema_ends_with_1(
    postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "HUB_DATABASE_URL", postgres.url("postgres"))

    ended = hub("settle", "show")

    assert ended.returncode == 1
    assert ended.stderr.startswith(
        "hub: The database has another schema than this version of the hub: run `hub migrate`."
        " (found_revision none, expected_revision "
    )


def test_a_mistake_of_ours_ends_with_70_and_is_logged_without_values() -> None:
    program = (
        "import sys\nsys.argv = ['hub', 'scenario', 'x']\n"
        "from hub.cli import main\nfrom hub.cli.scenario import command\n"
        "def broken(path):\n    secret = 'pass' + 'word'\n    raise ZeroDivisionError('ours')\n"
        "command.read_scenario = broken\nmain.main()\n"
    )
    ended = subprocess.run(  # noqa: PLW1510
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )

    assert (ended.returncode, ended.stdout) == (70, "")
    assert "ZeroDivisionError: ours" in ended.stderr and "password" not in ended.stderr
    assert ended.stderr.endswith("hub: A mistake of ours; the log above says more.\n")


@pytest.mark.parametrize(
    "command",
    [("coalition", "apply"), ("migrate",), ("demo",), ("check-books",), ("settle", "plan"),
     ("settle", "windows"), ("settle", "close"), ("settle", "show"), ("settle", "positions"),
     ("settle", "lines")],
)  # fmt: skip
def test_every_command_has_help_with_examples_and_exit_statuses(command: tuple[str, ...]) -> None:
    helped = hub(*command, "--help")

    assert helped.returncode == 0
    assert f"  hub {' '.join(command)} " in helped.stdout
    assert "Exit status: 0 done" in helped.stdout
