"""The second wall around the journal and the stored answers: where nobody acts, they are empty."""

from collections.abc import Sequence
from pathlib import Path

from alembic import op

revision: str = "0011"
down_revision: str | Sequence[str] | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

WALL = Path(__file__).parents[3] / "auth" / "journal_wall.sql"

TAKE_DOWN = """
DO $$
DECLARE
    thing regclass;
BEGIN
    FOR thing IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'ledger'::regnamespace
                 AND (c.relkind = 'p' OR c.relkind = 'r' AND c.relispartition) LOOP
        EXECUTE format('DROP POLICY somebody_acts ON %s', thing);
        EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', thing);
    END LOOP;
END $$;
DROP POLICY somebody_acts ON answers;
ALTER TABLE answers NO FORCE ROW LEVEL SECURITY;
ALTER TABLE answers DISABLE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    run(WALL.read_text("utf-8"))


def downgrade() -> None:
    run(TAKE_DOWN)


def run(text: str) -> None:
    """Run many statements: only the plain query protocol takes them together."""
    context = op.get_context()
    if context.as_sql:
        context.impl.static_output(text)
        return
    op.get_bind().connection.dbapi_connection.run_async(lambda raw: raw.execute(text))
