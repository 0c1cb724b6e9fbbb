"""Pages of lots and entries by keyset; a page costs what it shows, not what is before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    SmallInteger,
    Text,
    TextClause,
    bindparam,
    text,
)
from sqlalchemy.types import TypeEngine

from hub.kernel.clock import as_utc
from hub.kernel.slices import Slice
from hub.kernel.tx import ReadTx
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Place
from hub.ledger.store import Allocation, Lot
from hub.ledger.views.store import (
    ALLOCATION_COLUMNS,
    ENTRY_COLUMNS,
    LOT_COLUMNS,
    Entry,
    allocation_of,
    entry_of,
    given,
    lot_of,
)

SEARCHED_MAX: Final = 20_000
"""Rows of the journal that one page of a search looks at; what is further is the next page's."""

Types: TypeAlias = Mapping[str, TypeEngine[Any]]
INSTANT: Final = DateTime(timezone=True)


class LotOrder(StrEnum):
    """In which order lots are listed."""

    REDEMPTION = "REDEMPTION"
    ISSUED = "ISSUED"


@dataclass(frozen=True, slots=True)
class LotFilter:
    """Which lots are meant; None: any. `expires_before` is exclusive, like the expiry itself."""

    issuer_id: int | None = None
    is_open: bool | None = True
    expires_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries are meant; None: any. The spans are half-open."""

    kinds: tuple[EntryKind, ...] | None = None
    lane: int | None = None
    partner_id: int | None = None
    reference: str | None = None
    occurred_from: datetime | None = None
    occurred_until: datetime | None = None
    posted_from: datetime | None = None
    posted_until: datetime | None = None


LotPosition: TypeAlias = tuple[datetime, int, int]
"""Where a lot stands in redemption order: its expiry, its rank, its id."""

ORDERS: Final[Mapping[LotOrder, Types]] = {
    LotOrder.REDEMPTION: {
        "l.expires_at": INSTANT,
        "l.issue_rank": BigInteger(),
        "l.lot_id": BigInteger(),
    },
    LotOrder.ISSUED: {"l.lot_id": BigInteger()},
}
_FILTER_TYPES: Final[Types] = {
    "issuer": Integer(),
    "expires_before": INSTANT,
    "kinds": ARRAY(SmallInteger),
    "of_partner": Integer(),
    "viewer": Integer(),
    "reference": Text(),
    "occurred_from": INSTANT,
    "occurred_until": INSTANT,
    "posted_from": INSTANT,
    "posted_until": INSTANT,
    "limit": Integer(),
}
_PLACE: Final[Types] = {"e.lane": SmallInteger(), "e.seq": BigInteger()}
_LOT_PLACE: Final[Types] = {"l.lane": SmallInteger(), "l.lot_id": BigInteger()}

_LOT_MATCHES: Final = """
      AND (:issuer IS NULL OR l.issuer_id = :issuer)
      AND (:expires_before IS NULL OR l.expires_at < :expires_before)
"""
_ENTRY_MATCHES: Final = """
      AND (:kinds IS NULL OR e.kind = ANY (:kinds))
      AND (:of_partner IS NULL OR e.partner_id = :of_partner)
      AND (:reference IS NULL OR e.reference = :reference)
      AND (:occurred_from IS NULL OR e.occurred_at >= :occurred_from)
      AND (:occurred_until IS NULL OR e.occurred_at < :occurred_until)
      AND (:posted_from IS NULL OR e.posted_at >= :posted_from)
      AND (:posted_until IS NULL OR e.posted_at < :posted_until)
"""
_ENTRY_IS_SEEN: Final = """
      AND (:viewer IS NULL OR e.partner_id = :viewer
           OR e.kind = 5 AND EXISTS (SELECT FROM ledger.allocations a
                                     WHERE a.lane = e.lane AND a.seq = e.seq
                                       AND a.issuer_id = :viewer)
           OR e.lane = -1 AND EXISTS (SELECT FROM ledger.money_lines m
                                      WHERE m.lane = e.lane AND m.seq = e.seq
                                        AND :viewer IN (m.debtor_id, m.creditor_id)))
