"""Traces: spans under spans. Where no traces are kept, there is no `Trace`, and nothing is done.

A span holds ids, names of ours, codes and counts: never what was asked with, never who somebody is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    format_trace_id,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

Attributes = Mapping[str, str | int | bool]

NOTHING: Final[Attributes] = {}
TRACEPARENT: Final = "traceparent"
TRACEPARENT_CHARACTERS_MAX: Final = 128
_FAILED: Final = Status(StatusCode.ERROR)
_READER: Final = TraceContextTextMapPropagator()


@dataclass(frozen=True, slots=True)
class Trace:
    """Where spans are begun: under `span`, or each as a trace of its own where that is None."""

    tracer: Tracer
    context: Context
    span: Span | None = None

    def begin(
        self,
        name: str,
        attributes: Attributes = NOTHING,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        links: Sequence[Link] = (),
    ) -> "Trace":
        """Begin a span; what is begun from what this gives lies under it."""
        span = self.tracer.start_span(
            name, context=self.context, kind=kind, attributes=attributes, links=links
        )
        return Trace(self.tracer, set_span_in_context(span, self.context), span)

    def end(self, attributes: Attributes = NOTHING, *, has_failed: bool = False) -> None:
        """End the span."""
        assert self.span is not None, "it was begun"
        self.span.set_attributes(attributes)
        if has_failed:
            self.span.set_status(_FAILED)
        self.span.end()

    @property
    def trace_id(self) -> str:
        """The id of the trace, as one looks it up."""
        assert self.span is not None, "it was begun"
        return format_trace_id(self.span.get_span_context().trace_id)


def begin_traces(tracer: Tracer, traceparent: str | None = None) -> Trace:
    """Give where traces begin; `traceparent` is the header of whoever calls from a trace.

    Of that header only the ids are taken: no state, no baggage.
    """
    given = {TRACEPARENT: (traceparent or "")[:TRACEPARENT_CHARACTERS_MAX]}
    return Trace(tracer, _READER.extract(given, Context()))


def link_both(batch: Trace, carried: Sequence[Trace]) -> None:
    """Let the spans of what was carried point to the batch that carried them."""
    assert batch.span is not None, "it was begun"
    for each in carried:
        if each.span is not None:
            each.span.add_link(batch.span.get_span_context())


def links_to(carried: Sequence[Trace]) -> list[Link]:
    """Point to the spans of what is carried together."""
    return [Link(each.span.get_span_context()) for each in carried if each.span is not None]
