"""How far each consumer of the entries has come, and what it was told to leave out."""

from sqlalchemy import BigInteger, Column, DateTime, Integer, SmallInteger, Table, Text

from hub.kernel.metadata import metadata

feed_cursors = Table(
    "feed_cursors",
    metadata,
    Column("consumer", Text, primary_key=True),
    Column("lane", SmallInteger, primary_key=True, autoincrement=False),
    Column(
        "seq",
        BigInteger,
        nullable=False,
        comment="Last entry whose effect is there: both commit together.",
    ),
    Column(
        "moved_at",
        DateTime(timezone=True),
        nullable=False,
        comment="Who waited longest goes first.",
    ),
    Column(
        "attempt_count", Integer, nullable=False, comment="Failed attempts of the entry after seq."
    ),
    Column("retry_at", DateTime(timezone=True), comment="That entry is not tried again before."),
    Column("parked_at", DateTime(timezone=True), comment="Since then the lane waits for people."),
    Column("last_error", Text, comment="First line of the error; no parameters."),
    comment="How far each consumer has followed each lane of the ledger.",
)

feed_skips = Table(
    "feed_skips",
    metadata,
    Column("consumer", Text, primary_key=True),
    Column("lane", SmallInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False, comment="Why, in the words of who decided it."),
    Column("error", Text, comment="What the consumer failed with."),
    Column("actor", Text, nullable=False),
    Column("skipped_at", DateTime(timezone=True), nullable=False),
    comment="Entries that a person let a consumer leave out; append-only.",
)
