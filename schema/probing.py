"""Probing: whoever may not read a balance must not find it out by asking for too much.

Only wallets of which this process refused too much lately are looked up; the count itself is in
the database, for all processes. A process that has refused nothing of a wallet yet may refuse once
beyond the limit: that answer says no amount.

Source: rule book 1.4.1.
"""

from auth.rates.errors import TooManyRequests
from auth.rates.limits import PROBES, check_room, take
from hub.kernel.actor import ActorKind
from schema.accounts import AccountInput, find_wallet
from schema.context import Context
from schema.faults import Fault, FaultCode


async def check_probing(context: Context, account: AccountInput) -> None:
    """See that a partner has not probed a wallet too often.

    Errors: what `find_wallet` refuses; the fault THROTTLED.
    """
    probed = context.rooms.probed
    if context.actor.kind is not ActorKind.PARTNER or not probed:
        return
    who = await _name(context, account)
    if who in probed:
        try:
            await check_room(context.rooms.database, PROBES, who)
        except TooManyRequests as refusal:
            raise _throttled(refusal) from refusal


async def note_probing(context: Context, account: AccountInput) -> None:
    """Count a refusal for want of points.

    Errors: the fault THROTTLED, in place of the refusal.
    """
    if context.actor.kind is not ActorKind.PARTNER:
        return
    who = await _name(context, account)
    context.rooms.probed.mark(who)
    try:
        await take(context.rooms.database, PROBES, who)
    except TooManyRequests as refusal:
        raise _throttled(refusal) from refusal


async def _name(context: Context, account: AccountInput) -> str:
    place = await find_wallet(context, account)
    return f"{context.actor}|{place.lane}|{place.number}"


def _throttled(refusal: TooManyRequests) -> Fault:
    return Fault(
        FaultCode.THROTTLED,
        "Too many refusals for want of points at this member; ask the member, or wait.",
        status=429,
        headers={"retry-after": str(refusal.retry_after_seconds)},
        retryAfter=refusal.retry_after_seconds,
    )
