"""The import contracts grow with the house: a new room finds its place in pyproject.toml."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]
ROOMS = ("hub", "partners", "settlement", "auth")
TABLES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("tables.py"))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize("path", TABLES, ids=module_of)
def test_the_tables_of_a_room_are_private_to_it(path):
    room = module_of(path.parent)
    keepers = [
        contract["allowed_importers"]
        for contract in CONTRACTS
        if module_of(path) in contract.get("protected_modules", [])
    ]
    assert keepers == [[room]], f"add a protected contract for {module_of(path)}"
