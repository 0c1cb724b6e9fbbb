"""Which operations figures tell by name: those of published documents, and only so many of them.

A name is chosen by whoever writes the document. In one that anybody sends it could be anything, and
another thing each time; what was published has been looked at.
"""

from collections.abc import Iterable
from typing import Final

from schema.view.shelf import FindText
from schema.view.watching import Finished

NAMES_MAX: Final = 200
HASHES_MAX: Final = 10_000
OTHER: Final = "other"
HASH_DIGITS: Final = 12


class OperationNames:
    """The names that may be told."""

    def __init__(self) -> None:
        self._published: set[str] = set()
        self._told: set[str] = set()
        self.change_count = 0
        """How often the names changed: what was named before may have another name now."""

    def publish(self, hashes: Iterable[str]) -> None:
        """Take in which documents are published."""
        for sha256 in hashes:
            if len(self._published) >= HASHES_MAX:
                return
            if sha256 not in self._published:
                self._published.add(sha256)
                self.change_count += 1

    def name_of(self, finished: Finished) -> str:
        """Name an operation: as its published document does, by its hash, or `other`."""
        document_hash = finished.document_hash
        if document_hash not in self._published or finished.operation is None:
            return OTHER
        name = finished.operation.name or document_hash[:HASH_DIGITS]
        if name in self._told:
            return name
        if len(self._told) >= NAMES_MAX:
            return OTHER
        self._told.add(name)
        return name

    def noting(self, find_text: FindText) -> FindText:
        """Find published documents, and note that they are."""

        async def find(sha256: str) -> str | None:
            text = await find_text(sha256)
            if text is not None:
                self.publish([sha256])
            return text

        return find
