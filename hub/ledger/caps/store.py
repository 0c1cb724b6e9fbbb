"""All SQL about caps; what posts against them is `post_batch`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    SmallInteger,
    Text,
    bindparam,
    text,
)

from hub.kernel.clock import as_utc
from hub.kernel.slices import Slice
from hub.kernel.tx import RawConnection, ReadTx, Tx
from hub.ledger.caps.kinds import PARTIAL, PER_WALLET, Cap, CapKind, Renewal
from hub.ledger.operations import LANE_COUNT, Place

FOREVER: Final = datetime.max.replace(tzinfo=UTC)
"""`ends_at` of a cap without an end; PostgreSQL's infinity."""

_OPEN: Final = "SELECT ledger.open_cap($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
_PUT: Final = """
SELECT ledger.open_cap(:cap_id, CAST(:kind AS smallint), :partner_id, :subject, :currency, :limit,
                       :starts_at, :ends_at, :renewal, :is_partial, :is_per_wallet)
"""
_LATE_DAYS: Final = 46
"""Nothing that happened longer ago is charged any more; older caps are not kept in memory."""
# The last cap of a series is known for ever: the next one is made after it.
_KNOWN: Final = """
SELECT * FROM (SELECT *, max(starts_at) OVER (PARTITION BY kind, partner_id, subject) AS last_at
               FROM ledger.caps) k
WHERE ends_at > last_at - make_interval(days => $1) ORDER BY kind, partner_id, subject, starts_at
"""
# Of few caps, in the order of their index: what is used is added up of those that are shown only.
_STANDINGS: Final = """
SELECT k.*, coalesce(s.used, u.used, 0) AS used, coalesce(s.lane_count, 0) AS lane_count
FROM ledger.caps k
LEFT JOIN LATERAL (SELECT sum(x.used) AS used, count(*) AS lane_count FROM ledger.cap_slices x
                   WHERE x.cap_id = k.cap_id) s ON NOT k.is_per_wallet
LEFT JOIN LATERAL (SELECT sum(x.used) AS used FROM ledger.cap_usage x
                   WHERE x.lane = ANY (:lanes) AND x.cap_id = k.cap_id) u ON k.is_per_wallet
WHERE (:cap_id IS NULL OR k.cap_id = :cap_id) AND (:kinds IS NULL OR k.kind = ANY (:kinds))
  AND (:partner_id IS NULL OR k.partner_id = :partner_id)
  AND (:in_force_at IS NULL OR k.starts_at <= :in_force_at AND :in_force_at < k.ends_at)
"""
_FILTER_TYPES: Final[Mapping[str, Any]] = {
    "lanes": ARRAY(SmallInteger),
    "cap_id": BigInteger(),
    "kinds": ARRAY(SmallInteger),
    "partner_id": Integer(),
    "in_force_at": DateTime(timezone=True),
}
_PLACE_TYPES: Final[Mapping[str, Any]] = {
    "kind": SmallInteger(),
    "partner_id": Integer(),
    "subject": Text(),
    "starts_at": DateTime(timezone=True),
}
_PLACE: Final = "(k.kind, k.partner_id, k.subject, k.starts_at)"
_LANES: Final = list(range(LANE_COUNT))


@dataclass(frozen=True, slots=True)
class CapFilter:
    """Which caps are meant; None: any. Those in force at an instant began by then, and go on."""

    cap_id: int | None = None
    kinds: tuple[CapKind, ...] | None = None
    partner_id: int | None = None
    in_force_at: datetime | None = None


CapPosition: TypeAlias = tuple[int, int, str, datetime]
"""Where a cap stands among all: its kind, partner, subject and beginning."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A cap and what is used of it: by all wallets together, even where each has its own."""

    cap: Cap
    used: Decimal
    lane_count: int


async def fetch_caps(connection: RawConnection) -> list[Cap]:
    """Read the caps that something may still be charged to, and the last of each series."""
    return [_cap(row) for row in await connection.fetch(_KNOWN, _LATE_DAYS)]


async def list_standings(tx: ReadTx, which: CapFilter, part: Slice | None = None) -> list[Standing]:
    """List caps with what is used of them, by kind, partner, subject and beginning.

    Without `part` all of them; positions are `CapPosition`s.
    """
    written, direction = _STANDINGS, ""
    given = {
        "lanes": _LANES,
        "cap_id": which.cap_id,
        "kinds": None if which.kinds is None else [kind.value for kind in which.kinds],
        "partner_id": which.partner_id,
        "in_force_at": which.in_force_at,
    }
    types: dict[str, Any] = dict(_FILTER_TYPES)
    if part is not None:
        for end, sign in (("after", ">"), ("before", "<")):
            place = getattr(part, end)
            if place is not None:
                names = [f"{end}_{name}" for name in _PLACE_TYPES]
                written += f" AND {_PLACE} {sign} ({', '.join(f':{name}' for name in names)})"
                given |= dict(zip(names, place, strict=True))
                types |= dict(zip(names, _PLACE_TYPES.values(), strict=True))
        direction = " DESC" if part.is_backward else ""
    columns = ("kind", "partner_id", "subject", "starts_at")
    written += " ORDER BY " + ", ".join(f"k.{column}{direction}" for column in columns)
    if part is not None:
        written += f" LIMIT {part.limit:d}"
    statement = text(written).bindparams(*(bindparam(name, type_=of) for name, of in types.items()))
    rows = await tx.connection.execute(statement, given)
    return [Standing(_cap(row), row["used"], row["lane_count"]) for row in rows.mappings()]


