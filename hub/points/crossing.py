"""Move points between lanes: a hold in one, arrivals in the other, a capture in the first.

No transaction spans two lanes, so that lanes can lie on different machines. Every step has a key
made from the hold, so whoever stops halfway is followed by whoever comes next: the same call again,
or the sweeper. Until the capture, the points are in transit: held where they were.

Source: rule book 1.8; ADR-0020.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.tx import Database
from hub.ledger.entries import EntryKind
from hub.ledger.errors import refusal_of
from hub.ledger.operations import Code, Operation, Outcome, Place, hash_key, hash_request
from hub.ledger.poster import Poster
from hub.ledger.store import Crossing, HeldPiece, list_held_pieces, list_open_crossings

log = structlog.get_logger()

PIECES_AT_ONCE: Final = 500
"""Lots that arrive in one group: all of them, or none."""


@dataclass(frozen=True, slots=True)
class Crossed:
    """Points that arrived: the entry that took them from the first wallet, and the first lot."""

    entry: Place
    first_lot: Place
    points: int
    posted_at: datetime


async def cross(
    poster: Poster,
    database: Database,
    *,
    hold: Place,
    wallet: Place,
    to_wallet: Place,
    actor: str,
    posted_at: datetime | None,
) -> Crossed:
    """Bring what a hold set aside to the other wallet, then take it from the first.

    If the other wallet refuses, the hold is voided and the refusal raised.

    Errors: WalletNotFound, WalletClosed, Overloaded, OutcomeUnknown.
    """
    async with database.read(HUB_ACTOR) as tx:
        pieces = await list_held_pieces(tx, hold)
    crossing = _Steps(poster, hold, wallet, to_wallet, actor, posted_at)
    first_lot: Place | None = None
    arrived = 0
    for some in _groups(pieces):
        outcomes = await poster.post_group([crossing.arrival(piece) for piece in some])
        refused = next((o for o in outcomes if o.code != Code.GROUP_REFUSED and o.code), None)
        if refused is not None:
            await crossing.end(arrived)
            refusal = refusal_of(refused, points=0, partner="", at=refused.posted_at)
            assert refusal is not None, "a code above 0 is a refusal"
            raise refusal
        first_lot = first_lot or _lot(outcomes[0])
        arrived += sum(piece.points for piece in some)
    ended = await crossing.end(arrived)
    assert ended.seq is not None, "a capture of what is held is booked"
    assert first_lot is not None, "a hold has at least one piece"
    return Crossed(Place(ended.lane, ended.seq), first_lot, arrived, ended.posted_at)


async def finish_crossings(
    poster: Poster, database: Database, *, now: datetime, older_than: timedelta
) -> int:
    """Finish or undo the moves that somebody left halfway; give how many there were.

    Safe to repeat, and beside the caller who is still at it: each step is done once.
    """
    async with database.read(HUB_ACTOR) as tx:
        left: list[Crossing] = await list_open_crossings(tx, before=now - older_than)
    for each in left:
        try:
            await cross(
                poster,
                database,
                hold=each.hold,
                wallet=each.wallet,
                to_wallet=each.to_wallet,
                actor=str(HUB_ACTOR),
                posted_at=None,
            )
        except Exception as error:  # noqa: BLE001 (the others must not wait for this one)
            log.warning("points.crossing_left", lane=each.hold.lane, error=type(error).__name__)
    return len(left)


@dataclass(frozen=True, slots=True)
class _Steps:
    poster: Poster
    hold: Place
    wallet: Place
    to_wallet: Place
    actor: str
    posted_at: datetime | None

    def arrival(self, piece: HeldPiece) -> Operation:
        """One lot, as it was: its issuer, terms, end and order."""
        name = f"crossing:{self.hold.lane}:{self.hold.number}:{piece.line}"
        return Operation(
            kind=EntryKind.ARRIVE,
            wallet=self.to_wallet,
            counter_wallet=self.wallet,
            partner_id=piece.issuer_id,
            funder_id=piece.funder_id,
            points=piece.points,
            key_hash=hash_key(0, self.to_wallet.number, name),
            request_hash=hash_request(name, piece.points),
            actor=self.actor,
            posted_at=self.posted_at,
            terms_id=piece.issue_terms_id,
            lot_id=piece.lot_id,
            ref_seq=self.hold.number,
            available_at=piece.available_at,
            expires_at=piece.expires_at,
            issue_rank=piece.issue_rank,
            restriction_id=piece.restriction_id,
            contributor_wallet_id=piece.contributor_wallet_id,
        )

    async def end(self, arrived: int) -> Outcome:
        """Take from the hold what has arrived; without any, let all of it go back."""
        kind = EntryKind.CAPTURE if arrived else EntryKind.VOID
        name = f"crossing:{self.hold.lane}:{self.hold.number}:end"
        return await self.poster.post(
            Operation(
                kind=kind,
                wallet=self.wallet,
                partner_id=0,
                points=arrived,
                key_hash=hash_key(0, self.wallet.number, name),
                request_hash=hash_request(name, arrived),
                actor=self.actor,
                posted_at=self.posted_at,
                ref_seq=self.hold.number,
            )
        )


def _groups(pieces: Sequence[HeldPiece]) -> list[Sequence[HeldPiece]]:
    return [
        pieces[start : start + PIECES_AT_ONCE] for start in range(0, len(pieces), PIECES_AT_ONCE)
    ]


def _lot(outcome: Outcome) -> Place:
    assert outcome.detail is not None, "an arrival makes a lot"
    return Place(outcome.lane, outcome.detail)
