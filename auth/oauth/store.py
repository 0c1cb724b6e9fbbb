"""All SQL about pushed requests, grants, codes, refresh tokens, and what is revoked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, Table, delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from auth.oauth.tables import (
    authorization_codes,
    oauth_grants,
    pushed_requests,
    refresh_tokens,
    revoked_tokens,
    seen_proofs,
)
from hub.kernel.actor import Order
from hub.kernel.tx import RawConnection, ReadTx, Tx

REVOKED_CHANNEL: Final = "oauth_revoked"
"""Told when a token, a grant, a client or a key ends."""

KEPT_AFTER: Final = timedelta(days=1)
"""How long what is over is kept, so that a second use of it is known for one."""

SWEPT_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Grant:
    """What a member allowed a client."""

    grant_id: int
    client_id: str
    member_id: int
    scopes: tuple[str, ...]
    order: Order | None
    nonce: str | None
    acr: str
    amr: tuple[str, ...]
    authenticated_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code, by its hash."""

    code_hash: bytes
    grant_id: int
    client_id: str
    redirect_uri: str
    code_challenge: str
    thumbprint: str | None
    ends_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token, by its hash."""

    token_hash: bytes
    grant_id: int
    client_id: str
    thumbprint: str
    ends_at: datetime
    used_at: datetime | None


async def insert_pushed(
    tx: Tx, request_hash: bytes, client_id: str, request: Mapping[str, Any], *, ends_at: datetime
) -> None:
    """Store a request that a client pushed."""
    await _sweep(tx, pushed_requests, before=tx.now - KEPT_AFTER)
    await tx.connection.execute(
        insert(pushed_requests).values(
            request_hash=request_hash,
            client_id=client_id,
            request=dict(request),
            pushed_at=tx.now,
            ends_at=ends_at,
        )
    )


async def open_pushed(
    tx: Tx, request_hash: bytes, client_id: str, *, ends_at: datetime
) -> tuple[dict[str, Any], datetime] | None:
    """Find a pushed request that a browser brings, with the instant of its push; None: not good.

    The first time it is brought it gets more time, until `ends_at`: people sign in slowly.
    """
    mine = (
        pushed_requests.c.request_hash == request_hash,
        pushed_requests.c.client_id == client_id,
        pushed_requests.c.used_at.is_(None),
        pushed_requests.c.ends_at > tx.now,
    )
    await tx.connection.execute(
        update(pushed_requests)
        .where(*mine, pushed_requests.c.opened_at.is_(None))
        .values(opened_at=tx.now, ends_at=ends_at)
    )
    row = (await tx.connection.execute(select(pushed_requests).where(*mine))).one_or_none()
    return None if row is None else (row.request, row.pushed_at)


async def use_pushed(tx: Tx, request_hash: bytes) -> bool:
    """Use up a pushed request; False when somebody else has."""
    used = await tx.connection.execute(
        update(pushed_requests)
        .where(
            pushed_requests.c.request_hash == request_hash,
            pushed_requests.c.used_at.is_(None),
            pushed_requests.c.ends_at > tx.now,
        )
        .values(used_at=tx.now)
        .returning(pushed_requests.c.request_hash)
    )
    return used.one_or_none() is not None


async def insert_grant(tx: Tx, grant: Grant) -> None:
    """Store what a member allowed."""
    await tx.connection.execute(
        insert(oauth_grants).values(
            grant_id=grant.grant_id,
            client_id=grant.client_id,
            member_id=grant.member_id,
            scopes=list(grant.scopes),
            order_points=None if grant.order is None else grant.order.points,
            order_reference=None if grant.order is None else grant.order.reference,
            nonce=grant.nonce,
            acr=grant.acr,
            amr=list(grant.amr),
            authenticated_at=grant.authenticated_at,
            granted_at=tx.now,
        )
    )


async def get_grant(tx: ReadTx, grant_id: int) -> Grant:
    """Get a grant that a code or a token names."""
    row = (
        await tx.connection.execute(select(oauth_grants).where(oauth_grants.c.grant_id == grant_id))
    ).one()
    return _grant(row)


async def insert_code(tx: Tx, code: Code) -> None:
    """Store a new code."""
    await _sweep(tx, authorization_codes, before=tx.now - KEPT_AFTER)
    await tx.connection.execute(
        insert(authorization_codes).values(
            code_hash=code.code_hash,
            grant_id=code.grant_id,
            client_id=code.client_id,
            redirect_uri=code.redirect_uri,
            code_challenge=code.code_challenge,
            key_thumbprint=code.thumbprint,
            ends_at=code.ends_at,
        )
    )


async def find_code(tx: ReadTx, code_hash: bytes) -> Code | None:
    """Find a code, also one that was used."""
    row = (
        await tx.connection.execute(
            select(authorization_codes).where(authorization_codes.c.code_hash == code_hash)
        )
    ).one_or_none()
    if row is None:
        return None
    return Code(
        row.code_hash,
        row.grant_id,
        row.client_id,
        row.redirect_uri,
        row.code_challenge,
        row.key_thumbprint,
        row.ends_at,
        row.used_at,
    )


async def use_code(tx: Tx, code_hash: bytes) -> bool:
    """Use up a code; False when somebody else has: of several at once, one finds it unused."""
    used = await tx.connection.execute(
        update(authorization_codes)
        .where(
            authorization_codes.c.code_hash == code_hash,
            authorization_codes.c.used_at.is_(None),
            authorization_codes.c.ends_at > tx.now,
        )
        .values(used_at=tx.now)
        .returning(authorization_codes.c.code_hash)
    )
    return used.one_or_none() is not None


async def insert_refresh(tx: Tx, token: RefreshToken) -> None:
    """Store a new refresh token."""
    await tx.connection.execute(
        insert(refresh_tokens).values(
            token_hash=token.token_hash,
            grant_id=token.grant_id,
            client_id=token.client_id,
            key_thumbprint=token.thumbprint,
            made_at=tx.now,
            ends_at=token.ends_at,
        )
    )


async def find_refresh(tx: ReadTx, token_hash: bytes) -> RefreshToken | None:
    """Find a refresh token, also one that was used."""
    row = (
        await tx.connection.execute(
            select(refresh_tokens).where(refresh_tokens.c.token_hash == token_hash)
        )
    ).one_or_none()
    if row is None:
        return None
    return RefreshToken(
        row.token_hash, row.grant_id, row.client_id, row.key_thumbprint, row.ends_at, row.used_at
    )


async def use_refresh(tx: Tx, token_hash: bytes) -> bool:
    """Use up a refresh token; False when somebody else has."""
    used = await tx.connection.execute(
        update(refresh_tokens)
        .where(
            refresh_tokens.c.token_hash == token_hash,
            refresh_tokens.c.used_at.is_(None),
            refresh_tokens.c.ends_at > tx.now,
        )
        .values(used_at=tx.now)
        .returning(refresh_tokens.c.token_hash)
    )
    return used.one_or_none() is not None


async def revoke_grant(tx: Tx, grant_id: int) -> None:
    """End a grant, and with it all of its tokens."""
    await tx.connection.execute(
        update(oauth_grants)
        .where(oauth_grants.c.grant_id == grant_id, oauth_grants.c.revoked_at.is_(None))
        .values(revoked_at=tx.now)
    )
    await tell_revoked(tx)


async def revoke_token(tx: Tx, token_id: str, *, ends_at: datetime) -> None:
    """End one access token."""
    await _sweep(tx, revoked_tokens, before=tx.now)
    await tx.connection.execute(
        upsert(revoked_tokens).values(token_id=token_id, ends_at=ends_at).on_conflict_do_nothing()
    )
    await tell_revoked(tx)


async def tell_revoked(tx: Tx) -> None:
    """Tell every process, at the commit, that something ended."""
    await tx.connection.execute(
        text("SELECT pg_notify(:channel, '')"), {"channel": REVOKED_CHANNEL}
    )


@dataclass(frozen=True, slots=True)
class Showing:
    """An access token that somebody shows, by what can end it."""

    token_id: str
    client_id: str
    grant_id: int | None


async def fetch_valid(connection: RawConnection, shown: Sequence[Showing]) -> set[Showing]:
    """Say which tokens are still good, with their grants and clients: many in one statement."""
    rows = await connection.fetch(
        "SELECT s.place FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY"
        " AS s (token_id, client_id, grant_id, place)"
        " JOIN oauth_clients c ON c.client_id = s.client_id AND c.revoked_at IS NULL"
        " LEFT JOIN oauth_grants g ON g.grant_id = s.grant_id"
        " WHERE g.revoked_at IS NULL AND (s.grant_id IS NULL OR g.grant_id IS NOT NULL)"
        " AND NOT EXISTS (SELECT FROM revoked_tokens r WHERE r.token_id = s.token_id)",
        [each.token_id for each in shown],
        [each.client_id for each in shown],
        [each.grant_id for each in shown],
    )
    return {shown[row["place"] - 1] for row in rows}


async def sweep_proofs(tx: Tx) -> None:
    """Take away proofs that are refused by their age by now."""
    await _sweep(tx, seen_proofs, before=tx.now)


async def _sweep(tx: Tx, table: Table, *, before: datetime) -> None:
    """Take away some rows that are over; whoever comes next takes the others."""
    (key,) = table.primary_key.columns
    over = (
        select(key)
        .where(table.c.ends_at < before)
        .limit(SWEPT_MAX)
        .with_for_update(skip_locked=True)
    )
    await tx.connection.execute(delete(table).where(key.in_(over)))


def _grant(row: Row[Any]) -> Grant:
    order = None if row.order_points is None else Order(row.order_points, row.order_reference)
    return Grant(
        grant_id=row.grant_id,
        client_id=row.client_id,
        member_id=row.member_id,
        scopes=tuple(row.scopes),
        order=order,
        nonce=row.nonce,
        acr=row.acr,
        amr=tuple(row.amr),
        authenticated_at=row.authenticated_at,
        revoked_at=row.revoked_at,
    )