async def find_used_by(tx: ReadTx, cap_id: int, wallet: Place) -> int:
    """Say how many points a wallet has used of a cap that each wallet has to itself."""
    rows = await tx.connection.execute(
        text(
            "SELECT CAST(used AS bigint) FROM ledger.cap_usage"
            " WHERE lane = :lane AND cap_id = :cap_id AND wallet_id = :wallet_id"
        ),
        {"lane": wallet.lane, "cap_id": cap_id, "wallet_id": wallet.number},
    )
    return rows.scalar_one_or_none() or 0


async def open_cap(connection: RawConnection, cap: Cap) -> bool:
    """Open a cap; False when it was open, which changes nothing.

    Locks: its home lane.
    """
    opened: bool = await connection.fetchval(_OPEN, *_columns(cap).values())
    return opened


async def put_cap(tx: Tx, cap: Cap) -> None:
    """Open a cap within a transaction of the operator; one that is open stays as it is.

    Locks: its home lane.
    """
    await tx.connection.execute(text(_PUT), _columns(cap))


async def set_cap_limit(tx: Tx, cap_id: int, limit: Decimal) -> None:
    """Raise or lower a limit; lowered below what is used, the cap grants nothing more.

    Locks: every lane, ascending.
    """
    await tx.connection.execute(
        text("SELECT ledger.set_cap_limit(:cap_id, :limit)"), {"cap_id": cap_id, "limit": limit}
    )


async def give_back(tx: Tx, cap_id: int, amount: Decimal, *, key: str) -> bool:
    """Let a payment free a part of a shared cap, once for each key; False: it did before.

    Units: money of the cap's currency, or points. Locks: the home lane of the cap.
    """
    given: bool = (
        await tx.connection.execute(
            text("SELECT ledger.give_back(:cap_id, :amount, :key_hash, :at)"),
            {
                "cap_id": cap_id,
                "amount": amount,
                "key_hash": _hash(key),
                "at": tx.now,
            },
        )
    ).scalar_one()
    return given


async def carry_usage(tx: Tx, wallet: Place, to_wallet: Place, *, key: str) -> None:
    """Let another wallet have used what this one has of the caps that each wallet has to itself.

    Caps that are over, and to which nothing late is charged any more, stay.

    Locks: both lanes, ascending.
    """
    await tx.connection.execute(
        text(
            "SELECT ledger.carry_usage(CAST(:lane AS smallint), :number,"
            " CAST(:to_lane AS smallint), :to_number, :key_hash, :since)"
        ),
        {**_way(wallet, to_wallet, key), "since": tx.now - timedelta(days=_LATE_DAYS)},
    )


async def carry_back(tx: Tx, wallet: Place, from_wallet: Place, *, key: str) -> None:
    """Let a wallet have used again what was carried from it to another one under a key.

    Locks: both lanes, ascending.
    """
    await tx.connection.execute(
        text(
            "SELECT ledger.carry_back(CAST(:lane AS smallint), :number, CAST(:to_lane AS smallint),"
            " :to_number, :key_hash)"
        ),
        _way(wallet, from_wallet, key),
    )


async def give_back_to_wallet(
    tx: Tx, cap_id: int, wallet: Place, amount: Decimal, *, key: str
) -> bool:
    """Give back to a wallet's own cap, once for each key; False: it did before.

    Units: points. Locks: the lane of the wallet.
    """
    given: bool = (
        await tx.connection.execute(
            text(
                "SELECT ledger.give_back_to_wallet(CAST(:lane AS smallint), :cap_id, :number,"
                " :amount, :key_hash)"
            ),
            {
                "lane": wallet.lane,
                "cap_id": cap_id,
                "number": wallet.number,
                "amount": amount,
                "key_hash": _hash(key),
            },
        )
    ).scalar_one()
    return given


async def borrow_slice(
    connection: RawConnection, cap_id: int, *, lane: int, wanted: int
) -> Decimal | None:
    """Let a lane's slice of a cap borrow from others until it can grant what is wanted.

    None: try again. A number: all that is left of the cap, which lies in this lane now.

    Locks: the lanes that lend and the one that borrows, ascending.
    """
    rest: Decimal | None = await connection.fetchval(
        "SELECT ledger.borrow_slice($1, $2::smallint, $3)", cap_id, lane, Decimal(wanted)
    )
    return rest


def _hash(key: str) -> UUID:
    return UUID(bytes=sha256(key.encode()).digest()[:16])


def _way(wallet: Place, to_wallet: Place, key: str) -> dict[str, Any]:
    return {
        "lane": wallet.lane,
        "number": wallet.number,
        "to_lane": to_wallet.lane,
        "to_number": to_wallet.number,
        "key_hash": _hash(key),
    }


def _columns(cap: Cap) -> dict[str, Any]:
    return {
        "cap_id": cap.cap_id,
        "kind": cap.kind.value,
        "partner_id": cap.partner_id,
        "subject": cap.subject,
        "currency": cap.currency,
        "limit": cap.limit,
        "starts_at": cap.starts_at,
        "ends_at": cap.ends_at,
        "renewal": cap.renewal,
        "is_partial": cap.kind in PARTIAL,
        "is_per_wallet": cap.kind in PER_WALLET,
    }


def _cap(row: Any) -> Cap:  # noqa: ANN401 (a row of ledger.caps)
    return Cap(
        kind=CapKind(row["kind"]),
        partner_id=row["partner_id"],
        subject=row["subject"],
        currency=row["currency"],
        limit=row["limit_amount"],
        starts_at=as_utc(row["starts_at"]),
        ends_at=as_utc(row["ends_at"]),
        renewal=row["renewal"] and Renewal(row["renewal"]),
    )
