"""Refusals of the hub: classes with data, raised or matched on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.client import reading
from hub.client.errors import Refusal
from hub.client.reading import Json


@dataclass(eq=False)
class AccountAlreadyLinked(Refusal):
    """This reference of the partner is linked to another member."""

    reference: str
    """The reference that was given."""


@dataclass(eq=False)
class AccountNotLinked(Refusal):
    """No member is linked to this reference of the partner."""

    reference: str
    """The reference that was given."""


@dataclass(eq=False)
class AlreadyCancelled(Refusal):
    """The membership was cancelled before; a sale is cancelled once."""


@dataclass(eq=False)
class AlreadyInHousehold(Refusal):
    """The member belongs to a household; one belongs to one at a time."""


@dataclass(eq=False)
class AlreadyMerged(Refusal):
    """The member was merged into another one before; undo that merge first."""


@dataclass(eq=False)
class AmountNotExact(Refusal):
    """The amount cannot be written exactly with the decimal places it is stored with."""

    amount: str
    """The amount that was given."""
    places_max: int
    """How many decimal places are allowed."""


@dataclass(eq=False)
class ApprovalAlreadyDecided(Refusal):
    """This was decided before, differently or by somebody else."""


@dataclass(eq=False)
class ApprovalEnded(Refusal):
    """The time for this approval is over; ask anew with a new idempotency key."""

    ends_at: datetime
    """The instant from which it cannot be used any more."""


@dataclass(eq=False)
class ApprovalNotFound(Refusal):
    """Nothing of this digest waits for a second person."""


@dataclass(eq=False)
class ApprovalRefused(Refusal):
    """The second person refused this; with a new idempotency key it can be asked anew."""


@dataclass(eq=False)
class CapReached(Refusal):
    """A cap leaves fewer points than are asked for; the largest number that would pass is given."""

    cap: str
    """What the cap is about: a `CapKind`."""
    left_points: int
    """How many the cap leaves: the most that would pass."""
    required_points: int
    """How many were asked for."""


@dataclass(eq=False)
class CaptureExceedsHold(Refusal):
    """More points would be captured than the hold set aside."""

    held_points: int
    """How many the hold set aside."""
    required_points: int
    """How many were asked for."""


@dataclass(eq=False)
class CoalitionNotSetUp(Refusal):
    """The coalition is not set up yet: `hub coalition apply FILE` does it."""


@dataclass(eq=False)
class ConsentNotForThis(Refusal):
    """The member agreed to another redemption: other points, reference or wallet."""


@dataclass(eq=False)
class ConsentRequired(Refusal):
    """The member has to agree: send a till code, or a token that the member gave for this order."""


@dataclass(eq=False)
class ConsentSpent(Refusal):
    """What the member agreed to was redeemed before, by another request."""


@dataclass(eq=False)
class CurrencyNotNamed(Refusal):
    """The partner gives several currencies for points; name one of those that are given."""

    partner: str
    """Code of the partner."""
    currencies: str
    """Codes of those of which one is to be named, separated by commas."""


@dataclass(eq=False)
class CurrencyNotSettleable(Refusal):
    """The currency has no minor unit in ISO 4217, so nothing can be settled in it."""

    currency: str
    """The currency that was given."""


@dataclass(eq=False)
class CurrencyUnknown(Refusal):
    """The code is not a currency of ISO 4217."""

    currency: str
    """The currency that was given."""


@dataclass(eq=False)
class DuplicateReference(Refusal):
    """The partner has issued for this reference and reason before."""

    reference: str
    """The reference that was given."""


@dataclass(eq=False)
class EndNotLater(Refusal):
    """The new end must lie after the lot's end, and in the future."""


@dataclass(eq=False)
class ExceedsExpired(Refusal):
    """Fewer points of the lot have expired than are to be reinstated."""

    expired_points: int
    """How many of the lot have expired."""
    required_points: int
    """How many were asked for."""


@dataclass(eq=False)
class ExchangeNotOffered(Refusal):
    """The partner gives nothing of its own for points at that instant."""

    partner: str
    """Code of the partner."""
    at: datetime
    """The instant at which terms, or an offer, were looked for."""


