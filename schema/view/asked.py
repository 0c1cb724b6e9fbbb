"""What a request asks for: out of a JSON body, a query string or a message, checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from schema.faults import Fault, FaultCode

DOCUMENT_ID_PREFIX: Final = "sha256:"
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_DOCUMENT_ID: Final = re.compile(r"[A-Za-z0-9._~:-]{1,200}")
PARAMETERS: Final = frozenset({"query", "documentId", "operationName", "variables", "extensions"})
PARAMETERS_MAX: Final = 20
APOLLO_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: a document, by its text or by its hash, and what goes with it.

    `document_hash` is given in place of the text, `claimed_hash` beside or instead of it (Apollo).
    """

    query: str | None
    document_hash: str | None
    claimed_hash: str | None
    operation_name: str | None
    variables: dict[str, Any]


def read_body(body: bytes | bytearray) -> Asked:
    """Read the body of a request.

    Errors: the fault BAD_REQUEST.
    """
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise bad_request("The body is not JSON in UTF-8.") from None
    if not isinstance(given, dict):
        raise bad_request("The body is a JSON object; one request per body.")
    return read_parameters(given)


def read_query_string(query_string: bytes) -> Asked:
    """Read the parameters of a GET request.

    Errors: the fault BAD_REQUEST.
    """
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=PARAMETERS_MAX,
        )
    except ValueError:
        raise bad_request("The query string cannot be read.") from None
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name in given:
            raise bad_request(f"`{name[:64]}` is given twice.")
        given[name] = value
    for name in ("variables", "extensions"):
        if given.get(name):
            try:
                given[name] = orjson.loads(given[name])
            except orjson.JSONDecodeError:
                raise bad_request(f"`{name}` is not JSON.") from None
        else:
            given.pop(name, None)
    return read_parameters(given)


def read_parameters(given: Mapping[str, Any]) -> Asked:
    """Check the parameters of a request.

    Errors: the fault BAD_REQUEST.
    Source: GraphQL over HTTP, Request Parameters and Appendix A.
    """
    query = _text(given, "query")
    document_id = _text(given, "documentId")
    extensions = _object(given, "extensions")
    claimed_hash = _read_persisted(extensions)
    if query is not None and document_id is not None:
        raise bad_request("Give `query` or `documentId`, not both.")
    if query is None and document_id is None and claimed_hash is None:
        raise bad_request("`query` is missing: the text of a GraphQL document, or a `documentId`.")
    return Asked(
        query=query,
        document_hash=None if document_id is None else _read_document_id(document_id),
        claimed_hash=claimed_hash,
        operation_name=_text(given, "operationName") or None,
        variables=_object(given, "variables"),
    )


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if not isinstance(value, str | None):
        raise bad_request(f"`{name}` is a text.")
    return value


def _object(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name)
    if not isinstance(value, dict | None):
        raise bad_request(f"`{name}` is an object.")
    return value or {}


def _read_document_id(document_id: str) -> str:
    """Read the hash out of a document id; an id of another making is of nothing we have."""
    if not _DOCUMENT_ID.fullmatch(document_id):
        raise bad_request("`documentId` is `sha256:` and 64 hexadecimal digits in lower case.")
    return document_id.removeprefix(DOCUMENT_ID_PREFIX) if _is_hash_id(document_id) else ""


def _is_hash_id(document_id: str) -> bool:
    prefix, _, payload = document_id.partition(":")
    return prefix == DOCUMENT_ID_PREFIX[:-1] and bool(_HASH.fullmatch(payload))


def _read_persisted(extensions: Mapping[str, Any]) -> str | None:
    """Read Apollo's `persistedQuery`."""
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or persisted.get("version") != APOLLO_VERSION:
        raise bad_request("`persistedQuery` is an object of version 1.")
    claimed = persisted.get("sha256Hash")
    if not isinstance(claimed, str) or not _HASH.fullmatch(claimed):
        raise bad_request("`sha256Hash` is 64 hexadecimal digits in lower case.")
    return claimed


def bad_request(message: str, *, status: int = 400) -> Fault:
    """Say that this is no request of GraphQL over HTTP."""
    return Fault(FaultCode.BAD_REQUEST, message, status=status)
