"""From what is asked to what is answered, whatever it came by: HTTP, a stream or a socket."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast

from graphql import (
    ExecutionResult,
    Executor,
    GraphQLError,
    GraphQLSchema,
    OperationType,
    default_field_resolver,
    default_type_resolver,
)
from graphql.execution import create_source_event_stream
from graphql.execution.types import ExperimentalIncrementalExecutionResults
from graphql.execution.values import VariableValues, get_variable_values

from schema.faults import (
    NOTHING,
    Fault,
    FaultCode,
    present,
    present_request_error,
    unauthenticated,
)
from schema.limits import ERRORS_MAX, check_variables
from schema.settings import ApiSettings
from schema.view.asked import Asked
from schema.view.bodies import Body, codes_of, write_body, write_part, write_told
from schema.view.callers import Caller
from schema.view.documents import NotPrepared, PreparedDocument, PreparedOperation, hash_text
from schema.view.ends import SignInEnded
from schema.view.executors import PartsExecutor, WholeExecutor
from schema.view.gate import Admission, Gate
from schema.view.runs import Run, note_refused
from schema.view.shelf import DocumentShelf, FindText
from schema.view.watching import Finished, Traffic, Transport, Watch

Check = Callable[[PreparedOperation], None]

UNAVAILABLE: Final = 503


class OperationContext(Protocol):
    """What resolvers are given: made anew for each operation, and for each event."""

    async def close(self) -> None:
        """Give back what was opened."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What all transports share."""

    schema: GraphQLSchema
    shelf: DocumentShelf
    gate: Gate
    find_text: FindText
    open_context: Callable[[Caller | None, str], OperationContext]
    watch: Watch
    settings: ApiSettings
    traffic: Traffic = field(default_factory=Traffic)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from. `client` is what the program says of itself."""

    transport: Transport
    caller: Caller | None
    client_host: str | None
    client: str | None
    request_id: str


@dataclass(frozen=True, slots=True)
class Ready:
    """An operation that may be executed now; `told` goes under `extensions` of the answer."""

    origin: Origin
    document: PreparedDocument
    operation: PreparedOperation
    variables: VariableValues
    cost: int
    told: Mapping[str, Any]


@dataclass(eq=False)
class Refused(Exception):
    """Nothing was executed, or no more is; the errors are as the client may see them.

    `status` is for HTTP; None: the media type of the answer decides.
    """

    errors: list[Body]
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> Body:
        """The answer: without `data`."""
        return {"errors": self.errors, **({"extensions": dict(self.told)} if self.told else {})}


async def make_ready(engine: Engine, asked: Asked, origin: Origin, check: Check) -> Ready:
    """Find or prepare the document, choose its operation, coerce variables, and let it in.

    `check` says what the transport thinks of the operation, before it costs anything.

    Errors: Refused.
    """
    began = time.perf_counter_ns()
    document = operation = None
    try:
        check_variables(asked.variables)
        document, is_new = await _find_document(engine, asked, origin)
        operation = document.choose(asked.operation_name)
        check(operation)
        variables = _coerce(engine.schema, operation, asked.variables)
        cost = operation.price.cost(variables.coerced)
        caller = origin.caller
        _check_scopes(caller, operation.price.scopes)
        told = await engine.gate.admit(
            Admission(caller, origin.client_host, document, operation, cost, is_new)
        )
    except Fault as fault:
        refused = _refuse(fault)
    except Refused as found:
        refused = found
    else:
        extensions = {"cost": told} if told else NOTHING
        return Ready(origin, document, operation, variables, cost, extensions)
    codes = codes_of(refused.errors)
    note_refused(codes)
    engine.watch(
        Finished(
            transport=origin.transport,
            caller=origin.caller,
            client=origin.client,
            document=document,
            operation=operation,
            cost=0,
            error_codes=codes,
            nanoseconds=time.perf_counter_ns() - began,
        )
    )
    raise refused


async def _find_document(
    engine: Engine, asked: Asked, origin: Origin
) -> tuple[PreparedDocument, bool]:
    """Find the document, or prepare its text; say which of both.

    Errors: Fault, Refused.
    """
    try:
        if asked.query is None:
            return await _find_persisted(engine, asked, origin), False
        _check_text_allowed(engine, asked)
        before = engine.shelf.prepared_count
        document = engine.shelf.prepare(asked.query)
    except NotPrepared as found_wrong:
        await engine.gate.charge_failed(origin.caller, origin.client_host)
        code, errors = found_wrong.code, found_wrong.errors[:ERRORS_MAX]
        raise Refused([present_request_error(error, code) for error in errors]) from None
    return document, engine.shelf.prepared_count != before


async def _find_persisted(engine: Engine, asked: Asked, origin: Origin) -> PreparedDocument:
    """Find the document of a hash: on the shelf, or among those that were published.

    Errors: Fault, NotPrepared.
    """
    sha256 = asked.document_hash or asked.claimed_hash
    found = await engine.shelf.find(sha256, engine.find_text) if sha256 else None
    if found is None:
        await engine.gate.charge_failed(origin.caller, origin.client_host)
        # Apollo's clients know both the code and this message.
        raise Fault(FaultCode.PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")
    return found


def _check_text_allowed(engine: Engine, asked: Asked) -> None:
    """Check that a text may be executed at all, and that it is what its hash says.

    Errors: Fault.
    """
    if engine.settings.trusted_documents_only:
        if asked.claimed_hash is not None:
            raise Fault(FaultCode.PERSISTED_QUERY_NOT_SUPPORTED, "PersistedQueryNotSupported")
        raise Fault(
            FaultCode.TRUSTED_DOCUMENTS_ONLY,
            "Only trusted documents are executed here: send a `documentId`, no `query`.",
        )
    if asked.claimed_hash is not None and asked.claimed_hash != hash_text(asked.query or ""):
        raise Fault(FaultCode.BAD_REQUEST, "`sha256Hash` is not that of `query`.", status=400)


def _check_scopes(caller: Caller | None, needed: frozenset[str]) -> None:
    """Check that a token reaches as far as the operation, once for all of it.

    Errors: the faults UNAUTHENTICATED and FORBIDDEN.
    """
    if not needed:
        return
    if caller is None:
        raise unauthenticated()
    if caller.scopes is not None and not needed <= caller.scopes:
        missing = ", ".join(f"`{scope}`" for scope in sorted(needed - caller.scopes))
        raise Fault(
            FaultCode.FORBIDDEN,
            f"The token lacks the scope {missing}.",
            requiredScopes=sorted(needed),
        )


def _coerce(
    schema: GraphQLSchema, operation: PreparedOperation, given: dict[str, Any]
) -> VariableValues:
    coerced = get_variable_values(
        schema, operation.node.variable_definitions or (), given, max_errors=ERRORS_MAX - 1
    )
    if isinstance(coerced, VariableValues):
        return coerced
    code = FaultCode.BAD_USER_INPUT
    raise Refused([present_request_error(error, code) for error in coerced])


async def execute_once(engine: Engine, ready: Ready) -> Body:
    """Execute a query or a mutation; deferred parts come with the rest.

    Errors: Refused, when a query takes too long.
    """
    with _run(ready) as run:
        origin = ready.origin
        context = engine.open_context(origin.caller, origin.request_id)
        try:
            outcome = _executor(Executor, engine.schema, ready, context).execute_operation()
            if not isinstance(outcome, ExecutionResult):
                outcome = await _in_time(engine, ready, cast("Awaitable[ExecutionResult]", outcome))
        except TimeoutError:
            fault = _took_too_long(engine)
            tell(engine, ready, run, [fault.formatted])
            raise _refuse(fault) from None
        finally:
            await context.close()
        body = write_body(outcome, ready.told)
        tell(engine, ready, run, body.get("errors", ()))
        return body


async def _in_time(
    engine: Engine, ready: Ready, outcome: Awaitable[ExecutionResult]
) -> ExecutionResult:
    """Wait for a query for so long and no longer, and for a mutation until it is done."""
    if ready.operation.kind is not OperationType.QUERY:
        return await outcome
    async with asyncio.timeout(engine.settings.query_seconds):
        return await outcome


def _took_too_long(engine: Engine) -> Fault:
    seconds = engine.settings.query_seconds
    message = f"The query took longer than {seconds} seconds; ask for less at once."
    return Fault(FaultCode.TOOK_TOO_LONG, message, status=UNAVAILABLE)


async def _next_part(parts: AsyncGenerator[Any, None], until: float) -> object | None:
    """Wait for a part, so long as the query has time; None: there are no more.

    Errors: TimeoutError.
    """
    async with asyncio.timeout_at(until):
        return await anext(parts, None)


async def execute_incrementally(engine: Engine, ready: Ready) -> AsyncGenerator[Body, None]:
    """Execute an operation with deferred parts, which follow one by one.

    Errors: Refused, when it takes too long in all.
    """
    until = asyncio.get_running_loop().time() + engine.settings.query_seconds
    with _run(ready) as run:
        origin = ready.origin
        context = engine.open_context(origin.caller, origin.request_id)
        executor = _executor(PartsExecutor, engine.schema, ready, context)
        try:
            outcome = executor.execute_operation()
            if not isinstance(outcome, ExecutionResult | ExperimentalIncrementalExecutionResults):
                async with asyncio.timeout_at(until):
                    outcome = await outcome
            if isinstance(outcome, ExecutionResult):
                yield write_body(outcome, ready.told)
            else:
                async with aclosing(cast("Any", outcome.subsequent_results)) as following:
                    yield {**write_part(outcome.initial_result), **write_told(ready.told)}
                    run.resume()
                    while (part := await _next_part(following, until)) is not None:
                        yield write_part(part)
                        run.resume()
        except TimeoutError:
            raise _refuse(_took_too_long(engine)) from None
        finally:
            await context.close()
            tell(engine, ready, run, ())


async def execute_events(engine: Engine, ready: Ready) -> AsyncGenerator[Body, None]:
    """Execute a subscription: one answer for each event, each with a context of its own.

    Errors: Refused, SignInEnded, and what the source raises.
    """
    origin = ready.origin
    context = engine.open_context(origin.caller, origin.request_id)
    engine.traffic.subscription_count += 1
    try:
        source: Any = create_source_event_stream(_executor(Executor, engine.schema, ready, context))
        if asyncio.iscoroutine(source):
            source = await source
        if isinstance(source, ExecutionResult):
            raise _refuse_stream(source.errors or [])
        async with aclosing(source):
            async for event in _events(source):
                if origin.caller is not None and not await origin.caller.is_still_in():
                    raise SignInEnded
                yield await _execute_event(engine, ready, event)
    finally:
        engine.traffic.subscription_count -= 1
        await context.close()


async def _events(source: AsyncIterator[object]) -> AsyncIterator[object]:
    """Pass events on, and a fault of the source as a refusal."""
    try:
        async for event in source:
            yield event
    except GraphQLError as error:
        raise _refuse_stream([error]) from None


async def _execute_event(engine: Engine, ready: Ready, event: object) -> Body:
    engine.traffic.event_count += 1
    with _run(ready) as run:
        context = engine.open_context(ready.origin.caller, ready.origin.request_id)
        try:
            executor = _executor(Executor, engine.schema, ready, context, event)
            outcome = executor.execute_operation(serially=False)
            if not isinstance(outcome, ExecutionResult):
                outcome = await cast("Awaitable[ExecutionResult]", outcome)
        finally:
            await context.close()
        body = write_body(outcome, NOTHING)
        tell(engine, ready, run, body.get("errors", ()))
        return body


def _run(ready: Ready) -> Run:
    return Run(ready.origin.transport, ready.document, ready.operation)


def _executor(
    kind: type[Executor[Any]],
    schema: GraphQLSchema,
    ready: Ready,
    context: OperationContext,
    root: object = None,
) -> Executor[Any]:
    """Make graphql-core's executor of what is known already, where it would look it up again."""
    document = ready.document
    if kind is Executor and ready.operation.is_incremental:
        kind = WholeExecutor
    return kind(
        schema,
        document.fragments,
        document.fragment_details,
        root,
        context,
        ready.operation.node,
        ready.variables,
        default_field_resolver,
        default_type_resolver,
        default_field_resolver,
    )


def tell(engine: Engine, ready: Ready, run: Run, errors: Sequence[Mapping[str, Any]]) -> None:
    """Tell whoever watches what became of an operation."""
    run.codes = codes_of(errors)
    engine.watch(
        Finished(
            transport=ready.origin.transport,
            caller=ready.origin.caller,
            client=ready.origin.client,
            document=ready.document,
            operation=ready.operation,
            cost=ready.cost,
            error_codes=run.codes,
            nanoseconds=time.perf_counter_ns() - run.began,
            round_trip_count=run.round_trip_count,
            row_count=run.row_count,
        )
    )


def _refuse(fault: Fault) -> Refused:
    """Make a refusal of a fault; what it says of cost stands where answers say it."""
    shown = dict(fault.formatted)
    extensions = fault.extensions or {}
    told = {"cost": extensions["cost"]} if "cost" in extensions else NOTHING
    return Refused([shown], status=fault.status, headers=fault.headers, told=told)


def _refuse_stream(errors: Sequence[GraphQLError]) -> Refused:
    """Make a refusal of what a subscription could not be opened for, or ended with."""
    return Refused([present(error) for error in errors[:ERRORS_MAX]])
