"""Top-level errors: who are you, may you, limits and faults; what a payload cannot say.

Business refusals are not here: they are `userErrors` of a payload (`schema.refusals`).
"""

import secrets
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import structlog
from graphql import FieldNode, GraphQLError

from hub.kernel.reach import is_connection_lost
from hub.kernel.retries import write_error
from hub.kernel.tx import DatabaseBusy
from hub.ledger.errors import OutcomeUnknown, Overloaded, PosterClosed
from schema.scalars import InputNotValid

log = structlog.get_logger()

DATABASE_LOST: Final = (
    "The database went away before it answered: ask again, and a mutation with the same key."
)
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})

LOG_IDS: Final = MappingProxyType({"request_id": "requestId", "trace_id": "traceId"})
"""What a root binds to every line of the log, and a masked error tells too."""


class FaultCode(StrEnum):
    """Every code that `extensions.code` of a top-level error may have."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    INSUFFICIENT_USER_AUTHENTICATION = "INSUFFICIENT_USER_AUTHENTICATION"
    BAD_REQUEST = "BAD_REQUEST"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    TRUSTED_DOCUMENTS_ONLY = "TRUSTED_DOCUMENTS_ONLY"
    TOO_MANY_SUBSCRIPTIONS = "TOO_MANY_SUBSCRIPTIONS"
    SUBSCRIBER_TOO_SLOW = "SUBSCRIBER_TOO_SLOW"
    TOOK_TOO_LONG = "TOOK_TOO_LONG"
    THROTTLED = "THROTTLED"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"
    OVERLOADED = "OVERLOADED"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"


class Fault(GraphQLError):
    """A top-level error with its code.

    `status` and `headers` are for HTTP, and count when nothing was executed: without a status,
    the media type of the answer decides it.
    """

    def __init__(
        self,
        code: FaultCode,
        message: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] = NOTHING,
        **extensions: object,
    ) -> None:
        super().__init__(message, extensions={"code": code.value, **extensions})
        self.status = status
        self.headers = headers


def bad_input(message: str) -> Fault:
    """Say that an argument is not one that can be understood."""
    return Fault(FaultCode.BAD_USER_INPUT, message)


def forbidden(message: str) -> Fault:
    """Say that this actor may not do it."""
    return Fault(FaultCode.FORBIDDEN, message)


def unauthenticated() -> Fault:
    """Say that it is not known who calls."""
    return Fault(
        FaultCode.UNAUTHENTICATED, "Say who you are: send a valid token as `Authorization: Bearer`."
    )


def present_request_error(error: GraphQLError, code: FaultCode) -> dict[str, Any]:
    """Write an error of a request of which nothing was executed; it has the code of its stage.

    A literal that does not fit its scalar is found by validation, yet it is the caller's input.
    """
    shown: dict[str, Any] = dict(error.formatted)
    if "code" in (error.extensions or {}):
        return shown
    if isinstance(error.original_error, InputNotValid):
        code = FaultCode.BAD_USER_INPUT
    return {**shown, "extensions": {**(error.extensions or {}), "code": code.value}}


def present(error: GraphQLError) -> dict[str, Any]:
    """Write an error of an execution as the client may see it.

    What is our own mistake is masked, and logged under the id that the client is given.
    """
    shown: dict[str, Any] = dict(error.formatted)
    if "code" in (error.extensions or {}):
        return shown
    fault = _fault_of(error)
    return {**shown, "message": fault.message, "extensions": fault.extensions}


def _fault_of(error: GraphQLError) -> GraphQLError:
    match error.original_error:
        case Overloaded() | DatabaseBusy() as cause:
            retry_after = cause.retry_after_seconds
            return Fault(FaultCode.OVERLOADED, str(cause), retryAfter=retry_after)
        case PosterClosed():
            message = "The hub is stopping; try again with the same key."
            return Fault(FaultCode.OVERLOADED, message, retryAfter=1)
        case OutcomeUnknown() as cause:
            return Fault(FaultCode.OUTCOME_UNKNOWN, str(cause))
    if _is_about_input(error):
        return bad_input(error.message)
    original = error.original_error
    if original is not None and is_connection_lost(original):
        log.warning("schema.database_lost", error=write_error(original))
        return Fault(FaultCode.OUTCOME_UNKNOWN, DATABASE_LOST)
    return _masked(error)


def _is_about_input(error: GraphQLError) -> bool:
    """Whether an argument did not fit: such an error points at the argument, not at the field.

    Literals are checked before anything is executed, but a null variable under a non-null argument
    with a default is found only here.
    """
    nodes = error.nodes or []
    return isinstance(error.original_error, GraphQLError | None) and bool(
        nodes and not isinstance(nodes[0], FieldNode)
    )


def _masked(error: GraphQLError) -> Fault:
    error_id = secrets.token_hex(8)
    log.error(
        "schema.fault_masked",
        error_id=error_id,
        path=".".join(map(str, error.path or ())),
        exc_info=error.original_error or error,
    )
    bound = structlog.contextvars.get_contextvars()
    where = {shown: bound[name] for name, shown in LOG_IDS.items() if name in bound}
    return Fault(
        FaultCode.INTERNAL_SERVER_ERROR,
        "Something went wrong on our side; name this id when you ask us.",
        id=error_id,
        **where,
    )
