"""All SQL about the audit log. It is appended to by a function; nobody may write its rows."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from auth.audit.chain import Head, Record
from hub.kernel.tx import ReadTx, Tx

ROWS_AT_ONCE: Final = 1_000

_APPEND: Final = text(
    "SELECT audit.append(CAST(:at AS timestamptz), :event, :actor, CAST(:person_id AS integer),"
    " CAST(:client_id AS text), :subject, :detail)"
)
_SIGN: Final = text("SELECT audit.sign_head(:seq, CAST(:at AS timestamptz), :key, :signature)")
_COLUMNS: Final = (
    "SELECT seq, at, event, actor, person_id, client_id, subject, detail, previous_hash, hash"
    " FROM audit.log"
)


async def append(
    tx: Tx,
    *,
    event: str,
    actor: str,
    person_id: int | None,
    client_id: str | None,
    subject: str,
    detail: str,
) -> int:
    """Append a record to the chain and give its number."""
    result = await tx.connection.execute(
        _APPEND,
        {
            "at": tx.now,
            "event": event,
            "actor": actor,
            "person_id": person_id,
            "client_id": client_id,
            "subject": subject,
            "detail": detail,
        },
    )
    seq: int = result.scalar_one()
    return seq


async def stream_records(tx: ReadTx) -> AsyncIterator[Record]:
    """Give all records from the first on."""
    rows = await tx.connection.stream(
        text(f"{_COLUMNS} ORDER BY seq"), execution_options={"yield_per": ROWS_AT_ONCE}
    )
    async for row in rows:
        yield _record(row)


async def list_newest(tx: ReadTx, *, limit: int) -> list[Record]:
    """List the newest records, the newest last."""
    rows = await tx.connection.execute(
        text(f"{_COLUMNS} ORDER BY seq DESC LIMIT :limit"), {"limit": limit}
    )
    return [_record(row) for row in rows][::-1]


async def list_heads(tx: ReadTx) -> list[Head]:
    """List all signed heads with the hash that the log has there now."""
    rows = await tx.connection.execute(
        text(
            "SELECT h.seq, l.hash, h.signed_at, h.public_key, h.signature"
            " FROM audit.heads h LEFT JOIN audit.log l USING (seq) ORDER BY h.seq"
        )
    )
    return [Head(row[0], row[1] or b"", row[2], row[3], row[4]) for row in rows]


async def insert_head(
    tx: Tx, *, seq: int, signed_at: datetime, public_key: bytes, signature: bytes
) -> None:
    """Store a signed head."""
    await tx.connection.execute(
        _SIGN, {"seq": seq, "at": signed_at, "key": public_key, "signature": signature}
    )


def _record(row: Sequence[Any]) -> Record:
    return Record(*row)
