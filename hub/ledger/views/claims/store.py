"""What is set aside of wallets, owed by them, or restricted; each read takes many wallets at once.

Source: rule book 1.2.4, 1.4.2, 1.6.3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Integer, bindparam, text

from hub.kernel.clock import as_utc
from hub.kernel.slices import Slice
from hub.kernel.tx import ReadTx
from hub.ledger.operations import Place
from hub.ledger.views.store import given

LAST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Hold:
    """Points that are set aside until a hold ends; `partner_id` is 0 for the hub's own."""

    place: Place
    wallet_id: int
    partner_id: int
    points: int
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Arrears:
    """What is left of a debt of a wallet; its place is the entry that made it."""

    place: Place
    wallet_id: int
    creditor_id: int
    points: int
    owed_points: int


@dataclass(frozen=True, slots=True)
class RestrictionRow:
    """Where restricted lots may be used; None: anywhere."""

    acceptor_ids: tuple[int, ...] | None
    categories: tuple[str, ...] | None
    is_transferable: bool
    is_exchangeable: bool


async def page_holds(
    tx: ReadTx, wallets: Sequence[Place], *, viewer_id: int | None, part: Slice
) -> dict[Place, list[Hold]]:
    """List a slice of the holds of each wallet that are open at `tx.now`, oldest first.

    A partner sees those that it asked for. Positions are sequences.
    """
    rows = await tx.connection.execute(
        _PAGE_HOLDS[part.is_backward],
        {**given(wallets), **_slice_given(part), "now": tx.now, "viewer": viewer_id},
    )
    found: dict[Place, list[Hold]] = {wallet: [] for wallet in wallets}
    for lane, seq, wallet_id, partner_id, points, ends_at in rows:
        hold = Hold(Place(lane, seq), wallet_id, partner_id, points, as_utc(ends_at))
        found[Place(lane, wallet_id)].append(hold)
    return found


async def page_arrears(
    tx: ReadTx, wallets: Sequence[Place], *, viewer_id: int | None, part: Slice
) -> dict[Place, list[Arrears]]:
    """List a slice of what each wallet owes, oldest debt first; a partner sees its own claims.

    Positions are sequences.
    """
    rows = await tx.connection.execute(
        _PAGE_ARREARS[part.is_backward],
        {**given(wallets), **_slice_given(part), "viewer": viewer_id},
    )
    found: dict[Place, list[Arrears]] = {wallet: [] for wallet in wallets}
    for lane, seq, *rest in rows:
        debt = Arrears(Place(lane, seq), *rest)
        found[Place(lane, debt.wallet_id)].append(debt)
    return found


async def list_restrictions(tx: ReadTx, numbers: Sequence[int]) -> dict[int, RestrictionRow]:
    """Find rules for restricted lots by their numbers."""
    rows = await tx.connection.execute(_LIST_RESTRICTIONS, {"numbers": list(numbers)})
    return {
        row.restriction_id: RestrictionRow(
            None if row.acceptor_ids is None else tuple(row.acceptor_ids),
            None if row.categories is None else tuple(row.categories),
            row.is_transferable,
            row.is_exchangeable,
        )
        for row in rows
    }


async def find_restriction(tx: ReadTx, rule_hash: bytes) -> int | None:
    """Find the number of a rule for restricted lots; None while no lot has had it."""
    number: int | None = (
        await tx.connection.execute(_FIND_RESTRICTION, {"hash": UUID(bytes=rule_hash)})
    ).scalar_one_or_none()
    return number


async def count_open_holds(tx: ReadTx, wallet: Place) -> int:
    """Count what is set aside of a wallet at `tx.now`."""
    counted: int = (
        await tx.connection.execute(
            text(
                "SELECT count(*) FROM ledger.holds WHERE lane = :lane AND wallet_id = :number"
                " AND is_open AND ends_at > :now"
            ).bindparams(_NOW),
            {"lane": wallet.lane, "number": wallet.number, "now": tx.now},
        )
    ).scalar_one()
    return counted


@dataclass(frozen=True, slots=True)
class MovedDebt:
    """What was taken off a wallet's arrears, or added to them, under a reference."""

    entry: Place
    creditor_id: int
    points: int


