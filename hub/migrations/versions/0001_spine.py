"""The spine: members, partners, the ledger and settlement.

The ledger is written in SQL beside its code; the files are loaded here.
"""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


LEDGER = Path(__file__).parents[2] / "ledger"
LEDGER_FILES = (
    "roles",
    "tables",
    "claims",
    "caps",
    "postings",
    "operations",
    "drafts",
    "giving_back",
    "holds",
    "booking",
    "charging",
    "carrying",
    "post_batch",
    "post_money",
    "cuts",
    "audit",
    "audit_news",
    "grants",
)


def run_file(path: Path) -> None:
    """Run a file of many statements: only the plain query protocol takes them together."""
    text = path.read_text()
    context = op.get_context()
    if context.as_sql:
        context.impl.static_output(text)
        return
    op.get_bind().connection.dbapi_connection.run_async(lambda raw: raw.execute(text))


def upgrade() -> None:
    create_partners()
    create_members()
    create_settlement()
    op.execute(
        "INSERT INTO partners (partner_id, code, name_en, name_zh) VALUES"
        " (1, 'HUB', 'The hub', '枢纽'), (2, 'POOL', 'The pool', '资金池'),"
        " (3, 'FX', 'Currency rounding', '汇率尾差'), (4, 'BRIDGE', 'Parked balances', '暂存余额')"
    )
    for name in LEDGER_FILES:
        run_file(LEDGER / f"{name}.sql")
    op.execute("GRANT USAGE ON SCHEMA public TO hub_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO hub_app")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO hub_app")


def create_partners() -> None:
    op.create_table(
        "coalition",
        sa.Column("coalition_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("point_name", sa.Text(), nullable=False, comment="What members call a point."),
        sa.Column("clearing_currency", sa.Text(), nullable=False, comment="ISO 4217."),
        sa.Column(
            "time_zone",
            sa.Text(),
            nullable=False,
            comment="For days, months and expiry; IANA name.",
        ),
        sa.PrimaryKeyConstraint("coalition_id", name=op.f("pk_coalition")),
        comment="The one coalition of this database.",
    )
    op.create_table(
        "partners",
        sa.Column(
            "partner_id",
            sa.Integer(),
            sa.Identity(always=False, start=100),
            nullable=False,
            comment="1 HUB, 2 POOL, 3 FX, 4 BRIDGE (rule book 2.2); partners from 100.",
        ),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column(
            "settlement_currency",
            sa.Text(),
            nullable=True,
            comment="Paid in this; the clearing currency if empty.",
        ),
        sa.PrimaryKeyConstraint("partner_id", name=op.f("pk_partners")),
        sa.UniqueConstraint("code", name=op.f("uq_partners_code")),
        comment="Companies of the coalition, and the coalition's own parties.",
    )
    op.create_table(
        "terms",
        sa.Column("terms_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "effective_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Exclusive; empty: no end yet.",
        ),
        sa.Column(
            "written",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="The fields as written; numbers are texts.",
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.partner_id"], name=op.f("fk_terms_partner_id")
        ),
        sa.PrimaryKeyConstraint("terms_id", name=op.f("pk_terms")),
        sa.UniqueConstraint(
            "partner_id", "effective_from", name=op.f("uq_terms_partner_id_effective_from")
        ),
        sa.UniqueConstraint("partner_id", "version", name=op.f("uq_terms_partner_id_version")),
        comment="Versions of terms; immutable but for their end.",
    )


def create_members() -> None:
    op.create_table(
        "members",
        sa.Column(
            "member_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="Random."
        ),
        sa.Column(
            "wallet_lane",
            sa.SmallInteger(),
            nullable=False,
            comment="Lane the wallet was born into.",
        ),
        sa.Column("wallet_id", sa.BigInteger(), nullable=False, comment="Random."),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_members")),
        sa.UniqueConstraint("wallet_id", name=op.f("uq_members_wallet_id")),
        comment="People who joined the coalition.",
    )
    op.create_table(
        "linked_accounts",
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column(
            "reference", sa.Text(), nullable=False, comment="The partner's own name for the member."
        ),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.member_id"], name=op.f("fk_linked_accounts_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.partner_id"], name=op.f("fk_linked_accounts_partner_id")
        ),
        sa.PrimaryKeyConstraint("partner_id", "reference", name=op.f("pk_linked_accounts")),
        comment="A member's identity at one partner.",
    )
    op.create_index(
        op.f("ix_linked_accounts_member_id"), "linked_accounts", ["member_id"], unique=False
    )


def create_settlement() -> None:
    op.create_table(
        "windows",
        sa.Column("window_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "calendar",
            sa.Text(),
            nullable=False,
            comment="One calendar settles; others only count.",
        ),
        sa.Column("code", sa.Text(), nullable=False, comment="What people call it, e.g. 2017-05."),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cut_at", sa.DateTime(timezone=True), nullable=False, comment="Exclusive."),
        sa.Column(
            "status", sa.Text(), nullable=False, comment="OPEN, CLOSING or CLOSED (rule book 2.5)."
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clearing_currency", sa.Text(), nullable=True, comment="Fixed when it closes."),
        sa.Column(
            "fx",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="Rates fixed at the cut, as texts.",
        ),
        sa.Column(
            "settlement_currencies",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="Party -> currency it is paid in.",
        ),
        sa.Column(
            "previous_seal",
            sa.Text(),
            nullable=True,
            comment="Seal of the window before in this calendar.",
        ),
        sa.Column(
            "seal", sa.Text(), nullable=True, comment="SHA-256 of the figures (rule book 2.5.5)."
        ),
        sa.PrimaryKeyConstraint("window_id", name=op.f("pk_windows")),
        sa.UniqueConstraint("calendar", "code", name=op.f("uq_windows_calendar_code")),
        sa.UniqueConstraint("calendar", "opens_at", name=op.f("uq_windows_calendar_opens_at")),
        comment="Spans of time that are settled together.",
    )
    create_cells()


def create_cells() -> None:
    op.create_table(
        "cells",
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("debtor", sa.Text(), nullable=False),
        sa.Column("creditor", sa.Text(), nullable=False),
        sa.Column("carry_in", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("carry_out", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column(
            "rounded_minor", sa.BigInteger(), nullable=False, comment="Minor units that are billed."
        ),
        sa.ForeignKeyConstraint(
            ["window_id"], ["windows.window_id"], name=op.f("fk_cells_window_id")
        ),
        sa.PrimaryKeyConstraint("window_id", "debtor", "creditor", name=op.f("pk_cells")),
        comment="What one party owes another in a window; append-only.",
    )
    op.create_table(
        "cell_lines",
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("debtor", sa.Text(), nullable=False),
        sa.Column("creditor", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False, comment="Kind, reversal, terms and currency."),
        sa.Column("exact", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["window_id", "debtor", "creditor"],
            ["cells.window_id", "cells.debtor", "cells.creditor"],
            name=op.f("fk_cell_lines_window_id_debtor_creditor"),
        ),
        sa.PrimaryKeyConstraint(
            "window_id", "debtor", "creditor", "line", name=op.f("pk_cell_lines")
        ),
        comment="The exact lines of a cell; append-only.",
    )


def downgrade() -> None:
    op.execute("DROP SCHEMA ledger CASCADE")
    op.drop_table("cell_lines")
    op.drop_table("terms")
    op.drop_index(op.f("ix_linked_accounts_member_id"), table_name="linked_accounts")
    op.drop_table("linked_accounts")
    op.drop_table("cells")
    op.drop_table("windows")
    op.drop_table("partners")
    op.drop_table("members")
    op.drop_table("coalition")
