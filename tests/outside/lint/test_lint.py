"""Linters of schemas, and the diff with the last schema that was released."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from graphql import build_schema

from schema.releases import judge
from schema.roots import CORE, SCHEMA
from tests.outside.runners import call, install
from tests.released import RELEASED, read_changelog

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def folder():
    place = install(HERE, "linters of the schema")
    (place / "schema.graphql").write_text(SCHEMA.as_str() + "\n")
    return place


def test_graphql_eslint_finds_nothing(folder):
    done = call(folder, "node_modules/.bin/eslint", "--max-warnings", "0", "schema.graphql")
    assert done.returncode == 0, done.stdout + done.stderr


def test_graphql_schema_linter_finds_nothing(folder):
    done = call(folder, "node_modules/.bin/graphql-schema-linter", "schema.graphql")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 errors detected" in done.stdout
    assert "invalid" not in done.stdout + done.stderr, "a rule of the list is not there any more"


def test_the_schema_breaks_no_client_of_the_last_release(folder):
    verdict = judge(
        build_schema(RELEASED.read_text()),
        CORE,
        on=datetime.now(UTC).date(),
        unreleased=read_changelog(),
    )
    left = [place.replace("(", ".").removesuffix(":)") for place in verdict.left]
    done = call(folder, "node", "differ.mjs", str(RELEASED), "schema.graphql", *left)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_diff_finds_what_breaks_clients(folder):
    """A field that goes away breaks clients, unless it was announced; a new one does not."""
    (folder / "before.graphql").write_text("type Query { a: Int b: Int }")
    (folder / "after.graphql").write_text("type Query { a: Int c: Int }")
    done = call(folder, "node", "differ.mjs", "before.graphql", "after.graphql")
    assert (done.returncode, done.stdout.splitlines()) == (
        1,
        ["Query.b: Field 'b' was removed from object type 'Query'", "1 breaking"],
    )
    for arguments in (("before.graphql",), ("after.graphql", "Query.b")):
        done = call(folder, "node", "differ.mjs", "before.graphql", *arguments)
        assert (done.returncode, done.stdout) == (0, "0 breaking\n")
