"""Answers of the schema: what is asked of each type, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self

from hub.client import reading
from hub.client.errors import Refusal
from hub.client.generated.enums import (
    ActorKind,
    ApprovalStatus,
    CapKind,
    CapRenewal,
    EntryKind,
    Funding,
    HouseholdRole,
    MergeStatus,
    OwedFor,
    RateBasis,
    WindowStatus,
)
from hub.client.generated.refusals import read_refusal
from hub.client.reading import Json


@dataclass(frozen=True, slots=True)
class ActivityEdge:
    """An entry of a wallet, and where it stands."""

    node: Entry
    """The entry."""
    change_points: int
    """By how many points it changed the wallet, as far as you may see its lots: positive in,
    negative out.
    """

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            node=Entry.read(reading.field_of(given, "node")),
            change_points=reading.whole(reading.field_of(given, "changePoints")),
        )


@dataclass(frozen=True, slots=True)
class Allocation:
    """Points that an entry took from a lot, or gave back to it."""

    kind: EntryKind
    """What became of them: that of the entry; of a refund, the kind of what it gives back;
    `EXPIRE` where they expired at once.
    """
    points: int
    """Negative: taken. Positive: given back."""
    is_reversal: bool
    """Whether it undoes an earlier allocation."""
    issuer: PartnerRef
    """Whose points they are."""
    acceptor: PartnerRef | None
    """Who accepted them; null where nobody did. A partner sees what it accepted itself."""
    entry: EntryRef | None
    """The entry that it belongs to; null if not for you to see."""
    lot: LotRef | None
    """The lot; null if not for you to see."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            kind=EntryKind(reading.field_of(given, "kind")),
            points=reading.whole(reading.field_of(given, "points")),
            is_reversal=reading.truth(reading.field_of(given, "isReversal")),
            issuer=PartnerRef.read(reading.field_of(given, "issuer")),
            acceptor=reading.maybe(reading.field_of(given, "acceptor"), PartnerRef.read),
            entry=reading.maybe(reading.field_of(given, "entry"), EntryRef.read),
            lot=reading.maybe(reading.field_of(given, "lot"), LotRef.read),
        )


@dataclass(frozen=True, slots=True)
class Approval:
    """What one person asked to do, and another one must approve."""

    digest: str
    """SHA-256 of who asks, the operation and the payload, 64 hexadecimal digits."""
    operation: str
    """The mutation, e.g. `post_adjustment`."""
    payload: str
    """What is to be done, as JSON with sorted keys; all numbers are texts."""
    status: ApprovalStatus
    """How far it has come."""
    is_own: bool
    """Whether you asked for it: then decide not."""
    made_at: datetime
    """When it was asked."""
    ends_at: datetime
    """It cannot be used from this instant on."""
    decided_at: datetime | None
    """When it was decided."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            digest=reading.text(reading.field_of(given, "digest")),
            operation=reading.text(reading.field_of(given, "operation")),
            payload=reading.text(reading.field_of(given, "payload")),
            status=ApprovalStatus(reading.field_of(given, "status")),
            is_own=reading.truth(reading.field_of(given, "isOwn")),
            made_at=reading.instant(reading.field_of(given, "madeAt")),
            ends_at=reading.instant(reading.field_of(given, "endsAt")),
            decided_at=reading.maybe(reading.field_of(given, "decidedAt"), reading.instant),
        )


@dataclass(frozen=True, slots=True)
class Arrears:
    """What a wallet owes for one issue that was taken back too late."""

    points: int
    """How many it owed at first."""
    owed_points: int
    """How many are left."""
    creditor: PartnerRef
    """Whom it owes them: the issuer. A partner sees what is owed to it."""
    entry: EntryRef | None
    """The entry that made the debt; null if not for you to see."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            points=reading.whole(reading.field_of(given, "points")),
            owed_points=reading.whole(reading.field_of(given, "owedPoints")),
            creditor=PartnerRef.read(reading.field_of(given, "creditor")),
            entry=reading.maybe(reading.field_of(given, "entry"), EntryRef.read),
        )


@dataclass(frozen=True, slots=True)
class BulkIssuePointsPayload:
    """What `bulkIssuePoints` answers."""

    rows: tuple[IssuePointsRow, ...]
    """One answer per row, in the order of the input, at most 1000; empty when the whole was
    refused: then nothing was done.
    """

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            rows=reading.many(reading.field_of(given, "rows"), IssuePointsRow.read),
        )


@dataclass(frozen=True, slots=True)
class BulkRedeemPointsPayload:
    """What `bulkRedeemPoints` answers."""

    rows: tuple[RedeemPointsRow, ...]
    """One answer per row, in the order of the input, at most 1000; empty when the whole was
    refused: then nothing was done.
    """

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            rows=reading.many(reading.field_of(given, "rows"), RedeemPointsRow.read),
        )


@dataclass(frozen=True, slots=True)
class CancelMembershipPayload:
    """What `cancelMembership` answers."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
        )


@dataclass(frozen=True, slots=True)
class Cap:
    """How much there may be of something in a span of time.

    The numbers are points, or money where `currency` says so.
    """

    kind: CapKind
    """What it is about."""
    reason: str | None
    """Of a budget: the reason of the issues that count."""
    exchanged_into: str | None
    """Of a day of exchanges: code of the currency that the partner gives."""
    currency: str | None
    """ISO 4217 code of the money that it counts; null: points."""
    limit: Decimal
    """How much there may be."""
    used: Decimal
    """How much is used: charges less what was given back or paid.

    Of a cap that each member has alone, by all members together.
    """
    left: Decimal | None
    """How much is left, 0 when more is used; null: each member has a cap alone."""
    is_per_member: bool
    """Whether each member may use as much as the limit."""
    starts_at: datetime
    """First instant that counts."""
    ends_at: datetime | None
    """First instant that does not count any more; null: no end."""
    renewal: CapRenewal | None
    """When it begins anew; null: not by itself, or with each month of its terms or day of its
    offer.
    """
    version: str | None
    """The version of terms, or of an exchange offer, that it follows from; null: the operator set
    it.

    Of several offers of a day the last.
    """
    partner: PartnerRef | None
    """Whose points or money it counts; null: anybody's."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            kind=CapKind(reading.field_of(given, "kind")),
            reason=reading.maybe(reading.field_of(given, "reason"), reading.text),
            exchanged_into=reading.maybe(reading.field_of(given, "exchangedInto"), reading.text),
            currency=reading.maybe(reading.field_of(given, "currency"), reading.text),
            limit=reading.decimal(reading.field_of(given, "limit")),
            used=reading.decimal(reading.field_of(given, "used")),
            left=reading.maybe(reading.field_of(given, "left"), reading.decimal),
            is_per_member=reading.truth(reading.field_of(given, "isPerMember")),
            starts_at=reading.instant(reading.field_of(given, "startsAt")),
            ends_at=reading.maybe(reading.field_of(given, "endsAt"), reading.instant),
            renewal=reading.maybe(reading.field_of(given, "renewal"), CapRenewal),
            version=reading.maybe(reading.field_of(given, "version"), reading.text),
            partner=reading.maybe(reading.field_of(given, "partner"), PartnerRef.read),
        )


