"""Bring all points of a wallet, or all of one contributor's, to another wallet, with their names.

Every step has a key made from a name, so whoever stops halfway is followed by whoever comes next.
"""

from dataclasses import dataclass

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.tx import Database, ReadTx
from hub.ledger.entries import EntryKind
from hub.ledger.errors import WalletClosed
from hub.ledger.operations import (
    WHOLE_WALLET,
    Code,
    Operation,
    Outcome,
    Place,
    hash_key,
    hash_request,
)
from hub.ledger.poster import Poster
from hub.ledger.views.claims.store import list_arrears, list_moved_debts
from hub.points.crossing import cross
from hub.points.posting import accept
from hub.points.requests import NEVER

ADD, TAKE_OFF = 0, 1
"""Modes of an OWE: a debt more, or one less."""


@dataclass(frozen=True, slots=True)
class Way:
    """From which wallet to which, for whom; `name` makes the keys of the steps."""

    poster: Poster
    database: Database
    name: str
    wallet: Place
    to_wallet: Place
    actor: str


async def hold_all(way: Way, step: str, *, contributor: Place | None, reason: str) -> Place | None:
    """Set everything aside that can move, or what a contributor brought; None: there is nothing.

    Errors: as `hub.points.transfer.transfer_points`.
    """
    name = f"{way.name}:{step}"
    operation = Operation(
        kind=EntryKind.HOLD,
        mode=EntryKind.TRANSFER,
        wallet=way.wallet,
        counter_wallet=way.to_wallet,
        partner_id=0,
        points=WHOLE_WALLET,
        expires_at=NEVER,
        contributor_wallet_id=None if contributor is None else contributor.number,
        key_hash=hash_key(0, way.wallet.number, name),
        request_hash=hash_request(name),
        actor=way.actor,
        reason=reason,
    )
    outcome = await way.poster.post(operation)
    if outcome.code == Code.NOTHING_TO_BOOK:
        return None
    accept(outcome, operation, partner="", at=outcome.posted_at)
    assert outcome.seq is not None, "what is booked has a sequence"
    return Place(outcome.lane, outcome.seq)


async def bring(way: Way, hold: Place) -> None:
    """Bring what a hold set aside to the other wallet; what is there already stays.

    Errors: as `hub.points.crossing.cross`.
    """
    await cross(
        way.poster,
        way.database,
        hold=hold,
        wallet=way.wallet,
        to_wallet=way.to_wallet,
        actor=way.actor,
        posted_at=None,
    )


async def let_go(way: Way, hold: Place) -> None:
    """Let what a hold set aside go back to where it was, unless it has ended."""
    name = f"crossing:{hold.lane}:{hold.number}:end"
    await way.poster.post(
        Operation(
            kind=EntryKind.VOID,
            wallet=way.wallet,
            partner_id=0,
            points=0,
            key_hash=hash_key(0, way.wallet.number, name),
            request_hash=hash_request(name, 0),
            actor=way.actor,
            ref_seq=hold.number,
        )
    )


async def expire_due(way: Way) -> None:
    """Book the expiry of lots whose end has come: they do not move."""
    await way.poster.post(
        Operation(
            kind=EntryKind.EXPIRE,
            wallet=way.wallet,
            partner_id=0,
            points=0,
            key_hash=None,
            request_hash=hash_request("EXPIRE", way.wallet.number),
            actor=way.actor,
        )
    )


async def take_arrears_off(tx: ReadTx, way: Way, *, only: frozenset[int] | None = None) -> None:
    """Take what the wallet owes off it, to be added to the other one; only some debts, if named.

    A debt is named by its entry.
    """
    for debt in await list_arrears(tx, way.wallet):
        if debt.owed_points and (only is None or debt.place.number in only):
            step = f"off:{debt.place.number}:{debt.owed_points}"
            await _owe(
                way,
                way.wallet,
                TAKE_OFF,
                debt.creditor_id,
                debt.owed_points,
                step,
                debt.place.number,
            )


async def add_arrears(way: Way) -> None:
    """Let the other wallet owe what was taken off this one, which the journal tells.

    Errors: WalletClosed.
    """
    async with way.database.read(HUB_ACTOR) as tx:
        moved = await list_moved_debts(tx, way.wallet, way.name, is_taken_off=True)
    for one in moved:
        step = f"add:{one.entry.number}"
        added = await _owe(way, way.to_wallet, ADD, one.creditor_id, one.points, step, None)
        if added.code == Code.WALLET_CLOSED:
            raise WalletClosed


async def _owe(  # noqa: PLR0917 (the function above is all that calls it)
    way: Way,
    wallet: Place,
    mode: int,
    creditor_id: int,
    points: int,
    step: str,
    debt_seq: int | None,
) -> Outcome:
    """Book one step; a debt that was repaid meanwhile is left for the next round."""
    name = f"{way.name}:{step}"
    return await way.poster.post(
        Operation(
            kind=EntryKind.OWE,
            mode=mode,
            wallet=wallet,
            partner_id=creditor_id,
            points=points,
            key_hash=hash_key(0, wallet.number, name),
            request_hash=hash_request(name),
            actor=way.actor,
            reference=way.name,
            ref_seq=debt_seq,
        )
    )
