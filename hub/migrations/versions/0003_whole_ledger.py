"""The whole ledger: holds, arrears, restricted lots, caps."""

from collections.abc import Sequence

revision: str = "0003"
down_revision: str | Sequence[str] | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Filled in as the room grows."""


def downgrade() -> None:
    """Nothing yet."""
