"""What something that was asked for takes: statements, rows, and its span where traces are kept.

The root of the request, and the view for each operation, set it; the database and the poster add to
it. It goes with the task, as the log's request id does, so that no verb has to hand it down.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from hub.kernel.traces import Trace


@dataclass(slots=True, eq=False)
class Effort:
    """What was taken so far.

    `round_trip_count`: statements of SQL, and batches that carried something of it; not what a
    cache asks for everybody. `trace` is None where no traces are kept, and after the end.
    """

    trace: Trace | None = None
    round_trip_count: int = 0
    row_count: int = 0


EFFORT: Final[ContextVar[Effort | None]] = ContextVar("effort", default=None)


@contextmanager
def effort_under(trace: Trace | None) -> Iterator[None]:
    """Let what is done in the block belong to a trace; what outlives it does so no longer."""
    if trace is None:
        yield
        return
    effort = Effort(trace)
    token = EFFORT.set(effort)
    try:
        yield
    finally:
        EFFORT.reset(token)
        effort.trace = None