@dataclass(frozen=True, slots=True)
class CaptureHoldPayload:
    """What `captureHold` answers."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""
    captured_points: int
    """How many were taken; null when it was refused."""
    expired_points: int
    """How many of the rest expired at once, since their lot had meanwhile; null when it was
    refused.
    """

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
            captured_points=reading.whole(reading.field_of(given, "capturedPoints")),
            expired_points=reading.whole(reading.field_of(given, "expiredPoints")),
        )


@dataclass(frozen=True, slots=True)
class CashOutPointsPayload:
    """What `cashOutPoints` answers."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
        )


@dataclass(frozen=True, slots=True)
class CellLine:
    """One line of what is billed: a kind of obligation under one price."""

    key: str
    """Kind, terms and currency, e.g. `REIMBURSE@2026-1`; `(-)` marks what was given back."""
    exact: Decimal
    """In units of the clearing currency, at most 12 places."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            key=reading.text(reading.field_of(given, "key")),
            exact=reading.decimal(reading.field_of(given, "exact")),
        )


@dataclass(frozen=True, slots=True)
class ChangeHouseholdMemberPayload:
    """What `changeHouseholdMember` answers."""

    household: Household
    """Your household as it is now; null when it was refused."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            household=Household.read(reading.field_of(given, "household")),
        )


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signature over all books at an instant.

    Keep it: whatever is proven later must fit it. It shows neither a sequence nor a volume.
    """

    note: str
    """The signed note (C2SP signed-note): name of the log, number of lanes, root over their trees,
    instant; then an empty line and the signatures.
    """
    signed_at: datetime
    """When it was signed."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            note=reading.text(reading.field_of(given, "note")),
            signed_at=reading.instant(reading.field_of(given, "signedAt")),
        )


@dataclass(frozen=True, slots=True)
class CloseWindowPayload:
    """What `closeWindow` answers."""

    window: SettlementWindow
    """The window, closed; null when it was refused."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            window=SettlementWindow.read(reading.field_of(given, "window")),
        )


@dataclass(frozen=True, slots=True)
class Coalition:
    """All partners under one rule book."""

    name: str
    """Its name."""
    point_name: str
    """What members call a point."""
    clearing_currency: str
    """ISO 4217 code of the currency in which partners settle."""
    time_zone: str
    """IANA name of the zone of its days and months, e.g. `Europe/Berlin`."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            name=reading.text(reading.field_of(given, "name")),
            point_name=reading.text(reading.field_of(given, "pointName")),
            clearing_currency=reading.text(reading.field_of(given, "clearingCurrency")),
            time_zone=reading.text(reading.field_of(given, "timeZone")),
        )


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the tree of a lane is an older one that only grew.

    Hashes are 32 octets in base64.
    """

    old_root: str
    """Root of the smaller tree."""
    new_root: str
    """Root of the larger tree."""
    proof: tuple[str, ...]
    """Consistency proof of RFC 9162, at most 64 hashes."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            old_root=reading.text(reading.field_of(given, "oldRoot")),
            new_root=reading.text(reading.field_of(given, "newRoot")),
            proof=reading.many(reading.field_of(given, "proof"), reading.text),
        )


@dataclass(frozen=True, slots=True)
class CreateHouseholdPayload:
    """What `createHousehold` answers."""

    household: Household
    """Your household as it is now; null when it was refused."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            household=Household.read(reading.field_of(given, "household")),
        )


@dataclass(frozen=True, slots=True)
class CreateTillCodePayload:
    """What `createTillCode` answers."""

    code: str
    """Ten digits to show at the till, for one redemption; null when it was refused."""
    ends_at: datetime
    """From then on it is not taken: 60 seconds after it was made; null when it was refused."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            code=reading.text(reading.field_of(given, "code")),
            ends_at=reading.instant(reading.field_of(given, "endsAt")),
        )


@dataclass(frozen=True, slots=True)
class DecideApprovalPayload:
    """What `decideApproval` answers."""

    approval: Approval
    """What was decided; null when it was refused."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            approval=Approval.read(reading.field_of(given, "approval")),
        )


@dataclass(frozen=True, slots=True)
class DonatePointsPayload:
    """What `donatePoints` answers."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
        )


@dataclass(frozen=True, slots=True)
class EndGrantPayload:
    """What `endGrant` answers."""

    grant: Grant
    """The grant, ended; null when it was refused."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            grant=Grant.read(reading.field_of(given, "grant")),
        )


@dataclass(frozen=True, slots=True)
class EnrolMemberPayload:
    """What `enrolMember` answers."""

    member: Member
    """The member; null when it was refused."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            member=Member.read(reading.field_of(given, "member")),
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One immutable record of the books."""

    id: str
    """Opaque, 22 letters, the same every time.

    It means something only to whom it was given: another client's id of the same thing differs.
    """
    kind: EntryKind
    """What it did."""
    occurred_at: datetime
    """When it happened, e.g. at the till."""
    posted_at: datetime
    """When it was posted."""
    reference: str | None
    """The partner's reference of it."""
    reason: str | None
    """Why, e.g. `base` for an ordinary issue; of an exchange the version of the offer."""
    points: int
    """How many points, never negative; 0 where only money moved.

    A partner that looks at an expiry sees its own points in it.
    """
    partner: PartnerRef | None
    """Issuer of an issue or a reverse, acceptor of a redemption or a refund, seller of a
    membership; null where the hub itself acted.
    """
    terms: TermsRef | None
    """The acting partner's terms that it was booked under; null if there are none, or they are not
    for you to see.
    """
    exchange: ExchangeReceipt | None
    """What an exchange gave; null for any other kind."""
    wallet: WalletRef | None
    """The wallet; null where only money moved."""
    lot: LotRef | None
    """The lot that an issue made or a reverse took from; null if not for you to see."""
    gives_back: EntryRef | None
    """The entry that this one gives back or cancels."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            id=reading.text(reading.field_of(given, "id")),
            kind=EntryKind(reading.field_of(given, "kind")),
            occurred_at=reading.instant(reading.field_of(given, "occurredAt")),
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            reference=reading.maybe(reading.field_of(given, "reference"), reading.text),
            reason=reading.maybe(reading.field_of(given, "reason"), reading.text),
            points=reading.whole(reading.field_of(given, "points")),
            partner=reading.maybe(reading.field_of(given, "partner"), PartnerRef.read),
            terms=reading.maybe(reading.field_of(given, "terms"), TermsRef.read),
            exchange=reading.maybe(reading.field_of(given, "exchange"), ExchangeReceipt.read),
            wallet=reading.maybe(reading.field_of(given, "wallet"), WalletRef.read),
            lot=reading.maybe(reading.field_of(given, "lot"), LotRef.read),
            gives_back=reading.maybe(reading.field_of(given, "givesBack"), EntryRef.read),
        )


@dataclass(frozen=True, slots=True)
class EntryEvent:
    """An entry that was booked."""

    entry: Entry
    """The entry."""
    cursor: str
    """Where this event stands: give it as `after` to go on from here after a break."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            entry=Entry.read(reading.field_of(given, "entry")),
            cursor=reading.text(reading.field_of(given, "cursor")),
        )


@dataclass(frozen=True, slots=True)
class EntryRef:
    """One immutable record of the books."""

    id: str
    """Opaque, 22 letters, the same every time.

    It means something only to whom it was given: another client's id of the same thing differs.
    """

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            id=reading.text(reading.field_of(given, "id")),
        )


