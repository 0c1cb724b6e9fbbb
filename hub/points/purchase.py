"""Issue what one purchase brings: an entry for each reason, all of them or none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from hub.kernel.errors import DomainError
from hub.kernel.money import check_points
from hub.ledger.entries import EntryKind
from hub.ledger.operations import (
    Code,
    Operation,
    Outcome,
    Place,
    hash_key,
    hash_reference,
    hash_request,
)
from hub.ledger.poster import Poster
from hub.points.caps import charge_issue
from hub.points.errors import PortionCountOutOfRange, PortionRefused, ReasonRepeated
from hub.points.expiry import expires_at_by_terms
from hub.points.issue import Issued, check_expiry, issued_by
from hub.points.posting import accept, derive_key, post_group_under_terms
from hub.points.requests import Request, check_text
from partners.register import Register
from partners.store import Partner
from partners.terms import Terms

PORTIONS_MAX: Final = 20

_OF_THE_WHOLE: Final = frozenset(
    {
        Code.WALLET_NOT_FOUND,
        Code.WALLET_CLOSED,
        Code.TERMS_NOT_IN_FORCE,
        Code.KEY_CONFLICT,
        Code.STALE_TERMS,
    }
)
"""Refusals that are about the purchase, not about one of its portions."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Points for one reason; they expire, and become usable, as in `issue_points`.

    `funder` pays for them if it is not the issuer; the lot keeps who it is.
    """

    points: int
    reason: str
    funder: Partner | None = None
    expires_at: datetime | None = None
    available_at: datetime | None = None
    restriction_id: int | None = None

    @property
    def facts(self) -> tuple[object, ...]:
        """All that makes it another portion."""
        return (
            self.points,
            self.reason,
            self.funder and self.funder.partner_id,
            self.expires_at,
            self.available_at,
            self.restriction_id,
        )


async def issue_purchase(
    poster: Poster,
    register: Register,
    request: Request,
    *,
    now: datetime,
    issuer: Partner,
    wallet: Place,
    reference: str | None,
    portions: Sequence[Portion],
) -> list[Issued]:
    """Credit a lot for each reason of one purchase, under one key: all of them, or none.

    What is refused of one portion comes inside a `PortionRefused` that says which one it is.

    Units: whole points; UTC instants; 1 to PORTIONS_MAX portions.
    Errors: PortionCountOutOfRange, ReasonRepeated, PointsOutOfRange, TextTooLong, ExpiresTooEarly,
    WalletNotFound, WalletClosed, TermsNotInForce, DuplicateReference, NetDebitCapReached,
    IdempotencyConflict, Overloaded, OutcomeUnknown.
    Source: rule book 1.3.1, 1.3.5.
    """
    if not 1 <= len(portions) <= PORTIONS_MAX:
        raise PortionCountOutOfRange(len(portions), PORTIONS_MAX)
    if reference is not None:
        check_text("reference", reference)
    judged = _check_portions(request, portions, now=now)
    occurred_at = request.instants.occurred_at or now
    asked = hash_request(
        "purchase", reference, request.instants.occurred_at, *[each.facts for each in portions]
    )
    operations = [
        _operation(judged, index, each, asked, issuer=issuer, wallet=wallet, reference=reference)
        for index, each in enumerate(portions)
    ]

    def pin_ends(tried: list[Operation], terms: Terms | None) -> list[Operation]:
        ends_at = expires_at_by_terms(terms, issued_at=occurred_at, zone=register.zone)
        return [
            replace(one, expires_at=ends_at if each.expires_at is None else each.expires_at)
            for one, each in zip(tried, portions, strict=True)
        ]

    outcomes = await post_group_under_terms(
        poster,
        register,
        judged,
        operations,
        partner=issuer,
        at=occurred_at,
        pin=pin_ends,
        charge=charge_issue(register, issuer=issuer, at=occurred_at),
    )
    _accept_all(outcomes, operations, partner=issuer.code, at=request.instants.occurred_at)
    return [issued_by(outcome) for outcome in outcomes]


def _check_portions(request: Request, portions: Sequence[Portion], *, now: datetime) -> Request:
    """See that each portion could be issued, whatever the books say; as `check_expiry`.

    Errors: PortionRefused.
    """
    known: set[str] = set()
    judged = request
    for index, each in enumerate(portions):
        try:
            check_points(each.points)
            check_text("reason", each.reason)
            if each.reason in known:
                raise ReasonRepeated(each.reason)
        except DomainError as refusal:
            raise PortionRefused(index, refusal) from refusal
        known.add(each.reason)
        if each.expires_at is not None and judged.refusal is None:
            judged = check_expiry(judged, each.expires_at, now=now)
            if judged.refusal is not None:
                judged = replace(judged, refusal=PortionRefused(index, judged.refusal))
    return judged


def _operation(
    request: Request,
    index: int,
    portion: Portion,
    asked: bytes,
    *,
    issuer: Partner,
    wallet: Place,
    reference: str | None,
) -> Operation:
    return Operation(
        kind=EntryKind.ISSUE,
        wallet=wallet,
        partner_id=issuer.partner_id,
        funder_id=None if portion.funder is None else portion.funder.partner_id,
        points=portion.points,
        key_hash=hash_key(issuer.partner_id, wallet.number, derive_key(request, index)),
        request_hash=asked,
        actor=request.actor,
        occurred_at=request.instants.occurred_at,
        decided_at=request.instants.decided_at,
        posted_at=request.instants.posted_at,
        reference_hash=(
            None
            if reference is None
            else hash_reference(issuer.partner_id, portion.reason, reference)
        ),
        reference=reference,
        reason=portion.reason,
        available_at=portion.available_at,
        restriction_id=portion.restriction_id,
    )


def _accept_all(
    outcomes: Sequence[Outcome],
    operations: Sequence[Operation],
    *,
    partner: str,
    at: datetime | None,
) -> None:
    """See that everything was booked.

    Errors: PortionRefused; the refusals that are about the purchase.
    """
    for index, (outcome, operation) in enumerate(zip(outcomes, operations, strict=True)):
        if outcome.code in {Code.BOOKED, Code.GROUP_REFUSED}:
            continue
        # A repeated refusal names the instant of the first one.
        try:
            accept(outcome, operation, partner=partner, at=at or outcome.posted_at)
        except DomainError as refusal:
            if outcome.code in _OF_THE_WHOLE:
                raise
            raise PortionRefused(index, refusal) from refusal
    assert all(outcome.code == Code.BOOKED for outcome in outcomes), "all of a group, or none"
