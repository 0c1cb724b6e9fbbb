"""Lists of documents as the tools of clients write them; pure.

relay       {"<hash>": "<text>", ...}
Apollo      {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [...]}
GraphQL     one document, the whole file
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import orjson

from schema.documents.errors import ManifestNotValid
from schema.view.documents import hash_text

APOLLO_FORMAT: Final = "apollo-persisted-query-manifest"
APOLLO_VERSION: Final = 1
FILE_BYTES_MAX: Final = 32 * 1024 * 1024
DOCUMENTS_MAX: Final = 10_000
_HASH: Final = re.compile(r"[0-9a-f]{64}")


def read_manifest(name: str, content: bytes) -> list[str]:
    """Read the texts of the documents in a file.

    Errors: ManifestNotValid.
    """
    if len(content) > FILE_BYTES_MAX:
        raise ManifestNotValid(f"{name} is longer than {FILE_BYTES_MAX:,} bytes.")
    if name.endswith((".graphql", ".gql")):
        return [_decode(name, content)]
    try:
        given = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise ManifestNotValid(f"{name} is not JSON: {error}.") from error
    if not isinstance(given, dict):
        raise ManifestNotValid(f"{name} is not a JSON object.")
    texts = list(_read_apollo(name, given) if "format" in given else _read_relay(name, given))
    if not 0 < len(texts) <= DOCUMENTS_MAX:
        raise ManifestNotValid(f"{name} has {len(texts):,} documents, not 1 to {DOCUMENTS_MAX:,}.")
    return texts


def _decode(name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ManifestNotValid(f"{name} is not UTF-8.") from error


def _read_relay(name: str, given: dict[str, Any]) -> Iterator[str]:
    for document_id, text in given.items():
        yield _checked(name, document_id, text)


def _read_apollo(name: str, given: dict[str, Any]) -> Iterator[str]:
    if (given.get("format"), given.get("version")) != (APOLLO_FORMAT, APOLLO_VERSION):
        raise ManifestNotValid(f"{name} is not `{APOLLO_FORMAT}` of version {APOLLO_VERSION}.")
    operations = given.get("operations")
    if not isinstance(operations, list):
        raise ManifestNotValid(f"{name} has no list of operations.")
    for operation in operations:
        if not isinstance(operation, dict):
            raise ManifestNotValid(f"{name} lists an operation that is no object.")
        yield _checked(name, operation.get("id"), operation.get("body"))


def _checked(name: str, document_id: object, text: object) -> str:
    """Check that a document is named by its own hash: by another name it would not be found.

    Errors: ManifestNotValid.
    """
    if not isinstance(text, str) or not isinstance(document_id, str):
        raise ManifestNotValid(f"{name} has a document without an id or without a text.")
    if not _HASH.fullmatch(document_id):
        raise ManifestNotValid(
            f"{name} names a document {document_id[:64]!r}; let the tool use SHA-256 digits."
        )
    if document_id != hash_text(text):
        raise ManifestNotValid(f"{name}: {document_id} is not the SHA-256 of its document.")
    return text
