"""What every method sends."""

from typing import Final

ISSUE_POINTS: Final = """\
mutation IssuePoints($input: IssuePointsInput!) {
  issuePoints(input: $input) {
    postedAt
    entryId
    lotId
    grantedPoints
    cappedBy
    userErrors {
      __typename
      message
      code
      path
      ... on AccountNotLinked { reference }
      ... on DuplicateReference { reference }
      ... on ExpiresTooEarly { expiresAt occurredAt }
      ... on KeyNotValid { charactersMax }
      ... on OccurredAtOutOfBounds { occurredAt earliest latest }
      ... on PartnerNotFound { partner }
      ... on PointsOutOfRange { given pointsMin pointsMax }
      ... on ReferenceNotValid { given charactersMax }
      ... on TermsNotInForce { partner at }
      ... on TextTooLong { field charactersMax }
    }
  }
}
"""

ISSUE_PURCHASE: Final = """\
mutation IssuePurchase($input: IssuePurchaseInput!) {
  issuePurchase(input: $input) {
    postedAt
    entryId
    userErrors {
      __typename
      message
      code
      path
      ... on AccountNotLinked { reference }
      ... on DuplicateReference { reference }
      ... on ExpiresTooEarly { expiresAt occurredAt }
      ... on KeyNotValid { charactersMax }
      ... on OccurredAtOutOfBounds { occurredAt earliest latest }
      ... on PartnerNotFound { partner }
      ... on PointsOutOfRange { given pointsMin pointsMax }
      ... on PortionCountOutOfRange { givenCount countMax }
      ... on ReasonRepeated { reason }
      ... on ReferenceNotValid { given charactersMax }
      ... on TermsNotInForce { partner at }
      ... on TextTooLong { field charactersMax }
    }
  }
}
"""

REDEEM_POINTS: Final = """\
mutation RedeemPoints($input: RedeemPointsInput!) {
  redeemPoints(input: $input) {
    postedAt
    entryId
    userErrors {
      __typename
      message
      code
      path
      ... on AccountNotLinked { reference }
      ... on CapReached { cap leftPoints requiredPoints }
      ... on InsufficientPoints { availablePoints requiredPoints }
      ... on KeyNotValid { charactersMax }
      ... on OccurredAtOutOfBounds { occurredAt earliest latest }
      ... on PartnerNotFound { partner }
      ... on PointsOutOfRange { given pointsMin pointsMax }
      ... on ReferenceNotValid { given charactersMax }
      ... on RoleNotEnough { role }
      ... on TermsNotInForce { partner at }
      ... on TextTooLong { field charactersMax }
      ... on TooManyTillCodes { retryAfterSeconds }
    }
  }
}
"""

CREATE_TILL_CODE: Final = """\
mutation CreateTillCode($input: CreateTillCodeInput!) {
  createTillCode(input: $input) {
    code
    endsAt
    userErrors {
      __typename
      message
      code
      path
      ... on KeyNotValid { charactersMax }
    }
  }
}
"""

END_GRANT: Final = """\
mutation EndGrant($input: EndGrantInput!) {
  endGrant(input: $input) {
    grant {
      id
      partner {
        id
        code
      }
      clientName
      scopes {
        name
        nameEn
        nameZh
      }
      orderPoints
      orderReference
      agreedAt
      endsAt
      endedAt
    }
    userErrors {
      __typename
      message
      code
      path
      ... on KeyNotValid { charactersMax }
    }
  }
}
"""

BULK_ISSUE_POINTS: Final = """\
mutation BulkIssuePoints($input: BulkIssuePointsInput!) {
  bulkIssuePoints(input: $input) {
    rows {
      userErrors {
        __typename
        message
        code
        path
        ... on AccountAlreadyLinked { reference }
        ... on AccountNotLinked { reference }
        ... on AmountNotExact { amount placesMax }
        ... on ApprovalEnded { endsAt }
        ... on CapReached { cap leftPoints requiredPoints }
        ... on CaptureExceedsHold { heldPoints requiredPoints }
        ... on CurrencyNotNamed { partner currencies }
        ... on CurrencyNotSettleable { currency }
        ... on CurrencyUnknown { currency }
        ... on DuplicateReference { reference }
        ... on ExceedsExpired { expiredPoints requiredPoints }
        ... on ExchangeNotOffered { partner at }
        ... on ExpiresTooEarly { expiresAt occurredAt }
        ... on FxRateMissing { currency clearingCurrency }
        ... on FxRateNotPositive { currency rate }
        ... on GraceOutOfBounds { reinstatedUntil latest }
        ... on HoldEndOutOfBounds { endsAt latest }
        ... on HouseholdFull { membersMax }
        ... on InsufficientPoints { availablePoints requiredPoints }
        ... on KeyNotValid { charactersMax }
        ... on LotSpent { unspentPoints requiredPoints }
        ... on MergedPointsUsed { usedPoints }
        ... on MinimumNotReached { minimumPoints requiredPoints }
        ... on NotInStep { stepPoints belowPoints abovePoints requiredPoints }
        ... on OccurredAtOutOfBounds { occurredAt earliest latest }
        ... on OpenHoldsLeft { holdCount }
        ... on Overloaded { retryAfterSeconds }
        ... on PartnerNotFound { partner }
        ... on PointsOutOfRange { given pointsMin pointsMax }
        ... on PortionCountOutOfRange { givenCount countMax }
        ... on PreviousWindowOpen { previousWindow }
        ... on PriceNotValid { priceGross vatRate }
        ... on RateNotValid { given }
        ... on ReasonRepeated { reason }
        ... on ReferenceNotValid { given charactersMax }
        ... on RefundExceedsRedeemed { refundablePoints requiredPoints }
        ... on ReverseExceedsIssued { reversiblePoints requiredPoints }
        ... on RoleNotEnough { role }
        ... on RowFailed { fault }
        ... on SecondPersonNeeded { digest endsAt }
        ... on ShareOnlyLowered { shareBps givenBps }
        ... on ShareOutOfRange { givenBps }
        ... on SharesNotWhole { sharesSum }
        ... on TermsNotInForce { partner at }
        ... on TextTooLong { field charactersMax }
        ... on TooManyTillCodes { retryAfterSeconds }
        ... on UnusedDaysOutOfRange { unusedDays totalDays }
        ... on WindowNotFound { calendar window }
        ... on WindowNotOver { window cutAt }
      }
      postedAt
      entryId
      lotId
      grantedPoints
      cappedBy
    }
    userErrors {
      __typename
      message
      code
      path
      ... on AccountNotLinked { reference }
      ... on DuplicateReference { reference }
      ... on ExpiresTooEarly { expiresAt occurredAt }
      ... on KeyNotValid { charactersMax }
      ... on OccurredAtOutOfBounds { occurredAt earliest latest }
      ... on Overloaded { retryAfterSeconds }
      ... on PartnerNotFound { partner }
      ... on PointsOutOfRange { given pointsMin pointsMax }
      ... on ReferenceNotValid { given charactersMax }
      ... on RowFailed { fault }
      ... on TermsNotInForce { partner at }
      ... on TextTooLong { field charactersMax }
    }
  }
}
"""

