"""All SQL about passkeys, invitations, ceremonies and sessions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, delete, func, insert, or_, select, update

from auth.people.tables import (
    ceremonies,
    invitations,
    passkeys,
    people,
    person_roles,
    sessions,
)
from hub.kernel.tx import ReadTx, Tx


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose passkey or session it is: a person who works here, or a member."""

    person_id: int | None
    member_id: int | None

    def __post_init__(self) -> None:
        assert (self.person_id is None) != (self.member_id is None), "one of the two"

    def __str__(self) -> str:
        """Name the owner for the audit log."""
        if self.person_id is not None:
            return f"person:{self.person_id}"
        return f"member:{self.member_id}"


@dataclass(frozen=True, slots=True)
class Passkey:
    """The public half of a passkey."""

    credential_id: bytes
    owner: Owner
    user_handle: bytes
    public_key: bytes
    sign_count: int
    made_at: datetime | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser, and what its owner may do at this moment."""

    session_id: int
    owner: Owner
    partner_id: int | None
    roles: frozenset[str]
    authenticated_at: datetime
    seen_at: datetime
    ends_at: datetime


# --- invitations ---


async def insert_invitation(tx: Tx, token_hash: bytes, owner: Owner, ends_at: datetime) -> None:
    """Store an invitation; those of the same owner that are open end."""
    await tx.connection.execute(
        delete(invitations).where(_of(invitations, owner), invitations.c.used_at.is_(None))
    )
    await tx.connection.execute(
        insert(invitations).values(
            token_hash=token_hash, made_at=tx.now, ends_at=ends_at, **_columns(owner)
        )
    )


async def find_invited(tx: ReadTx, token_hash: bytes) -> Owner | None:
    """Find who is invited by an open invitation."""
    row = (
        await tx.connection.execute(
            select(invitations).where(
                invitations.c.token_hash == token_hash,
                invitations.c.used_at.is_(None),
                invitations.c.ends_at > tx.now,
            )
        )
    ).one_or_none()
    return None if row is None else Owner(row.person_id, row.member_id)


async def use_invitation(tx: Tx, token_hash: bytes) -> Owner | None:
    """Use an open invitation; of several who try at once, one gets it."""
    row = (
        await tx.connection.execute(
            update(invitations)
            .where(
                invitations.c.token_hash == token_hash,
                invitations.c.used_at.is_(None),
                invitations.c.ends_at > tx.now,
            )
            .values(used_at=tx.now)
            .returning(invitations.c.person_id, invitations.c.member_id)
        )
    ).one_or_none()
    return None if row is None else Owner(row.person_id, row.member_id)


# --- ceremonies ---


async def insert_ceremony(
    tx: Tx,
    *,
    challenge_hash: bytes,
    browser_hash: bytes,
    invitation_hash: bytes | None,
    ends_at: datetime,
) -> None:
    """Store a challenge, and remove those whose time is over."""
    await tx.connection.execute(delete(ceremonies).where(ceremonies.c.ends_at <= tx.now))
    await tx.connection.execute(
        insert(ceremonies).values(
            challenge_hash=challenge_hash,
            browser_hash=browser_hash,
            invitation_hash=invitation_hash,
            ends_at=ends_at,
        )
    )


async def take_ceremony(
    tx: Tx, *, challenge_hash: bytes, browser_hash: bytes, invitation_hash: bytes | None
) -> bool:
    """Take a challenge: once, and only where it was given to."""
    taken = await tx.connection.execute(
        delete(ceremonies)
        .where(
            ceremonies.c.challenge_hash == challenge_hash,
            ceremonies.c.browser_hash == browser_hash,
            ceremonies.c.invitation_hash.is_not_distinct_from(invitation_hash),
            ceremonies.c.ends_at > tx.now,
        )
        .returning(ceremonies.c.challenge_hash)
    )
    return taken.one_or_none() is not None


# --- passkeys ---


async def insert_passkey(tx: Tx, passkey: Passkey) -> None:
    """Store a new passkey."""
    await tx.connection.execute(
        insert(passkeys).values(
            credential_id=passkey.credential_id,
            user_handle=passkey.user_handle,
            public_key=passkey.public_key,
            sign_count=passkey.sign_count,
            made_at=tx.now,
            **_columns(passkey.owner),
        )
    )


async def list_passkeys(tx: ReadTx, owner: Owner) -> list[Passkey]:
    """List the passkeys of an owner, the oldest first."""
    return await _list_passkeys(tx, _select_passkeys(owner))


async def lock_passkeys(tx: Tx, owner: Owner) -> list[Passkey]:
    """List the passkeys of an owner of which one is about to come or go.

    Locks: the passkeys of the owner, in one order.
    """
    return await _list_passkeys(tx, _select_passkeys(owner).with_for_update())


def _select_passkeys(owner: Owner) -> Select[Any]:
    return (
        select(passkeys)
        .where(_of(passkeys, owner))
        .order_by(passkeys.c.made_at, passkeys.c.credential_id)
    )


async def _list_passkeys(tx: ReadTx, query: Select[Any]) -> list[Passkey]:
    return [_passkey(row) for row in await tx.connection.execute(query)]


async def delete_passkey(tx: Tx, credential_id: bytes) -> None:
    """Remove a passkey."""
    await tx.connection.execute(delete(passkeys).where(passkeys.c.credential_id == credential_id))


async def find_passkey(tx: ReadTx, credential_id: bytes) -> Passkey | None:
    """Find a passkey."""
    row = (
        await tx.connection.execute(
            select(passkeys).where(passkeys.c.credential_id == credential_id)
        )
    ).one_or_none()
    return None if row is None else _passkey(row)


async def use_passkey(tx: Tx, passkey: Passkey, sign_count: int) -> bool:
    """Note that a passkey was used; False when another use was quicker."""
    used = await tx.connection.execute(
        update(passkeys)
        .where(
            passkeys.c.credential_id == passkey.credential_id,
            passkeys.c.sign_count == passkey.sign_count,
        )
        .values(sign_count=sign_count, used_at=tx.now)
        .returning(passkeys.c.credential_id)
    )
    return used.one_or_none() is not None


# --- sessions ---


async def insert_session(tx: Tx, *, secret_hash: bytes, owner: Owner, ends_at: datetime) -> int:
    """Store a session that begins now."""
    session_id: int = (
        await tx.connection.execute(
            insert(sessions)
            .values(
                secret_hash=secret_hash,
                began_at=tx.now,
                authenticated_at=tx.now,
                seen_at=tx.now,
                ends_at=ends_at,
                **_columns(owner),
            )
            .returning(sessions.c.session_id)
        )
    ).scalar_one()
    return session_id


async def find_session(tx: ReadTx, secret_hash: bytes) -> Session | None:
    """Find an open session, with the roles that its owner has now: one indexed read."""
    return await _find_session(tx, sessions.c.secret_hash == secret_hash)


async def find_session_by_id(tx: ReadTx, session_id: int) -> Session | None:
    """Find an open session by its number."""
    return await _find_session(tx, sessions.c.session_id == session_id)


async def _find_session(tx: ReadTx, which: ColumnElement[bool]) -> Session | None:
    roles = (
        select(func.array_agg(person_roles.c.role))
        .where(person_roles.c.person_id == sessions.c.person_id)
        .scalar_subquery()
    )
    row = (
        await tx.connection.execute(
            select(sessions, people.c.partner_id, roles.label("roles"))
            .outerjoin(people, people.c.person_id == sessions.c.person_id)
            .where(
                which,
                sessions.c.ends_at > tx.now,
                or_(sessions.c.member_id.is_not(None), people.c.left_at.is_(None)),
            )
        )
    ).one_or_none()
    return None if row is None else _session(row)


async def touch_session(tx: Tx, session_id: int) -> None:
    """Note that a session is in use."""
    await tx.connection.execute(
        update(sessions).where(sessions.c.session_id == session_id).values(seen_at=tx.now)
    )


async def delete_session(tx: Tx, secret_hash: bytes) -> Session | None:
    """End a session, and give what it was."""
    found = await find_session(tx, secret_hash)
    await tx.connection.execute(delete(sessions).where(sessions.c.secret_hash == secret_hash))
    return found


async def delete_sessions_of(tx: Tx, owner: Owner, *, but: int | None = None) -> None:
    """End all sessions of an owner, but for one that is named."""
    others = sessions.c.session_id.is_distinct_from(but)
    await tx.connection.execute(delete(sessions).where(_of(sessions, owner), others))


async def delete_ended_sessions(tx: Tx) -> None:
    """Remove the sessions whose time is over."""
    await tx.connection.execute(delete(sessions).where(sessions.c.ends_at <= tx.now))


def _of(table: Table, owner: Owner) -> ColumnElement[bool]:
    if owner.person_id is not None:
        return table.c.person_id == owner.person_id
    return table.c.member_id == owner.member_id


def _columns(owner: Owner) -> Mapping[str, int | None]:
    return {"person_id": owner.person_id, "member_id": owner.member_id}


def _passkey(row: Any) -> Passkey:  # noqa: ANN401 (a row of `passkeys`)
    return Passkey(
        row.credential_id,
        Owner(row.person_id, row.member_id),
        row.user_handle,
        row.public_key,
        row.sign_count,
        row.made_at,
        row.used_at,
    )


def _session(row: Any) -> Session:  # noqa: ANN401 (a row of `sessions`, with roles)
    return Session(
        row.session_id,
        Owner(row.person_id, row.member_id),
        row.partner_id,
        frozenset(row.roles or ()),
        row.authenticated_at,
        row.seen_at,
        row.ends_at,
    )
