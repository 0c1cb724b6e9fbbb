"""Issue points to a wallet."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from hub.kernel.money import check_points
from hub.ledger.caps.kinds import CapKind, kind_of
from hub.ledger.entries import EntryKind
from hub.ledger.operations import (
    Operation,
    Outcome,
    Place,
    hash_key,
    hash_reference,
    hash_request,
)
from hub.ledger.poster import Poster
from hub.points.caps import charge_issue
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
    """Points that were issued: their entry and their lot, both in the wallet's lane.

    `points` is what was granted: less than asked when the cap `capped_by` left less. Where it left
    nothing, there is an entry and no lot.
    """

    entry: Place
    lot: Place | None
    points: int
    capped_by: CapKind | None
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
    available_at: datetime | None = None,
    restriction_id: int | None = None,
) -> Issued:
    """Credit a lot of the issuer's points, as many as its caps leave.

    They expire as the issuer's terms say, unless `expires_at` is given (`NEVER` for never).
    `issue_rank` orders lots of one expiry; without it, the instant of posting does. They are
    usable at once, from `available_at`, or (`NEVER`) when somebody releases them.

    Units: whole points; UTC instants.
    Errors: PointsOutOfRange, TextTooLong, ExpiresTooEarly, WalletNotFound, WalletClosed,
    TermsNotInForce, DuplicateReference, NetDebitCapReached, IdempotencyConflict, Overloaded,
    OutcomeUnknown.
    Source: rule book 1.3.
    """
    check_points(points)
    check_text("reason", reason)
    if reference is not None:
        check_text("reference", reference)
    told_at = request.instants.occurred_at
    at = told_at or now

    def pin_end(tried: Operation, terms: Terms | None) -> Operation:
        if expires_at is not None:
            return tried
        ends_at = expires_at_by_terms(terms, issued_at=at, zone=register.zone)
        return replace(tried, expires_at=ends_at)

    operation = Operation(
        kind=EntryKind.ISSUE,
        wallet=wallet,
        partner_id=issuer.partner_id,
        points=points,
        key_hash=hash_key(issuer.partner_id, wallet.number, request.key),
        request_hash=hash_request(
            "issue", points, reference, reason, expires_at, available_at, restriction_id, told_at
        ),
        actor=request.actor,
        occurred_at=told_at,
        decided_at=request.instants.decided_at,
        posted_at=request.instants.posted_at,
        expires_at=expires_at,
        reference_hash=(
            None if reference is None else hash_reference(issuer.partner_id, reason, reference)
        ),
        reference=reference,
        reason=reason,
        issue_rank=issue_rank,
        available_at=available_at,
        restriction_id=restriction_id,
    )
    charge = charge_issue(register, issuer=issuer, at=at)
    outcome = await post_under_terms(
        poster, register, request, operation, partner=issuer, at=at, pin=pin_end, charge=charge
    )
    return issued_by(outcome)


def issued_by(outcome: Outcome) -> Issued:
    """Say what an issue granted."""
    assert outcome.seq is not None, "what is booked has a sequence"
    return Issued(
        Place(outcome.lane, outcome.seq),
        None if outcome.detail is None else Place(outcome.lane, outcome.detail),
        outcome.points,
        None if outcome.cap_id is None else kind_of(outcome.cap_id),
        outcome.posted_at,
    )


def check_expiry(request: Request, expires_at: datetime, *, now: datetime) -> Request:
    """Note on a request that its points would not live at all, if so; `issue_points` raises it."""
    occurred_at = request.instants.occurred_at or now
    if request.refusal is None and expires_at <= occurred_at:
        return replace(request, refusal=ExpiresTooEarly(expires_at, occurred_at))
    return request
