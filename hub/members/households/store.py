"""All SQL about households."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from hub.kernel.tx import ReadTx, Tx
from hub.ledger.operations import Place
from hub.members.tables import household_codes, household_members, households, members


class Role(StrEnum):
    """What a member may do in a household; everybody contributes a share."""

    OWNER = "OWNER"
    REDEEMER = "REDEEMER"
    CONTRIBUTOR = "CONTRIBUTOR"


@dataclass(frozen=True, slots=True)
class Belonging:
    """A member of a household, both wallets, and the share that goes from one to the other."""

    member_id: int
    wallet: Place
    household_id: int
    to_wallet: Place
    role: Role
    share_bps: int
    joined_at: datetime
    is_leaving: bool


_COLUMNS: Final = (
    members.c.member_id,
    members.c.wallet_lane,
    members.c.wallet_id,
    households.c.household_id,
    households.c.wallet_lane.label("to_lane"),
    households.c.wallet_id.label("to_wallet_id"),
    household_members.c.role,
    household_members.c.share_bps,
    household_members.c.joined_at,
    household_members.c.is_leaving,
)
_BELONGINGS: Final = (
    select(*_COLUMNS)
    .select_from(household_members)
    .join(members, members.c.member_id == household_members.c.member_id)
    .join(households, households.c.household_id == household_members.c.household_id)
    .order_by(household_members.c.joined_at, household_members.c.member_id)
)


async def insert_household(tx: Tx, household_id: int, wallet: Place) -> None:
    """Store a household and open its wallet."""
    await tx.connection.execute(
        insert(households).values(
            household_id=household_id,
            wallet_lane=wallet.lane,
            wallet_id=wallet.number,
            made_at=tx.now,
        )
    )
    await tx.connection.execute(
        text("SELECT ledger.open_wallets(:lanes, :wallets)"),
        {"lanes": [wallet.lane], "wallets": [wallet.number]},
    )


async def lock_household(tx: Tx, household_id: int) -> None:
    """Let nobody else join or leave before this transaction ends."""
    await tx.connection.execute(
        select(households.c.household_id)
        .where(households.c.household_id == household_id)
        .with_for_update()
    )


async def put_member(
    tx: Tx, household_id: int, member_id: int, *, role: Role, share_bps: int
) -> bool:
    """Let a member belong to a household; False when they belong to one."""
    put = await tx.connection.execute(
        upsert(household_members)
        .values(
            member_id=member_id,
            household_id=household_id,
            role=role,
            share_bps=share_bps,
            joined_at=tx.now,
            is_leaving=False,
        )
        .on_conflict_do_nothing()
        .returning(household_members.c.member_id)
    )
    return put.one_or_none() is not None


async def find_belonging(tx: ReadTx, member_id: int) -> Belonging | None:
    """Find to which household a member belongs."""
    found = await _list(tx, household_members.c.member_id == member_id)
    return found[0] if found else None


async def find_belonging_of(tx: ReadTx, wallet: Place) -> Belonging | None:
    """Find to which household the member of a wallet belongs."""
    found = await list_belongings(tx, [wallet.number])
    return found.get(wallet.number)


async def list_belongings(tx: ReadTx, wallet_ids: Sequence[int]) -> dict[int, Belonging]:
    """Find to which households the members of wallets belong, in one round trip."""
    found = await _list(tx, members.c.wallet_id.in_(wallet_ids))
    return {each.wallet.number: each for each in found}


async def list_household(tx: ReadTx, household_id: int) -> list[Belonging]:
    """List the members of a household, in the order in which they joined."""
    return await _list(tx, household_members.c.household_id == household_id)


async def list_household_wallets(tx: ReadTx, wallet_ids: Sequence[int]) -> list[Place]:
    """Find which of some wallets are those of households."""
    rows = await tx.connection.execute(
        select(households.c.wallet_lane, households.c.wallet_id)
        .where(households.c.wallet_id.in_(wallet_ids))
        .order_by(households.c.wallet_id)
    )
    return [Place(row.wallet_lane, row.wallet_id) for row in rows]


async def list_leaving(tx: ReadTx) -> list[Belonging]:
    """List the members whose points are on their way back."""
    return await _list(tx, household_members.c.is_leaving)


async def set_share(tx: Tx, member_id: int, share_bps: int) -> None:
    """Say which share of each issue goes to the household from now on."""
    await _change(tx, member_id, share_bps=share_bps)


async def set_role(tx: Tx, member_id: int, role: Role) -> None:
    """Say what a member may do in the household from now on."""
    await _change(tx, member_id, role=role)


async def set_leaving(tx: Tx, member_id: int) -> None:
    """Note that a member leaves: nothing is contributed, nor redeemed, by them any more."""
    await _change(tx, member_id, is_leaving=True)


async def remove_member(tx: Tx, member_id: int) -> None:
    """Let a member belong to no household."""
    own = household_members.c.member_id == member_id
    await tx.connection.execute(
        delete(household_members).where(own, household_members.c.is_leaving)
    )


async def put_code(
    tx: Tx, code_hash: bytes, household_id: int, *, role: Role, ends_at: datetime
) -> datetime:
    """Store a code, and say until when it is good; one that is there stays as it is."""
    await tx.connection.execute(
        upsert(household_codes)
        .values(code_hash=code_hash, household_id=household_id, role=role, ends_at=ends_at)
        .on_conflict_do_nothing()
    )
    stored: datetime = (
        await tx.connection.execute(
            select(household_codes.c.ends_at).where(household_codes.c.code_hash == code_hash)
        )
    ).scalar_one()
    return stored


async def use_code(tx: Tx, code_hash: bytes) -> tuple[int, Role] | None:
    """Use a code once, and say what for; None when it is not good."""
    used = await tx.connection.execute(
        update(household_codes)
        .where(
            household_codes.c.code_hash == code_hash,
            household_codes.c.used_at.is_(None),
            household_codes.c.ends_at > tx.now,
        )
        .values(used_at=tx.now)
        .returning(household_codes.c.household_id, household_codes.c.role)
    )
    row = used.one_or_none()
    return None if row is None else (row[0], Role(row[1]))


async def _change(tx: Tx, member_id: int, **values: object) -> None:
    own = household_members.c.member_id == member_id
    await tx.connection.execute(update(household_members).where(own).values(values))


async def _list(tx: ReadTx, condition: Any) -> list[Belonging]:  # noqa: ANN401 (a clause)
    rows = await tx.connection.execute(_BELONGINGS.where(condition))
    return [
        Belonging(
            row.member_id,
            Place(row.wallet_lane, row.wallet_id),
            row.household_id,
            Place(row.to_lane, row.to_wallet_id),
            Role(row.role),
            row.share_bps,
            row.joined_at,
            row.is_leaving,
        )
        for row in rows
    ]
