"""What flows into a household and back: a share of each issue, and the own points of who leaves.

Source: rule book 1.8.2.
"""

from collections.abc import Sequence
from typing import Final

import structlog

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.tx import Database, Tx
from hub.ledger.entries import EntryKind
from hub.ledger.feed.entries import FeedEntry
from hub.ledger.operations import Code, Operation, Place, hash_key, hash_request
from hub.ledger.poster import Poster
from hub.ledger.store import POOLING
from hub.ledger.views.claims.store import list_contributors
from hub.members.households import joining, store
from hub.members.households.store import Belonging
from hub.members.merges.store import list_chain
from hub.members.store import list_members_of_wallets
from hub.points.pooling import Way, bring, expire_due, hold_all
from hub.points.requests import NEVER

log = structlog.get_logger()

CONSUMER: Final = "household-shares"
LEAVING: Final = "left household"
COMING_BACK: Final = frozenset(
    {EntryKind.REFUND, EntryKind.CAPTURE, EntryKind.VOID, EntryKind.LAPSE}
)
"""After these, points of a household may be free again."""


async def contribute_shares(
    poster: Poster, database: Database, tx: Tx, entries: Sequence[FeedEntry]
) -> None:
    """Bring the share of each issue to its household, and home what came back for who left it.

    Done again, it changes nothing.

    An effect of the feed (`hub.ledger.feed.consumers`): what a crash interrupts is done when the
    entry comes again, since its cursor has not moved.
    """
    coming = [each for each in entries if each.kind in COMING_BACK]
    numbers = [each.wallet_id for each in coming if each.wallet_id is not None]
    households = await store.list_household_wallets(tx, numbers) if numbers else []
    pools = {place.number: place for place in households}
    for entry in coming:
        if entry.wallet_id in pools:
            await bring_home(poster, database, tx, entry, household=pools[entry.wallet_id])
    issues = [each for each in entries if each.kind is EntryKind.ISSUE and each.lot_id is not None]
    if not issues:
        return
    wallet_ids = sorted({each.wallet_id for each in issues if each.wallet_id is not None})
    found = await store.list_belongings(tx, wallet_ids)
    for entry in issues:
        belonging = found.get(entry.wallet_id or 0)
        if belonging is not None and not belonging.is_leaving:
            await contribute(poster, database, entry, belonging)


async def contribute(
    poster: Poster, database: Database, entry: FeedEntry, belonging: Belonging
) -> None:
    """Bring the share of one issue to the household: whole points of its lot, rounded down.

    What cannot move stays the member's: points that are pending, barred from transfer, or spent.
    """
    points = entry.points * belonging.share_bps // joining.ALL_BPS
    if not points or entry.posted_at < belonging.joined_at:
        return
    name = f"contribution:{entry.name}"
    operation = Operation(
        kind=EntryKind.HOLD,
        mode=EntryKind.TRANSFER,
        wallet=belonging.wallet,
        counter_wallet=belonging.to_wallet,
        partner_id=0,
        points=points,
        lot_id=entry.lot_id,
        expires_at=NEVER,
        key_hash=hash_key(0, belonging.wallet.number, name),
        request_hash=hash_request(name),
        actor=str(HUB_ACTOR),
        reason=POOLING,
    )
    outcome = await poster.post(operation)
    if outcome.code != Code.BOOKED or outcome.seq is None:
        log.info("points.share_kept", lane=entry.place.lane, code=outcome.code)
        return
    way = Way(poster, database, name, belonging.wallet, belonging.to_wallet, str(HUB_ACTOR))
    await bring(way, Place(outcome.lane, outcome.seq))


async def bring_home(
    poster: Poster, database: Database, tx: Tx, entry: FeedEntry, *, household: Place
) -> None:
    """Bring what came back to a household, for a member who has left it, to that member.

    A refund gives points back to the lots they came from, and a hold that ends frees those it had
    set aside: who left before that is owed them, most of all where nobody is left.

    Source: rule book 1.8.2.
    """
    wallet_ids = await list_contributors(tx, household)
    belonging = await store.list_belongings(tx, wallet_ids)
    members = await list_members_of_wallets(tx, wallet_ids, linked_to=None)
    for wallet_id, member in members.items():
        there = belonging.get(wallet_id)
        if there is not None and there.to_wallet == household and not there.is_leaving:
            continue
        chain = await list_chain(tx, member.wallet)
        home = chain[-1].to_wallet if chain else member.wallet
        name = f"home:{entry.name}:{wallet_id}"
        way = Way(poster, database, name, household, home, str(HUB_ACTOR))
        hold = await hold_all(way, "own", contributor=member.wallet, reason=LEAVING)
        if hold is not None:
            await bring(way, hold)


async def leave_household(
    poster: Poster, database: Database, *, member_id: int, actor: str
) -> None:
    """Leave a household, and take along what is left of one's own lots; the last takes it all.

    Repeating it goes on where it stopped, and so does a job.

    Errors: NotInHousehold, OwnerNeeded, Overloaded, OutcomeUnknown.
    Source: rule book 1.8.2.
    """
    async with database.begin(HUB_ACTOR) as tx:
        belonging = await joining.begin_leaving(tx, member_id=member_id)
    await _give_back(poster, database, belonging, actor=actor)


async def finish_leaving(poster: Poster, database: Database) -> int:
    """Give back what is left of the lots of members who are leaving; say how many there were."""
    async with database.read(HUB_ACTOR) as tx:
        left = await store.list_leaving(tx)
    for belonging in left:
        try:
            await _give_back(poster, database, belonging, actor=str(HUB_ACTOR))
        except Exception as error:  # noqa: BLE001 (the others must not wait for this one)
            log.warning("points.leaving_left", error=type(error).__name__)
    return len(left)


async def _give_back(
    poster: Poster, database: Database, belonging: Belonging, *, actor: str
) -> None:
    since = belonging.joined_at.isoformat()
    name = f"leave:{belonging.member_id}:{belonging.household_id}:{since}"
    way = Way(poster, database, name, belonging.to_wallet, belonging.wallet, actor)
    async with database.read(HUB_ACTOR) as tx:
        everybody = await store.list_household(tx, belonging.household_id)
    is_last = all(each.member_id == belonging.member_id for each in everybody)
    await expire_due(way)
    hold = await hold_all(way, "own", contributor=belonging.wallet, reason=LEAVING)
    if hold is not None:
        await bring(way, hold)
    if is_last:
        rest = await hold_all(way, "rest", contributor=None, reason=LEAVING)
        if rest is not None:
            await bring(way, rest)
    async with database.begin(HUB_ACTOR) as tx:
        await store.remove_member(tx, belonging.member_id)
