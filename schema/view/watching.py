"""What is told of each operation when it is done: to metrics, traces and the slow log."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from schema.view.callers import Caller
from schema.view.documents import PreparedDocument, PreparedOperation


class Transport(StrEnum):
    """How an operation came, and its answer went."""

    HTTP = "http"
    STREAM = "stream"
    SOCKET = "socket"


@dataclass(frozen=True, slots=True)
class Finished:
    """An operation that was answered, or one event of a subscription.

    `document` and `operation` are None when there was nothing to execute. Round trips and rows are
    those of the execution (`hub.kernel.effort`).
    """

    transport: Transport
    caller: Caller | None
    client: str | None
    document: PreparedDocument | None
    operation: PreparedOperation | None
    cost: int
    error_codes: tuple[str, ...]
    nanoseconds: int
    round_trip_count: int = 0
    row_count: int = 0

    @property
    def document_hash(self) -> str:
        """SHA-256 of the document; empty when there was none."""
        return self.document.sha256 if self.document else ""

    @property
    def operation_name(self) -> str | None:
        """The operation's own name."""
        return self.operation.name if self.operation else None

    @property
    def kind(self) -> str:
        """Query, mutation or subscription; empty when none was chosen."""
        return self.operation.kind.value if self.operation else ""


@dataclass(slots=True, eq=False)
class Traffic:
    """What is open at this moment; events so far, and how often a reader was too slow for them."""

    socket_count: int = 0
    subscription_count: int = 0
    event_count: int = 0
    cut_off_count: int = 0


Watch = Callable[[Finished], None]


def look_away(_: Finished) -> None:
    """Watch nothing."""
