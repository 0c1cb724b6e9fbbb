"""The coalition, its partners, and the versions of their terms."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from hub.kernel.metadata import metadata

coalition = Table(
    "coalition",
    metadata,
    Column("coalition_id", Integer, CheckConstraint("coalition_id = 1", "one"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("point_name", Text, nullable=False, comment="What members call a point."),
    Column("clearing_currency", Text, nullable=False, comment="ISO 4217."),
    Column("time_zone", Text, nullable=False, comment="For days, months and expiry; IANA name."),
    comment="The one coalition of this database.",
)

partners = Table(
    "partners",
    metadata,
    Column(
        "partner_id",
        Integer,
        Identity(start=100),
        primary_key=True,
        comment="1 HUB, 2 POOL, 3 FX, 4 BRIDGE (rule book 2.2); partners from 100.",
    ),
    Column("code", Text, nullable=False, unique=True),
    Column("name_en", Text, nullable=False),
    Column("name_zh", Text, nullable=False),
    Column("settlement_currency", Text, comment="Paid in this; the clearing currency if empty."),
    comment="Companies of the coalition, and the coalition's own parties.",
)

terms = Table(
    "terms",
    metadata,
    Column("terms_id", Integer, Identity(), primary_key=True),
    Column("partner_id", Integer, ForeignKey("partners.partner_id"), nullable=False),
    Column("version", Text, nullable=False),
    Column("effective_from", DateTime(timezone=True), nullable=False),
    Column("effective_until", DateTime(timezone=True), comment="Exclusive; empty: no end yet."),
    Column("written", JSONB, nullable=False, comment="The fields as written; numbers are texts."),
    UniqueConstraint("partner_id", "version"),
    UniqueConstraint("partner_id", "effective_from"),
    comment="Versions of terms; immutable but for their end.",
)

exchange_offers = Table(
    "exchange_offers",
    metadata,
    Column("offer_id", Integer, Identity(), primary_key=True),
    Column("partner_id", Integer, ForeignKey("partners.partner_id"), nullable=False),
    Column("version", Text, nullable=False, comment="Exchanges name it as their reason."),
    Column("currency", Text, nullable=False, comment="What is given; one version at a time."),
    Column("effective_from", DateTime(timezone=True), nullable=False),
    Column("effective_until", DateTime(timezone=True), comment="Exclusive; empty: no end yet."),
    Column("written", JSONB, nullable=False, comment="The fields as written."),
    UniqueConstraint("partner_id", "version"),
    UniqueConstraint("partner_id", "currency", "effective_from"),
    comment="What partners give of their own currency for points; immutable but for their end.",
)
