"""The pages hold together: links lead somewhere, commands exist, words are ours."""

import json
import re

import pytest

from tests.docs.blocks import ROOT, list_anchors, list_links, list_pages, name_of, read_blocks

PAGES = list_pages()
DECISIONS = sorted((ROOT / "docs" / "adr").glob("0*.md"))
LANGUAGES = {"sh", "text", "graphql", "json", "toml", "sql", "python", "mermaid", "yaml"}
# What STYLE calls otherwise; a few are also plain English and are looked at with care.
FOREIGN = re.compile(
    r"\b(merchants?|vendors?|customers?|earn(?:s|ed|ing)?|burn(?:s|ed|ing)?|tenants?|shards|skus?|"
    r"uow|accrue[sd]?)\b",
    re.IGNORECASE,
)
MAKE = re.compile(r"\bmake ([a-z][a-z-]+)")
HUB = re.compile(r"^\s*(?:python -m )?hub ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?", re.MULTILINE)
INLINE = re.compile(r"`((?:make|hub) [^`]+)`")


@pytest.fixture(scope="module")
def make_targets():
    text = (ROOT / "Makefile").read_text()
    return set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))


@pytest.fixture(scope="module")
def hub_commands():
    from hub.cli.main import COMMANDS, load_command

    return {name: set(getattr(load_command(name), "commands", ())) for name in COMMANDS}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    for link in list_links(page):
        if link.startswith("https://"):
            continue
        target, _, anchor = link.partition("#")
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), link
        assert found.is_relative_to(ROOT), link
        if anchor:
            assert anchor in list_anchors(found), link


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_says_its_language(page):
    assert {block.language for block in read_blocks(page)} <= LANGUAGES


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_on_a_page_exists(page, make_targets, hub_commands):
    text = page.read_text(encoding="utf-8")
    scripts = [block.body for block in read_blocks(page) if block.language == "sh"]
    lines = "\n".join([*scripts, *INLINE.findall(text)])
    assert set(MAKE.findall(lines)) <= make_targets
    for name, inner in HUB.findall(lines):
        assert name in hub_commands
        if hub_commands[name] and inner:
            assert inner in hub_commands[name]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_uses_our_words(page):
    assert FOREIGN.findall(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_names_no_place_of_one_machine(page):
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"/(?:work|root|home)/\w+", text) == []


@pytest.mark.parametrize("page", DECISIONS, ids=name_of)
def test_a_decision_fits_on_a_page_and_has_its_four_parts(page):
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.stem[:4]}: ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Consequences",
        "Alternatives",
    ]
    assert len(text.splitlines()) <= 60


def test_every_decision_is_in_the_list():
    listed = list_links(ROOT / "docs" / "adr" / "README.md")
    assert listed == [page.name for page in DECISIONS]


def test_decisions_that_the_code_names_exist():
    named = set()
    for room in ("hub", "schema", "partners", "settlement", "auth"):
        for pattern in ("*.py", "*.sql"):
            for path in (ROOT / room).rglob(pattern):
                named |= set(re.findall(r"ADR-(\d{4})", path.read_text(encoding="utf-8")))
    assert named <= {page.stem[:4] for page in DECISIONS}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_operation_on_a_page_fits_the_schema(page):
    from graphql import parse, validate

    from schema.roots import SCHEMA

    for block in read_blocks(page):
        if block.language == "graphql":
            errors = validate(SCHEMA._schema, parse(block.body))
            assert [error.message for error in errors] == [], f"line {block.line}"


def test_the_worked_example_has_the_figures_of_the_real_one():
    page = (ROOT / "docs" / "explanation" / "settlement.md").read_text(encoding="utf-8")
    example = json.loads((ROOT / "tests" / "data" / "examples" / "EX1.json").read_text())
    expected = example["expected"]
    (window,) = expected["settlements"]
    figures = [
        window["gross_exact"]["AIR>POOL"],
        window["gross_matrix"]["AIR>POOL"],
        window["carry_out"]["AIR>POOL"],
        window["gross_total"],
        window["net_total"],
        *(net.removeprefix("-") for net in window["net_position"].values()),
        expected["pool_required_exact"],
    ]
    assert [figure for figure in figures if figure not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_a_page_names_is_there(page):
    roots = "hub|schema|partners|settlement|auth|tests|docs|benchmarks"
    named = re.findall(rf"`((?:{roots})/[\w./-]*)`", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []
