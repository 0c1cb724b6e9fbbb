"""An operation while it runs, or an event: since when, what it takes, its span if there are any.

The span has the hash of the document, the name of its operation, codes and counts; nothing of what
was asked with, and nothing of what was answered.
"""

import time
from types import TracebackType
from typing import Final, Self

from graphql import OperationType

from hub.kernel.effort import EFFORT, Effort
from hub.kernel.traces import Attributes, Trace
from schema.view.documents import PreparedDocument, PreparedOperation
from schema.view.watching import Transport

NAME_CHARACTERS_MAX: Final = 64


class Run(Effort):
    """What is counted while the block runs. `resume` is for parts that other tasks ask for."""

    __slots__ = ("_outer", "began", "codes")

    def __init__(
        self, transport: Transport, document: PreparedDocument, operation: PreparedOperation
    ) -> None:
        self.began = time.perf_counter_ns()
        self.codes: tuple[str, ...] | None = None
        self.round_trip_count = self.row_count = 0
        self._outer = outer = EFFORT.get()
        self.trace = None
        if outer is not None and outer.trace is not None:
            self.trace = _begin(outer.trace, transport, document, operation)

    def __enter__(self) -> Self:
        EFFORT.set(self)
        return self

    def resume(self) -> None:
        """Go on counting: whoever asks for the next part may be another task."""
        EFFORT.set(self)

    def __exit__(
        self,
        _: type[BaseException] | None,
        __: BaseException | None,
        ___: TracebackType | None,
    ) -> None:
        EFFORT.set(self._outer)
        trace, self.trace = self.trace, None
        if trace is not None:
            trace.end(self._attributes(), has_failed=bool(self.codes))

    def _attributes(self) -> Attributes:
        codes = ("GIVEN_UP",) if self.codes is None else self.codes
        return {
            "hub.error_codes": ",".join(codes),
            "hub.round_trip_count": self.round_trip_count,
            "hub.row_count": self.row_count,
        }


def _begin(
    trace: Trace, transport: Transport, document: PreparedDocument, operation: PreparedOperation
) -> Trace:
    name = (operation.name or "")[:NAME_CHARACTERS_MAX]
    kind: OperationType = operation.kind
    return trace.begin(
        f"{kind.value} {name}".rstrip(),
        {
            "graphql.operation.type": kind.value,
            "graphql.operation.name": name,
            "hub.document_hash": document.sha256,
            "hub.transport": transport.value,
        },
    )


def note_refused(codes: tuple[str, ...]) -> None:
    """Let the span of the request say why nothing was executed."""
    effort = EFFORT.get()
    if effort is not None and effort.trace is not None and effort.trace.span is not None:
        effort.trace.span.set_attribute("hub.error_codes", ",".join(codes))
