"""Make a household, invite, join, set a share; `hub.points.pools` moves what follows from it."""

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from hub.kernel.ids import new_number
from hub.kernel.tx import ReadTx, Tx
from hub.ledger.operations import Place, lane_of
from hub.members.households import store
from hub.members.households.errors import (
    AlreadyInHousehold,
    HouseholdCodeNotValid,
    HouseholdFull,
    NotInHousehold,
    NotOfHousehold,
    OwnerNeeded,
    RoleNotEnough,
    ShareOnlyLowered,
    ShareOutOfRange,
)
from hub.members.households.store import Belonging, Role

MEMBERS_MAX: Final = 10
ALL_BPS: Final = 10_000
CODE_LIFE: Final = timedelta(days=7)
CODE_BYTES: Final = 10
REDEEMING: Final = frozenset({Role.OWNER, Role.REDEEMER})


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code by which one member may join, once."""

    code: str
    ends_at: datetime


async def create_household(tx: Tx, *, member_id: int, share_bps: int) -> Belonging:
    """Make a household with an empty wallet; who makes it owns it.

    Units: basis points of each issue.
    Errors: ShareOutOfRange, AlreadyInHousehold.
    Source: rule book 1.8.2.
    """
    _check_share(share_bps)
    household_id, wallet_id = new_number(), new_number()
    if await store.find_belonging(tx, member_id) is not None:
        raise AlreadyInHousehold
    await store.insert_household(tx, household_id, Place(lane_of(wallet_id), wallet_id))
    if not await store.put_member(
        tx, household_id, member_id, role=Role.OWNER, share_bps=share_bps
    ):
        raise AlreadyInHousehold
    return await get_belonging(tx, member_id)


async def invite_to_household(
    tx: Tx, secret: bytes, *, member_id: int, role: Role, key: str
) -> Invitation:
    """Make a code by which one member may join, once, within a week. Only an owner invites.

    The same key gives the same code.

    Errors: NotInHousehold, RoleNotEnough.
    Source: rule book 1.8.2.
    """
    own = await get_belonging(tx, member_id)
    if own.role is not Role.OWNER:
        raise RoleNotEnough(own.role)
    seed = f"household\0{own.household_id}\0{role}\0{key}".encode()
    drawn = hmac.new(secret, seed, sha256).digest()[:CODE_BYTES]
    code = base64.b32encode(drawn).decode()
    ends_at = await store.put_code(
        tx, _hash(code), own.household_id, role=role, ends_at=tx.now + CODE_LIFE
    )
    return Invitation(code, ends_at)


async def join_household(tx: Tx, *, member_id: int, code: str, share_bps: int) -> Belonging:
    """Join the household that a code is for.

    Units: basis points of each issue.
    Errors: ShareOutOfRange, AlreadyInHousehold, HouseholdCodeNotValid, HouseholdFull.
    Source: rule book 1.8.2.
    """
    _check_share(share_bps)
    if await store.find_belonging(tx, member_id) is not None:
        raise AlreadyInHousehold
    found = await store.use_code(tx, _hash(code.strip().upper()))
    if found is None:
        raise HouseholdCodeNotValid
    household_id, role = found
    await store.lock_household(tx, household_id)
    belonging = await store.list_household(tx, household_id)
    if all(each.is_leaving for each in belonging):  # nobody is left to join
        raise HouseholdCodeNotValid
    if len(belonging) >= MEMBERS_MAX:
        raise HouseholdFull(MEMBERS_MAX)
    if not await store.put_member(tx, household_id, member_id, role=role, share_bps=share_bps):
        raise AlreadyInHousehold
    return await get_belonging(tx, member_id)


async def set_household_share(tx: Tx, *, member_id: int, share_bps: int) -> Belonging:
    """Say which share of each issue goes to the household, from now on.

    Units: basis points, 0 to 10,000.
    Errors: ShareOutOfRange, NotInHousehold.
    Source: rule book 1.8.2.
    """
    _check_share(share_bps)
    await get_belonging(tx, member_id)
    await store.set_share(tx, member_id, share_bps)
    return await get_belonging(tx, member_id)


async def change_household_member(
    tx: Tx,
    *,
    member_id: int,
    other_id: int,
    role: Role | None,
    share_bps: int | None,
) -> Belonging:
    """Let an owner say what a member of the household may do, and lower what they bring.

    What is None stays. A household keeps an owner; a share of another is never raised, since the
    points are theirs.

    Units: basis points of each issue.
    Errors: ShareOutOfRange, NotInHousehold, RoleNotEnough, NotOfHousehold, OwnerNeeded,
    ShareOnlyLowered.
    Source: rule book 1.8.2.
    """
    if share_bps is not None:
        _check_share(share_bps)
    own = await get_belonging(tx, member_id)
    await store.lock_household(tx, own.household_id)
    staying = {
        each.member_id: each
        for each in await store.list_household(tx, own.household_id)
        if not each.is_leaving
    }
    own = staying[member_id] if member_id in staying else await get_belonging(tx, member_id)
    if own.role is not Role.OWNER:
        raise RoleNotEnough(own.role)
    other = staying.get(other_id)
    if other is None:
        raise NotOfHousehold
    if role is not None:
        owners = {each.member_id for each in staying.values() if each.role is Role.OWNER}
        if role is not Role.OWNER and owners == {other_id}:
            raise OwnerNeeded
        await store.set_role(tx, other_id, role)
    if share_bps is not None:
        if other_id != member_id and share_bps > other.share_bps:
            raise ShareOnlyLowered(other.share_bps, share_bps)
        await store.set_share(tx, other_id, share_bps)
    return await get_belonging(tx, other_id)


async def begin_leaving(tx: Tx, *, member_id: int) -> Belonging:
    """Note that a member leaves. A household keeps an owner as long as it has members.

    Errors: NotInHousehold, OwnerNeeded.
    """
    own = await store.find_belonging(tx, member_id)
    if own is None:
        raise NotInHousehold
    await store.lock_household(tx, own.household_id)
    others = [
        each
        for each in await store.list_household(tx, own.household_id)
        if each.member_id != member_id and not each.is_leaving
    ]
    if others and not any(each.role is Role.OWNER for each in others):
        raise OwnerNeeded
    await store.set_leaving(tx, member_id)
    return own


async def get_belonging(tx: ReadTx, member_id: int) -> Belonging:
    """Find the household of a member who is not about to leave it.

    Errors: NotInHousehold.
    """
    found = await store.find_belonging(tx, member_id)
    if found is None or found.is_leaving:
        raise NotInHousehold
    return found


async def get_redeeming_wallet(tx: ReadTx, wallet: Place) -> Place:
    """Find the household wallet that the member of a wallet may redeem from.

    Errors: NotInHousehold, RoleNotEnough.
    Source: rule book 1.8.2.
    """
    found = await store.find_belonging_of(tx, wallet)
    if found is None or found.is_leaving:
        raise NotInHousehold
    if found.role not in REDEEMING:
        raise RoleNotEnough(found.role)
    return found.to_wallet


def _check_share(share_bps: int) -> None:
    if not 0 <= share_bps <= ALL_BPS:
        raise ShareOutOfRange(share_bps)


def _hash(code: str) -> bytes:
    return sha256(b"household\0" + code.encode()).digest()
