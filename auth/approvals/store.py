"""All SQL about approvals."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from auth.approvals.tables import approvals
from hub.kernel.tx import ReadTx, Tx


@dataclass(frozen=True, slots=True)
class Approval:
    """What one person asked to do, and what another one said to it."""

    approval_id: int
    operation: str
    digest: bytes
    payload: Mapping[str, Any]
    maker_id: int
    made_at: datetime
    ends_at: datetime
    checker_id: int | None
    is_approved: bool | None
    decided_at: datetime | None
    used_at: datetime | None


async def insert_approval(
    tx: Tx,
    *,
    approval_id: int,
    operation: str,
    digest: bytes,
    payload: Mapping[str, Any],
    maker_id: int,
    ends_at: datetime,
) -> bool:
    """Store what is asked; False: it was asked before."""
    made = await tx.connection.execute(
        insert(approvals)
        .values(
            approval_id=approval_id,
            operation=operation,
            digest=digest,
            payload=dict(payload),
            maker_id=maker_id,
            made_at=tx.now,
            ends_at=ends_at,
        )
        .on_conflict_do_nothing()
        .returning(approvals.c.approval_id)
    )
    return made.one_or_none() is not None


async def lock_approval(tx: Tx, digest: bytes) -> Approval | None:
    """Find an approval by its digest, and lock it: one decision, one first use."""
    row = (
        await tx.connection.execute(
            select(approvals).where(approvals.c.digest == digest).with_for_update()
        )
    ).one_or_none()
    return None if row is None else Approval(*row)


async def list_open(tx: ReadTx, *, limit: int) -> list[Approval]:
    """List what waits for a decision or for its use, oldest first."""
    rows = await tx.connection.execute(
        select(approvals)
        .where(
            approvals.c.used_at.is_(None),
            approvals.c.is_approved.is_not(False),
            approvals.c.ends_at > tx.now,
        )
        .order_by(approvals.c.made_at, approvals.c.approval_id)
        .limit(limit)
    )
    return [Approval(*row) for row in rows]


async def store_decision(tx: Tx, approval: Approval, *, checker_id: int, is_approved: bool) -> None:
    """Store what the second person said."""
    await tx.connection.execute(
        update(approvals)
        .where(approvals.c.approval_id == approval.approval_id)
        .values(checker_id=checker_id, is_approved=is_approved, decided_at=tx.now)
    )


async def store_use(tx: Tx, approval: Approval) -> None:
    """Note that what was approved is being done."""
    await tx.connection.execute(
        update(approvals)
        .where(approvals.c.approval_id == approval.approval_id)
        .values(used_at=tx.now)
    )
