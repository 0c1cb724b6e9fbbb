"""All SQL about caps; what posts against them is `post_batch`."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from hub.kernel.clock import as_utc
from hub.kernel.tx import RawConnection, ReadTx, Tx
from hub.ledger.caps.kinds import PARTIAL, PER_WALLET, Cap, CapKind, Renewal

FOREVER: Final = datetime.max.replace(tzinfo=UTC)
"""`ends_at` of a cap without an end; PostgreSQL's infinity."""

_OPEN: Final = "SELECT ledger.open_cap($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
_PUT: Final = """
SELECT ledger.open_cap(:cap_id, CAST(:kind AS smallint), :partner_id, :subject, :currency, :limit,
                       :starts_at, :ends_at, :renewal, :is_partial, :is_per_wallet)
"""
_ALL: Final = "SELECT * FROM ledger.caps ORDER BY kind, partner_id, subject, starts_at"
_STANDINGS: Final = """
SELECT k.*, coalesce(s.used, u.used, 0) AS used, coalesce(s.lane_count, 0) AS lane_count
FROM ledger.caps k
LEFT JOIN (SELECT cap_id, sum(used) AS used, count(*) AS lane_count FROM ledger.cap_slices
           GROUP BY cap_id) s USING (cap_id)
LEFT JOIN (SELECT cap_id, sum(used) AS used FROM ledger.cap_usage GROUP BY cap_id) u USING (cap_id)
ORDER BY k.kind, k.partner_id, k.subject, k.starts_at
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A cap and what is used of it: by all wallets together, even where each has its own."""

    cap: Cap
    used: Decimal
    lane_count: int


async def fetch_caps(connection: RawConnection) -> list[Cap]:
    """Read all caps."""
    return [_cap(row) for row in await connection.fetch(_ALL)]


async def list_standings(tx: ReadTx) -> list[Standing]:
    """List all caps with what is used of them."""
    rows = await tx.connection.execute(text(_STANDINGS))
    return [Standing(_cap(row), row["used"], row["lane_count"]) for row in rows.mappings()]


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
                "key_hash": UUID(bytes=sha256(key.encode()).digest()[:16]),
                "at": tx.now,
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
