"""What the kernel keeps for all rooms: the answers that were given under idempotency keys."""

from sqlalchemy import Column, DateTime, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from hub.kernel.metadata import metadata

answers = Table(
    "answers",
    metadata,
    Column("key_hash", LargeBinary, primary_key=True, comment="SHA-256(actor, key)."),
    Column("request_hash", LargeBinary, nullable=False, comment="SHA-256 of what was asked."),
    Column("answer", JSONB, comment="What was made or refused; empty while it is under way."),
    Column("operation", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    comment="What each idempotency key outside the ledger was answered (rule book 1.9).",
)
