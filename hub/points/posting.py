"""From a verb to the poster: choose the terms, post, and turn a refusal into an error."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, TypeAlias

from hub.kernel.errors import DomainError
from hub.ledger.errors import refusal_of
from hub.ledger.operations import Code, HouseOperation, Operation, Outcome, hash_key
from hub.ledger.poster import Poster
from hub.points.caps import Charging, charge_nothing
from hub.points.requests import Request
from partners.register import Register
from partners.store import Partner
from partners.terms import Terms

STALE_TERMS_TRIES: Final = 3

Pin: TypeAlias = Callable[[Operation, Terms | None], Operation]
"""Writes into an operation what follows from its terms."""

PinAll: TypeAlias = Callable[[list[Operation], Terms | None], list[Operation]]
"""The same, for operations that are booked together."""


def pin_nothing(operation: Operation, _: Terms | None) -> Operation:
    """Leave an operation as it is: all that the ledger needs is which terms they are."""
    return operation


async def post_under_terms(
    poster: Poster,
    register: Register,
    request: Request,
    operation: Operation,
    *,
    partner: Partner,
    at: datetime,
    pin: Pin = pin_nothing,
    charge: Charging = charge_nothing,
) -> Outcome:
    """Post an operation that needs terms in force, reading them again when ours were stale.

    `charge` says which caps it is charged to.

    Without terms in force the ledger is asked all the same, and refuses.

    Errors: those of the ledger.
    """
    known = await recall_kin(poster, request, operation)
    if known is None and request.refusal is not None:
        known = await recall(poster, operation, request.refusal)
    if known is not None:
        return accept(known, operation, partner=partner.code, at=at)
    tried = operation
    for _ in range(STALE_TERMS_TRIES):
        found = register.find_terms(partner.partner_id, at)
        tried = replace(tried, terms_id=0 if found is None else found.terms_id)
        tried = pin(tried, None if found is None else found.terms)
        tried = replace(tried, charges=await charge(tried, found))
        outcome = await poster.post(tried)
        if outcome.code != Code.STALE_TERMS:
            break
        await register.refresh()
        # The clock may have passed a change of terms, or the end of a cap, since `at`: now both
        # judge the same instant.
        tried = replace(tried, occurred_at=at)
    # A repeated refusal names the instant of the first one.
    refused_at = operation.occurred_at or outcome.posted_at
    return accept(outcome, operation, partner=partner.code, at=refused_at)


async def post_group_under_terms(
    poster: Poster,
    register: Register,
    request: Request,
    operations: Sequence[Operation],
    *,
    partner: Partner,
    at: datetime,
    pin: PinAll,
    charge: Charging = charge_nothing,
) -> list[Outcome]:
    """Post operations of one wallet together, as `post_under_terms`; refusals are outcomes too.

    Errors: those of a poster that cannot answer; the refusal of a request that comes too late.
    """
    kin = [
        await recall_kin(poster, request, one, key=derive_key(request, index))
        for index, one in enumerate(operations)
    ]
    if all(outcome is not None for outcome in kin):
        return [outcome for outcome in kin if outcome is not None]
    if request.refusal is not None:
        return [await recall(poster, one, request.refusal) for one in operations]
    tried = list(operations)
    for _ in range(STALE_TERMS_TRIES):
        found = register.find_terms(partner.partner_id, at)
        tried = [replace(one, terms_id=0 if found is None else found.terms_id) for one in tried]
        tried = pin(tried, None if found is None else found.terms)
        tried = [replace(one, charges=await charge(one, found)) for one in tried]
        outcomes = await poster.post_group(tried)
        if all(outcome.code != Code.STALE_TERMS for outcome in outcomes):
            break
        await register.refresh()
        # As in `post_under_terms`: now both judge the same instant.
        tried = [replace(one, occurred_at=at) for one in tried]
    return outcomes


async def post_capped(
    poster: Poster,
    register: Register,
    request: Request,
    operation: Operation,
    *,
    at: datetime,
    charge: Charging,
) -> Outcome:
    """Post an operation that needs no terms, charged to caps.

    Errors: those of the ledger.
    """
    known = await recall_kin(poster, request, operation)
    if known is not None or request.refusal is not None:
        return await post_plainly(poster, request, operation)
    tried = operation
    for _ in range(STALE_TERMS_TRIES):
        tried = replace(tried, charges=await charge(tried, None))
        outcome = await poster.post(tried)
        if outcome.code != Code.STALE_TERMS:
            break
        await register.refresh()
        tried = replace(tried, occurred_at=at)
    return accept(outcome, operation, partner="", at=datetime.max.replace(tzinfo=UTC))


async def post_plainly(poster: Poster, request: Request, operation: Operation) -> Outcome:
    """Post an operation that needs no terms.

    Errors: those of the ledger.
    """
    outcome = await recall_kin(poster, request, operation)
    if outcome is None and request.refusal is not None:
        outcome = await recall(poster, operation, request.refusal)
    if outcome is None:
        outcome = await poster.post(operation)
    return accept(outcome, operation, partner="", at=datetime.max.replace(tzinfo=UTC))


async def post_to_house(poster: Poster, request: Request, operation: HouseOperation) -> Outcome:
    """Post an operation of the house lane.

    Errors: those of the ledger.
    """
    if request.refusal is not None:
        outcome = await recall(poster, operation, request.refusal)
    else:
        outcome = await poster.post_house(operation)
    refusal = refusal_of(outcome, points=0, partner="", at=outcome.posted_at)
    if refusal is not None:
        raise refusal
    return outcome


def derive_key(request: Request, index: int) -> str:
    """Name the key of one of several operations that are booked under one key.

    The first has the key itself, so that no other request may use it; no client's key has the
    character that tells the others apart.
    """
    return request.key if index == 0 else f"{request.key}\0{index}"


async def recall_kin(
    poster: Poster, request: Request, operation: Operation, *, key: str | None = None
) -> Outcome | None:
    """Give what the key was answered at a wallet that was merged with this one, if it was.

    That a wallet is closed is no answer: the request went on to the survivor. Where this wallet
    itself knows the key, nobody else is asked.
    """
    kin = request.kin(operation.wallet)
    if not kin:
        return None
    own = await poster.recall(operation)
    if own is not None and own.code != Code.WALLET_CLOSED:
        return None
    for wallet in kin:
        named = hash_key(operation.partner_id, wallet.number, key or request.key)
        known = await poster.recall(replace(operation, wallet=wallet, key_hash=named))
        if known is not None and known.code != Code.WALLET_CLOSED:
            return known
    return None


async def recall(
    poster: Poster, operation: Operation | HouseOperation, refusal: DomainError
) -> Outcome:
    """Give what an operation was answered before; it can no longer be booked.

    Errors: the refusal, when its key is new.
    """
    outcome = await poster.recall(operation)
    if outcome is None:
        raise refusal
    return outcome


def accept(outcome: Outcome, operation: Operation, *, partner: str, at: datetime) -> Outcome:
    """Give the outcome of what was booked; raise what was refused."""
    refusal = refusal_of(
        outcome,
        points=operation.points,
        partner=partner,
        at=at,
        reference=operation.reference or "",
    )
    if refusal is not None:
        raise refusal
    return outcome
