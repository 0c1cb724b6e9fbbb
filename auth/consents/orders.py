"""Whether a member agreed to a redemption that a partner asks for, and that once."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from auth.consents.errors import (
    ConsentNotForThis,
    ConsentRequired,
    ConsentSpent,
    TillCodeNotValid,
)
from auth.consents.store import find_spent, spend_order
from auth.consents.till import hash_request, take_till_code
from auth.oauth.grants.store import find_grant
from hub.kernel.actor import HUB_ACTOR, Actor, ActorKind, Order, Proof
from hub.kernel.clock import is_recent
from hub.kernel.tx import Database, ReadTx
from hub.ledger.operations import Place, hash_key
from hub.ledger.store import has_answer
from hub.members.store import find_member

FRESH: Final = timedelta(minutes=5)
"""How long ago the member may have signed in to agree to a redemption."""


@dataclass(eq=False)
class FreshSignInNeeded(Exception):
    """The member's sign-in is too old to agree to a redemption."""

    max_age_seconds: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How agreements are checked: whether they are needed, and the key of till codes."""

    is_required: bool
    till_secret: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to redeem."""

    actor: Actor
    key: str
    order: Order
    till_code: str | None
    named: Place | None

    @property
    def request_hash(self) -> bytes:
        """Name the request: what it uses up, only it may use again."""
        return hash_request(self.actor.number, self.key)


async def find_agreed_wallet(
    database: Database,
    agreement: Agreement,
    actor: Actor,
    *,
    key: str,
    order: Order,
    till_code: str | None,
    named: Place | None,
) -> Place | None:
    """Find the wallet of the member who agreed to a redemption; None when nobody has to.

    An agreement is used up by the first request, and good for repeating that one. `named` is the
    wallet that the request names, if it does: it must be that member's.

    A key that the ledger answered before needs nobody's agreement any more: under it nothing is
    booked, and whoever lost the answer learns it with any token of the partner.

    Errors: ConsentRequired, ConsentNotForThis, ConsentSpent, TillCodeNotValid, TooManyTillCodes,
    FreshSignInNeeded.
    """
    if actor.kind is not ActorKind.PARTNER:
        return None
    asked = Asked(actor, key, order, till_code, named)
    try:
        return await _find_agreed(database, agreement, asked)
    except (ConsentRequired, FreshSignInNeeded, TillCodeNotValid):
        answered = await _find_answered(database, asked)
        if answered is None:
            raise
        return answered


async def _find_agreed(database: Database, agreement: Agreement, asked: Asked) -> Place | None:
    """Find the wallet of the member who agrees, and use the agreement up."""
    actor, named, till_code = asked.actor, asked.named, asked.till_code
    request_hash = asked.request_hash
    if till_code is not None:
        async with database.begin(HUB_ACTOR) as tx:
            member_id = await take_till_code(
                tx,
                agreement.till_secret,
                code=till_code,
                partner_id=actor.number,
                request_hash=request_hash,
            )
            if member_id is not None:
                return await _find_wallet(tx, member_id, named)
        raise TillCodeNotValid  # outside: that it was wrong stays counted
    credential = actor.credential
    if credential.delegated_by is None or credential.grant_id is None:
        is_asked = agreement.is_required and credential.proof is not Proof.DEVELOPMENT_TOKEN
        if is_asked:
            raise ConsentRequired
        return None
    if credential.order != asked.order:
        raise ConsentNotForThis
    signed_in_at = credential.authenticated_at
    if signed_in_at is None or not is_recent(signed_in_at, FRESH, now=database.clock()):
        raise FreshSignInNeeded(int(FRESH.total_seconds()))
    async with database.begin(HUB_ACTOR) as tx:
        wallet = await _find_wallet(tx, credential.delegated_by, named)
        if not await spend_order(tx, credential.grant_id, request_hash):
            raise ConsentSpent
    return wallet


async def _find_answered(database: Database, asked: Asked) -> Place | None:
    """Find the wallet of a request that the ledger answered before under the same key."""
    async with database.read(HUB_ACTOR) as tx:
        wallet = asked.named
        if wallet is None:
            grant_id = await find_spent(tx, asked.request_hash)
            grant = None if grant_id is None else await find_grant(tx, grant_id)
            member = None if grant is None else await find_member(tx, grant.member_id)
            wallet = None if member is None else member.wallet
        if wallet is None:
            return None
        key_hash = hash_key(asked.actor.number, wallet.number, asked.key)
        return wallet if await has_answer(tx, wallet, key_hash) else None


async def _find_wallet(tx: ReadTx, member_id: int, named: Place | None) -> Place:
    member = await find_member(tx, member_id)
    if member is None or named not in (None, member.wallet):
        raise ConsentNotForThis
    return member.wallet
