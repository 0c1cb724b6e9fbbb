"""All SQL about members."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, exists, insert, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from hub.kernel.slices import Slice
from hub.kernel.tx import RawConnection, ReadTx, Tx
from hub.ledger.operations import Place
from hub.members.tables import linked_accounts, members


@dataclass(frozen=True, slots=True)
class Member:
    """A person who joined, and where their points lie."""

    member_id: int
    wallet: Place
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class LinkedAccount:
    """A member's identity at one partner."""

    partner_id: int
    reference: str
    member_id: int
    linked_at: datetime


async def insert_members(tx: Tx, new: Sequence[Member]) -> None:
    """Store new members and open their wallets."""
    await tx.connection.execute(
        insert(members),
        [
            {
                "member_id": member.member_id,
                "wallet_lane": member.wallet.lane,
                "wallet_id": member.wallet.number,
                "joined_at": member.joined_at,
            }
            for member in new
        ],
    )
    await tx.connection.execute(
        text("SELECT ledger.open_wallets(:lanes, :wallets)"),
        {
            "lanes": [member.wallet.lane for member in new],
            "wallets": [member.wallet.number for member in new],
        },
    )


async def link_accounts(tx: Tx, accounts: Sequence[LinkedAccount]) -> int:
    """Store linked accounts and count the new ones; a reference that is taken stays as it is."""
    result = await tx.connection.execute(
        upsert(linked_accounts).on_conflict_do_nothing().returning(linked_accounts.c.member_id),
        [
            {
                "partner_id": account.partner_id,
                "reference": account.reference,
                "member_id": account.member_id,
                "linked_at": account.linked_at,
            }
            for account in accounts
        ],
    )
    return len(result.all())


async def find_member(tx: ReadTx, member_id: int) -> Member | None:
    """Find a member by id; the id of one who was merged leads to the survivor."""
    row = (
        await tx.connection.execute(select(members).where(members.c.member_id == member_id))
    ).one_or_none()
    if row is not None and row.merged_into is not None:
        return await find_member(tx, row.merged_into)
    return None if row is None else _member(row)


async def find_linked_member(tx: ReadTx, partner_id: int, reference: str) -> Member | None:
    """Find the member a partner knows by a reference of its own."""
    row = (
        await tx.connection.execute(
            select(members)
            .join(linked_accounts)
            .where(
                tuple_(linked_accounts.c.partner_id, linked_accounts.c.reference)
                == (partner_id, reference)
            )
        )
    ).one_or_none()
    return None if row is None else _member(row)


async def list_members(
    tx: ReadTx, member_ids: Sequence[int], *, linked_to: int | None
) -> dict[int, Member]:
    """Find members by id in one round trip; only those that one partner knows, if named."""
    query = select(members).where(members.c.member_id.in_(member_ids))
    return {m.member_id: m for m in await _list(tx, _known_to(query, linked_to))}


async def list_members_of_wallets(
    tx: ReadTx, wallet_ids: Sequence[int], *, linked_to: int | None
) -> dict[int, Member]:
    """Find members by wallet in one round trip; only those that one partner knows, if named."""
    query = select(members).where(members.c.wallet_id.in_(wallet_ids))
    return {m.wallet.number: m for m in await _list(tx, _known_to(query, linked_to))}


async def list_linked_accounts(tx: ReadTx, member_ids: Sequence[int]) -> list[LinkedAccount]:
    """List the accounts of members, by partner."""
    rows = await tx.connection.execute(
        select(linked_accounts)
        .where(linked_accounts.c.member_id.in_(member_ids))
        .order_by(linked_accounts.c.partner_id, linked_accounts.c.reference)
    )
    return [
        LinkedAccount(row.partner_id, row.reference, row.member_id, row.linked_at) for row in rows
    ]


async def page_members(tx: ReadTx, *, part: Slice) -> list[Member]:
    """List a slice of all members; positions are their ids."""
    query = select(members).where(members.c.merged_into.is_(None))
    if part.after is not None:
        query = query.where(members.c.member_id > part.after[0])
    if part.before is not None:
        query = query.where(members.c.member_id < part.before[0])
    order = members.c.member_id.desc() if part.is_backward else members.c.member_id
    return await _list(tx, query.order_by(order).limit(part.limit))


async def page_linked_members(
    tx: ReadTx, partner_id: int, *, part: Slice
) -> list[tuple[str, Member]]:
    """List a slice of the accounts that a partner has linked, with their members.

    A member with two references comes twice. Positions are the reference and the member's id.
    """
    reference = linked_accounts.c.reference
    query = select(reference, members).join_from(linked_accounts, members)
    query = query.where(linked_accounts.c.partner_id == partner_id)
    if part.after is not None:
        query = query.where(reference > part.after[0])
    if part.before is not None:
        query = query.where(reference < part.before[0])
    order = reference.desc() if part.is_backward else reference
    rows = await tx.connection.execute(query.order_by(order).limit(part.limit))
    return [
        (row.reference, Member(row.member_id, Place(row.wallet_lane, row.wallet_id), row.joined_at))
        for row in rows
    ]


def _known_to(query: Select[Any], partner_id: int | None) -> Select[Any]:
    if partner_id is None:
        return query
    return query.where(
        exists().where(
            linked_accounts.c.member_id == members.c.member_id,
            linked_accounts.c.partner_id == partner_id,
        )
    )


async def _list(tx: ReadTx, query: Select[Any]) -> list[Member]:
    return [_member(row) for row in await tx.connection.execute(query)]


async def fetch_wallets(
    connection: RawConnection, wanted: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], Place]:
    """Find the wallets of many (partner, reference) pairs in one round trip."""
    rows = await connection.fetch(
        "SELECT l.partner_id, l.reference, m.wallet_lane, m.wallet_id"
        " FROM unnest($1::integer[], $2::text[]) AS w (partner_id, reference)"
        " JOIN linked_accounts l USING (partner_id, reference)"
        " JOIN members m USING (member_id)",
        [partner_id for partner_id, _ in wanted],
        [reference for _, reference in wanted],
    )
    return {(row[0], row[1]): Place(row[2], row[3]) for row in rows}


def _member(row: Row[Any]) -> Member:
    return Member(row.member_id, Place(row.wallet_lane, row.wallet_id), row.joined_at)
