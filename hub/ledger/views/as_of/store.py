"""Wallets and lots as they were at an instant, folded from the journal up to it.

What counts is when an entry was posted: the answer is what the books said then, whatever was
posted later about earlier days.

Source: rule book 1.10.3.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import DateTime, Integer, bindparam, text

from hub.kernel.clock import as_utc
from hub.kernel.tx import ReadTx
from hub.ledger.operations import Place
from hub.ledger.store import Lot
from hub.ledger.views.pages.store import LotPosition
from hub.ledger.views.store import WalletPoints, given, lot_of

LOTS_MAX: Final = 10_000
"""Lots of one wallet that a look back lists; its sums have no such limit."""


async def sum_points_as_of(
    tx: ReadTx, wallets: Sequence[Place], *, as_of: datetime, issuer_id: int | None
) -> dict[Place, WalletPoints]:
    """Add up the lots that were open at an instant by what could be done with them then.

    `owed_points` is what was owed then; of an issuer, if named, what was owed to it.
    """
    rows = await tx.connection.execute(
        _SUM_POINTS, {**given(wallets), "as_of": as_of, "issuer": issuer_id}
    )
    return {Place(row[0], row[1]): WalletPoints(*row[2:]) for row in rows}


async def list_lots_as_of(
    tx: ReadTx, wallets: Sequence[Place], *, as_of: datetime, issuer_id: int | None
) -> dict[Place, list[tuple[Lot, LotPosition]]]:
    """List the lots of each wallet that were open at an instant, in redemption order."""
    rows = await tx.connection.execute(
        _LIST_LOTS, {**given(wallets), "as_of": as_of, "issuer": issuer_id, "limit": LOTS_MAX}
    )
    found: dict[Place, list[tuple[Lot, LotPosition]]] = {wallet: [] for wallet in wallets}
    for row in rows:
        position = (as_utc(row.expires_at), row.issue_rank, row.lot_id)
        found[Place(row.lane, row.wallet_id)].append((lot_of(row[:-1]), position))
    return found


# A lot that was open then is open now, or an entry of its wallet has taken from it since.
_LOTS_THEN: Final = """
WITH given (lane, wallet_id) AS (
    SELECT * FROM unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
), touched AS (
    SELECT a.lane, a.lot_id,
           coalesce(sum(a.points) FILTER (WHERE e.posted_at <= :as_of), 0) AS points,
           coalesce(sum(a.held_points) FILTER (WHERE e.posted_at <= :as_of), 0) AS held_points
    FROM given g JOIN ledger.entries e ON e.lane = g.lane AND e.wallet_id = g.wallet_id
    JOIN ledger.allocations a ON a.lane = e.lane AND a.seq = e.seq
    GROUP BY a.lane, a.lot_id
), ended AS (
    SELECT a.lane, a.lot_id, sum(a.held_points) AS held_points,
           coalesce(sum(a.held_points) FILTER (WHERE h.ends_at < l.expires_at), 0) AS early_points
    FROM given g JOIN ledger.entries e ON e.lane = g.lane AND e.wallet_id = g.wallet_id
                                      AND e.kind = 10 AND e.posted_at <= :as_of
    JOIN ledger.holds h ON h.lane = e.lane AND h.hold_seq = e.seq AND h.ends_at <= :as_of
    LEFT JOIN ledger.entries f ON f.lane = h.lane AND f.seq = h.ended_seq
    JOIN ledger.allocations a ON a.lane = e.lane AND a.seq = e.seq
    JOIN ledger.lots l ON l.lane = a.lane AND l.lot_id = a.lot_id
    WHERE f.seq IS NULL OR f.posted_at > :as_of
    GROUP BY a.lane, a.lot_id
), candidates AS (
    SELECT l.lane, l.lot_id FROM given g
    JOIN ledger.lots l ON l.lane = g.lane AND l.wallet_id = g.wallet_id AND l.is_open
    UNION
    SELECT lane, lot_id FROM touched
), lots_then AS (
    SELECT l.lane, l.lot_id, l.wallet_id, l.issuer_id, l.funder_id, l.issue_terms_id, l.points,
           CAST(l.points + coalesce(t.points, 0) AS bigint) AS remaining_points,
           CAST(coalesce(t.held_points, 0) - coalesce(n.held_points, 0) AS bigint) AS held_points,
           CASE WHEN EXISTS (SELECT FROM ledger.entries r WHERE r.lane = l.lane AND r.kind = 18
                             AND r.wallet_id = l.wallet_id AND r.lot_id = l.lot_id
                             AND r.posted_at > :as_of)
                THEN coalesce(s.available_at, 'infinity') ELSE l.available_at END AS available_at,
           l.expires_at, s.decided_at,
           CAST(l.points + coalesce(t.points, 0) - coalesce(t.held_points, 0)
                + coalesce(n.early_points, 0) AS bigint) AS free_points,
           l.source_seq, l.source_lot_id, l.source_lane, l.restriction_id,
           l.contributor_wallet_id, l.issue_rank
    FROM candidates c JOIN ledger.lots l USING (lane, lot_id)
    JOIN ledger.entries s ON s.lane = l.lane AND s.seq = l.source_seq AND s.posted_at <= :as_of
    LEFT JOIN touched t ON t.lane = l.lane AND t.lot_id = l.lot_id
    LEFT JOIN ended n ON n.lane = l.lane AND n.lot_id = l.lot_id
    WHERE l.points + coalesce(t.points, 0) > 0
)
"""

_TYPES: Final = (
    bindparam("as_of", type_=DateTime(timezone=True)),
    bindparam("issuer", type_=Integer),
)

# As `hub.ledger.views.store` nets arrears now, with the debts and repayments that were booked then.
_SUM: Final = """
, repaid AS (
    SELECT e.lane, e.wallet_id, coalesce(a.arrears_seq, e.ref_seq) AS seq,
           sum(coalesce(a.points, -e.points)) AS points
    FROM given g JOIN ledger.entries e ON e.lane = g.lane AND e.wallet_id = g.wallet_id
                                      AND e.posted_at <= :as_of
    LEFT JOIN ledger.allocations a ON a.lane = e.lane AND a.seq = e.seq
                                  AND a.arrears_seq IS NOT NULL
    WHERE a.arrears_seq IS NOT NULL OR e.kind = 19 AND e.mode = 1
    GROUP BY 1, 2, 3
), debt AS (
    SELECT d.lane, d.wallet_id, d.seq, d.creditor_id, e.decided_at,
           d.points + coalesce(r.points, 0) AS owed_points
    FROM given g JOIN ledger.arrears d ON d.lane = g.lane AND d.wallet_id = g.wallet_id
    JOIN ledger.entries e ON e.lane = d.lane AND e.seq = d.seq AND e.posted_at <= :as_of
    LEFT JOIN repaid r ON r.lane = d.lane AND r.wallet_id = d.wallet_id AND r.seq = d.seq
), owes AS (
    SELECT lane, wallet_id, sum(owed_points) AS owed_points, min(decided_at) AS since
    FROM debt WHERE owed_points > 0 GROUP BY lane, wallet_id
), pays AS (
    SELECT lane, wallet_id, lot_id, least(free, greatest(0, owed_points - (high - free))) AS points
    FROM (SELECT lane, wallet_id, lot_id, owed_points, free_points AS free,
                 sum(free_points)
                     OVER (PARTITION BY lane, wallet_id
                           ORDER BY expires_at, issue_rank, lot_id) AS high
          FROM lots_then JOIN owes USING (lane, wallet_id)
          WHERE restriction_id IS NULL AND available_at <= :as_of
            AND (expires_at > :as_of
                 OR greatest(available_at, decided_at, since) < expires_at)) usable
), owing AS (
    SELECT lane, wallet_id, sum(least(owed_points, greatest(0, high - coalesce(paid, 0)))) AS points
    FROM (SELECT lane, wallet_id, creditor_id, owed_points,
                 sum(owed_points) OVER (PARTITION BY lane, wallet_id ORDER BY seq) AS high
          FROM debt) d
    LEFT JOIN (SELECT lane, wallet_id, sum(points) AS paid FROM pays GROUP BY 1, 2) p
         USING (lane, wallet_id)
    WHERE :issuer IS NULL OR creditor_id = :issuer
    GROUP BY lane, wallet_id
), summed AS (
    SELECT lane, wallet_id, sum(remaining_points) AS balance,
           sum(remaining_points - held_points - coalesce(pays.points, 0))
               FILTER (WHERE restriction_id IS NULL AND available_at <= :as_of
                         AND expires_at > :as_of) AS available,
           sum(remaining_points) FILTER (WHERE available_at > :as_of AND expires_at > :as_of)
               AS pending,
           sum(held_points) AS held,
           sum(remaining_points - held_points)
               FILTER (WHERE restriction_id IS NOT NULL AND available_at <= :as_of
                         AND expires_at > :as_of) AS restricted
    FROM lots_then LEFT JOIN pays USING (lane, wallet_id, lot_id)
    WHERE :issuer IS NULL OR issuer_id = :issuer
    GROUP BY lane, wallet_id
)
SELECT lane, wallet_id, CAST(coalesce(balance, 0) AS bigint),
       CAST(coalesce(available, 0) AS bigint), CAST(coalesce(pending, 0) AS bigint),
       CAST(coalesce(held, 0) AS bigint), CAST(coalesce(restricted, 0) AS bigint),
       CAST(coalesce(owing.points, 0) AS bigint)
FROM given LEFT JOIN summed USING (lane, wallet_id) LEFT JOIN owing USING (lane, wallet_id)
"""
_LIST: Final = """
SELECT lane, lot_id, wallet_id, issuer_id, funder_id, issue_terms_id, points, remaining_points,
       held_points, available_at, expires_at, source_seq, source_lot_id, source_lane,
       restriction_id, contributor_wallet_id, issue_rank
FROM (SELECT *, row_number() OVER (PARTITION BY lane, wallet_id
                                   ORDER BY expires_at, issue_rank, lot_id) AS place
      FROM lots_then WHERE :issuer IS NULL OR issuer_id = :issuer) numbered
WHERE place <= :limit ORDER BY lane, wallet_id, place
"""
_SUM_POINTS: Final = text(_LOTS_THEN + _SUM).bindparams(*_TYPES)
_LIST_LOTS: Final = text(_LOTS_THEN + _LIST).bindparams(*_TYPES)