async def list_moved_debts(
    tx: ReadTx, wallet: Place, reference: str, *, is_taken_off: bool
) -> list[MovedDebt]:
    """List what was taken off a wallet's arrears, or added to them, under a reference."""
    rows = await tx.connection.execute(
        text(
            "SELECT e.seq, e.partner_id, e.points FROM ledger.entries e WHERE e.lane = :lane"
            " AND e.wallet_id = :number AND e.kind = 19 AND coalesce(e.mode, 0) = :mode"
            " AND e.reference = :reference ORDER BY e.seq"
        ),
        {
            "lane": wallet.lane,
            "number": wallet.number,
            "mode": int(is_taken_off),
            "reference": reference,
        },
    )
    return [MovedDebt(Place(wallet.lane, row[0]), row[1], row[2]) for row in rows]


async def list_arrears(tx: ReadTx, wallet: Place) -> list[Arrears]:
    """List all that a wallet ever owed, oldest debt first; `owed_points` may be 0."""
    rows = await tx.connection.execute(
        text(
            "SELECT lane, seq, wallet_id, creditor_id, points, owed_points FROM ledger.arrears"
            " WHERE lane = :lane AND wallet_id = :number ORDER BY seq"
        ),
        {"lane": wallet.lane, "number": wallet.number},
    )
    return [Arrears(Place(row[0], row[1]), *row[2:]) for row in rows]


async def get_held_points(tx: ReadTx, hold: Place) -> int:
    """Give how many points a hold sets aside; 0 when it has ended."""
    points: int = (
        await tx.connection.execute(
            text(
                "SELECT CASE WHEN is_open THEN points ELSE 0 END FROM ledger.holds"
                " WHERE lane = :lane AND hold_seq = :seq"
            ),
            {"lane": hold.lane, "seq": hold.number},
        )
    ).scalar_one()
    return points


async def list_holds_towards(tx: ReadTx, wallet: Place, to_wallet: Place) -> list[Place]:
    """List the open holds of a wallet whose points are on their way to another one."""
    rows = await tx.connection.execute(
        text(
            "SELECT lane, hold_seq FROM ledger.holds WHERE lane = :lane AND wallet_id = :number"
            " AND is_open AND purpose = 6 AND counter_lane = :to_lane"
            " AND counter_wallet_id = :to_number ORDER BY hold_seq"
        ),
        {
            "lane": wallet.lane,
            "number": wallet.number,
            "to_lane": to_wallet.lane,
            "to_number": to_wallet.number,
        },
    )
    return [Place(row[0], row[1]) for row in rows]


async def sum_contributed(
    tx: ReadTx, wallet: Place, contributor: Place, *, since: datetime
) -> tuple[int, int]:
    """Add up what a contributor brought into a wallet, and what of it is still there and free.

    What an issuer took back of unspent points is as if it had never come.

    Units: whole points; what has expired by `tx.now` is not there.
    """
    row = (
        await tx.connection.execute(
            text(
                "SELECT CAST(coalesce(sum(l.points + coalesce(r.points, 0)), 0) AS bigint),"
                " CAST(coalesce(sum(l.remaining_points - l.held_points)"
                "               FILTER (WHERE l.is_open AND l.expires_at > :now), 0) AS bigint)"
                " FROM ledger.entries e JOIN ledger.lots l"
                "      ON l.lane = e.lane AND l.lot_id = e.lot_id"
                " LEFT JOIN LATERAL (SELECT sum(a.points) AS points"
                "      FROM ledger.entries v JOIN ledger.allocations a"
                "           ON a.lane = v.lane AND a.seq = v.seq AND a.kind = 1"
                "      WHERE v.lane = l.lane AND v.ref_seq = l.source_seq AND v.kind = 4"
                "        AND v.lot_id = l.lot_id) r ON true"
                " WHERE e.lane = :lane AND e.wallet_id = :number AND e.kind = 15"
                " AND e.counter_wallet_id = :contributor AND e.posted_at >= :since"
                " AND l.contributor_wallet_id = :contributor"
            ).bindparams(_NOW, bindparam("since", type_=DateTime(timezone=True))),
            {
                "lane": wallet.lane,
                "number": wallet.number,
                "contributor": contributor.number,
                "since": since,
                "now": tx.now,
            },
        )
    ).one()
    return row[0], row[1]


