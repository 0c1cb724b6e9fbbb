"""Reads for whoever looks at wallets; each takes many wallets, lots or entries at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import BigInteger, DateTime, Integer, bindparam, text

from hub.kernel.clock import as_utc
from hub.kernel.tx import ReadTx
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Place
from hub.ledger.store import Allocation, Lot


@dataclass(frozen=True, slots=True)
class WalletPoints:
    """The points of a wallet at an instant, decided by each lot's own instants (rule book 1.2.3).

    `balance_points` is what the books hold: expired points are in it until a sweep books them.
    """

    balance_points: int = 0
    available_points: int = 0
    pending_points: int = 0
    held_points: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the journal; `wallet_id` is None on the house lane."""

    place: Place
    kind: EntryKind
    partner_id: int
    wallet_id: int | None
    counter_wallet_id: int | None
    points: int
    ref_seq: int | None
    lot_id: int | None
    reason: str | None
    reference: str | None
    occurred_at: datetime
    posted_at: datetime


LotPosition: TypeAlias = tuple[datetime, int, int]
"""Where a lot stands in redemption order: its expiry, its rank, its id."""


async def sum_points(
    tx: ReadTx, wallets: Sequence[Place], *, issuer_id: int | None
) -> dict[Place, WalletPoints]:
    """Add up open lots by what can be done with them at `tx.now`; of one issuer, if named.

    Wallets without an open lot are left out.
    """
    rows = await tx.connection.execute(
        _SUM_POINTS, {**_given(wallets), "now": tx.now, "issuer": issuer_id}
    )
    return {Place(row[0], row[1]): WalletPoints(*row[2:]) for row in rows}


async def sum_expiring(
    tx: ReadTx, wallets: Sequence[Place], *, until: datetime, issuer_id: int | None
) -> dict[Place, int]:
    """Add up what expires after `tx.now`, up to and at an instant; of one issuer, if named."""
    rows = await tx.connection.execute(
        _SUM_EXPIRING, {**_given(wallets), "now": tx.now, "until": until, "issuer": issuer_id}
    )
    return {Place(row[0], row[1]): row[2] for row in rows}


async def list_lots(tx: ReadTx, places: Sequence[Place]) -> dict[Place, Lot]:
    """Find lots by their places."""
    rows = await tx.connection.execute(_LIST_LOTS, _given(places))
    return {lot.place: lot for lot in map(_lot, rows)}


async def page_lots(
    tx: ReadTx,
    wallets: Sequence[Place],
    *,
    issuer_id: int | None,
    after: LotPosition | None,
    limit: int,
) -> dict[Place, list[tuple[Lot, LotPosition]]]:
    """List the first open lots of each wallet in redemption order, after a position."""
    expires_at, rank, lot_id = after or (None, None, None)
    rows = await tx.connection.execute(
        _PAGE_LOTS,
        {
            **_given(wallets),
            "issuer": issuer_id,
            "is_first": after is None,
            "expires_at": expires_at,
            "rank": rank,
            "lot_id": lot_id,
            "limit": limit,
        },
    )
    found: dict[Place, list[tuple[Lot, LotPosition]]] = {wallet: [] for wallet in wallets}
    for row in rows:
        position = (as_utc(row.expires_at), row.issue_rank, row.lot_id)
        found[Place(row.lane, row.wallet_id)].append((_lot(row[:-1]), position))
    return found


async def list_entries(tx: ReadTx, places: Sequence[Place]) -> dict[Place, Entry]:
    """Find entries by their places."""
    rows = await tx.connection.execute(_LIST_ENTRIES, _given(places))
    return {entry.place: entry for entry in map(_entry, rows)}


async def page_entries(
    tx: ReadTx,
    wallets: Sequence[Place],
    *,
    partner_id: int | None,
    before_seq: int | None,
    limit: int,
) -> dict[Place, list[Entry]]:
    """List the newest entries of each wallet, before a sequence.

    For one partner: those that it made, and the expiry of lots that it issued.
    """
    rows = await tx.connection.execute(
        _PAGE_ENTRIES,
        {**_given(wallets), "partner": partner_id, "before": before_seq, "limit": limit},
    )
    found: dict[Place, list[Entry]] = {wallet: [] for wallet in wallets}
    for row in rows:
        found[Place(row.lane, row.of_wallet)].append(_entry(row[:-1]))
    return found


async def list_allocations_of(
    tx: ReadTx, entries: Sequence[Place]
) -> dict[Place, list[Allocation]]:
    """List the allocations of entries of any lanes, by line."""
    rows = await tx.connection.execute(_LIST_ALLOCATIONS, _given(entries))
    found: dict[Place, list[Allocation]] = {entry: [] for entry in entries}
    for row in rows:
        lane, seq, line, kind, *rest = row
        found[Place(lane, seq)].append(Allocation(lane, seq, line, EntryKind(kind), *rest))
    return found


