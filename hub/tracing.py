"""Traces for OpenTelemetry: made and sent only where somebody asked for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from opentelemetry.trace import Tracer

from hub.kernel.settings import TracingSettings
from hub.settings import SettingsNotValid

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

NAME: Final = "coalition-hub"
VALUE_CHARACTERS_MAX: Final = 256
_HUNDRED: Final = 100


@contextmanager
def open_tracer(settings: TracingSettings) -> Iterator[Tracer | None]:
    """Give what begins spans, and send the last of them at the end; None where none are kept.

    Errors: SettingsNotValid, when what sends them is not installed.
    """
    if settings.endpoint is None:
        yield None
        return
    provider = make_provider(_make_sender(settings.endpoint), percent=settings.percent)
    try:
        yield provider.get_tracer(NAME)
    finally:
        provider.shutdown()


def make_provider(processor: "SpanProcessor", *, percent: int) -> "TracerProvider":
    """Make what keeps so many of a hundred traces, and hands their spans on.

    Whoever calls may name the trace, not whether it is kept: else callers would choose our costs.
    """
    trace = import_module("opentelemetry.sdk.trace")
    sampling = import_module("opentelemetry.sdk.trace.sampling")
    resources = import_module("opentelemetry.sdk.resources")
    ours = sampling.TraceIdRatioBased(percent / _HUNDRED)
    provider: TracerProvider = trace.TracerProvider(
        resource=resources.Resource.create(
            {"service.name": NAME, "service.version": version(NAME)}
        ),
        sampler=sampling.ParentBased(
            ours, remote_parent_sampled=ours, remote_parent_not_sampled=ours
        ),
        span_limits=trace.SpanLimits(max_attribute_length=VALUE_CHARACTERS_MAX),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(processor)
    return provider


def _make_sender(endpoint: str) -> "SpanProcessor":
    """Make what sends spans in the background, many at once.

    Errors: SettingsNotValid.
    """
    try:
        otlp = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        export = import_module("opentelemetry.sdk.trace.export")
    except ImportError:
        problem = "HUB_TRACING__ENDPOINT: install the extra: pip install 'coalition-hub[tracing]'"
        raise SettingsNotValid((f"{problem}.",)) from None
    sender: SpanProcessor = export.BatchSpanProcessor(otlp.OTLPSpanExporter(endpoint=endpoint))
    return sender
