"""Where the buckets of cost lie, and which client uses which field."""

from sqlalchemy import BigInteger, Column, Date, DateTime, Table, Text

from hub.kernel.metadata import metadata

cost_buckets = Table(
    "cost_buckets",
    metadata,
    Column("client", Text, primary_key=True, comment="Who the bucket belongs to."),
    Column(
        "full_at",
        DateTime(timezone=True),
        nullable=False,
        comment="When it will be full again if nothing more is taken.",
    ),
    prefixes=["UNLOGGED"],
    comment="How much cost each client may still use. Unlogged: after a crash all are full.",
)

field_uses = Table(
    "field_uses",
    metadata,
    Column("client", Text, primary_key=True, comment="Who asked for it; members are one client."),
    Column("field", Text, primary_key=True, comment="The field, e.g. Wallet.lots."),
    Column("first_on", Date, nullable=False, comment="First day (UTC) on which it was asked for."),
    Column("last_on", Date, nullable=False, comment="Last day (UTC) on which it was asked for."),
    Column("use_count", BigInteger, nullable=False, comment="Operations that asked for it."),
    comment="Which client asks for which field of the API: what a deprecation would break.",
)