BULK_REDEEM_POINTS: Final = """\
mutation BulkRedeemPoints($input: BulkRedeemPointsInput!) {
  bulkRedeemPoints(input: $input) {
    rows {
      userErrors {
        __typename
        message
        code
        path
        ... on AccountAlreadyLinked { reference }
        ... on AccountNotLinked { reference }
        ... on AmountNotExact { amount placesMax }
        ... on ApprovalEnded { endsAt }
        ... on CapReached { cap leftPoints requiredPoints }
        ... on CaptureExceedsHold { heldPoints requiredPoints }
        ... on CurrencyNotNamed { partner currencies }
        ... on CurrencyNotSettleable { currency }
        ... on CurrencyUnknown { currency }
        ... on DuplicateReference { reference }
        ... on ExceedsExpired { expiredPoints requiredPoints }
        ... on ExchangeNotOffered { partner at }
        ... on ExpiresTooEarly { expiresAt occurredAt }
        ... on FxRateMissing { currency clearingCurrency }
        ... on FxRateNotPositive { currency rate }
        ... on GraceOutOfBounds { reinstatedUntil latest }
        ... on HoldEndOutOfBounds { endsAt latest }
        ... on HouseholdFull { membersMax }
        ... on InsufficientPoints { availablePoints requiredPoints }
        ... on KeyNotValid { charactersMax }
        ... on LotSpent { unspentPoints requiredPoints }
        ... on MergedPointsUsed { usedPoints }
        ... on MinimumNotReached { minimumPoints requiredPoints }
        ... on NotInStep { stepPoints belowPoints abovePoints requiredPoints }
        ... on OccurredAtOutOfBounds { occurredAt earliest latest }
        ... on OpenHoldsLeft { holdCount }
        ... on Overloaded { retryAfterSeconds }
        ... on PartnerNotFound { partner }
        ... on PointsOutOfRange { given pointsMin pointsMax }
        ... on PortionCountOutOfRange { givenCount countMax }
        ... on PreviousWindowOpen { previousWindow }
        ... on PriceNotValid { priceGross vatRate }
        ... on RateNotValid { given }
        ... on ReasonRepeated { reason }
        ... on ReferenceNotValid { given charactersMax }
        ... on RefundExceedsRedeemed { refundablePoints requiredPoints }
        ... on ReverseExceedsIssued { reversiblePoints requiredPoints }
        ... on RoleNotEnough { role }
        ... on RowFailed { fault }
        ... on SecondPersonNeeded { digest endsAt }
        ... on ShareOnlyLowered { shareBps givenBps }
        ... on ShareOutOfRange { givenBps }
        ... on SharesNotWhole { sharesSum }
        ... on TermsNotInForce { partner at }
        ... on TextTooLong { field charactersMax }
        ... on TooManyTillCodes { retryAfterSeconds }
        ... on UnusedDaysOutOfRange { unusedDays totalDays }
        ... on WindowNotFound { calendar window }
        ... on WindowNotOver { window cutAt }
      }
      postedAt
      entryId
    }
    userErrors {
      __typename
      message
      code
      path
      ... on AccountNotLinked { reference }
      ... on CapReached { cap leftPoints requiredPoints }
      ... on InsufficientPoints { availablePoints requiredPoints }
      ... on KeyNotValid { charactersMax }
      ... on OccurredAtOutOfBounds { occurredAt earliest latest }
      ... on Overloaded { retryAfterSeconds }
      ... on PartnerNotFound { partner }
      ... on PointsOutOfRange { given pointsMin pointsMax }
      ... on ReferenceNotValid { given charactersMax }
      ... on RoleNotEnough { role }
      ... on RowFailed { fault }
      ... on TermsNotInForce { partner at }
      ... on TextTooLong { field charactersMax }
      ... on TooManyTillCodes { retryAfterSeconds }
    }
  }
}
"""

CASH_OUT_POINTS: Final = """\
mutation CashOutPoints($input: CashOutPointsInput!) {
  cashOutPoints(input: $input) {
    postedAt
    entryId
    userErrors {
      __typename
      message
      code
      path
      ... on AccountNotLinked { reference }
      ... on CapReached { cap leftPoints requiredPoints }
      ... on InsufficientPoints { availablePoints requiredPoints }
      ... on KeyNotValid { charactersMax }
      ... on OccurredAtOutOfBounds { occurredAt earliest latest }
      ... on PartnerNotFound { partner }
      ... on PointsOutOfRange { given pointsMin pointsMax }
      ... on ReferenceNotValid { given charactersMax }
      ... on RoleNotEnough { role }
      ... on TermsNotInForce { partner at }
      ... on TextTooLong { field charactersMax }
      ... on TooManyTillCodes { retryAfterSeconds }
    }
  }
}
"""

