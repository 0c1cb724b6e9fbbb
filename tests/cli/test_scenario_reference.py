"""`hub scenario` answers as the reference does: the examples, random files, and invalid ones."""

import json
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli.scenario import play
from hub.cli.scenario.answer import write_answer
from hub.cli.scenario.command import app
from hub.cli.scenario.document import parse_scenario
from tests.coalition import audit_books
from tests.conftest import SOAK_SHARE_SECONDS, administer
from tests.reference.generate import Shape, scenario
from tests.reference.scenario import answer
from tests.reference.spoil import NOT_A_FILE, spoilt

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "tests" / "data" / "examples").glob("EX*.json"))
SEEDS = range(25)
LONG_SEEDS = range(1000, 1000 + 4 * SOAK_SHARE_SECONDS)
numbers = count(1)


async def play_on_the_test_server(document, postgres, template):
    """Play a scenario as the command does, on a database of its own."""
    name = f"scenario_{next(numbers)}"
    await administer(postgres, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await administer(postgres, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    try:
        outcome = await play._play(
            parse_scenario(json.dumps(document).encode(), file="drawn.json"), postgres.url(name)
        )
        assert await audit_books(postgres.url(name)) == []
    finally:
        await administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")
    return json.loads(json.dumps(write_answer(outcome)))


def assert_same(found, expected):
    """Equal, but for the choice among minimal sets of payments."""
    assert found.keys() == expected.keys()
    for key in expected.keys() - {"settlements"}:
        assert found[key] == expected[key], key
    for mine, theirs in zip(found["settlements"], expected["settlements"], strict=True):
        assert mine.keys() == theirs.keys()
        for key in theirs.keys() - {"payments_direct_min"}:
            assert mine[key] == theirs[key], (theirs["window"], key)
        payments = len(mine["payments_direct_min"]), len(theirs["payments_direct_min"])
        assert payments[0] == payments[1], theirs["window"]


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_random_scenario_comes_out_as_in_the_reference(seed, postgres, template_database):
    document = scenario(seed)
    found = await play_on_the_test_server(document, postgres, template_database)
    assert_same(found, answer(document))


@pytest.mark.soak
@pytest.mark.parametrize("seed", LONG_SEEDS)
async def test_many_random_scenarios_come_out_as_in_the_reference(
    seed, postgres, template_database
):
    document = scenario(seed, Shape(events_max=120))
    found = await play_on_the_test_server(document, postgres, template_database)
    assert_same(found, answer(document))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_command_prints_the_expected_answer_of_each_example(path, tmp_path):
    """The real command with an embedded server of its own."""
    runs = [
        subprocess.run(
            [sys.executable, "-m", "hub", "scenario", path, "--format", "json"],
            capture_output=True,
            cwd=ROOT,
            check=False,
            timeout=120,
        )
        for _ in range(2 if path.stem == "EX1" else 1)
    ]
    assert [run.returncode for run in runs] == [0] * len(runs), runs[0].stderr
    assert len({run.stdout for run in runs}) == 1
    found = json.loads(runs[0].stdout)
    document = json.loads(path.read_text())
    assert_same(found, json.loads(json.dumps(answer(document))))


@pytest.mark.parametrize("case", spoilt(), ids=lambda case: case.name)
def test_an_invalid_scenario_ends_with_one_line_and_status_2(case, tmp_path):
    path = tmp_path / "spoilt.json"
    path.write_text(json.dumps(case.document))
    assert_refused(path)


@pytest.mark.parametrize("text", NOT_A_FILE)
def test_what_is_no_scenario_at_all_ends_with_one_line_and_status_2(text, tmp_path):
    path = tmp_path / "spoilt.json"
    path.write_text(text)
    assert_refused(path)


def test_a_file_that_is_not_there_ends_with_one_line_and_status_2(tmp_path):
    assert_refused(tmp_path / "nowhere.json")


def assert_refused(path):
    result = CliRunner().invoke(app, [str(path), "--format", "json"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert str(path) in result.stderr
