"""What has come due by time alone: ends of holds, expiries of lots, repayments of arrears.

Every decision already counts with it (rule book 1.7.1); here it becomes entries. A booked one is
not due any more, so all of it is safe to repeat.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hub.kernel.tx import RawConnection
from hub.ledger.calls import POST_BATCH, columns_of
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Code, Operation, Place, hash_request

SWEEP_ACTOR: Final = "hub"
WALLETS_PER_SWEEP: Final = 500

_ENDED_HOLDS: Final = """
SELECT DISTINCT ON (wallet_id) wallet_id, hold_seq, ends_at FROM (
    SELECT wallet_id, hold_seq, ends_at FROM ledger.holds
    WHERE lane = $1 AND is_open AND ends_at < 'infinity' AND ends_at <= $2
    ORDER BY ends_at, hold_seq LIMIT $3) due
ORDER BY wallet_id, ends_at, hold_seq
"""
_ENDED_HOLDS_OF_WALLET: Final = """
SELECT hold_seq, ends_at FROM ledger.holds
WHERE lane = $1 AND wallet_id = $2 AND is_open AND ends_at <= $3 ORDER BY ends_at, hold_seq LIMIT 1
"""
_MISSED_REPAYMENT: Final = "SELECT ledger.missed_repayment_at($1::smallint, $2, $3)"
_WALLETS_WITH_EXPIRED_LOTS: Final = """
SELECT wallet_id FROM (
    SELECT wallet_id FROM ledger.lots
    WHERE lane = $1 AND is_open AND expires_at < 'infinity' AND expires_at <= $2
      AND remaining_points > held_points
    ORDER BY expires_at LIMIT $3) due
GROUP BY wallet_id ORDER BY wallet_id
"""


async def list_due_lapses(
    connection: RawConnection, lane: int, *, at: datetime, posted_at: datetime | None
) -> list[Operation]:
    """List the lapses to book of holds that ended by an instant, at most one of each wallet.

    Each is decided at the end of its hold, so it frees the same whenever it is booked.
    """
    rows = await connection.fetch(_ENDED_HOLDS, lane, at, WALLETS_PER_SWEEP)
    return [
        _due(
            EntryKind.LAPSE,
            Place(lane, row["wallet_id"]),
            row["ends_at"],
            posted_at,
            row["hold_seq"],
        )
        for row in rows
    ]


async def list_due_expiries(
    connection: RawConnection, lane: int, *, at: datetime, posted_at: datetime | None
) -> list[Operation]:
    """List the expiries to book of wallets in which lots ended by an instant."""
    rows = await connection.fetch(_WALLETS_WITH_EXPIRED_LOTS, lane, at, WALLETS_PER_SWEEP)
    return [_due(EntryKind.EXPIRE, Place(lane, row["wallet_id"]), at, posted_at) for row in rows]


async def book_lapses(
    connection: RawConnection,
    wallet: Place,
    *,
    at: datetime,
    posted_at: datetime | None,
    clock: datetime,
) -> int:
    """Book the holds of a wallet that ended by an instant, each at its end; give how many."""
    booked = 0
    while row := await connection.fetchrow(_ENDED_HOLDS_OF_WALLET, wallet.lane, wallet.number, at):
        lapse = _due(EntryKind.LAPSE, wallet, row["ends_at"], posted_at, row["hold_seq"])
        if await book(connection, [lapse], clock=clock) != [Code.BOOKED]:
            break  # the lane's cut is due, or somebody else ended the hold
        booked += 1
    return booked


async def book_repayments(
    connection: RawConnection,
    wallet: Place,
    *,
    at: datetime,
    posted_at: datetime | None,
    clock: datetime,
) -> int:
    """Book what a wallet is to repay by an instant; give how many entries that is.

    Points that have expired since were usable before: each repayment from them is decided at the
    instant at which they became so, and is the same whenever it is booked.
    """
    booked = await book_lapses(connection, wallet, at=at, posted_at=posted_at, clock=clock)
    while True:
        missed_at = await connection.fetchval(_MISSED_REPAYMENT, wallet.lane, wallet.number, at)
        due = _due(EntryKind.REPAY, wallet, missed_at or at, posted_at)
        codes = await book(connection, [due], clock=clock)
        booked += codes.count(Code.BOOKED)
        if missed_at is None or codes != [Code.BOOKED]:
            return booked


async def book(
    connection: RawConnection, operations: Sequence[Operation], *, clock: datetime
) -> list[int]:
    """Book what is due and give the codes; what names no `posted_at` is posted by the clock."""
    rows = await connection.fetch(POST_BATCH, clock, *columns_of(operations))
    return [row["code"] for row in rows]


def _due(
    kind: EntryKind,
    wallet: Place,
    at: datetime,
    posted_at: datetime | None,
    hold_seq: int | None = None,
) -> Operation:
    return Operation(
        kind=kind,
        wallet=wallet,
        partner_id=0,
        points=0,
        key_hash=None,
        request_hash=hash_request(kind.name, wallet.lane, wallet.number, hold_seq, at),
        actor=SWEEP_ACTOR,
        occurred_at=at,
        decided_at=at,
        posted_at=posted_at,
        ref_seq=hold_seq,
    )
