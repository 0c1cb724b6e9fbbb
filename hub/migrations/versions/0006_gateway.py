"""Trusted documents, buckets of cost, use of the schema."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | Sequence[str] | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    create_buckets()
    create_documents()


def downgrade() -> None:
    drop_documents()
    drop_buckets()


def create_buckets() -> None:
    op.create_table(
        "cost_buckets",
        sa.Column("client", sa.Text(), nullable=False, comment="Who the bucket belongs to."),
        sa.Column(
            "full_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When it will be full again if nothing more is taken.",
        ),
        sa.PrimaryKeyConstraint("client", name=op.f("pk_cost_buckets")),
        prefixes=["UNLOGGED"],
        comment="How much cost each client may still use. Unlogged: after a crash all are full.",
    )
    op.create_table(
        "field_uses",
        sa.Column(
            "client",
            sa.Text(),
            nullable=False,
            comment="Who asked for it; members are one client.",
        ),
        sa.Column("field", sa.Text(), nullable=False, comment="The field, e.g. Wallet.lots."),
        sa.Column(
            "first_on",
            sa.Date(),
            nullable=False,
            comment="First day (UTC) on which it was asked for.",
        ),
        sa.Column(
            "last_on",
            sa.Date(),
            nullable=False,
            comment="Last day (UTC) on which it was asked for.",
        ),
        sa.Column(
            "use_count", sa.BigInteger(), nullable=False, comment="Operations that asked for it."
        ),
        sa.PrimaryKeyConstraint("client", "field", name=op.f("pk_field_uses")),
        comment="Which client asks for which field of the API: what a deprecation would break.",
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON cost_buckets TO hub_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON field_uses TO hub_app")


def drop_buckets() -> None:
    op.drop_table("field_uses")
    op.drop_table("cost_buckets")


def create_documents() -> None:
    op.create_table(
        "trusted_documents",
        sa.Column("sha256", sa.LargeBinary(), nullable=False, comment="Of the text in UTF-8."),
        sa.Column("text", sa.Text(), nullable=False, comment="The exact text."),
        sa.Column("names", sa.Text(), nullable=False, comment="Its operations, in their order."),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_trusted_documents")),
        comment="GraphQL documents that clients may ask for by their hash.",
    )
    op.create_table(
        "trusted_releases",
        sa.Column("client", sa.Text(), nullable=False, comment="What the client's makers call it."),
        sa.Column("version", sa.Text(), nullable=False, comment="Which version of it."),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["sha256"],
            ["trusted_documents.sha256"],
            name=op.f("fk_trusted_releases_sha256_trusted_documents"),
        ),
        sa.PrimaryKeyConstraint("client", "version", "sha256", name=op.f("pk_trusted_releases")),
        comment="Which version of which client uses which documents.",
    )
    op.execute("GRANT SELECT, INSERT ON trusted_documents, trusted_releases TO hub_app")


def drop_documents() -> None:
    op.drop_table("trusted_releases")
    op.drop_table("trusted_documents")