"""
"""What a partner sees: what it did, the expiry of lots that it issued, and money that is its own.
"""

# Spent lots have no index of their own: whatever was spent, an entry of the wallet has taken.
_SPENT: Final = """
    ARRAY(SELECT a.lot_id FROM ledger.entries e JOIN ledger.allocations a USING (lane, seq)
          WHERE e.lane = given.lane AND e.wallet_id = given.wallet_id)
"""
_STATES: Final[Mapping[bool | None, str]] = {
    True: "l.is_open",
    False: f"NOT l.is_open AND l.lot_id = ANY ({_SPENT})",
    None: f"(l.is_open OR l.lot_id = ANY ({_SPENT}))",
}


async def page_lots(
    tx: ReadTx, wallets: Sequence[Place], *, which: LotFilter, order: LotOrder, part: Slice
) -> dict[Place, list[tuple[Lot, LotPosition]]]:
    """List a slice of the lots of each wallet, with where each stands in redemption order."""
    statement = _lots_statement(
        f"""
SELECT page.* FROM unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                   AS given (lane, wallet_id)
CROSS JOIN LATERAL (
    SELECT {LOT_COLUMNS}, l.issue_rank FROM ledger.lots l
    WHERE l.lane = given.lane AND l.wallet_id = given.wallet_id AND {_STATES[which.is_open]}
    {_LOT_MATCHES} {_between(ORDERS[order], part)} LIMIT :limit) page
""",  # noqa: S608 (all parts are constants of this file)
        ORDERS[order],
        part,
    )
    rows = await tx.connection.execute(
        statement, {**given(wallets), **_lots_given(which), **_slice_given(part)}
    )
    found: dict[Place, list[tuple[Lot, LotPosition]]] = {wallet: [] for wallet in wallets}
    for row in rows:
        position = (as_utc(row.expires_at), row.issue_rank, row.lot_id)
        found[Place(row.lane, row.wallet_id)].append((lot_of(row[:-1]), position))
    for own in found.values():
        own.sort(
            key=lambda one: one[1] if order is LotOrder.REDEMPTION else one[1][2:],
            reverse=part.is_backward,
        )
    return found


def take_lots(
    rows: Sequence[tuple[Lot, LotPosition]], *, which: LotFilter, part: Slice
) -> list[tuple[Lot, LotPosition]]:
    """Take a slice of lots that are in memory, in redemption order; as `page_lots`."""
    end = which.expires_before
    kept = [
        (lot, position)
        for lot, position in rows
        if which.issuer_id in (None, lot.issuer_id)
        and (end is None or lot.expires_at < end)
        and (part.after is None or position > part.after)
        and (part.before is None or position < part.before)
    ]
    return (kept[::-1] if part.is_backward else kept)[: part.limit]


async def page_entries(
    tx: ReadTx, wallets: Sequence[Place], *, viewer_id: int | None, which: EntryFilter, part: Slice
) -> dict[Place, list[Entry]]:
    """List a slice of the entries of each wallet, newest first; of those that a partner sees.

    Positions are sequences, which fall.
    """
    older, newer = part.after, part.before
    direction = "ASC" if part.is_backward else "DESC"
    statement = text(
        f"""
SELECT page.*, given.wallet_id AS of_wallet
FROM unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[])) AS given (lane, wallet_id)
CROSS JOIN LATERAL (
    SELECT {ENTRY_COLUMNS} FROM ledger.entries e
    WHERE e.lane = given.lane
      AND (e.wallet_id = given.wallet_id OR e.counter_wallet_id = given.wallet_id)
      AND e.seq < :older AND e.seq > :newer
      {_ENTRY_MATCHES} {_ENTRY_IS_SEEN}
    ORDER BY e.seq {direction} LIMIT :limit) page
ORDER BY page.lane, page.seq {direction}
"""  # noqa: S608 (all parts are constants of this file)
    ).bindparams(*_typed({**_entry_types(), "older": BigInteger(), "newer": BigInteger()}))
    rows = await tx.connection.execute(
        statement,
        {
            **given(wallets),
            **_entries_given(which, viewer_id),
            "older": older[0] if older else 2**63 - 1,
            "newer": newer[0] if newer else 0,
            "limit": part.limit,
        },
    )
    found: dict[Place, list[Entry]] = {wallet: [] for wallet in wallets}
    for row in rows:
        found[Place(row.lane, row.of_wallet)].append(entry_of(row[:-1]))
    return found


async def page_allocations(
    tx: ReadTx, lots: Sequence[Lot], *, part: Slice
) -> dict[Place, list[Allocation]]:
    """List a slice of what was taken from each lot and given back, oldest first.

    Positions are (sequence, line).
    """
    direction = "DESC" if part.is_backward else "ASC"
    columns = {"a.seq": BigInteger(), "a.line": Integer()}
    statement = text(
        f"""
