"""All SQL about grants as a member and the operator see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, func, or_, select, update

from auth.oauth.store import tell_revoked
from auth.oauth.tables import oauth_clients, oauth_grants, refresh_tokens
from hub.kernel.actor import Order
from hub.kernel.tx import ReadTx, Tx


@dataclass(frozen=True, slots=True)
class GivenGrant:
    """What a member allowed a partner's software; `refreshed_until` is of its refresh tokens."""

    grant_id: int
    member_id: int
    client_id: str
    client_name: str
    partner_id: int
    scopes: tuple[str, ...]
    order: Order | None
    granted_at: datetime
    revoked_at: datetime | None
    refreshed_until: datetime | None


_REFRESHED_UNTIL: Final = (
    select(func.max(refresh_tokens.c.ends_at))
    .where(refresh_tokens.c.grant_id == oauth_grants.c.grant_id)
    .scalar_subquery()
)


async def list_open_grants(
    tx: ReadTx, member_id: int, *, since: datetime, limit: int
) -> list[GivenGrant]:
    """List a member's grants by which something can be done: young ones, or with a refresh token.

    The newest first.
    """
    rows = await tx.connection.execute(
        _select()
        .where(
            oauth_grants.c.member_id == member_id,
            oauth_grants.c.revoked_at.is_(None),
            oauth_clients.c.revoked_at.is_(None),
            or_(oauth_grants.c.granted_at > since, since < _REFRESHED_UNTIL),
        )
        .order_by(oauth_grants.c.granted_at.desc(), oauth_grants.c.grant_id)
        .limit(limit)
    )
    return [_given(row) for row in rows]


async def find_grant(tx: ReadTx, grant_id: int) -> GivenGrant | None:
    """Find a grant, also one that has ended."""
    row = (
        await tx.connection.execute(_select().where(oauth_grants.c.grant_id == grant_id))
    ).one_or_none()
    return None if row is None else _given(row)


async def revoke_grants_of_client(tx: Tx, client_id: str) -> int:
    """End all grants of a client with their tokens, and count those that were open."""
    ended = await tx.connection.execute(
        update(oauth_grants)
        .where(oauth_grants.c.client_id == client_id, oauth_grants.c.revoked_at.is_(None))
        .values(revoked_at=tx.now)
    )
    await tell_revoked(tx)
    return ended.rowcount


def _select() -> Select[Any]:
    return select(
        oauth_grants,
        oauth_clients.c.name,
        oauth_clients.c.partner_id,
        _REFRESHED_UNTIL.label("refreshed_until"),
    ).join(oauth_clients, oauth_clients.c.client_id == oauth_grants.c.client_id)


def _given(row: Row[Any]) -> GivenGrant:
    order = None if row.order_points is None else Order(row.order_points, row.order_reference)
    return GivenGrant(
        grant_id=row.grant_id,
        member_id=row.member_id,
        client_id=row.client_id,
        client_name=row.name,
        partner_id=row.partner_id,
        scopes=tuple(row.scopes),
        order=order,
        granted_at=row.granted_at,
        revoked_at=row.revoked_at,
        refreshed_until=row.refreshed_until,
    )
