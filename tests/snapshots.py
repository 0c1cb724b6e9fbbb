"""Write the snapshots that tests compare: `make snapshots`, then read the diff."""

from pathlib import Path

from schema.roots import SCHEMA
from tests.client.generator.client import write_client
from tests.docs.references import REFERENCES
from tests.migrations.dump import SCHEMA_SQL, write_schema_sql

ROOT = Path(__file__).parent.parent
SCHEMA_FILE = ROOT / "schema" / "schema.graphql"


def write_schema() -> str:
    """The schema in its definition language."""
    return SCHEMA.as_str() + "\n"


def main() -> None:
    """Write every snapshot."""
    SCHEMA_FILE.write_text(write_schema(), encoding="utf-8")
    for file, code in write_client(write_schema()).items():
        file.write_text(code, encoding="utf-8")
    SCHEMA_SQL.write_text(write_schema_sql(), encoding="utf-8")
    for page, write in REFERENCES.items():
        page.write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