DONATE_POINTS: Final = """\
mutation DonatePoints($input: DonatePointsInput!) {
  donatePoints(input: $input) {
    postedAt
    entryId
    userErrors {
      __typename
      message
      code
      path
      ... on AccountNotLinked { reference }
      ... on CapReached { cap leftPoints requiredPoints }
      ... on InsufficientPoints { availablePoints requiredPoints }
      ... on KeyNotValid { charactersMax }
      ... on OccurredAtOutOfBounds { occurredAt earliest latest }
      ... on PartnerNotFound { partner }
      ... on PointsOutOfRange { given pointsMin pointsMax }
      ... on RateNotValid { given }
      ... on ReferenceNotValid { given charactersMax }
      ... on RoleNotEnough { role }
      ... on TermsNotInForce { partner at }
      ... on TextTooLong { field charactersMax }
      ... on TooManyTillCodes { retryAfterSeconds }
    }
  }
}
"""

REFUND_POINTS: Final = """\
mutation RefundPoints($input: RefundPointsInput!) {
  refundPoints(input: $input) {
    postedAt
    entryId
    expiredPoints
    userErrors {
      __typename
      message
      code
      path
      ... on GraceOutOfBounds { reinstatedUntil latest }
      ... on KeyNotValid { charactersMax }
      ... on OccurredAtOutOfBounds { occurredAt earliest latest }
      ... on PointsOutOfRange { given pointsMin pointsMax }
      ... on RefundExceedsRedeemed { refundablePoints requiredPoints }
    }
  }
}
"""

REVERSE_ISSUE: Final = """\
mutation ReverseIssue($input: ReverseIssueInput!) {
  reverseIssue(input: $input) {
    postedAt
    entryId
    reversedPoints
    shortPoints
    userErrors {
      __typename
      message
      code
      path
      ... on KeyNotValid { charactersMax }
      ... on LotSpent { unspentPoints requiredPoints }
      ... on OccurredAtOutOfBounds { occurredAt earliest latest }
      ... on PointsOutOfRange { given pointsMin pointsMax }
      ... on ReverseExceedsIssued { reversiblePoints requiredPoints }
    }
  }
}
"""

EXCHANGE_POINTS: Final = """\
mutation ExchangePoints($input: ExchangePointsInput!) {
  exchangePoints(input: $input) {
    postedAt
    entryId
    userErrors {
      __typename
      message
      code
      path
      ... on AccountNotLinked { reference }
      ... on CapReached { cap leftPoints requiredPoints }
      ... on CurrencyNotNamed { partner currencies }
      ... on ExchangeNotOffered { partner at }
      ... on InsufficientPoints { availablePoints requiredPoints }
      ... on KeyNotValid { charactersMax }
      ... on MinimumNotReached { minimumPoints requiredPoints }
      ... on NotInStep { stepPoints belowPoints abovePoints requiredPoints }
      ... on OccurredAtOutOfBounds { occurredAt earliest latest }
      ... on PartnerNotFound { partner }
      ... on PointsOutOfRange { given pointsMin pointsMax }
      ... on ReferenceNotValid { given charactersMax }
      ... on RoleNotEnough { role }
      ... on TermsNotInForce { partner at }
      ... on TextTooLong { field charactersMax }
      ... on TooManyTillCodes { retryAfterSeconds }
    }
  }
}
"""

HOLD_POINTS: Final = """\
mutation HoldPoints($input: HoldPointsInput!) {
  holdPoints(input: $input) {
    postedAt
    entryId
    endsAt
    userErrors {
      __typename
      message
      code
      path
      ... on AccountNotLinked { reference }
      ... on CapReached { cap leftPoints requiredPoints }
      ... on HoldEndOutOfBounds { endsAt latest }
      ... on InsufficientPoints { availablePoints requiredPoints }
      ... on KeyNotValid { charactersMax }
      ... on OccurredAtOutOfBounds { occurredAt earliest latest }
      ... on PartnerNotFound { partner }
      ... on PointsOutOfRange { given pointsMin pointsMax }
      ... on ReferenceNotValid { given charactersMax }
      ... on RoleNotEnough { role }
      ... on TextTooLong { field charactersMax }
      ... on TooManyTillCodes { retryAfterSeconds }
    }
  }
}
"""

CAPTURE_HOLD: Final = """\
mutation CaptureHold($input: CaptureHoldInput!) {
  captureHold(input: $input) {
    postedAt
    entryId
    capturedPoints
    expiredPoints
    userErrors {
      __typename
      message
      code
      path
      ... on CaptureExceedsHold { heldPoints requiredPoints }
      ... on KeyNotValid { charactersMax }
      ... on OccurredAtOutOfBounds { occurredAt earliest latest }
      ... on PointsOutOfRange { given pointsMin pointsMax }
      ... on TermsNotInForce { partner at }
      ... on TextTooLong { field charactersMax }
    }
  }
}
"""

VOID_HOLD: Final = """\
mutation VoidHold($input: VoidHoldInput!) {
  voidHold(input: $input) {
    postedAt
    entryId
    freedPoints
    expiredPoints
    userErrors {
      __typename
      message
      code
      path
      ... on KeyNotValid { charactersMax }
      ... on OccurredAtOutOfBounds { occurredAt earliest latest }
    }
  }
}
"""

EXTEND_LOT: Final = """\
mutation ExtendLot($input: ExtendLotInput!) {
  extendLot(input: $input) {
    postedAt
    entryId
    lotId
    userErrors {
      __typename
      message
      code
      path
      ... on KeyNotValid { charactersMax }
      ... on LotSpent { unspentPoints requiredPoints }
      ... on PointsOutOfRange { given pointsMin pointsMax }
      ... on TextTooLong { field charactersMax }
    }
  }
}
"""

