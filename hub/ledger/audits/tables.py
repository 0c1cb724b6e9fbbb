"""The audits that were made of the books."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Identity, Table
from sqlalchemy.dialects.postgresql import JSONB

from hub.kernel.metadata import metadata

audit_runs = Table(
    "audit_runs",
    metadata,
    Column("run_id", BigInteger, Identity(), primary_key=True),
    Column(
        "started_at", DateTime(timezone=True), nullable=False, comment="Instant of what it saw."
    ),
    Column("took_milliseconds", BigInteger, nullable=False),
    Column(
        "finding_count", BigInteger, nullable=False, comment="Places that are wrong; 0 is well."
    ),
    Column(
        "findings", JSONB, nullable=False, comment="Each broken rule: its count, its first places."
    ),
    Column("is_whole", Boolean, nullable=False, comment="Whether it read the whole journal."),
    Column("positions", JSONB, nullable=False, comment="By lane: the last entry that it saw."),
    comment="What each audit of the books found; append-only.",
)
