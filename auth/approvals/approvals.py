"""Ask for a second person, decide as one, and use what was approved.

The digest covers who asks, the operation and the whole payload, its idempotency key included. So
what was checked is what is done, and done once: repeating it repeats an answer.
"""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

import orjson

from auth.approvals import store
from auth.approvals.errors import (
    ApprovalAlreadyDecided,
    ApprovalEnded,
    ApprovalNotFound,
    ApprovalRefused,
    FourEyesRequired,
    SecondPersonNeeded,
)
from auth.approvals.store import Approval
from auth.audit.log import record
from hub.kernel.actor import HUB_ACTOR, Actor
from hub.kernel.errors import DomainError
from hub.kernel.ids import new_number
from hub.kernel.tx import Database, ReadTx, Tx

LASTS: Final = timedelta(days=3)
PAYLOAD_BYTES_MAX: Final = 16_384


async def require_approval(
    database: Database, *, maker: Actor, operation: str, payload: Mapping[str, Any]
) -> None:
    """See that a second person approved exactly this; else ask for one.

    Errors: SecondPersonNeeded, ApprovalRefused, ApprovalEnded.
    """
    async with database.begin(HUB_ACTOR) as tx:
        refusal = await _use_or_ask(tx, maker, operation, payload)
    if refusal is not None:  # raised out here: what was asked for stays
        raise refusal


async def decide(tx: Tx, *, checker: Actor, digest: bytes, is_approved: bool) -> Approval:
    """Approve or refuse what somebody else asked. Deciding the same again changes nothing.

    Errors: ApprovalNotFound, FourEyesRequired, ApprovalEnded, ApprovalAlreadyDecided.
    """
    approval = await store.lock_approval(tx, digest)
    checker_id = person_of(checker)
    if approval is None:
        raise ApprovalNotFound
    if approval.maker_id == checker_id:
        raise FourEyesRequired
    if approval.decided_at is not None:
        if (approval.checker_id, approval.is_approved) != (checker_id, is_approved):
            raise ApprovalAlreadyDecided
        return approval
    if approval.ends_at <= tx.now:
        raise ApprovalEnded(approval.ends_at)
    await store.store_decision(tx, approval, checker_id=checker_id, is_approved=is_approved)
    event = "approval.given" if is_approved else "approval.refused"
    await record(tx, event, actor=checker, subject=f"approval:{digest.hex()}")
    decided = await store.lock_approval(tx, digest)
    assert decided is not None, "it is locked"
    return decided


async def list_open(tx: ReadTx, *, limit: int) -> list[Approval]:
    """List what waits for a decision or for its use, oldest first."""
    return await store.list_open(tx, limit=limit)


def digest_of(maker_id: int, operation: str, payload: Mapping[str, Any]) -> bytes:
    """Name exactly this, asked by this person."""
    written = orjson.dumps([maker_id, operation, payload], option=orjson.OPT_SORT_KEYS)
    assert len(written) <= PAYLOAD_BYTES_MAX, "the inputs of the API are shorter"
    return sha256(written).digest()


def person_of(actor: Actor) -> int:
    """Say which person acts."""
    assert actor.credential.staff_id is not None, "only people ask and decide"
    return actor.credential.staff_id


async def _use_or_ask(
    tx: Tx, maker: Actor, operation: str, payload: Mapping[str, Any]
) -> DomainError | None:
    digest = digest_of(person_of(maker), operation, payload)
    subject = f"approval:{digest.hex()}"
    is_new = await store.insert_approval(
        tx,
        approval_id=new_number(),
        operation=operation,
        digest=digest,
        payload=payload,
        maker_id=person_of(maker),
        ends_at=tx.now + LASTS,
    )
    approval = await store.lock_approval(tx, digest)
    assert approval is not None, "it is there now"
    if is_new:
        await record(tx, "approval.asked", actor=maker, subject=subject, operation=operation)
    if approval.is_approved is False:
        return ApprovalRefused()
    if approval.used_at is None and approval.ends_at <= tx.now:
        return ApprovalEnded(approval.ends_at)
    if approval.is_approved is None:
        return SecondPersonNeeded(digest.hex(), approval.ends_at)
    if approval.used_at is None:
        await store.store_use(tx, approval)
        await record(tx, "approval.used", actor=maker, subject=subject, operation=operation)
    return None
