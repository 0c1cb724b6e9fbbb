"""Reads of the ledger; nothing here writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from hub.kernel.clock import as_utc
from hub.kernel.tx import ReadTx, Tx
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Place


@dataclass(frozen=True, slots=True)
class FlowRow:
    """Points of a span of segments by what decides their price, over all lanes."""

    kind: EntryKind
    issuer_id: int
    acceptor_id: int
    issue_terms_id: int
    acceptor_terms_id: int
    is_reversal: bool
    points: int
    entry_count: int


@dataclass(frozen=True, slots=True)
class MoneyLineRow:
    """An obligation that is not points x rate of terms."""

    kind: str
    is_reversal: bool
    debtor_id: int
    creditor_id: int
    amount: Decimal
    currency: str | None
    issue_terms_id: int | None
    label: str | None


async def list_flows(tx: ReadTx, starts_at: datetime, ends_at: datetime) -> list[FlowRow]:
    """Add up the flows of the segments from one cut to another.

    The cost depends on lanes and terms, never on the number of entries (rule book 2.14).
    """
    rows = await tx.connection.execute(
        text(
            "SELECT f.kind, f.issuer_id, f.acceptor_id, f.issue_terms_id, f.acceptor_terms_id,"
            " f.is_reversal, CAST(sum(f.points) AS bigint), CAST(sum(f.entry_count) AS bigint)"
            " FROM ledger.flows f JOIN ledger.segments s USING (segment_id)"
            " WHERE s.starts_at >= :starts_at AND s.ends_at <= :ends_at"
            " GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6"
        ),
        {"starts_at": starts_at, "ends_at": ends_at},
    )
    return [FlowRow(EntryKind(row[0]), *row[1:8]) for row in rows]


async def list_money_lines(
    tx: ReadTx, starts_at: datetime, ends_at: datetime
) -> list[MoneyLineRow]:
    """List the money lines of the segments from one cut to another."""
    rows = await tx.connection.execute(
        text(
            "SELECT m.kind, m.is_reversal, m.debtor_id, m.creditor_id, sum(m.amount), m.currency,"
            " m.issue_terms_id, m.label"
            " FROM ledger.money_lines m JOIN ledger.segments s USING (segment_id)"
            " WHERE s.starts_at >= :starts_at AND s.ends_at <= :ends_at"
            " GROUP BY 1, 2, 3, 4, 6, 7, 8"
        ),
        {"starts_at": starts_at, "ends_at": ends_at},
    )
    return [MoneyLineRow(*row) for row in rows]


async def list_ranges(
    tx: ReadTx, starts_at: datetime, ends_at: datetime
) -> Sequence[tuple[int, int, int]]:
    """List what a window has of each lane: (lane, from_seq, to_seq], lanes ascending."""
    rows = await tx.connection.execute(
        text(
            "SELECT c.lane, coalesce(max(c.to_seq) FILTER (WHERE s.ends_at <= :starts_at), 0),"
            " max(c.to_seq) FILTER (WHERE s.ends_at <= :ends_at)"
            " FROM ledger.cuts c JOIN ledger.segments s USING (segment_id)"
            " GROUP BY c.lane ORDER BY c.lane"
        ),
        {"starts_at": starts_at, "ends_at": ends_at},
    )
    return [(row[0], row[1], row[2]) for row in rows]


@dataclass(frozen=True, slots=True)
class HouseEntry:
    """An entry of the house lane, with what a later entry needs of it."""

    seq: int
    kind: EntryKind
    partner_id: int
    facts: Mapping[str, Any]


async def find_house_entry(tx: ReadTx, seq: int) -> HouseEntry | None:
    """Find an entry of the house lane."""
    row = (
        await tx.connection.execute(
            text(
                "SELECT seq, kind, partner_id, facts FROM ledger.entries"
                " WHERE lane = -1 AND seq = :seq"
            ),
            {"seq": seq},
        )
    ).one_or_none()
    if row is None:
        return None
    return HouseEntry(row.seq, EntryKind(row.kind), row.partner_id, row.facts or {})


@dataclass(frozen=True, slots=True)
class Lot:
    """Points issued together that expire together, as they are now."""

    place: Place
    wallet_id: int
    issuer_id: int
    funder_id: int
    issue_terms_id: int
    points: int
    remaining_points: int
    held_points: int
    available_at: datetime
    expires_at: datetime
    source_seq: int
    source_lot_id: int | None
    source_lane: int | None
    restriction_id: int | None
    contributor_wallet_id: int | None


@dataclass(frozen=True, slots=True)
class Allocation:
    """Points that an entry took from (-) or gave back to (+) a lot."""

    lane: int
    seq: int
    line: int
    kind: EntryKind
    is_reversal: bool
    lot_id: int
    points: int
    issuer_id: int
    acceptor_id: int
    issue_terms_id: int
    acceptor_terms_id: int


@dataclass(frozen=True, slots=True)
class Liability:
    """Outstanding points of an issuer under one version of terms, over all lanes."""

    issuer_id: int
    issue_terms_id: int
    points: int


async def list_all_lots(tx: ReadTx, lane: int) -> list[Lot]:
    """List every lot of a lane in the order in which they came to be."""
    rows = await tx.connection.execute(
        text(_ALL_LOTS),
        {"lane": lane},
    )
    return [_lot(row) for row in rows]


async def list_allocations(tx: ReadTx, lane: int, seqs: Sequence[int]) -> list[Allocation]:
    """List the allocations of entries of one lane, by entry and line."""
    rows = await tx.connection.execute(
        text(
            "SELECT lane, seq, line, kind, is_reversal, lot_id, points, issuer_id, acceptor_id,"
            " issue_terms_id, acceptor_terms_id FROM ledger.allocations"
            " WHERE lane = :lane AND seq = ANY (:seqs) ORDER BY seq, line"
        ),
        {"lane": lane, "seqs": list(seqs)},
    )
    return [_allocation(row) for row in rows]


async def list_liabilities(tx: ReadTx) -> list[Liability]:
    """Add up outstanding points by issuer and terms; never a scan of lots."""
    rows = await tx.connection.execute(
        text(
            "SELECT issuer_id, issue_terms_id, CAST(sum(points) AS bigint) FROM ledger.liabilities"
            " GROUP BY 1, 2 HAVING sum(points) <> 0 ORDER BY 1, 2"
        )
    )
    return [Liability(*row) for row in rows]


_ALL_LOTS = """
SELECT lane, lot_id, wallet_id, issuer_id, funder_id, issue_terms_id, points, remaining_points,
       held_points, available_at, expires_at, source_seq, source_lot_id, source_lane,
       restriction_id, contributor_wallet_id