REINSTATE_LOT: Final = """\
mutation ReinstateLot($input: ReinstateLotInput!) {
  reinstateLot(input: $input) {
    postedAt
    entryId
    lotId
    userErrors {
      __typename
      message
      code
      path
      ... on ExceedsExpired { expiredPoints requiredPoints }
      ... on KeyNotValid { charactersMax }
      ... on PointsOutOfRange { given pointsMin pointsMax }
      ... on TextTooLong { field charactersMax }
    }
  }
}
"""

RELEASE_LOT: Final = """\
mutation ReleaseLot($input: ReleaseLotInput!) {
  releaseLot(input: $input) {
    postedAt
    entryId
    lotId
    userErrors {
      __typename
      message
      code
      path
      ... on KeyNotValid { charactersMax }
      ... on TextTooLong { field charactersMax }
    }
  }
}
"""

TRANSFER_POINTS: Final = """\
mutation TransferPoints($input: TransferPointsInput!) {
  transferPoints(input: $input) {
    postedAt
    entryId
    userErrors {
      __typename
      message
      code
      path
      ... on AccountNotLinked { reference }
      ... on CapReached { cap leftPoints requiredPoints }
      ... on InsufficientPoints { availablePoints requiredPoints }
      ... on KeyNotValid { charactersMax }
      ... on OccurredAtOutOfBounds { occurredAt earliest latest }
      ... on PartnerNotFound { partner }
      ... on PointsOutOfRange { given pointsMin pointsMax }
      ... on ReferenceNotValid { given charactersMax }
    }
  }
}
"""

SWEEP_EXPIRY: Final = """\
mutation SweepExpiry($input: SweepExpiryInput!) {
  sweepExpiry(input: $input) {
    entryCount
    userErrors {
      __typename
      message
      code
      path
      ... on KeyNotValid { charactersMax }
    }
  }
}
"""

ENROL_MEMBER: Final = """\
mutation EnrolMember($input: EnrolMemberInput!) {
  enrolMember(input: $input) {
    member {
      id
      joinedAt
      linkedAccounts {
        reference
        linkedAt
        partner {
          id
          code
        }
      }
    }
    userErrors {
      __typename
      message
      code
      path
      ... on AccountAlreadyLinked { reference }
      ... on KeyNotValid { charactersMax }
      ... on PartnerNotFound { partner }
      ... on ReferenceNotValid { given charactersMax }
    }
  }
}
"""

LINK_ACCOUNT: Final = """\
mutation LinkAccount($input: LinkAccountInput!) {
  linkAccount(input: $input) {
    member {
      id
      joinedAt
      linkedAccounts {
        reference
        linkedAt
        partner {
          id
          code
        }
      }
    }
    userErrors {
      __typename
      message
      code
      path
      ... on AccountAlreadyLinked { reference }
      ... on KeyNotValid { charactersMax }
      ... on PartnerNotFound { partner }
      ... on ReferenceNotValid { given charactersMax }
    }
  }
}
"""

MERGE_MEMBERS: Final = """\
mutation MergeMembers($input: MergeMembersInput!) {
  mergeMembers(input: $input) {
    status
    userErrors {
      __typename
      message
      code
      path
      ... on KeyNotValid { charactersMax }
      ... on OpenHoldsLeft { holdCount }
    }
  }
}
"""

CREATE_HOUSEHOLD: Final = """\
mutation CreateHousehold($input: CreateHouseholdInput!) {
  createHousehold(input: $input) {
    household {
      role
      shareBps
      wallet {
        id
      }
      members {
        role
        shareBps
        joinedAt
        isOwn
        memberId
      }
    }
    userErrors {
      __typename
      message
      code
      path
      ... on KeyNotValid { charactersMax }
      ... on ShareOutOfRange { givenBps }
    }
  }
}
"""

INVITE_TO_HOUSEHOLD: Final = """\
mutation InviteToHousehold($input: InviteToHouseholdInput!) {
  inviteToHousehold(input: $input) {
    code
    endsAt
    userErrors {
      __typename
      message
      code
      path
      ... on KeyNotValid { charactersMax }
      ... on RoleNotEnough { role }
    }
  }
}
"""

JOIN_HOUSEHOLD: Final = """\
mutation JoinHousehold($input: JoinHouseholdInput!) {
  joinHousehold(input: $input) {
    household {
      role
      shareBps
      wallet {
        id
      }
      members {
        role
        shareBps
        joinedAt
        isOwn
        memberId
      }
    }
    userErrors {
      __typename
      message
      code
      path
      ... on HouseholdFull { membersMax }
      ... on KeyNotValid { charactersMax }
      ... on ShareOutOfRange { givenBps }
    }
  }
}
"""

SET_HOUSEHOLD_SHARE: Final = """\
mutation SetHouseholdShare($input: SetHouseholdShareInput!) {
  setHouseholdShare(input: $input) {
    household {
      role
      shareBps
      wallet {
        id
      }
      members {
        role
        shareBps
        joinedAt
        isOwn
        memberId
      }
    }
    userErrors {
      __typename
      message
      code
      path
      ... on KeyNotValid { charactersMax }
      ... on ShareOutOfRange { givenBps }
    }
  }
}
"""

CHANGE_HOUSEHOLD_MEMBER: Final = """\
mutation ChangeHouseholdMember($input: ChangeHouseholdMemberInput!) {
  changeHouseholdMember(input: $input) {
    household {
      role
      shareBps
      wallet {
        id
      }
      members {
        role
        shareBps
        joinedAt
        isOwn
        memberId
      }
    }
    userErrors {
      __typename
      message
      code
      path
      ... on KeyNotValid { charactersMax }
      ... on RoleNotEnough { role }
      ... on ShareOnlyLowered { shareBps givenBps }
      ... on ShareOutOfRange { givenBps }
    }
  }
}
"""

LEAVE_HOUSEHOLD: Final = """\
mutation LeaveHousehold($input: LeaveHouseholdInput!) {
  leaveHousehold(input: $input) {
    userErrors {
      __typename
      message
      code
      path
      ... on KeyNotValid { charactersMax }
    }
  }
}
"""

