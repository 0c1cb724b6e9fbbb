"""Top-level errors: who are you, may you, limits and faults; what a payload cannot say.

Business refusals are not here: they are `userErrors` of a payload (`schema.refusals`).
"""

import secrets
from enum import StrEnum
from typing import Any

import structlog
from graphql import GraphQLError, GraphQLSyntaxError

from hub.kernel.tx import DatabaseBusy
from hub.ledger.errors import OutcomeUnknown, Overloaded, PosterClosed
from schema.scalars import InputNotValid

log = structlog.get_logger()


class FaultCode(StrEnum):
    """Every code that `extensions.code` of a top-level error may have."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"
    OVERLOADED = "OVERLOADED"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"


class Fault(GraphQLError):
    """A top-level error with its code."""

    def __init__(self, code: FaultCode, message: str, **extensions: object) -> None:
        super().__init__(message, extensions={"code": code.value, **extensions})


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


def present(error: GraphQLError, *, was_executing: bool) -> dict[str, Any]:
    """Write an error as the client may see it; what is our own mistake is masked and logged."""
    shown = error.formatted
    if "code" in (error.extensions or {}):
        return dict(shown)
    fault = _fault_of(error, was_executing=was_executing)
    return {**shown, "message": fault.message, "extensions": fault.extensions}


def _fault_of(error: GraphQLError, *, was_executing: bool) -> GraphQLError:
    if error.path is None:
        return Fault(_code_of_request(error, was_executing=was_executing), error.message)
    match error.original_error:
        case Overloaded() | DatabaseBusy() as cause:
            retry_after = cause.retry_after_seconds
            return Fault(FaultCode.OVERLOADED, str(cause), retryAfter=retry_after)
        case PosterClosed():
            message = "The hub is stopping; try again with the same key."
            return Fault(FaultCode.OVERLOADED, message, retryAfter=1)
        case OutcomeUnknown() as cause:
            return Fault(FaultCode.OUTCOME_UNKNOWN, str(cause))
    return _masked(error)


def _code_of_request(error: GraphQLError, *, was_executing: bool) -> FaultCode:
    """Say what is wrong with a request of which nothing was executed: such errors have no path."""
    if isinstance(error, GraphQLSyntaxError):
        return FaultCode.GRAPHQL_PARSE_FAILED
    if was_executing or isinstance(error.original_error, InputNotValid):
        return FaultCode.BAD_USER_INPUT  # a variable, or a literal, that does not fit its scalar
    return FaultCode.GRAPHQL_VALIDATION_FAILED


def _masked(error: GraphQLError) -> Fault:
    error_id = secrets.token_hex(8)
    log.error(
        "schema.fault_masked",
        error_id=error_id,
        path=".".join(map(str, error.path or ())),
        exc_info=error.original_error or error,
    )
    return Fault(
        FaultCode.INTERNAL_SERVER_ERROR,
        "Something went wrong on our side; name this id when you ask us.",
        id=error_id,
    )
