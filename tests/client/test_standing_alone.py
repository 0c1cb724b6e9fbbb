"""The client goes into partners' programs: it may not bring the hub along."""

import ast
import subprocess
import sys

import pytest

from tests.docs.blocks import ROOT, name_of

FILES = sorted((ROOT / "hub" / "client").rglob("*.py"))
OUTSIDE = {"httpx", "cryptography"}


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_imports_only_its_neighbours_httpx_and_cryptography(path):
    for name in imports_of(path):
        top = name.partition(".")[0]
        allowed = top in OUTSIDE or top in sys.stdlib_module_names
        assert allowed or name == "hub.client" or name.startswith("hub.client."), name


def test_nothing_else_of_the_project_is_loaded_with_it():
    script = (
        "import sys, hub.client.synchronous, hub.client.private_key\n"
        "rooms = {'schema', 'partners', 'settlement', 'auth', 'graphql', 'strawberry',"
        " 'sqlalchemy', 'asyncpg', 'starlette', 'authlib', 'pydantic'}\n"
        "print(sorted(rooms & {name.partition('.')[0] for name in sys.modules}))\n"
        "print(sorted(n for n in sys.modules if n.startswith('hub.')"
        " and not n.startswith('hub.client')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.split("\n") == ["[]", "[]", ""]
