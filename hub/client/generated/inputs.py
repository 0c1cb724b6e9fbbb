"""Inputs of the schema: the same value twice is one request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from hub.client.generated.enums import (
    EntryKind,
    HouseholdRole,
    ReverseMode,
)
from hub.client.writing import Input, new_key


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountInput(Input):
    """Whose wallet is meant; name it in exactly one way."""

    ONE_OF: ClassVar[bool] = True
    reference: str | None = None
    """For a partner: its own name for the member, 1 to 128 printable characters."""
    linked_account: LinkedAccountInput | None = None
    """For the operator, and for the member who is to receive points: the member as some partner
    knows them.
    """
    member_id: str | None = None
    """Id of the member, as it was given to you."""
    wallet_id: str | None = None
    """Id of the wallet, as it was given to you."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkIssuePointsInput(Input):
    """Points to issue, many at once."""

    rows: tuple[IssuePointsInput, ...]
    """What to issue, 1 to 1000 rows, each with a key of its own and exactly as `issuePoints` takes
    it.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRedeemPointsInput(Input):
    """Points to pay with, many at once."""

    rows: tuple[RedeemPointsInput, ...]
    """What to redeem, 1 to 1000 rows, each with a key of its own and exactly as `redeemPoints`
    takes it.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelMembershipInput(Input):
    """A membership to cancel."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    occurred_at: datetime | None = None
    """When it happened, at most 45 days ago and 5 minutes ahead; without it, now."""
    seller: str | None = None
    """Code of the seller. The operator names it; a partner leaves it out."""
    sale_id: str
    """Id of the entry of the sale."""
    unused_days: int
    """Days not used, 0 to `totalDays`."""
    total_days: int
    """Days of the whole membership, at least 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureHoldInput(Input):
    """A hold to take points of."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    occurred_at: datetime | None = None
    """When it happened, at most 45 days ago and 5 minutes ahead; without it, now."""
    hold_id: str
    """Id of the hold: of its entry."""
    points: int
    """How many, 1 up to what was set aside."""
    reference: str | None = None
    """Your reference, e.g. of the receipt, 1 to 200 printable characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CashOutPointsInput(Input):
    """Points to turn into money."""

    till_code: str | None = None
    """The ten digits that the member shows at the till (`createTillCode`), good for one redemption
    within a minute.

    It says whose points they are: `account` may be left out. Without it a partner needs a token
    that the member gave for this very order.
    """
    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    occurred_at: datetime | None = None
    """When it happened, at most 45 days ago and 5 minutes ahead; without it, now."""
    account: AccountInput | None = None
    """Whose points. A member leaves it out: the own ones."""
    from_household: bool | None = None
    """Whether the points of the member's household are used, where the member's role allows it.

    Without it, `false`.
    """
    points: int
    """How many, 1 to 10^12, all or nothing."""
    reference: str | None = None
    """The partner's reference, e.g. of the receipt, 1 to 200 printable characters."""
    agent: str | None = None
    """Code of the partner that pays the money out; a partner leaves it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeHouseholdMemberInput(Input):
    """What is to change about a member of your household."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    member_id: str
    """Whose: `memberId` of the household."""
    role: HouseholdRole | None = None
    """What they may do from now on; without it, as before."""
    share_bps: int | None = None
    """Of each issue to them, how much goes to the household from now on, of 10000: another's share
    is only lowered.

    Without it, as before.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseWindowInput(Input):
    """A window to close."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    calendar: str
    """The calendar of the window."""
    window: str
    """Code of the window in the calendar."""
    fx: tuple[FxRateInput, ...] | None = None
    """Rates for every other currency that is owed or paid, at most 100.

    Without it, `[]`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateHouseholdInput(Input):
    """A household to make."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    share_bps: int
    """Of each issue to you, how much goes to the household: 0 to 10000 of 10,000, whole points,
    rounded down.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTillCodeInput(Input):
    """A code to make."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideApprovalInput(Input):
    """What the second person says."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    digest: str
    """Digest of what is decided, 64 hexadecimal digits: read the payload, it is of exactly that."""
    is_approved: bool
    """Whether it may be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DonatePointsInput(Input):
    """Points to give to a charity."""

    till_code: str | None = None
    """The ten digits that the member shows at the till (`createTillCode`), good for one redemption
    within a minute.

    It says whose points they are: `account` may be left out. Without it a partner needs a token
    that the member gave for this very order.
    """
    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    occurred_at: datetime | None = None
    """When it happened, at most 45 days ago and 5 minutes ahead; without it, now."""
    account: AccountInput | None = None
    """Whose points. A member leaves it out: the own ones."""
    from_household: bool | None = None
    """Whether the points of the member's household are used, where the member's role allows it.

    Without it, `false`.
    """
    points: int
    """How many, 1 to 10^12, all or nothing."""
    reference: str | None = None
    """The partner's reference, e.g. of the receipt, 1 to 200 printable characters."""
    charity: str | None = None
    """Code of the charity; a charity itself leaves it out."""
    match_rate: Decimal | None = None
    """What each issuer adds per point of its own, in money of the lot's currency, 0 to 1,000,000
    with at most 8 places.

    Only the operator may say so.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class EndGrantInput(Input):
    """A grant to end."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    grant_id: str
    """Id of the grant, from `grants`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolMemberInput(Input):
    """A member to enrol."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    partner: str | None = None
    """Code of the partner whose reference it is. A partner leaves it out."""
    reference: str | None = None
    """The partner's own name for the member, linked at once; 1 to 128 printable characters.

    A partner always gives it; the operator may enrol without.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter(Input):
    """Which entries are meant; what is left out does not matter."""

    kinds: tuple[EntryKind, ...] | None = None
    """Only of these kinds, each named once."""
    partner: str | None = None
    """Code of the partner that made them."""
    reference: str | None = None
    """The partner's reference, exactly; 1 to 200 characters."""
    occurred_from: datetime | None = None
    """Happened at this instant or later."""
    occurred_until: datetime | None = None
    """Happened before this instant."""
    posted_from: datetime | None = None
    """Posted at this instant or later."""
    posted_until: datetime | None = None
    """Posted before this instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangePointsInput(Input):
    """Points to exchange; `reference` names what you credited for them."""

    till_code: str | None = None
    """The ten digits that the member shows at the till (`createTillCode`), good for one redemption
    within a minute.

    It says whose points they are: `account` may be left out. Without it a partner needs a token
    that the member gave for this very order.
    """
    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    occurred_at: datetime | None = None
    """When it happened, at most 45 days ago and 5 minutes ahead; without it, now."""
    account: AccountInput | None = None
    """Whose points. A member leaves it out: the own ones."""
    from_household: bool | None = None
    """Whether the points of the member's household are used, where the member's role allows it.

    Without it, `false`.
    """
    points: int
    """How many, 1 to 10^12, all or nothing."""
    reference: str | None = None
    """The partner's reference, e.g. of the receipt, 1 to 200 printable characters."""
    partner: str | None = None
    """Code of the partner whose currency it is; a partner leaves it out."""
    currency: str | None = None
    """Code of the other currency, e.g. `MILES`; it may be left out where the partner gives only
    one.
    """
    is_name_matched: bool | None = None
    """Whether the name on the member's linked account, which is credited, is the member's: where
    the offer asks for it, it is refused otherwise.

    Without it, `false`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendLotInput(Input):
    """Points of a lot that are to live longer."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    lot_id: str
    """Id of the lot."""
    reason: str
    """Why, 1 to 200 printable characters."""
    points: int
    """How many of its free points."""
    expires_at: datetime
    """Their new end, after the lot's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FxRateInput(Input):
    """A rate of exchange, fixed at the cut."""

    currency: str
    """ISO 4217 code."""
    rate: Decimal
    """Units of `currency` per one unit of the clearing currency, above 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPointsInput(Input):
    """Points to set aside."""

    till_code: str | None = None
    """The ten digits that the member shows at the till (`createTillCode`), good for one redemption
    within a minute.

    It says whose points they are: `account` may be left out. Without it a partner needs a token
    that the member gave for this very order.
    """
    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    occurred_at: datetime | None = None
    """When it happened, at most 45 days ago and 5 minutes ahead; without it, now."""
    account: AccountInput | None = None
    """Whose points. A member leaves it out: the own ones."""
    from_household: bool | None = None
    """Whether the points of the member's household are used, where the member's role allows it.

    Without it, `false`.
    """
    points: int
    """How many, 1 to 10^12, all or nothing."""
    reference: str | None = None
    """The partner's reference, e.g. of the receipt, 1 to 200 printable characters."""
    acceptor: str | None = None
    """Code of the acceptor. The operator names it; a partner leaves it out."""
    ends_at: datetime
    """It lapses then by itself, at most 30 days ahead."""
    category: str | None = None
    """What is bought: points restricted to it may be used. At most 200 characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteToHouseholdInput(Input):
    """Somebody to invite."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    role: HouseholdRole
    """What they may do in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePointsInput(Input):
    """Points to issue."""

    points: int
    """How many, 1 to 10^12."""
    expires_at: datetime | None = None
    """When they expire, exclusive; without it, as the issuer's terms say."""
    available_at: datetime | None = None
    """From when on they can be used; without it, at once."""
    released_later: bool | None = None
    """Whether they stay pending until somebody releases them (`releaseLot`); then leave
    `availableAt` out.

    Without it, `false`.
    """
    restriction: RestrictionInput | None = None
    """Where they may be used; without it, anywhere."""
    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    occurred_at: datetime | None = None
    """When it happened, at most 45 days ago and 5 minutes ahead; without it, now."""
    issuer: str | None = None
    """Code of the issuer. The operator names it; a partner leaves it out."""
    account: AccountInput
    """Who gets them."""
    reference: str | None = None
    """The issuer's reference, e.g. of the receipt, 1 to 200 printable characters; unique for the
    issuer and reason.
    """
    reason: str | None = None
    """Why, 1 to 200 printable characters.

    Without it, `"base"`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePurchaseInput(Input):
    """What a purchase brings."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    occurred_at: datetime | None = None
    """When it happened, at most 45 days ago and 5 minutes ahead; without it, now."""
    issuer: str | None = None
    """Code of the issuer. The operator names it; a partner leaves it out."""
    account: AccountInput
    """Who gets them."""
    reference: str | None = None
    """The issuer's reference, e.g. of the receipt, 1 to 200 printable characters; unique for the
    issuer and each reason.
    """
    portions: tuple[PortionInput, ...]
    """The points, 1 to 20 portions; a lot is made of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinHouseholdInput(Input):
    """A household to join."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    share_bps: int
    """Of each issue to you, how much goes to the household: 0 to 10000 of 10,000, whole points,
    rounded down.
    """
    code: str
    """The code that its owner gave you."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveHouseholdInput(Input):
    """A household to leave: your own."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAccountInput(Input):
    """An account to link."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    member_id: str
    """Id of the member, as it was given to you."""
    partner: str | None = None
    """Code of the partner whose reference it is. A partner leaves it out."""
    reference: str
    """The partner's own name for the member, 1 to 128 printable characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedAccountInput(Input):
    """A member as one partner knows them."""

    partner: str
    """Code of the partner."""
    reference: str
    """The partner's own name for the member, 1 to 128 printable characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LotFilter(Input):
    """Which lots are meant; what is left out does not matter."""

    issuer: str | None = None
    """Code of the partner whose points they are."""
    is_open: bool | None = None
    """True: with points left.

    False: without. Null: either.

    Without it, `true`.
    """
    expires_before: datetime | None = None
    """Only lots that expire before this instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeMembersInput(Input):
    """Two members who are one person."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    member_id: str
    """Id of the one that becomes part of the other; from then on it means the other."""
    survivor_id: str
    """Id of the one that stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyInput(Input):
    """An amount of money."""

    amount: Decimal
    """In units of the currency, below 10^15 either way."""
    currency: str
    """ISO 4217 code, e.g. `EUR`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortionInput(Input):
    """Points for one reason."""

    points: int
    """How many, 1 to 10^12."""
    expires_at: datetime | None = None
    """When they expire, exclusive; without it, as the issuer's terms say."""
    available_at: datetime | None = None
    """From when on they can be used; without it, at once."""
    released_later: bool | None = None
    """Whether they stay pending until somebody releases them (`releaseLot`); then leave
    `availableAt` out.

    Without it, `false`.
    """
    restriction: RestrictionInput | None = None
    """Where they may be used; without it, anywhere."""
    reason: str | None = None
    """Why, e.g. `tier bonus`, 1 to 200 printable characters; each reason once.

    Without it, `"base"`.
    """
    funder: str | None = None
    """Code of the partner that pays for them; without it, the issuer.

    Only the operator names another.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class PostAdjustmentInput(Input):
    """An amount that one party is to owe another."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    occurred_at: datetime | None = None
    """When it happened, at most 45 days ago and 5 minutes ahead; without it, now."""
    debtor: str
    """Code of who owes, a partner or HUB, POOL."""
    creditor: str
    """Code of who is owed."""
    amount: MoneyInput
    """How much, exactly, at most 12 places; negative to take back."""
    reason: str
    """Why, 1 to 200 printable characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemPointsInput(Input):
    """Points to pay with."""

    till_code: str | None = None
    """The ten digits that the member shows at the till (`createTillCode`), good for one redemption
    within a minute.

    It says whose points they are: `account` may be left out. Without it a partner needs a token
    that the member gave for this very order.
    """
    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    occurred_at: datetime | None = None
    """When it happened, at most 45 days ago and 5 minutes ahead; without it, now."""
    account: AccountInput | None = None
    """Whose points. A member leaves it out: the own ones."""
    from_household: bool | None = None
    """Whether the points of the member's household are used, where the member's role allows it.

    Without it, `false`.
    """
    points: int
    """How many, 1 to 10^12, all or nothing."""
    reference: str | None = None
    """The partner's reference, e.g. of the receipt, 1 to 200 printable characters."""
    acceptor: str | None = None
    """Code of the acceptor. The operator names it; a partner leaves it out."""
    category: str | None = None
    """What is bought: points restricted to it may be used, and are used first.

    At most 200 characters.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPointsInput(Input):
    """Points of a redemption to give back."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    occurred_at: datetime | None = None
    """When it happened, at most 45 days ago and 5 minutes ahead; without it, now."""
    redemption_id: str
    """Id of the entry of the redemption, cash-out, donation or exchange."""
    points: int
    """How many, 1 up to what is left of the redemption."""
    reinstated_until: datetime | None = None
    """Until when points live on that have expired meanwhile, in a new lot; at most 30 days from
    now.

    Without it they expire again at once.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ReinstateLotInput(Input):
    """Expired points that are to come back."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    lot_id: str
    """Id of the lot."""
    reason: str
    """Why, 1 to 200 printable characters."""
    points: int
    """How many of those that expired."""
    expires_at: datetime
    """Their new end, in the future."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseLotInput(Input):
    """A pending lot that is to be usable now."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    lot_id: str
    """Id of the lot."""
    reason: str
    """Why, 1 to 200 printable characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictionInput(Input):
    """Where points may be used; what is left out does not matter."""

    acceptors: tuple[str, ...] | None = None
    """Codes of the partners that take them, 1 to 100."""
    categories: tuple[str, ...] | None = None
    """What they may be used for, 1 to 100, each of 1 to 200 printable characters.

    Where acceptors are given too, a use must fit both.
    """
    is_transferable: bool | None = None
    """Whether they may be transferred to another member.

    Without it, `true`.
    """
    is_exchangeable: bool | None = None
    """Whether they may be exchanged into another currency.

    Without it, `true`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseIssueInput(Input):
    """Points of an issue to take back."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    occurred_at: datetime | None = None
    """When it happened, at most 45 days ago and 5 minutes ahead; without it, now."""
    lot_id: str
    """Id of the lot that the issue made."""
    points: int
    """How many, 1 up to what is left of the issue; those of the lot go first."""
    mode: ReverseMode | None = None
    """What is done where the lot has too few left.

    Without it, `REFUSE`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class SellMembershipInput(Input):
    """A membership that was sold."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    occurred_at: datetime | None = None
    """When it happened, at most 45 days ago and 5 minutes ahead; without it, now."""
    seller: str | None = None
    """Code of the seller. The operator names it; a partner leaves it out."""
    price_gross: MoneyInput
    """What the member paid, VAT included, in whole minor units."""
    vat_rate: Decimal
    """Part of 1, e.g. `0.19`; 0 for none."""
    shares: tuple[ShareInput, ...]
    """Who gets which part, the seller included; at most 100, each partner once; they sum to 1."""
    reference: str
    """What names the sale on invoices, 1 to 200 printable characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHouseholdShareInput(Input):
    """A share to set."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    share_bps: int
    """Of each issue to you, how much goes to the household: 0 to 10000 of 10,000, whole points,
    rounded down.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareInput(Input):
    """What part of a membership's net price a partner gets."""

    partner: str
    """Code of the partner."""
    share: Decimal
    """Part of 1, 0 to 1 with at most 4 places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepExpiryInput(Input):
    """When to book what has expired: now."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPointsInput(Input):
    """Points to transfer."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    occurred_at: datetime | None = None
    """When it happened, at most 45 days ago and 5 minutes ahead; without it, now."""
    account: AccountInput | None = None
    """Whose points. A member leaves it out: the own ones."""
    to_account: AccountInput
    """Who gets them. A member names another by `linkedAccount`."""
    points: int
    """How many, 1 to 10^12, all or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmergeMembersInput(Input):
    """A merge to undo."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    member_id: str
    """Id of the member who became part of another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidHoldInput(Input):
    """A hold to let go."""

    idempotency_key: str = field(default_factory=new_key)
    """A name for this request that you choose, 1 to 128 printable ASCII characters.

    Repeat the request with the same key until you get an answer: it is done once, and the
    answer is the same. Another request needs another key. Kept for at least 400 days.

    Without it, one is made.
    """
    occurred_at: datetime | None = None
    """When it happened, at most 45 days ago and 5 minutes ahead; without it, now."""
    hold_id: str
    """Id of the hold: of its entry."""