UNMERGE_MEMBERS: Final = """\
mutation UnmergeMembers($input: UnmergeMembersInput!) {
  unmergeMembers(input: $input) {
    status
    userErrors {
      __typename
      message
      code
      path
      ... on KeyNotValid { charactersMax }
      ... on MergedPointsUsed { usedPoints }
    }
  }
}
"""

SELL_MEMBERSHIP: Final = """\
mutation SellMembership($input: SellMembershipInput!) {
  sellMembership(input: $input) {
    postedAt
    entryId
    userErrors {
      __typename
      message
      code
      path
      ... on AmountNotExact { amount placesMax }
      ... on CurrencyNotSettleable { currency }
      ... on CurrencyUnknown { currency }
      ... on KeyNotValid { charactersMax }
      ... on OccurredAtOutOfBounds { occurredAt earliest latest }
      ... on PartnerNotFound { partner }
      ... on PriceNotValid { priceGross vatRate }
      ... on SharesNotWhole { sharesSum }
      ... on TextTooLong { field charactersMax }
    }
  }
}
"""

CANCEL_MEMBERSHIP: Final = """\
mutation CancelMembership($input: CancelMembershipInput!) {
  cancelMembership(input: $input) {
    postedAt
    entryId
    userErrors {
      __typename
      message
      code
      path
      ... on KeyNotValid { charactersMax }
      ... on OccurredAtOutOfBounds { occurredAt earliest latest }
      ... on PartnerNotFound { partner }
      ... on UnusedDaysOutOfRange { unusedDays totalDays }
    }
  }
}
"""

POST_ADJUSTMENT: Final = """\
mutation PostAdjustment($input: PostAdjustmentInput!) {
  postAdjustment(input: $input) {
    postedAt
    entryId
    userErrors {
      __typename
      message
      code
      path
      ... on AmountNotExact { amount placesMax }
      ... on ApprovalEnded { endsAt }
      ... on CurrencyUnknown { currency }
      ... on KeyNotValid { charactersMax }
      ... on OccurredAtOutOfBounds { occurredAt earliest latest }
      ... on PartnerNotFound { partner }
      ... on SecondPersonNeeded { digest endsAt }
      ... on TextTooLong { field charactersMax }
    }
  }
}
"""

CLOSE_WINDOW: Final = """\
mutation CloseWindow($input: CloseWindowInput!) {
  closeWindow(input: $input) {
    window {
      id
      calendar
      code
      opensAt
      cutAt
      status
      closedAt
      seal
      netPositions {
        party {
          id
          code
        }
        net {
          amount
          currency
        }
      }
    }
    userErrors {
      __typename
      message
      code
      path
      ... on CurrencyUnknown { currency }
      ... on FxRateMissing { currency clearingCurrency }
      ... on FxRateNotPositive { currency rate }
      ... on KeyNotValid { charactersMax }
      ... on PreviousWindowOpen { previousWindow }
      ... on WindowNotFound { calendar window }
      ... on WindowNotOver { window cutAt }
    }
  }
}
"""

DECIDE_APPROVAL: Final = """\
mutation DecideApproval($input: DecideApprovalInput!) {
  decideApproval(input: $input) {
    approval {
      digest
      operation
      payload
      status
      isOwn
      madeAt
      endsAt
      decidedAt
    }
    userErrors {
      __typename
      message
      code
      path
      ... on ApprovalEnded { endsAt }
      ... on KeyNotValid { charactersMax }
    }
  }
}
"""

VIEWER: Final = """\
query Viewer {
  viewer {
    kind
    partner {
      id
      code
    }
  }
}
"""

OPERATION_COST: Final = """\
query OperationCost($document: String!, $variables: JSON, $operationName: String) {
  operationCost(document: $document, variables: $variables, operationName: $operationName) {
    cost
    depth
    scopes
    limits {
      name
      allowed
      asked
      counts
    }
  }
}
"""

COALITION: Final = """\
query Coalition {
  coalition {
    name
    pointName
    clearingCurrency
    timeZone
  }
}
"""

PARTNER: Final = """\
query Partner($code: String!) {
  partner(code: $code) {
    id
    code
    nameEn
    nameZh
    settlementCurrency
  }
}
"""

PARTNER_TERMS: Final = """\
query PartnerTerms($code: String!) {
  partner(code: $code) {
    terms {
      id
      version
      effectiveFrom
      effectiveUntil
      funding
      currency
      issuePrice
      issueFee
      issueFeeRefundable
      acceptRate
      acceptFeeBps
      redemptionRates {
        acceptor
        rate
        currency
      }
      cashOutRate
      agentFeeFlat
      donationRate
      breakageShare
      hubBreakageShare
      expiryMonths
      pointsCapPerWindow
      pointsCapPerMember
    }
  }
}
"""

PARTNER_TERMS_IN_FORCE: Final = """\
query PartnerTermsInForce($code: String!, $asOf: DateTime) {
  partner(code: $code) {
    termsInForce(asOf: $asOf) {
      id
      version
      effectiveFrom
      effectiveUntil
      funding
      currency
      issuePrice
      issueFee
      issueFeeRefundable
      acceptRate
      acceptFeeBps
      redemptionRates {
        acceptor
        rate
        currency
      }
      cashOutRate
      agentFeeFlat
      donationRate
      breakageShare
      hubBreakageShare
      expiryMonths
      pointsCapPerWindow
      pointsCapPerMember
    }
  }
}
"""

PARTNERS: Final = """\
query Partners($first: Int, $after: String) {
  partners(first: $first, after: $after) {
    nodes {
      id
      code
      nameEn
      nameZh
      settlementCurrency
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
"""

MEMBER: Final = """\
query Member($account: AccountInput) {
  member(account: $account) {
    id
    joinedAt
    linkedAccounts {
      reference
      linkedAt
      partner {
        id
        code
      }
    }
  }
}
"""