@dataclass(frozen=True, slots=True)
class ExchangeOffer:
    """One version of what a partner gives of its own currency for points.

    A number of points passes when it is at least the minimum and a multiple of the step; then
    it gives `getUnits` for every `givePoints`, and `bonusUnits` more for every full
    `blockPoints`.
    """

    version: str
    """Its name, unique for the partner; exchanges have it as their reason."""
    effective_from: datetime
    """First instant in force."""
    effective_until: datetime | None
    """First instant not in force any more; null: no end yet."""
    currency: OtherCurrency
    """What the partner gives."""
    give_points: int
    """The points of the ratio."""
    get_units: int
    """What they give."""
    minimum_points: int
    """The least at once."""
    step_points: int
    """Only multiples of it pass."""
    block_points: int | None
    """Every full block of so many points gives a bonus; null: there is none."""
    bonus_units: int | None
    """The bonus of one full block."""
    day_cap_points: int | None
    """How many points of one wallet in a day of the coalition; null: any number."""
    needs_name_match: bool
    """Whether the name on the account that is credited must be the member's."""
    is_refundable: bool
    """Whether the partner may refund an exchange; if not, it is for good."""
    partner: PartnerRef
    """Who gives it."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            version=reading.text(reading.field_of(given, "version")),
            effective_from=reading.instant(reading.field_of(given, "effectiveFrom")),
            effective_until=reading.maybe(
                reading.field_of(given, "effectiveUntil"), reading.instant
            ),
            currency=OtherCurrency.read(reading.field_of(given, "currency")),
            give_points=reading.whole(reading.field_of(given, "givePoints")),
            get_units=reading.whole(reading.field_of(given, "getUnits")),
            minimum_points=reading.whole(reading.field_of(given, "minimumPoints")),
            step_points=reading.whole(reading.field_of(given, "stepPoints")),
            block_points=reading.maybe(reading.field_of(given, "blockPoints"), reading.whole),
            bonus_units=reading.maybe(reading.field_of(given, "bonusUnits"), reading.whole),
            day_cap_points=reading.maybe(reading.field_of(given, "dayCapPoints"), reading.whole),
            needs_name_match=reading.truth(reading.field_of(given, "needsNameMatch")),
            is_refundable=reading.truth(reading.field_of(given, "isRefundable")),
            partner=PartnerRef.read(reading.field_of(given, "partner")),
        )


@dataclass(frozen=True, slots=True)
class ExchangePointsPayload:
    """What `exchangePoints` answers."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
        )


@dataclass(frozen=True, slots=True)
class ExchangeQuote:
    """What points would give now; nothing is set aside for it."""

    offer: ExchangeOffer
    """The offer in force."""
    is_possible: bool
    """Whether this number passes the offer, and today's cap where it is told.

    The balance is not looked at.
    """
    units: int | None
    """What the points give, bonus and all; null: the number does not pass."""
    bonus_units: int | None
    """What of it is the bonus of full blocks."""
    smaller_points: int | None
    """The largest number that passes, up to what was asked; null: none does."""
    larger_points: int | None
    """The smallest number that passes, from what was asked on; null: none does."""
    left_today_points: int | None
    """What the cap of the day leaves this wallet; null: there is no cap, no account was named, or
    it is not for you to see.
    """
    largest_points: int | None
    """The largest number that passes at all, today where that is told; null: none."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            offer=ExchangeOffer.read(reading.field_of(given, "offer")),
            is_possible=reading.truth(reading.field_of(given, "isPossible")),
            units=reading.maybe(reading.field_of(given, "units"), reading.whole),
            bonus_units=reading.maybe(reading.field_of(given, "bonusUnits"), reading.whole),
            smaller_points=reading.maybe(reading.field_of(given, "smallerPoints"), reading.whole),
            larger_points=reading.maybe(reading.field_of(given, "largerPoints"), reading.whole),
            left_today_points=reading.maybe(
                reading.field_of(given, "leftTodayPoints"), reading.whole
            ),
            largest_points=reading.maybe(reading.field_of(given, "largestPoints"), reading.whole),
        )


@dataclass(frozen=True, slots=True)
class ExchangeReceipt:
    """What an exchange gave."""

    offer: ExchangeOffer
    """The version of the offer that applied."""
    units: int
    """What was received, bonus and all."""
    bonus_units: int
    """What of it is the bonus of full blocks."""
    kept_units: int
    """What is left of it after refunds: as much as the points that were not refunded would have
    given.
    """

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            offer=ExchangeOffer.read(reading.field_of(given, "offer")),
            units=reading.whole(reading.field_of(given, "units")),
            bonus_units=reading.whole(reading.field_of(given, "bonusUnits")),
            kept_units=reading.whole(reading.field_of(given, "keptUnits")),
        )


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the books are as they are: what an entry did, and what each party owes for it."""

    entry: EntryRef | None
    """The entry; null if not for you to see: then you are a party to what it owes."""
    in_words: tuple[str, ...] | None
    """What happened, in one sentence per lot that you may see: whose points, how many, until when.

    Null where the entry is not for you to see.
    """

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            entry=reading.maybe(reading.field_of(given, "entry"), EntryRef.read),
            in_words=reading.maybe(
                reading.field_of(given, "inWords"), lambda found: reading.many(found, reading.text)
            ),
        )


@dataclass(frozen=True, slots=True)
class ExtendLotPayload:
    """What `extendLot` answers: the lot that the points lie in now."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""
    lot_id: str
    """Id of the lot; null when it was refused. Costs no read."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
            lot_id=reading.text(reading.field_of(given, "lotId")),
        )


@dataclass(frozen=True, slots=True)
class Grant:
    """What a member allowed a partner's software."""

    id: str
    """For `endGrant`; it is yours alone."""
    partner: PartnerRef
    """The partner."""
    client_name: str
    """What its software is called."""
    scopes: tuple[GrantedScope, ...]
    """What it may do, in the order of the consent page; at most one of each scope."""
    order_points: int | None
    """Agreed to for one redemption of so many points; null: for no redemption."""
    order_reference: str | None
    """The partner's reference of that redemption; null: for no redemption."""
    agreed_at: datetime
    """When the member agreed."""
    ends_at: datetime
    """From then on nothing can be done by it, unless it was ended before."""
    ended_at: datetime | None
    """When it was ended; null: it is open."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            id=reading.text(reading.field_of(given, "id")),
            partner=PartnerRef.read(reading.field_of(given, "partner")),
            client_name=reading.text(reading.field_of(given, "clientName")),
            scopes=reading.many(reading.field_of(given, "scopes"), GrantedScope.read),
            order_points=reading.maybe(reading.field_of(given, "orderPoints"), reading.whole),
            order_reference=reading.maybe(reading.field_of(given, "orderReference"), reading.text),
            agreed_at=reading.instant(reading.field_of(given, "agreedAt")),
            ends_at=reading.instant(reading.field_of(given, "endsAt")),
            ended_at=reading.maybe(reading.field_of(given, "endedAt"), reading.instant),
        )


@dataclass(frozen=True, slots=True)
class GrantedScope:
    """One thing that a grant allows."""

    name: str
    """Its name in a token, e.g. `points.read`."""
    name_en: str
    """What the member agreed to, in English."""
    name_zh: str
    """The same in Chinese."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            name=reading.text(reading.field_of(given, "name")),
            name_en=reading.text(reading.field_of(given, "nameEn")),
            name_zh=reading.text(reading.field_of(given, "nameZh")),
        )