FROM ledger.lots WHERE lane = :lane ORDER BY lot_id
"""


def _lot(row: Any) -> Lot:  # noqa: ANN401 (a row of `ledger.lots`)
    return Lot(
        place=Place(row.lane, row.lot_id),
        wallet_id=row.wallet_id,
        issuer_id=row.issuer_id,
        funder_id=row.funder_id,
        issue_terms_id=row.issue_terms_id,
        points=row.points,
        remaining_points=row.remaining_points,
        held_points=row.held_points,
        available_at=as_utc(row.available_at),
        expires_at=as_utc(row.expires_at),
        source_seq=row.source_seq,
        source_lot_id=row.source_lot_id,
        source_lane=row.source_lane,
        restriction_id=row.restriction_id,
        contributor_wallet_id=row.contributor_wallet_id,
    )


def _allocation(row: Any) -> Allocation:  # noqa: ANN401 (a row of `ledger.allocations`)
    return Allocation(
        lane=row.lane,
        seq=row.seq,
        line=row.line,
        kind=EntryKind(row.kind),
        is_reversal=row.is_reversal,
        lot_id=row.lot_id,
        points=row.points,
        issuer_id=row.issuer_id,
        acceptor_id=row.acceptor_id,
        issue_terms_id=row.issue_terms_id,
        acceptor_terms_id=row.acceptor_terms_id,
    )


async def list_expired_points(tx: ReadTx) -> list[tuple[int, datetime, int]]:
    """Add up what was booked as expired, by issuer and by the instant at which the lots ended."""
    rows = await tx.connection.execute(
        text(
            "SELECT a.issuer_id, l.expires_at, CAST(-sum(a.points) AS bigint)"
            " FROM ledger.allocations a JOIN ledger.lots l USING (lane, lot_id)"
            " WHERE a.kind = 5 GROUP BY 1, 2 ORDER BY 1, 2"
        )
    )
    return [(row[0], as_utc(row[1]), row[2]) for row in rows]


async def count_wallets_with_points(tx: ReadTx) -> int:
    """Count the wallets that have any points."""
    counted: int = (
        await tx.connection.execute(
            text("SELECT count(*) FROM ledger.wallets WHERE balance_points > 0")
        )
    ).scalar_one()
    return counted


async def has_answer(tx: ReadTx, wallet: Place, key_hash: bytes) -> bool:
    """Say whether a key was answered before: whatever comes under it now books nothing."""
    found = await tx.connection.execute(
        text("SELECT EXISTS (SELECT FROM ledger.keys WHERE lane = :lane AND key_hash = :key)"),
        {"lane": wallet.lane, "key": UUID(bytes=key_hash)},
    )
    return bool(found.scalar_one())


async def has_entries_under_terms(tx: ReadTx, terms_id: int, *, since: datetime) -> bool:
    """Say whether points moved under a version of terms at or after an instant.

    Reads the journal without an index: for the cold path only.
    """
    found = await tx.connection.execute(
        text(
            "SELECT EXISTS (SELECT FROM ledger.entries"
            " WHERE terms_id = :terms_id AND occurred_at >= :since)"
        ),
        {"terms_id": terms_id, "since": since},
    )
    return bool(found.scalar_one())


POOLING: Final = "pooled"
"""Reason of a hold whose points become another wallet's, which may have to give them back."""


