"""Documents that were published, and by which version of which client."""

from sqlalchemy import Column, DateTime, ForeignKey, LargeBinary, Table, Text

from hub.kernel.metadata import metadata

trusted_documents = Table(
    "trusted_documents",
    metadata,
    Column("sha256", LargeBinary, primary_key=True, comment="Of the text in UTF-8."),
    Column("text", Text, nullable=False, comment="The exact text."),
    Column("names", Text, nullable=False, comment="Its operations, in their order."),
    Column("published_at", DateTime(timezone=True), nullable=False),
    comment="GraphQL documents that clients may ask for by their hash.",
)

trusted_releases = Table(
    "trusted_releases",
    metadata,
    Column("client", Text, primary_key=True, comment="What the client's makers call it."),
    Column("version", Text, primary_key=True, comment="Which version of it."),
    Column("sha256", LargeBinary, ForeignKey("trusted_documents.sha256"), primary_key=True),
    Column("published_at", DateTime(timezone=True), nullable=False),
    comment="Which version of which client uses which documents.",
)
