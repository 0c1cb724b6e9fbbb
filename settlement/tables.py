"""Windows, and the cells they were settled to."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from hub.kernel.metadata import metadata

windows = Table(
    "windows",
    metadata,
    Column("window_id", Integer, Identity(), primary_key=True),
    Column("calendar", Text, nullable=False, comment="One calendar settles; others only count."),
    Column("code", Text, nullable=False, comment="What people call it, e.g. 2017-05."),
    Column("opens_at", DateTime(timezone=True), nullable=False),
    Column("cut_at", DateTime(timezone=True), nullable=False, comment="Exclusive."),
    Column("status", Text, nullable=False, comment="OPEN, CLOSING or CLOSED (rule book 2.5)."),
    Column("closed_at", DateTime(timezone=True)),
    Column("clearing_currency", Text, comment="Fixed when it closes."),
    Column("fx", JSONB, comment="Rates fixed at the cut, as texts."),
    Column("settlement_currencies", JSONB, comment="Party -> currency it is paid in."),
    Column("previous_seal", Text, comment="Seal of the window before in this calendar."),
    Column("seal", Text, comment="SHA-256 of the figures (rule book 2.5.5)."),
    UniqueConstraint("calendar", "code"),
    UniqueConstraint("calendar", "opens_at"),
    comment="Spans of time that are settled together.",
)

cells = Table(
    "cells",
    metadata,
    Column("window_id", Integer, ForeignKey("windows.window_id"), primary_key=True),
    Column("debtor", Text, primary_key=True),
    Column("creditor", Text, primary_key=True),
    Column("carry_in", Numeric(38, 12), nullable=False),
    Column("carry_out", Numeric(38, 12), nullable=False),
    Column("rounded_minor", BigInteger, nullable=False, comment="Minor units that are billed."),
    comment="What one party owes another in a window; append-only.",
)

cell_lines = Table(
    "cell_lines",
    metadata,
    Column("window_id", Integer, primary_key=True),
    Column("debtor", Text, primary_key=True),
    Column("creditor", Text, primary_key=True),
    Column("line", Text, primary_key=True, comment="Kind, reversal, terms and currency."),
    Column("exact", Numeric(38, 12), nullable=False),
    ForeignKeyConstraint(
        ["window_id", "debtor", "creditor"],
        ["cells.window_id", "cells.debtor", "cells.creditor"],
    ),
    comment="The exact lines of a cell; append-only.",
)
