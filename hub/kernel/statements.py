"""Statements are counted for whoever asked for them, and get a span where traces are kept."""

from typing import Final

from opentelemetry.trace import SpanKind
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext

from hub.kernel.effort import EFFORT

_SPAN: Final = "_hub_span"
_VERBS: Final = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "CALL"})


def watch_statements(engine: Engine) -> None:
    """Count the statements of an engine."""
    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", _end)
    event.listen(engine, "handle_error", _fail)


def _begin(
    _connection: Connection,
    _cursor: DBAPICursor,
    statement: str,
    _parameters: object,
    context: ExecutionContext | None,
    _: bool,  # noqa: FBT001 (as SQLAlchemy calls it)
) -> None:
    effort = EFFORT.get()
    if effort is None:
        return
    effort.round_trip_count += 1
    if effort.trace is not None and context is not None:
        # The verb only: some statements are long, and what is in them is nobody's business.
        verb = statement.split(None, 1)[0].upper()
        name = verb if verb in _VERBS else "OTHER"
        attributes = {"db.system.name": "postgresql", "db.operation.name": name}
        setattr(context, _SPAN, effort.trace.begin(name, attributes, kind=SpanKind.CLIENT))


def _end(
    _connection: Connection,
    cursor: DBAPICursor,
    _statement: str,
    _parameters: object,
    context: ExecutionContext | None,
    _: bool,  # noqa: FBT001 (as SQLAlchemy calls it)
) -> None:
    effort = EFFORT.get()
    if effort is None:
        return
    rows = max(cursor.rowcount, 0)
    effort.row_count += rows
    trace = getattr(context, _SPAN, None)
    if trace is not None:
        trace.end({"db.response.returned_rows": rows})


def _fail(failed: ExceptionContext) -> None:
    trace = getattr(failed.execution_context, _SPAN, None)
    if trace is not None:
        trace.end(has_failed=True)
