"""Merge two members into one, and undo it while nothing that came with it was used.

Source: rule book 1.8.3; ADR-0023.
"""

from decimal import Decimal
from typing import Final

import structlog

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.ids import new_number
from hub.kernel.tx import Database, ReadTx, Tx
from hub.ledger.caps.store import carry_back, carry_usage, give_back_to_wallet
from hub.ledger.errors import Overloaded, WalletClosed
from hub.ledger.operations import Operation, Outcome, Place
from hub.ledger.poster import Poster
from hub.ledger.store import POOLING, set_wallet_open
from hub.ledger.views.claims.store import (
    count_open_holds,
    get_held_points,
    list_arrears,
    list_holds_towards,
    list_moved_debts,
    sum_contributed,
)
from hub.members.errors import MemberNotFound
from hub.members.merges import store
from hub.members.merges.errors import (
    AlreadyMerged,
    InHousehold,
    MergedPointsUsed,
    MergeNotFound,
    OpenHoldsLeft,
    SameMember,
)
from hub.members.merges.store import Merge, MergeStatus
from hub.members.store import find_member
from hub.points.pooling import (
    Way,
    add_arrears,
    bring,
    expire_due,
    hold_all,
    let_go,
    take_arrears_off,
)
from hub.points.posting import post_plainly
from hub.points.requests import Request

log = structlog.get_logger()

HOLD: Final = "hold"
RETURNING: Final = "unmerged"
ROUNDS_MAX: Final = 5
"""How often what still came in is moved before a merge is left to the next turn of its job."""
OPENINGS_MAX: Final = 5
"""How often a wallet is opened for what is given back, when others close it in the same moment."""


async def merge_members(
    poster: Poster, database: Database, *, from_member_id: int, to_member_id: int, actor: str
) -> Merge:
    """Make one member part of another, who gets the lots, the arrears and the linked accounts.

    The first id forwards to the survivor for ever. Repeating it goes on where it stopped, and so
    does a job; while points still come in, or a hold is open, the status stays MOVING.

    Errors: MemberNotFound, SameMember, AlreadyMerged, InHousehold, OpenHoldsLeft, Overloaded,
    OutcomeUnknown.
    Source: rule book 1.8.3; ADR-0023.
    """
    merge = await _begin(database, from_member_id=from_member_id, to_member_id=to_member_id)
    if merge.status is MergeStatus.MOVING:
        return await _finish_merge(poster, database, merge, actor=actor)
    return merge


async def unmerge_members(
    poster: Poster, database: Database, *, from_member_id: int, name: str, actor: str
) -> Merge:
    """Make two members of one again, as long as nothing that came with the merge was used.

    `name` tells one attempt from another: the same one goes on where it stopped.

    Errors: MergeNotFound, AlreadyMerged (the survivor was merged on: that merge is undone first),
    MergedPointsUsed, Overloaded, OutcomeUnknown.
    Source: rule book 1.8.3; ADR-0023.
    """
    async with database.read(HUB_ACTOR) as tx:
        merge = await store.find_merge(tx, from_member_id)
        is_survivor_gone = (
            merge is not None and await store.find_merge(tx, merge.to_member_id) is not None
        )
    if merge is None or merge.status is MergeStatus.MOVING:
        raise MergeNotFound
    if merge.status is MergeStatus.DONE and is_survivor_gone:
        raise AlreadyMerged
    if merge.status is MergeStatus.DONE:
        merge = await _begin_return(poster, database, merge, name=name, actor=actor)
    return await _finish_return(poster, database, merge, actor=actor)


async def finish_merges(poster: Poster, database: Database) -> int:
    """Go on with the merges that somebody left halfway; give how many there were."""
    async with database.read(HUB_ACTOR) as tx:
        left = await store.list_unfinished(tx)
    await _go_on(poster, database, left)
    return len(left)


async def post_giving_back(
    poster: Poster, database: Database, request: Request, operation: Operation
) -> Outcome:
    """Post what gives back at the wallet where it lies, be that merged or not.

    A merged wallet is opened for it, and merged again at once, with all that came back. If this
    process dies in between, the job goes on; ids lead to the survivor all the time.

    Errors: those of the ledger; WalletClosed, when the wallet is closed for another reason.
    Source: rule book 1.8.3, 2.4; ADR-0023.
    """
    opened: list[Merge] = []
    try:
        for _ in range(OPENINGS_MAX):
            try:
                return await post_plainly(poster, request, operation)
            except WalletClosed:
                opened = await _open_again(database, operation.wallet)
                if not opened:
                    raise
    finally:
        await _go_on(poster, database, opened)
    raise Overloaded(retry_after_seconds=1)


