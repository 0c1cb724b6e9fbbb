"""Pages of movements in ranges of the journal, for statements and for explaining an entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Integer, bindparam, text

from hub.kernel.tx import ReadTx
from hub.ledger.entries import EntryKind
from hub.ledger.journal.store import Ranges
from hub.ledger.operations import Place
from hub.ledger.store import FlowRow, Lot, MoneyLineRow
from hub.ledger.views.store import ENTRY_COLUMNS, Entry, entry_of, lot_of


class MovePlace(NamedTuple):
    """Where a movement stands in the journal: its entry, points before money, then its line."""

    lane: int
    seq: int
    is_money: int
    line: int


@dataclass(frozen=True, slots=True)
class Move:
    """One movement: points of one lot, or money without points; the other is None.

    `partner_id` is the partner that made the entry, and whose `reference` it is.
    """

    place: MovePlace
    entry_kind: EntryKind
    partner_id: int
    occurred_at: datetime
    posted_at: datetime
    reference: str | None
    lot_id: int | None
    flow: FlowRow | None
    money: MoneyLineRow | None

    @property
    def entry(self) -> Place:
        """The entry that it belongs to."""
        return Place(self.place.lane, self.place.seq)


async def page_moves(
    tx: ReadTx,
    ranges: Ranges,
    *,
    partner_id: int | None,
    beyond: MovePlace | None,
    is_backward: bool,
    limit: int,
) -> list[Move]:
    """List movements in ranges of the journal that lie beyond a place, nearest first.

    Only those in which one partner is issuer, acceptor, debtor or creditor; None: all.
    Each lane is read from that place on, in the order of its index, as far as the limit.
    """
    trimmed = _trim(ranges, beyond, is_backward=is_backward)
    if not trimmed:
        return []
    direction = "DESC" if is_backward else "ASC"
    statement = text(
        _PAGE.replace("{direction}", direction).replace("{sign}", "<" if is_backward else ">")
    ).bindparams(bindparam("partner", type_=Integer))
    edge = beyond or MovePlace(-2, 0, 0, 0)
    if beyond is None and is_backward:
        edge = MovePlace(1_000, 0, 0, 0)
    rows = await tx.connection.execute(
        statement,
        {
            "lanes": [lane for lane, _, _ in trimmed],
            "from_seqs": [from_seq for _, from_seq, _ in trimmed],
            "to_seqs": [to_seq for _, _, to_seq in trimmed],
            "partner": partner_id,
            "lane": edge.lane,
            "seq": edge.seq,
            "is_money": edge.is_money,
            "line": edge.line,
            "limit": limit,
        },
    )
    return [_move(row) for row in rows]


async def list_moves_of(tx: ReadTx, entries: Sequence[Place], *, limit: int) -> list[Move]:
    """List the movements of entries, in the order of the journal."""
    ranges = [(place.lane, place.number - 1, place.number) for place in entries]
    return await page_moves(
        tx, ranges, partner_id=None, beyond=None, is_backward=False, limit=limit
    )


async def list_lane_ends(tx: ReadTx) -> Ranges:
    """List all of every lane as it is now: from 0 to its newest entry, lanes ascending."""
    rows = await tx.connection.execute(
        text("SELECT lane, 0, last_seq FROM ledger.lanes ORDER BY lane")
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def list_entries_in(
    tx: ReadTx, lane: int, from_seq: int, to_seq: int, *, limit: int
) -> list[Entry]:
    """List the first entries of a lane above one sequence number, up to and with another."""
    rows = await tx.connection.execute(
        _ENTRIES_IN, {"lane": lane, "from_seq": from_seq, "to_seq": to_seq, "limit": limit}
    )
    return [entry_of(row) for row in rows]


async def list_lots_in(
    tx: ReadTx, lane: int, after_lot: int, to_seq: int, *, limit: int
) -> list[Lot]:
    """List the first lots of a lane after one, as they were after an entry of the lane."""
    rows = await tx.connection.execute(
        _LOTS_IN, {"lane": lane, "after_lot": after_lot, "to_seq": to_seq, "limit": limit}
    )
    return [lot_of(row) for row in rows]


def _trim(ranges: Ranges, beyond: MovePlace | None, *, is_backward: bool) -> Ranges:
    """Leave out what comes before the place that is asked for."""
    if beyond is None:
        return [one for one in ranges if one[1] < one[2]]
    lane, seq = beyond.lane, beyond.seq
    if is_backward:
        kept = [(a, b, min(c, seq) if a == lane else c) for a, b, c in ranges if a <= lane]
    else:
        kept = [(a, max(b, seq - 1) if a == lane else b, c) for a, b, c in ranges if a >= lane]
    return [one for one in kept if one[1] < one[2]]


_ENTRIES_IN: Final = text(f"""
SELECT {ENTRY_COLUMNS} FROM ledger.entries e
WHERE e.lane = :lane AND e.seq > :from_seq AND e.seq <= :to_seq ORDER BY e.seq LIMIT :limit
""")  # noqa: S608 (constants)

_LOTS_IN: Final = text("""
WITH page AS (
    SELECT * FROM ledger.lots l
    WHERE l.lane = :lane AND l.lot_id > :after_lot AND l.source_seq <= :to_seq
    ORDER BY l.lot_id LIMIT :limit
), moved AS (
    SELECT a.lot_id, sum(a.points) AS points, sum(a.held_points) AS held_points
    FROM (SELECT DISTINCT wallet_id FROM page) w
    JOIN ledger.entries e ON e.lane = :lane AND e.wallet_id = w.wallet_id AND e.seq <= :to_seq
    JOIN ledger.allocations a ON a.lane = e.lane AND a.seq = e.seq
    GROUP BY a.lot_id
)
SELECT p.lane, p.lot_id, p.wallet_id, p.issuer_id, p.funder_id, p.issue_terms_id, p.points,
       CAST(p.points + coalesce(m.points, 0) AS bigint),
       CAST(coalesce(m.held_points, 0) AS bigint), p.available_at, p.expires_at, p.source_seq,
       p.source_lot_id, p.source_lane, p.restriction_id, p.contributor_wallet_id
