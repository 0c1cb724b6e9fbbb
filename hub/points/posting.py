"""From a verb to the poster: choose the terms, post, and turn a refusal into an error."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from hub.ledger.errors import refusal_of
from hub.ledger.operations import Code, Operation, Outcome
from hub.ledger.poster import Poster
from partners.register import Register
from partners.store import Partner

STALE_TERMS_TRIES: Final = 3


def terms_id_at(register: Register, partner: Partner, at: datetime) -> int:
    """Choose the version of terms in force; 0 when there is none, which the ledger refuses."""
    found = register.find_terms(partner.partner_id, at)
    return 0 if found is None else found.terms_id


async def post_under_terms(
    poster: Poster, register: Register, operation: Operation, *, partner: Partner, at: datetime
) -> Outcome:
    """Post an operation that needs terms in force, reading them again when ours were stale.

    Errors: those of the ledger.
    """
    tried = operation
    for _ in range(STALE_TERMS_TRIES):
        tried = replace(tried, terms_id=terms_id_at(register, partner, at))
        outcome = await poster.post(tried)
        if outcome.code != Code.STALE_TERMS:
            break
        await register.refresh()
        # The clock may have passed a change of terms since `at`: now both judge the same instant.
        tried = replace(tried, occurred_at=at)
    # A repeated refusal names the instant of the first one.
    refused_at = operation.occurred_at or outcome.posted_at
    return accept(outcome, operation, partner=partner.code, at=refused_at)


async def post_plainly(poster: Poster, operation: Operation) -> Outcome:
    """Post an operation that needs no terms.

    Errors: those of the ledger.
    """
    outcome = await poster.post(operation)
    return accept(outcome, operation, partner="", at=datetime.max.replace(tzinfo=UTC))


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
