"""Signed checkpoints of the Merkle log."""

from collections.abc import Sequence
from pathlib import Path

from alembic import op

revision: str = "0005"
down_revision: str | Sequence[str] | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


LOG = Path(__file__).parents[2] / "ledger" / "log"


def run_file(path: Path) -> None:
    """Run a file of many statements: only the plain query protocol takes them together."""
    text = path.read_text()
    context = op.get_context()
    if context.as_sql:
        context.impl.static_output(text)
        return
    op.get_bind().connection.dbapi_connection.run_async(lambda raw: raw.execute(text))


def upgrade() -> None:
    run_file(LOG / "log.sql")


def downgrade() -> None:
    op.execute("DROP FUNCTION ledger.add_tiles, ledger.add_checkpoint, ledger.add_log_key")
    op.execute("DROP TABLE ledger.tiles, ledger.lane_trees, ledger.checkpoints, ledger.log_keys")