_SUM_POINTS: Final = text("""
SELECT lane, wallet_id, CAST(sum(remaining_points) AS bigint),
       CAST(coalesce(sum(remaining_points - held_points)
                     FILTER (WHERE available_at <= :now AND expires_at > :now), 0) AS bigint),
       CAST(coalesce(sum(remaining_points) FILTER (WHERE available_at > :now), 0) AS bigint),
       CAST(sum(held_points) AS bigint)
FROM ledger.lots JOIN unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                      AS given (lane, wallet_id) USING (lane, wallet_id)
WHERE is_open AND (:issuer IS NULL OR issuer_id = :issuer)
GROUP BY lane, wallet_id
""").bindparams(bindparam("now", type_=DateTime(timezone=True)), bindparam("issuer", type_=Integer))

_SUM_EXPIRING: Final = text("""
SELECT lane, wallet_id, CAST(sum(remaining_points) AS bigint)
FROM ledger.lots JOIN unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                      AS given (lane, wallet_id) USING (lane, wallet_id)
WHERE is_open AND expires_at > :now AND expires_at <= :until
  AND (:issuer IS NULL OR issuer_id = :issuer)
GROUP BY lane, wallet_id
""").bindparams(
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("until", type_=DateTime(timezone=True)),
    bindparam("issuer", type_=Integer),
)

_LIST_LOTS: Final = text("""
SELECT lane, lot_id, wallet_id, issuer_id, funder_id, issue_terms_id, points, remaining_points,
       held_points, available_at, expires_at, source_seq, source_lot_id
FROM ledger.lots JOIN unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                      AS given (lane, lot_id) USING (lane, lot_id)
""")

_PAGE_LOTS: Final = text("""
SELECT page.* FROM unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                   AS given (lane, wallet_id)
CROSS JOIN LATERAL (
    SELECT l.lane, l.lot_id, l.wallet_id, l.issuer_id, l.funder_id, l.issue_terms_id, l.points,
           l.remaining_points, l.held_points, l.available_at, l.expires_at, l.source_seq,
           l.source_lot_id, l.issue_rank
    FROM ledger.lots l
    WHERE l.lane = given.lane AND l.wallet_id = given.wallet_id AND l.is_open
      AND (:is_first OR (l.expires_at, l.issue_rank, l.lot_id) > (:expires_at, :rank, :lot_id))
      AND (:issuer IS NULL OR l.issuer_id = :issuer)
    ORDER BY l.expires_at, l.issue_rank, l.lot_id LIMIT :limit) page
ORDER BY page.lane, page.wallet_id, page.expires_at, page.issue_rank, page.lot_id
""").bindparams(
    bindparam("issuer", type_=Integer),
    bindparam("expires_at", type_=DateTime(timezone=True)),
    bindparam("rank", type_=BigInteger),
    bindparam("lot_id", type_=BigInteger),
)

_LIST_ENTRIES: Final = text("""
SELECT lane, seq, kind, partner_id, wallet_id, counter_wallet_id, points, ref_seq, lot_id, reason,
       reference, occurred_at, posted_at
FROM ledger.entries JOIN unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                         AS given (lane, seq) USING (lane, seq)
""")

_PAGE_ENTRIES: Final = text("""
SELECT page.*, given.wallet_id AS of_wallet
FROM unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[])) AS given (lane, wallet_id)
CROSS JOIN LATERAL (
    SELECT e.lane, e.seq, e.kind, e.partner_id, e.wallet_id, e.counter_wallet_id, e.points,
           e.ref_seq, e.lot_id, e.reason, e.reference, e.occurred_at, e.posted_at
    FROM ledger.entries e
    WHERE e.lane = given.lane
      AND (e.wallet_id = given.wallet_id OR e.counter_wallet_id = given.wallet_id)
      AND e.seq < coalesce(:before, 9223372036854775807)
      AND (:partner IS NULL OR e.partner_id = :partner
           OR e.kind = 5 AND EXISTS (SELECT FROM ledger.allocations a
                                     WHERE a.lane = e.lane AND a.seq = e.seq
                                       AND a.issuer_id = :partner))
    ORDER BY e.seq DESC LIMIT :limit) page
ORDER BY page.lane, page.seq DESC
""").bindparams(bindparam("before", type_=BigInteger), bindparam("partner", type_=Integer))

_LIST_ALLOCATIONS: Final = text("""
SELECT lane, seq, line, kind, is_reversal, lot_id, points, issuer_id, acceptor_id, issue_terms_id,
       acceptor_terms_id
FROM ledger.allocations JOIN unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                             AS given (lane, seq) USING (lane, seq)
ORDER BY lane, seq, line
""")


def _given(places: Sequence[Place]) -> dict[str, Any]:
    return {"lanes": [p.lane for p in places], "numbers": [p.number for p in places]}


def _lot(row: Sequence[Any]) -> Lot:
    lane, lot_id, *facts = row
    lot = Lot(Place(lane, lot_id), *facts)
    return replace(lot, available_at=as_utc(lot.available_at), expires_at=as_utc(lot.expires_at))


def _entry(row: Sequence[Any]) -> Entry:
    return Entry(Place(row[0], row[1]), EntryKind(row[2]), *row[3:])
