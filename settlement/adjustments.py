"""Adjustments: a person of the hub lets one party owe another an amount, with a reason."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from hub.kernel.money import OBLIGATION_PLACES, check_currency, check_places
from hub.ledger.entries import EntryKind
from hub.ledger.operations import HouseOperation, MoneyLine, Place, hash_key, hash_request
from hub.ledger.poster import Poster
from hub.points.posting import post_to_house
from hub.points.requests import Request, check_text
from partners.register import HUB_ID
from partners.store import Partner
from settlement.obligations import NO_LABEL, ObligationKind


@dataclass(frozen=True, slots=True)
class Adjusted:
    """An adjustment, as an entry of the house lane."""

    entry: Place
    posted_at: datetime


async def post_adjustment(
    poster: Poster,
    request: Request,
    *,
    debtor: Partner,
    creditor: Partner,
    amount: Decimal,
    currency: str,
    reason: str,
) -> Adjusted:
    """Let one party owe another an exact amount in the open window; it may be negative.

    Units: money of `currency`, at most 12 places.
    Errors: AmountNotExact, CurrencyUnknown, TextTooLong, IdempotencyConflict, OutcomeUnknown.
    Source: rule book 2.4.
    """
    check_places(amount, OBLIGATION_PLACES)
    check_currency(currency)
    check_text("reason", reason)
    is_due = bool(amount) and debtor.partner_id != creditor.partner_id
    line = MoneyLine(
        kind=ObligationKind.ADJUSTMENT,
        debtor_id=debtor.partner_id,
        creditor_id=creditor.partner_id,
        currency=currency,
        amount=amount,
        label=NO_LABEL,
    )
    outcome = await post_to_house(
        poster,
        request,
        HouseOperation(
            kind=EntryKind.ADJUST,
            partner_id=HUB_ID,
            key_hash=hash_key(HUB_ID, 0, request.key),
            request_hash=hash_request(
                "adjust",
                debtor.code,
                creditor.code,
                amount,
                currency,
                reason,
                request.instants.occurred_at,
            ),
            actor=request.actor,
            lines=(line,) if is_due else (),
            reason=reason,
            occurred_at=request.instants.occurred_at,
            decided_at=request.instants.decided_at,
            posted_at=request.instants.posted_at,
        ),
    )
    assert outcome.seq is not None, "what is booked has a sequence"
    return Adjusted(Place(outcome.lane, outcome.seq), outcome.posted_at)