@dataclass(frozen=True, slots=True)
class Hold:
    """Points that are set aside, until they are taken or let go."""

    points: int
    """How many were set aside."""
    ends_at: datetime | None
    """It lapses then by itself; null: it does not, points are on their way."""
    acceptor: PartnerRef | None
    """Who asked for it; null where points move to another wallet.

    A partner sees its own holds.
    """
    entry: EntryRef | None
    """Its entry, whose id is the hold's; null if not for you to see."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            points=reading.whole(reading.field_of(given, "points")),
            ends_at=reading.maybe(reading.field_of(given, "endsAt"), reading.instant),
            acceptor=reading.maybe(reading.field_of(given, "acceptor"), PartnerRef.read),
            entry=reading.maybe(reading.field_of(given, "entry"), EntryRef.read),
        )


@dataclass(frozen=True, slots=True)
class HoldPointsPayload:
    """What `holdPoints` answers."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""
    ends_at: datetime
    """When it lapses by itself; null when it was refused."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
            ends_at=reading.instant(reading.field_of(given, "endsAt")),
        )


@dataclass(frozen=True, slots=True)
class Household:
    """Members who pool points in one wallet."""

    role: HouseholdRole
    """What the member may do in it."""
    share_bps: int
    """Of each issue to the member, how much goes to it: of 10000."""
    wallet: WalletRef
    """Where the points lie."""
    members: tuple[HouseholdMember, ...]
    """Who belongs to it, at most 10, in the order of joining."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            role=HouseholdRole(reading.field_of(given, "role")),
            share_bps=reading.whole(reading.field_of(given, "shareBps")),
            wallet=WalletRef.read(reading.field_of(given, "wallet")),
            members=reading.many(reading.field_of(given, "members"), HouseholdMember.read),
        )


@dataclass(frozen=True, slots=True)
class HouseholdMember:
    """A member of a household, as the others see them."""

    role: HouseholdRole
    """What they may do."""
    share_bps: int
    """Of each issue, how much goes to the household: of 10000."""
    joined_at: datetime
    """Since when."""
    is_own: bool
    """Whether it is the member whose household this is."""
    member_id: str
    """Their id, for you alone: an owner names them by it."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            role=HouseholdRole(reading.field_of(given, "role")),
            share_bps=reading.whole(reading.field_of(given, "shareBps")),
            joined_at=reading.instant(reading.field_of(given, "joinedAt")),
            is_own=reading.truth(reading.field_of(given, "isOwn")),
            member_id=reading.text(reading.field_of(given, "memberId")),
        )


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That an entry is in the books as they were signed last.

    Hashes are 32 octets in base64.
    """

    lane: int
    """Lane of the entry, -1 to 63."""
    leaf_index: str
    """Place of the entry among the leaves of its lane, from 0; a whole number."""
    tree_size: str
    """Leaves of the lane; a whole number."""
    leaf: str
    """Hash of the entry's leaf."""
    proof: tuple[str, ...]
    """Inclusion proof in the lane, from the leaf up, at most 64 hashes."""
    root: str
    """Root of the tree of the lane."""
    lane_proof: tuple[str, ...]
    """Inclusion proof of the lane in the tree over all lanes, at most 7 hashes."""
    checkpoint: Checkpoint
    """The signature over that tree."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            lane=reading.whole(reading.field_of(given, "lane")),
            leaf_index=reading.text(reading.field_of(given, "leafIndex")),
            tree_size=reading.text(reading.field_of(given, "treeSize")),
            leaf=reading.text(reading.field_of(given, "leaf")),
            proof=reading.many(reading.field_of(given, "proof"), reading.text),
            root=reading.text(reading.field_of(given, "root")),
            lane_proof=reading.many(reading.field_of(given, "laneProof"), reading.text),
            checkpoint=Checkpoint.read(reading.field_of(given, "checkpoint")),
        )


@dataclass(frozen=True, slots=True)
class InviteToHouseholdPayload:
    """What `inviteToHousehold` answers."""

    code: str
    """A code by which one member may join, once; null when it was refused."""
    ends_at: datetime
    """From then on it is not taken: a week after; null when it was refused."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            code=reading.text(reading.field_of(given, "code")),
            ends_at=reading.instant(reading.field_of(given, "endsAt")),
        )


@dataclass(frozen=True, slots=True)
class IssuePointsPayload:
    """What `issuePoints` answers."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""
    lot_id: str
    """Id of the lot; null when it was refused. Costs no read."""
    granted_points: int
    """How many were issued: fewer than asked, perhaps 0 and no lot, when a cap left fewer; null
    when it was refused.
    """
    capped_by: CapKind | None
    """The cap that left fewer than asked; null when all were issued."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
            lot_id=reading.text(reading.field_of(given, "lotId")),
            granted_points=reading.whole(reading.field_of(given, "grantedPoints")),
            capped_by=reading.maybe(reading.field_of(given, "cappedBy"), CapKind),
        )


@dataclass(frozen=True, slots=True)
class IssuePointsRow:
    """What `issuePoints` answers."""

    user_errors: tuple[Refusal, ...]
    """Why it was refused; empty when it was done."""
    posted_at: datetime | None
    """When it was posted; null when it was refused."""
    entry_id: str | None
    """Id of the entry; null when it was refused. Costs no read."""
    lot_id: str | None
    """Id of the lot; null when it was refused. Costs no read."""
    granted_points: int | None
    """How many were issued: fewer than asked, perhaps 0 and no lot, when a cap left fewer; null
    when it was refused.
    """
    capped_by: CapKind | None
    """The cap that left fewer than asked; null when all were issued."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            user_errors=reading.many(reading.field_of(given, "userErrors"), read_refusal),
            posted_at=reading.maybe(reading.field_of(given, "postedAt"), reading.instant),
            entry_id=reading.maybe(reading.field_of(given, "entryId"), reading.text),
            lot_id=reading.maybe(reading.field_of(given, "lotId"), reading.text),
            granted_points=reading.maybe(reading.field_of(given, "grantedPoints"), reading.whole),
            capped_by=reading.maybe(reading.field_of(given, "cappedBy"), CapKind),
        )


@dataclass(frozen=True, slots=True)
class IssuePurchasePayload:
    """What `issuePurchase` answers; `entry` is that of the first portion."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
        )


@dataclass(frozen=True, slots=True)
class JoinHouseholdPayload:
    """What `joinHousehold` answers."""

    household: Household
    """Your household as it is now; null when it was refused."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            household=Household.read(reading.field_of(given, "household")),
        )


@dataclass(frozen=True, slots=True)
class LeaveHouseholdPayload:
    """What `leaveHousehold` answers; what is left of your points is yours."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls()


