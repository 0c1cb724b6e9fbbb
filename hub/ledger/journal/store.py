"""Reads of the journal itself: never of what batches folded from it."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import text

from hub.kernel.tx import ReadTx
from hub.ledger.entries import EntryKind
from hub.ledger.journal.rules import Violation
from hub.ledger.store import FlowRow, MoneyLineRow

ROWS_AT_ONCE: Final = 2_000

Ranges: TypeAlias = Sequence[tuple[int, int, int]]
"""Of each lane the entries above one sequence number, up to and with another."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One movement of points: an issue, or what an entry took from or gave back to one lot.

    `flow` has its own points, and 1 as `entry_count` where it is the first of its entry.
    """

    lane: int
    seq: int
    line: int
    occurred_at: datetime
    posted_at: datetime
    reference: str | None
    lot_id: int
    flow: FlowRow


@dataclass(frozen=True, slots=True)
class MoneyPosting:
    """One obligation of an entry that is not points x rate of terms."""

    lane: int
    seq: int
    line: int
    occurred_at: datetime
    posted_at: datetime
    reference: str | None
    money: MoneyLineRow


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often a rule is violated, and the first few places."""

    rule: str
    count: int
    violations: tuple[Violation, ...]


_IN_RANGES: Final = """
WITH r (lane, from_seq, to_seq) AS (
    SELECT * FROM unnest(CAST(:lanes AS smallint[]), CAST(:from_seqs AS bigint[]),
                         CAST(:to_seqs AS bigint[]))
), moves AS (
    SELECT e.lane, e.seq, 0 AS line, e.occurred_at, e.posted_at, e.reference, e.lot_id,
           e.kind, e.partner_id AS issuer_id, 0 AS acceptor_id, e.terms_id AS issue_terms_id,
           0 AS acceptor_terms_id, false AS is_reversal, e.points, 1 AS entry_count
    FROM r JOIN ledger.entries e
      ON e.lane = r.lane AND e.seq > r.from_seq AND e.seq <= r.to_seq
    WHERE e.kind = 1 AND e.points > 0
    UNION ALL
    SELECT a.lane, a.seq, a.line, e.occurred_at, e.posted_at, e.reference, a.lot_id,
           a.kind, a.issuer_id, a.acceptor_id, a.issue_terms_id,
           a.acceptor_terms_id, a.is_reversal, abs(a.points), (a.line = 1)::integer
    FROM r JOIN ledger.allocations a
      ON a.lane = r.lane AND a.seq > r.from_seq AND a.seq <= r.to_seq
    JOIN ledger.entries e ON e.lane = a.lane AND e.seq = a.seq
    WHERE a.kind <> 6 AND a.points <> 0
), money AS (
    SELECT m.* FROM r JOIN ledger.money_lines m
      ON m.lane = r.lane AND m.seq > r.from_seq AND m.seq <= r.to_seq
)
"""
"""The movements of points and the money lines in ranges of the journal."""

_FOLD_FLOWS: Final = """
SELECT kind, issuer_id, acceptor_id, issue_terms_id, acceptor_terms_id, is_reversal,
       CAST(sum(points) AS bigint) AS points, CAST(sum(entry_count) AS bigint) AS entry_count
FROM moves GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
"""

_FOLD_MONEY: Final = """
SELECT kind, is_reversal, debtor_id, creditor_id, sum(amount) AS amount, currency,
       issue_terms_id, label
FROM money GROUP BY 1, 2, 3, 4, 6, 7, 8
"""

_POSTINGS: Final = """
SELECT * FROM moves
WHERE CAST(:partner_ids AS integer[]) IS NULL
   OR issuer_id = ANY (CAST(:partner_ids AS integer[]))
   OR acceptor_id = ANY (CAST(:partner_ids AS integer[]))
ORDER BY lane, seq, line
"""

_MONEY_LINES: Final = """
SELECT m.*, e.occurred_at, e.posted_at, e.reference
FROM money m JOIN ledger.entries e ON e.lane = m.lane AND e.seq = m.seq
WHERE m.debtor_id = :debtor_id AND m.creditor_id = :creditor_id
ORDER BY m.lane, m.seq, m.line
"""

_AUDIT: Final = """
SELECT rule, place, found, expected, rule_count FROM (
    SELECT a.*, count(*) OVER (PARTITION BY rule) AS rule_count,
           row_number() OVER (PARTITION BY rule ORDER BY place) AS place_number
    FROM {source} a) numbered
WHERE place_number <= :shown_max ORDER BY rule, place_number
"""


async def fold_flows(tx: ReadTx, ranges: Ranges) -> list[FlowRow]:
    """Add up the movements of points in ranges of the journal, as the batches did in flows."""
    rows = await tx.connection.execute(text(_IN_RANGES + _FOLD_FLOWS), _columns(ranges))
    return [_flow(row) for row in rows]


