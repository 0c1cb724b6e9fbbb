"""The reference says what the code says."""

import re

import pytest

from tests.docs.blocks import ROOT, name_of
from tests.docs.references import FOLDER, REFERENCES

GLOSSARY = FOLDER / "glossary.md"
NO_VARIABLES = {"HUB_ACTOR", "HUB_CENTRAL", "HUB_FEE", "HUB_ID"}


@pytest.mark.parametrize("page", REFERENCES, ids=name_of)
def test_a_generated_page_is_up_to_date(page):
    assert page.read_text(encoding="utf-8") == REFERENCES[page](), "run `make snapshots`"


def test_every_variable_that_the_project_reads_is_explained():
    explained = (FOLDER / "settings.md").read_text(encoding="utf-8")
    sources = [ROOT / name for name in ("docker-compose.yml", "Dockerfile", "Makefile")]
    for room in ("hub", "schema", "partners", "settlement", "auth"):
        sources += (ROOT / room).rglob("*.py")
    sources.append(ROOT / "tests" / "conftest.py")
    named = set()
    for path in sources:
        named |= set(re.findall(r"\bHUB_[A-Z][A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8")))
    named -= NO_VARIABLES
    assert {name for name in named if f"`{name}`" not in explained} == set()


def rows_of_glossary():
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0] not in ("word", "---"):
            yield cells


def test_every_table_and_type_of_the_glossary_exists():
    from hub.kernel.metadata import metadata
    from schema.roots import SCHEMA

    tables = {f"{table}" for table in metadata.tables}
    text = "".join(path.read_text() for path in (ROOT / "hub" / "ledger").glob("*.sql"))
    tables |= set(re.findall(r"CREATE (?:TABLE|VIEW) (ledger\.\w+)", text))
    types = set(SCHEMA._schema.type_map)
    rows = list(rows_of_glossary())
    assert len(rows) > 30
    assert {row[2].strip("`") for row in rows if row[2]} - tables == set()
    assert {row[3].strip("`") for row in rows if row[3]} - types == set()


def test_every_kind_of_entry_is_in_the_glossary():
    from hub.ledger.entries import EntryKind

    listed = next(row[0] for row in rows_of_glossary() if row[3] == "`EntryKind`")
    kinds = {kind.name.lower().replace("_", " ") for kind in EntryKind if kind.value < 20}
    assert kinds <= {word.strip() for word in listed.split(",")}
