"""What waits for a second person."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from hub.kernel.metadata import metadata

approvals = Table(
    "approvals",
    metadata,
    Column("approval_id", BigInteger, primary_key=True, autoincrement=False, comment="Random."),
    Column("operation", Text, nullable=False, comment="A line of auth.permissions."),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of operation and payload."),
    Column("payload", JSONB, nullable=False, comment="What the second person reads."),
    Column("maker_id", Integer, ForeignKey("people.person_id"), nullable=False, index=True),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False, comment="Not to be used after."),
    Column("checker_id", Integer, ForeignKey("people.person_id"), index=True),
    Column("is_approved", Boolean, comment="Empty: not decided."),
    Column("decided_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
    UniqueConstraint("maker_id", "digest", name="uq_approvals_maker_id_digest"),
    CheckConstraint("checker_id <> maker_id", name="four_eyes"),
    CheckConstraint(
        "num_nonnulls(checker_id, is_approved, decided_at) IN (0, 3)", name="decided_at_once"
    ),
    CheckConstraint("used_at IS NULL OR is_approved IS TRUE", name="used_when_approved"),
    comment="What one person asked to do and another one must approve.",
)
