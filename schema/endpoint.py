"""One request over HTTP: its body, its answer, its status.

GraphQL over HTTP: POST only, JSON only. A well-formed request is answered 200; for clients that
accept `application/graphql-response+json`, 400 when nothing was executed.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from hub.kernel.actor import Actor
from schema.context import Context, Rooms
from schema.faults import Fault, FaultCode, bad_input, present
from schema.ids import Audiences
from schema.roots import SCHEMA
from schema.settings import ApiSettings

JSON: Final = "application/json"
GRAPHQL_JSON: Final = "application/graphql-response+json"
ERRORS_MAX: Final = 20
OPERATIONS: Final = frozenset({OperationType.QUERY, OperationType.MUTATION})

FindActor = Callable[[Request], Awaitable[Actor | None]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a body asks for."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


class TransportFault(Exception):
    """The request is not one of GraphQL over HTTP."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Endpoint:
    """Answers requests to /graphql, for whoever `find_actor` says they come from."""

    def __init__(
        self, rooms: Rooms, *, find_actor: FindActor, id_secret: bytes, settings: ApiSettings
    ) -> None:
        self._rooms = rooms
        self._find_actor = find_actor
        self._audiences = Audiences(id_secret)
        self._settings = settings

    async def answer(self, request: Request) -> Response:
        """Answer one request; only a fault of ours outside GraphQL raises."""
        media_type = GRAPHQL_JSON if GRAPHQL_JSON in request.headers.get("accept", "") else JSON
        try:
            asked = read_asked(await self._read_body(request))
        except TransportFault as fault:
            code = FaultCode.BAD_USER_INPUT.value
            errors = [{"message": str(fault), "extensions": {"code": code}}]
            return _respond({"errors": errors}, media_type, status=fault.status)
        body = await self._execute(request, asked)
        is_refused = "data" not in body and media_type == GRAPHQL_JSON
        return _respond(body, media_type, status=400 if is_refused else 200)

    async def _execute(self, request: Request, asked: Asked) -> dict[str, Any]:
        context = Context(
            self._rooms,
            actor=await self._find_actor(request),
            audiences=self._audiences,
            request_id=request.scope.get("request_id", ""),
        )
        try:
            result = await SCHEMA.execute(
                asked.query,
                variable_values=asked.variables,
                context_value=context,
                operation_name=asked.operation_name,
                allowed_operation_types=OPERATIONS,
            )
            errors, data = result.errors or [], result.data
        except (CannotGetOperationTypeError, InvalidOperationTypeError):
            message = "The document has no query or mutation of that name."
            errors, data = [Fault(FaultCode.GRAPHQL_VALIDATION_FAILED, message)], None
        except MissingQueryError:
            errors, data = [bad_input("`query` is empty.")], None
        finally:
            await context.close()
        return write_body(errors, data, was_executing=context.was_executing)

    async def _read_body(self, request: Request) -> bytes:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != JSON:
            raise TransportFault(415, f"Send {JSON}.")
        limit = self._settings.body_max_bytes
        length = request.headers.get("content-length", "")
        body = bytearray()
        if not (length.isascii() and length.isdecimal() and int(length[:20]) > limit):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    break
            else:
                return bytes(body)
        raise TransportFault(413, f"The body is longer than {limit} bytes.")


def read_asked(body: bytes) -> Asked:
    """Read the body of a request.

    Errors: TransportFault.
    """
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise TransportFault(400, "The body is not JSON.") from error
    if not isinstance(given, dict) or not isinstance(given.get("query"), str):
        raise TransportFault(400, "The body is a JSON object with a text `query`.")
    variables, name = given.get("variables"), given.get("operationName")
    if not isinstance(variables, dict | None):
        raise TransportFault(400, "`variables` is an object.")
    if not isinstance(name, str | None):
        raise TransportFault(400, "`operationName` is a text.")
    return Asked(given["query"], variables, name)


def write_body(
    errors: list[GraphQLError], data: Mapping[str, Any] | None, *, was_executing: bool
) -> dict[str, Any]:
    """Write the answer; there is no `data` when nothing was executed."""
    body: dict[str, Any] = {}
    if errors:
        body["errors"] = [
            present(error, was_executing=was_executing) for error in errors[:ERRORS_MAX]
        ]
    if data is not None or any(error.path is not None for error in errors):
        body["data"] = data
    return body


def _respond(body: Mapping[str, Any], media_type: str, *, status: int) -> Response:
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type=f"{media_type}; charset=utf-8",
        headers={"cache-control": "no-store", "x-content-type-options": "nosniff"},
    )
