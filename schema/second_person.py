"""What people do that takes a second person: asked for, approved by another one, then done."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from strawberry import Some
from strawberry.types.unset import UnsetType

from auth.approvals.approvals import require_approval
from auth.approvals.errors import ApprovalEnded, ApprovalRefused, SecondPersonNeeded
from auth.audit.log import record_apart
from auth.permissions import needs_second_person
from auth.policies import Policy
from hub.kernel.errors import DomainError
from hub.kernel.money import format_exact
from schema.context import Context
from schema.scalars import write_instant

APPROVAL_REFUSALS: Final[tuple[type[DomainError], ...]] = (
    SecondPersonNeeded,
    ApprovalRefused,
    ApprovalEnded,
)
"""What every mutation lists whose line in the table of permissions asks for a second person."""


async def ask_second_person(
    context: Context, operation: str, policy: Policy, arguments: Mapping[str, object]
) -> None:
    """See that a second person approved this input, where the operation takes one.

    What people do, rather than software, is told to the audit log.

    Errors: SecondPersonNeeded, ApprovalRefused, ApprovalEnded.
    """
    actor, database = context.actor, context.rooms.database
    if actor.credential.staff_id is None:
        return
    if needs_second_person(actor, policy):
        payload = {name: write_input(value) for name, value in arguments.items()}
        await require_approval(database, maker=actor, operation=operation, payload=payload)
    await record_apart(database, "person.acted", actor=actor, subject=operation)


def write_input(value: Any) -> Any:  # noqa: ANN401 (whatever an input may hold)
    """Write an input as JSON: what was left out is not there, numbers are texts."""
    match value:
        case None | bool():
            return value
        case list():
            return [write_input(each) for each in value]
        case Some():
            return write_input(value.value)
        case _ if is_dataclass(value):
            held = {each.name: getattr(value, each.name) for each in fields(value)}
            return {
                name: write_input(each)
                for name, each in held.items()
                if each is not None and not isinstance(each, UnsetType)
            }
    return _write_scalar(value)


def _write_scalar(value: object) -> str:
    match value:
        case Decimal():
            return format_exact(value)
        case datetime():
            return write_instant(value)
        case Enum():
            return value.name
    return str(value)
