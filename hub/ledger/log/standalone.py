"""The verifier as one file: the modules of `verifier/`, one after another."""

import ast
import inspect
from types import ModuleType
from typing import Final

from hub.ledger.log.verifier import bundle, checks, fields, naming, notes, shapes, trees

MODULES: Final = (trees, fields, shapes, naming, notes, bundle, checks)
"""In the order in which they build on each other; the last one is the command."""

_OWN: Final = "hub."

_HEAD: Final = '''"""Verify a bundle of entries against a hub's signed log: one file.

    python verify_statement.py bundle.json --key hub.pub [--older last.json]

It needs Python 3.10 or newer and the package `cryptography`; no network, no database, and nothing
of the hub. Exit status: 0 all is well; 1 something is wrong, and is named; 2 a file cannot be read.

It checks the seal over the whole file; the signature of the checkpoint; that the tree of each lane
is under that signature; of every entry that what is shown hashes to its leaf, and that the leaf is
in the tree; that the totals are those of the entries; and where an older checkpoint is told, that
the trees only grew since.
"""
'''


def write_verifier() -> str:
    """Write the verifier as one file of Python that imports nothing of the hub."""
    imports: set[str] = set()
    bodies: list[str] = []
    for module in MODULES:
        source = inspect.getsource(module)
        body = ast.parse(source).body[1:]
        taken = [each for each in body if isinstance(each, ast.Import | ast.ImportFrom)]
        imports.update(ast.unparse(each) for each in taken if not _is_own(each))
        lines = source.split("\n")
        first = max((each.end_lineno or 0) for each in taken)
        bodies.append(f"# {_sentence(module)}\n\n" + "\n".join(lines[first:]).strip())
    plain = sorted(line for line in imports if line.startswith("import "))
    named = sorted(imports - set(plain))
    parts = [_HEAD, "\n".join([*plain, *named]), *bodies]
    return "\n\n\n".join(part.strip() for part in parts) + "\n"


def _is_own(statement: ast.Import | ast.ImportFrom) -> bool:
    return isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(_OWN)


def _sentence(module: ModuleType) -> str:
    return (module.__doc__ or "").partition("\n")[0]
