"""Who joined, and under which reference each partner knows them."""

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Integer, SmallInteger, Table, Text

from hub.kernel.metadata import metadata

members = Table(
    "members",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False, comment="Random."),
    Column("wallet_lane", SmallInteger, nullable=False, comment="Lane the wallet was born into."),
    Column("wallet_id", BigInteger, nullable=False, unique=True, comment="Random."),
    Column("joined_at", DateTime(timezone=True), nullable=False),
    comment="People who joined the coalition.",
)

linked_accounts = Table(
    "linked_accounts",
    metadata,
    Column("partner_id", Integer, ForeignKey("partners.partner_id"), primary_key=True),
    Column("reference", Text, primary_key=True, comment="The partner's own name for the member."),
    Column("member_id", BigInteger, ForeignKey("members.member_id"), nullable=False, index=True),
    Column("linked_at", DateTime(timezone=True), nullable=False),
    comment="A member's identity at one partner.",
)
