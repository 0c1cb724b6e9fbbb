"""The messages of graphql-transport-ws: read from frames, and checked.

Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, TypeAlias

import orjson

from schema.faults import Fault
from schema.view.asked import Asked, read_parameters

SUBPROTOCOL: Final = "graphql-transport-ws"
ID_CHARACTERS_MAX: Final = 128
REASON_BYTES_MAX: Final = 120


class CloseCode(IntEnum):
    """Why a socket was closed. 44xx are the protocol's own, but for the slow client's."""

    GOING_AWAY = 1001
    TRY_AGAIN_LATER = 1013
    INTERNAL_ERROR = 4500
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INIT_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_SLOW = 4413
    TOO_MANY_INITS = 4429


@dataclass(frozen=True, slots=True)
class Init:
    """The client begins."""

    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ping:
    """The client asks for a sign of life."""

    payload: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Pong:
    """The client gives a sign of life."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """The client asks for something; `operation_id` is its own name for the answers."""

    operation_id: str
    asked: Asked


@dataclass(frozen=True, slots=True)
class Complete:
    """The client wants no more answers to this."""

    operation_id: str


Message: TypeAlias = Init | Ping | Pong | Subscribe | Complete


class MessageNotValid(ValueError):
    """The frame is not a message of the protocol; the text says why."""


def read_message(text: str | None) -> Message:
    """Read a message; None stands for a binary frame.

    Errors: MessageNotValid.
    """
    if text is None:
        raise MessageNotValid("Messages are text frames.")
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise MessageNotValid("A message is JSON.") from None
    if not isinstance(given, dict):
        raise MessageNotValid("A message is a JSON object.")
    match given.get("type"):
        case "connection_init":
            return Init(_payload(given) or {})
        case "ping":
            return Ping(_payload(given))
        case "pong":
            _payload(given)
            return Pong()
        case "subscribe":
            return Subscribe(_id(given), _read_asked(given))
        case "complete":
            return Complete(_id(given))
    raise MessageNotValid("The type of the message is not known.")


def _payload(given: dict[str, Any]) -> dict[str, Any] | None:
    payload = given.get("payload")
    if not isinstance(payload, dict | None):
        raise MessageNotValid("`payload` is an object.")
    return payload


def _id(given: dict[str, Any]) -> str:
    operation_id = given.get("id")
    if not isinstance(operation_id, str) or not 0 < len(operation_id) <= ID_CHARACTERS_MAX:
        raise MessageNotValid(f"`id` is a text of 1 to {ID_CHARACTERS_MAX} characters.")
    return operation_id


def _read_asked(given: dict[str, Any]) -> Asked:
    payload = _payload(given)
    if payload is None:
        raise MessageNotValid("`payload` is missing.")
    try:
        return read_parameters(payload)
    except Fault as fault:
        raise MessageNotValid(fault.message) from None


def shorten_reason(reason: str) -> str:
    """Shorten a reason to what fits into a closing frame."""
    return reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore")
