"""Development tokens, and the secret keys of the hub."""

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, Table, Text

from hub.kernel.metadata import metadata

development_tokens = Table(
    "development_tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True, comment="SHA-256 of the token."),
    Column("actor_kind", Text, nullable=False, comment="operator, partner or member."),
    Column("actor_number", BigInteger, nullable=False, comment="Partner or member; 0: operator."),
    Column("made_at", DateTime(timezone=True), nullable=False),
    comment="Tokens that work in the development profile only.",
)

secret_keys = Table(
    "secret_keys",
    metadata,
    Column("name", Text, primary_key=True, comment="What the key is for."),
    Column("secret", LargeBinary, nullable=False, comment="32 random bytes."),
    comment="Keys of the hub. Kept here so that ids mean the same in every process and backup.",
)