async def give_back_usage(
    database: Database, cap_id: int, wallet: Place, amount: Decimal, *, key: str
) -> None:
    """Give back to a wallet's own cap, once for each key, for whoever has its usage by now.

    Units: points.
    Locks: of each step, the members ascending, then the lanes ascending.
    """
    async with database.begin(HUB_ACTOR) as tx:
        await give_back_to_wallet(tx, cap_id, wallet, amount, key=key)
        chain = await store.list_chain(tx, wallet)
    for merge in chain:
        async with database.begin(HUB_ACTOR) as tx:
            await _lock(tx, [merge])
            known = await store.get_merge(tx, merge.merge_id)
            if known.status in {MergeStatus.MOVING, MergeStatus.DONE}:
                await _carry(tx, merge)


async def _go_on(poster: Poster, database: Database, merges: list[Merge]) -> None:
    """Finish merges, or their undoing; what is left is left to the job."""
    for merge in merges:
        finish = _finish_return if merge.status is MergeStatus.RETURNING else _finish_merge
        try:
            await finish(poster, database, merge, actor=str(HUB_ACTOR))
        except Exception as error:  # noqa: BLE001 (the others must not wait for this one)
            log.warning("points.merge_left", error=type(error).__name__)


async def _open_again(database: Database, wallet: Place) -> list[Merge]:
    """Open a wallet that was merged, and those that it leads through; lowest first.

    None: it was not merged, or is its own again.

    Locks: the members ascending, then the lanes ascending.
    """
    while True:
        async with database.begin(HUB_ACTOR) as tx:
            known = await store.list_chain(tx, wallet)
            await _lock(tx, known)
            chain = await store.list_chain(tx, wallet)
            if [one.merge_id for one in chain] != [one.merge_id for one in known]:
                continue  # it was merged on, or undone, before the lock
            for merge in sorted(chain, key=lambda one: (one.wallet.lane, one.wallet.number)):
                await set_wallet_open(tx, merge.wallet, is_open=True)
                await store.set_status(tx, merge, MergeStatus.MOVING)
            return chain


async def _carry(tx: Tx, merge: Merge) -> None:
    """Let the survivor have used of caps what the other one has: together they pass none."""
    await carry_usage(tx, merge.wallet, merge.to_wallet, key=_name_of(merge))


async def _begin(database: Database, *, from_member_id: int, to_member_id: int) -> Merge:
    async with database.begin(HUB_ACTOR) as tx:
        await store.lock_members(tx, [from_member_id, to_member_id])
        gone = await find_member(tx, from_member_id)
        survivor = await find_member(tx, to_member_id)
        if gone is None or survivor is None:
            raise MemberNotFound
        known = await store.find_merge(tx, from_member_id)
        if known is not None:
            if known.to_member_id != survivor.member_id or known.status is MergeStatus.RETURNING:
                raise AlreadyMerged
            return known
        if gone.member_id == survivor.member_id:
            raise SameMember
        if await store.find_merge(tx, survivor.member_id) is not None:
            raise AlreadyMerged
        if await store.is_in_household(tx, gone.member_id):
            raise InHousehold
        hold_count = await count_open_holds(tx, gone.wallet)
        if hold_count:
            raise OpenHoldsLeft(hold_count)
        number = new_number()
        await store.insert_merge(
            tx, number, from_member_id=gone.member_id, to_member_id=survivor.member_id
        )
        await store.notify_merged(tx)
        merge = await store.get_merge(tx, number)
        await _carry(tx, merge)
        return merge


async def _finish_merge(poster: Poster, database: Database, merge: Merge, *, actor: str) -> Merge:
    """Move what there is until nothing is left, close the wallet, and hand over the accounts.

    Points that are issued to the first wallet meanwhile are moved by the next round.
    """
    way = Way(poster, database, _name_of(merge), merge.wallet, merge.to_wallet, actor)
    merged_on: list[Merge] = []
    for _ in range(ROUNDS_MAX):
        await expire_due(way)
        if not await _set_aside(database, merge, way):
            break
        try:
            await _bring_all(database, way)
        except WalletClosed:
            merged_on = await _open_again(database, merge.to_wallet)
            if not merged_on:
                raise
        if await _close(database, merge):
            break
    await _go_on(poster, database, merged_on)
    async with database.read(HUB_ACTOR) as tx:
        return await store.get_merge(tx, merge.merge_id)


async def _set_aside(database: Database, merge: Merge, way: Way) -> bool:
    """Hold all that the first wallet has, and take off what it owes; False: it is merged, or two.

    Nobody ends the merge meanwhile: what lies in a wallet that is its own again stays there.
    Whoever stopped after this is followed by what finds the hold open, and the debt in the journal.
    """
    async with database.begin(HUB_ACTOR) as tx:
        await _lock(tx, [merge])
        known = await store.get_merge(tx, merge.merge_id)
        if known.status is not MergeStatus.MOVING:
            return False
        await hold_all(way, f"hold:{new_number()}", contributor=None, reason=POOLING)
        await take_arrears_off(tx, way)
        return True


