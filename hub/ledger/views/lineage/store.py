"""Where the points of an issue went while they stayed one person's, and what was taken back.

Source: rule book 1.6, 1.8.3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import text

from hub.kernel.clock import as_utc
from hub.kernel.tx import ReadTx
from hub.ledger.operations import Place
from hub.ledger.views.store import given


@dataclass(frozen=True, slots=True)
class FamilyLot:
    """A lot that an issue made, or that a merge made of one.

    `free_points` are unspent and not held. `reversible_points` are what is left to be taken back
    of those that came into this lot and did not move on; `expired_points` are booked as expired.
    """

    place: Place
    wallet: Place
    issuer_id: int
    expires_at: datetime
    free_points: int
    reversible_points: int
    expired_points: int


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """What a key was answered; `asked_points` of the entry, if one was booked, were undone."""

    lane: int
    code: int
    request_hash: bytes
    seq: int | None
    lot_id: int | None
    mode: int | None
    reason: str | None
    points: int
    asked_points: int
    detail: int
    posted_at: datetime


async def list_family(tx: ReadTx, lot: Place, wallets: Sequence[Place]) -> list[FamilyLot]:
    """List a lot and what became of it in wallets that are, or were, one person's.

    Only what arrived from other wallets of these is followed: points that were given away are
    reversed where they lie.
    """
    rows = await tx.connection.execute(
        _FAMILY, {**given(wallets), "lane": lot.lane, "lot": lot.number}
    )
    return [
        FamilyLot(
            Place(row.lane, row.lot_id),
            Place(row.lane, row.wallet_id),
            row.issuer_id,
            as_utc(row.expires_at),
            row.free_points,
            row.reversible_points,
            row.expired_points,
        )
        for row in rows
    ]


async def list_answers(tx: ReadTx, keys: Sequence[tuple[int, bytes]]) -> list[KnownAnswer]:
    """List what keys were answered, each named by its lane and hash, in the order of posting."""
    rows = await tx.connection.execute(
        _ANSWERS,
        {
            "lanes": [lane for lane, _ in keys],
            "hashes": [UUID(bytes=key_hash) for _, key_hash in keys],
        },
    )
    return [
        KnownAnswer(
            row.lane,
            row.code,
            row.request_hash.bytes,
            row.seq,
            row.lot_id,
            row.mode,
            row.reason,
            row.points or 0,
            row.asked_points or 0,
            row.detail or 0,
            row.posted_at,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class DistantCharge:
    """What is to be given back to a cap; `wallet` is that of a cap that each wallet has."""

    cap_id: int
    amount: Decimal
    wallet: Place | None


async def list_distant_charges(tx: ReadTx, reverse: Place) -> list[DistantCharge]:
    """List what a reverse gives back to caps that the ledger could not.

    The issue was charged to another wallet than the one to which its points have moved.
    """
    rows = await tx.connection.execute(_DISTANT, {"lane": reverse.lane, "seq": reverse.number})
    return [
        DistantCharge(
            row.cap_id,
            row.amount,
            Place(row.lane, row.wallet_id) if row.is_per_wallet else None,
        )
        for row in rows
    ]


_FAMILY: Final = text("""
WITH RECURSIVE arrived AS (
    SELECT l.lane, l.lot_id, l.source_lane, l.source_lot_id
    FROM unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[])) AS kin (lane, wallet_id)
    JOIN ledger.entries e ON e.lane = kin.lane AND e.wallet_id = kin.wallet_id AND e.kind = 15
    JOIN ledger.lots l ON l.lane = e.lane AND l.lot_id = e.lot_id
), family AS (
    SELECT lane, lot_id, 0 AS depth FROM ledger.lots WHERE lane = :lane AND lot_id = :lot
    UNION ALL
    SELECT a.lane, a.lot_id, f.depth + 1
    FROM family f JOIN arrived a ON a.source_lane = f.lane AND a.source_lot_id = f.lot_id
)
SELECT l.lane, l.lot_id, l.wallet_id, l.issuer_id, l.expires_at,
       l.remaining_points - l.held_points AS free_points,
       CAST(l.points - (
           SELECT coalesce(sum(coalesce(e.asked_points, e.points)), 0) FROM ledger.entries e
           WHERE e.lane = l.lane AND e.ref_seq = l.source_seq AND e.kind = 4
             AND e.lot_id = l.lot_id) + (
           SELECT coalesce(sum(a.points), 0)
           FROM ledger.entries e JOIN ledger.allocations a ON a.lane = e.lane AND a.seq = e.seq
           WHERE e.lane = l.lane AND e.wallet_id = l.wallet_id AND a.lot_id = l.lot_id
             AND a.kind = 6) AS bigint) AS reversible_points,
       CAST((
           SELECT -coalesce(sum(a.points), 0)
           FROM ledger.entries e JOIN ledger.allocations a ON a.lane = e.lane AND a.seq = e.seq
           WHERE e.lane = l.lane AND e.wallet_id = l.wallet_id AND a.lot_id = l.lot_id
             AND a.kind = 5) AS bigint) AS expired_points
FROM family f JOIN ledger.lots l USING (lane, lot_id) ORDER BY f.depth, l.lane, l.lot_id
""")

_ANSWERS: Final = text("""
SELECT k.lane, k.code, k.request_hash, k.seq, k.detail, k.posted_at, e.lot_id, e.mode, e.reason,
       e.points, coalesce(e.asked_points, e.points) AS asked_points
FROM ledger.keys k JOIN unnest(CAST(:lanes AS smallint[]), CAST(:hashes AS uuid[]))
                        AS given (lane, key_hash) USING (lane, key_hash)
LEFT JOIN ledger.entries e ON e.lane = k.lane AND e.seq = k.seq
ORDER BY k.posted_at, k.lane, k.seq
""")

# A lot without a source is the one that the issue made.
_DISTANT: Final = text("""
WITH RECURSIVE ancestors AS (
    SELECT l.lane, l.source_lane, l.source_lot_id, l.source_seq, 0 AS depth
    FROM ledger.entries e JOIN ledger.lots l ON l.lane = e.lane AND l.lot_id = e.lot_id
    WHERE e.lane = :lane AND e.seq = :seq AND e.kind = 4
    UNION ALL
    SELECT l.lane, l.source_lane, l.source_lot_id, l.source_seq, a.depth + 1
    FROM ancestors a JOIN ledger.lots l
      ON l.lane = coalesce(a.source_lane, a.lane) AND l.lot_id = a.source_lot_id
)
SELECT c.cap_id, c.back_amount * e.points AS amount, c.lane, c.wallet_id, k.is_per_wallet
FROM ancestors a
JOIN ledger.entries e ON e.lane = :lane AND e.seq = :seq
JOIN ledger.charges c ON c.lane = a.lane AND c.seq = a.source_seq AND c.amount > 0
JOIN ledger.caps k ON k.cap_id = c.cap_id
WHERE a.source_lot_id IS NULL AND a.depth > 0 AND c.back_amount * e.points > 0
ORDER BY c.cap_id
""")
