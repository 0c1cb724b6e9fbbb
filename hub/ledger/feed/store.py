"""All SQL about following the entries.

The sequence of a lane has no holes, and entries commit with the lane's row: so "after this number"
misses nothing, and no list of what was told is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import case, insert, select, text, update

from hub.kernel.clock import CLOCKS_APART, as_utc
from hub.kernel.tx import ReadTx, Tx
from hub.ledger.entries import EntryKind
from hub.ledger.feed.entries import FeedEntry, FeedLine
from hub.ledger.feed.tables import feed_cursors, feed_skips
from hub.ledger.operations import Place


@dataclass(frozen=True, slots=True)
class StuckLane:
    """A lane in which a consumer fails; `seq` is the entry that it fails at."""

    consumer: str
    lane: int
    seq: int
    attempt_count: int
    retry_at: datetime | None
    parked_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class ConsumerLag:
    """How far a consumer is behind the books, over all lanes."""

    consumer: str
    waiting_count: int
    lanes_behind_count: int
    failing_count: int
    parked_count: int
    skipped_count: int


async def read_heads(tx: ReadTx) -> dict[int, int]:
    """Tell where each lane ends: the sequence of its newest entry."""
    rows = await tx.connection.execute(text("SELECT lane, last_seq FROM ledger.lanes"))
    return {row[0]: row[1] for row in rows}


async def read_page(tx: ReadTx, cursors: Mapping[int, int], *, per_lane: int) -> list[FeedEntry]:
    """Read the entries after a place in each of some lanes, by lane and sequence, in two queries.

    At most `per_lane` of each lane; their allocations are all there.
    """
    lanes = sorted(cursors)
    rows = (
        await tx.connection.execute(
            _ENTRIES,
            {"lanes": lanes, "seqs": [cursors[lane] for lane in lanes], "limit": per_lane},
        )
    ).all()
    ends = {row.lane: row.seq for row in rows}
    lines = await _read_lines(tx, {lane: (cursors[lane], end) for lane, end in ends.items()})
    entries = [_entry(row, lines.get((row.lane, row.seq), ())) for row in rows]
    last = dict(cursors)
    for entry in entries:
        lane, seq = entry.place.lane, entry.place.number
        assert seq == last[lane] + 1, f"lane {lane} has a hole before {seq}"
        last[lane] = seq
    return entries


async def _read_lines(
    tx: ReadTx, spans: Mapping[int, tuple[int, int]]
) -> Mapping[tuple[int, int], Sequence[FeedLine]]:
    """Read the allocations of the entries above one sequence, up to and with another."""
    if not spans:
        return {}
    rows = await tx.connection.execute(
        _LINES,
        {
            "lanes": list(spans),
            "from_seqs": [begin for begin, _ in spans.values()],
            "to_seqs": [end for _, end in spans.values()],
        },
    )
    found: dict[tuple[int, int], list[FeedLine]] = {}
    for lane, seq, line, kind, *rest in rows:
        found.setdefault((lane, seq), []).append(FeedLine(line, EntryKind(kind), *rest))
    return found


async def enrol_consumer(tx: Tx, consumer: str, *, from_beginning: bool) -> None:
    """Let a consumer begin in every lane, at the first entry or after the newest; once for ever."""
    await tx.connection.execute(
        text(
            "INSERT INTO feed_cursors (consumer, lane, seq, moved_at, attempt_count)"
            " SELECT :consumer, lane, CASE WHEN :from_beginning THEN 0 ELSE last_seq END, :now, 0"
            " FROM ledger.lanes ORDER BY lane ON CONFLICT DO NOTHING"
        ),
        {"consumer": consumer, "from_beginning": from_beginning, "now": tx.now},
    )


async def take_cursors(
    tx: Tx, consumer: str, *, lanes: Sequence[int] | None, limit: int
) -> dict[int, int]:
    """Take the lanes of a consumer that have entries for it, those that waited longest first.

    Lanes that another worker has, that wait for a retry or are parked are left out; no retry is
    waited for that was set before the clock went back (`CLOCKS_APART`). `lanes` limits the choice;
    None: any.

    Locks: the cursors, until the transaction ends.
    """
    rows = await tx.connection.execute(
        _TAKE,
        {
            "consumer": consumer,
            "lanes": None if lanes is None else list(lanes),
            "now": tx.now,
            "latest": tx.now + CLOCKS_APART,
            "limit": limit,
        },
    )
    return {row[0]: row[1] for row in rows}


async def move_cursors(tx: Tx, consumer: str, cursors: Mapping[int, int]) -> None:
    """Note how far a consumer has come; what it failed at before is behind it."""
    lanes = sorted(cursors)
    await tx.connection.execute(
        _MOVE,
        {
            "consumer": consumer,
            "lanes": lanes,
            "seqs": [cursors[lane] for lane in lanes],
            "now": tx.now,
        },
    )


async def note_failure(
    tx: Tx, consumer: str, failed: Place, *, error: str, attempts_max: int
) -> int:
    """Count a failed attempt of the entry after a consumer's cursor; the last one parks the lane.

    Gives the number of attempts; 0 when the consumer has passed the entry meanwhile.
    """
    table = feed_cursors.c
    is_last = table.attempt_count + 1 >= attempts_max
    counted = await tx.connection.execute(
        update(feed_cursors)
        .where(
            table.consumer == consumer,
            table.lane == failed.lane,
            table.seq == failed.number - 1,
        )
        .values(
            attempt_count=table.attempt_count + 1,
            moved_at=tx.now,
            parked_at=case((is_last, tx.now), else_=None),
            last_error=error,
        )
        .returning(table.attempt_count)
    )
    return counted.scalar_one_or_none() or 0


async def set_pause(tx: Tx, consumer: str, lane: int, pause: timedelta) -> None:
    """Let a lane of a consumer wait before the next attempt."""
    table = feed_cursors.c
    await tx.connection.execute(
        update(feed_cursors)
        .where(table.consumer == consumer, table.lane == lane)
        .values(retry_at=tx.now + pause)
    )


async def lock_stuck_lane(tx: Tx, consumer: str, lane: int) -> StuckLane | None:
    """Look at a lane of a consumer, stuck or not; None when there is none.

    Locks: the cursor, until the transaction ends; waits for a worker that has it.
    """
    table = feed_cursors.c
    row = (
        await tx.connection.execute(
            select(*_stuck_columns())
            .where(table.consumer == consumer, table.lane == lane)
            .with_for_update()
        )
    ).one_or_none()
    return None if row is None else StuckLane(*row)


async def free_lane(tx: Tx, consumer: str, lane: int, *, seq: int) -> None:
    """Let a consumer go on in a lane after a place, with all of its attempts."""
    table = feed_cursors.c
    await tx.connection.execute(
        update(feed_cursors)
        .where(table.consumer == consumer, table.lane == lane)
        .values(
            seq=seq,
            attempt_count=0,
            retry_at=None,
            parked_at=None,
            last_error=None,
            moved_at=tx.now,
        )
    )


async def insert_skip(tx: Tx, stuck: StuckLane, *, reason: str) -> None:
    """Write down that an entry was left out, by whom and why."""
    await tx.connection.execute(
        insert(feed_skips).values(
            consumer=stuck.consumer,
            lane=stuck.lane,
            seq=stuck.seq,
            reason=reason,
            error=stuck.last_error,
            actor=str(tx.actor),
            skipped_at=tx.now,
        )
    )


async def list_stuck_lanes(tx: ReadTx) -> list[StuckLane]:
    """List the lanes in which consumers fail."""
    table = feed_cursors.c
    rows = await tx.connection.execute(
        select(*_stuck_columns())
        .where(table.attempt_count > 0)
        .order_by(table.consumer, table.lane)
    )
    return [StuckLane(*row) for row in rows]


async def list_lags(tx: ReadTx) -> list[ConsumerLag]:
    """Tell how far each consumer is behind; the cost depends on consumers and lanes only."""
    rows = await tx.connection.execute(_LAGS)
    return [ConsumerLag(*row) for row in rows]


def _stuck_columns() -> list[Any]:
    table = feed_cursors.c
    return [
        table.consumer,
        table.lane,
        (table.seq + 1).label("seq"),
        table.attempt_count,
        table.retry_at,
        table.parked_at,
        table.last_error,
    ]


def _entry(row: Any, lines: Sequence[FeedLine]) -> FeedEntry:  # noqa: ANN401 (a row of `_ENTRIES`)
    counter_lane = row.lane if row.counter_lane is None else row.counter_lane
    has_counter = row.counter_wallet_id is not None
    return FeedEntry(
        place=Place(row.lane, row.seq),
        kind=EntryKind(row.kind),
        partner_id=row.partner_id,
        wallet_id=row.wallet_id,
        counter_wallet=Place(counter_lane, row.counter_wallet_id) if has_counter else None,
        points=row.points,
        terms_id=row.terms_id,
        ref_seq=row.ref_seq,
        lot_id=row.lot_id,
        reason=row.reason,
        reference=row.reference,
        category=row.category,
        available_at=row.available_at and as_utc(row.available_at),
        ends_at=row.ends_at and as_utc(row.ends_at),
        facts=row.facts,
        actor=row.actor,
        occurred_at=row.occurred_at,
        posted_at=row.posted_at,
        lines=tuple(lines),
    )


_ENTRIES: Final = text("""
SELECT page.* FROM unnest(CAST(:lanes AS smallint[]), CAST(:seqs AS bigint[]))
                   AS given (lane, seq)