@dataclass(frozen=True, slots=True)
class Liability:
    """Points of an issuer that were not used, under one version of terms, ending in one month."""

    points: int
    """How many. Points past their end count until a sweep books them."""
    expires_month: str | None
    """The month of their end in UTC, as YYYY-MM; null: they never expire."""
    issuer: PartnerRef
    """Whose points they are."""
    terms: TermsRef | None
    """The terms pinned at their issue; null if not for you to see."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            points=reading.whole(reading.field_of(given, "points")),
            expires_month=reading.maybe(reading.field_of(given, "expiresMonth"), reading.text),
            issuer=PartnerRef.read(reading.field_of(given, "issuer")),
            terms=reading.maybe(reading.field_of(given, "terms"), TermsRef.read),
        )


@dataclass(frozen=True, slots=True)
class LimitState:
    """A limit that every request is held to, and how near this one comes."""

    name: str
    """Its name, as in `extensions.limit` of a refusal."""
    allowed: int
    """How much is allowed."""
    asked: int | None
    """How much the operation asks for; null where that shows with its variables or its text only."""
    counts: str
    """What is counted."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            name=reading.text(reading.field_of(given, "name")),
            allowed=reading.whole(reading.field_of(given, "allowed")),
            asked=reading.maybe(reading.field_of(given, "asked"), reading.whole),
            counts=reading.text(reading.field_of(given, "counts")),
        )


@dataclass(frozen=True, slots=True)
class LinkAccountPayload:
    """What `linkAccount` answers."""

    member: Member
    """The member; null when it was refused."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            member=Member.read(reading.field_of(given, "member")),
        )


@dataclass(frozen=True, slots=True)
class LinkedAccount:
    """A member's identity at one partner."""

    reference: str
    """The partner's own name for the member."""
    linked_at: datetime
    """Since when."""
    partner: PartnerRef
    """The partner."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            reference=reading.text(reading.field_of(given, "reference")),
            linked_at=reading.instant(reading.field_of(given, "linkedAt")),
            partner=PartnerRef.read(reading.field_of(given, "partner")),
        )


@dataclass(frozen=True, slots=True)
class LogKey:
    """A public key that signs the books, or has signed them."""

    key: str
    """The key as one line: name, id and base64 with plus signs between, as `hub verify --key`
    reads it.

    Compare it with one that you have from elsewhere.
    """
    since_at: datetime
    """When it was made."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            key=reading.text(reading.field_of(given, "key")),
            since_at=reading.instant(reading.field_of(given, "sinceAt")),
        )


@dataclass(frozen=True, slots=True)
class Lot:
    """Points issued together that expire together."""

    id: str
    """Opaque, 22 letters, the same every time.

    It means something only to whom it was given: another client's id of the same thing differs.
    """
    points: int
    """How many were issued."""
    remaining_points: int
    """How many are left in the books; past `expiresAt` they cannot be used."""
    held_points: int
    """How many of those left are set aside."""
    available_at: datetime | None
    """Usable from this instant; null: from the issue on."""
    expires_at: datetime | None
    """Usable before this instant, not at it; null: never expires."""
    is_pending: bool
    """Whether they cannot be used yet: before `availableAt`, or until somebody releases them."""
    restriction: Restriction | None
    """Where they may be used; null: anywhere."""
    issuer: PartnerRef
    """Whose points they are."""
    terms: TermsRef | None
    """The issuer's terms that were pinned at the issue; null if not for you to see."""
    wallet: WalletRef | None
    """Where it lies; null if not for you to see."""
    source: EntryRef | None
    """The entry that made it; null if not for you to see."""
    moved_from: LotRef | None
    """The lot that it was moved from; null if none, or not for you to see."""
    contributor: WalletRef | None
    """The wallet of the member who brought them into a household; null if nobody did, or not for
    you to see.
    """

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            id=reading.text(reading.field_of(given, "id")),
            points=reading.whole(reading.field_of(given, "points")),
            remaining_points=reading.whole(reading.field_of(given, "remainingPoints")),
            held_points=reading.whole(reading.field_of(given, "heldPoints")),
            available_at=reading.maybe(reading.field_of(given, "availableAt"), reading.instant),
            expires_at=reading.maybe(reading.field_of(given, "expiresAt"), reading.instant),
            is_pending=reading.truth(reading.field_of(given, "isPending")),
            restriction=reading.maybe(reading.field_of(given, "restriction"), Restriction.read),
            issuer=PartnerRef.read(reading.field_of(given, "issuer")),
            terms=reading.maybe(reading.field_of(given, "terms"), TermsRef.read),
            wallet=reading.maybe(reading.field_of(given, "wallet"), WalletRef.read),
            source=reading.maybe(reading.field_of(given, "source"), EntryRef.read),
            moved_from=reading.maybe(reading.field_of(given, "movedFrom"), LotRef.read),
            contributor=reading.maybe(reading.field_of(given, "contributor"), WalletRef.read),
        )


@dataclass(frozen=True, slots=True)
class LotRef:
    """Points issued together that expire together."""

    id: str
    """Opaque, 22 letters, the same every time.

    It means something only to whom it was given: another client's id of the same thing differs.
    """

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            id=reading.text(reading.field_of(given, "id")),
        )


@dataclass(frozen=True, slots=True)
class Member:
    """A person who joined the coalition. A partner sees its own members."""

    id: str
    """Opaque, 22 letters, the same every time.

    It means something only to whom it was given: another client's id of the same thing differs.
    """
    joined_at: datetime
    """When the member joined."""
    linked_accounts: tuple[LinkedAccount, ...]
    """The accounts linked to the member, the first 100 by partner.

    A partner sees those at itself.
    """

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            id=reading.text(reading.field_of(given, "id")),
            joined_at=reading.instant(reading.field_of(given, "joinedAt")),
            linked_accounts=reading.many(
                reading.field_of(given, "linkedAccounts"), LinkedAccount.read
            ),
        )


@dataclass(frozen=True, slots=True)
class MembershipSale:
    """A membership that was sold.

    The seller and the operator see all of it, another partner its own share.
    """

    seller: PartnerRef
    """Who sold it."""
    reference: str | None
    """What names the sale on invoices."""
    sold_at: datetime
    """When it was sold."""
    net_price: Money | None
    """The price without VAT; null if not for you to see."""
    vat: Money | None
    """The VAT; null if not for you to see."""
    shares: tuple[MembershipShare, ...]
    """Who got what, at most 100, the seller included; for others their own."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            seller=PartnerRef.read(reading.field_of(given, "seller")),
            reference=reading.maybe(reading.field_of(given, "reference"), reading.text),
            sold_at=reading.instant(reading.field_of(given, "soldAt")),
            net_price=reading.maybe(reading.field_of(given, "netPrice"), Money.read),
            vat=reading.maybe(reading.field_of(given, "vat"), Money.read),
            shares=reading.many(reading.field_of(given, "shares"), MembershipShare.read),
        )


@dataclass(frozen=True, slots=True)
class MembershipShare:
    """What a partner got of a membership's net price."""

    partner: PartnerRef
    """The partner."""
    amount: Money
    """How much."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            partner=PartnerRef.read(reading.field_of(given, "partner")),
            amount=Money.read(reading.field_of(given, "amount")),
        )


@dataclass(frozen=True, slots=True)
class MergeMembersPayload:
    """What `mergeMembers` answers."""

    status: MergeStatus
    """How far it has come; null when it was refused."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            status=MergeStatus(reading.field_of(given, "status")),
        )


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of money."""

    amount: Decimal
    """In units of the currency, with the places of its minor unit; may be negative."""
    currency: str
    """ISO 4217 code, e.g. `EUR`."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            amount=reading.decimal(reading.field_of(given, "amount")),
            currency=reading.text(reading.field_of(given, "currency")),
        )


