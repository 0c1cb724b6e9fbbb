"""All SQL of the log; the tables and functions are in log.sql."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import text

from hub.kernel.slices import Slice
from hub.kernel.tx import ReadTx, Tx
from hub.ledger.log.leaves import JournalEntry
from hub.ledger.log.verifier.trees import Hash
from hub.ledger.operations import Place

_ONE_AT_A_TIME: Final = 7_161_518_103
"""Only has to be the sealer's alone among advisory locks."""

HASH_OCTETS: Final = 32

Ranges: TypeAlias = Sequence[tuple[int, int, int]]
"""Of each lane the entries above one sequence number, up to and with another."""


@dataclass(frozen=True, slots=True)
class LogKey:
    """A public key that signs, or has signed."""

    number: int
    public: bytes
    since_at: datetime


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A signature over the trees of all lanes."""

    checkpoint_id: int
    signed_at: datetime
    key_number: int
    root: Hash
    note: str


@dataclass(frozen=True, slots=True)
class LaneTree:
    """The tree of a lane at a checkpoint; `edge` are the full subtrees of its full tiles."""

    lane: int
    size: int
    root: Hash
    edge: tuple[Hash, ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """256 neighbouring hashes of a tree, and their root."""

    root: Hash
    hashes: tuple[Hash, ...]


async def take_sealing(tx: Tx) -> bool:
    """Have the right to seal until the transaction ends; False while somebody else has it."""
    taken = await tx.connection.execute(
        text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME}
    )
    return bool(taken.scalar_one())


async def add_log_key(tx: Tx, public: bytes) -> int:
    """Make a public key known; gives its number."""
    added = await tx.connection.execute(
        text("SELECT ledger.add_log_key(:public, :at)"), {"public": public, "at": tx.now}
    )
    number: int = added.scalar_one()
    return number


async def list_log_keys(tx: ReadTx) -> list[LogKey]:
    """List all keys that ever signed, oldest first."""
    rows = await tx.connection.execute(
        text("SELECT key_number, public_key, since_at FROM ledger.log_keys ORDER BY key_number")
    )
    return [LogKey(*row) for row in rows]


async def find_checkpoint(tx: ReadTx, checkpoint_id: int | None) -> StoredCheckpoint | None:
    """Find a checkpoint; None: the last one."""
    row = (
        await tx.connection.execute(
            text(
                "SELECT checkpoint_id, signed_at, key_number, root, note FROM ledger.checkpoints"
                " WHERE CAST(:id AS bigint) IS NULL OR checkpoint_id = :id"
                " ORDER BY checkpoint_id DESC LIMIT 1"
            ),
            {"id": checkpoint_id},
        )
    ).one_or_none()
    return None if row is None else StoredCheckpoint(*row)


async def find_checkpoint_of(tx: ReadTx, note: str) -> int | None:
    """Find the checkpoint that a note is of. Reads all of them: for the cold path only."""
    found = await tx.connection.execute(
        text("SELECT checkpoint_id FROM ledger.checkpoints WHERE note = :note"), {"note": note}
    )
    checkpoint_id: int | None = found.scalar_one_or_none()
    return checkpoint_id


async def page_checkpoints(tx: ReadTx, part: Slice) -> list[StoredCheckpoint]:
    """List a slice of the checkpoints, newest first; their positions are their numbers."""
    rows = await tx.connection.execute(
        text(_OLDEST_FIRST if part.is_backward else _NEWEST_FIRST),
        {
            "after": 2**63 - 1 if part.after is None else part.after[0],
            "before": 0 if part.before is None else part.before[0],
            "limit": part.limit,
        },
    )
    return [StoredCheckpoint(*row) for row in rows]


_NEWEST_FIRST: Final = """
SELECT checkpoint_id, signed_at, key_number, root, note FROM ledger.checkpoints
WHERE checkpoint_id < :after AND checkpoint_id > :before
ORDER BY checkpoint_id DESC LIMIT :limit
"""
_OLDEST_FIRST: Final = """
SELECT checkpoint_id, signed_at, key_number, root, note FROM ledger.checkpoints
WHERE checkpoint_id < :after AND checkpoint_id > :before
ORDER BY checkpoint_id LIMIT :limit
"""


async def list_lane_trees(tx: ReadTx, checkpoint_id: int) -> dict[int, LaneTree]:
    """List the trees of all lanes that had entries at a checkpoint."""
    rows = await tx.connection.execute(
        text(
            "SELECT t.lane, t.tree_size, t.root, t.edge FROM ledger.lanes l"
            " CROSS JOIN LATERAL (SELECT * FROM ledger.lane_trees x WHERE x.lane = l.lane"
            " AND x.checkpoint_id <= :id ORDER BY x.checkpoint_id DESC LIMIT 1) t ORDER BY t.lane"
        ),
        {"id": checkpoint_id},
    )
    return {row.lane: LaneTree(row.lane, row[1], row.root, _split(row.edge)) for row in rows}


async def find_lane_tree(tx: ReadTx, lane: int, size: int) -> LaneTree | None:
    """Find the tree that a lane had at some checkpoint, by its size."""
    row = (
        await tx.connection.execute(
            text(
                "SELECT lane, tree_size, root, edge FROM ledger.lane_trees"
                " WHERE lane = :lane AND tree_size = :size"
            ),
            {"lane": lane, "size": size},
        )
    ).one_or_none()
    return None if row is None else LaneTree(row.lane, row[1], row.root, _split(row.edge))


async def list_lane_ends(tx: ReadTx) -> dict[int, int]:
    """List the sequence of the newest entry of each lane."""
    rows = await tx.connection.execute(
        text("SELECT lane, last_seq FROM ledger.lanes ORDER BY lane")
    )
    return {row.lane: row.last_seq for row in rows}


async def add_checkpoint(tx: Tx, checkpoint: StoredCheckpoint, grown: Sequence[LaneTree]) -> None:
    """Keep a checkpoint, and the trees that grew."""
    await tx.connection.execute(
        text(
            "SELECT ledger.add_checkpoint(:id, :signed_at, :key, :root, :note,"
            " CAST(:lanes AS smallint[]), CAST(:sizes AS bigint[]), CAST(:roots AS bytea[]),"
            " CAST(:edges AS bytea[]))"
        ),
        {
            "id": checkpoint.checkpoint_id,
            "signed_at": checkpoint.signed_at,
            "key": checkpoint.key_number,
            "root": checkpoint.root,
            "note": checkpoint.note,
            "lanes": [tree.lane for tree in grown],
            "sizes": [tree.size for tree in grown],
            "roots": [tree.root for tree in grown],
            "edges": [b"".join(tree.edge) for tree in grown],
        },
    )


async def add_tiles(tx: Tx, lane: int, level: int, first: int, tiles: Sequence[Tile]) -> None:
    """Keep full tiles of one level of a lane, the first of which follows the last one kept."""
    await tx.connection.execute(
        text(
            "SELECT ledger.add_tiles(CAST(:lane AS smallint), CAST(:level AS smallint), :first,"
            " CAST(:roots AS bytea[]), CAST(:hashes AS bytea[]))"
        ),
        {
            "lane": lane,
            "level": level,
            "first": first,
            "roots": [tile.root for tile in tiles],
            "hashes": [b"".join(tile.hashes) for tile in tiles],
        },
    )


async def list_tiles(
    tx: ReadTx, lane: int, places: Collection[tuple[int, int]]
) -> dict[tuple[int, int], Tile]:
    """Find tiles of a lane by level and number; those that are not full are not there."""
    rows = await tx.connection.execute(
        text(
            "SELECT level, tile, root, hashes FROM ledger.tiles"
            " JOIN unnest(CAST(:levels AS smallint[]), CAST(:tiles AS bigint[]))"
            " AS given (level, tile) USING (level, tile) WHERE lane = :lane"
        ),
        _tiles(lane, places),
    )
    return {(row.level, row.tile): Tile(row.root, _split(row.hashes)) for row in rows}


async def list_tile_roots(
    tx: ReadTx, lane: int, places: Collection[tuple[int, int]]
) -> dict[tuple[int, int], Hash]:
    """Find the roots of tiles of a lane by level and number."""
    rows = await tx.connection.execute(
        text(
            "SELECT level, tile, root FROM ledger.tiles"
            " JOIN unnest(CAST(:levels AS smallint[]), CAST(:tiles AS bigint[]))"
            " AS given (level, tile) USING (level, tile) WHERE lane = :lane"
        ),
        _tiles(lane, places),
    )
    return {(row.level, row.tile): row.root for row in rows}


def _tiles(lane: int, places: Collection[tuple[int, int]]) -> dict[str, Any]:
    return {
        "lane": lane,
        "levels": [level for level, _ in places],
        "tiles": [tile for _, tile in places],
    }


def _split(octets: bytes) -> tuple[Hash, ...]:
    return tuple(octets[i : i + HASH_OCTETS] for i in range(0, len(octets), HASH_OCTETS))


# --- entries as the leaves take them in ---

_INSTANTS: Final = ("occurred_at", "decided_at", "posted_at", "available_at", "ends_at")

_ENTRIES: Final = """
SELECT e.lane, e.seq, e.kind, e.partner_id, e.wallet_id, e.counter_lane, e.counter_wallet_id,
       e.points, e.asked_points, e.cap_id, e.mode, e.terms_id, e.ref_seq, e.lot_id, e.actor,
       e.reason, e.reference, e.category, CAST(e.match_rate AS text) AS match_rate,
       CAST(e.facts AS text) AS facts, e.request_hash, e.salt, e.leaf_hash,
       timestamptz_send(e.occurred_at) AS occurred_at,
       timestamptz_send(e.decided_at) AS decided_at, timestamptz_send(e.posted_at) AS posted_at,
       timestamptz_send(nullif(e.available_at, '-infinity')) AS available_at,
       timestamptz_send(nullif(e.ends_at, 'infinity')) AS ends_at,
       l.funder_id, l.issue_rank, l.restriction_id, l.contributor_wallet_id, l.source_lane,
       l.source_lot_id
