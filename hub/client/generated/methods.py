"""Every operation of the hub as a method, to be awaited."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Any

from hub.client import reading
from hub.client.calling import PAGE_SIZE, Calling
from hub.client.generated import documents
from hub.client.generated.answers import (
    ActivityEdge,
    Allocation,
    Approval,
    Arrears,
    BulkIssuePointsPayload,
    BulkRedeemPointsPayload,
    CancelMembershipPayload,
    Cap,
    CaptureHoldPayload,
    CashOutPointsPayload,
    ChangeHouseholdMemberPayload,
    Checkpoint,
    CloseWindowPayload,
    Coalition,
    ConsistencyProof,
    CreateHouseholdPayload,
    CreateTillCodePayload,
    DecideApprovalPayload,
    DonatePointsPayload,
    EndGrantPayload,
    EnrolMemberPayload,
    Entry,
    EntryEvent,
    ExchangeOffer,
    ExchangePointsPayload,
    ExchangeQuote,
    Explanation,
    ExtendLotPayload,
    Grant,
    Hold,
    HoldPointsPayload,
    InclusionProof,
    InviteToHouseholdPayload,
    IssuePointsPayload,
    IssuePurchasePayload,
    JoinHouseholdPayload,
    LeaveHouseholdPayload,
    Liability,
    LinkAccountPayload,
    LogKey,
    Lot,
    Member,
    MembershipSale,
    MergeMembersPayload,
    Obligation,
    OperationCost,
    Partner,
    Payment,
    PostAdjustmentPayload,
    RedeemPointsPayload,
    RefundPointsPayload,
    ReinstateLotPayload,
    ReleaseLotPayload,
    ReverseIssuePayload,
    SellMembershipPayload,
    SetHouseholdSharePayload,
    SettlementCell,
    SettlementWindow,
    Statement,
    SweepExpiryPayload,
    Terms,
    TransferPointsPayload,
    UnmergeMembersPayload,
    Viewer,
    VoidHoldPayload,
    Wallet,
)
from hub.client.generated.enums import (
    CapKind,
    LotOrder,
    OwedFor,
    PaymentTopology,
    WindowStatus,
)
from hub.client.generated.inputs import (
    AccountInput,
    BulkIssuePointsInput,
    BulkRedeemPointsInput,
    CancelMembershipInput,
    CaptureHoldInput,
    CashOutPointsInput,
    ChangeHouseholdMemberInput,
    CloseWindowInput,
    CreateHouseholdInput,
    CreateTillCodeInput,
    DecideApprovalInput,
    DonatePointsInput,
    EndGrantInput,
    EnrolMemberInput,
    EntryFilter,
    ExchangePointsInput,
    ExtendLotInput,
    HoldPointsInput,
    InviteToHouseholdInput,
    IssuePointsInput,
    IssuePurchaseInput,
    JoinHouseholdInput,
    LeaveHouseholdInput,
    LinkAccountInput,
    LotFilter,
    MergeMembersInput,
    PostAdjustmentInput,
    RedeemPointsInput,
    RefundPointsInput,
    ReinstateLotInput,
    ReleaseLotInput,
    ReverseIssueInput,
    SellMembershipInput,
    SetHouseholdShareInput,
    SweepExpiryInput,
    TransferPointsInput,
    UnmergeMembersInput,
    VoidHoldInput,
)
from hub.client.generated.refusals import read_refusal


class Mutations(Calling):
    """What can be done; a refusal is raised."""

    async def issue_points(self, input: IssuePointsInput) -> IssuePointsPayload:
        """Issue points to a member.

        Errors: AccountNotLinked, DuplicateReference, ExpiresTooEarly, IdempotencyConflict,
        KeyNotValid, MemberNotFound, NetDebitCapReached, OccurredAtOutOfBounds, PartnerNotFound,
        PointsOutOfRange, ReferenceNotValid, TermsNotInForce, TextTooLong, WalletClosed,
        WalletNotFound.
        """
        payload = await self._change(
            documents.ISSUE_POINTS, "issuePoints", {"input": input}, read_refusal
        )
        return IssuePointsPayload.read(payload)

    async def issue_purchase(self, input: IssuePurchaseInput) -> IssuePurchasePayload:
        """Issue what one purchase brings, a lot for each reason, all of them or none.

        The path of a refusal names the portion that is meant.

        Errors: AccountNotLinked, DuplicateReference, ExpiresTooEarly, IdempotencyConflict,
        KeyNotValid, MemberNotFound, NetDebitCapReached, OccurredAtOutOfBounds, PartnerNotFound,
        PointsOutOfRange, PortionCountOutOfRange, ReasonRepeated, ReferenceNotValid,
        TermsNotInForce, TextTooLong, WalletClosed, WalletNotFound.
        """
        payload = await self._change(
            documents.ISSUE_PURCHASE, "issuePurchase", {"input": input}, read_refusal
        )
        return IssuePurchasePayload.read(payload)

    async def redeem_points(self, input: RedeemPointsInput) -> RedeemPointsPayload:
        """Pay an acceptor with points of any issuer, all or nothing, in redemption order.

        Errors: AccountNotLinked, CapReached, ConsentNotForThis, ConsentRequired, ConsentSpent,
        IdempotencyConflict, InsufficientPoints, KeyNotValid, MemberNotFound,
        NetDebitCapReached, NotInHousehold, OccurredAtOutOfBounds, PartnerNotFound,
        PointsOutOfRange, ReferenceNotValid, RoleNotEnough, TermsNotInForce, TextTooLong,
        TillCodeNotValid, TooManyTillCodes, WalletClosed, WalletNotFound.
        """
        payload = await self._change(
            documents.REDEEM_POINTS, "redeemPoints", {"input": input}, read_refusal
        )
        return RedeemPointsPayload.read(payload)

    async def create_till_code(self, input: CreateTillCodeInput) -> CreateTillCodePayload:
        """Make a code by which a partner may redeem your points once, within a minute.

        The one before is gone. The same key gives the same code.

        Errors: IdempotencyConflict, KeyNotValid.
        """
        payload = await self._change(
            documents.CREATE_TILL_CODE, "createTillCode", {"input": input}, read_refusal
        )
        return CreateTillCodePayload.read(payload)

    async def end_grant(self, input: EndGrantInput) -> EndGrantPayload:
        """End what a partner's software may do in your name.

        All its tokens of this grant are refused from the next call on; what it did with them
        stays done. To end it again changes nothing.

        Errors: GrantNotFound, IdempotencyConflict, KeyNotValid.
        """
        payload = await self._change(
            documents.END_GRANT, "endGrant", {"input": input}, read_refusal
        )
        return EndGrantPayload.read(payload)

    async def bulk_issue_points(self, input: BulkIssuePointsInput) -> BulkIssuePointsPayload:
        """Issue points to up to 1000 members at once; a row is what `issuePoints` is.

        Rows that are refused leave the others alone. Repeat rows with the same keys until each
        has an answer. Input that no row may have refuses the whole, before anything is done.

        Errors: AccountNotLinked, DuplicateReference, ExpiresTooEarly, IdempotencyConflict,
        KeyNotValid, MemberNotFound, NetDebitCapReached, OccurredAtOutOfBounds, OutcomeUnknown,
        Overloaded, PartnerNotFound, PointsOutOfRange, ReferenceNotValid, RowFailed,
        TermsNotInForce, TextTooLong, WalletClosed, WalletNotFound.
        """
        payload = await self._change(
            documents.BULK_ISSUE_POINTS, "bulkIssuePoints", {"input": input}, read_refusal
        )
        return BulkIssuePointsPayload.read(payload)

    async def bulk_redeem_points(self, input: BulkRedeemPointsInput) -> BulkRedeemPointsPayload:
        """Let up to 1000 members pay at once; a row is what `redeemPoints` is.

        Rows that are refused leave the others alone. Repeat rows with the same keys until each
        has an answer. Input that no row may have refuses the whole, before anything is done.

        Errors: AccountNotLinked, CapReached, ConsentNotForThis, ConsentRequired, ConsentSpent,
        IdempotencyConflict, InsufficientPoints, KeyNotValid, MemberNotFound,
        NetDebitCapReached, NotInHousehold, OccurredAtOutOfBounds, OutcomeUnknown, Overloaded,
        PartnerNotFound, PointsOutOfRange, ReferenceNotValid, RoleNotEnough, RowFailed,
        TermsNotInForce, TextTooLong, TillCodeNotValid, TooManyTillCodes, WalletClosed,
        WalletNotFound.
        """
        payload = await self._change(
            documents.BULK_REDEEM_POINTS, "bulkRedeemPoints", {"input": input}, read_refusal
        )
        return BulkRedeemPointsPayload.read(payload)

    async def cash_out_points(self, input: CashOutPointsInput) -> CashOutPointsPayload:
        """Turn points into money that an agent pays out.

        Errors: AccountNotLinked, CapReached, ConsentNotForThis, ConsentRequired, ConsentSpent,
        IdempotencyConflict, InsufficientPoints, KeyNotValid, MemberNotFound,
        NetDebitCapReached, NotInHousehold, OccurredAtOutOfBounds, PartnerNotFound,
        PointsOutOfRange, ReferenceNotValid, RoleNotEnough, TermsNotInForce, TextTooLong,
        TillCodeNotValid, TooManyTillCodes, WalletClosed, WalletNotFound.
        """
        payload = await self._change(
            documents.CASH_OUT_POINTS, "cashOutPoints", {"input": input}, read_refusal
        )
        return CashOutPointsPayload.read(payload)

    async def donate_points(self, input: DonatePointsInput) -> DonatePointsPayload:
        """Give points to a charity.

        Errors: AccountNotLinked, CapReached, ConsentNotForThis, ConsentRequired, ConsentSpent,
        IdempotencyConflict, InsufficientPoints, KeyNotValid, MemberNotFound,
        NetDebitCapReached, NotInHousehold, OccurredAtOutOfBounds, PartnerNotFound,
        PointsOutOfRange, RateNotValid, ReferenceNotValid, RoleNotEnough, TermsNotInForce,
        TextTooLong, TillCodeNotValid, TooManyTillCodes, WalletClosed, WalletNotFound.
        """
        payload = await self._change(
            documents.DONATE_POINTS, "donatePoints", {"input": input}, read_refusal
        )
        return DonatePointsPayload.read(payload)

    async def refund_points(self, input: RefundPointsInput) -> RefundPointsPayload:
        """Give points of a redemption, cash-out, donation or refundable exchange back to the lots
        they came from, last used lot first; in part and repeatedly.

        Only the acceptor may.

        Errors: EndNotLater, GraceOutOfBounds, IdempotencyConflict, KeyNotValid,
        OccurredAtOutOfBounds, PointsOutOfRange, RefundExceedsRedeemed, UnknownReference,
        WalletClosed, WalletNotFound.
        """
        payload = await self._change(
            documents.REFUND_POINTS, "refundPoints", {"input": input}, read_refusal
        )
        return RefundPointsPayload.read(payload)

    async def reverse_issue(self, input: ReverseIssueInput) -> ReverseIssuePayload:
        """Take points of an issue back, because the purchase was returned.

        Only the issuer may.

        Errors: IdempotencyConflict, KeyNotValid, LotExpired, LotSpent, OccurredAtOutOfBounds,
        PointsOutOfRange, ReverseExceedsIssued, UnknownReference, WalletClosed, WalletNotFound.
        """
        payload = await self._change(
            documents.REVERSE_ISSUE, "reverseIssue", {"input": input}, read_refusal
        )
        return ReverseIssuePayload.read(payload)

    async def exchange_points(self, input: ExchangePointsInput) -> ExchangePointsPayload:
        """Turn points into a partner's own currency, e.g. miles, which it credits on its side, by
        the offer in force when it happens.

        All or nothing, in redemption order; where the offer is refundable, `refundPoints` gives
        back. `reference` must be given.

        Errors: AccountNotLinked, CapReached, ConsentNotForThis, ConsentRequired, ConsentSpent,
        CurrencyNotNamed, ExchangeNotOffered, IdempotencyConflict, InsufficientPoints,
        KeyNotValid, MemberNotFound, MinimumNotReached, NameNotMatched, NetDebitCapReached,
        NotInHousehold, NotInStep, OccurredAtOutOfBounds, PartnerNotFound, PointsOutOfRange,
        ReferenceNotValid, RoleNotEnough, TermsNotInForce, TextTooLong, TillCodeNotValid,
        TooManyTillCodes, WalletClosed, WalletNotFound.
        """
        payload = await self._change(
            documents.EXCHANGE_POINTS, "exchangePoints", {"input": input}, read_refusal
        )
        return ExchangePointsPayload.read(payload)

    async def hold_points(self, input: HoldPointsInput) -> HoldPointsPayload:
        """Set points aside, all or nothing, in redemption order: nothing else can spend or expire
        them.

        The hold ends once: captured, voided, or lapsed by itself.

        Errors: AccountNotLinked, CapReached, ConsentNotForThis, ConsentRequired, ConsentSpent,
        HoldEndOutOfBounds, IdempotencyConflict, InsufficientPoints, KeyNotValid,
        MemberNotFound, NetDebitCapReached, NotInHousehold, OccurredAtOutOfBounds,
        PartnerNotFound, PointsOutOfRange, ReferenceNotValid, RoleNotEnough, TextTooLong,
        TillCodeNotValid, TooManyTillCodes, WalletClosed, WalletNotFound.
        """
        payload = await self._change(
            documents.HOLD_POINTS, "holdPoints", {"input": input}, read_refusal
        )
        return HoldPointsPayload.read(payload)

    async def capture_hold(self, input: CaptureHoldInput) -> CaptureHoldPayload:
        """Take all of a hold, or part of it: the rest goes back.

        Counts as a redemption. Only the acceptor may.

        Errors: CaptureExceedsHold, HoldEnded, IdempotencyConflict, KeyNotValid,
        OccurredAtOutOfBounds, PointsOutOfRange, TermsNotInForce, TextTooLong, UnknownReference,
        WalletClosed, WalletNotFound.
        """
        payload = await self._change(
            documents.CAPTURE_HOLD, "captureHold", {"input": input}, read_refusal
        )
        return CaptureHoldPayload.read(payload)

    async def void_hold(self, input: VoidHoldInput) -> VoidHoldPayload:
        """Let all points of a hold go back.

        Only the acceptor may.

        Errors: HoldEnded, IdempotencyConflict, KeyNotValid, OccurredAtOutOfBounds,
        UnknownReference, WalletNotFound.
        """
        payload = await self._change(
            documents.VOID_HOLD, "voidHold", {"input": input}, read_refusal
        )
        return VoidHoldPayload.read(payload)

    async def extend_lot(self, input: ExtendLotInput) -> ExtendLotPayload:
        """Give points of a lot a later end: they move into a new lot of the same issuer and terms.

        Errors: EndNotLater, IdempotencyConflict, KeyNotValid, LotExpired, LotSpent,
        PointsOutOfRange, TextTooLong, UnknownReference, WalletClosed, WalletNotFound.
        """
        payload = await self._change(
            documents.EXTEND_LOT, "extendLot", {"input": input}, read_refusal
        )
        return ExtendLotPayload.read(payload)

    async def reinstate_lot(self, input: ReinstateLotInput) -> ReinstateLotPayload:
        """Bring points of an expired lot back, in a new lot of the same issuer and terms.

        Errors: EndNotLater, ExceedsExpired, IdempotencyConflict, KeyNotValid, LotNotExpired,
        PointsOutOfRange, TextTooLong, UnknownReference, WalletClosed, WalletNotFound.
        """
        payload = await self._change(
            documents.REINSTATE_LOT, "reinstateLot", {"input": input}, read_refusal
        )
        return ReinstateLotPayload.read(payload)

    async def release_lot(self, input: ReleaseLotInput) -> ReleaseLotPayload:
        """Make a pending lot usable now.

        Errors: IdempotencyConflict, KeyNotValid, LotExpired, LotNotPending, TextTooLong,
        UnknownReference, WalletClosed, WalletNotFound.
        """
        payload = await self._change(
            documents.RELEASE_LOT, "releaseLot", {"input": input}, read_refusal
        )
        return ReleaseLotPayload.read(payload)

    async def transfer_points(self, input: TransferPointsInput) -> TransferPointsPayload:
        """Transfer points to another member; each lot keeps its issuer, terms, expiry and order.

        Errors: AccountNotLinked, CapReached, IdempotencyConflict, InsufficientPoints,
        KeyNotValid, MemberNotFound, OccurredAtOutOfBounds, PartnerNotFound, PointsOutOfRange,
        ReferenceNotValid, SameWallet, WalletClosed, WalletNotFound.
        """
        payload = await self._change(
            documents.TRANSFER_POINTS, "transferPoints", {"input": input}, read_refusal
        )
        return TransferPointsPayload.read(payload)

    async def sweep_expiry(self, input: SweepExpiryInput) -> SweepExpiryPayload:
        """Book the expiry of every lot whose end has come.

        Nothing depends on it: expired points cannot be used before it either. It also happens
        regularly, and before a window is cut.

        Errors: IdempotencyConflict, KeyNotValid.
        """
        payload = await self._change(
            documents.SWEEP_EXPIRY, "sweepExpiry", {"input": input}, read_refusal
        )
        return SweepExpiryPayload.read(payload)

    async def enrol_member(self, input: EnrolMemberInput) -> EnrolMemberPayload:
        """Enrol a member with an empty wallet, and link a partner's reference to it.

        Errors: AccountAlreadyLinked, IdempotencyConflict, KeyNotValid, MemberNotFound,
        PartnerNotFound, ReferenceNotValid.
        """
        payload = await self._change(
            documents.ENROL_MEMBER, "enrolMember", {"input": input}, read_refusal
        )
        return EnrolMemberPayload.read(payload)

    async def link_account(self, input: LinkAccountInput) -> LinkAccountPayload:
        """Link a partner's reference to a member, for ever.

        Linking again changes nothing.

        Errors: AccountAlreadyLinked, IdempotencyConflict, KeyNotValid, MemberNotFound,
        PartnerNotFound, ReferenceNotValid.
        """
        payload = await self._change(
            documents.LINK_ACCOUNT, "linkAccount", {"input": input}, read_refusal
        )
        return LinkAccountPayload.read(payload)

    async def merge_members(self, input: MergeMembersInput) -> MergeMembersPayload:
        """Make one member part of another, who gets the points, what is owed, and the linked
        accounts.

        The first id means the other member from then on; any reference works as before.

        Errors: AlreadyMerged, IdempotencyConflict, InHousehold, KeyNotValid, MemberNotFound,
        OpenHoldsLeft, SameMember.
        """
        payload = await self._change(
            documents.MERGE_MEMBERS, "mergeMembers", {"input": input}, read_refusal
        )
        return MergeMembersPayload.read(payload)

    async def create_household(self, input: CreateHouseholdInput) -> CreateHouseholdPayload:
        """Make a household with a wallet of its own; you own it.

        Errors: AlreadyInHousehold, IdempotencyConflict, KeyNotValid, ShareOutOfRange.
        """
        payload = await self._change(
            documents.CREATE_HOUSEHOLD, "createHousehold", {"input": input}, read_refusal
        )
        return CreateHouseholdPayload.read(payload)

    async def invite_to_household(self, input: InviteToHouseholdInput) -> InviteToHouseholdPayload:
        """Make a code by which one member may join your household.

        Only an owner invites. The same key gives the same code.

        Errors: IdempotencyConflict, KeyNotValid, NotInHousehold, RoleNotEnough.
        """
        payload = await self._change(
            documents.INVITE_TO_HOUSEHOLD, "inviteToHousehold", {"input": input}, read_refusal
        )
        return InviteToHouseholdPayload.read(payload)

    async def join_household(self, input: JoinHouseholdInput) -> JoinHouseholdPayload:
        """Join a household by a code, once it was given to you; at most 10 belong to one.

        Errors: AlreadyInHousehold, HouseholdCodeNotValid, HouseholdFull, IdempotencyConflict,
        KeyNotValid, ShareOutOfRange.
        """
        payload = await self._change(
            documents.JOIN_HOUSEHOLD, "joinHousehold", {"input": input}, read_refusal
        )
        return JoinHouseholdPayload.read(payload)

    async def set_household_share(self, input: SetHouseholdShareInput) -> SetHouseholdSharePayload:
        """Say which share of each issue to you goes to your household, from now on.

        Errors: IdempotencyConflict, KeyNotValid, NotInHousehold, ShareOutOfRange.
        """
        payload = await self._change(
            documents.SET_HOUSEHOLD_SHARE, "setHouseholdShare", {"input": input}, read_refusal
        )
        return SetHouseholdSharePayload.read(payload)

    async def change_household_member(
        self, input: ChangeHouseholdMemberInput
    ) -> ChangeHouseholdMemberPayload:
        """Say what a member of your household may do, and lower what they bring.

        Only an owner may; the household keeps an owner.

        Errors: IdempotencyConflict, KeyNotValid, NotInHousehold, NotOfHousehold, OwnerNeeded,
        RoleNotEnough, ShareOnlyLowered, ShareOutOfRange.
        """
        payload = await self._change(
            documents.CHANGE_HOUSEHOLD_MEMBER,
            "changeHouseholdMember",
            {"input": input},
            read_refusal,
        )
        return ChangeHouseholdMemberPayload.read(payload)

    async def leave_household(self, input: LeaveHouseholdInput) -> LeaveHouseholdPayload:
        """Leave your household, and take along what is left of the points that you brought.

        Errors: IdempotencyConflict, KeyNotValid, NotInHousehold, OwnerNeeded.
        """
        payload = await self._change(
            documents.LEAVE_HOUSEHOLD, "leaveHousehold", {"input": input}, read_refusal
        )
        return LeaveHouseholdPayload.read(payload)

    async def unmerge_members(self, input: UnmergeMembersInput) -> UnmergeMembersPayload:
        """Make two members of one again, and give back what was merged, while none of it was used.

        Errors: AlreadyMerged, IdempotencyConflict, KeyNotValid, MemberNotFound, MergeNotFound,
        MergedPointsUsed.
        """
        payload = await self._change(
            documents.UNMERGE_MEMBERS, "unmergeMembers", {"input": input}, read_refusal
        )
        return UnmergeMembersPayload.read(payload)

    async def sell_membership(self, input: SellMembershipInput) -> SellMembershipPayload:
        """Record the sale of a membership: the seller owes each other party its share of the net
        price.

        Errors: AmountNotExact, CurrencyNotSettleable, CurrencyUnknown, IdempotencyConflict,
        KeyNotValid, OccurredAtOutOfBounds, PartnerNotFound, PriceNotValid, SharesNotWhole,
        TextTooLong.
        """
        payload = await self._change(
            documents.SELL_MEMBERSHIP, "sellMembership", {"input": input}, read_refusal
        )
        return SellMembershipPayload.read(payload)

    async def cancel_membership(self, input: CancelMembershipInput) -> CancelMembershipPayload:
        """Give the unused part of a membership's price back, once per sale.

        Errors: AlreadyCancelled, IdempotencyConflict, KeyNotValid, OccurredAtOutOfBounds,
        PartnerNotFound, UnknownReference, UnusedDaysOutOfRange.
        """
        payload = await self._change(
            documents.CANCEL_MEMBERSHIP, "cancelMembership", {"input": input}, read_refusal
        )
        return CancelMembershipPayload.read(payload)

    async def post_adjustment(self, input: PostAdjustmentInput) -> PostAdjustmentPayload:
        """Let one party owe another an exact amount in the open window, with a reason.

        Errors: AmountNotExact, ApprovalEnded, ApprovalRefused, CurrencyUnknown,
        IdempotencyConflict, KeyNotValid, OccurredAtOutOfBounds, PartnerNotFound,
        SecondPersonNeeded, TextTooLong.
        """
        payload = await self._change(
            documents.POST_ADJUSTMENT, "postAdjustment", {"input": input}, read_refusal
        )
        return PostAdjustmentPayload.read(payload)

    async def close_window(self, input: CloseWindowInput) -> CloseWindowPayload:
        """Close a settlement window: book what expired before its cut, cut every lane, settle and
        seal.

        Closing a closed window changes nothing; a crash in between is finished by the same
        call.

        Errors: CoalitionNotSetUp, CurrencyUnknown, FxRateMissing, FxRateNotPositive,
        IdempotencyConflict, KeyNotValid, PreviousWindowOpen, WindowNotFound, WindowNotOver.
        """
        payload = await self._change(
            documents.CLOSE_WINDOW, "closeWindow", {"input": input}, read_refusal
        )
        return CloseWindowPayload.read(payload)

    async def decide_approval(self, input: DecideApprovalInput) -> DecideApprovalPayload:
        """Approve or refuse what another person asked to do.

        They then ask again, with the same input and key, and it is done. Only people decide,
        with a fresh passkey, and never on their own.

        Errors: ApprovalAlreadyDecided, ApprovalEnded, ApprovalNotFound, FourEyesRequired,
        IdempotencyConflict, KeyNotValid.
        """
        payload = await self._change(
            documents.DECIDE_APPROVAL, "decideApproval", {"input": input}, read_refusal
        )
        return DecideApprovalPayload.read(payload)


class Queries(Calling):
    """What can be read."""

    async def viewer(self) -> Viewer:
        """Who asks."""
        data = await self._wire.ask(documents.VIEWER, {})
        found = reading.field_of(data, "viewer")
        return Viewer.read(found)

    async def operation_cost(
        self, *, document: str, variables: Any | None = None, operation_name: str | None = None
    ) -> OperationCost:
        """What an operation would cost, and how near it comes to the limits; free."""
        data = await self._wire.ask(
            documents.OPERATION_COST,
            {"document": document, "variables": variables, "operationName": operation_name},
        )
        found = reading.field_of(data, "operationCost")
        return OperationCost.read(found)

    async def coalition(self) -> Coalition | None:
        """The coalition; null before it was set up."""
        data = await self._wire.ask(documents.COALITION, {})
        found = reading.field_of(data, "coalition")
        return reading.maybe(found, Coalition.read)

    async def partner(self, *, code: str) -> Partner | None:
        """A partner by its code; null when there is no such."""
        data = await self._wire.ask(documents.PARTNER, {"code": code})
        found = reading.field_of(data, "partner")
        return reading.maybe(found, Partner.read)

    async def partner_terms(self, *, code: str) -> tuple[Terms, ...] | None:
        """Its versions of terms, the newest 100, oldest first.

        Empty for anyone but itself and the operator.
        """
        data = await self._wire.ask(documents.PARTNER_TERMS, {"code": code})
        found = reading.field_of(data, "partner")
        if found is None:
            return None
        found = reading.field_of(found, "terms")
        return reading.many(found, Terms.read)

    async def partner_terms_in_force(
        self, *, code: str, as_of: datetime | None = None
    ) -> Terms | None:
        """Its terms in force now, or at an instant; null if none are, or they are not for you to
        see.
        """
        data = await self._wire.ask(documents.PARTNER_TERMS_IN_FORCE, {"code": code, "asOf": as_of})
        found = reading.field_of(data, "partner")
        if found is None:
            return None
        found = reading.field_of(found, "termsInForce")
        return reading.maybe(found, Terms.read)

    async def partners(self, *, page_size: int = PAGE_SIZE) -> AsyncGenerator[Partner, None]:
        """All parties of the coalition, in order of their codes."""
        items = self._items(documents.PARTNERS, ["partners"], {"first": page_size}, "nodes")
        async with aclosing(items):
            async for item in items:
                yield Partner.read(item)

    async def member(self, *, account: AccountInput | None = None) -> Member | None:
        """A member; null when there is no such, or not for you to see."""
        data = await self._wire.ask(documents.MEMBER, {"account": account})
        found = reading.field_of(data, "member")
        return reading.maybe(found, Member.read)

    async def wallet(self, *, account: AccountInput | None = None) -> Wallet | None:
        """A member's wallet; null when there is no such, or not for you to see."""
        data = await self._wire.ask(documents.WALLET, {"account": account})
        found = reading.field_of(data, "wallet")
        return reading.maybe(found, Wallet.read)

    async def wallet_lots(
        self,
        *,
        account: AccountInput | None = None,
        which: LotFilter | None = None,
        order: LotOrder | None = None,
        as_of: datetime | None = None,
        page_size: int = PAGE_SIZE,
    ) -> AsyncGenerator[Lot, None]:
        """The lots with points left, in the order in which they would be redeemed; others, and
        another order, when asked for.

        Looking back with `asOf` shows those that had points left then, in redemption order.
        """
        items = self._items(
            documents.WALLET_LOTS,
            ["wallet", "lots"],
            {"account": account, "which": which, "order": order, "asOf": as_of, "first": page_size},
            "nodes",
        )
        async with aclosing(items):
            async for item in items:
                yield Lot.read(item)

    async def wallet_activity(
        self,
        *,
        account: AccountInput | None = None,
        which: EntryFilter | None = None,
        page_size: int = PAGE_SIZE,
    ) -> AsyncGenerator[ActivityEdge, None]:
        """What happened to the wallet, newest first.

        A partner sees what it did itself, and the expiry of lots that it issued.
        """
        items = self._items(
            documents.WALLET_ACTIVITY,
            ["wallet", "activity"],
            {"account": account, "which": which, "first": page_size},
            "edges",
        )
        async with aclosing(items):
            async for item in items:
                yield ActivityEdge.read(item)

    async def wallet_holds(
        self, *, account: AccountInput | None = None, page_size: int = PAGE_SIZE
    ) -> AsyncGenerator[Hold, None]:
        """What is set aside, oldest first. A partner sees the holds that it asked for."""
        items = self._items(
            documents.WALLET_HOLDS,
            ["wallet", "holds"],
            {"account": account, "first": page_size},
            "nodes",
        )
        async with aclosing(items):
            async for item in items:
                yield Hold.read(item)

    async def wallet_arrears(
        self, *, account: AccountInput | None = None, page_size: int = PAGE_SIZE
    ) -> AsyncGenerator[Arrears, None]:
        """What the wallet owes, oldest debt first: they are repaid in this order.

        A partner sees what is owed to it.
        """
        items = self._items(
            documents.WALLET_ARREARS,
            ["wallet", "arrears"],
            {"account": account, "first": page_size},
            "nodes",
        )
        async with aclosing(items):
            async for item in items:
                yield Arrears.read(item)

    async def entry(self, *, id: str) -> Entry | None:
        """An entry of the books; null when there is no such, or not for you to see."""
        data = await self._wire.ask(documents.ENTRY, {"id": id})
        found = reading.field_of(data, "entry")
        return reading.maybe(found, Entry.read)

    async def entry_given_back_by(
        self, *, id: str, page_size: int = PAGE_SIZE
    ) -> AsyncGenerator[Entry, None]:
        """The entries that give this one back or cancel it, oldest first."""
        items = self._items(
            documents.ENTRY_GIVEN_BACK_BY,
            ["entry", "givenBackBy"],
            {"id": id, "first": page_size},
            "nodes",
        )
        async with aclosing(items):
            async for item in items:
                yield Entry.read(item)

    async def entry_allocations(
        self, *, id: str, page_size: int = PAGE_SIZE
    ) -> AsyncGenerator[Allocation, None]:
        """The lots it took from or gave back to, in redemption order.

        A partner sees those that it issued, and all of what it accepted itself.
        """
        items = self._items(
            documents.ENTRY_ALLOCATIONS,
            ["entry", "allocations"],
            {"id": id, "first": page_size},
            "nodes",
        )
        async with aclosing(items):
            async for item in items:
                yield Allocation.read(item)

    async def members(self, *, page_size: int = PAGE_SIZE) -> AsyncGenerator[Member, None]:
        """Members. A partner sees its own, in order of its references; a member nobody else."""
        items = self._items(documents.MEMBERS, ["members"], {"first": page_size}, "nodes")
        async with aclosing(items):
            async for item in items:
                yield Member.read(item)

    async def entries(
        self, *, which: EntryFilter | None = None, page_size: int = PAGE_SIZE
    ) -> AsyncGenerator[Entry, None]:
        """Entries of the books, lane by lane in the order in which they were posted: the whole
        journal, as far as you may see it.

        A page that searches for few among many may be shorter than asked for, or empty, and
        still have a next one.
        """
        items = self._items(
            documents.ENTRIES, ["entries"], {"which": which, "first": page_size}, "nodes"
        )
        async with aclosing(items):
            async for item in items:
                yield Entry.read(item)

    async def lots(
        self, *, which: LotFilter | None = None, page_size: int = PAGE_SIZE
    ) -> AsyncGenerator[Lot, None]:
        """Lots, lane by lane in the order in which they came to be.

        A partner sees those it issued. A page that searches for few among many may be shorter
        than asked for, and still have a next one.
        """
        items = self._items(documents.LOTS, ["lots"], {"which": which, "first": page_size}, "nodes")
        async with aclosing(items):
            async for item in items:
                yield Lot.read(item)

    async def explain(self, *, id: str) -> Explanation | None:
        """Why the books are as they are: an entry, or one obligation, explained in words and in
        data.

        Null when it is not there, or not for you to see.
        """
        data = await self._wire.ask(documents.EXPLAIN, {"id": id})
        found = reading.field_of(data, "explain")
        return reading.maybe(found, Explanation.read)

    async def explain_obligations(
        self, *, id: str, page_size: int = PAGE_SIZE
    ) -> AsyncGenerator[Obligation, None]:
        """What each party owes for it: which lot, which terms, which rate.

        A partner sees what it owes or is owed.
        """
        items = self._items(
            documents.EXPLAIN_OBLIGATIONS,
            ["explain", "obligations"],
            {"id": id, "first": page_size},
            "nodes",
        )
        async with aclosing(items):
            async for item in items:
                yield Obligation.read(item)

    async def liabilities(
        self, *, issuer: str | None = None, as_of: datetime | None = None
    ) -> tuple[Liability, ...]:
        """Points that were issued and not used, by issuer, pinned terms and the month in which
        they expire: now, or as the books said at an instant.
        """
        data = await self._wire.ask(documents.LIABILITIES, {"issuer": issuer, "asOf": as_of})
        found = reading.field_of(data, "liabilities")
        return reading.many(found, Liability.read)

    async def caps(
        self,
        *,
        kinds: tuple[CapKind, ...] | None = None,
        partner: str | None = None,
        in_force_at: datetime | None = None,
        page_size: int = PAGE_SIZE,
    ) -> AsyncGenerator[Cap, None]:
        """Caps in force and what is left of them, by kind and partner.

        A partner sees those that count its own points or money; what is left of a member's own
        day, `exchangeQuote` tells.
        """
        items = self._items(
            documents.CAPS,
            ["caps"],
            {"kinds": kinds, "partner": partner, "inForceAt": in_force_at, "first": page_size},
            "nodes",
        )
        async with aclosing(items):
            async for item in items:
                yield Cap.read(item)

    async def exchange_offers(
        self,
        *,
        partner: str | None = None,
        includes_ended: bool | None = None,
        page_size: int = PAGE_SIZE,
    ) -> AsyncGenerator[ExchangeOffer, None]:
        """What partners give of their own currencies for points: versions in force and to come, by
        code of the partner, oldest first.

        A partner may give several currencies at a time.
        """
        items = self._items(
            documents.EXCHANGE_OFFERS,
            ["exchangeOffers"],
            {"partner": partner, "includesEnded": includes_ended, "first": page_size},
            "nodes",
        )
        async with aclosing(items):
            async for item in items:
                yield ExchangeOffer.read(item)

    async def exchange_quote(
        self,
        *,
        points: int,
        partner: str | None = None,
        account: AccountInput | None = None,
        currency: str | None = None,
    ) -> ExchangeQuote | None:
        """What points would give at a partner now, which numbers near them pass, and what is left
        of the day.

        Null when there is no such partner or member, or nothing is offered.
        """
        data = await self._wire.ask(
            documents.EXCHANGE_QUOTE,
            {"points": points, "partner": partner, "account": account, "currency": currency},
        )
        found = reading.field_of(data, "exchangeQuote")
        return reading.maybe(found, ExchangeQuote.read)

    async def membership_sales(
        self, *, page_size: int = PAGE_SIZE
    ) -> AsyncGenerator[MembershipSale, None]:
        """Memberships that were sold, oldest first.

        A partner sees those it sold, and those it has a share in. A page may be shorter than
        asked for, and still have a next one.
        """
        items = self._items(
            documents.MEMBERSHIP_SALES, ["membershipSales"], {"first": page_size}, "nodes"
        )
        async with aclosing(items):
            async for item in items:
                yield MembershipSale.read(item)

    async def settlement_window(self, *, id: str) -> SettlementWindow | None:
        """A settlement window; null when there is no such."""
        data = await self._wire.ask(documents.SETTLEMENT_WINDOW, {"id": id})
        found = reading.field_of(data, "settlementWindow")
        return reading.maybe(found, SettlementWindow.read)

    async def settlement_window_cells(
        self, *, id: str, page_size: int = PAGE_SIZE
    ) -> AsyncGenerator[SettlementCell, None]:
        """What each party owes each other, in order of codes; empty while open."""
        items = self._items(
            documents.SETTLEMENT_WINDOW_CELLS,
            ["settlementWindow", "cells"],
            {"id": id, "first": page_size},
            "nodes",
        )
        async with aclosing(items):
            async for item in items:
                yield SettlementCell.read(item)

    async def settlement_window_statement(
        self, *, id: str, partner: str | None = None
    ) -> Statement | None:
        """What the window says to one party; null while it is open.

        A partner leaves `partner` out: itself.
        """
        data = await self._wire.ask(
            documents.SETTLEMENT_WINDOW_STATEMENT, {"id": id, "partner": partner}
        )
        found = reading.field_of(data, "settlementWindow")
        if found is None:
            return None
        found = reading.field_of(found, "statement")
        return reading.maybe(found, Statement.read)

    async def settlement_window_payments(
        self, *, id: str, topology: PaymentTopology | None = None
    ) -> tuple[Payment, ...] | None:
        """The payments that settle it; empty while open.

        At most one per pair of parties; a partner sees its own.
        """
        data = await self._wire.ask(
            documents.SETTLEMENT_WINDOW_PAYMENTS, {"id": id, "topology": topology}
        )
        found = reading.field_of(data, "settlementWindow")
        if found is None:
            return None
        found = reading.field_of(found, "payments")
        return reading.many(found, Payment.read)

    async def settlement_windows(
        self,
        *,
        calendar: str | None = None,
        statuses: tuple[WindowStatus, ...] | None = None,
        not_over_at: datetime | None = None,
        opens_before: datetime | None = None,
        page_size: int = PAGE_SIZE,
    ) -> AsyncGenerator[SettlementWindow, None]:
        """Settlement windows, newest first."""
        items = self._items(
            documents.SETTLEMENT_WINDOWS,
            ["settlementWindows"],
            {
                "calendar": calendar,
                "statuses": statuses,
                "notOverAt": not_over_at,
                "opensBefore": opens_before,
                "first": page_size,
            },
            "nodes",
        )
        async with aclosing(items):
            async for item in items:
                yield SettlementWindow.read(item)

    async def window_of_calendar(self, *, calendar: str, code: str) -> SettlementWindow | None:
        """A settlement window by what people call it; null when there is no such."""
        data = await self._wire.ask(
            documents.WINDOW_OF_CALENDAR, {"calendar": calendar, "code": code}
        )
        found = reading.field_of(data, "windowOfCalendar")
        return reading.maybe(found, SettlementWindow.read)

    async def window_of_calendar_cells(
        self, *, calendar: str, code: str, page_size: int = PAGE_SIZE
    ) -> AsyncGenerator[SettlementCell, None]:
        """What each party owes each other, in order of codes; empty while open."""
        items = self._items(
            documents.WINDOW_OF_CALENDAR_CELLS,
            ["windowOfCalendar", "cells"],
            {"calendar": calendar, "code": code, "first": page_size},
            "nodes",
        )
        async with aclosing(items):
            async for item in items:
                yield SettlementCell.read(item)

    async def window_of_calendar_statement(
        self, *, calendar: str, code: str, partner: str | None = None
    ) -> Statement | None:
        """What the window says to one party; null while it is open.

        A partner leaves `partner` out: itself.
        """
        data = await self._wire.ask(
            documents.WINDOW_OF_CALENDAR_STATEMENT,
            {"calendar": calendar, "code": code, "partner": partner},
        )
        found = reading.field_of(data, "windowOfCalendar")
        if found is None:
            return None
        found = reading.field_of(found, "statement")
        return reading.maybe(found, Statement.read)

    async def window_of_calendar_payments(
        self, *, calendar: str, code: str, topology: PaymentTopology | None = None
    ) -> tuple[Payment, ...] | None:
        """The payments that settle it; empty while open.

        At most one per pair of parties; a partner sees its own.
        """
        data = await self._wire.ask(
            documents.WINDOW_OF_CALENDAR_PAYMENTS,
            {"calendar": calendar, "code": code, "topology": topology},
        )
        found = reading.field_of(data, "windowOfCalendar")
        if found is None:
            return None
        found = reading.field_of(found, "payments")
        return reading.many(found, Payment.read)

    async def statement(self, *, window_id: str, partner: str | None = None) -> Statement | None:
        """What a settled window says to one party: its bills, its net, and every obligation down
        to the receipt.

        Null while the window is open, or when it is not for you to see.
        """
        data = await self._wire.ask(
            documents.STATEMENT, {"windowId": window_id, "partner": partner}
        )
        found = reading.field_of(data, "statement")
        return reading.maybe(found, Statement.read)

    async def statement_cells(
        self, *, window_id: str, partner: str | None = None, page_size: int = PAGE_SIZE
    ) -> AsyncGenerator[SettlementCell, None]:
        """Its bills, as debtor and as creditor, in order of codes."""
        items = self._items(
            documents.STATEMENT_CELLS,
            ["statement", "cells"],
            {"windowId": window_id, "partner": partner, "first": page_size},
            "nodes",
        )
        async with aclosing(items):
            async for item in items:
                yield SettlementCell.read(item)

    async def statement_obligations(
        self,
        *,
        window_id: str,
        partner: str | None = None,
        counterparty: str | None = None,
        kinds: tuple[OwedFor, ...] | None = None,
        line: str | None = None,
        page_size: int = PAGE_SIZE,
    ) -> AsyncGenerator[Obligation, None]:
        """The obligations that its bills are made of, in the order of the journal.

        A page that searches for few among many may be shorter than asked for, or empty, and
        still have a next one.
        """
        items = self._items(
            documents.STATEMENT_OBLIGATIONS,
            ["statement", "obligations"],
            {
                "windowId": window_id,
                "partner": partner,
                "counterparty": counterparty,
                "kinds": kinds,
                "line": line,
                "first": page_size,
            },
            "nodes",
        )
        async with aclosing(items):
            async for item in items:
                yield Obligation.read(item)

    async def approvals(self) -> tuple[Approval, ...]:
        """What waits for a second person or for its use, oldest first, the first 100."""
        data = await self._wire.ask(documents.APPROVALS, {})
        found = reading.field_of(data, "approvals")
        return reading.many(found, Approval.read)

    async def grants(self) -> tuple[Grant, ...]:
        """What partners may do in your name at this moment, the newest first, the first 100.

        `endGrant` ends one.
        """
        data = await self._wire.ask(documents.GRANTS, {})
        found = reading.field_of(data, "grants")
        return reading.many(found, Grant.read)

    async def checkpoints(self, *, page_size: int = PAGE_SIZE) -> AsyncGenerator[Checkpoint, None]:
        """What was signed, newest first."""
        items = self._items(documents.CHECKPOINTS, ["checkpoints"], {"first": page_size}, "nodes")
        async with aclosing(items):
            async for item in items:
                yield Checkpoint.read(item)

    async def log_keys(self) -> tuple[LogKey, ...]:
        """The public keys that sign the books, or have signed them, oldest first."""
        data = await self._wire.ask(documents.LOG_KEYS, {})
        found = reading.field_of(data, "logKeys")
        return reading.many(found, LogKey.read)

    async def inclusion_proof(self, *, entry_id: str) -> InclusionProof | None:
        """Proof that an entry is in the books as they were signed last; null when there is no
        such, or when it was posted since.

        It tells where the entry lies among all others.
        """
        data = await self._wire.ask(documents.INCLUSION_PROOF, {"entryId": entry_id})
        found = reading.field_of(data, "inclusionProof")
        return reading.maybe(found, InclusionProof.read)

    async def consistency_proof(
        self, *, lane: int, old_size: str, new_size: str
    ) -> ConsistencyProof | None:
        """Proof that a lane only grew between two checkpoints; null when it never had such a size
        at a checkpoint.
        """
        data = await self._wire.ask(
            documents.CONSISTENCY_PROOF, {"lane": lane, "oldSize": old_size, "newSize": new_size}
        )
        found = reading.field_of(data, "consistencyProof")
        return reading.maybe(found, ConsistencyProof.read)