SELECT page.* FROM unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]),
                          CAST(:wallets AS bigint[]), CAST(:sources AS bigint[]))
                   AS given (lane, lot_id, wallet_id, source_seq)
CROSS JOIN LATERAL (
    SELECT {ALLOCATION_COLUMNS}
    FROM ledger.entries e JOIN ledger.allocations a ON a.lane = e.lane AND a.seq = e.seq
    WHERE e.lane = given.lane AND e.wallet_id = given.wallet_id AND e.seq > given.source_seq
      AND a.lot_id = given.lot_id {_between(columns, part)} LIMIT :limit) page
ORDER BY page.lane, page.lot_id, page.seq {direction}, page.line {direction}
"""  # noqa: S608 (all parts are constants of this file)
    ).bindparams(*_typed(_slice_types(columns, part)))
    rows = await tx.connection.execute(
        statement,
        {
            **given([lot.place for lot in lots]),
            "wallets": [lot.wallet_id for lot in lots],
            "sources": [lot.source_seq for lot in lots],
            **_slice_given(part),
        },
    )
    found: dict[Place, list[Allocation]] = {lot.place: [] for lot in lots}
    for row in rows:
        found[Place(row.lane, row.lot_id)].append(allocation_of(row))
    return found


async def page_given_back(
    tx: ReadTx, entries: Sequence[Place], *, part: Slice
) -> dict[Place, list[Entry]]:
    """List a slice of the entries that give each entry back or cancel it, oldest first.

    Positions are sequences.
    """
    direction = "DESC" if part.is_backward else "ASC"
    columns = {"e.seq": BigInteger()}
    statement = text(
        f"""
SELECT page.* FROM unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                   AS given (lane, seq)
CROSS JOIN LATERAL (
    SELECT {ENTRY_COLUMNS} FROM ledger.entries e
    WHERE e.lane = given.lane AND e.ref_seq = given.seq {_between(columns, part)}
    LIMIT :limit) page
ORDER BY page.lane, page.seq {direction}
"""  # noqa: S608 (all parts are constants of this file)
    ).bindparams(*_typed(_slice_types(columns, part)))
    rows = await tx.connection.execute(statement, {**given(entries), **_slice_given(part)})
    found: dict[Place, list[Entry]] = {entry: [] for entry in entries}
    for entry in map(entry_of, rows):
        assert entry.ref_seq is not None, "it was found by what it gives back"
        found[Place(entry.place.lane, entry.ref_seq)].append(entry)
    return found


@dataclass(frozen=True, slots=True)
class Search:
    """What a search of the journal found, and where it stopped; None: at the end."""

    entries: list[Entry]
    stopped_at: Place | None


async def search_entries(
    tx: ReadTx, *, viewer_id: int | None, which: EntryFilter, part: Slice
) -> Search:
    """Search the whole journal, lane by lane in the order of the sequence.

    There is no index for every question: a page looks at SEARCHED_MAX entries at most, and says
    where it stopped if it is not full. Positions are (lane, sequence).
    """
    statement = text(
        _write_search(
            f"SELECT {ENTRY_COLUMNS} FROM ledger.entries e WHERE"  # noqa: S608 (constants)
            f" {'true' if which.lane is None else 'e.lane = :lane'} {_between(_PLACE, part)}",
            f"looked_at e WHERE true {_ENTRY_MATCHES} {_ENTRY_IS_SEEN}",
        )
    ).bindparams(
        *_typed({**_entry_types(), **_slice_types(_PLACE, part), "limit": _FILTER_TYPES["limit"]})
    )
    rows = (
        await tx.connection.execute(
            statement,
            {**_entries_given(which, viewer_id), **_slice_given(part), "lane": which.lane},
        )
    ).all()
    found = [entry_of(row[:-1]) for row in rows if not row.is_end]
    ends = [Place(row.lane, row.seq) for row in rows if row.is_end]
    return Search(found, ends[0] if ends else None)


def _write_search(looked_at: str, matching: str) -> str:
    """Write a search: the rows in their order, and the last that was looked at if too few match.

    The fence (MATERIALIZED) keeps the planner from reading all of a table for a partner that has
    little in it. Behind it rows are read as they are needed, in the order of the index: whoever has
    a full page early reads no further.
    """
    return f"""