FROM ledger.entries e
JOIN unnest(CAST(:lanes AS smallint[]), CAST(:seqs AS bigint[])) AS given (lane, seq)
     USING (lane, seq)
LEFT JOIN ledger.lots l ON e.kind IN (1, 15) AND l.lane = e.lane AND l.lot_id = e.lot_id
ORDER BY e.lane, e.seq
"""

_POINTS_LINES: Final = """
SELECT a.lane, a.seq, a.kind, a.is_reversal, a.lot_id, a.points, a.held_points, a.issuer_id,
       a.acceptor_id, a.issue_terms_id, a.acceptor_terms_id, a.arrears_seq
FROM ledger.allocations a
JOIN unnest(CAST(:lanes AS smallint[]), CAST(:seqs AS bigint[])) AS given (lane, seq)
     USING (lane, seq)
ORDER BY a.lane, a.seq, a.line
"""

_MONEY_LINES: Final = """
SELECT m.lane, m.seq, m.kind, m.is_reversal, m.debtor_id, m.creditor_id, m.currency,
       CAST(m.amount AS text) AS amount, m.label
FROM ledger.money_lines m
JOIN unnest(CAST(:lanes AS smallint[]), CAST(:seqs AS bigint[])) AS given (lane, seq)
     USING (lane, seq)
