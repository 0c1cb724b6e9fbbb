"""OAuth clients, keys, grants, tokens, proofs; till codes and spent agreements."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0007"
down_revision: str | Sequence[str] | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = (
    "oauth_clients",
    "signing_keys",
    "oauth_grants",
    "pushed_requests",
    "authorization_codes",
    "refresh_tokens",
    "revoked_tokens",
    "seen_proofs",
    "till_codes",
    "till_misses",
    "spent_orders",
)
# What each may do: most rows are written once, and some have one end to write.
GRANTS = (
    "SELECT, INSERT, UPDATE (keys, jwks_uri, revoked_at) ON oauth_clients",
    "SELECT, INSERT, UPDATE (ends_at) ON signing_keys",
    "SELECT, INSERT, UPDATE (revoked_at) ON oauth_grants",
    "SELECT, INSERT, DELETE, UPDATE (ends_at, opened_at, used_at) ON pushed_requests",
    "SELECT, INSERT, DELETE, UPDATE (used_at) ON authorization_codes",
    "SELECT, INSERT, UPDATE (used_at) ON refresh_tokens",
    "SELECT, INSERT, DELETE, UPDATE (ends_at) ON revoked_tokens, seen_proofs",
    "SELECT, INSERT, UPDATE ON till_misses",
    "SELECT, INSERT, UPDATE, DELETE ON till_codes",
    "SELECT, INSERT ON spent_orders",
    # Development tokens can be taken away before a database goes into production.
    "DELETE ON development_tokens",
)


def upgrade() -> None:
    create_clients()
    create_keys()
    create_grants()
    create_requests()
    create_refresh()
    create_marks()
    create_consents()
    for grant in GRANTS:
        op.execute(f"GRANT {grant} TO hub_app")


def create_clients() -> None:
    op.create_table(
        "oauth_clients",
        sa.Column("client_id", sa.Text(), nullable=False, comment="Random."),
        sa.Column("partner_id", sa.Integer(), nullable=False, comment="For whom it acts."),
        sa.Column("name", sa.Text(), nullable=False, comment="What the consent page calls it."),
        sa.Column(
            "keys",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="Public keys (JWK Set), unless jwks_uri has them.",
        ),
        sa.Column(
            "jwks_uri", sa.Text(), nullable=True, comment="Where the partner publishes them."
        ),
        sa.Column(
            "scopes",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="The most that it may ask for.",
        ),
        sa.Column(
            "redirect_uris",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="Compared letter by letter.",
        ),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "revoked_at", sa.DateTime(timezone=True), nullable=True, comment="Empty: it may call."
        ),
        sa.CheckConstraint(
            "(keys IS NULL) <> (jwks_uri IS NULL)", name=op.f("ck_oauth_clients_keys_or_uri")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.partner_id"], name=op.f("fk_oauth_clients_partner_id")
        ),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_oauth_clients")),
        comment="Software of partners that may call. There is no shared secret.",
    )
    op.create_index(
        op.f("ix_oauth_clients_partner_id"), "oauth_clients", ["partner_id"], unique=False
    )


def create_keys() -> None:
    op.create_table(
        "signing_keys",
        sa.Column(
            "key_id", sa.Text(), nullable=False, comment="kid: thumbprint of the public key."
        ),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="What it signs: access_token or id_token."
        ),
        sa.Column(
            "public_key",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="JWK, as published.",
        ),
        sa.Column(
            "wrapped_key",
            sa.LargeBinary(),
            nullable=False,
            comment="Private key under AES-256-GCM.",
        ),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), nullable=False, comment="Published since."
        ),
        sa.Column(
            "signs_at", sa.DateTime(timezone=True), nullable=False, comment="Signs from then on."
        ),
        sa.Column(
            "ends_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="From then on nothing that it signed is accepted; empty: not replaced yet.",
        ),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_signing_keys")),
        comment="The hub's signing keys, one kind of token each.",
    )


def create_grants() -> None:
    op.create_table(
        "oauth_grants",
        sa.Column(
            "grant_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="Random."
        ),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "order_points", sa.BigInteger(), nullable=True, comment="Agreed to for one redemption."
        ),
        sa.Column(
            "order_reference", sa.Text(), nullable=True, comment="The partner's reference of it."
        ),
        sa.Column("nonce", sa.Text(), nullable=True, comment="For the ID token."),
        sa.Column("acr", sa.Text(), nullable=False, comment="How the member signed in."),
        sa.Column("amr", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("authenticated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "revoked_at", sa.DateTime(timezone=True), nullable=True, comment="With all its tokens."
        ),
        sa.CheckConstraint(
            "(order_points IS NULL) = (order_reference IS NULL)",
            name=op.f("ck_oauth_grants_whole_order"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["oauth_clients.client_id"], name=op.f("fk_oauth_grants_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.member_id"], name=op.f("fk_oauth_grants_member_id")
        ),
        sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_oauth_grants")),
        comment="What a member allowed a client.",
    )
    op.create_index(op.f("ix_oauth_grants_client_id"), "oauth_grants", ["client_id"], unique=False)
    op.create_index(op.f("ix_oauth_grants_member_id"), "oauth_grants", ["member_id"], unique=False)


def create_requests() -> None:
    op.create_table(
        "pushed_requests",
        sa.Column(
            "request_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the request_uri."
        ),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column(
            "request",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="What was pushed and found valid.",
        ),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "ends_at", sa.DateTime(timezone=True), nullable=False, comment="Later once opened."
        ),
        sa.Column(
            "opened_at", sa.DateTime(timezone=True), nullable=True, comment="By a browser, first."
        ),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True, comment="By an answer."),
        sa.ForeignKeyConstraint(
            ["client_id"], ["oauth_clients.client_id"], name=op.f("fk_pushed_requests_client_id")
        ),
        sa.PrimaryKeyConstraint("request_hash", name=op.f("pk_pushed_requests")),
        comment="Authorization requests that clients pushed (RFC 9126).",
    )
    op.create_table(
        "authorization_codes",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the code."),
        sa.Column("grant_id", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("code_challenge", sa.Text(), nullable=False, comment="PKCE, S256."),
        sa.Column(
            "key_thumbprint",
            sa.Text(),
            nullable=True,
            comment="DPoP key it is for, if it was named.",
        ),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["oauth_grants.grant_id"], name=op.f("fk_authorization_codes_grant_id")
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_authorization_codes")),
        comment="Codes that stand for a grant for a minute, once.",
    )


def create_refresh() -> None:
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the token."),
        sa.Column("grant_id", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("key_thumbprint", sa.Text(), nullable=False, comment="DPoP key it is bound to."),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "ends_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="The same for all of a grant.",
        ),
        sa.Column(
            "used_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Then a new one was given.",
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["oauth_grants.grant_id"], name=op.f("fk_refresh_tokens_grant_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_tokens")),
        comment="Refresh tokens, each for one use; a second use ends the grant.",
    )
    op.create_index(
        op.f("ix_refresh_tokens_grant_id"), "refresh_tokens", ["grant_id"], unique=False
    )


def create_marks() -> None:
    op.create_table(
        "revoked_tokens",
        sa.Column("token_id", sa.Text(), nullable=False, comment="jti."),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_revoked_tokens")),
        comment="Access tokens that were revoked one by one, until they would have ended.",
    )
    op.create_index(op.f("ix_revoked_tokens_ends_at"), "revoked_tokens", ["ends_at"], unique=False)
    op.create_table(
        "seen_proofs",
        sa.Column(
            "proof_hash", sa.LargeBinary(), nullable=False, comment="SHA-256(kind, whose, jti)."
        ),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("proof_hash", name=op.f("pk_seen_proofs")),
        comment="Assertions and proofs of possession that were used, until they would have ended.",
    )
    op.create_index(op.f("ix_seen_proofs_ends_at"), "seen_proofs", ["ends_at"], unique=False)


def create_consents() -> None:
    op.create_table(
        "till_codes",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "code_hash", sa.LargeBinary(), nullable=False, comment="HMAC-SHA-256 of the code."
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.Integer(), nullable=True),
        sa.Column(
            "request_hash",
            sa.LargeBinary(),
            nullable=True,
            comment="SHA-256 of the key that used it.",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.member_id"], name=op.f("fk_till_codes_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["used_by"], ["partners.partner_id"], name=op.f("fk_till_codes_used_by")
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_till_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_till_codes_code_hash")),
        comment="The last code that each member showed at a till: one redemption within a minute.",
    )
    op.create_table(
        "till_misses",
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column(
            "since_at", sa.DateTime(timezone=True), nullable=False, comment="When counting began."
        ),
        sa.Column("missed_count", sa.Integer(), nullable=False, comment="Wrong codes since."),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.partner_id"], name=op.f("fk_till_misses_partner_id")
        ),
        sa.PrimaryKeyConstraint("partner_id", name=op.f("pk_till_misses")),
        comment="How many wrong till codes a partner sent lately.",
    )
    op.create_table(
        "spent_orders",
        sa.Column("grant_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "request_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of the key that used it.",
        ),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["oauth_grants.grant_id"], name=op.f("fk_spent_orders_grant_id")
        ),
        sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_spent_orders")),
        comment="Grants for one redemption whose redemption was asked for.",
    )
    op.create_index(
        op.f("ix_spent_orders_request_hash"), "spent_orders", ["request_hash"], unique=False
    )


def downgrade() -> None:
    op.execute("REVOKE DELETE ON development_tokens FROM hub_app")
    for table in reversed(TABLES):
        op.drop_table(table)