WITH looked_at AS MATERIALIZED ({looked_at} LIMIT {SEARCHED_MAX}),
     found AS MATERIALIZED (SELECT * FROM {matching} LIMIT :limit)
SELECT *, false AS is_end FROM found
UNION ALL
(SELECT *, true FROM looked_at WHERE (SELECT count(*) FROM found) < :limit
 OFFSET {SEARCHED_MAX - 1} LIMIT 1)
"""  # noqa: S608 (all parts are constants of this file)


@dataclass(frozen=True, slots=True)
class LotSearch:
    """What a search over all lots found, and where it stopped; None: at the end."""

    lots: list[Lot]
    stopped_at: Place | None


async def search_lots(tx: ReadTx, *, which: LotFilter, part: Slice) -> LotSearch:
    """Search all lots, lane by lane in the order in which they came to be; as `search_entries`."""
    state = {True: "l.is_open", False: "NOT l.is_open", None: "true"}[which.is_open]
    statement = _lots_statement(
        _write_search(
            f"SELECT {LOT_COLUMNS}, l.is_open FROM ledger.lots l WHERE true"  # noqa: S608
            f" {_between(_LOT_PLACE, part)}",
            f"looked_at l WHERE {state} {_LOT_MATCHES}",
        ),
        _LOT_PLACE,
        part,
    )
    rows = (
        await tx.connection.execute(statement, {**_lots_given(which), **_slice_given(part)})
    ).all()
    found = [lot_of(row[:-2]) for row in rows if not row.is_end]
    ends = [Place(row.lane, row.lot_id) for row in rows if row.is_end]
    return LotSearch(found, ends[0] if ends else None)


def _lots_statement(written: str, columns: Types, part: Slice) -> TextClause:
    types = {name: _FILTER_TYPES[name] for name in ("issuer", "expires_before")}
    if ":limit" in written:
        types["limit"] = _FILTER_TYPES["limit"]
    return text(written).bindparams(*_typed({**types, **_slice_types(columns, part)}))


def _entry_types() -> Types:
    left_out = ("issuer", "expires_before", "limit")
    return {name: kind for name, kind in _FILTER_TYPES.items() if name not in left_out}


def _typed(types: Types) -> list[Any]:
    return [bindparam(name, type_=kind) for name, kind in types.items()]


def _between(columns: Types, part: Slice) -> str:
    """Write the condition and the order of a slice; the row comparison is one index condition."""
    order = "DESC" if part.is_backward else "ASC"
    written = []
    for name, sign, position in (("after", ">", part.after), ("before", "<", part.before)):
        if position is not None:
            values = ", ".join(f":{name}_{index}" for index in range(len(columns)))
            written.append(f"AND ({', '.join(columns)}) {sign} ({values})")
    written.append("ORDER BY " + ", ".join(f"{column} {order}" for column in columns))
    return " ".join(written)


def _slice_types(columns: Types, part: Slice) -> Types:
    return {
        f"{name}_{index}": kind
        for name, position in (("after", part.after), ("before", part.before))
        if position is not None
        for index, kind in enumerate(columns.values())
    }


def _slice_given(part: Slice) -> dict[str, Any]:
    values = {
        f"{name}_{index}": value
        for name, position in (("after", part.after), ("before", part.before))
        for index, value in enumerate(position or ())
    }
    return {**values, "limit": part.limit}


def _lots_given(which: LotFilter) -> dict[str, Any]:
    return {"issuer": which.issuer_id, "expires_before": which.expires_before}


def _entries_given(which: EntryFilter, viewer_id: int | None) -> dict[str, Any]:
    return {
        "kinds": None if which.kinds is None else [kind.value for kind in which.kinds],
        "of_partner": which.partner_id,
        "viewer": viewer_id,
        "reference": which.reference,
        "occurred_from": which.occurred_from,
        "occurred_until": which.occurred_until,
        "posted_from": which.posted_from,
        "posted_until": which.posted_until,
    }
