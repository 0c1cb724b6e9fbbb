"""Reads for whoever looks at wallets; each takes many wallets, lots or entries at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import DateTime, Integer, bindparam, text

from hub.kernel.clock import as_utc
from hub.kernel.tx import ReadTx
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Place
from hub.ledger.store import Allocation, Lot, MoneyLineRow


@dataclass(frozen=True, slots=True)
class WalletPoints:
    """The points of a wallet at an instant, decided by each lot's own instants (rule book 1.2.3).

    `balance_points` is what the books hold: expired points are in it until a sweep books them.
    `available_points` pay for anything, `restricted_points` for some uses only. A hold that has
    ended sets nothing aside any more, and what the wallet owes comes off first, before either is
    booked.
    """

    balance_points: int = 0
    available_points: int = 0
    pending_points: int = 0
    held_points: int = 0
    restricted_points: int = 0
    owed_points: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the journal; `wallet_id` is None on the house lane."""

    place: Place
    kind: EntryKind
    partner_id: int
    wallet_id: int | None
    counter_wallet_id: int | None
    points: int
    terms_id: int | None
    ref_seq: int | None
    lot_id: int | None
    reason: str | None
    reference: str | None
    occurred_at: datetime
    posted_at: datetime


LOT_COLUMNS: Final = (
    "l.lane, l.lot_id, l.wallet_id, l.issuer_id, l.funder_id, l.issue_terms_id, l.points,"
    " l.remaining_points, l.held_points, l.available_at, l.expires_at, l.source_seq,"
    " l.source_lot_id, l.source_lane, l.restriction_id, l.contributor_wallet_id"
)
ENTRY_COLUMNS: Final = (
    "e.lane, e.seq, e.kind, e.partner_id, e.wallet_id, e.counter_wallet_id, e.points, e.terms_id,"
    " e.ref_seq, e.lot_id, e.reason, e.reference, e.occurred_at, e.posted_at"
)
ALLOCATION_COLUMNS: Final = (
    "a.lane, a.seq, a.line, a.kind, a.is_reversal, a.lot_id, a.points, a.issuer_id, a.acceptor_id,"
    " a.issue_terms_id, a.acceptor_terms_id"
)


async def sum_points(
    tx: ReadTx, wallets: Sequence[Place], *, issuer_id: int | None
) -> dict[Place, WalletPoints]:
    """Add up open lots by what can be done with them at `tx.now`; of one issuer, if named.

    `owed_points` is then what is owed to that issuer.
    """
    rows = await tx.connection.execute(
        _SUM_POINTS, {**given(wallets), "now": tx.now, "issuer": issuer_id}
    )
    return {Place(row[0], row[1]): WalletPoints(*row[2:]) for row in rows}


async def sum_expiring(
    tx: ReadTx, wallets: Sequence[Place], *, until: datetime, issuer_id: int | None
) -> dict[Place, int]:
    """Add up what expires after `tx.now`, up to and at an instant; of one issuer, if named."""
    rows = await tx.connection.execute(
        _SUM_EXPIRING, {**given(wallets), "now": tx.now, "until": until, "issuer": issuer_id}
    )
    return {Place(row[0], row[1]): row[2] for row in rows}


async def list_lots(tx: ReadTx, places: Sequence[Place]) -> dict[Place, Lot]:
    """Find lots by their places."""
    rows = await tx.connection.execute(_LIST_LOTS, given(places))
    return {lot.place: lot for lot in map(lot_of, rows)}


async def list_entries(tx: ReadTx, places: Sequence[Place]) -> dict[Place, Entry]:
    """Find entries by their places."""
    rows = await tx.connection.execute(_LIST_ENTRIES, given(places))
    return {entry.place: entry for entry in map(entry_of, rows)}


async def list_allocations_of(
    tx: ReadTx, entries: Sequence[Place]
) -> dict[Place, list[Allocation]]:
    """List the allocations of entries of any lanes, by line."""
    rows = await tx.connection.execute(_LIST_ALLOCATIONS, given(entries))
    found: dict[Place, list[Allocation]] = {entry: [] for entry in entries}
    for row in rows:
        found[Place(row.lane, row.seq)].append(allocation_of(row))
    return found


async def list_money_lines_of(
    tx: ReadTx, entries: Sequence[Place]
) -> dict[Place, list[MoneyLineRow]]:
    """List what entries of any lanes let parties owe each other without points x rate of terms."""
    rows = await tx.connection.execute(_LIST_MONEY, given(entries))
    found: dict[Place, list[MoneyLineRow]] = {entry: [] for entry in entries}
    for lane, seq, *rest in rows:
        found[Place(lane, seq)].append(MoneyLineRow(*rest))
    return found


