"""Jobs, and how often those come back that do."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from hub.kernel.metadata import metadata

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False, comment="Name of the function that does it."),
    Column("key", Text, comment="What it is about: asked for twice, it is there once."),
    Column("payload", JSONB, nullable=False, comment="What the function is told; ids only."),
    Column(
        "state",
        Text,
        CheckConstraint("state IN ('WAITING', 'RUNNING', 'DONE', 'FAILED')", "known_state"),
        nullable=False,
        comment="FAILED: tried too often, kept for people.",
    ),
    Column("is_recurring", Boolean, nullable=False, comment="Gone when done; comes back."),
    Column("run_at", DateTime(timezone=True), nullable=False, comment="Not before, hub's clock."),
    Column("attempt_count", Integer, nullable=False, comment="The present attempt included."),
    Column("leased_by", Text, comment="Worker and a random part; a right that is used once."),
    Column(
        "leased_until",
        DateTime(timezone=True),
        comment="By the database's clock, so that the clocks of workers need not agree.",
    ),
    Column("last_error", Text, comment="First line of the error; no parameters."),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True), comment="When it was done, or given up."),
    Index(
        "uq_jobs_kind_key_unfinished",
        "kind",
        "key",
        unique=True,
        postgresql_where=text("state <> 'DONE'"),
    ),
    Index("ix_jobs_waiting", "run_at", "job_id", postgresql_where=text("state = 'WAITING'")),
    Index("ix_jobs_running", "leased_until", postgresql_where=text("state = 'RUNNING'")),
    Index("ix_jobs_done", "finished_at", postgresql_where=text("state = 'DONE'")),
    comment="Work that is done later; at least once.",
)

job_schedules = Table(
    "job_schedules",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("every_seconds", Integer, nullable=False),
    Column("next_at", DateTime(timezone=True), nullable=False, comment="Hub's clock."),
    Column("last_done_at", DateTime(timezone=True), comment="When it was last done to the end."),
    comment="Kinds of jobs that come back.",
)