WALLET: Final = """\
query Wallet($account: AccountInput) {
  wallet(account: $account) {
    id
    availablePoints
    balancePoints
    pendingPoints
    heldPoints
    expiringPoints
    owedPoints
    restrictedPoints
  }
}
"""

WALLET_LOTS: Final = """\
query WalletLots(
  $account: AccountInput
  $which: LotFilter
  $order: LotOrder! = REDEMPTION
  $asOf: DateTime
  $first: Int
  $after: String
) {
  wallet(account: $account) {
    lots(which: $which, order: $order, asOf: $asOf, first: $first, after: $after) {
      nodes {
        id
        points
        remainingPoints
        heldPoints
        availableAt
        expiresAt
        isPending
        restriction {
          categories
          isTransferable
          isExchangeable
          inWords
        }
        issuer {
          id
          code
        }
        terms {
          id
          version
        }
        wallet {
          id
        }
        source {
          id
        }
        movedFrom {
          id
        }
        contributor {
          id
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
"""

WALLET_ACTIVITY: Final = """\
query WalletActivity(
  $account: AccountInput
  $which: EntryFilter
  $first: Int
  $after: String
) {
  wallet(account: $account) {
    activity(which: $which, first: $first, after: $after) {
      edges {
        node {
          id
          kind
          occurredAt
          postedAt
          reference
          reason
          points
          partner {
            id
            code
          }
          terms {
            id
            version
          }
          exchange {
            offer {
              version
              effectiveFrom
              effectiveUntil
              currency {
                code
                nameEn
                nameZh
              }
              givePoints
              getUnits
              minimumPoints
              stepPoints
              blockPoints
              bonusUnits
              dayCapPoints
              needsNameMatch
              isRefundable
              partner {
                id
                code
              }
            }
            units
            bonusUnits
            keptUnits
          }
          wallet {
            id
          }
          lot {
            id
          }
          givesBack {
            id
          }
        }
        changePoints
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
"""

WALLET_HOLDS: Final = """\
query WalletHolds($account: AccountInput, $first: Int, $after: String) {
  wallet(account: $account) {
    holds(first: $first, after: $after) {
      nodes {
        points
        endsAt
        acceptor {
          id
          code
        }
        entry {
          id
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
"""

WALLET_ARREARS: Final = """\
query WalletArrears($account: AccountInput, $first: Int, $after: String) {
  wallet(account: $account) {
    arrears(first: $first, after: $after) {
      nodes {
        points
        owedPoints
        creditor {
          id
          code
        }
        entry {
          id
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
"""

ENTRY: Final = """\
query Entry($id: ID!) {
  entry(id: $id) {
    id
    kind
    occurredAt
    postedAt
    reference
    reason
    points
    partner {
      id
      code
    }
    terms {
      id
      version
    }
    exchange {
      offer {
        version
        effectiveFrom
        effectiveUntil
        currency {
          code
          nameEn
          nameZh
        }
        givePoints
        getUnits
        minimumPoints
        stepPoints
        blockPoints
        bonusUnits
        dayCapPoints
        needsNameMatch
        isRefundable
        partner {
          id
          code
        }
      }
      units
      bonusUnits
      keptUnits
    }
    wallet {
      id
    }
    lot {
      id
    }
    givesBack {
      id
    }
  }
}
"""

ENTRY_GIVEN_BACK_BY: Final = """\
query EntryGivenBackBy($id: ID!, $first: Int, $after: String) {
  entry(id: $id) {
    givenBackBy(first: $first, after: $after) {
      nodes {
        id
        kind
        occurredAt
        postedAt
        reference
        reason
        points
        partner {
          id
          code
        }
        terms {
          id
          version
        }
        exchange {
          offer {
            version
            effectiveFrom
            effectiveUntil
            currency {
              code
              nameEn
              nameZh
            }
            givePoints
            getUnits
            minimumPoints
            stepPoints
            blockPoints
            bonusUnits
            dayCapPoints
            needsNameMatch
            isRefundable
            partner {
              id
              code
            }
          }
          units
          bonusUnits
          keptUnits
        }
        wallet {
          id
        }
        lot {
          id
        }
        givesBack {
          id
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
"""

ENTRY_ALLOCATIONS: Final = """\
query EntryAllocations($id: ID!, $first: Int, $after: String) {
  entry(id: $id) {
    allocations(first: $first, after: $after) {
      nodes {
        kind
        points
        isReversal
        issuer {
          id
          code
        }
        acceptor {
          id
          code
        }
        entry {
          id
        }
        lot {
          id
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
"""

MEMBERS: Final = """\
query Members($first: Int, $after: String) {
  members(first: $first, after: $after) {
    nodes {
      id
      joinedAt
      linkedAccounts {
        reference
        linkedAt
        partner {
          id
          code
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
"""

ENTRIES: Final = """\
query Entries($which: EntryFilter, $first: Int, $after: String) {
  entries(which: $which, first: $first, after: $after) {
    nodes {
      id
      kind
      occurredAt
      postedAt
      reference
      reason
      points
      partner {
        id
        code
      }
      terms {
        id
        version
      }
      exchange {
        offer {
          version
          effectiveFrom
          effectiveUntil
          currency {
            code
            nameEn
            nameZh
          }
          givePoints
          getUnits
          minimumPoints
          stepPoints
          blockPoints
          bonusUnits
          dayCapPoints
          needsNameMatch
          isRefundable
          partner {
            id
            code
          }
        }
        units
        bonusUnits
        keptUnits
      }
      wallet {
        id
      }
      lot {
        id
      }
      givesBack {
        id
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
"""

LOTS: Final = """\
query Lots($which: LotFilter, $first: Int, $after: String) {
  lots(which: $which, first: $first, after: $after) {
    nodes {
      id
      points
      remainingPoints
      heldPoints
      availableAt
      expiresAt
      isPending
      restriction {
        categories
        isTransferable
        isExchangeable
        inWords
      }
      issuer {
        id
        code
      }
      terms {
        id
        version
      }
      wallet {
        id
      }
      source {
        id
      }
      movedFrom {
        id
      }
      contributor {
        id
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
"""