class Subscriptions(Calling):
    """What can be listened to."""

    async def wallet_changed(self, *, wallet_id: str) -> AsyncGenerator[Wallet, None]:
        """The wallet as it is after each entry that moved its points.

        A partner hears of entries that it made, or that touch points that it issued.
        """
        events = self._events(documents.WALLET_CHANGED, "walletChanged", {"walletId": wallet_id})
        async with aclosing(events):
            async for found in events:
                yield Wallet.read(found)

    async def window_changed(
        self, *, window_id: str | None = None, calendar: str | None = None
    ) -> AsyncGenerator[SettlementWindow, None]:
        """A settlement window when it is new, when it begins to close, and when it has closed.

        A partner sees its own row and column.
        """
        events = self._events(
            documents.WINDOW_CHANGED, "windowChanged", {"windowId": window_id, "calendar": calendar}
        )
        async with aclosing(events):
            async for found in events:
                yield SettlementWindow.read(found)

    async def entries_live(
        self, *, wallet_id: str | None = None, after: str | None = None
    ) -> AsyncGenerator[EntryEvent, None]:
        """Entries as they are booked, each once and those of one wallet in their order.

        A partner gets those that it made and the expiry of its points.
        """
        events = self._resumed(
            documents.ENTRIES_LIVE, "entries", {"walletId": wallet_id, "after": after}
        )
        async with aclosing(events):
            async for found in events:
                yield EntryEvent.read(found)
