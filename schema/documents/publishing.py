"""Publish documents: all of them are checked before any is stored."""

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from graphql import GraphQLSchema

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.tx import Database, Tx
from schema.documents.errors import ClientNameNotValid, DocumentsNotValid
from schema.documents.store import Document, find_text, insert_documents
from schema.view.documents import CompilePrice, NotPrepared, hash_text, prepare

PROBLEMS_MAX: Final = 20
_NAME: Final = re.compile(r"[A-Za-z0-9._+@/-]{1,100}")


def check_documents(
    schema: GraphQLSchema, compile_price: CompilePrice, texts: Iterable[str]
) -> list[Document]:
    """Check documents as if they were about to be executed; each text once.

    Errors: DocumentsNotValid.
    """
    checked: list[Document] = []
    problems: list[str] = []
    for text in dict.fromkeys(texts):
        try:
            made = prepare(schema, text, compile_price)
        except NotPrepared as error:
            where = f"{hash_text(text)[:12]} {' '.join(text.split())[:40]!r}"
            problems += [f"{where}: {found.message}" for found in error.errors[:1]]
            continue
        names = ", ".join(operation.name or "(unnamed)" for operation in made.operations)
        checked.append(Document(made.sha256, text, names))
    if problems:
        raise DocumentsNotValid(tuple(problems[:PROBLEMS_MAX]))
    return checked


async def publish_documents(tx: Tx, documents: list[Document], *, client: str, version: str) -> int:
    """Publish documents of a version of a client; give how many were new to it. Safe to repeat.

    Errors: ClientNameNotValid.
    """
    for name in (client, version):
        if not _NAME.fullmatch(name):
            raise ClientNameNotValid(name[:100])
    return await insert_documents(tx, documents, client=client, version=version)


def finding_text(database: Database) -> Callable[[str], Awaitable[str | None]]:
    """Make the look-up of a document's text by its hash."""

    async def find(sha256: str) -> str | None:
        async with database.read(HUB_ACTOR) as tx:
            return await find_text(tx, sha256)

    return find
