"""Tell the audit log that somebody was refused what they may not: not each time, but each sort."""

from auth.audit.log import record_apart
from auth.rates.errors import TooManyRequests
from auth.rates.limits import REFUSALS_TOLD, take
from hub.kernel.actor import Actor
from hub.kernel.tx import Database


async def tell_refused(database: Database, actor: Actor, operation: str, lack: str) -> None:
    """Record that an actor was refused an operation, once a minute at most."""
    who = f"{actor}|{actor.credential.staff_id}|{actor.credential.client_id}|{operation}"
    try:
        await take(database, REFUSALS_TOLD, who)
    except TooManyRequests:
        return
    await record_apart(database, "access.refused", actor=actor, subject=operation, lack=lack)
