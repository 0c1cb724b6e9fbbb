"""The page of attacks names every number, and the tests that are there."""

import re

from tests.docs.blocks import ROOT

PAGE = ROOT / "docs" / "explanation" / "attacks.md"
NAMED = re.compile(r"^(?:async )?def test_attack_(\d+)(?:_and_(\d+))?_", re.MULTILINE)


def rows() -> dict[int, str]:
    lines = re.findall(r"^\| (\d+) \| [^|]+ \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    return {int(number): cell for number, cell in lines}


def test_every_attack_has_a_row_that_says_what_sees_it():
    assert list(rows()) == list(range(1, 68))
    assert [number for number, cell in rows().items() if "open" in cell] == []


def test_the_page_names_the_files_whose_tests_bear_a_number():
    there: dict[int, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for found in NAMED.findall(path.read_text()):
            for number in filter(None, found):
                there.setdefault(int(number), set()).add(str(path.relative_to(ROOT)))
    told = {number: set(re.findall(r"`(tests/[\w/.]+)`", cell)) for number, cell in rows().items()}
    missing = {number: names - told[number] for number, names in there.items()}
    assert {number: names for number, names in missing.items() if names} == {}


def test_whatever_file_or_folder_the_page_names_is_there():
    for name in re.findall(r"`(tests/[\w/.]+)`", PAGE.read_text()):
        assert (ROOT / name).exists(), name
