"""Merges of members, and households."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | Sequence[str] | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = (
    "member_merges",
    "merged_links",
    "households",
    "household_members",
    "household_codes",
)
GRANTS = (
    "SELECT, INSERT, UPDATE (status, undo_name, ended_at) ON member_merges",
    "SELECT, INSERT ON merged_links",
    "SELECT, INSERT, UPDATE (made_at) ON households",  # never updated: without it, never locked
    "SELECT, INSERT, DELETE, UPDATE (role, share_bps, is_leaving) ON household_members",
    "SELECT, INSERT, UPDATE (used_at) ON household_codes",
)
STATUSES = "status IN ('MOVING', 'DONE', 'RETURNING', 'UNDONE')"
ROLES = "role IN ('OWNER', 'REDEEMER', 'CONTRIBUTOR')"


def upgrade() -> None:
    op.add_column(
        "members",
        sa.Column(
            "merged_into",
            sa.BigInteger(),
            nullable=True,
            comment="Who the member is now, if other.",
        ),
    )
    op.create_foreign_key(
        op.f("fk_members_merged_into"), "members", "members", ["merged_into"], ["member_id"]
    )
    op.create_index(op.f("ix_members_merged_into"), "members", ["merged_into"], unique=False)
    create_merges()
    create_households()
    create_belonging()
    for grant in GRANTS:
        op.execute(f"GRANT {grant} TO hub_app")
    for table in TABLES:
        op.execute(f"CALL wall.build('{table}')")


def create_merges() -> None:
    op.create_table(
        "member_merges",
        sa.Column(
            "merge_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="Random."
        ),
        sa.Column(
            "from_member_id", sa.BigInteger(), nullable=False, comment="Forwards from now on."
        ),
        sa.Column("to_member_id", sa.BigInteger(), nullable=False, comment="The survivor."),
        sa.Column(
            "status", sa.Text(), nullable=False, comment="MOVING, DONE, RETURNING or UNDONE."
        ),
        sa.Column(
            "undo_name",
            sa.Text(),
            nullable=True,
            comment="Of the steps that give back; once begun.",
        ),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(STATUSES, name=op.f("ck_member_merges_status")),
        sa.CheckConstraint(
            "from_member_id <> to_member_id", name=op.f("ck_member_merges_two_members")
        ),
        sa.ForeignKeyConstraint(
            ["from_member_id"], ["members.member_id"], name=op.f("fk_member_merges_from_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["to_member_id"], ["members.member_id"], name=op.f("fk_member_merges_to_member_id")
        ),
        sa.PrimaryKeyConstraint("merge_id", name=op.f("pk_member_merges")),
        comment="Members who turned out to be one person (rule book 1.8.3).",
    )
    op.create_index(
        op.f("ix_member_merges_to_member_id"), "member_merges", ["to_member_id"], unique=False
    )
    op.create_index(
        "member_merges_in_force",
        "member_merges",
        ["from_member_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'UNDONE'"),
    )
    op.create_table(
        "merged_links",
        sa.Column("merge_id", sa.BigInteger(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merge_id"], ["member_merges.merge_id"], name=op.f("fk_merged_links_merge_id")
        ),
        sa.PrimaryKeyConstraint(
            "merge_id", "partner_id", "reference", name=op.f("pk_merged_links")
        ),
        comment="Accounts that a merge linked to the survivor.",
    )


def create_households() -> None:
    op.create_table(
        "households",
        sa.Column(
            "household_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="Random."
        ),
        sa.Column(
            "wallet_lane",
            sa.SmallInteger(),
            nullable=False,
            comment="Lane the wallet was born into.",
        ),
        sa.Column("wallet_id", sa.BigInteger(), nullable=False, comment="Random."),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("household_id", name=op.f("pk_households")),
        sa.UniqueConstraint("wallet_id", name=op.f("uq_households_wallet_id")),
        comment="Members who pool points in one wallet (rule book 1.8.2).",
    )


def create_belonging() -> None:
    op.create_table(
        "household_members",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("household_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="OWNER, REDEEMER or CONTRIBUTOR."),
        sa.Column(
            "share_bps",
            sa.Integer(),
            nullable=False,
            comment="Of each issue to the member, what goes to the household.",
        ),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "is_leaving",
            sa.Boolean(),
            nullable=False,
            comment="Own points are on their way back; the row goes when they are.",
        ),
        sa.CheckConstraint(ROLES, name=op.f("ck_household_members_role")),
        sa.CheckConstraint(
            "share_bps BETWEEN 0 AND 10000", name=op.f("ck_household_members_share")
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["households.household_id"],
            name=op.f("fk_household_members_household_id"),
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.member_id"], name=op.f("fk_household_members_member_id")
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_household_members")),
        comment="Who belongs to which household: to one at a time.",
    )
    op.create_index(
        op.f("ix_household_members_household_id"),
        "household_members",
        ["household_id"],
        unique=False,
    )
    op.create_table(
        "household_codes",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the code."),
        sa.Column("household_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="Of whoever joins by it."),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(ROLES, name=op.f("ck_household_codes_role")),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["households.household_id"],
            name=op.f("fk_household_codes_household_id"),
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_household_codes")),
        comment="One-time codes by which members join a household.",
    )
    op.create_index(
        op.f("ix_household_codes_household_id"), "household_codes", ["household_id"], unique=False
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("members", "merged_into")
