"""From a verb to the poster: choose the terms, post, and turn a refusal into an error."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, TypeAlias

from hub.kernel.errors import DomainError
from hub.ledger.errors import refusal_of
from hub.ledger.operations import Code, HouseOperation, Operation, Outcome
from hub.ledger.poster import Poster
from hub.points.requests import Request
from partners.register import Register
from partners.store import Partner
from partners.terms import Terms

STALE_TERMS_TRIES: Final = 3

Pin: TypeAlias = Callable[[Operation, Terms | None], Operation]
"""Writes into an operation what follows from its terms."""


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
) -> Outcome:
    """Post an operation that needs terms in force, reading them again when ours were stale.

    Without terms in force the ledger is asked all the same, and refuses.

    Errors: those of the ledger.
    """
    if request.refusal is not None:
        outcome = await recall(poster, operation, request.refusal)
        return accept(outcome, operation, partner=partner.code, at=at)
    tried = operation
    for _ in range(STALE_TERMS_TRIES):
        found = register.find_terms(partner.partner_id, at)
        tried = replace(tried, terms_id=0 if found is None else found.terms_id)
        tried = pin(tried, None if found is None else found.terms)
        outcome = await poster.post(tried)
        if outcome.code != Code.STALE_TERMS:
            break
        await register.refresh()
        # The clock may have passed a change of terms since `at`: now both judge the same instant.
        tried = replace(tried, occurred_at=at)
    # A repeated refusal names the instant of the first one.
    refused_at = operation.occurred_at or outcome.posted_at
    return accept(outcome, operation, partner=partner.code, at=refused_at)


async def post_plainly(poster: Poster, request: Request, operation: Operation) -> Outcome:
    """Post an operation that needs no terms.

    Errors: those of the ledger.
    """
    if request.refusal is not None:
        outcome = await recall(poster, operation, request.refusal)
    else:
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
