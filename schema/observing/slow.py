"""The log of slow operations: which document, how long, and what it took; never with what input."""

import time
from typing import Final

import structlog

from hub.kernel.spread import MILLISECOND
from schema.settings import SlowSettings
from schema.view.runs import NAME_CHARACTERS_MAX
from schema.view.watching import Finished

log = structlog.get_logger()

REMEMBERED_MAX: Final = 1000
SECOND: Final = 1000 * MILLISECOND


class SlowLog:
    """Tells of operations that took long: of each document and name once in a while."""

    def __init__(self, settings: SlowSettings) -> None:
        self.count = 0
        """How many were slow, told or not."""
        self._least = settings.milliseconds * MILLISECOND
        self._pause = settings.seconds_between * SECOND
        self._told: dict[tuple[str, str | None], tuple[int, int]] = {}

    def note(self, finished: Finished) -> None:
        """Tell of an operation if it was slow; called after each."""
        if finished.nanoseconds < self._least or finished.operation is None:
            return
        self.count += 1
        key = finished.document_hash, finished.operation_name
        now = time.monotonic_ns()
        told_at, left_out = self._told.get(key, (None, 0))
        if told_at is not None and now - told_at < self._pause:
            self._told[key] = told_at, left_out + 1
            return
        if len(self._told) >= REMEMBERED_MAX:
            self._told.clear()
        self._told[key] = now, 0
        log.warning(
            "schema.operation_slow",
            document_hash=finished.document_hash,
            operation=(finished.operation_name or "")[:NAME_CHARACTERS_MAX],
            kind=finished.kind,
            transport=finished.transport.value,
            milliseconds=finished.nanoseconds // MILLISECOND,
            cost=finished.cost,
            round_trips=finished.round_trip_count,
            rows=finished.row_count,
            left_out=left_out,
        )
