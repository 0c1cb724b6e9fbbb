"""Writes `hub/client/generated` from the schema; `make snapshots` calls it."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from graphql import build_schema

from tests.client.generator.methods import write_blocking, write_documents, write_methods
from tests.client.generator.operations import Operation, Operations
from tests.client.generator.shapes import Shapes
from tests.client.generator.values import (
    write_answers,
    write_enums,
    write_inputs,
    write_refusals,
)

ROOT: Final = Path(__file__).parent.parent.parent.parent
FOLDER: Final = ROOT / "hub" / "client" / "generated"


def write_client(sdl: str) -> dict[Path, str]:
    """Give every generated file with its text, for a schema in its definition language."""
    schema = build_schema(sdl, assume_valid=True)
    shapes = Shapes(schema)
    operations = Operations(shapes).make()
    used = _used(operations, shapes)
    written = {
        "enums": write_enums(schema),
        "inputs": write_inputs(schema),
        "refusals": write_refusals(schema),
        "answers": write_answers(used),
        "documents": write_documents(operations),
        "methods": write_methods(operations),
        "waiting": write_blocking(operations),
    }
    return {FOLDER / f"{name}.py": text for name, text in format_code(written).items()}


def _used(operations: list[Operation], shapes: Shapes) -> list:
    names: set[str] = set()

    def visit(shape) -> None:
        if shape is not None and shape.name not in names:
            names.add(shape.name)
            for part in shape.parts:
                visit(part.shape)

    for each in operations:
        visit(each.shape)
    return [shapes.made[name] for name in sorted(names)]


def format_code(written: dict[str, str]) -> dict[str, str]:
    """Format texts as the house does, and drop the imports that one of them does not need."""
    done = {}
    names = {
        name: re.findall(r"^class (\w+)", text, re.MULTILINE) for name, text in written.items()
    }
    for name, draft in written.items():
        text = draft
        for other, found in names.items():
            head = f"from hub.client.generated.{other} import"
            text = text.replace(f"{head} EVERYTHING", f"{head} ({', '.join(found)})")
        kept = _ruff(["check", "--fix-only", "--select", "F401,I001", "--quiet"], text)
        done[name] = _ruff(["format", "--quiet"], kept)
    return done


def _ruff(arguments: list[str], text: str) -> str:
    command = [str(Path(sys.executable).parent / "ruff"), *arguments, "--no-cache"]
    path = FOLDER / "written.py"
    done = subprocess.run(
        [*command, "--stdin-filename", str(path), "-"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return done.stdout
