"""All SQL about signing keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import insert, or_, select, text, update

from auth.oauth.jose import Jwk
from auth.oauth.tables import signing_keys
from hub.kernel.tx import ReadTx, Tx

_TURN: Final = 4_701_802_007
"""Names the lock under which keys are made: the number only has to be ours alone."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of the hub: published since `made_at`, signs from `signs_at`, good until `ends_at`."""

    key_id: str
    kind: str
    public_key: Jwk
    wrapped_key: bytes
    made_at: datetime
    signs_at: datetime
    ends_at: datetime | None


async def take_turn(tx: Tx) -> None:
    """Let nobody else make keys until this transaction ends."""
    await tx.connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})


async def list_keys(tx: ReadTx, *, with_ended: bool) -> list[SigningKey]:
    """List the keys, the newest first within a kind."""
    query = select(signing_keys).order_by(
        signing_keys.c.kind, signing_keys.c.signs_at.desc(), signing_keys.c.key_id
    )
    if not with_ended:
        query = query.where(or_(signing_keys.c.ends_at.is_(None), signing_keys.c.ends_at > tx.now))
    rows = await tx.connection.execute(query)
    return [
        SigningKey(
            row.key_id,
            row.kind,
            row.public_key,
            row.wrapped_key,
            row.made_at,
            row.signs_at,
            row.ends_at,
        )
        for row in rows
    ]


async def insert_key(tx: Tx, key: SigningKey) -> None:
    """Store a new key."""
    await tx.connection.execute(
        insert(signing_keys).values(
            key_id=key.key_id,
            kind=key.kind,
            public_key=dict(key.public_key),
            wrapped_key=key.wrapped_key,
            made_at=key.made_at,
            signs_at=key.signs_at,
            ends_at=key.ends_at,
        )
    )


async def end_keys(tx: Tx, key_ids: Sequence[str], *, ends_at: datetime) -> None:
    """Say when keys end; one that ends sooner stays as it is."""
    await tx.connection.execute(
        update(signing_keys)
        .where(
            signing_keys.c.key_id.in_(key_ids),
            or_(signing_keys.c.ends_at.is_(None), signing_keys.c.ends_at > ends_at),
        )
        .values(ends_at=ends_at)
    )