@dataclass(frozen=True, slots=True)
class NetPosition:
    """What a party gets or pays when everything is set off."""

    party: PartnerRef
    """The party."""
    net: Money
    """Positive: it gets. Negative: it pays."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            party=PartnerRef.read(reading.field_of(given, "party")),
            net=Money.read(reading.field_of(given, "net")),
        )


@dataclass(frozen=True, slots=True)
class Obligation:
    """What one party owes another for one movement of the journal: the last step from a bill down.

    Only the two parties and the operator see it.
    """

    id: str
    """Opaque, 22 letters, the same every time.

    It means something only to whom it was given: another client's id of the same thing differs.
    """
    kind: OwedFor
    """Why."""
    debtor: PartnerRef
    """Who owes."""
    creditor: PartnerRef
    """Who is owed."""
    exact: Decimal
    """How much, in units of `currency`, at most 12 places; negative where something is given back."""
    currency: str
    """ISO 4217 code of `exact` and `rate`."""
    is_reversal: bool
    """Whether it gives back what was owed before."""
    line: str
    """The line of the bill it is in, e.g. `REIMBURSE@2026-1`; in another currency than the
    clearing one, that follows after a slash.
    """
    points: int
    """For how many points; 0 where none are behind it."""
    rate: Decimal | None
    """Money of `currency` per point or entry, at most 12 places; null where no rate of terms is
    behind it.
    """
    basis: RateBasis | None
    """What the rate is multiplied with."""
    occurred_at: datetime
    """When the entry happened."""
    posted_at: datetime
    """When the entry was posted."""
    issuer: PartnerRef | None
    """Whose points they are; null where there are none."""
    terms: TermsRef | None
    """The terms in which the rate stands; null if there are none, or they are another's."""
    reference: str | None
    """The receipt: the partner's reference of the entry.

    Null if it has none, or is another's.
    """
    in_words: str
    """All of it in one sentence."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            id=reading.text(reading.field_of(given, "id")),
            kind=OwedFor(reading.field_of(given, "kind")),
            debtor=PartnerRef.read(reading.field_of(given, "debtor")),
            creditor=PartnerRef.read(reading.field_of(given, "creditor")),
            exact=reading.decimal(reading.field_of(given, "exact")),
            currency=reading.text(reading.field_of(given, "currency")),
            is_reversal=reading.truth(reading.field_of(given, "isReversal")),
            line=reading.text(reading.field_of(given, "line")),
            points=reading.whole(reading.field_of(given, "points")),
            rate=reading.maybe(reading.field_of(given, "rate"), reading.decimal),
            basis=reading.maybe(reading.field_of(given, "basis"), RateBasis),
            occurred_at=reading.instant(reading.field_of(given, "occurredAt")),
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            issuer=reading.maybe(reading.field_of(given, "issuer"), PartnerRef.read),
            terms=reading.maybe(reading.field_of(given, "terms"), TermsRef.read),
            reference=reading.maybe(reading.field_of(given, "reference"), reading.text),
            in_words=reading.text(reading.field_of(given, "inWords")),
        )


@dataclass(frozen=True, slots=True)
class OperationCost:
    """What an operation costs, before it runs. Asking is free."""

    cost: int
    """What is taken from the bucket: `requestedQueryCost` in `extensions.cost`."""
    depth: int
    """How many levels of fields it has."""
    scopes: tuple[str, ...]
    """The scopes that its root fields take."""
    limits: tuple[LimitState, ...]
    """The limits, and what it asks for."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            cost=reading.whole(reading.field_of(given, "cost")),
            depth=reading.whole(reading.field_of(given, "depth")),
            scopes=reading.many(reading.field_of(given, "scopes"), reading.text),
            limits=reading.many(reading.field_of(given, "limits"), LimitState.read),
        )


@dataclass(frozen=True, slots=True)
class OtherCurrency:
    """A currency that a partner keeps outside the hub, e.g. miles."""

    code: str
    """Its code, e.g. `MILES`."""
    name_en: str
    """Its name in English."""
    name_zh: str
    """Its name in Chinese."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            code=reading.text(reading.field_of(given, "code")),
            name_en=reading.text(reading.field_of(given, "nameEn")),
            name_zh=reading.text(reading.field_of(given, "nameZh")),
        )


@dataclass(frozen=True, slots=True)
class Partner:
    """A company of the coalition, or one of its own parties: HUB, POOL, FX, BRIDGE."""

    id: str
    """Opaque, 22 letters, the same every time.

    It means something only to whom it was given: another client's id of the same thing differs.
    """
    code: str
    """Its code, e.g. `AIR`; inputs name partners by it."""
    name_en: str
    """Its name in English."""
    name_zh: str
    """Its name in Chinese."""
    settlement_currency: str | None
    """ISO 4217 code of the currency it is paid in.

    Null: the clearing currency, or not for you to see.
    """

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            id=reading.text(reading.field_of(given, "id")),
            code=reading.text(reading.field_of(given, "code")),
            name_en=reading.text(reading.field_of(given, "nameEn")),
            name_zh=reading.text(reading.field_of(given, "nameZh")),
            settlement_currency=reading.maybe(
                reading.field_of(given, "settlementCurrency"), reading.text
            ),
        )


@dataclass(frozen=True, slots=True)
class PartnerRef:
    """A company of the coalition, or one of its own parties: HUB, POOL, FX, BRIDGE."""

    id: str
    """Opaque, 22 letters, the same every time.

    It means something only to whom it was given: another client's id of the same thing differs.
    """
    code: str
    """Its code, e.g. `AIR`; inputs name partners by it."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            id=reading.text(reading.field_of(given, "id")),
            code=reading.text(reading.field_of(given, "code")),
        )


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment that settles a window, or a part of it."""

    payer: PartnerRef | None
    """Null: the settlement account."""
    payee: PartnerRef | None
    """Null: the settlement account."""
    amount: Money
    """How much, above zero."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            payer=reading.maybe(reading.field_of(given, "payer"), PartnerRef.read),
            payee=reading.maybe(reading.field_of(given, "payee"), PartnerRef.read),
            amount=Money.read(reading.field_of(given, "amount")),
        )


@dataclass(frozen=True, slots=True)
class PostAdjustmentPayload:
    """What `postAdjustment` answers."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
        )


@dataclass(frozen=True, slots=True)
class RedeemPointsPayload:
    """What `redeemPoints` answers."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
        )


@dataclass(frozen=True, slots=True)
class RedeemPointsRow:
    """What `redeemPoints` answers."""

    user_errors: tuple[Refusal, ...]
    """Why it was refused; empty when it was done."""
    posted_at: datetime | None
    """When it was posted; null when it was refused."""
    entry_id: str | None
    """Id of the entry; null when it was refused. Costs no read."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            user_errors=reading.many(reading.field_of(given, "userErrors"), read_refusal),
            posted_at=reading.maybe(reading.field_of(given, "postedAt"), reading.instant),
            entry_id=reading.maybe(reading.field_of(given, "entryId"), reading.text),
        )


@dataclass(frozen=True, slots=True)
class RedemptionRate:
    """What an issuer pays an acceptor for its points."""

    acceptor: str
    """Code of the acceptor; `*`: everybody else."""
    rate: Decimal
    """Money per point, at most 8 places."""
    currency: str
    """ISO 4217 code of the rate's currency."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            acceptor=reading.text(reading.field_of(given, "acceptor")),
            rate=reading.decimal(reading.field_of(given, "rate")),
            currency=reading.text(reading.field_of(given, "currency")),
        )


