"""Jobs, consumers of the entry feed, audits."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | Sequence[str] | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_jobs()
    create_indexes_of_jobs()
    create_schedules()
    create_feed()
    create_audits()
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON jobs TO hub_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON job_schedules, feed_cursors TO hub_app")
    op.execute("GRANT SELECT, INSERT ON feed_skips, audit_runs TO hub_app")


def create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="Name of the function that does it."),
        sa.Column(
            "key",
            sa.Text(),
            nullable=True,
            comment="What it is about: asked for twice, it is there once.",
        ),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="What the function is told; ids only.",
        ),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="FAILED: tried too often, kept for people.",
        ),
        sa.Column(
            "is_recurring", sa.Boolean(), nullable=False, comment="Gone when done; comes back."
        ),
        sa.Column("run_at", INSTANT, nullable=False, comment="Not before, hub's clock."),
        sa.Column(
            "attempt_count", sa.Integer(), nullable=False, comment="The present attempt included."
        ),
        sa.Column(
            "leased_by",
            sa.Text(),
            nullable=True,
            comment="Worker and a random part; a right that is used once.",
        ),
        sa.Column(
            "leased_until",
            INSTANT,
            nullable=True,
            comment="By the database's clock, so that the clocks of workers need not agree.",
        ),
        sa.Column(
            "last_error",
            sa.Text(),
            nullable=True,
            comment="First line of the error; no parameters.",
        ),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True, comment="When it was done, or given up."),
        sa.CheckConstraint(
            "state IN ('WAITING', 'RUNNING', 'DONE', 'FAILED')", name=op.f("ck_jobs_known_state")
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_jobs")),
        comment="Work that is done later; at least once.",
    )


def create_indexes_of_jobs() -> None:
    for name, columns, state in (
        ("ix_jobs_waiting", ["run_at", "job_id"], "WAITING"),
        ("ix_jobs_running", ["leased_until"], "RUNNING"),
        ("ix_jobs_done", ["finished_at"], "DONE"),
    ):
        op.create_index(name, "jobs", columns, postgresql_where=sa.text(f"state = '{state}'"))
    op.create_index(
        "uq_jobs_kind_key_unfinished",
        "jobs",
        ["kind", "key"],
        unique=True,
        postgresql_where=sa.text("state <> 'DONE'"),
    )


def create_schedules() -> None:
    op.create_table(
        "job_schedules",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("every_seconds", sa.Integer(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False, comment="Hub's clock."),
        sa.Column(
            "last_done_at", INSTANT, nullable=True, comment="When it was last done to the end."
        ),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_job_schedules")),
        comment="Kinds of jobs that come back.",
    )


def create_feed() -> None:
    op.create_table(
        "feed_cursors",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("lane", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "seq",
            sa.BigInteger(),
            nullable=False,
            comment="Last entry whose effect is there: both commit together.",
        ),
        sa.Column("moved_at", INSTANT, nullable=False, comment="Who waited longest goes first."),
        sa.Column(
            "attempt_count",
            sa.Integer(),
            nullable=False,
            comment="Failed attempts of the entry after seq.",
        ),
        sa.Column(
            "retry_at", INSTANT, nullable=True, comment="That entry is not tried again before."
        ),
        sa.Column(
            "parked_at", INSTANT, nullable=True, comment="Since then the lane waits for people."
        ),
        sa.Column(
            "last_error",
            sa.Text(),
            nullable=True,
            comment="First line of the error; no parameters.",
        ),
        sa.PrimaryKeyConstraint("consumer", "lane", name=op.f("pk_feed_cursors")),
        comment="How far each consumer has followed each lane of the ledger.",
    )
    op.create_table(
        "feed_skips",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("lane", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "reason", sa.Text(), nullable=False, comment="Why, in the words of who decided it."
        ),
        sa.Column("error", sa.Text(), nullable=True, comment="What the consumer failed with."),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("skipped_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("consumer", "lane", "seq", name=op.f("pk_feed_skips")),
        comment="Entries that a person let a consumer leave out; append-only.",
    )


def create_audits() -> None:
    op.create_table(
        "audit_runs",
        sa.Column("run_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False, comment="Instant of what it saw."),
        sa.Column("took_milliseconds", sa.BigInteger(), nullable=False),
        sa.Column(
            "finding_count",
            sa.BigInteger(),
            nullable=False,
            comment="Places that are wrong; 0 is well.",
        ),
        sa.Column(
            "findings",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="Each broken rule: its count, its first places.",
        ),
        sa.Column(
            "is_whole", sa.Boolean(), nullable=False, comment="Whether it read the whole journal."
        ),
        sa.Column(
            "positions",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="By lane: the last entry that it saw.",
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_audit_runs")),
        comment="What each audit of the books found; append-only.",
    )


def downgrade() -> None:
    for table in ("audit_runs", "feed_skips", "feed_cursors", "job_schedules", "jobs"):
        op.drop_table(table)