async def list_transfers_aside(tx: ReadTx, wallets: Sequence[Place]) -> list[Place]:
    """List the wallets that some wallets have ever set points aside for, to move there."""
    rows = await tx.connection.execute(
        text(
            "SELECT DISTINCT e.counter_lane, e.counter_wallet_id"
            " FROM unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))"
            "      AS own (lane, wallet_id)"
            " JOIN ledger.entries e ON e.lane = own.lane AND e.wallet_id = own.wallet_id"
            " WHERE e.kind = 10 AND e.mode = 6 AND e.counter_lane IS NOT NULL ORDER BY 1, 2"
        ),
        given(wallets),
    )
    return [Place(row[0], row[1]) for row in rows]


async def list_contributors(tx: ReadTx, wallet: Place) -> list[int]:
    """List the wallets that points came from which lie free in a household's wallet."""
    rows = await tx.connection.execute(
        text(
            "SELECT DISTINCT contributor_wallet_id FROM ledger.lots"
            " WHERE lane = :lane AND wallet_id = :number AND is_open"
            " AND remaining_points > held_points AND contributor_wallet_id IS NOT NULL ORDER BY 1"
        ),
        {"lane": wallet.lane, "number": wallet.number},
    )
    return [row[0] for row in rows]


def _slice_given(part: Slice) -> dict[str, Any]:
    return {
        "after": part.after[0] if part.after else 0,
        "before": part.before[0] if part.before else LAST,
        "limit": part.limit,
    }


_NOW: Final = bindparam("now", type_=DateTime(timezone=True))
_VIEWER: Final = bindparam("viewer", type_=Integer)
_BETWEEN: Final = (
    bindparam("after", type_=BigInteger),
    bindparam("before", type_=BigInteger),
    bindparam("limit", type_=Integer),
)

_HOLDS: Final = """
SELECT page.* FROM unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                   AS given (lane, wallet_id)
CROSS JOIN LATERAL (
    SELECT h.lane, h.hold_seq, h.wallet_id, h.partner_id, h.points, h.ends_at
    FROM ledger.holds h
    WHERE h.lane = given.lane AND h.wallet_id = given.wallet_id AND h.is_open AND h.ends_at > :now
      AND (:viewer IS NULL OR h.partner_id = :viewer)
      AND h.hold_seq > :after AND h.hold_seq < :before
    ORDER BY h.hold_seq {order} LIMIT :limit) page
ORDER BY page.lane, page.hold_seq {order}
"""
_ARREARS: Final = """
SELECT page.* FROM unnest(CAST(:lanes AS smallint[]), CAST(:numbers AS bigint[]))
                   AS given (lane, wallet_id)
CROSS JOIN LATERAL (
    SELECT a.lane, a.seq, a.wallet_id, a.creditor_id, a.points, a.owed_points
    FROM ledger.arrears a
    WHERE a.lane = given.lane AND a.wallet_id = given.wallet_id AND a.owed_points > 0
      AND (:viewer IS NULL OR a.creditor_id = :viewer)
      AND a.seq > :after AND a.seq < :before
    ORDER BY a.seq {order} LIMIT :limit) page
ORDER BY page.lane, page.seq {order}
"""
_ORDERS: Final = {False: "ASC", True: "DESC"}
_PAGE_HOLDS: Final = {
    is_backward: text(_HOLDS.format(order=order)).bindparams(_NOW, _VIEWER, *_BETWEEN)
    for is_backward, order in _ORDERS.items()
}
_PAGE_ARREARS: Final = {
    is_backward: text(_ARREARS.format(order=order)).bindparams(_VIEWER, *_BETWEEN)
    for is_backward, order in _ORDERS.items()
}
_LIST_RESTRICTIONS: Final = text(
    "SELECT restriction_id, acceptor_ids, categories, is_transferable, is_exchangeable"
    " FROM ledger.restrictions WHERE restriction_id = ANY (CAST(:numbers AS integer[]))"
)
_FIND_RESTRICTION: Final = text(
    "SELECT restriction_id FROM ledger.restrictions WHERE rule_hash = CAST(:hash AS uuid)"
)
