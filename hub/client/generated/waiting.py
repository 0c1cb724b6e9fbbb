"""Every operation of the hub as a method that waits for its answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from hub.client.blocking import Blocking
from hub.client.calling import PAGE_SIZE
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
from hub.client.generated.methods import Mutations, Queries, Subscriptions


class BlockingMutations(Blocking[Mutations]):
    """What can be done; a refusal is raised."""

    def issue_points(self, input: IssuePointsInput) -> IssuePointsPayload:
        """Issue points to a member.

        Errors: AccountNotLinked, DuplicateReference, ExpiresTooEarly, IdempotencyConflict,
        KeyNotValid, MemberNotFound, NetDebitCapReached, OccurredAtOutOfBounds, PartnerNotFound,
        PointsOutOfRange, ReferenceNotValid, TermsNotInForce, TextTooLong, WalletClosed,
        WalletNotFound.
        """
        return self._run(self._awaited.issue_points(input))

    def issue_purchase(self, input: IssuePurchaseInput) -> IssuePurchasePayload:
        """Issue what one purchase brings, a lot for each reason, all of them or none.

        The path of a refusal names the portion that is meant.

        Errors: AccountNotLinked, DuplicateReference, ExpiresTooEarly, IdempotencyConflict,
        KeyNotValid, MemberNotFound, NetDebitCapReached, OccurredAtOutOfBounds, PartnerNotFound,
        PointsOutOfRange, PortionCountOutOfRange, ReasonRepeated, ReferenceNotValid,
        TermsNotInForce, TextTooLong, WalletClosed, WalletNotFound.
        """
        return self._run(self._awaited.issue_purchase(input))

    def redeem_points(self, input: RedeemPointsInput) -> RedeemPointsPayload:
        """Pay an acceptor with points of any issuer, all or nothing, in redemption order.

        Errors: AccountNotLinked, CapReached, ConsentNotForThis, ConsentRequired, ConsentSpent,
        IdempotencyConflict, InsufficientPoints, KeyNotValid, MemberNotFound,
        NetDebitCapReached, NotInHousehold, OccurredAtOutOfBounds, PartnerNotFound,
        PointsOutOfRange, ReferenceNotValid, RoleNotEnough, TermsNotInForce, TextTooLong,
        TillCodeNotValid, TooManyTillCodes, WalletClosed, WalletNotFound.
        """
        return self._run(self._awaited.redeem_points(input))

    def create_till_code(self, input: CreateTillCodeInput) -> CreateTillCodePayload:
        """Make a code by which a partner may redeem your points once, within a minute.

        The one before is gone. The same key gives the same code.

        Errors: IdempotencyConflict, KeyNotValid.
        """
        return self._run(self._awaited.create_till_code(input))

    def end_grant(self, input: EndGrantInput) -> EndGrantPayload:
        """End what a partner's software may do in your name.

        All its tokens of this grant are refused from the next call on; what it did with them
        stays done. To end it again changes nothing.

        Errors: GrantNotFound, IdempotencyConflict, KeyNotValid.
        """
        return self._run(self._awaited.end_grant(input))

    def bulk_issue_points(self, input: BulkIssuePointsInput) -> BulkIssuePointsPayload:
        """Issue points to up to 1000 members at once; a row is what `issuePoints` is.

        Rows that are refused leave the others alone. Repeat rows with the same keys until each
        has an answer. Input that no row may have refuses the whole, before anything is done.

        Errors: AccountNotLinked, DuplicateReference, ExpiresTooEarly, IdempotencyConflict,
        KeyNotValid, MemberNotFound, NetDebitCapReached, OccurredAtOutOfBounds, OutcomeUnknown,
        Overloaded, PartnerNotFound, PointsOutOfRange, ReferenceNotValid, RowFailed,
        TermsNotInForce, TextTooLong, WalletClosed, WalletNotFound.
        """
        return self._run(self._awaited.bulk_issue_points(input))

    def bulk_redeem_points(self, input: BulkRedeemPointsInput) -> BulkRedeemPointsPayload:
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
        return self._run(self._awaited.bulk_redeem_points(input))

    def cash_out_points(self, input: CashOutPointsInput) -> CashOutPointsPayload:
        """Turn points into money that an agent pays out.

        Errors: AccountNotLinked, CapReached, ConsentNotForThis, ConsentRequired, ConsentSpent,
        IdempotencyConflict, InsufficientPoints, KeyNotValid, MemberNotFound,
        NetDebitCapReached, NotInHousehold, OccurredAtOutOfBounds, PartnerNotFound,
        PointsOutOfRange, ReferenceNotValid, RoleNotEnough, TermsNotInForce, TextTooLong,
        TillCodeNotValid, TooManyTillCodes, WalletClosed, WalletNotFound.
        """
        return self._run(self._awaited.cash_out_points(input))

    def donate_points(self, input: DonatePointsInput) -> DonatePointsPayload:
        """Give points to a charity.

        Errors: AccountNotLinked, CapReached, ConsentNotForThis, ConsentRequired, ConsentSpent,
        IdempotencyConflict, InsufficientPoints, KeyNotValid, MemberNotFound,
        NetDebitCapReached, NotInHousehold, OccurredAtOutOfBounds, PartnerNotFound,
        PointsOutOfRange, RateNotValid, ReferenceNotValid, RoleNotEnough, TermsNotInForce,
        TextTooLong, TillCodeNotValid, TooManyTillCodes, WalletClosed, WalletNotFound.
        """
        return self._run(self._awaited.donate_points(input))

    def refund_points(self, input: RefundPointsInput) -> RefundPointsPayload:
        """Give points of a redemption, cash-out, donation or refundable exchange back to the lots
        they came from, last used lot first; in part and repeatedly.

        Only the acceptor may.

        Errors: EndNotLater, GraceOutOfBounds, IdempotencyConflict, KeyNotValid,
        OccurredAtOutOfBounds, PointsOutOfRange, RefundExceedsRedeemed, UnknownReference,
        WalletClosed, WalletNotFound.
        """
        return self._run(self._awaited.refund_points(input))

    def reverse_issue(self, input: ReverseIssueInput) -> ReverseIssuePayload:
        """Take points of an issue back, because the purchase was returned.

        Only the issuer may.

        Errors: IdempotencyConflict, KeyNotValid, LotExpired, LotSpent, OccurredAtOutOfBounds,
        PointsOutOfRange, ReverseExceedsIssued, UnknownReference, WalletClosed, WalletNotFound.
        """
        return self._run(self._awaited.reverse_issue(input))

    def exchange_points(self, input: ExchangePointsInput) -> ExchangePointsPayload:
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
        return self._run(self._awaited.exchange_points(input))

    def hold_points(self, input: HoldPointsInput) -> HoldPointsPayload:
        """Set points aside, all or nothing, in redemption order: nothing else can spend or expire
        them.

        The hold ends once: captured, voided, or lapsed by itself.

        Errors: AccountNotLinked, CapReached, ConsentNotForThis, ConsentRequired, ConsentSpent,
        HoldEndOutOfBounds, IdempotencyConflict, InsufficientPoints, KeyNotValid,
        MemberNotFound, NetDebitCapReached, NotInHousehold, OccurredAtOutOfBounds,
        PartnerNotFound, PointsOutOfRange, ReferenceNotValid, RoleNotEnough, TextTooLong,
        TillCodeNotValid, TooManyTillCodes, WalletClosed, WalletNotFound.
        """
        return self._run(self._awaited.hold_points(input))

    def capture_hold(self, input: CaptureHoldInput) -> CaptureHoldPayload:
        """Take all of a hold, or part of it: the rest goes back.

        Counts as a redemption. Only the acceptor may.

        Errors: CaptureExceedsHold, HoldEnded, IdempotencyConflict, KeyNotValid,
        OccurredAtOutOfBounds, PointsOutOfRange, TermsNotInForce, TextTooLong, UnknownReference,
        WalletClosed, WalletNotFound.
        """
        return self._run(self._awaited.capture_hold(input))

    def void_hold(self, input: VoidHoldInput) -> VoidHoldPayload:
        """Let all points of a hold go back.

        Only the acceptor may.

        Errors: HoldEnded, IdempotencyConflict, KeyNotValid, OccurredAtOutOfBounds,
        UnknownReference, WalletNotFound.
        """
        return self._run(self._awaited.void_hold(input))

    def extend_lot(self, input: ExtendLotInput) -> ExtendLotPayload:
        """Give points of a lot a later end: they move into a new lot of the same issuer and terms.

        Errors: EndNotLater, IdempotencyConflict, KeyNotValid, LotExpired, LotSpent,
        PointsOutOfRange, TextTooLong, UnknownReference, WalletClosed, WalletNotFound.
        """
        return self._run(self._awaited.extend_lot(input))

    def reinstate_lot(self, input: ReinstateLotInput) -> ReinstateLotPayload:
        """Bring points of an expired lot back, in a new lot of the same issuer and terms.

        Errors: EndNotLater, ExceedsExpired, IdempotencyConflict, KeyNotValid, LotNotExpired,
        PointsOutOfRange, TextTooLong, UnknownReference, WalletClosed, WalletNotFound.
        """
        return self._run(self._awaited.reinstate_lot(input))

    def release_lot(self, input: ReleaseLotInput) -> ReleaseLotPayload:
        """Make a pending lot usable now.

        Errors: IdempotencyConflict, KeyNotValid, LotExpired, LotNotPending, TextTooLong,
        UnknownReference, WalletClosed, WalletNotFound.
        """
        return self._run(self._awaited.release_lot(input))

    def transfer_points(self, input: TransferPointsInput) -> TransferPointsPayload:
        """Transfer points to another member; each lot keeps its issuer, terms, expiry and order.

        Errors: AccountNotLinked, CapReached, IdempotencyConflict, InsufficientPoints,
        KeyNotValid, MemberNotFound, OccurredAtOutOfBounds, PartnerNotFound, PointsOutOfRange,
        ReferenceNotValid, SameWallet, WalletClosed, WalletNotFound.
        """
        return self._run(self._awaited.transfer_points(input))

    def sweep_expiry(self, input: SweepExpiryInput) -> SweepExpiryPayload:
        """Book the expiry of every lot whose end has come.

        Nothing depends on it: expired points cannot be used before it either. It also happens
        regularly, and before a window is cut.

        Errors: IdempotencyConflict, KeyNotValid.
        """
        return self._run(self._awaited.sweep_expiry(input))

    def enrol_member(self, input: EnrolMemberInput) -> EnrolMemberPayload:
        """Enrol a member with an empty wallet, and link a partner's reference to it.

        Errors: AccountAlreadyLinked, IdempotencyConflict, KeyNotValid, MemberNotFound,
        PartnerNotFound, ReferenceNotValid.
        """
        return self._run(self._awaited.enrol_member(input))

    def link_account(self, input: LinkAccountInput) -> LinkAccountPayload:
        """Link a partner's reference to a member, for ever.

        Linking again changes nothing.

        Errors: AccountAlreadyLinked, IdempotencyConflict, KeyNotValid, MemberNotFound,
        PartnerNotFound, ReferenceNotValid.
        """
        return self._run(self._awaited.link_account(input))

    def merge_members(self, input: MergeMembersInput) -> MergeMembersPayload:
        """Make one member part of another, who gets the points, what is owed, and the linked
        accounts.

        The first id means the other member from then on; any reference works as before.

        Errors: AlreadyMerged, IdempotencyConflict, InHousehold, KeyNotValid, MemberNotFound,
        OpenHoldsLeft, SameMember.
        """
        return self._run(self._awaited.merge_members(input))

    def create_household(self, input: CreateHouseholdInput) -> CreateHouseholdPayload:
        """Make a household with a wallet of its own; you own it.

        Errors: AlreadyInHousehold, IdempotencyConflict, KeyNotValid, ShareOutOfRange.
        """
        return self._run(self._awaited.create_household(input))

    def invite_to_household(self, input: InviteToHouseholdInput) -> InviteToHouseholdPayload:
        """Make a code by which one member may join your household.

        Only an owner invites. The same key gives the same code.

        Errors: IdempotencyConflict, KeyNotValid, NotInHousehold, RoleNotEnough.
        """
        return self._run(self._awaited.invite_to_household(input))

    def join_household(self, input: JoinHouseholdInput) -> JoinHouseholdPayload:
        """Join a household by a code, once it was given to you; at most 10 belong to one.

        Errors: AlreadyInHousehold, HouseholdCodeNotValid, HouseholdFull, IdempotencyConflict,
        KeyNotValid, ShareOutOfRange.
        """
        return self._run(self._awaited.join_household(input))

    def set_household_share(self, input: SetHouseholdShareInput) -> SetHouseholdSharePayload:
        """Say which share of each issue to you goes to your household, from now on.

        Errors: IdempotencyConflict, KeyNotValid, NotInHousehold, ShareOutOfRange.
        """
        return self._run(self._awaited.set_household_share(input))

    def change_household_member(
        self, input: ChangeHouseholdMemberInput
    ) -> ChangeHouseholdMemberPayload:
        """Say what a member of your household may do, and lower what they bring.

        Only an owner may; the household keeps an owner.

        Errors: IdempotencyConflict, KeyNotValid, NotInHousehold, NotOfHousehold, OwnerNeeded,
        RoleNotEnough, ShareOnlyLowered, ShareOutOfRange.
        """
        return self._run(self._awaited.change_household_member(input))

    def leave_household(self, input: LeaveHouseholdInput) -> LeaveHouseholdPayload:
        """Leave your household, and take along what is left of the points that you brought.

        Errors: IdempotencyConflict, KeyNotValid, NotInHousehold, OwnerNeeded.
        """
        return self._run(self._awaited.leave_household(input))

    def unmerge_members(self, input: UnmergeMembersInput) -> UnmergeMembersPayload:
        """Make two members of one again, and give back what was merged, while none of it was used.

        Errors: AlreadyMerged, IdempotencyConflict, KeyNotValid, MemberNotFound, MergeNotFound,
        MergedPointsUsed.
        """
        return self._run(self._awaited.unmerge_members(input))

    def sell_membership(self, input: SellMembershipInput) -> SellMembershipPayload:
        """Record the sale of a membership: the seller owes each other party its share of the net
        price.

        Errors: AmountNotExact, CurrencyNotSettleable, CurrencyUnknown, IdempotencyConflict,
        KeyNotValid, OccurredAtOutOfBounds, PartnerNotFound, PriceNotValid, SharesNotWhole,
        TextTooLong.
        """
        return self._run(self._awaited.sell_membership(input))

    def cancel_membership(self, input: CancelMembershipInput) -> CancelMembershipPayload:
        """Give the unused part of a membership's price back, once per sale.

        Errors: AlreadyCancelled, IdempotencyConflict, KeyNotValid, OccurredAtOutOfBounds,
        PartnerNotFound, UnknownReference, UnusedDaysOutOfRange.
        """
        return self._run(self._awaited.cancel_membership(input))

    def post_adjustment(self, input: PostAdjustmentInput) -> PostAdjustmentPayload:
        """Let one party owe another an exact amount in the open window, with a reason.

        Errors: AmountNotExact, ApprovalEnded, ApprovalRefused, CurrencyUnknown,
        IdempotencyConflict, KeyNotValid, OccurredAtOutOfBounds, PartnerNotFound,
        SecondPersonNeeded, TextTooLong.
        """
        return self._run(self._awaited.post_adjustment(input))

    def close_window(self, input: CloseWindowInput) -> CloseWindowPayload:
        """Close a settlement window: book what expired before its cut, cut every lane, settle and
        seal.

        Closing a closed window changes nothing; a crash in between is finished by the same
        call.

        Errors: CoalitionNotSetUp, CurrencyUnknown, FxRateMissing, FxRateNotPositive,
        IdempotencyConflict, KeyNotValid, PreviousWindowOpen, WindowNotFound, WindowNotOver.
        """
        return self._run(self._awaited.close_window(input))

    def decide_approval(self, input: DecideApprovalInput) -> DecideApprovalPayload:
        """Approve or refuse what another person asked to do.

        They then ask again, with the same input and key, and it is done. Only people decide,
        with a fresh passkey, and never on their own.

        Errors: ApprovalAlreadyDecided, ApprovalEnded, ApprovalNotFound, FourEyesRequired,
        IdempotencyConflict, KeyNotValid.
        """
        return self._run(self._awaited.decide_approval(input))


class BlockingQueries(Blocking[Queries]):
    """What can be read."""

    def viewer(self) -> Viewer:
        """Who asks."""
        return self._run(self._awaited.viewer())

    def operation_cost(
        self, *, document: str, variables: Any | None = None, operation_name: str | None = None
    ) -> OperationCost:
        """What an operation would cost, and how near it comes to the limits; free."""
        return self._run(
            self._awaited.operation_cost(
                document=document, variables=variables, operation_name=operation_name
            )
        )

    def coalition(self) -> Coalition | None:
        """The coalition; null before it was set up."""
        return self._run(self._awaited.coalition())

    def partner(self, *, code: str) -> Partner | None:
        """A partner by its code; null when there is no such."""
        return self._run(self._awaited.partner(code=code))

    def partner_terms(self, *, code: str) -> tuple[Terms, ...] | None:
        """Its versions of terms, the newest 100, oldest first.

        Empty for anyone but itself and the operator.
        """
        return self._run(self._awaited.partner_terms(code=code))

    def partner_terms_in_force(self, *, code: str, as_of: datetime | None = None) -> Terms | None:
        """Its terms in force now, or at an instant; null if none are, or they are not for you to
        see.
        """
        return self._run(self._awaited.partner_terms_in_force(code=code, as_of=as_of))

    def partners(self, *, page_size: int = PAGE_SIZE) -> Iterator[Partner]:
        """All parties of the coalition, in order of their codes."""
        return self._each(self._awaited.partners(page_size=page_size))

    def member(self, *, account: AccountInput | None = None) -> Member | None:
        """A member; null when there is no such, or not for you to see."""
        return self._run(self._awaited.member(account=account))

    def wallet(self, *, account: AccountInput | None = None) -> Wallet | None:
        """A member's wallet; null when there is no such, or not for you to see."""
        return self._run(self._awaited.wallet(account=account))

    def wallet_lots(
        self,
        *,
        account: AccountInput | None = None,
        which: LotFilter | None = None,
        order: LotOrder | None = None,
        as_of: datetime | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Iterator[Lot]:
        """The lots with points left, in the order in which they would be redeemed; others, and
        another order, when asked for.

        Looking back with `asOf` shows those that had points left then, in redemption order.
        """
        return self._each(
            self._awaited.wallet_lots(
                account=account, which=which, order=order, as_of=as_of, page_size=page_size
            )
        )

    def wallet_activity(
        self,
        *,
        account: AccountInput | None = None,
        which: EntryFilter | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Iterator[ActivityEdge]:
        """What happened to the wallet, newest first.

        A partner sees what it did itself, and the expiry of lots that it issued.
        """
        return self._each(
            self._awaited.wallet_activity(account=account, which=which, page_size=page_size)
        )

    def wallet_holds(
        self, *, account: AccountInput | None = None, page_size: int = PAGE_SIZE
    ) -> Iterator[Hold]:
        """What is set aside, oldest first. A partner sees the holds that it asked for."""
        return self._each(self._awaited.wallet_holds(account=account, page_size=page_size))

    def wallet_arrears(
        self, *, account: AccountInput | None = None, page_size: int = PAGE_SIZE
    ) -> Iterator[Arrears]:
        """What the wallet owes, oldest debt first: they are repaid in this order.

        A partner sees what is owed to it.
        """
        return self._each(self._awaited.wallet_arrears(account=account, page_size=page_size))

    def entry(self, *, id: str) -> Entry | None:
        """An entry of the books; null when there is no such, or not for you to see."""
        return self._run(self._awaited.entry(id=id))

    def entry_given_back_by(self, *, id: str, page_size: int = PAGE_SIZE) -> Iterator[Entry]:
        """The entries that give this one back or cancel it, oldest first."""
        return self._each(self._awaited.entry_given_back_by(id=id, page_size=page_size))

    def entry_allocations(self, *, id: str, page_size: int = PAGE_SIZE) -> Iterator[Allocation]:
        """The lots it took from or gave back to, in redemption order.

        A partner sees those that it issued, and all of what it accepted itself.
        """
        return self._each(self._awaited.entry_allocations(id=id, page_size=page_size))

    def members(self, *, page_size: int = PAGE_SIZE) -> Iterator[Member]:
        """Members. A partner sees its own, in order of its references; a member nobody else."""
        return self._each(self._awaited.members(page_size=page_size))

    def entries(
        self, *, which: EntryFilter | None = None, page_size: int = PAGE_SIZE
    ) -> Iterator[Entry]:
        """Entries of the books, lane by lane in the order in which they were posted: the whole
        journal, as far as you may see it.

        A page that searches for few among many may be shorter than asked for, or empty, and
        still have a next one.
        """
        return self._each(self._awaited.entries(which=which, page_size=page_size))

    def lots(self, *, which: LotFilter | None = None, page_size: int = PAGE_SIZE) -> Iterator[Lot]:
        """Lots, lane by lane in the order in which they came to be.

        A partner sees those it issued. A page that searches for few among many may be shorter
        than asked for, and still have a next one.
        """
        return self._each(self._awaited.lots(which=which, page_size=page_size))

    def explain(self, *, id: str) -> Explanation | None:
        """Why the books are as they are: an entry, or one obligation, explained in words and in
        data.

        Null when it is not there, or not for you to see.
        """
        return self._run(self._awaited.explain(id=id))

    def explain_obligations(self, *, id: str, page_size: int = PAGE_SIZE) -> Iterator[Obligation]:
        """What each party owes for it: which lot, which terms, which rate.

        A partner sees what it owes or is owed.
        """
        return self._each(self._awaited.explain_obligations(id=id, page_size=page_size))

    def liabilities(
        self, *, issuer: str | None = None, as_of: datetime | None = None
    ) -> tuple[Liability, ...]:
        """Points that were issued and not used, by issuer, pinned terms and the month in which
        they expire: now, or as the books said at an instant.
        """
        return self._run(self._awaited.liabilities(issuer=issuer, as_of=as_of))

    def caps(
        self,
        *,
        kinds: tuple[CapKind, ...] | None = None,
        partner: str | None = None,
        in_force_at: datetime | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Iterator[Cap]:
        """Caps in force and what is left of them, by kind and partner.

        A partner sees those that count its own points or money; what is left of a member's own
        day, `exchangeQuote` tells.
        """
        return self._each(
            self._awaited.caps(
                kinds=kinds, partner=partner, in_force_at=in_force_at, page_size=page_size
            )
        )

    def exchange_offers(
        self,
        *,
        partner: str | None = None,
        includes_ended: bool | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Iterator[ExchangeOffer]:
        """What partners give of their own currencies for points: versions in force and to come, by
        code of the partner, oldest first.

        A partner may give several currencies at a time.
        """
        return self._each(
            self._awaited.exchange_offers(
                partner=partner, includes_ended=includes_ended, page_size=page_size
            )
        )

    def exchange_quote(
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
        return self._run(
            self._awaited.exchange_quote(
                points=points, partner=partner, account=account, currency=currency
            )
        )

    def membership_sales(self, *, page_size: int = PAGE_SIZE) -> Iterator[MembershipSale]:
        """Memberships that were sold, oldest first.

        A partner sees those it sold, and those it has a share in. A page may be shorter than
        asked for, and still have a next one.
        """
        return self._each(self._awaited.membership_sales(page_size=page_size))

    def settlement_window(self, *, id: str) -> SettlementWindow | None:
        """A settlement window; null when there is no such."""
        return self._run(self._awaited.settlement_window(id=id))

    def settlement_window_cells(
        self, *, id: str, page_size: int = PAGE_SIZE
    ) -> Iterator[SettlementCell]:
        """What each party owes each other, in order of codes; empty while open."""
        return self._each(self._awaited.settlement_window_cells(id=id, page_size=page_size))

    def settlement_window_statement(
        self, *, id: str, partner: str | None = None
    ) -> Statement | None:
        """What the window says to one party; null while it is open.

        A partner leaves `partner` out: itself.
        """
        return self._run(self._awaited.settlement_window_statement(id=id, partner=partner))

    def settlement_window_payments(
        self, *, id: str, topology: PaymentTopology | None = None
    ) -> tuple[Payment, ...] | None:
        """The payments that settle it; empty while open.

        At most one per pair of parties; a partner sees its own.
        """
        return self._run(self._awaited.settlement_window_payments(id=id, topology=topology))

    def settlement_windows(
        self,
        *,
        calendar: str | None = None,
        statuses: tuple[WindowStatus, ...] | None = None,
        not_over_at: datetime | None = None,
        opens_before: datetime | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Iterator[SettlementWindow]:
        """Settlement windows, newest first."""
        return self._each(
            self._awaited.settlement_windows(
                calendar=calendar,
                statuses=statuses,
                not_over_at=not_over_at,
                opens_before=opens_before,
                page_size=page_size,
            )
        )

    def window_of_calendar(self, *, calendar: str, code: str) -> SettlementWindow | None:
        """A settlement window by what people call it; null when there is no such."""
        return self._run(self._awaited.window_of_calendar(calendar=calendar, code=code))

    def window_of_calendar_cells(
        self, *, calendar: str, code: str, page_size: int = PAGE_SIZE
    ) -> Iterator[SettlementCell]:
        """What each party owes each other, in order of codes; empty while open."""
        return self._each(
            self._awaited.window_of_calendar_cells(
                calendar=calendar, code=code, page_size=page_size
            )
        )

    def window_of_calendar_statement(
        self, *, calendar: str, code: str, partner: str | None = None
    ) -> Statement | None:
        """What the window says to one party; null while it is open.

        A partner leaves `partner` out: itself.
        """
        return self._run(
            self._awaited.window_of_calendar_statement(
                calendar=calendar, code=code, partner=partner
            )
        )

    def window_of_calendar_payments(
        self, *, calendar: str, code: str, topology: PaymentTopology | None = None
    ) -> tuple[Payment, ...] | None:
        """The payments that settle it; empty while open.

        At most one per pair of parties; a partner sees its own.
        """
        return self._run(
            self._awaited.window_of_calendar_payments(
                calendar=calendar, code=code, topology=topology
            )
        )

    def statement(self, *, window_id: str, partner: str | None = None) -> Statement | None:
        """What a settled window says to one party: its bills, its net, and every obligation down
        to the receipt.

        Null while the window is open, or when it is not for you to see.
        """
        return self._run(self._awaited.statement(window_id=window_id, partner=partner))

    def statement_cells(
        self, *, window_id: str, partner: str | None = None, page_size: int = PAGE_SIZE
    ) -> Iterator[SettlementCell]:
        """Its bills, as debtor and as creditor, in order of codes."""
        return self._each(
            self._awaited.statement_cells(window_id=window_id, partner=partner, page_size=page_size)
        )

    def statement_obligations(
        self,
        *,
        window_id: str,
        partner: str | None = None,
        counterparty: str | None = None,
        kinds: tuple[OwedFor, ...] | None = None,
        line: str | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Iterator[Obligation]:
        """The obligations that its bills are made of, in the order of the journal.

        A page that searches for few among many may be shorter than asked for, or empty, and
        still have a next one.
        """
        return self._each(
            self._awaited.statement_obligations(
                window_id=window_id,
                partner=partner,
                counterparty=counterparty,
                kinds=kinds,
                line=line,
                page_size=page_size,
            )
        )

    def approvals(self) -> tuple[Approval, ...]:
        """What waits for a second person or for its use, oldest first, the first 100."""
        return self._run(self._awaited.approvals())

    def grants(self) -> tuple[Grant, ...]:
        """What partners may do in your name at this moment, the newest first, the first 100.

        `endGrant` ends one.
        """
        return self._run(self._awaited.grants())

    def checkpoints(self, *, page_size: int = PAGE_SIZE) -> Iterator[Checkpoint]:
        """What was signed, newest first."""
        return self._each(self._awaited.checkpoints(page_size=page_size))

    def log_keys(self) -> tuple[LogKey, ...]:
        """The public keys that sign the books, or have signed them, oldest first."""
        return self._run(self._awaited.log_keys())

    def inclusion_proof(self, *, entry_id: str) -> InclusionProof | None:
        """Proof that an entry is in the books as they were signed last; null when there is no
        such, or when it was posted since.

        It tells where the entry lies among all others.
        """
        return self._run(self._awaited.inclusion_proof(entry_id=entry_id))

    def consistency_proof(
        self, *, lane: int, old_size: str, new_size: str
    ) -> ConsistencyProof | None:
        """Proof that a lane only grew between two checkpoints; null when it never had such a size
        at a checkpoint.
        """
        return self._run(
            self._awaited.consistency_proof(lane=lane, old_size=old_size, new_size=new_size)
        )


class BlockingSubscriptions(Blocking[Subscriptions]):
    """What can be listened to."""

    def wallet_changed(self, *, wallet_id: str) -> Iterator[Wallet]:
        """The wallet as it is after each entry that moved its points.

        A partner hears of entries that it made, or that touch points that it issued.
        """
        return self._each(self._awaited.wallet_changed(wallet_id=wallet_id))

    def window_changed(
        self, *, window_id: str | None = None, calendar: str | None = None
    ) -> Iterator[SettlementWindow]:
        """A settlement window when it is new, when it begins to close, and when it has closed.

        A partner sees its own row and column.
        """
        return self._each(self._awaited.window_changed(window_id=window_id, calendar=calendar))

    def entries_live(
        self, *, wallet_id: str | None = None, after: str | None = None
    ) -> Iterator[EntryEvent]:
        """Entries as they are booked, each once and those of one wallet in their order.

        A partner gets those that it made and the expiry of its points.
        """
        return self._each(self._awaited.entries_live(wallet_id=wallet_id, after=after))
