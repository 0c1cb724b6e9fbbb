"""Access: development tokens, secret keys, and the answers given under idempotency keys."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | Sequence[str] | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("key_hash", sa.LargeBinary(), nullable=False, comment="SHA-256(actor, key)."),
        sa.Column(
            "request_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of what was asked."
        ),
        sa.Column(
            "answer",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="What was made or refused; empty while it is under way.",
        ),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_answers")),
        comment="What each idempotency key outside the ledger was answered (rule book 1.9).",
    )
    op.create_table(
        "development_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the token."),
        sa.Column("actor_kind", sa.Text(), nullable=False, comment="operator, partner or member."),
        sa.Column(
            "actor_number",
            sa.BigInteger(),
            nullable=False,
            comment="Partner or member; 0: operator.",
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_development_tokens")),
        comment="Tokens that work in the development profile only.",
    )
    op.create_table(
        "secret_keys",
        sa.Column("name", sa.Text(), nullable=False, comment="What the key is for."),
        sa.Column("secret", sa.LargeBinary(), nullable=False, comment="32 random bytes."),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secret_keys")),
        comment="Keys of the hub. Kept here so that ids mean the same in every process and backup.",
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON answers TO hub_app")
    op.execute("GRANT SELECT, INSERT ON development_tokens, secret_keys TO hub_app")


def downgrade() -> None:
    op.drop_table("secret_keys")
    op.drop_table("development_tokens")
    op.drop_table("answers")