@dataclass(frozen=True, slots=True)
class RefundPointsPayload:
    """What `refundPoints` answers."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""
    expired_points: int
    """How many of them were of lots that had expired: they expired again at once, or live until
    `reinstatedUntil`; null when it was refused.
    """

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
            expired_points=reading.whole(reading.field_of(given, "expiredPoints")),
        )


@dataclass(frozen=True, slots=True)
class ReinstateLotPayload:
    """What `reinstateLot` answers: the lot that the points lie in now."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""
    lot_id: str
    """Id of the lot; null when it was refused. Costs no read."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
            lot_id=reading.text(reading.field_of(given, "lotId")),
        )


@dataclass(frozen=True, slots=True)
class ReleaseLotPayload:
    """What `releaseLot` answers."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""
    lot_id: str
    """Id of the lot; null when it was refused. Costs no read."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
            lot_id=reading.text(reading.field_of(given, "lotId")),
        )


@dataclass(frozen=True, slots=True)
class Restriction:
    """Where points may be used, and whether they may move."""

    categories: tuple[str, ...] | None
    """What they may be used for, at most 100; null: anything."""
    is_transferable: bool
    """Whether they may be transferred to another member."""
    is_exchangeable: bool
    """Whether they may be exchanged into another currency."""
    in_words: str
    """All of it in one sentence."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            categories=reading.maybe(
                reading.field_of(given, "categories"),
                lambda found: reading.many(found, reading.text),
            ),
            is_transferable=reading.truth(reading.field_of(given, "isTransferable")),
            is_exchangeable=reading.truth(reading.field_of(given, "isExchangeable")),
            in_words=reading.text(reading.field_of(given, "inWords")),
        )


@dataclass(frozen=True, slots=True)
class ReverseIssuePayload:
    """What `reverseIssue` answers."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""
    reversed_points: int
    """How many of the issue are undone: taken from the wallet, or owed by it; null when it was
    refused.
    """
    short_points: int
    """How many were spent and could not be taken: the wallet owes them (`UNLIMITED`), or they are
    your loss; null when it was refused.
    """

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
            reversed_points=reading.whole(reading.field_of(given, "reversedPoints")),
            short_points=reading.whole(reading.field_of(given, "shortPoints")),
        )


@dataclass(frozen=True, slots=True)
class SellMembershipPayload:
    """What `sellMembership` answers; `entryId` cancels the sale later."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
        )


@dataclass(frozen=True, slots=True)
class SetHouseholdSharePayload:
    """What `setHouseholdShare` answers."""

    household: Household
    """Your household as it is now; null when it was refused."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            household=Household.read(reading.field_of(given, "household")),
        )


@dataclass(frozen=True, slots=True)
class SettlementCell:
    """What one party owes another in a window. A negative amount is a credit note."""

    debtor: PartnerRef
    """Who owes."""
    creditor: PartnerRef
    """Who is owed."""
    amount: Money
    """What is billed, rounded half-even."""
    exact: Decimal
    """What was owed before rounding, in units of the clearing currency."""
    carry_in: Decimal
    """Rounding brought forward from the window before, same unit."""
    carry_out: Decimal
    """Rounding carried to the next window, at most half a minor unit either way."""
    lines: tuple[CellLine, ...]
    """The lines; with `carryIn` they sum to amount and `carryOut`."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            debtor=PartnerRef.read(reading.field_of(given, "debtor")),
            creditor=PartnerRef.read(reading.field_of(given, "creditor")),
            amount=Money.read(reading.field_of(given, "amount")),
            exact=reading.decimal(reading.field_of(given, "exact")),
            carry_in=reading.decimal(reading.field_of(given, "carryIn")),
            carry_out=reading.decimal(reading.field_of(given, "carryOut")),
            lines=reading.many(reading.field_of(given, "lines"), CellLine.read),
        )


@dataclass(frozen=True, slots=True)
class SettlementWindow:
    """A span of time that is settled together. A partner sees its own row and column."""

    id: str
    """Opaque, 22 letters, the same every time.

    It means something only to whom it was given: another client's id of the same thing differs.
    """
    calendar: str
    """The calendar it belongs to."""
    code: str
    """Its code in the calendar, e.g. `2026-01`."""
    opens_at: datetime
    """First instant of it."""
    cut_at: datetime
    """First instant after it."""
    status: WindowStatus
    """How far it has come."""
    closed_at: datetime | None
    """When it was closed."""
    seal: str | None
    """SHA-256 of its figures and of the seal before, 64 hexadecimal digits."""
    net_positions: tuple[NetPosition, ...]
    """What each party gets or pays, in order of codes; empty while open.

    One per party; a partner sees its own.
    """

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            id=reading.text(reading.field_of(given, "id")),
            calendar=reading.text(reading.field_of(given, "calendar")),
            code=reading.text(reading.field_of(given, "code")),
            opens_at=reading.instant(reading.field_of(given, "opensAt")),
            cut_at=reading.instant(reading.field_of(given, "cutAt")),
            status=WindowStatus(reading.field_of(given, "status")),
            closed_at=reading.maybe(reading.field_of(given, "closedAt"), reading.instant),
            seal=reading.maybe(reading.field_of(given, "seal"), reading.text),
            net_positions=reading.many(reading.field_of(given, "netPositions"), NetPosition.read),
        )


@dataclass(frozen=True, slots=True)
class SettlementWindowRef:
    """A span of time that is settled together. A partner sees its own row and column."""

    id: str
    """Opaque, 22 letters, the same every time.

    It means something only to whom it was given: another client's id of the same thing differs.
    """
    code: str
    """Its code in the calendar, e.g. `2026-01`."""
    calendar: str
    """The calendar it belongs to."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            id=reading.text(reading.field_of(given, "id")),
            code=reading.text(reading.field_of(given, "code")),
            calendar=reading.text(reading.field_of(given, "calendar")),
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """What a settled window says to one party.

    Its figures come from its bills, and these from obligations of single entries: each step
    sums to the one above.
    """

    window: SettlementWindowRef
    """The window."""
    party: PartnerRef
    """The party."""
    net: Money
    """What is left when everything is set off. Positive: the party gets it."""
    owes: Money
    """The sum of its bills as debtor."""
    is_owed: Money
    """The sum of its bills as creditor."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            window=SettlementWindowRef.read(reading.field_of(given, "window")),
            party=PartnerRef.read(reading.field_of(given, "party")),
            net=Money.read(reading.field_of(given, "net")),
            owes=Money.read(reading.field_of(given, "owes")),
            is_owed=Money.read(reading.field_of(given, "isOwed")),
        )


