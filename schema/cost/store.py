"""SQL of the buckets, and of the use of fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from hub.kernel.tx import ReadTx, Tx
from schema.cost.tables import cost_buckets, field_uses


@dataclass(frozen=True, slots=True)
class FieldUse:
    """How much one client uses one field."""

    client: str
    field: str
    first_on: date
    last_on: date
    use_count: int


async def lock_bucket(tx: Tx, client: str) -> datetime:
    """Lock the bucket of a client, made full when there is none, and say when it is full.

    Locks: the row of the client.
    """
    row = insert(cost_buckets).values(client=client, full_at=tx.now)
    same = row.on_conflict_do_update(
        index_elements=["client"], set_={"full_at": cost_buckets.c.full_at}
    )
    full_at: datetime = (
        await tx.connection.execute(same.returning(cost_buckets.c.full_at))
    ).scalar_one()
    return full_at


async def write_bucket(tx: Tx, client: str, full_at: datetime) -> None:
    """Write when a locked bucket will be full."""
    await tx.connection.execute(
        update(cost_buckets).where(cost_buckets.c.client == client).values(full_at=full_at)
    )


async def drop_full_buckets(tx: Tx) -> int:
    """Forget the buckets that are full: one that is not there is full too."""
    dropped = await tx.connection.execute(
        delete(cost_buckets).where(cost_buckets.c.full_at <= tx.now)
    )
    return dropped.rowcount


async def add_uses(tx: Tx, uses: Mapping[tuple[str, str], int]) -> None:
    """Add counts of uses by client and field.

    Locks: the rows of those, in their order, so that two processes never wait for each other.
    """
    if not uses:
        return
    row = insert(field_uses).values(
        client=bindparam("of_client"),
        field=bindparam("of_field"),
        first_on=tx.now.date(),
        last_on=tx.now.date(),
        use_count=bindparam("count"),
    )
    added = row.on_conflict_do_update(
        index_elements=["client", "field"],
        set_={
            "last_on": func.greatest(field_uses.c.last_on, row.excluded.last_on),
            "use_count": field_uses.c.use_count + row.excluded.use_count,
        },
    )
    await tx.connection.execute(
        added,
        [
            {"of_client": client, "of_field": field, "count": count}
            for (client, field), count in sorted(uses.items())
        ],
    )


async def list_uses(tx: ReadTx, fields: Sequence[str] | None, *, limit: int) -> list[FieldUse]:
    """List who uses which fields, by field and client; None: all fields."""
    found = select(field_uses).order_by(field_uses.c.field, field_uses.c.client).limit(limit)
    if fields is not None:
        found = found.where(field_uses.c.field.in_(fields))
    rows = await tx.connection.execute(found)
    return [FieldUse(**row._mapping) for row in rows]  # noqa: SLF001 (public, in spite of its name)
