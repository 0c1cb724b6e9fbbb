"""What members allowed, in their own view: listed, and ended by them, the operator or the rules."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from auth.audit.log import record
from auth.oauth.clients.store import find_client
from auth.oauth.errors import ClientNotFound, GrantNotFound
from auth.oauth.grants.store import (
    GivenGrant,
    find_grant,
    list_open_grants,
    revoke_grants_of_client,
)
from auth.oauth.store import revoke_grant
from hub.kernel.actor import Actor
from hub.kernel.tx import ReadTx, Tx

LONGEST_TAIL: Final = timedelta(minutes=6)
"""How long after the last code or refresh token anything can still be done: 60 seconds for the
code, 5 minutes for the token that was given for it.
"""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a member allowed a partner's software; `ends_at` is when it ends by itself."""

    grant: GivenGrant
    ends_at: datetime


async def list_grants(tx: ReadTx, *, member_id: int, limit: int) -> list[Allowed]:
    """List what is allowed in a member's name at this moment, the newest first."""
    found = await list_open_grants(tx, member_id, since=tx.now - LONGEST_TAIL, limit=limit)
    return [_allowed(each) for each in found]


async def end_grant(tx: Tx, *, actor: Actor, grant_id: int) -> Allowed:
    """End what a member allowed, with all its tokens. To end it again changes nothing.

    Errors: GrantNotFound, also for another member's.
    """
    found = await find_grant(tx, grant_id)
    if found is None or found.member_id != actor.number:
        raise GrantNotFound
    if found.revoked_at is None:
        await revoke_grant(tx, grant_id)
        await record_ended(tx, grant_id, found.client_id, reason="by the member", actor=actor)
    ended = await find_grant(tx, grant_id)
    assert ended is not None, "grants are kept"
    return _allowed(ended)


async def end_grants_of_client(tx: Tx, client_id: str) -> int:
    """End everything that members allowed a client, and count it; the client itself stays.

    Errors: ClientNotFound.
    """
    if await find_client(tx, client_id) is None:
        raise ClientNotFound(client_id[:64])
    count = await revoke_grants_of_client(tx, client_id)
    await record(tx, "client.grants_ended", subject=client_id, count=count)
    return count


async def record_ended(
    tx: Tx, grant_id: int, client_id: str, *, reason: str, actor: Actor | None = None
) -> None:
    """Tell the audit log that a grant ended, and why."""
    await record(
        tx, "grant.ended", actor=actor, subject=client_id, grant=f"{grant_id:x}", reason=reason
    )


def _allowed(grant: GivenGrant) -> Allowed:
    return Allowed(grant, (grant.refreshed_until or grant.granted_at) + LONGEST_TAIL)
