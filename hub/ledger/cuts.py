"""Cut lanes at the end of a segment, after booking what expired before it (rule book 2.5.2)."""

from datetime import datetime, timedelta
from typing import Final

from hub.kernel.tx import RawConnection
from hub.ledger.due import book, book_repayments, list_due_expiries, list_due_lapses
from hub.ledger.operations import Code

INSTANT_STEP: Final = timedelta(microseconds=1)
"""The grain of time in the books: what expires before a cut has ended one step before it."""


async def sweep_lane(
    connection: RawConnection, lane: int, *, at: datetime, posted_at: datetime | None
) -> int:
    """Book the end of every hold and the expiry of every lot that ended by an instant in a lane.

    Holds go first: what they held may have expired meanwhile; and so do repayments from points that
    were usable before they ended. Gives the number of entries booked.
    `posted_at` None stands for the present of the lane. Safe to repeat and to interrupt.

    Source: rule book 1.4.2, 1.7.1.
    """
    booked = 0
    for list_due in (list_due_lapses, list_due_expiries):
        while operations := await list_due(connection, lane, at=at, posted_at=posted_at):
            codes = await book(connection, operations, clock=posted_at or at)
            booked += codes.count(Code.BOOKED)
            for operation, code in zip(operations, codes, strict=True):
                if code == Code.REPAYMENT_DUE:
                    booked += await book_repayments(
                        connection,
                        operation.wallet,
                        at=at,
                        posted_at=posted_at,
                        clock=posted_at or at,
                    )
            if Code.CUT_DUE in codes:
                await cut_lane_until(connection, lane, posted_at or at)
    return booked


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
