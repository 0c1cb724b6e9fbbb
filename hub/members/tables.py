"""Who joined, under which reference each partner knows them, who merged, and who pools points."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)

from hub.kernel.metadata import metadata

members = Table(
    "members",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False, comment="Random."),
    Column("wallet_lane", SmallInteger, nullable=False, comment="Lane the wallet was born into."),
    Column("wallet_id", BigInteger, nullable=False, unique=True, comment="Random."),
    Column("joined_at", DateTime(timezone=True), nullable=False),
    Column(
        "merged_into",
        BigInteger,
        ForeignKey("members.member_id"),
        nullable=True,
        index=True,
        comment="Who the member is now, if other.",
    ),
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

member_merges = Table(
    "member_merges",
    metadata,
    Column("merge_id", BigInteger, primary_key=True, autoincrement=False, comment="Random."),
    Column(
        "from_member_id",
        BigInteger,
        ForeignKey("members.member_id"),
        nullable=False,
        comment="Forwards from now on.",
    ),
    Column(
        "to_member_id",
        BigInteger,
        ForeignKey("members.member_id"),
        nullable=False,
        index=True,
        comment="The survivor.",
    ),
    Column("status", Text, nullable=False, comment="MOVING, DONE, RETURNING or UNDONE."),
    Column("undo_name", Text, nullable=True, comment="Of the steps that give back; once begun."),
    Column("began_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True), nullable=True),
    CheckConstraint("status IN ('MOVING', 'DONE', 'RETURNING', 'UNDONE')", name="status"),
    CheckConstraint("from_member_id <> to_member_id", name="two_members"),
    Index(
        "member_merges_in_force",
        "from_member_id",
        unique=True,
        postgresql_where=text("status <> 'UNDONE'"),
    ),
    comment="Members who turned out to be one person (rule book 1.8.3).",
)

merged_links = Table(
    "merged_links",
    metadata,
    Column("merge_id", BigInteger, ForeignKey("member_merges.merge_id"), primary_key=True),
    Column("partner_id", Integer, primary_key=True),
    Column("reference", Text, primary_key=True),
    comment="Accounts that a merge linked to the survivor.",
)

households = Table(
    "households",
    metadata,
    Column("household_id", BigInteger, primary_key=True, autoincrement=False, comment="Random."),
    Column("wallet_lane", SmallInteger, nullable=False, comment="Lane the wallet was born into."),
    Column("wallet_id", BigInteger, nullable=False, unique=True, comment="Random."),
    Column("made_at", DateTime(timezone=True), nullable=False),
    comment="Members who pool points in one wallet (rule book 1.8.2).",
)

household_members = Table(
    "household_members",
    metadata,
    Column("member_id", BigInteger, ForeignKey("members.member_id"), primary_key=True),
    Column(
        "household_id",
        BigInteger,
        ForeignKey("households.household_id"),
        nullable=False,
        index=True,
    ),
    Column("role", Text, nullable=False, comment="OWNER, REDEEMER or CONTRIBUTOR."),
    Column(
        "share_bps",
        Integer,
        nullable=False,
        comment="Of each issue to the member, what goes to the household.",
    ),
    Column("joined_at", DateTime(timezone=True), nullable=False),
    Column(
        "is_leaving",
        Boolean,
        nullable=False,
        comment="Own points are on their way back; the row goes when they are.",
    ),
    CheckConstraint("role IN ('OWNER', 'REDEEMER', 'CONTRIBUTOR')", name="role"),
    CheckConstraint("share_bps BETWEEN 0 AND 10000", name="share"),
    comment="Who belongs to which household: to one at a time.",
)

household_codes = Table(
    "household_codes",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True, comment="SHA-256 of the code."),
    Column(
        "household_id",
        BigInteger,
        ForeignKey("households.household_id"),
        nullable=False,
        index=True,
    ),
    Column("role", Text, nullable=False, comment="Of whoever joins by it."),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True), nullable=True),
    CheckConstraint("role IN ('OWNER', 'REDEEMER', 'CONTRIBUTOR')", name="role"),
    comment="One-time codes by which members join a household.",
)