@dataclass(eq=False)
class ExpiresTooEarly(Refusal):
    """Points must expire after they are issued."""

    expires_at: datetime
    """The end that was given."""
    occurred_at: datetime
    """The instant at which it happened."""


@dataclass(eq=False)
class FourEyesRequired(Refusal):
    """Another person must decide: you asked for it yourself."""


@dataclass(eq=False)
class FxRateMissing(Refusal):
    """An amount is in a currency that has no fixed rate to the clearing currency."""

    currency: str
    """The currency that was given."""
    clearing_currency: str
    """ISO 4217 code of the currency in which partners settle."""


@dataclass(eq=False)
class FxRateNotPositive(Refusal):
    """A rate of exchange is not above zero."""

    currency: str
    """The currency that was given."""
    rate: str
    """The rate that was given."""


@dataclass(eq=False)
class GraceOutOfBounds(Refusal):
    """Points that expired meanwhile may come back for a while only, and not in the past."""

    reinstated_until: datetime
    """The instant that was given."""
    latest: datetime
    """The last instant that is accepted."""


@dataclass(eq=False)
class GrantNotFound(Refusal):
    """There is no such grant of yours."""


@dataclass(eq=False)
class HoldEndOutOfBounds(Refusal):
    """A hold must end later than it begins, and not too far ahead."""

    ends_at: datetime
    """The instant from which it cannot be used any more."""
    latest: datetime
    """The last instant that is accepted."""


@dataclass(eq=False)
class HoldEnded(Refusal):
    """The hold was captured, voided, or lapsed before; it ends once."""


@dataclass(eq=False)
class HouseholdCodeNotValid(Refusal):
    """The code is none, was used, or is too old; ask for a new one."""


@dataclass(eq=False)
class HouseholdFull(Refusal):
    """The household has as many members as it may have."""

    members_max: int
    """How many may belong to it."""


@dataclass(eq=False)
class IdempotencyConflict(Refusal):
    """The idempotency key was used before for another request."""


@dataclass(eq=False)
class InHousehold(Refusal):
    """The member belongs to a household; leave it first."""


@dataclass(eq=False)
class InsufficientPoints(Refusal):
    """The wallet has fewer points available than are asked for."""

    available_points: int
    """How many can be used now: the most that would pass."""
    required_points: int
    """How many were asked for."""


@dataclass(eq=False)
class KeyNotValid(Refusal):
    """An idempotency key is 1 to 128 printable ASCII characters."""

    characters_max: int
    """How many characters are allowed."""


@dataclass(eq=False)
class LotExpired(Refusal):
    """The lot has expired: it can no longer be reversed, extended or released."""


@dataclass(eq=False)
class LotNotExpired(Refusal):
    """The lot has not expired; its end can be extended instead."""


@dataclass(eq=False)
class LotNotPending(Refusal):
    """The lot has no pending points: there is nothing to release."""


@dataclass(eq=False)
class LotSpent(Refusal):
    """The lot has fewer unspent points than are to be reversed."""

    unspent_points: int
    """How many of the lot are unspent."""
    required_points: int
    """How many were asked for."""


@dataclass(eq=False)
class MemberNotFound(Refusal):
    """There is no such member."""


@dataclass(eq=False)
class MergeNotFound(Refusal):
    """The member was not merged, or its merge is not over yet."""


@dataclass(eq=False)
class MergedPointsUsed(Refusal):
    """Points that came with the merge were used or have expired: it cannot be undone any more."""

    used_points: int
    """How many were used, or have expired."""


@dataclass(eq=False)
class MinimumNotReached(Refusal):
    """Fewer points than may be exchanged at once; the smallest number that passes is given."""

    minimum_points: int
    """The smallest number that passes."""
    required_points: int
    """How many were asked for."""


@dataclass(eq=False)
class NameNotMatched(Refusal):
    """The name on the account that is to be credited is not the member's."""


@dataclass(eq=False)
class NetDebitCapReached(Refusal):
    """The issuer of the points may not owe more; nothing was posted."""


@dataclass(eq=False)
class NotInHousehold(Refusal):
    """The member does not belong to a household."""


@dataclass(eq=False)
class NotInStep(Refusal):
    """Points are exchanged in steps; the nearest numbers that pass are given."""

    step_points: int
    """Only multiples of it pass."""
    below_points: int
    """The next smaller number that passes."""
    above_points: int | None
    """The next larger number that passes; null: none does."""
    required_points: int
    """How many were asked for."""


