"""All SQL about clients."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from auth.oauth.jose import Jwk
from auth.oauth.tables import oauth_clients, seen_proofs
from hub.kernel.tx import ReadTx, Tx


@dataclass(frozen=True, slots=True)
class Client:
    """Software of a partner that may call."""

    client_id: str
    partner_id: int
    name: str
    keys: tuple[Jwk, ...] | None
    jwks_uri: str | None
    scopes: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    registered_at: datetime
    revoked_at: datetime | None


async def insert_client(tx: Tx, client: Client) -> None:
    """Store a new client."""
    await tx.connection.execute(
        insert(oauth_clients).values(
            client_id=client.client_id,
            partner_id=client.partner_id,
            name=client.name,
            keys=_write_keys(client.keys),
            jwks_uri=client.jwks_uri,
            scopes=list(client.scopes),
            redirect_uris=list(client.redirect_uris),
            registered_at=client.registered_at,
        )
    )


async def find_client(tx: ReadTx, client_id: str) -> Client | None:
    """Find a client by its id, also one that was revoked."""
    row = (
        await tx.connection.execute(
            select(oauth_clients).where(oauth_clients.c.client_id == client_id)
        )
    ).one_or_none()
    return None if row is None else _client(row)


async def list_clients(tx: ReadTx) -> list[Client]:
    """List all clients, by partner and age."""
    rows = await tx.connection.execute(
        select(oauth_clients).order_by(
            oauth_clients.c.partner_id, oauth_clients.c.registered_at, oauth_clients.c.client_id
        )
    )
    return [_client(row) for row in rows]


async def lock_client(tx: Tx, client_id: str) -> Client | None:
    """Find a client whose keys are about to change.

    Locks: the client.
    """
    row = (
        await tx.connection.execute(
            select(oauth_clients).where(oauth_clients.c.client_id == client_id).with_for_update()
        )
    ).one_or_none()
    return None if row is None else _client(row)


async def set_keys(tx: Tx, client_id: str, keys: Sequence[Jwk]) -> None:
    """Give a client other keys."""
    await tx.connection.execute(
        update(oauth_clients)
        .where(oauth_clients.c.client_id == client_id)
        .values(keys=_write_keys(keys), jwks_uri=None)
    )


async def end_client(tx: Tx, client_id: str) -> None:
    """End a client, unless it has ended before."""
    await tx.connection.execute(
        update(oauth_clients)
        .where(oauth_clients.c.client_id == client_id, oauth_clients.c.revoked_at.is_(None))
        .values(revoked_at=tx.now)
    )


async def take_proofs(tx: Tx, proofs: Sequence[tuple[bytes, datetime]]) -> set[bytes]:
    """Use up assertions and proofs, and say which were new.

    Of several who bring the same at once, one finds it new: the others wait for its commit.
    """
    found = await tx.connection.execute(
        upsert(seen_proofs)
        .values([{"proof_hash": each, "ends_at": ends_at} for each, ends_at in sorted(proofs)])
        .on_conflict_do_nothing()
        .returning(seen_proofs.c.proof_hash)
    )
    return {row.proof_hash for row in found}


def _write_keys(keys: Sequence[Jwk] | None) -> dict[str, Any] | None:
    return None if keys is None else {"keys": [dict(key) for key in keys]}


def _client(row: Row[Any]) -> Client:
    return Client(
        client_id=row.client_id,
        partner_id=row.partner_id,
        name=row.name,
        keys=None if row.keys is None else tuple(row.keys["keys"]),
        jwks_uri=row.jwks_uri,
        scopes=tuple(row.scopes),
        redirect_uris=tuple(row.redirect_uris),
        registered_at=row.registered_at,
        revoked_at=row.revoked_at,
    )