ORDER BY m.lane, m.seq, m.line
"""


async def list_journal(tx: ReadTx, places: Iterable[tuple[int, int]]) -> list[JournalEntry]:
    """Read entries by lane and sequence, with all that their leaves are made of, in that order."""
    asked = list(places)
    given = {"lanes": [lane for lane, _ in asked], "seqs": [seq for _, seq in asked]}
    entries = (await tx.connection.execute(text(_ENTRIES), given)).mappings().all()
    points = await _list_lines(tx, _POINTS_LINES, given)
    money = await _list_lines(tx, _MONEY_LINES, given)
    return [
        JournalEntry(
            values=_values(row),
            salt=row["salt"].bytes,
            leaf_hash=row["leaf_hash"],
            lot=dict(row) if row["funder_id"] is not None else None,
            points_lines=tuple(points[row["lane"], row["seq"]]),
            money_lines=tuple(money[row["lane"], row["seq"]]),
        )
        for row in entries
    ]


async def _list_lines(
    tx: ReadTx, statement: str, given: dict[str, Any]
) -> dict[tuple[int, int], list[dict[str, Any]]]:
    found = defaultdict(list)
    for row in (await tx.connection.execute(text(statement), given)).mappings():
        found[row["lane"], row["seq"]].append(dict(row))
    return found


def _values(row: Any) -> dict[str, Any]:  # noqa: ANN401 (a row of `ledger.entries`)
    values = dict(row)
    for name in _INSTANTS:
        if values[name] is not None:
            values[name] = int.from_bytes(values[name], "big", signed=True)
    values["request_hash"] = values["request_hash"].bytes
    return values


_PLACES: Final = """
WITH r (lane, from_seq, to_seq) AS (
    SELECT * FROM unnest(CAST(:lanes AS smallint[]), CAST(:from_seqs AS bigint[]),
                         CAST(:to_seqs AS bigint[]))
)
SELECT e.lane, e.seq FROM r
JOIN ledger.entries e ON e.lane = r.lane AND e.seq > r.from_seq AND e.seq <= r.to_seq
WHERE :is_all OR e.partner_id = :partner
UNION
SELECT a.lane, a.seq FROM r
JOIN ledger.allocations a ON a.lane = r.lane AND a.seq > r.from_seq AND a.seq <= r.to_seq
WHERE (a.issuer_id = :partner OR a.acceptor_id = :partner) AND a.kind <> 6 AND a.points <> 0
UNION
SELECT m.lane, m.seq FROM r
JOIN ledger.money_lines m ON m.lane = r.lane AND m.seq > r.from_seq AND m.seq <= r.to_seq
WHERE m.debtor_id = :partner OR m.creditor_id = :partner
ORDER BY 1, 2 LIMIT :limit
"""


async def list_places_of(
    tx: ReadTx, ranges: Ranges, *, partner_id: int | None, limit: int
) -> list[tuple[int, int]]:
    """List the entries in ranges of the journal that a partner has a part in; None: all of them."""
    rows = await tx.connection.execute(
        text(_PLACES),
        {
            "lanes": [lane for lane, _, _ in ranges],
            "from_seqs": [from_seq for _, from_seq, _ in ranges],
            "to_seqs": [to_seq for _, _, to_seq in ranges],
            "is_all": partner_id is None,
            "partner": -1 if partner_id is None else partner_id,
            "limit": limit,
        },
    )
    return [(row.lane, row.seq) for row in rows]


async def list_places_of_wallet(
    tx: ReadTx, wallet: Place, *, up_to: int, limit: int
) -> list[tuple[int, int]]:
    """List the entries of a wallet, and those that moved points to it, up to a sequence."""
    rows = await tx.connection.execute(
        text(
            "SELECT lane, seq FROM ledger.entries WHERE lane = :lane AND seq <= :up_to"
            " AND (wallet_id = :wallet OR counter_wallet_id = :wallet)"
            " ORDER BY seq LIMIT :limit"
        ),
        {"lane": wallet.lane, "wallet": wallet.number, "up_to": up_to, "limit": limit},
    )
    return [(row.lane, row.seq) for row in rows]