FROM page p LEFT JOIN moved m ON m.lot_id = p.lot_id ORDER BY p.lot_id
""")

_PAGE: Final = """
WITH r (lane, from_seq, to_seq) AS (
    SELECT * FROM unnest(CAST(:lanes AS smallint[]), CAST(:from_seqs AS bigint[]),
                         CAST(:to_seqs AS bigint[]))
), moves AS (
    SELECT m.* FROM r CROSS JOIN LATERAL (
        SELECT e.lane, e.seq, 0 AS is_money, 0 AS line, e.lot_id, e.kind,
               e.partner_id AS issuer_id, 0 AS acceptor_id, e.terms_id AS issue_terms_id,
               0 AS acceptor_terms_id, false AS is_reversal, e.points, 1 AS entry_count
        FROM ledger.entries e
        WHERE e.lane = r.lane AND e.seq > r.from_seq AND e.seq <= r.to_seq AND e.kind = 1
          AND e.points > 0
          AND (:partner IS NULL OR e.partner_id = :partner)
          AND (e.lane, e.seq, 0, 0) {sign} (:lane, :seq, :is_money, :line)
        ORDER BY e.seq {direction} LIMIT :limit) m
    UNION ALL
    SELECT m.* FROM r CROSS JOIN LATERAL (
        SELECT a.lane, a.seq, 0, a.line, a.lot_id, a.kind, a.issuer_id, a.acceptor_id,
               a.issue_terms_id, a.acceptor_terms_id, a.is_reversal, abs(a.points),
               (a.line = 1)::integer
        FROM ledger.allocations a
        WHERE a.lane = r.lane AND a.seq > r.from_seq AND a.seq <= r.to_seq AND a.kind <> 6
          AND a.points <> 0
          AND (:partner IS NULL OR a.issuer_id = :partner OR a.acceptor_id = :partner)
          AND (a.lane, a.seq, 0, a.line) {sign} (:lane, :seq, :is_money, :line)
        ORDER BY a.seq {direction}, a.line {direction} LIMIT :limit) m
), money AS (
    SELECT m.* FROM r CROSS JOIN LATERAL (
        SELECT x.lane, x.seq, 1 AS is_money, x.line, x.kind, x.is_reversal, x.debtor_id,
               x.creditor_id, x.amount, x.currency, x.issue_terms_id, x.label
        FROM ledger.money_lines x
        WHERE x.lane = r.lane AND x.seq > r.from_seq AND x.seq <= r.to_seq
          AND (:partner IS NULL OR x.debtor_id = :partner OR x.creditor_id = :partner)
          AND (x.lane, x.seq, 1, x.line) {sign} (:lane, :seq, :is_money, :line)
        ORDER BY x.seq {direction}, x.line {direction} LIMIT :limit) m
), both_kinds AS (
    SELECT lane, seq, is_money, line, lot_id, kind, issuer_id, acceptor_id, issue_terms_id,
           acceptor_terms_id, is_reversal, points, entry_count, NULL AS money_kind,
           NULL::integer AS debtor_id, NULL::integer AS creditor_id, NULL::numeric AS amount,
           NULL AS currency, NULL AS label
    FROM moves
    UNION ALL
    SELECT lane, seq, is_money, line, NULL, NULL, NULL, NULL, issue_terms_id, NULL, is_reversal,
           NULL, NULL, kind, debtor_id, creditor_id, amount, currency, label
    FROM money
    ORDER BY lane {direction}, seq {direction}, is_money {direction}, line {direction}
    LIMIT :limit
)
SELECT b.*, e.kind AS entry_kind, e.partner_id, e.occurred_at, e.posted_at, e.reference
FROM both_kinds b JOIN ledger.entries e ON e.lane = b.lane AND e.seq = b.seq
ORDER BY b.lane {direction}, b.seq {direction}, b.is_money {direction}, b.line {direction}
"""


def _move(row: Any) -> Move:  # noqa: ANN401 (a row of _PAGE)
    flow = money = None
    if row.is_money:
        money = MoneyLineRow(
            kind=row.money_kind,
            is_reversal=row.is_reversal,
            debtor_id=row.debtor_id,
            creditor_id=row.creditor_id,
            amount=row.amount,
            currency=row.currency,
            issue_terms_id=row.issue_terms_id,
            label=row.label,
        )
    else:
        flow = FlowRow(
            kind=EntryKind(row.kind),
            issuer_id=row.issuer_id,
            acceptor_id=row.acceptor_id,
            issue_terms_id=row.issue_terms_id,
            acceptor_terms_id=row.acceptor_terms_id,
            is_reversal=row.is_reversal,
            points=row.points,
            entry_count=row.entry_count,
        )
    return Move(
        place=MovePlace(row.lane, row.seq, row.is_money, row.line),
        entry_kind=EntryKind(row.entry_kind),
        partner_id=row.partner_id,
        occurred_at=row.occurred_at,
        posted_at=row.posted_at,
        reference=row.reference,
        lot_id=row.lot_id,
        flow=flow,
        money=money,
    )
