"""Counts, durations and costs of operations: whole numbers, read when somebody asks."""

from collections import Counter
from typing import Final

from hub.kernel.spread import DURATIONS, Spread
from schema.faults import FaultCode
from schema.observing.names import OperationNames
from schema.view.watching import Finished

COSTS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
NONE: Final = "none"
"""The kind of a request in which no operation was found."""
OK: Final = "OK"
OTHER_CODE: Final = "OTHER"
ROWS_MAX: Final = 2000
_CODES: Final = frozenset(code.value for code in FaultCode)


class Row:
    """The figures of one operation of one document on one transport, its labels made once."""

    __slots__ = ("change_count", "costs", "durations", "labels", "ok_count")

    def __init__(
        self, labels: tuple[str, str, str], durations: Spread, costs: Spread, change_count: int
    ) -> None:
        self.labels = labels
        self.durations = durations
        self.costs = costs
        self.change_count = change_count
        self.ok_count = 0


class OperationFigures:
    """What operations were executed or refused, by labels of which there are only so many."""

    def __init__(self, names: OperationNames) -> None:
        self.durations: dict[tuple[str, str], Spread] = {}
        """Nanoseconds, by kind and operation."""
        self.costs: dict[str, Spread] = {}
        """Points of cost, by kind."""
        self._names = names
        self._counts: Counter[tuple[str, str, str, str]] = Counter()
        self._rows: dict[tuple[str | None, str | None, int], Row] = {}

    def note(self, finished: Finished) -> None:
        """Count an operation, or an event of a subscription; called after each."""
        document, operation = finished.document, finished.operation
        key = (
            document.sha256 if document is not None else None,
            operation.name if operation is not None else "",
            id(finished.transport),  # there is one of each; their own hash takes longer than this
        )
        row = self._rows.get(key)
        if row is None or row.change_count != self._names.change_count:
            if row is not None:
                self._fold()
            row = self._rows[key] = self._make_row(finished)
        row.durations.note(finished.nanoseconds)
        row.costs.note(finished.cost)
        if not finished.error_codes:
            row.ok_count += 1
            return
        code = finished.error_codes[0]
        self._counts[*row.labels, code if code in _CODES else OTHER_CODE] += 1

    @property
    def counts(self) -> Counter[tuple[str, str, str, str]]:
        """How many there were by kind, operation, transport, and the code of the first error."""
        self._fold()
        return self._counts

    def _fold(self) -> None:
        for row in self._rows.values():
            if row.ok_count:
                self._counts[*row.labels, OK] += row.ok_count
                row.ok_count = 0

    def _make_row(self, finished: Finished) -> Row:
        """Find the labels of an operation."""
        if len(self._rows) >= ROWS_MAX:
            self._fold()
            self._rows.clear()
        kind = finished.kind or NONE
        name = self._names.name_of(finished)
        return Row(
            (kind, name, finished.transport.value),
            self.durations.setdefault((kind, name), Spread(DURATIONS)),
            self.costs.setdefault(kind, Spread(COSTS)),
            self._names.change_count,
        )