EXPLAIN: Final = """\
query Explain($id: ID!) {
  explain(id: $id) {
    entry {
      id
    }
    inWords
  }
}
"""

EXPLAIN_OBLIGATIONS: Final = """\
query ExplainObligations($id: ID!, $first: Int, $after: String) {
  explain(id: $id) {
    obligations(first: $first, after: $after) {
      nodes {
        id
        kind
        debtor {
          id
          code
        }
        creditor {
          id
          code
        }
        exact
        currency
        isReversal
        line
        points
        rate
        basis
        occurredAt
        postedAt
        issuer {
          id
          code
        }
        terms {
          id
          version
        }
        reference
        inWords
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
"""

LIABILITIES: Final = """\
query Liabilities($issuer: String, $asOf: DateTime) {
  liabilities(issuer: $issuer, asOf: $asOf) {
    points
    expiresMonth
    issuer {
      id
      code
    }
    terms {
      id
      version
    }
  }
}
"""

CAPS: Final = """\
query Caps(
  $kinds: [CapKind!]
  $partner: String
  $inForceAt: DateTime
  $first: Int
  $after: String
) {
  caps(kinds: $kinds, partner: $partner, inForceAt: $inForceAt, first: $first, after: $after) {
    nodes {
      kind
      reason
      exchangedInto
      currency
      limit
      used
      left
      isPerMember
      startsAt
      endsAt
      renewal
      version
      partner {
        id
        code
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
"""

EXCHANGE_OFFERS: Final = """\
query ExchangeOffers(
  $partner: String
  $includesEnded: Boolean! = false
  $first: Int
  $after: String
) {
  exchangeOffers(partner: $partner, includesEnded: $includesEnded, first: $first, after: $after) {
    nodes {
      version
      effectiveFrom
      effectiveUntil
      currency {
        code
        nameEn
        nameZh
      }
      givePoints
      getUnits
      minimumPoints
      stepPoints
      blockPoints
      bonusUnits
      dayCapPoints
      needsNameMatch
      isRefundable
      partner {
        id
        code
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
"""

EXCHANGE_QUOTE: Final = """\
query ExchangeQuote(
  $points: Points!
  $partner: String
  $account: AccountInput
  $currency: String
) {
  exchangeQuote(points: $points, partner: $partner, account: $account, currency: $currency) {
    offer {
      version
      effectiveFrom
      effectiveUntil
      currency {
        code
        nameEn
        nameZh
      }
      givePoints
      getUnits
      minimumPoints
      stepPoints
      blockPoints
      bonusUnits
      dayCapPoints
      needsNameMatch
      isRefundable
      partner {
        id
        code
      }
    }
    isPossible
    units
    bonusUnits
    smallerPoints
    largerPoints
    leftTodayPoints
    largestPoints
  }
}
"""

MEMBERSHIP_SALES: Final = """\
query MembershipSales($first: Int, $after: String) {
  membershipSales(first: $first, after: $after) {
    nodes {
      seller {
        id
        code
      }
      reference
      soldAt
      netPrice {
        amount
        currency
      }
      vat {
        amount
        currency
      }
      shares {
        partner {
          id
          code
        }
        amount {
          amount
          currency
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
"""

SETTLEMENT_WINDOW: Final = """\
query SettlementWindow($id: ID!) {
  settlementWindow(id: $id) {
    id
    calendar
    code
    opensAt
    cutAt
    status
    closedAt
    seal
    netPositions {
      party {
        id
        code
      }
      net {
        amount
        currency
      }
    }
  }
}
"""

SETTLEMENT_WINDOW_CELLS: Final = """\
query SettlementWindowCells($id: ID!, $first: Int, $after: String) {
  settlementWindow(id: $id) {
    cells(first: $first, after: $after) {
      nodes {
        debtor {
          id
          code
        }
        creditor {
          id
          code
        }
        amount {
          amount
          currency
        }
        exact
        carryIn
        carryOut
        lines {
          key
          exact
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
"""

SETTLEMENT_WINDOW_STATEMENT: Final = """\
query SettlementWindowStatement($id: ID!, $partner: String) {
  settlementWindow(id: $id) {
    statement(partner: $partner) {
      window {
        id
        code
        calendar
      }
      party {
        id
        code
      }
      net {
        amount
        currency
      }
      owes {
        amount
        currency
      }
      isOwed {
        amount
        currency
      }
    }
  }
}
"""

SETTLEMENT_WINDOW_PAYMENTS: Final = """\
query SettlementWindowPayments($id: ID!, $topology: PaymentTopology! = HUB_CENTRAL) {
  settlementWindow(id: $id) {
    payments(topology: $topology) {
      payer {
        id
        code
      }
      payee {
        id
        code
      }
      amount {
        amount
        currency
      }
    }
  }
}
"""

SETTLEMENT_WINDOWS: Final = """\
query SettlementWindows(
  $calendar: String
  $statuses: [WindowStatus!]
  $notOverAt: DateTime
  $opensBefore: DateTime
  $first: Int
  $after: String
) {
  settlementWindows(calendar: $calendar, statuses: $statuses, notOverAt: $notOverAt, opensBefore: $opensBefore, first: $first, after: $after) {
    nodes {
      id
      calendar
      code
      opensAt
      cutAt
      status
      closedAt
      seal
      netPositions {
        party {
          id
          code
        }
        net {
          amount
          currency
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
"""

WINDOW_OF_CALENDAR: Final = """\
query WindowOfCalendar($calendar: String!, $code: String!) {
  windowOfCalendar(calendar: $calendar, code: $code) {
    id
    calendar
    code
    opensAt
    cutAt
    status
    closedAt
    seal
    netPositions {
      party {
        id
        code
      }
      net {
        amount
        currency
      }
    }
  }
}
"""