@dataclass(eq=False)
class NotOfHousehold(Refusal):
    """Nobody of that id belongs to your household."""


@dataclass(eq=False)
class OccurredAtOutOfBounds(Refusal):
    """It happened too long ago, or lies in the future."""

    occurred_at: datetime
    """The instant at which it happened."""
    earliest: datetime
    """The first instant that is accepted."""
    latest: datetime
    """The last instant that is accepted."""


@dataclass(eq=False)
class OpenHoldsLeft(Refusal):
    """Points of the member are set aside; capture or void these holds first."""

    hold_count: int
    """How many holds are open."""


@dataclass(eq=False)
class OutcomeUnknown(Refusal):
    """The database went away before it answered: the same key, tried again, tells what happened."""


@dataclass(eq=False)
class Overloaded(Refusal):
    """The hub has more work waiting than it accepts; try again with the same key."""

    retry_after_seconds: int
    """After how many seconds to try again, with the same key."""


@dataclass(eq=False)
class OwnerNeeded(Refusal):
    """The household would be left without an owner; make somebody else an owner first."""


@dataclass(eq=False)
class PartnerNotFound(Refusal):
    """There is no such partner."""

    partner: str
    """Code of the partner."""


@dataclass(eq=False)
class PointsOutOfRange(Refusal):
    """The number of points is not a whole number within the limits of one operation."""

    given: str
    """What was given, shortened."""
    points_min: int
    """The least that one operation may move."""
    points_max: int
    """The most that one operation may move."""


@dataclass(eq=False)
class PortionCountOutOfRange(Refusal):
    """A purchase has at least one portion, and not too many."""

    given_count: int
    """How many were given."""
    count_max: int
    """How many are allowed."""


@dataclass(eq=False)
class PreviousWindowOpen(Refusal):
    """The window before is not closed; its rounding is carried into this one."""

    previous_window: str
    """Code of the window before."""


@dataclass(eq=False)
class PriceNotValid(Refusal):
    """The price or the VAT rate of a membership is negative."""

    price_gross: str
    """The price that was given."""
    vat_rate: str
    """The VAT rate that was given."""


@dataclass(eq=False)
class RateNotValid(Refusal):
    """The rate is not a decimal of 0 or more with at most eight places."""

    given: str
    """What was given, shortened."""


@dataclass(eq=False)
class ReasonRepeated(Refusal):
    """Two portions of the purchase have the same reason; each reason is issued for once."""

    reason: str
    """The reason that was given."""


@dataclass(eq=False)
class ReferenceNotValid(Refusal):
    """A reference is 1 to 128 printable characters without blanks at its ends."""

    given: str
    """What was given, shortened."""
    characters_max: int
    """How many characters are allowed."""


@dataclass(eq=False)
class RefundExceedsRedeemed(Refusal):
    """More points would be given back than are left of the redemption."""

    refundable_points: int
    """How many of the redemption can still be given back."""
    required_points: int
    """How many were asked for."""


@dataclass(eq=False)
class ReverseExceedsIssued(Refusal):
    """More points would be taken back than are left of the issue."""

    reversible_points: int
    """How many of the issue can still be taken back."""
    required_points: int
    """How many were asked for."""


@dataclass(eq=False)
class RoleNotEnough(Refusal):
    """The member's role in the household does not allow this."""

    role: str
    """The role of the member."""


@dataclass(eq=False)
class RowFailed(Refusal):
    """Something went wrong on our side with this row alone; name the fault when you ask us."""

    fault: str
    """What our log calls it."""


@dataclass(eq=False)
class SameMember(Refusal):
    """A member cannot be merged with itself, nor with one that it was merged into."""


@dataclass(eq=False)
class SameWallet(Refusal):
    """Points cannot be transferred to the wallet they come from."""


@dataclass(eq=False)
class SecondPersonNeeded(Refusal):
    """A second person must approve this first; then ask again with the same input and key."""

    digest: str
    """Digest of what a second person must approve, 64 hexadecimal digits."""
    ends_at: datetime
    """The instant from which it cannot be used any more."""


