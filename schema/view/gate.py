"""What stands between an operation and its execution: whoever counts cost lets it in or not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from schema.view.callers import Caller
from schema.view.documents import PreparedDocument, PreparedOperation


@dataclass(frozen=True, slots=True)
class Admission:
    """An operation that is about to be executed, and for whom.

    `is_new_document`: it was parsed and validated for this request.
    """

    caller: Caller | None
    client_host: str | None
    document: PreparedDocument
    operation: PreparedOperation
    cost: int
    is_new_document: bool


class Gate(Protocol):
    """Lets operations in."""

    async def admit(self, admission: Admission) -> Mapping[str, Any]:
        """Take the cost, and say what the answer tells under `extensions.cost`.

        Errors: a fault, when it may not be executed now.
        """

    async def charge_failed(self, caller: Caller | None, client_host: str | None) -> None:
        """Take the price of a document that was parsed or looked up in vain.

        Errors: a fault, when there was too much of that.
        """


class OpenGate:
    """Lets everything in and counts nothing."""

    async def admit(self, _: Admission) -> Mapping[str, Any]:
        """Let it in."""
        return {}

    async def charge_failed(self, _: Caller | None, __: str | None) -> None:
        """Take nothing."""
