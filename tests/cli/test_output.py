"""What the commands print, and how they end."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cli.exit_codes import EXIT_MEANINGS, ExitCode, describe_exit_codes
from hub.cli.main import COMMANDS
from hub.cli.output import (
    Column,
    Format,
    Sheet,
    dump_csv,
    dump_json,
    print_json,
    print_sheet,
)

ROOT = Path(__file__).parent.parent.parent
SHEET = Sheet(
    "Nets [bold]",
    (Column("party", is_number=False), Column("net", is_number=True)),
    (("=cmd()", "-5.00"), ("空港", "+x")),
)


def hub(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: PLW1510
        [sys.executable, "-m", "hub", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        encoding="utf-8",
    )


def test_json_is_sorted_utf8_and_ends_in_a_newline() -> None:
    written = io.BytesIO()

    terminal = io.TextIOWrapper(written, encoding="ascii")
    print_json({"b": 1, "a": ["空"]}, terminal)

    assert written.getvalue() == '{\n "a": [\n  "空"\n ],\n "b": 1\n}\n'.encode()


@pytest.mark.parametrize("value", [1.5, {"a": [1.0]}, [float("nan")]])
def test_a_float_is_our_own_mistake(value: object) -> None:
    with pytest.raises(AssertionError):
        dump_json(value)


def test_a_text_that_a_spreadsheet_would_run_is_guarded_and_a_number_is_not() -> None:
    assert dump_csv(SHEET) == "party,net\r\n'=cmd(),-5.00\r\n空港,'+x\r\n"


def test_a_sheet_is_printed_in_each_format(capsys: pytest.CaptureFixture[str]) -> None:
    printed = {}
    for output_format in Format:
        print_sheet(SHEET, output_format)
        printed[output_format] = capsys.readouterr().out

    assert json.loads(printed[Format.JSON])[0] == {"net": "-5.00", "party": "=cmd()"}
    assert printed[Format.CSV] == dump_csv(SHEET)
    assert "Nets [bold]" in printed[Format.TABLE] and "空港" in printed[Format.TABLE]


def test_no_figure_is_cut_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    columns = tuple(Column(f"party{i}", is_number=True) for i in range(12))

    print_sheet(Sheet("t", columns, (("1234567890.12",) * 12,)), Format.TABLE)

    assert capsys.readouterr().out.count("1234567890.12") == 12


def test_every_exit_status_has_a_meaning() -> None:
    assert set(EXIT_MEANINGS) == set(ExitCode)
    assert "2 a file or an argument is not valid; nothing was done" in describe_exit_codes()


def test_help_names_every_command_and_every_exit_status() -> None:
    helped = hub("--help")

    assert helped.returncode == 0 and helped.stderr == ""
    for name, late in COMMANDS.items():
        assert f"  {name} " in helped.stdout and late.summary in helped.stdout
    assert (
        describe_exit_codes().split()
        == helped.stdout.split()[-len(describe_exit_codes().split()) :]
    )


def test_help_imports_neither_database_nor_schema() -> None:
    program = (
        "import sys\nsys.argv = ['hub', '--help']\nfrom hub.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('asyncpg', 'sqlalchemy', 'strawberry', 'alembic') if m in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert shown.stdout.endswith("[]\n")


@pytest.mark.parametrize("name", ["scenario", "replay"])
def test_a_command_has_help_with_examples_and_exit_statuses(name: str) -> None:
    helped = hub(name, "--help")

    assert helped.returncode == 0
    assert f"  hub {name} " in helped.stdout and "Exit status: 0 done" in helped.stdout


def test_a_command_that_does_not_exist_ends_with_2() -> None:
    refused = hub("scenaro")

    assert refused.returncode == 2 and refused.stdout == ""
    assert "Did you mean 'scenario'" in refused.stderr


def test_an_invalid_scenario_ends_with_2_and_one_line(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text('{"windows": [], "terms": [], "events": 5}')

    refused = hub("scenario", str(file), "--format", "json")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        f"{file}: events: 5 is not a list; expected a list of at most 1000000 events\n"
    )


def test_an_invalid_folder_ends_with_2_and_one_line(tmp_path: Path) -> None:
    refused = hub("replay", str(tmp_path), "--format", "json")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        f"{tmp_path}/scenario.json: file: No such file or directory; expected a JSON file\n"
    )