@dataclass(eq=False)
class ShareOnlyLowered(Refusal):
    """An owner may lower the share of another member; only they themselves may raise it."""

    share_bps: int
    """The largest share that would pass: the one that they have."""
    given_bps: int
    """What was given."""


@dataclass(eq=False)
class ShareOutOfRange(Refusal):
    """A share is 0 to 10,000 basis points: nothing to all."""

    given_bps: int
    """What was given."""


@dataclass(eq=False)
class SharesNotWhole(Refusal):
    """The shares of a membership's price do not sum to 1, or one of them is out of its limits."""

    shares_sum: str
    """What the shares sum to."""


@dataclass(eq=False)
class TermsNotInForce(Refusal):
    """The partner has no terms in force at that instant."""

    partner: str
    """Code of the partner."""
    at: datetime
    """The instant at which terms, or an offer, were looked for."""


@dataclass(eq=False)
class TextTooLong(Refusal):
    """The text is empty, too long, or has characters that cannot be printed."""

    field: str
    """The field of the input that is meant."""
    characters_max: int
    """How many characters are allowed."""


@dataclass(eq=False)
class TillCodeNotValid(Refusal):
    """The till code is wrong, used or over a minute old; to repeat, send a new one or `account`."""


@dataclass(eq=False)
class TooManyTillCodes(Refusal):
    """Too many wrong till codes came from this partner; try again later."""

    retry_after_seconds: int
    """After how many seconds to try again, with the same key."""


@dataclass(eq=False)
class UnknownReference(Refusal):
    """There is nothing of that name that this partner could give back."""


@dataclass(eq=False)
class UnusedDaysOutOfRange(Refusal):
    """The unused days of a membership are not between 0 and its total days."""

    unused_days: int
    """The unused days that were given."""
    total_days: int
    """The total days that were given."""


@dataclass(eq=False)
class WalletClosed(Refusal):
    """The wallet is closed."""


@dataclass(eq=False)
class WalletNotFound(Refusal):
    """There is no such wallet."""


@dataclass(eq=False)
class WindowNotFound(Refusal):
    """There is no such window in the calendar."""

    calendar: str
    """The calendar that was named."""
    window: str
    """Code of the window."""


@dataclass(eq=False)
class WindowNotOver(Refusal):
    """The window is not over; it can be closed from its cut on."""

    window: str
    """Code of the window."""
    cut_at: datetime
    """From this instant on it can be closed."""