async def list_facts(tx: ReadTx, entries: Sequence[Place]) -> dict[Place, Mapping[str, Any]]:
    """Find what entries of the house lane keep for those to come; integers and texts."""
    rows = await tx.connection.execute(_LIST_FACTS, given(entries))
    return {Place(row.lane, row.seq): row.facts or {} for row in rows}


async def list_cancels(tx: ReadTx, sales: Sequence[Place]) -> dict[Place, Entry]:
    """Find the entries that cancelled sales."""
    rows = await tx.connection.execute(
        _LIST_CANCELS, {**given(sales), "kind": EntryKind.MEMBERSHIP_CANCEL.value}
    )
    return {Place(row.lane, row.ref_seq): entry_of(row) for row in rows}


async def sum_refunded(tx: ReadTx, entries: Sequence[Place]) -> dict[Place, int]:
    """Add up what was refunded of entries; one of which nothing was is left out."""
    rows = await tx.connection.execute(
        _SUM_REFUNDED, {**given(entries), "kind": EntryKind.REFUND.value}
    )
    return {Place(row[0], row[1]): row[2] for row in rows}


# Arrears are repaid from what anything can be paid with, in redemption order, oldest debt first:
# `pays` says how much of which lot is spoken for. It reads nothing of wallets that owe nothing.
# Points that were usable while the wallet owed repaid then, though they have expired since.
_SUM_POINTS: Final = text("""
WITH wallet AS (
    SELECT w.lane, w.wallet_id, w.owed_points
    FROM ledger.wallets w JOIN unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                               AS given (lane, wallet_id) USING (lane, wallet_id)
), lot AS (
    SELECT l.lane, l.wallet_id, l.lot_id, l.issuer_id, l.remaining_points, l.available_at,
           l.expires_at, l.issue_rank, l.restriction_id, l.source_seq, wallet.owed_points,
           l.held_points - ended.points AS held_points,
           l.remaining_points - l.held_points + ended.early_points AS free_points
    FROM wallet JOIN ledger.lots l
      ON l.lane = wallet.lane AND l.wallet_id = wallet.wallet_id AND l.is_open
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(a.held_points), 0) AS points,
               coalesce(sum(a.held_points) FILTER (WHERE h.ends_at < l.expires_at), 0)
                   AS early_points
        FROM ledger.holds h JOIN ledger.allocations a ON a.lane = h.lane AND a.seq = h.hold_seq
        WHERE l.held_points > 0 AND h.lane = l.lane AND h.wallet_id = l.wallet_id AND h.is_open
          AND h.ends_at <= :now AND a.lot_id = l.lot_id) ended
), since AS (
    SELECT lane, wallet_id, min(e.decided_at) AS since
    FROM wallet JOIN ledger.arrears a USING (lane, wallet_id)
    JOIN ledger.entries e USING (lane, seq, wallet_id)
    WHERE wallet.owed_points > 0 AND a.owed_points > 0 GROUP BY lane, wallet_id
), pays AS (
    SELECT lane, lot_id, least(free, greatest(0, owed_points - (high - free))) AS points
    FROM (SELECT lot.lane, lot.lot_id, owed_points, free_points AS free,
                 sum(free_points)
                     OVER (PARTITION BY lot.lane, lot.wallet_id
                           ORDER BY expires_at, issue_rank, lot.lot_id) AS high
          FROM lot JOIN since ON since.lane = lot.lane AND since.wallet_id = lot.wallet_id
          JOIN ledger.entries s ON s.lane = lot.lane AND s.seq = lot.source_seq
          WHERE restriction_id IS NULL AND lot.available_at <= :now
            AND (expires_at > :now
                 OR greatest(lot.available_at, s.decided_at, since) < expires_at)) usable
), owing AS (
    SELECT lane, wallet_id, sum(left_points) AS points
    FROM (SELECT lane, wallet_id, d.creditor_id,
                 least(d.owed_points, greatest(0, d.high - coalesce(p.points, 0))) AS left_points
          FROM (SELECT lane, wallet_id, a.creditor_id, a.owed_points,
                       sum(a.owed_points) OVER (PARTITION BY lane, wallet_id ORDER BY a.seq) AS high
                FROM wallet JOIN ledger.arrears a USING (lane, wallet_id)
                WHERE wallet.owed_points > 0) d
          LEFT JOIN (SELECT lot.lane, lot.wallet_id, sum(pays.points) AS points
                     FROM pays JOIN lot USING (lane, lot_id) GROUP BY 1, 2) p
               USING (lane, wallet_id)) debt
    WHERE :issuer IS NULL OR creditor_id = :issuer
    GROUP BY lane, wallet_id
), summed AS (
    SELECT lane, wallet_id, sum(remaining_points) AS balance,
           sum(remaining_points - held_points - coalesce(pays.points, 0))
               FILTER (WHERE restriction_id IS NULL AND available_at <= :now
                         AND expires_at > :now) AS available,
           sum(remaining_points) FILTER (WHERE available_at > :now AND expires_at > :now)
               AS pending,
           sum(held_points) AS held,
           sum(remaining_points - held_points)
               FILTER (WHERE restriction_id IS NOT NULL AND available_at <= :now
                         AND expires_at > :now) AS restricted
    FROM lot LEFT JOIN pays USING (lane, lot_id)
    WHERE :issuer IS NULL OR issuer_id = :issuer
    GROUP BY lane, wallet_id
)
SELECT lane, wallet_id, CAST(coalesce(balance, 0) AS bigint),
       CAST(coalesce(available, 0) AS bigint), CAST(coalesce(pending, 0) AS bigint),
       CAST(coalesce(held, 0) AS bigint), CAST(coalesce(restricted, 0) AS bigint),
       CAST(coalesce(owing.points, 0) AS bigint)
FROM wallet LEFT JOIN summed USING (lane, wallet_id) LEFT JOIN owing USING (lane, wallet_id)
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

_LIST_LOTS: Final = text(f"""
SELECT {LOT_COLUMNS}
FROM ledger.lots l JOIN unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                        AS given (lane, lot_id) USING (lane, lot_id)
""")  # noqa: S608 (constants)

_LIST_ENTRIES: Final = text(f"""
SELECT {ENTRY_COLUMNS}
FROM ledger.entries e JOIN unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                           AS given (lane, seq) USING (lane, seq)
""")  # noqa: S608 (constants)

_LIST_FACTS: Final = text("""
SELECT lane, seq, facts
FROM ledger.entries JOIN unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                         AS given (lane, seq) USING (lane, seq)
""")

_LIST_CANCELS: Final = text(f"""
SELECT {ENTRY_COLUMNS}
FROM ledger.entries e JOIN unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                           AS given (lane, ref_seq) USING (lane, ref_seq)
WHERE e.kind = :kind
""")  # noqa: S608 (constants)

_SUM_REFUNDED: Final = text("""
SELECT e.lane, e.ref_seq, CAST(sum(e.points) AS bigint)
FROM ledger.entries e JOIN unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                           AS given (lane, ref_seq) USING (lane, ref_seq)
WHERE e.kind = :kind GROUP BY e.lane, e.ref_seq
""")

_LIST_ALLOCATIONS: Final = text(f"""
SELECT {ALLOCATION_COLUMNS}
FROM ledger.allocations a JOIN unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                               AS given (lane, seq) USING (lane, seq)
ORDER BY a.lane, a.seq, a.line
""")  # noqa: S608 (constants)

_LIST_MONEY: Final = text("""
SELECT m.lane, m.seq, m.kind, m.is_reversal, m.debtor_id, m.creditor_id, m.amount, m.currency,
       m.issue_terms_id, m.label
FROM ledger.money_lines m JOIN unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                               AS given (lane, seq) USING (lane, seq)
ORDER BY m.lane, m.seq, m.line
""")


def given(places: Sequence[Place]) -> dict[str, Any]:
    """Hand places down as two arrays."""
    return {"lanes": [p.lane for p in places], "numbers": [p.number for p in places]}


def lot_of(row: Sequence[Any]) -> Lot:
    """Make a lot of a row of LOT_COLUMNS."""
    lane, lot_id, *facts = row
    lot = Lot(Place(lane, lot_id), *facts)
    return replace(lot, available_at=as_utc(lot.available_at), expires_at=as_utc(lot.expires_at))


def entry_of(row: Sequence[Any]) -> Entry:
    """Make an entry of a row of ENTRY_COLUMNS."""
    return Entry(Place(row[0], row[1]), EntryKind(row[2]), *row[3:])


def allocation_of(row: Sequence[Any]) -> Allocation:
    """Make an allocation of a row of ALLOCATION_COLUMNS."""
    lane, seq, line, kind, *rest = row
    return Allocation(lane, seq, line, EntryKind(kind), *rest)
