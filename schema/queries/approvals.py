"""What waits for a second person."""

from datetime import datetime
from enum import Enum

import orjson
import strawberry

from auth.approvals import approvals as waiting
from auth.approvals.store import Approval as ApprovalRow
from schema.context import Context, Info
from schema.fields import query
from schema.limits import LIST_MAX


@strawberry.enum(description="How far an approval has come.")
class ApprovalStatus(Enum):
    """How far an approval has come."""

    WAITING = strawberry.enum_value("waiting", description="Nobody has decided.")
    APPROVED = strawberry.enum_value("approved", description="It may be done, once.")
    REFUSED = strawberry.enum_value("refused", description="It may not be done.")
    USED = strawberry.enum_value("used", description="It was done.")


@strawberry.type(description="What one person asked to do, and another one must approve.")
class Approval:
    """What one person asked to do."""

    digest: str = strawberry.field(
        description="SHA-256 of who asks, the operation and the payload, 64 hexadecimal digits."
    )
    operation: str = strawberry.field(description="The mutation, e.g. `post_adjustment`.")
    payload: str = strawberry.field(
        description="What is to be done, as JSON with sorted keys; all numbers are texts."
    )
    status: ApprovalStatus = strawberry.field(description="How far it has come.")
    is_own: bool = strawberry.field(description="Whether you asked for it: then decide not.")
    made_at: datetime = strawberry.field(description="When it was asked.")
    ends_at: datetime = strawberry.field(description="It cannot be used from this instant on.")
    decided_at: datetime | None = strawberry.field(description="When it was decided.")


@query(f"What waits for a second person or for its use, oldest first, the first {LIST_MAX}.")
async def approvals(info: Info) -> list[Approval]:
    """List what waits."""
    async with info.context.read() as tx:
        rows = await waiting.list_open(tx, limit=LIST_MAX)
    return [show_approval(info.context, row) for row in rows]


def show_approval(context: Context, row: ApprovalRow) -> Approval:
    """Show an approval."""
    return Approval(
        digest=row.digest.hex(),
        operation=row.operation,
        payload=orjson.dumps(row.payload, option=orjson.OPT_SORT_KEYS).decode(),
        status=_status(row),
        is_own=row.maker_id == context.actor.credential.staff_id,
        made_at=row.made_at,
        ends_at=row.ends_at,
        decided_at=row.decided_at,
    )


def _status(row: ApprovalRow) -> ApprovalStatus:
    if row.used_at is not None:
        return ApprovalStatus.USED
    if row.is_approved is None:
        return ApprovalStatus.WAITING
    return ApprovalStatus.APPROVED if row.is_approved else ApprovalStatus.REFUSED
