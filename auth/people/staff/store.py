"""All SQL about people and their roles."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from auth.people.tables import people, person_roles
from auth.policies import Role
from hub.kernel.tx import ReadTx, Tx


@dataclass(frozen=True, slots=True)
class Worker:
    """A person who works at the hub, or at a partner."""

    person_id: int
    email: str
    partner_id: int | None
    invited_at: datetime
    left_at: datetime | None
    roles: frozenset[Role]


async def put_person(tx: Tx, email: str, partner_id: int | None) -> int:
    """Find the person of an address, or store a new one; give the id."""
    person_id: int = (
        await tx.connection.execute(
            insert(people)
            .values(email=email, partner_id=partner_id, invited_at=tx.now)
            .on_conflict_do_update(constraint="uq_people_email", set_={"left_at": None})
            .returning(people.c.person_id)
        )
    ).scalar_one()
    return person_id


async def grant_roles(tx: Tx, person_id: int, roles: Collection[Role]) -> None:
    """Store roles; those that are there stay as they are."""
    await tx.connection.execute(
        insert(person_roles).on_conflict_do_nothing(),
        [{"person_id": person_id, "role": str(role), "granted_at": tx.now} for role in roles],
    )


async def delete_roles(tx: Tx, person_id: int, roles: Collection[Role]) -> None:
    """Take roles away."""
    await tx.connection.execute(
        delete(person_roles).where(
            person_roles.c.person_id == person_id,
            person_roles.c.role.in_([str(role) for role in roles]),
        )
    )


async def end_person(tx: Tx, person_id: int) -> None:
    """Say that a person has left."""
    await tx.connection.execute(
        update(people).where(people.c.person_id == person_id).values(left_at=tx.now)
    )


async def list_people(tx: ReadTx) -> list[Worker]:
    """List everybody, with their roles."""
    rows = await tx.connection.execute(
        select(people, func.array_remove(func.array_agg(person_roles.c.role), None).label("roles"))
        .outerjoin(person_roles)
        .group_by(people.c.person_id)
        .order_by(people.c.person_id)
    )
    return [
        Worker(
            row.person_id,
            row.email,
            row.partner_id,
            row.invited_at,
            row.left_at,
            frozenset(Role(role) for role in row.roles),
        )
        for row in rows
    ]
