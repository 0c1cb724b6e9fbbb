"""The house rules that no linter knows: sizes, names, where time is asked for, no inexact numbers.

An exception carries its reason on its line: `# tidy: <reason>`.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("hub", "schema", "partners", "settlement", "auth")
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500
LINE_COLUMNS_MAX = 100
BANNED_NAMES = {"service", "services", "utils", "util", "helpers", "common", "manager", "base"}
# Where points and money are counted: nothing inexact, and every division names its rounding.
MONEY = (
    "hub/kernel/money.py",
    "hub/ledger/**/*.py",
    "hub/points/**/*.py",
    "partners/terms.py",
    "settlement/**/*.py",
)
CLOCK = "hub/kernel/clock.py"
ASKS_THE_TIME = {"now", "utcnow", "today"}
EXCUSE = re.compile(r"# tidy: \S")


def find_files(*patterns: str) -> list[Path]:
    return sorted({path for pattern in patterns for path in ROOT.glob(pattern)})


# Written by `make snapshots`: as long as the schema.
GENERATED = set(find_files("hub/client/generated/*.py"))
FOUND_CODE = find_files(*(f"{room}/**/*.py" for room in ROOMS))
CODE = [path for path in FOUND_CODE if path not in GENERATED]
ALL = [*CODE, *find_files("tests/**/*.py", "benchmarks/**/*.py")]
SNAPSHOTS = {*GENERATED, *find_files("hub/migrations/schema.sql")}
FOUND_TEXT = find_files(*(f"{room}/**/*.{kind}" for room in ROOMS for kind in ("py", "sql")))
OWN_TEXT = [path for path in FOUND_TEXT if path not in SNAPSHOTS]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def nodes(path: Path) -> Iterator[ast.AST]:
    """Walk a file's syntax tree, leaving out lines that carry an excuse."""
    text = path.read_text()
    excused = {number for number, line in enumerate(text.split("\n"), 1) if EXCUSE.search(line)}
    for node in ast.walk(ast.parse(text)):
        if getattr(node, "lineno", None) not in excused:
            yield node


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_functions_fit_on_a_page(path):
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX
    }
    assert long == {}


@pytest.mark.parametrize("path", sorted({*ALL, *OWN_TEXT}), ids=name_of)
def test_files_and_lines_are_short(path):
    lines = path.read_text().split("\n")
    assert len(lines) - 1 <= FILE_LINES_MAX, "a file that long becomes a folder of nouns"
    assert [n for n, line in enumerate(lines, 1) if len(line) > LINE_COLUMNS_MAX] == []


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_files_are_named_for_something_in_the_domain(path):
    words = {path.stem, *path.stem.split("_"), path.parent.name}
    assert words & BANNED_NAMES == set()


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_every_module_says_what_it_is(path):
    if "migrations/versions" not in name_of(path):
        assert ast.get_docstring(ast.parse(path.read_text())), "begin with a docstring"


@pytest.mark.parametrize("path", [p for p in ALL if p.name == "__init__.py"], ids=name_of)
def test_a_package_file_holds_only_the_map_of_its_room(path):
    kinds = [type(statement) for statement in ast.parse(path.read_text()).body]
    assert kinds == [ast.Expr]


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_only_the_clock_asks_what_time_it_is(path):
    if name_of(path) == CLOCK:
        return
    asked = [
        node.lineno
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ASKS_THE_TIME
        and isinstance(node.func.value, ast.Name | ast.Attribute)
        and ast.unparse(node.func.value).split(".")[-1] in {"datetime", "date"}
    ]
    assert asked == [], "take the instant as a value: tx.now, or an argument"


@pytest.mark.parametrize("path", find_files(*MONEY), ids=name_of)
def test_points_and_money_are_counted_exactly(path):
    inexact = [node.lineno for node in nodes(path) if is_inexact(node)]
    assert inexact == [], "no float and no `/`: name the rounding; for paths use joinpath"


def is_inexact(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=float()):
            return True
        case ast.Name(id="float"):
            return True
        case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            return True
    return False


@pytest.mark.parametrize("path", sorted({*ALL, *OWN_TEXT}), ids=name_of)
def test_an_open_question_is_an_issue_with_a_number(path):
    mark = "TO" + "DO"
    open_questions = [
        number
        for number, line in enumerate(path.read_text().split("\n"), 1)
        if re.search(rf"\b({mark}|FIX" + r"ME|X{3})\b(?!.*#\d)", line)
    ]
    assert open_questions == []