CROSS JOIN LATERAL (
    SELECT e.lane, e.seq, e.kind, e.partner_id, e.wallet_id, e.counter_lane,
           e.counter_wallet_id, e.points, e.terms_id, e.ref_seq, e.lot_id, e.reason, e.reference,
           e.category, e.available_at, e.ends_at, e.facts, e.actor, e.occurred_at, e.posted_at
    FROM ledger.entries e
    WHERE e.lane = given.lane AND e.seq > given.seq
    ORDER BY e.seq LIMIT :limit) page
ORDER BY page.lane, page.seq
""")

_LINES: Final = text("""
SELECT a.lane, a.seq, a.line, a.kind, a.is_reversal, a.lot_id, a.points, a.held_points,
       a.issuer_id, a.acceptor_id, a.issue_terms_id, a.acceptor_terms_id
FROM unnest(CAST(:lanes AS smallint[]), CAST(:from_seqs AS bigint[]), CAST(:to_seqs AS bigint[]))
     AS given (lane, from_seq, to_seq)
JOIN ledger.allocations a
  ON a.lane = given.lane AND a.seq > given.from_seq AND a.seq <= given.to_seq
ORDER BY a.lane, a.seq, a.line
""")

_TAKE: Final = text("""
SELECT c.lane, c.seq FROM feed_cursors c JOIN ledger.lanes l USING (lane)
WHERE c.consumer = :consumer AND c.seq < l.last_seq AND c.parked_at IS NULL
  AND (c.retry_at IS NULL OR c.retry_at <= :now OR c.moved_at > :latest)
  AND (CAST(:lanes AS smallint[]) IS NULL OR c.lane = ANY (CAST(:lanes AS smallint[])))
ORDER BY c.moved_at, c.lane LIMIT :limit FOR UPDATE OF c SKIP LOCKED
""")

_MOVE: Final = text("""
UPDATE feed_cursors c
SET seq = given.seq, moved_at = :now, attempt_count = 0, retry_at = NULL, last_error = NULL
FROM unnest(CAST(:lanes AS smallint[]), CAST(:seqs AS bigint[])) AS given (lane, seq)
WHERE c.consumer = :consumer AND c.lane = given.lane
""")

_LAGS: Final = text("""
SELECT c.consumer, CAST(sum(l.last_seq - c.seq) AS bigint),
       count(*) FILTER (WHERE c.seq < l.last_seq),
       count(*) FILTER (WHERE c.attempt_count > 0 AND c.parked_at IS NULL),
       count(*) FILTER (WHERE c.parked_at IS NOT NULL),
       (SELECT count(*) FROM feed_skips s WHERE s.consumer = c.consumer)
FROM feed_cursors c JOIN ledger.lanes l USING (lane)
GROUP BY c.consumer ORDER BY c.consumer
""")
