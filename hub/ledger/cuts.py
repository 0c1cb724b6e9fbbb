"""Cut lanes at the end of a segment, after booking what expired before it (rule book 2.5.2)."""

from datetime import datetime, timedelta
from typing import Final

from hub.kernel.tx import RawConnection
from hub.ledger.calls import POST_BATCH, columns_of
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Code, Operation, Place, hash_request

SWEEP_ACTOR: Final = "hub"
WALLETS_PER_SWEEP: Final = 500
INSTANT_STEP: Final = timedelta(microseconds=1)
"""The grain of time in the books: what expires before a cut has ended one step before it."""

_DUE_WALLETS: Final = """
SELECT wallet_id FROM (
    SELECT wallet_id FROM ledger.lots
    WHERE lane = $1 AND is_open AND expires_at < 'infinity' AND expires_at <= $2
      AND remaining_points > held_points
    ORDER BY expires_at LIMIT $3) due
GROUP BY wallet_id ORDER BY wallet_id
"""


async def sweep_lane(
    connection: RawConnection, lane: int, *, at: datetime, posted_at: datetime | None
) -> int:
    """Book the expiry of every lot of a lane that ended at or before an instant.

    Gives the number of entries booked. `posted_at` None stands for the present of the lane.
    Safe to repeat and to interrupt: a booked lot is not due any more.

    Source: rule book 1.7.1.
    """
    booked = 0
    while True:
        rows = await connection.fetch(_DUE_WALLETS, lane, at, WALLETS_PER_SWEEP)
        wallets = [row["wallet_id"] for row in rows]
        if not wallets:
            return booked
        codes = await _book_expiries(connection, lane, wallets, at=at, posted_at=posted_at)
        booked += codes.count(Code.BOOKED)
        if Code.CUT_DUE in codes:
            await cut_lane_until(connection, lane, posted_at or at)


async def cut_lane_until(connection: RawConnection, lane: int, instant: datetime) -> None:
    """End every segment of a lane that is over at an instant: sweep what expired in it, then cut.

    A rerun does nothing. Source: rule book 2.5.2.
    """
    while True:
        row = await connection.fetchrow(
            "SELECT segment_id, segment_until FROM ledger.lanes "
            "WHERE lane = $1 AND segment_until <= $2",
            lane,
            instant,
        )
        if row is None:
            return
        last_instant = row["segment_until"] - INSTANT_STEP
        await sweep_lane(connection, lane, at=last_instant, posted_at=last_instant)
        await connection.fetchval("SELECT ledger.cut_lane($1, $2)", lane, row["segment_id"])


async def cut_lanes_until(connection: RawConnection, instant: datetime) -> None:
    """End every segment that is over at an instant, in every lane; a rerun does nothing.

    Locks: one lane at a time, ascending. A crash in between is finished by the next call.
    """
    rows = await connection.fetch(
        "SELECT lane FROM ledger.lanes WHERE segment_until <= $1 ORDER BY lane", instant
    )
    for row in rows:
        await cut_lane_until(connection, row["lane"], instant)


async def plan_cut(connection: RawConnection, cut_at: datetime) -> bool:
    """Ask for a cut at an instant that no lane has reached; False when some lane has passed it."""
    planned: bool = await connection.fetchval("SELECT ledger.plan_cut($1)", cut_at)
    return planned


async def _book_expiries(
    connection: RawConnection,
    lane: int,
    wallets: list[int],
    *,
    at: datetime,
    posted_at: datetime | None,
) -> list[int]:
    operations = [
        Operation(
            kind=EntryKind.EXPIRE,
            wallet=Place(lane, wallet),
            partner_id=0,
            points=0,
            key_hash=None,
            request_hash=hash_request("expire", lane, wallet, at),
            actor=SWEEP_ACTOR,
            occurred_at=at,
            decided_at=at,
            posted_at=posted_at,
        )
        for wallet in wallets
    ]
    rows = await connection.fetch(POST_BATCH, at, *columns_of(operations))
    return [row["code"] for row in rows]