async def _bring_all(database: Database, way: Way) -> None:
    """Bring what is set aside, and what was taken off.

    Errors: WalletClosed, when the other wallet was merged on.
    """
    async with database.read(HUB_ACTOR) as tx:
        holds = await list_holds_towards(tx, way.wallet, way.to_wallet)
    for hold in holds:
        await bring(way, hold)
    await add_arrears(way)


async def _close(database: Database, merge: Merge) -> bool:
    """Close the first wallet and hand over its accounts, if nothing came in meanwhile."""
    async with database.begin(HUB_ACTOR) as tx:
        await _lock(tx, [merge])
        known = await store.get_merge(tx, merge.merge_id)
        if known.status is not MergeStatus.MOVING:
            return True
        await _carry(tx, merge)
        if not await set_wallet_open(tx, merge.wallet, is_open=False):
            return False
        await store.hand_over_links(tx, merge)
        await store.set_status(tx, merge, MergeStatus.DONE)
        await store.notify_merged(tx)
        return True


async def _lock(tx: Tx, merges: list[Merge]) -> None:
    """Let nobody else begin, end or undo these merges before the transaction ends."""
    members = {one for merge in merges for one in (merge.from_member_id, merge.to_member_id)}
    await store.lock_members(tx, sorted(members))


async def _begin_return(
    poster: Poster, database: Database, merge: Merge, *, name: str, actor: str
) -> Merge:
    """Set aside what came with the merge, see that it is all there, and begin to give it back.

    Errors: MergedPointsUsed, AlreadyMerged.
    """
    undo = f"unmerge:{merge.merge_id}:{name}"
    way = Way(poster, database, undo, merge.to_wallet, merge.wallet, actor)
    async with database.read(HUB_ACTOR) as tx:
        used, _ = await _count_used(tx, merge)
    if used:
        raise MergedPointsUsed(used)
    try:
        hold = await hold_all(way, HOLD, contributor=merge.wallet, reason=RETURNING)
    except WalletClosed as refusal:
        raise AlreadyMerged from refusal
    async with database.begin(HUB_ACTOR) as tx:
        await _lock(tx, [merge])
        # Nobody can use any more what the hold set aside: this count is the one that decides.
        repaid, brought = await _count_used(tx, merge, is_held=True)
        used = repaid + brought - (await get_held_points(tx, hold) if hold else 0)
        merge = await store.get_merge(tx, merge.merge_id)
        if not used and merge.status is MergeStatus.DONE:
            await carry_back(tx, merge.wallet, merge.to_wallet, key=_name_of(merge))
            await set_wallet_open(tx, merge.wallet, is_open=True)
            await store.set_status(tx, merge, MergeStatus.RETURNING, undo_name=undo)
            await store.notify_merged(tx)
        merge = await store.get_merge(tx, merge.merge_id)
    if merge.status is MergeStatus.RETURNING:
        return merge
    if hold is not None:
        await let_go(way, hold)
    if used:
        raise MergedPointsUsed(used)
    raise MergeNotFound  # something is just given back; it is merged again in a moment


async def _finish_return(poster: Poster, database: Database, merge: Merge, *, actor: str) -> Merge:
    """Give back the points that are set aside, the arrears and the accounts."""
    if merge.status is not MergeStatus.RETURNING:
        return merge
    assert merge.undo_name is not None, "what is on its way back has a name"
    way = Way(poster, database, merge.undo_name, merge.to_wallet, merge.wallet, actor)
    hold = await hold_all(way, HOLD, contributor=merge.wallet, reason=RETURNING)
    if hold is not None:
        await bring(way, hold)
    async with database.read(HUB_ACTOR) as tx:
        moved = await list_moved_debts(tx, merge.to_wallet, _name_of(merge), is_taken_off=False)
        own = frozenset(debt.entry.number for debt in moved)
        await take_arrears_off(tx, way, only=own)
    await add_arrears(way)
    async with database.begin(HUB_ACTOR) as tx:
        await _lock(tx, [merge])
        known = await store.get_merge(tx, merge.merge_id)
        if known.status is MergeStatus.RETURNING:
            await store.give_back_links(tx, merge)
            await store.set_status(tx, merge, MergeStatus.UNDONE)
            await store.notify_merged(tx)
        return await store.get_merge(tx, merge.merge_id)


async def _count_used(tx: ReadTx, merge: Merge, *, is_held: bool = False) -> tuple[int, int]:
    """Count what was used of what came with a merge, and what came.

    Of the lots nothing is counted as used when they are set aside: that is for the hold to say.
    """
    brought, there = await sum_contributed(tx, merge.to_wallet, merge.wallet, since=merge.began_at)
    moved = await list_moved_debts(tx, merge.to_wallet, _name_of(merge), is_taken_off=False)
    own = {debt.entry.number for debt in moved}
    repaid = sum(
        debt.points - debt.owed_points
        for debt in await list_arrears(tx, merge.to_wallet)
        if debt.place.number in own
    )
    return repaid + (0 if is_held else brought - there), brought


def _name_of(merge: Merge) -> str:
    return f"merge:{merge.merge_id}"
