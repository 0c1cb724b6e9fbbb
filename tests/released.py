"""Release the schema: `make release-schema`, when a version of the hub is given to clients."""

import sys
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

from graphql import build_schema

from schema.releases import find_sudden, judge, read_unreleased
from schema.roots import CORE
from tests.snapshots import ROOT, write_schema

RELEASED: Final = ROOT / "schema" / "released.graphql"
"""The schema of the last release: what clients were promised."""


def read_changelog() -> str:
    """What the changelog says of the next release."""
    return read_unreleased((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))


def main() -> None:
    """Make the schema of this day the one that clients are promised."""
    today = datetime.now(UTC).date()
    if RELEASED.exists():
        before = build_schema(RELEASED.read_text(encoding="utf-8"))
        verdict = judge(before, CORE, on=today, unreleased=read_changelog())
        problems = (*verdict.problems, *find_sudden(before, CORE, on=today))
        if problems:
            sys.exit("\n".join(("Not released:", *problems)))
    head = f"# What clients were promised by release {version('coalition-hub')} of {today}.\n\n"
    RELEASED.write_text(head + write_schema(), encoding="utf-8")


if __name__ == "__main__":
    main()
