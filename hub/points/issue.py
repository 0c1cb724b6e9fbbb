"""Issue points to a wallet."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from hub.kernel.money import check_points
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Operation, Place, hash_key, hash_reference, hash_request
from hub.ledger.poster import Poster
from hub.points.errors import ExpiresTooEarly
from hub.points.expiry import expires_at_by_terms
from hub.points.posting import post_under_terms
from hub.points.requests import Request, check_text
from partners.register import Register
from partners.store import Partner
from partners.terms import Terms

BASE_REASON: Final = "base"


@dataclass(frozen=True, slots=True)
class Issued:
    """Points that were issued: their entry and their lot, both in the wallet's lane."""

    entry: Place
    lot: Place
    posted_at: datetime


async def issue_points(
    poster: Poster,
    register: Register,
    request: Request,
    *,
    now: datetime,
    issuer: Partner,
    wallet: Place,
    points: int,
    reference: str | None,
    reason: str = BASE_REASON,
    expires_at: datetime | None = None,
    issue_rank: int | None = None,
) -> Issued:
    """Credit a lot of the issuer's points.

    They expire as the issuer's terms say, unless `expires_at` is given (`NEVER` for never).
    `issue_rank` orders lots of one expiry; without it, the instant of posting does.

    Units: whole points; UTC instants.
    Errors: PointsOutOfRange, TextTooLong, ExpiresTooEarly, WalletNotFound, WalletClosed,
    TermsNotInForce, DuplicateReference, IdempotencyConflict, Overloaded, OutcomeUnknown.
    Source: rule book 1.3.
    """
    check_points(points)
    check_text("reason", reason)
    if reference is not None:
        check_text("reference", reference)
    occurred_at = request.instants.occurred_at or now

    def pin_end(tried: Operation, terms: Terms | None) -> Operation:
        if expires_at is not None:
            return tried
        ends_at = expires_at_by_terms(terms, issued_at=occurred_at, zone=register.zone)
        return replace(tried, expires_at=ends_at)

    operation = Operation(
        kind=EntryKind.ISSUE,
        wallet=wallet,
        partner_id=issuer.partner_id,
        points=points,
        key_hash=hash_key(issuer.partner_id, wallet.number, request.key),
        request_hash=hash_request(
            "issue", points, reference, reason, expires_at, request.instants.occurred_at
        ),
        actor=request.actor,
        occurred_at=request.instants.occurred_at,
        decided_at=request.instants.decided_at,
        posted_at=request.instants.posted_at,
        expires_at=expires_at,
        reference_hash=(
            None if reference is None else hash_reference(issuer.partner_id, reason, reference)
        ),
        reference=reference,
        reason=reason,
        issue_rank=issue_rank,
    )
    outcome = await post_under_terms(
        poster, register, request, operation, partner=issuer, at=occurred_at, pin=pin_end
    )
    assert outcome.seq is not None, "what is booked has a sequence"
    assert outcome.detail is not None, "an issue makes a lot"
    return Issued(
        Place(outcome.lane, outcome.seq), Place(outcome.lane, outcome.detail), outcome.posted_at
    )


def check_expiry(request: Request, expires_at: datetime, *, now: datetime) -> Request:
    """Note on a request that its points would not live at all, if so; `issue_points` raises it."""
    occurred_at = request.instants.occurred_at or now
    if request.refusal is None and expires_at <= occurred_at:
        return replace(request, refusal=ExpiresTooEarly(expires_at, occurred_at))
    return request
