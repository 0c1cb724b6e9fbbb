"""The shelf of prepared documents: bounded by bytes, each made ready by one caller only."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from graphql import GraphQLSchema

from schema.view.documents import CompilePrice, PreparedDocument, hash_text, prepare

FindText = Callable[[str], Awaitable[str | None]]
"""Finds the text of a trusted document by its hash."""


class DocumentShelf:
    """Prepared documents by the hash of their text; those asked for least recently go first."""

    def __init__(
        self, schema: GraphQLSchema, *, compile_price: CompilePrice, bytes_max: int
    ) -> None:
        self.size_bytes = 0
        self.prepared_count = 0
        """How many documents were parsed and validated so far."""
        self.hit_count = 0
        """How often a document that was asked for lay here."""
        self._schema = schema
        self._compile_price = compile_price
        self._bytes_max = bytes_max
        self._documents: OrderedDict[str, PreparedDocument] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[PreparedDocument | None]] = {}

    def __len__(self) -> int:
        """Count the documents."""
        return len(self._documents)

    def get(self, sha256: str) -> PreparedDocument | None:
        """Take a document that lies here."""
        found = self._documents.get(sha256)
        if found is not None:
            self.hit_count += 1
            self._documents.move_to_end(sha256)
        return found

    def prepare(self, text: str) -> PreparedDocument:
        """Give a text as a prepared document; what cannot be prepared is not kept.

        Errors: NotPrepared.
        """
        known = self.get(hash_text(text))
        if known is not None:
            return known
        made = prepare(self._schema, text, self._compile_price)
        self.prepared_count += 1
        self._keep(made)
        return made

    async def find(self, sha256: str, find_text: FindText) -> PreparedDocument | None:
        """Give the document of a hash; many who ask at the same time cause one look-up.

        Errors: NotPrepared, when a schema changed under a trusted document.
        """
        known = self.get(sha256)
        if known is not None:
            return known
        task = self._under_way.get(sha256)
        if task is None:
            task = asyncio.create_task(self._look_up(sha256, find_text))
            self._under_way[sha256] = task
            task.add_done_callback(lambda done: self._forget(sha256, done))
        # Shielded: whoever goes away does not take the look-up from the others.
        return await asyncio.shield(task)

    async def _look_up(self, sha256: str, find_text: FindText) -> PreparedDocument | None:
        text = await find_text(sha256)
        return None if text is None else self.prepare(text)

    def _forget(self, sha256: str, done: asyncio.Task[PreparedDocument | None]) -> None:
        self._under_way.pop(sha256, None)
        if not done.cancelled():
            done.exception()  # seen, even if everybody who asked has gone

    def _keep(self, made: PreparedDocument) -> None:
        if made.size_bytes > self._bytes_max:
            return
        self._documents[made.sha256] = made
        self.size_bytes += made.size_bytes
        while self.size_bytes > self._bytes_max:
            _, dropped = self._documents.popitem(last=False)
            self.size_bytes -= dropped.size_bytes
