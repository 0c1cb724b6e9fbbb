"""Invite people, change what they may do, and let them go."""

import re
from collections.abc import Collection
from typing import Final

from auth.audit.log import record
from auth.people.errors import EmailNotValid, PersonNotFound, RoleNotForThem
from auth.people.staff import store
from auth.people.staff.store import Worker
from auth.policies import PARTNER_ROLES, Role
from hub.kernel.tx import ReadTx, Tx

EMAIL_CHARACTERS_MAX: Final = 254
_EMAIL: Final = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\".]+")


async def add_person(
    tx: Tx, *, email: str, partner_id: int | None, roles: Collection[Role]
) -> Worker:
    """Store a person with roles, or give the person of that address these roles too.

    Errors: EmailNotValid, RoleNotForThem.
    """
    written = email.strip().lower()
    if len(written) > EMAIL_CHARACTERS_MAX or not _EMAIL.fullmatch(written):
        raise EmailNotValid(email[:EMAIL_CHARACTERS_MAX])
    person_id = await store.put_person(tx, written, partner_id)
    found = await get_person(tx, person_id)
    for role in roles:
        is_at_home = (role in PARTNER_ROLES) == (found.partner_id is not None)
        if not is_at_home or found.partner_id != partner_id:
            raise RoleNotForThem(role)
    await store.grant_roles(tx, person_id, roles)
    names = ",".join(sorted(roles))
    await record(tx, "person.invited", subject=f"person:{person_id}", roles=names)
    return await get_person(tx, person_id)


async def take_roles(tx: Tx, person_id: int, roles: Collection[Role]) -> None:
    """Take roles away; it counts from the person's next request on.

    Errors: PersonNotFound.
    """
    await get_person(tx, person_id)
    await store.delete_roles(tx, person_id, roles)
    names = ",".join(sorted(roles))
    await record(tx, "person.roles_taken", subject=f"person:{person_id}", roles=names)


async def end_person(tx: Tx, person_id: int) -> None:
    """Let a person go: nothing that they hold lets them in any more.

    Errors: PersonNotFound.
    """
    await get_person(tx, person_id)
    await store.end_person(tx, person_id)
    await record(tx, "person.left", subject=f"person:{person_id}")


async def get_person(tx: ReadTx, person_id: int) -> Worker:
    """Find a person by id.

    Errors: PersonNotFound.
    """
    for person in await store.list_people(tx):
        if person.person_id == person_id:
            return person
    raise PersonNotFound


async def find_by_email(tx: ReadTx, email: str) -> Worker:
    """Find a person by address.

    Errors: PersonNotFound.
    """
    for person in await store.list_people(tx):
        if person.email == email.strip().lower():
            return person
    raise PersonNotFound