WINDOW_OF_CALENDAR_CELLS: Final = """\
query WindowOfCalendarCells(
  $calendar: String!
  $code: String!
  $first: Int
  $after: String
) {
  windowOfCalendar(calendar: $calendar, code: $code) {
    cells(first: $first, after: $after) {
      nodes {
        debtor {
          id
          code
        }
        creditor {
          id
          code
        }
        amount {
          amount
          currency
        }
        exact
        carryIn
        carryOut
        lines {
          key
          exact
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
"""

WINDOW_OF_CALENDAR_STATEMENT: Final = """\
query WindowOfCalendarStatement($calendar: String!, $code: String!, $partner: String) {
  windowOfCalendar(calendar: $calendar, code: $code) {
    statement(partner: $partner) {
      window {
        id
        code
        calendar
      }
      party {
        id
        code
      }
      net {
        amount
        currency
      }
      owes {
        amount
        currency
      }
      isOwed {
        amount
        currency
      }
    }
  }
}
"""

WINDOW_OF_CALENDAR_PAYMENTS: Final = """\
query WindowOfCalendarPayments(
  $calendar: String!
  $code: String!
  $topology: PaymentTopology! = HUB_CENTRAL
) {
  windowOfCalendar(calendar: $calendar, code: $code) {
    payments(topology: $topology) {
      payer {
        id
        code
      }
      payee {
        id
        code
      }
      amount {
        amount
        currency
      }
    }
  }
}
"""

STATEMENT: Final = """\
query Statement($windowId: ID!, $partner: String) {
  statement(windowId: $windowId, partner: $partner) {
    window {
      id
      code
      calendar
    }
    party {
      id
      code
    }
    net {
      amount
      currency
    }
    owes {
      amount
      currency
    }
    isOwed {
      amount
      currency
    }
  }
}
"""

STATEMENT_CELLS: Final = """\
query StatementCells($windowId: ID!, $partner: String, $first: Int, $after: String) {
  statement(windowId: $windowId, partner: $partner) {
    cells(first: $first, after: $after) {
      nodes {
        debtor {
          id
          code
        }
        creditor {
          id
          code
        }
        amount {
          amount
          currency
        }
        exact
        carryIn
        carryOut
        lines {
          key
          exact
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
"""

STATEMENT_OBLIGATIONS: Final = """\
query StatementObligations(
  $windowId: ID!
  $partner: String
  $counterparty: String
  $kinds: [OwedFor!]
  $line: String
  $first: Int
  $after: String
) {
  statement(windowId: $windowId, partner: $partner) {
    obligations(counterparty: $counterparty, kinds: $kinds, line: $line, first: $first, after: $after) {
      nodes {
        id
        kind
        debtor {
          id
          code
        }
        creditor {
          id
          code
        }
        exact
        currency
        isReversal
        line
        points
        rate
        basis
        occurredAt
        postedAt
        issuer {
          id
          code
        }
        terms {
          id
          version
        }
        reference
        inWords
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
"""

APPROVALS: Final = """\
query Approvals {
  approvals {
    digest
    operation
    payload
    status
    isOwn
    madeAt
    endsAt
    decidedAt
  }
}
"""

GRANTS: Final = """\
query Grants {
  grants {
    id
    partner {
      id
      code
    }
    clientName
    scopes {
      name
      nameEn
      nameZh
    }
    orderPoints
    orderReference
    agreedAt
    endsAt
    endedAt
  }
}
"""

CHECKPOINTS: Final = """\
query Checkpoints($first: Int, $after: String) {
  checkpoints(first: $first, after: $after) {
    nodes {
      note
      signedAt
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
"""

LOG_KEYS: Final = """\
query LogKeys {
  logKeys {
    key
    sinceAt
  }
}
"""

INCLUSION_PROOF: Final = """\
query InclusionProof($entryId: ID!) {
  inclusionProof(entryId: $entryId) {
    lane
    leafIndex
    treeSize
    leaf
    proof
    root
    laneProof
    checkpoint {
      note
      signedAt
    }
  }
}
"""

CONSISTENCY_PROOF: Final = """\
query ConsistencyProof($lane: Int!, $oldSize: String!, $newSize: String!) {
  consistencyProof(lane: $lane, oldSize: $oldSize, newSize: $newSize) {
    oldRoot
    newRoot
    proof
  }
}
"""

WALLET_CHANGED: Final = """\
subscription WalletChanged($walletId: ID!) {
  walletChanged(walletId: $walletId) {
    id
    availablePoints
    balancePoints
    pendingPoints
    heldPoints
    expiringPoints
    owedPoints
    restrictedPoints
  }
}
"""

WINDOW_CHANGED: Final = """\
subscription WindowChanged($windowId: ID, $calendar: String) {
  windowChanged(windowId: $windowId, calendar: $calendar) {
    id
    calendar
    code
    opensAt
    cutAt
    status
    closedAt
    seal
    netPositions {
      party {
        id
        code
      }
      net {
        amount
        currency
      }
    }
  }
}
"""

ENTRIES_LIVE: Final = """\
subscription Entries($walletId: ID, $after: String) {
  entries(walletId: $walletId, after: $after) {
    entry {
      id
      kind
      occurredAt
      postedAt
      reference
      reason
      points
      partner {
        id
        code
      }
      terms {
        id
        version
      }
      exchange {
        offer {
          version
          effectiveFrom
          effectiveUntil
          currency {
            code
            nameEn
            nameZh
          }
          givePoints
          getUnits
          minimumPoints
          stepPoints
          blockPoints
          bonusUnits
          dayCapPoints
          needsNameMatch
          isRefundable
          partner {
            id
            code
          }
        }
        units
        bonusUnits
        keptUnits
      }
      wallet {
        id
      }
      lot {
        id
      }
      givesBack {
        id
      }
    }
    cursor
  }
}
"""
