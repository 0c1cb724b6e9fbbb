"""Clients, signing keys, and what is granted, pushed, coded, refreshed, revoked and seen."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from hub.kernel.metadata import metadata

oauth_clients = Table(
    "oauth_clients",
    metadata,
    Column("client_id", Text, primary_key=True, comment="Random."),
    Column(
        "partner_id",
        Integer,
        ForeignKey("partners.partner_id"),
        nullable=False,
        index=True,
        comment="For whom it acts.",
    ),
    Column("name", Text, nullable=False, comment="What the consent page calls it."),
    Column(
        "keys",
        JSONB(none_as_null=True),
        nullable=True,
        comment="Public keys (JWK Set), unless jwks_uri has them.",
    ),
    Column("jwks_uri", Text, nullable=True, comment="Where the partner publishes them."),
    Column("scopes", ARRAY(Text), nullable=False, comment="The most that it may ask for."),
    Column("redirect_uris", ARRAY(Text), nullable=False, comment="Compared letter by letter."),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True), nullable=True, comment="Empty: it may call."),
    CheckConstraint("(keys IS NULL) <> (jwks_uri IS NULL)", name="keys_or_uri"),
    comment="Software of partners that may call. There is no shared secret.",
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("key_id", Text, primary_key=True, comment="kid: thumbprint of the public key."),
    Column("kind", Text, nullable=False, comment="What it signs: access_token or id_token."),
    Column("public_key", JSONB, nullable=False, comment="JWK, as published."),
    Column("wrapped_key", LargeBinary, nullable=False, comment="Private key under AES-256-GCM."),
    Column("made_at", DateTime(timezone=True), nullable=False, comment="Published since."),
    Column("signs_at", DateTime(timezone=True), nullable=False, comment="Signs from then on."),
    Column(
        "ends_at",
        DateTime(timezone=True),
        nullable=True,
        comment="From then on nothing that it signed is accepted; empty: not replaced yet.",
    ),
    comment="The hub's signing keys, one kind of token each.",
)

oauth_grants = Table(
    "oauth_grants",
    metadata,
    Column("grant_id", BigInteger, primary_key=True, autoincrement=False, comment="Random."),
    Column("client_id", Text, ForeignKey("oauth_clients.client_id"), nullable=False, index=True),
    Column("member_id", BigInteger, ForeignKey("members.member_id"), nullable=False, index=True),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("order_points", BigInteger, nullable=True, comment="Agreed to for one redemption."),
    Column("order_reference", Text, nullable=True, comment="The partner's reference of it."),
    Column("nonce", Text, nullable=True, comment="For the ID token."),
    Column("acr", Text, nullable=False, comment="How the member signed in."),
    Column("amr", ARRAY(Text), nullable=False),
    Column("authenticated_at", DateTime(timezone=True), nullable=False),
    Column("granted_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True), nullable=True, comment="With all its tokens."),
    CheckConstraint("(order_points IS NULL) = (order_reference IS NULL)", name="whole_order"),
    comment="What a member allowed a client.",
)

pushed_requests = Table(
    "pushed_requests",
    metadata,
    Column("request_hash", LargeBinary, primary_key=True, comment="SHA-256 of the request_uri."),
    Column("client_id", Text, ForeignKey("oauth_clients.client_id"), nullable=False),
    Column("request", JSONB, nullable=False, comment="What was pushed and found valid."),
    Column("pushed_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False, comment="Later once opened."),
    Column("opened_at", DateTime(timezone=True), nullable=True, comment="By a browser, first."),
    Column("used_at", DateTime(timezone=True), nullable=True, comment="By an answer."),
    comment="Authorization requests that clients pushed (RFC 9126).",
)

authorization_codes = Table(
    "authorization_codes",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True, comment="SHA-256 of the code."),
    Column("grant_id", BigInteger, ForeignKey("oauth_grants.grant_id"), nullable=False),
    Column("client_id", Text, nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("code_challenge", Text, nullable=False, comment="PKCE, S256."),
    Column("key_thumbprint", Text, nullable=True, comment="DPoP key it is for, if it was named."),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True), nullable=True),
    comment="Codes that stand for a grant for a minute, once.",
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True, comment="SHA-256 of the token."),
    Column("grant_id", BigInteger, ForeignKey("oauth_grants.grant_id"), nullable=False, index=True),
    Column("client_id", Text, nullable=False),
    Column("key_thumbprint", Text, nullable=False, comment="DPoP key it is bound to."),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column(
        "ends_at", DateTime(timezone=True), nullable=False, comment="The same for all of a grant."
    ),
    Column("used_at", DateTime(timezone=True), nullable=True, comment="Then a new one was given."),
    comment="Refresh tokens, each for one use; a second use ends the grant.",
)

revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    Column("token_id", Text, primary_key=True, comment="jti."),
    Column("ends_at", DateTime(timezone=True), nullable=False, index=True),
    comment="Access tokens that were revoked one by one, until they would have ended.",
)

seen_proofs = Table(
    "seen_proofs",
    metadata,
    Column("proof_hash", LargeBinary, primary_key=True, comment="SHA-256(kind, whose, jti)."),
    Column("ends_at", DateTime(timezone=True), nullable=False, index=True),
    comment="Assertions and proofs of possession that were used, until they would have ended.",
)
