"""All SQL about merges of members."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, and_, exists, insert, select, text, tuple_, update

from hub.kernel.tx import RawConnection, ReadTx, Tx
from hub.ledger.operations import Place
from hub.members.tables import (
    household_members,
    linked_accounts,
    member_merges,
    members,
    merged_links,
)

MERGES_CHANNEL: Final = "hub_merges"
"""PostgreSQL's NOTIFY tells on it that ids lead elsewhere from now on."""


class MergeStatus(StrEnum):
    """How far a merge has come; in the first three the old id forwards, or is about to end it.

    One that was DONE is MOVING again for the moment in which something is given back to the old
    wallet.
    """

    MOVING = "MOVING"
    DONE = "DONE"
    RETURNING = "RETURNING"
    UNDONE = "UNDONE"


@dataclass(frozen=True, slots=True)
class Merge:
    """One member who became part of another, and their wallets."""

    merge_id: int
    from_member_id: int
    to_member_id: int
    wallet: Place
    to_wallet: Place
    status: MergeStatus
    undo_name: str | None
    began_at: datetime
    ended_at: datetime | None


_gone, _survivor = members.alias("gone"), members.alias("survivor")
_COLUMNS: Final = (
    member_merges.c.merge_id,
    member_merges.c.from_member_id,
    member_merges.c.to_member_id,
    _gone.c.wallet_lane,
    _gone.c.wallet_id,
    _survivor.c.wallet_lane.label("to_lane"),
    _survivor.c.wallet_id.label("to_wallet_id"),
    member_merges.c.status,
    member_merges.c.undo_name,
    member_merges.c.began_at,
    member_merges.c.ended_at,
)
_MERGES: Final = (
    select(*_COLUMNS)
    .join(_gone, _gone.c.member_id == member_merges.c.from_member_id)
    .join(_survivor, _survivor.c.member_id == member_merges.c.to_member_id)
)
_FETCH: Final = """
SELECT m.merge_id, m.from_member_id, m.to_member_id, f.wallet_lane, f.wallet_id,
       t.wallet_lane AS to_lane, t.wallet_id AS to_wallet_id, m.status, m.undo_name, m.began_at,
       m.ended_at
FROM member_merges m JOIN members f ON f.member_id = m.from_member_id
JOIN members t ON t.member_id = m.to_member_id ORDER BY m.began_at, m.merge_id
"""


async def fetch_merges(connection: RawConnection) -> list[Merge]:
    """List all merges, also those that were undone, oldest first."""
    return [_merge(row) for row in await connection.fetch(_FETCH)]


async def lock_members(tx: Tx, member_ids: Sequence[int]) -> None:
    """Let no other merge of these members begin before this transaction ends.

    Locks: the members, ascending.
    """
    ordered = members.c.member_id
    await tx.connection.execute(
        select(ordered).where(ordered.in_(member_ids)).order_by(ordered).with_for_update()
    )


async def insert_merge(tx: Tx, merge_id: int, *, from_member_id: int, to_member_id: int) -> None:
    """Store that a merge has begun."""
    await tx.connection.execute(
        insert(member_merges).values(
            merge_id=merge_id,
            from_member_id=from_member_id,
            to_member_id=to_member_id,
            status=MergeStatus.MOVING,
            began_at=tx.now,
        )
    )


async def find_merge(tx: ReadTx, from_member_id: int) -> Merge | None:
    """Find the merge of a member that is in force, or under way either way."""
    return await _one(
        tx,
        and_(
            member_merges.c.from_member_id == from_member_id,
            member_merges.c.status != MergeStatus.UNDONE,
        ),
    )


async def get_merge(tx: ReadTx, merge_id: int) -> Merge:
    """Find a merge that is known to exist."""
    found = await _one(tx, member_merges.c.merge_id == merge_id)
    assert found is not None, "merges are never removed"
    return found


