"""All SQL about trusted documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from hub.kernel.tx import ReadTx, Tx
from schema.documents.tables import trusted_documents as documents
from schema.documents.tables import trusted_releases as releases


@dataclass(frozen=True, slots=True)
class Document:
    """A document to publish."""

    sha256: str
    text: str
    names: str


@dataclass(frozen=True, slots=True)
class Release:
    """How many documents a version of a client has published."""

    client: str
    version: str
    document_count: int
    published_at: datetime


async def find_text(tx: ReadTx, sha256: str) -> str | None:
    """Find the text of a document by its hash."""
    query = select(documents.c.text).where(documents.c.sha256 == bytes.fromhex(sha256))
    text: str | None = (await tx.connection.execute(query)).scalar_one_or_none()
    return text


async def list_hashes(tx: ReadTx, *, limit: int) -> list[str]:
    """List the hashes of the newest documents."""
    query = select(documents.c.sha256).order_by(documents.c.published_at.desc()).limit(limit)
    return [sha256.hex() for sha256 in await tx.connection.scalars(query)]


async def insert_documents(tx: Tx, found: Sequence[Document], *, client: str, version: str) -> int:
    """Store documents under a version of a client; give how many it had not published yet."""
    await tx.connection.execute(
        insert(documents).on_conflict_do_nothing(),
        [
            {
                "sha256": bytes.fromhex(document.sha256),
                "text": document.text,
                "names": document.names,
                "published_at": tx.now,
            }
            for document in found
        ],
    )
    count = select(func.count()).where(releases.c.client == client, releases.c.version == version)
    before: int = (await tx.connection.execute(count)).scalar_one()
    await tx.connection.execute(
        insert(releases).on_conflict_do_nothing(),
        [
            {
                "client": client,
                "version": version,
                "sha256": bytes.fromhex(document.sha256),
                "published_at": tx.now,
            }
            for document in found
        ],
    )
    after: int = (await tx.connection.execute(count)).scalar_one()
    return after - before


async def list_releases(tx: ReadTx, client: str | None) -> list[Release]:
    """List the versions that published documents, by client, oldest first."""
    published_at = func.min(releases.c.published_at)
    query = (
        select(releases.c.client, releases.c.version, func.count(), published_at)
        .group_by(releases.c.client, releases.c.version)
        .order_by(releases.c.client, published_at, releases.c.version)
    )
    if client is not None:
        query = query.where(releases.c.client == client)
    return [Release(*row) for row in await tx.connection.execute(query)]


async def list_documents(tx: ReadTx, *, client: str, version: str) -> list[Document]:
    """List the documents of a version of a client, by the names of their operations."""
    query = (
        select(documents)
        .join(releases, releases.c.sha256 == documents.c.sha256)
        .where(releases.c.client == client, releases.c.version == version)
        .order_by(documents.c.names, documents.c.sha256)
    )
    return [
        Document(row.sha256.hex(), row.text, row.names)
        for row in await tx.connection.execute(query)
    ]