_READERS: Final[dict[str, Callable[[Json], Refusal]]] = {
    "AccountAlreadyLinked": lambda given: AccountAlreadyLinked(
        *_common(given),
        reference=reading.text(reading.field_of(given, "reference")),
    ),
    "AccountNotLinked": lambda given: AccountNotLinked(
        *_common(given),
        reference=reading.text(reading.field_of(given, "reference")),
    ),
    "AlreadyCancelled": lambda given: AlreadyCancelled(
        *_common(given),
    ),
    "AlreadyInHousehold": lambda given: AlreadyInHousehold(
        *_common(given),
    ),
    "AlreadyMerged": lambda given: AlreadyMerged(
        *_common(given),
    ),
    "AmountNotExact": lambda given: AmountNotExact(
        *_common(given),
        amount=reading.text(reading.field_of(given, "amount")),
        places_max=reading.whole(reading.field_of(given, "placesMax")),
    ),
    "ApprovalAlreadyDecided": lambda given: ApprovalAlreadyDecided(
        *_common(given),
    ),
    "ApprovalEnded": lambda given: ApprovalEnded(
        *_common(given),
        ends_at=reading.instant(reading.field_of(given, "endsAt")),
    ),
    "ApprovalNotFound": lambda given: ApprovalNotFound(
        *_common(given),
    ),
    "ApprovalRefused": lambda given: ApprovalRefused(
        *_common(given),
    ),
    "CapReached": lambda given: CapReached(
        *_common(given),
        cap=reading.text(reading.field_of(given, "cap")),
        left_points=reading.whole(reading.field_of(given, "leftPoints")),
        required_points=reading.whole(reading.field_of(given, "requiredPoints")),
    ),
    "CaptureExceedsHold": lambda given: CaptureExceedsHold(
        *_common(given),
        held_points=reading.whole(reading.field_of(given, "heldPoints")),
        required_points=reading.whole(reading.field_of(given, "requiredPoints")),
    ),
    "CoalitionNotSetUp": lambda given: CoalitionNotSetUp(
        *_common(given),
    ),
    "ConsentNotForThis": lambda given: ConsentNotForThis(
        *_common(given),
    ),
    "ConsentRequired": lambda given: ConsentRequired(
        *_common(given),
    ),
    "ConsentSpent": lambda given: ConsentSpent(
        *_common(given),
    ),
    "CurrencyNotNamed": lambda given: CurrencyNotNamed(
        *_common(given),
        partner=reading.text(reading.field_of(given, "partner")),
        currencies=reading.text(reading.field_of(given, "currencies")),
    ),
    "CurrencyNotSettleable": lambda given: CurrencyNotSettleable(
        *_common(given),
        currency=reading.text(reading.field_of(given, "currency")),
    ),
    "CurrencyUnknown": lambda given: CurrencyUnknown(
        *_common(given),
        currency=reading.text(reading.field_of(given, "currency")),
    ),
    "DuplicateReference": lambda given: DuplicateReference(
        *_common(given),
        reference=reading.text(reading.field_of(given, "reference")),
    ),
    "EndNotLater": lambda given: EndNotLater(
        *_common(given),
    ),
    "ExceedsExpired": lambda given: ExceedsExpired(
        *_common(given),
        expired_points=reading.whole(reading.field_of(given, "expiredPoints")),
        required_points=reading.whole(reading.field_of(given, "requiredPoints")),
    ),
    "ExchangeNotOffered": lambda given: ExchangeNotOffered(
        *_common(given),
        partner=reading.text(reading.field_of(given, "partner")),
        at=reading.instant(reading.field_of(given, "at")),
    ),
    "ExpiresTooEarly": lambda given: ExpiresTooEarly(
        *_common(given),
        expires_at=reading.instant(reading.field_of(given, "expiresAt")),
        occurred_at=reading.instant(reading.field_of(given, "occurredAt")),
    ),
    "FourEyesRequired": lambda given: FourEyesRequired(
        *_common(given),
    ),
    "FxRateMissing": lambda given: FxRateMissing(
        *_common(given),
        currency=reading.text(reading.field_of(given, "currency")),
        clearing_currency=reading.text(reading.field_of(given, "clearingCurrency")),
    ),
    "FxRateNotPositive": lambda given: FxRateNotPositive(
        *_common(given),
        currency=reading.text(reading.field_of(given, "currency")),
        rate=reading.text(reading.field_of(given, "rate")),
    ),
    "GraceOutOfBounds": lambda given: GraceOutOfBounds(
        *_common(given),
        reinstated_until=reading.instant(reading.field_of(given, "reinstatedUntil")),
        latest=reading.instant(reading.field_of(given, "latest")),
    ),
    "GrantNotFound": lambda given: GrantNotFound(
        *_common(given),
    ),
    "HoldEndOutOfBounds": lambda given: HoldEndOutOfBounds(
        *_common(given),
        ends_at=reading.instant(reading.field_of(given, "endsAt")),
        latest=reading.instant(reading.field_of(given, "latest")),
    ),
    "HoldEnded": lambda given: HoldEnded(
        *_common(given),
    ),
    "HouseholdCodeNotValid": lambda given: HouseholdCodeNotValid(
        *_common(given),
    ),
    "HouseholdFull": lambda given: HouseholdFull(
        *_common(given),
        members_max=reading.whole(reading.field_of(given, "membersMax")),
    ),
    "IdempotencyConflict": lambda given: IdempotencyConflict(
        *_common(given),
    ),
    "InHousehold": lambda given: InHousehold(
        *_common(given),
    ),
    "InsufficientPoints": lambda given: InsufficientPoints(
        *_common(given),
        available_points=reading.whole(reading.field_of(given, "availablePoints")),
        required_points=reading.whole(reading.field_of(given, "requiredPoints")),
    ),
    "KeyNotValid": lambda given: KeyNotValid(
        *_common(given),
        characters_max=reading.whole(reading.field_of(given, "charactersMax")),
    ),
    "LotExpired": lambda given: LotExpired(
        *_common(given),
    ),
    "LotNotExpired": lambda given: LotNotExpired(
        *_common(given),
    ),
    "LotNotPending": lambda given: LotNotPending(
        *_common(given),
    ),
    "LotSpent": lambda given: LotSpent(
        *_common(given),
        unspent_points=reading.whole(reading.field_of(given, "unspentPoints")),
        required_points=reading.whole(reading.field_of(given, "requiredPoints")),
    ),
    "MemberNotFound": lambda given: MemberNotFound(
        *_common(given),
    ),
    "MergeNotFound": lambda given: MergeNotFound(
        *_common(given),
    ),
    "MergedPointsUsed": lambda given: MergedPointsUsed(
        *_common(given),
        used_points=reading.whole(reading.field_of(given, "usedPoints")),
    ),
    "MinimumNotReached": lambda given: MinimumNotReached(
        *_common(given),
        minimum_points=reading.whole(reading.field_of(given, "minimumPoints")),
        required_points=reading.whole(reading.field_of(given, "requiredPoints")),
    ),
    "NameNotMatched": lambda given: NameNotMatched(
        *_common(given),
    ),
    "NetDebitCapReached": lambda given: NetDebitCapReached(
        *_common(given),
    ),
    "NotInHousehold": lambda given: NotInHousehold(
        *_common(given),
    ),
    "NotInStep": lambda given: NotInStep(
        *_common(given),
        step_points=reading.whole(reading.field_of(given, "stepPoints")),
        below_points=reading.whole(reading.field_of(given, "belowPoints")),
        above_points=reading.maybe(reading.field_of(given, "abovePoints"), reading.whole),
        required_points=reading.whole(reading.field_of(given, "requiredPoints")),
    ),
    "NotOfHousehold": lambda given: NotOfHousehold(
        *_common(given),
    ),
    "OccurredAtOutOfBounds": lambda given: OccurredAtOutOfBounds(
        *_common(given),
        occurred_at=reading.instant(reading.field_of(given, "occurredAt")),
        earliest=reading.instant(reading.field_of(given, "earliest")),
        latest=reading.instant(reading.field_of(given, "latest")),
    ),
    "OpenHoldsLeft": lambda given: OpenHoldsLeft(
        *_common(given),
        hold_count=reading.whole(reading.field_of(given, "holdCount")),
    ),
    "OutcomeUnknown": lambda given: OutcomeUnknown(
        *_common(given),
    ),
    "Overloaded": lambda given: Overloaded(
        *_common(given),
        retry_after_seconds=reading.whole(reading.field_of(given, "retryAfterSeconds")),
    ),
    "OwnerNeeded": lambda given: OwnerNeeded(
        *_common(given),
    ),
    "PartnerNotFound": lambda given: PartnerNotFound(
        *_common(given),
        partner=reading.text(reading.field_of(given, "partner")),
    ),
    "PointsOutOfRange": lambda given: PointsOutOfRange(
        *_common(given),
        given=reading.text(reading.field_of(given, "given")),
        points_min=reading.whole(reading.field_of(given, "pointsMin")),
        points_max=reading.whole(reading.field_of(given, "pointsMax")),
    ),
    "PortionCountOutOfRange": lambda given: PortionCountOutOfRange(
        *_common(given),
        given_count=reading.whole(reading.field_of(given, "givenCount")),
        count_max=reading.whole(reading.field_of(given, "countMax")),
    ),
    "PreviousWindowOpen": lambda given: PreviousWindowOpen(
        *_common(given),
        previous_window=reading.text(reading.field_of(given, "previousWindow")),
    ),
    "PriceNotValid": lambda given: PriceNotValid(
        *_common(given),
        price_gross=reading.text(reading.field_of(given, "priceGross")),
        vat_rate=reading.text(reading.field_of(given, "vatRate")),
    ),
    "RateNotValid": lambda given: RateNotValid(
        *_common(given),
        given=reading.text(reading.field_of(given, "given")),
    ),
    "ReasonRepeated": lambda given: ReasonRepeated(
        *_common(given),
        reason=reading.text(reading.field_of(given, "reason")),
    ),
    "ReferenceNotValid": lambda given: ReferenceNotValid(
        *_common(given),
        given=reading.text(reading.field_of(given, "given")),
        characters_max=reading.whole(reading.field_of(given, "charactersMax")),
    ),
    "RefundExceedsRedeemed": lambda given: RefundExceedsRedeemed(
        *_common(given),
        refundable_points=reading.whole(reading.field_of(given, "refundablePoints")),
        required_points=reading.whole(reading.field_of(given, "requiredPoints")),
    ),
    "ReverseExceedsIssued": lambda given: ReverseExceedsIssued(
        *_common(given),
        reversible_points=reading.whole(reading.field_of(given, "reversiblePoints")),
        required_points=reading.whole(reading.field_of(given, "requiredPoints")),
    ),
    "RoleNotEnough": lambda given: RoleNotEnough(
        *_common(given),
        role=reading.text(reading.field_of(given, "role")),
    ),
    "RowFailed": lambda given: RowFailed(
        *_common(given),
        fault=reading.text(reading.field_of(given, "fault")),
    ),
    "SameMember": lambda given: SameMember(
        *_common(given),
    ),
    "SameWallet": lambda given: SameWallet(
        *_common(given),
    ),
    "SecondPersonNeeded": lambda given: SecondPersonNeeded(
        *_common(given),
        digest=reading.text(reading.field_of(given, "digest")),
        ends_at=reading.instant(reading.field_of(given, "endsAt")),
    ),
    "ShareOnlyLowered": lambda given: ShareOnlyLowered(
        *_common(given),
        share_bps=reading.whole(reading.field_of(given, "shareBps")),
        given_bps=reading.whole(reading.field_of(given, "givenBps")),
    ),
    "ShareOutOfRange": lambda given: ShareOutOfRange(
        *_common(given),
        given_bps=reading.whole(reading.field_of(given, "givenBps")),
    ),
    "SharesNotWhole": lambda given: SharesNotWhole(
        *_common(given),
        shares_sum=reading.text(reading.field_of(given, "sharesSum")),
    ),
    "TermsNotInForce": lambda given: TermsNotInForce(
        *_common(given),
        partner=reading.text(reading.field_of(given, "partner")),
        at=reading.instant(reading.field_of(given, "at")),
    ),
    "TextTooLong": lambda given: TextTooLong(
        *_common(given),
        field=reading.text(reading.field_of(given, "field")),
        characters_max=reading.whole(reading.field_of(given, "charactersMax")),
    ),
    "TillCodeNotValid": lambda given: TillCodeNotValid(
        *_common(given),
    ),
    "TooManyTillCodes": lambda given: TooManyTillCodes(
        *_common(given),
        retry_after_seconds=reading.whole(reading.field_of(given, "retryAfterSeconds")),
    ),
    "UnknownReference": lambda given: UnknownReference(
        *_common(given),
    ),
    "UnusedDaysOutOfRange": lambda given: UnusedDaysOutOfRange(
        *_common(given),
        unused_days=reading.whole(reading.field_of(given, "unusedDays")),
        total_days=reading.whole(reading.field_of(given, "totalDays")),
    ),
    "WalletClosed": lambda given: WalletClosed(
        *_common(given),
    ),
    "WalletNotFound": lambda given: WalletNotFound(
        *_common(given),
    ),
    "WindowNotFound": lambda given: WindowNotFound(
        *_common(given),
        calendar=reading.text(reading.field_of(given, "calendar")),
        window=reading.text(reading.field_of(given, "window")),
    ),
    "WindowNotOver": lambda given: WindowNotOver(
        *_common(given),
        window=reading.text(reading.field_of(given, "window")),
        cut_at=reading.instant(reading.field_of(given, "cutAt")),
    ),
}


def read_refusal(given: Json) -> Refusal:
    """Read a refusal; one of a kind that is not known here is a plain `Refusal`."""
    read = _READERS.get(reading.text(reading.field_of(given, "__typename")))
    return Refusal(*_common(given)) if read is None else read(given)


def _common(given: Json) -> tuple[str, str, tuple[str, ...] | None]:
    return (
        reading.text(reading.field_of(given, "message")),
        reading.text(reading.field_of(given, "code")),
        reading.maybe(
            reading.field_of(given, "path"), lambda found: reading.many(found, reading.text)
        ),
    )
