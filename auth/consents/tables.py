"""Till codes, and which request used up an agreement to redeem."""

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Integer, LargeBinary, Table

from hub.kernel.metadata import metadata

till_codes = Table(
    "till_codes",
    metadata,
    Column("member_id", BigInteger, ForeignKey("members.member_id"), primary_key=True),
    Column(
        "code_hash", LargeBinary, nullable=False, unique=True, comment="HMAC-SHA-256 of the code."
    ),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True), nullable=True),
    Column("used_by", Integer, ForeignKey("partners.partner_id"), nullable=True),
    Column("request_hash", LargeBinary, nullable=True, comment="SHA-256 of the key that used it."),
    comment="The last code that each member showed at a till: one redemption within a minute.",
)

till_misses = Table(
    "till_misses",
    metadata,
    Column("partner_id", Integer, ForeignKey("partners.partner_id"), primary_key=True),
    Column("since_at", DateTime(timezone=True), nullable=False, comment="When counting began."),
    Column("missed_count", Integer, nullable=False, comment="Wrong codes since."),
    comment="How many wrong till codes a partner sent lately.",
)

spent_orders = Table(
    "spent_orders",
    metadata,
    Column("grant_id", BigInteger, ForeignKey("oauth_grants.grant_id"), primary_key=True),
    Column(
        "request_hash",
        LargeBinary,
        nullable=False,
        index=True,
        comment="SHA-256 of the key that used it.",
    ),
    Column("spent_at", DateTime(timezone=True), nullable=False),
    comment="Grants for one redemption whose redemption was asked for.",
)
