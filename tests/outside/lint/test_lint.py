"""Linters of schemas, and the diff with the last schema that was released."""

from pathlib import Path

import pytest

from schema.roots import SCHEMA
from tests.outside.runners import call, install

HERE = Path(__file__).parent
RELEASED = HERE.parent.parent.parent / "schema" / "released.graphql"
"""The schema of the last release; there is none before the first one (docs/adr/0017)."""


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
    if not RELEASED.exists():
        pytest.skip("nothing was released yet: there is no schema/released.graphql")
    done = call(folder, "node", "differ.mjs", str(RELEASED), "schema.graphql")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_diff_finds_what_breaks_clients(folder):
    """A field that goes away breaks clients; a new one does not."""
    (folder / "before.graphql").write_text("type Query { a: Int b: Int }")
    (folder / "after.graphql").write_text("type Query { a: Int c: Int }")
    done = call(folder, "node", "differ.mjs", "before.graphql", "after.graphql")
    assert (done.returncode, done.stdout.splitlines()) == (
        1,
        ["Query.b: Field 'b' was removed from object type 'Query'", "1 breaking"],
    )
    done = call(folder, "node", "differ.mjs", "before.graphql", "before.graphql")
    assert (done.returncode, done.stdout) == (0, "0 breaking\n")