async def fold_money_lines(tx: ReadTx, ranges: Ranges) -> list[MoneyLineRow]:
    """Add up the money lines in ranges of the journal."""
    rows = await tx.connection.execute(text(_IN_RANGES + _FOLD_MONEY), _columns(ranges))
    return [_money(row) for row in rows]


async def stream_postings(
    tx: ReadTx, ranges: Ranges, *, partner_ids: Collection[int] | None
) -> AsyncIterator[Posting]:
    """Give the movements of points in ranges of the journal, by lane, sequence and line.

    Only those whose issuer or acceptor is one of `partner_ids`; None: all.
    """
    rows = await tx.connection.stream(
        text(_IN_RANGES + _POSTINGS),
        {**_columns(ranges), "partner_ids": None if partner_ids is None else list(partner_ids)},
        execution_options={"yield_per": ROWS_AT_ONCE},
    )
    async for row in rows:
        yield Posting(
            lane=row.lane,
            seq=row.seq,
            line=row.line,
            occurred_at=row.occurred_at,
            posted_at=row.posted_at,
            reference=row.reference,
            lot_id=row.lot_id,
            flow=_flow(row),
        )


async def stream_money_lines(
    tx: ReadTx, ranges: Ranges, *, debtor_id: int, creditor_id: int
) -> AsyncIterator[MoneyPosting]:
    """Give the money lines between two parties in ranges of the journal."""
    rows = await tx.connection.stream(
        text(_IN_RANGES + _MONEY_LINES),
        {**_columns(ranges), "debtor_id": debtor_id, "creditor_id": creditor_id},
        execution_options={"yield_per": ROWS_AT_ONCE},
    )
    async for row in rows:
        yield MoneyPosting(
            lane=row.lane,
            seq=row.seq,
            line=row.line,
            occurred_at=row.occurred_at,
            posted_at=row.posted_at,
            reference=row.reference,
            money=_money(row),
        )


async def audit_ledger(tx: ReadTx, *, shown_max: int) -> list[RuleCount]:
    """List the rules of the ledger that are violated, with the first places of each."""
    return await _audit(tx, "ledger.audit()", {"shown_max": shown_max})


async def audit_news(
    tx: ReadTx, positions: Mapping[int, int], *, shown_max: int
) -> list[RuleCount]:
    """List the rules that entries above positions in their lanes, or what they touched, violate.

    Its cost follows what is new, and the history of the wallets that it touched.
    """
    given = {"lanes": list(positions), "seqs": list(positions.values()), "shown_max": shown_max}
    news = "ledger.audit_news(CAST(:lanes AS smallint[]), CAST(:seqs AS bigint[]))"
    return await _audit(tx, news, given)


async def list_last_seqs(tx: ReadTx) -> dict[int, int]:
    """Find the newest entry of each lane."""
    rows = await tx.connection.execute(
        text("SELECT lane, last_seq FROM ledger.lanes ORDER BY lane")
    )
    return {row[0]: row[1] for row in rows}


async def _audit(tx: ReadTx, source: str, given: Mapping[str, object]) -> list[RuleCount]:
    rows = await tx.connection.execute(text(_AUDIT.replace("{source}", source)), given)
    found: dict[str, tuple[int, list[Violation]]] = {}
    for row in rows:
        _, violations = found.setdefault(row.rule, (row.rule_count, []))
        violations.append(Violation(row.rule, row.place, row.found or "", row.expected or ""))
    return [RuleCount(rule, count, tuple(own)) for rule, (count, own) in found.items()]


async def count_cut_lanes(tx: ReadTx, cut_at: datetime) -> int:
    """Count the lanes that were cut at an instant; 0 when no segment ends there."""
    counted: int = (
        await tx.connection.execute(
            text(
                "SELECT count(*) FROM ledger.cuts c JOIN ledger.segments s USING (segment_id)"
                " WHERE s.ends_at = :cut_at"
            ),
            {"cut_at": cut_at},
        )
    ).scalar_one()
    return counted


def _flow(row: Any) -> FlowRow:  # noqa: ANN401 (a row of movements, alone or added up)
    return FlowRow(
        kind=EntryKind(row.kind),
        issuer_id=row.issuer_id,
        acceptor_id=row.acceptor_id,
        issue_terms_id=row.issue_terms_id,
        acceptor_terms_id=row.acceptor_terms_id,
        is_reversal=row.is_reversal,
        points=row.points,
        entry_count=row.entry_count,
    )


def _money(row: Any) -> MoneyLineRow:  # noqa: ANN401 (a row of money lines, alone or added up)
    return MoneyLineRow(
        kind=row.kind,
        is_reversal=row.is_reversal,
        debtor_id=row.debtor_id,
        creditor_id=row.creditor_id,
        amount=row.amount,
        currency=row.currency,
        issue_terms_id=row.issue_terms_id,
        label=row.label,
    )


def _columns(ranges: Ranges) -> dict[str, Any]:
    return {
        "lanes": [lane for lane, _, _ in ranges],
        "from_seqs": [from_seq for _, from_seq, _ in ranges],
        "to_seqs": [to_seq for _, _, to_seq in ranges],
    }