@dataclass(frozen=True, slots=True)
class SweepExpiryPayload:
    """What `sweepExpiry` answers."""

    entry_count: int | None
    """How many entries were booked, one per wallet and turn."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            entry_count=reading.maybe(reading.field_of(given, "entryCount"), reading.whole),
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of what a partner and the coalition promised each other.

    Only the partner itself and the operator see it. Rates are money of `currency` per point.
    """

    id: str
    """Opaque, 22 letters, the same every time.

    It means something only to whom it was given: another client's id of the same thing differs.
    """
    version: str
    """Its name, unique for the partner."""
    effective_from: datetime
    """First instant in force."""
    effective_until: datetime | None
    """First instant not in force any more; null: no end yet."""
    funding: Funding
    """When the issuer pays for its points."""
    currency: str
    """ISO 4217 code of prices and rates."""
    issue_price: Decimal
    """Issuer to pool, per point issued."""
    issue_fee: Decimal
    """Issuer to hub, per point issued."""
    issue_fee_refundable: bool
    """Whether the fee goes back when an issue is reversed."""
    accept_rate: Decimal
    """What the partner gets per point as acceptor, from the pool."""
    accept_fee_bps: Decimal
    """Acceptor to hub, in basis points (hundredths of a percent) of the amount."""
    redemption_rates: tuple[RedemptionRate, ...]
    """What the issuer pays each acceptor, one per acceptor."""
    cash_out_rate: Decimal
    """What it gets per point cashed out."""
    agent_fee_flat: Decimal
    """What it gets per cash-out."""
    donation_rate: Decimal
    """What it gets per point donated."""
    breakage_share: Decimal
    """Part of 1 of the issue price of expired points that goes back to the issuer."""
    hub_breakage_share: Decimal
    """Part of 1 of the `*` rate of expired points that is the hub's."""
    expiry_months: int | None
    """Points expire at the end of the local day so many months after their issue; null: never."""
    points_cap_per_window: int | None
    """How many points the partner may issue in a calendar month; null: any number."""
    points_cap_per_member: int | None
    """How many of them to one member; null: any number."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            id=reading.text(reading.field_of(given, "id")),
            version=reading.text(reading.field_of(given, "version")),
            effective_from=reading.instant(reading.field_of(given, "effectiveFrom")),
            effective_until=reading.maybe(
                reading.field_of(given, "effectiveUntil"), reading.instant
            ),
            funding=Funding(reading.field_of(given, "funding")),
            currency=reading.text(reading.field_of(given, "currency")),
            issue_price=reading.decimal(reading.field_of(given, "issuePrice")),
            issue_fee=reading.decimal(reading.field_of(given, "issueFee")),
            issue_fee_refundable=reading.truth(reading.field_of(given, "issueFeeRefundable")),
            accept_rate=reading.decimal(reading.field_of(given, "acceptRate")),
            accept_fee_bps=reading.decimal(reading.field_of(given, "acceptFeeBps")),
            redemption_rates=reading.many(
                reading.field_of(given, "redemptionRates"), RedemptionRate.read
            ),
            cash_out_rate=reading.decimal(reading.field_of(given, "cashOutRate")),
            agent_fee_flat=reading.decimal(reading.field_of(given, "agentFeeFlat")),
            donation_rate=reading.decimal(reading.field_of(given, "donationRate")),
            breakage_share=reading.decimal(reading.field_of(given, "breakageShare")),
            hub_breakage_share=reading.decimal(reading.field_of(given, "hubBreakageShare")),
            expiry_months=reading.maybe(reading.field_of(given, "expiryMonths"), reading.whole),
            points_cap_per_window=reading.maybe(
                reading.field_of(given, "pointsCapPerWindow"), reading.whole
            ),
            points_cap_per_member=reading.maybe(
                reading.field_of(given, "pointsCapPerMember"), reading.whole
            ),
        )


@dataclass(frozen=True, slots=True)
class TermsRef:
    """One version of what a partner and the coalition promised each other.

    Only the partner itself and the operator see it. Rates are money of `currency` per point.
    """

    id: str
    """Opaque, 22 letters, the same every time.

    It means something only to whom it was given: another client's id of the same thing differs.
    """
    version: str
    """Its name, unique for the partner."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            id=reading.text(reading.field_of(given, "id")),
            version=reading.text(reading.field_of(given, "version")),
        )


@dataclass(frozen=True, slots=True)
class TransferPointsPayload:
    """What `transferPoints` answers."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
        )


@dataclass(frozen=True, slots=True)
class UnmergeMembersPayload:
    """What `unmergeMembers` answers."""

    status: MergeStatus
    """How far it has come; null when it was refused."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            status=MergeStatus(reading.field_of(given, "status")),
        )


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks."""

    kind: ActorKind
    """What sort of actor the token stands for."""
    partner: PartnerRef | None
    """The partner that asks, if one does."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            kind=ActorKind(reading.field_of(given, "kind")),
            partner=reading.maybe(reading.field_of(given, "partner"), PartnerRef.read),
        )


@dataclass(frozen=True, slots=True)
class VoidHoldPayload:
    """What `voidHold` answers."""

    posted_at: datetime
    """When it was posted; null when it was refused."""
    entry_id: str
    """Id of the entry; null when it was refused. Costs no read."""
    freed_points: int
    """How many were set aside; null when it was refused."""
    expired_points: int
    """How many of them expired at once, since their lot had meanwhile; null when it was refused."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            posted_at=reading.instant(reading.field_of(given, "postedAt")),
            entry_id=reading.text(reading.field_of(given, "entryId")),
            freed_points=reading.whole(reading.field_of(given, "freedPoints")),
            expired_points=reading.whole(reading.field_of(given, "expiredPoints")),
        )


@dataclass(frozen=True, slots=True)
class Wallet:
    """Where a member's points lie.

    The member and the operator see all of it; a partner sees the lots that it issued and
    nothing of other partners, in the sums too.
    """

    id: str
    """Opaque, 22 letters, the same every time.

    It means something only to whom it was given: another client's id of the same thing differs.
    """
    available_points: int
    """Points that can be used now, decided by the instants of each lot and what is held, whether
    or not an expiry has been booked.
    """
    balance_points: int
    """Points in the books: expired ones are in it until their expiry is booked, so never promise
    them to a member; that is `availablePoints`.
    """
    pending_points: int
    """Points that become usable at a later instant."""
    held_points: int
    """Points that are set aside."""
    expiring_points: int
    """Points that expire within so many days from now."""
    owed_points: int
    """Points that the wallet owes: of issues that were taken back after they were spent.

    Whatever comes in and can be used repays them first. A partner sees what is owed to it.
    """
    restricted_points: int
    """Points that can be used now, but not everywhere: see `restriction`."""

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            id=reading.text(reading.field_of(given, "id")),
            available_points=reading.whole(reading.field_of(given, "availablePoints")),
            balance_points=reading.whole(reading.field_of(given, "balancePoints")),
            pending_points=reading.whole(reading.field_of(given, "pendingPoints")),
            held_points=reading.whole(reading.field_of(given, "heldPoints")),
            expiring_points=reading.whole(reading.field_of(given, "expiringPoints")),
            owed_points=reading.whole(reading.field_of(given, "owedPoints")),
            restricted_points=reading.whole(reading.field_of(given, "restrictedPoints")),
        )


@dataclass(frozen=True, slots=True)
class WalletRef:
    """Where a member's points lie.

    The member and the operator see all of it; a partner sees the lots that it issued and
    nothing of other partners, in the sums too.
    """

    id: str
    """Opaque, 22 letters, the same every time.

    It means something only to whom it was given: another client's id of the same thing differs.
    """

    @classmethod
    def read(cls, given: Json) -> Self:
        """Read it from an answer."""
        return cls(
            id=reading.text(reading.field_of(given, "id")),
        )
