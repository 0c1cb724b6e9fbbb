"""Write docs/reference/permissions.md from the table of permissions."""

from collections.abc import Iterator

from auth.permissions import OBJECTS, POLICIES
from auth.policies import STAFF_ROLES, STEP_UP_SECONDS, Grant, Policy, Role

HEAD = f"""# Permissions

*Written by `make snapshots` from the code; a test compares.*

One table in `auth/permissions.py` says who may use what. A field of the API without a line in it
answers nobody, and a test fails.

- **People** sign in with a passkey; roles lie in their session, read at every request. Those of
  the hub may touch anything of the coalition that their role says. Those of a partner act in its
  name.
- **A partner's software** needs a token with the scope. What it may touch stands behind the scope.
- **A member** touches the own account; software that acts for a member needs the scope too.
- *fresh*: a person shows the passkey again if that was more than {STEP_UP_SECONDS} seconds ago.
- *two people*: another person approves first (`approvals`, `decideApproval`).

What is not an actor's to touch reads like what is not there. Behind this wall the database has a
second one: [ADR-0019](../adr/0019-second-wall.md). Development tokens stand for a person with every
role, a partner with every scope, or a member; they work in the development profile only.
"""
OBJECTS_HEAD = """
## Fields of objects

Who may look at the fields of an object that is theirs to see. Payloads and refusals follow their
mutation, connections and edges their node.

| type | fields | people of the hub | people of a partner | software of a partner | member |
|---|---|---|---|---|---|
"""
OPERATIONS_HEAD = """
## Operations

| operation | people of the hub | people of a partner | software of a partner | member | also |
|---|---|---|---|---|---|
"""


def write_permissions() -> str:
    operations = "\n".join(
        f"| `{name}` | {' | '.join(_who(policy))} | {_also(policy)} |"
        for name, policy in sorted(POLICIES.items())
    )
    objects = "\n".join(
        f"| `{name}` | {fields} | {' | '.join(_who(policy))} |"
        for name, fields, policy in _list_objects()
    )
    return f"{HEAD}{OPERATIONS_HEAD}{operations}\n{OBJECTS_HEAD}{objects}\n"


def _list_objects() -> Iterator[tuple[str, str, Policy]]:
    for name, shown in sorted(OBJECTS.items()):
        if shown.fields:
            yield name, shown.fields.replace(" ", ", "), shown.policy
        for field, policy in sorted(shown.narrower.items()):
            yield name, field, policy


def _who(policy: Policy) -> tuple[str, str, str, str]:
    return (
        _roles(policy.staff, STAFF_ROLES),
        _roles(policy.people, frozenset()),
        _grant(policy.partner),
        _grant(policy.member),
    )


def _roles(roles: frozenset[Role], everybody: frozenset[Role]) -> str:
    if not roles:
        return "-"
    return "all" if roles == everybody else ", ".join(sorted(roles))


def _grant(grant: Grant | None) -> str:
    if grant is None:
        return "-"
    scope = f"`{grant.scope}`: " if grant.scope else ""
    member = ", with the member's agreement" if grant.needs_member else ""
    return f"{scope}{grant.relation}{member}"


def _also(policy: Policy) -> str:
    told = (policy.is_dangerous, "fresh"), (policy.needs_second_person, "two people")
    return ", ".join(word for is_so, word in told if is_so) or "-"