async def list_chain(tx: ReadTx, wallet: Place) -> list[Merge]:
    """List the merges that lead from a wallet to its survivor's, in their order; none: its own."""
    chain: list[Merge] = []
    while True:
        merge = await _one(
            tx,
            and_(
                _gone.c.wallet_lane == wallet.lane,
                _gone.c.wallet_id == wallet.number,
                member_merges.c.status.in_([MergeStatus.MOVING, MergeStatus.DONE]),
            ),
        )
        if merge is None:
            return chain
        chain.append(merge)
        wallet = merge.to_wallet


async def list_unfinished(tx: ReadTx) -> list[Merge]:
    """List the merges that somebody has begun, or begun to undo, oldest first."""
    under_way = member_merges.c.status.in_([MergeStatus.MOVING, MergeStatus.RETURNING])
    rows = await tx.connection.execute(_MERGES.where(under_way).order_by(member_merges.c.began_at))
    return [_merge(row) for row in rows]


async def set_status(
    tx: Tx, merge: Merge, status: MergeStatus, *, undo_name: str | None = None
) -> None:
    """Say how far a merge has come."""
    values: dict[str, Any] = {"status": status, "undo_name": undo_name or merge.undo_name}
    if status in {MergeStatus.DONE, MergeStatus.UNDONE}:
        values["ended_at"] = tx.now
    await tx.connection.execute(
        update(member_merges).where(member_merges.c.merge_id == merge.merge_id).values(values)
    )


async def hand_over_links(tx: Tx, merge: Merge) -> None:
    """Link the accounts of the one to the survivor, and remember which they were."""
    own = linked_accounts.c.member_id == merge.from_member_id
    rows = (
        await tx.connection.execute(
            select(linked_accounts.c.partner_id, linked_accounts.c.reference).where(own)
        )
    ).all()
    if rows:
        await tx.connection.execute(
            insert(merged_links),
            [
                {"merge_id": merge.merge_id, "partner_id": row[0], "reference": row[1]}
                for row in rows
            ],
        )
        await tx.connection.execute(
            update(linked_accounts).where(own).values(member_id=merge.to_member_id)
        )
    await _set_merged_into(tx, merge.from_member_id, merge.to_member_id)


async def give_back_links(tx: Tx, merge: Merge) -> None:
    """Link the accounts again as they were before the merge; newer ones stay."""
    moved = select(merged_links.c.partner_id, merged_links.c.reference).where(
        merged_links.c.merge_id == merge.merge_id
    )
    await tx.connection.execute(
        update(linked_accounts)
        .where(tuple_(linked_accounts.c.partner_id, linked_accounts.c.reference).in_(moved))
        .values(member_id=merge.from_member_id)
    )
    await _set_merged_into(tx, merge.from_member_id, None)


async def is_in_household(tx: ReadTx, member_id: int) -> bool:
    """Say whether a member belongs to a household."""
    found = await tx.connection.execute(
        select(exists().where(household_members.c.member_id == member_id))
    )
    return bool(found.scalar_one())


async def notify_merged(tx: Tx) -> None:
    """Tell every hub, when this transaction commits, that ids lead elsewhere."""
    await tx.connection.execute(text(f"NOTIFY {MERGES_CHANNEL}"))


async def _set_merged_into(tx: Tx, member_id: int, survivor_id: int | None) -> None:
    await tx.connection.execute(
        update(members).where(members.c.member_id == member_id).values(merged_into=survivor_id)
    )


async def _one(tx: ReadTx, condition: Any) -> Merge | None:  # noqa: ANN401 (SQLAlchemy's clause)
    row = (await tx.connection.execute(_MERGES.where(condition))).one_or_none()
    return None if row is None else _merge(row)


def _merge(row: Row[Any] | Any) -> Merge:  # noqa: ANN401 (a row of either driver)
    number, gone, survivor, lane, wallet, to_lane, to_wallet, status, *rest = tuple(row)
    return Merge(
        number,
        gone,
        survivor,
        Place(lane, wallet),
        Place(to_lane, to_wallet),
        MergeStatus(status),
        *rest,
    )
