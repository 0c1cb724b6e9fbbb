"""Exchange offers, caps by day and week, exchanges that can be given back."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0010"
down_revision: str | Sequence[str] | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SOMEBODY = "(SELECT wall.partner_id()) IS NOT NULL OR (SELECT wall.member_id()) IS NOT NULL"
RENEWALS = """
ALTER TABLE ledger.caps DROP CONSTRAINT caps_renewal_check,
    ADD CONSTRAINT caps_renewal_check CHECK (renewal IN ({renewals}))
"""


def upgrade() -> None:
    op.create_table(
        "exchange_offers",
        sa.Column("offer_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column(
            "version", sa.Text(), nullable=False, comment="Exchanges name it as their reason."
        ),
        sa.Column(
            "currency", sa.Text(), nullable=False, comment="What is given; one version at a time."
        ),
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
            comment="The fields as written.",
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.partner_id"], name=op.f("fk_exchange_offers_partner_id")
        ),
        sa.PrimaryKeyConstraint("offer_id", name=op.f("pk_exchange_offers")),
        sa.UniqueConstraint(
            "partner_id",
            "currency",
            "effective_from",
            name=op.f("uq_exchange_offers_partner_id_currency_effective_from"),
        ),
        sa.UniqueConstraint(
            "partner_id", "version", name=op.f("uq_exchange_offers_partner_id_version")
        ),
        comment="What partners give of their own currency for points; immutable but for their end.",
    )
    op.execute("GRANT SELECT, INSERT, UPDATE (effective_until) ON exchange_offers TO hub_app")
    op.execute(f"CALL wall.build('exchange_offers', '{SOMEBODY}', 'false')")
    op.execute(RENEWALS.format(renewals="'day', 'week', 'month', 'year'"))


def downgrade() -> None:
    op.execute(RENEWALS.format(renewals="'month', 'year'"))
    op.drop_table("exchange_offers")
