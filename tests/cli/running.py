"""Run a command in this process, on the database of a test."""

import json
from typing import Any

from typer import Typer
from typer.testing import CliRunner, Result


def run(app: Typer, url: str, *arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"HUB_DATABASE_URL": url})


def run_json(app: Typer, url: str, *arguments: str) -> Any:
    result = run(app, url, *arguments, "--format", "json")
    assert result.exception is None, result.exception
    return json.loads(result.stdout)