@dataclass(frozen=True, slots=True)
class HeldPiece:
    """Points that a hold set aside of one lot, and what the lot is like."""

    line: int
    lot_id: int
    points: int
    issuer_id: int
    funder_id: int
    issue_terms_id: int
    issue_rank: int
    available_at: datetime
    expires_at: datetime
    restriction_id: int | None
    contributor_wallet_id: int | None


@dataclass(frozen=True, slots=True)
class Crossing:
    """Points on their way between lanes: held in one, for a wallet of another."""

    hold: Place
    wallet: Place
    to_wallet: Place


async def list_held_pieces(tx: ReadTx, hold: Place) -> list[HeldPiece]:
    """List what a hold set aside, in its order.

    Points that are pooled (`POOLING`) remember whose they were; who gets the own ones back has not
    contributed them.
    """
    rows = await tx.connection.execute(
        text(
            "SELECT a.line, a.lot_id, a.held_points, l.issuer_id, l.funder_id, l.issue_terms_id,"
            " l.issue_rank, l.available_at, l.expires_at, l.restriction_id,"
            " nullif(CASE WHEN e.reason = :pooling THEN e.wallet_id"
            "             ELSE l.contributor_wallet_id END, e.counter_wallet_id)"
            " AS contributor_wallet_id"
            " FROM ledger.allocations a JOIN ledger.lots l USING (lane, lot_id)"
            " JOIN ledger.entries e ON e.lane = a.lane AND e.seq = a.seq"
            " WHERE a.lane = :lane AND a.seq = :seq ORDER BY a.line"
        ),
        {"lane": hold.lane, "seq": hold.number, "pooling": POOLING},
    )
    return [
        HeldPiece(
            line=row.line,
            lot_id=row.lot_id,
            points=row.held_points,
            issuer_id=row.issuer_id,
            funder_id=row.funder_id,
            issue_terms_id=row.issue_terms_id,
            issue_rank=row.issue_rank,
            available_at=as_utc(row.available_at),
            expires_at=as_utc(row.expires_at),
            restriction_id=row.restriction_id,
            contributor_wallet_id=row.contributor_wallet_id,
        )
        for row in rows
    ]


async def list_open_crossings(tx: ReadTx, *, before: datetime) -> list[Crossing]:
    """List the moves between lanes that began before an instant and are not over, oldest first."""
    rows = await tx.connection.execute(
        text(
            "SELECT h.lane, h.hold_seq, h.wallet_id, h.counter_lane, h.counter_wallet_id"
            " FROM ledger.holds h JOIN ledger.entries e ON e.lane = h.lane AND e.seq = h.hold_seq"
            " WHERE h.is_open AND h.purpose = 6 AND h.counter_lane IS NOT NULL"
            " AND e.posted_at < :before ORDER BY e.posted_at, h.lane, h.hold_seq"
        ),
        {"before": before},
    )
    return [Crossing(Place(row[0], row[1]), Place(row[0], row[2]), Place(*row[3:])) for row in rows]


async def insert_restriction(
    tx: Tx,
    rule_hash: bytes,
    *,
    acceptor_ids: Sequence[int] | None,
    categories: Sequence[str] | None,
    is_transferable: bool,
    is_exchangeable: bool,
) -> int:
    """Give the number of a rule for restricted lots, making it if it is new."""
    number: int = (
        await tx.connection.execute(
            text(
                "SELECT ledger.restriction_of(CAST(:hash AS uuid), CAST(:acceptors AS integer[]),"
                " CAST(:categories AS text[]), :is_transferable, :is_exchangeable)"
            ),
            {
                "hash": UUID(bytes=rule_hash),
                "acceptors": acceptor_ids,
                "categories": categories,
                "is_transferable": is_transferable,
                "is_exchangeable": is_exchangeable,
            },
        )
    ).scalar_one()
    return number


async def set_wallet_open(tx: Tx, wallet: Place, *, is_open: bool) -> bool:
    """Open or close a wallet; False while one that is to be closed has points, holds or arrears.

    Locks: the lane, until the transaction ends.
    """
    is_set: bool = (
        await tx.connection.execute(
            text("SELECT ledger.set_wallet_open(CAST(:lane AS smallint), :number, :is_open)"),
            {"lane": wallet.lane, "number": wallet.number, "is_open": is_open},
        )
    ).scalar_one()
    return is_set
