"""How far each limit is used up."""

from sqlalchemy import BigInteger, Column, LargeBinary, Table

from hub.kernel.metadata import metadata

rate_marks = Table(
    "rate_marks",
    metadata,
    Column("key_hash", LargeBinary, primary_key=True, comment="SHA-256(limit, whom it counts)."),
    Column(
        "free_at_us",
        BigInteger,
        nullable=False,
        comment="When the limit is unused again, microseconds since 1970.",
    ),
    Column("failure_count", BigInteger, nullable=False, comment="In a row; 0 where none count."),
    prefixes=["UNLOGGED"],
    comment="How far each limit is used up. Lost in a crash, which does no harm.",
)
