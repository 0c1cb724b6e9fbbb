"""All SQL about till codes and spent agreements."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from auth.consents.tables import spent_orders, till_codes, till_misses
from hub.kernel.tx import ReadTx, Tx

COUNTED_FOR: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class TillCode:
    """A code that a member showed, by its hash; `request_hash` is of the request that used it."""

    code_hash: bytes
    member_id: int
    ends_at: datetime
    used_by: int | None
    request_hash: bytes | None


async def put_code(tx: Tx, code_hash: bytes, member_id: int, *, ends_at: datetime) -> datetime:
    """Store a member's code in the place of the one before, and say when it ends.

    The same code once more changes nothing: it does not get longer life, nor another use.

    Locks: the member's code.
    """
    fresh = {
        "code_hash": code_hash,
        "made_at": tx.now,
        "ends_at": ends_at,
        "used_at": None,
        "used_by": None,
        "request_hash": None,
    }
    await tx.connection.execute(
        upsert(till_codes)
        .values(member_id=member_id, **fresh)
        .on_conflict_do_update(
            index_elements=[till_codes.c.member_id],
            set_=fresh,
            where=till_codes.c.code_hash != code_hash,
        )
    )
    kept: datetime = (
        await tx.connection.execute(
            select(till_codes.c.ends_at).where(till_codes.c.member_id == member_id)
        )
    ).scalar_one()
    return kept


async def free_code(tx: Tx, code_hash: bytes, member_id: int) -> bool:
    """Make room for a code that some other member had once; False while it is still good there."""
    same = (till_codes.c.code_hash == code_hash, till_codes.c.member_id != member_id)
    await tx.connection.execute(delete(till_codes).where(*same, till_codes.c.ends_at <= tx.now))
    found = await tx.connection.execute(select(till_codes.c.member_id).where(*same))
    return found.one_or_none() is None


async def lock_code(tx: Tx, code_hash: bytes) -> TillCode | None:
    """Find a code that is about to be used.

    Locks: the code.
    """
    row = (
        await tx.connection.execute(
            select(till_codes).where(till_codes.c.code_hash == code_hash).with_for_update()
        )
    ).one_or_none()
    if row is None:
        return None
    return TillCode(row.code_hash, row.member_id, row.ends_at, row.used_by, row.request_hash)


async def use_code(tx: Tx, code_hash: bytes, *, partner_id: int, request_hash: bytes) -> None:
    """Use up a code that is locked."""
    await tx.connection.execute(
        update(till_codes)
        .where(till_codes.c.code_hash == code_hash)
        .values(used_at=tx.now, used_by=partner_id, request_hash=request_hash)
    )


async def count_misses(tx: ReadTx, partner_id: int) -> int:
    """Count the wrong codes that a partner sent within the last minute or so."""
    found = await tx.connection.execute(
        select(till_misses.c.missed_count).where(
            till_misses.c.partner_id == partner_id,
            till_misses.c.since_at > tx.now - COUNTED_FOR,
        )
    )
    return found.scalar_one_or_none() or 0


async def add_miss(tx: Tx, partner_id: int) -> None:
    """Count one more wrong code; counting begins anew after a minute."""
    is_over = till_misses.c.since_at <= tx.now - COUNTED_FOR
    await tx.connection.execute(
        upsert(till_misses)
        .values(partner_id=partner_id, since_at=tx.now, missed_count=0)
        .on_conflict_do_update(
            index_elements=[till_misses.c.partner_id],
            set_={"since_at": tx.now, "missed_count": 0},
            where=is_over,
        )
    )
    await tx.connection.execute(
        update(till_misses)
        .where(till_misses.c.partner_id == partner_id)
        .values(missed_count=till_misses.c.missed_count + 1)
    )


async def find_spent(tx: ReadTx, request_hash: bytes) -> int | None:
    """Find the grant that a request used, the last if it used several."""
    found = await tx.connection.execute(
        select(spent_orders.c.grant_id)
        .where(spent_orders.c.request_hash == request_hash)
        .order_by(spent_orders.c.spent_at.desc(), spent_orders.c.grant_id)
        .limit(1)
    )
    return found.scalar_one_or_none()


async def spend_order(tx: Tx, grant_id: int, request_hash: bytes) -> bool:
    """Let one request use what a grant allows; False when another one has."""
    await tx.connection.execute(
        upsert(spent_orders)
        .values(grant_id=grant_id, request_hash=request_hash, spent_at=tx.now)
        .on_conflict_do_nothing()
    )
    kept: bytes = (
        await tx.connection.execute(
            select(spent_orders.c.request_hash).where(spent_orders.c.grant_id == grant_id)
        )
    ).scalar_one()
    return kept == request_hash
