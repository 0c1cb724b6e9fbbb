"""Who may use what: one table of operations and of the fields of objects.

What they may see of it is decided by the data: see `Relation`. Every root field of the API has a
line in POLICIES and every field of an object type one in OBJECTS. Without one a root field cannot
be built, any other field is refused to everybody, and a test fails.
`docs/reference/permissions.md` is written from here.

Source: rule book 1.13 and 2.13: only the acceptor refunds, only the issuer reverses, only a person
of the hub adjusts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from auth.policies import (
    PARTNER_ROLES,
    READERS,
    STAFF_ROLES,
    STEP_UP_SECONDS,
    Grant,
    Policy,
    Relation,
    Role,
    Shown,
)
from hub.kernel.actor import Actor, ActorKind, Proof
from hub.kernel.clock import is_recent

OPERATORS: Final = frozenset({Role.OPERATOR})
FINANCE: Final = frozenset({Role.FINANCE_MAKER, Role.FINANCE_CHECKER})
ACCOUNTS: Final = READERS - {Role.SUPPORT}
"""People of the hub who may see the money between partners."""

ANYBODY: Final = Policy(
    staff=STAFF_ROLES,
    partner=Grant(Relation.COMMON),
    people=PARTNER_ROLES,
    member=Grant(Relation.COMMON),
)
BUSINESS: Final = Policy(staff=READERS, partner=Grant(Relation.OWN_PARTNER), people=PARTNER_ROLES)
OPERATOR: Final = Policy(staff=OPERATORS)
PARTNER: Final = Policy(partner=Grant(Relation.OWN_PARTNER))
MEMBER: Final = Policy(member=Grant(Relation.SELF))

SHARE_POINTS: Final = Policy(member=Grant(Relation.SELF, "points.transfer"))
"""Who pools points with others, gives them away."""

READ_MEMBERS: Final = Policy(
    staff=READERS,
    partner=Grant(Relation.OWN_MEMBERS, "members.read"),
    people=PARTNER_ROLES,
    member=Grant(Relation.SELF, "members.read"),
)
READ_POINTS: Final = Policy(
    staff=READERS,
    partner=Grant(Relation.OWN_ISSUE, "points.read"),
    people=PARTNER_ROLES,
    member=Grant(Relation.SELF, "points.read"),
)
READ_ACCOUNTS: Final = Policy(
    staff=READERS, partner=Grant(Relation.OWN_ISSUE, "points.read"), people=PARTNER_ROLES
)
READ_TERMS: Final = Policy(
    staff=STAFF_ROLES,
    partner=Grant(Relation.OWN_PARTNER),
    people=PARTNER_ROLES,
    member=Grant(Relation.COMMON),
)
"""A member finds no terms: the field is there, and empty."""
READ_SETTLEMENT: Final = Policy(
    staff=ACCOUNTS,
    partner=Grant(Relation.OWN_SIDE, "settlement.read"),
    people=PARTNER_ROLES,
)
READ_LIABILITIES: Final = Policy(
    staff=ACCOUNTS, partner=Grant(Relation.OWN_ISSUE, "settlement.read"), people=PARTNER_ROLES
)
READ_CAPS: Final = Policy(
    staff=ACCOUNTS, partner=Grant(Relation.OWN_PARTNER, "settlement.read"), people=PARTNER_ROLES
)
QUOTE_EXCHANGE: Final = Policy(
    staff=READERS,
    partner=Grant(Relation.OWN_ACCEPTANCE, "points.read"),
    people=PARTNER_ROLES,
    member=Grant(Relation.SELF, "points.read"),
)
READ_POSITIONS: Final = Policy(staff=frozenset({Role.OPERATOR, Role.AUDITOR}))
USE_POINTS: Final = Policy(
    staff=OPERATORS, partner=Grant(Relation.OWN_ACCEPTANCE, "points.redeem", needs_member=True)
)
USE_OWN_POINTS: Final = Policy(
    staff=OPERATORS,
    partner=Grant(Relation.OWN_ACCEPTANCE, "points.redeem", needs_member=True),
    member=Grant(Relation.SELF, "points.redeem"),
)
LINK_MEMBERS: Final = Policy(staff=OPERATORS, partner=Grant(Relation.OWN_MEMBERS, "members.link"))
SELL_MEMBERSHIPS: Final = Policy(
    staff=OPERATORS, partner=Grant(Relation.OWN_PARTNER, "memberships.sell")
)
CHECKERS: Final = frozenset({Role.FINANCE_CHECKER, Role.SECURITY_ADMIN})

POLICIES: Final[Mapping[str, Policy]] = MappingProxyType(
    {
        # queries
        "viewer": ANYBODY,
        "node": ANYBODY,
        "nodes": ANYBODY,
        "operation_cost": ANYBODY,
        "subgraph": ANYBODY,
        "entities": ANYBODY,
        "coalition": ANYBODY,
        "partner": ANYBODY,
        "partners": ANYBODY,
        "member": READ_MEMBERS,
        "wallet": READ_POINTS,
        "entry": READ_POINTS,
        "members": READ_MEMBERS,
        "entries": READ_ACCOUNTS,
        "lots": READ_ACCOUNTS,
        "explain": READ_POINTS,
        "liabilities": READ_LIABILITIES,
        "caps": READ_CAPS,
        "exchange_offers": ANYBODY,
        "exchange_quote": QUOTE_EXCHANGE,
        "membership_sales": READ_SETTLEMENT,
        "settlement_window": READ_SETTLEMENT,
        "window_of_calendar": READ_SETTLEMENT,
        "statement": READ_SETTLEMENT,
        "settlement_windows": READ_SETTLEMENT,
        # the signed log: proofs tell where entries lie among all others (ADR-0015)
        "checkpoints": ANYBODY,
        "log_keys": ANYBODY,
        "inclusion_proof": READ_POSITIONS,
        "consistency_proof": READ_POSITIONS,
        # subscriptions, besides entries
        "wallet_changed": READ_POINTS,
        "window_changed": READ_SETTLEMENT,
        "count": ANYBODY,  # and whoever has no token: it touches nothing
        # points
        "issue_points": Policy(staff=OPERATORS, partner=Grant(Relation.OWN_ISSUE, "points.issue")),
        "issue_purchase": Policy(
            staff=OPERATORS, partner=Grant(Relation.OWN_ISSUE, "points.issue")
        ),
        "redeem_points": USE_POINTS,
        "bulk_issue_points": Policy(
            staff=OPERATORS, partner=Grant(Relation.OWN_ISSUE, "points.issue")
        ),
        "bulk_redeem_points": USE_POINTS,
        "cash_out_points": USE_OWN_POINTS,
        "create_till_code": Policy(member=Grant(Relation.SELF, "points.redeem")),
        "donate_points": USE_OWN_POINTS,
        "end_grant": MEMBER,
        "exchange_points": USE_POINTS,
        "hold_points": USE_POINTS,
        "capture_hold": Policy(partner=Grant(Relation.OWN_ACCEPTANCE, "points.redeem")),
        "void_hold": Policy(partner=Grant(Relation.OWN_ACCEPTANCE, "points.redeem")),
        "extend_lot": OPERATOR,
        "reinstate_lot": OPERATOR,
        "release_lot": OPERATOR,
        "refund_points": Policy(partner=Grant(Relation.OWN_ACCEPTANCE, "points.refund")),
        "reverse_issue": Policy(partner=Grant(Relation.OWN_ISSUE, "points.reverse")),
        "transfer_points": Policy(staff=OPERATORS, member=Grant(Relation.SELF, "points.transfer")),
        "sweep_expiry": OPERATOR,
        # members
        "enrol_member": LINK_MEMBERS,
        "link_account": LINK_MEMBERS,
        "merge_members": OPERATOR,
        "create_household": SHARE_POINTS,
        "invite_to_household": SHARE_POINTS,
        "join_household": SHARE_POINTS,
        "set_household_share": SHARE_POINTS,
        "change_household_member": SHARE_POINTS,
        "leave_household": SHARE_POINTS,
        "unmerge_members": OPERATOR,
        # money between partners
        "sell_membership": SELL_MEMBERSHIPS,
        "cancel_membership": SELL_MEMBERSHIPS,
        "post_adjustment": Policy(
            staff=frozenset({Role.FINANCE_MAKER}), is_dangerous=True, needs_second_person=True
        ),
        "close_window": Policy(staff=FINANCE, is_dangerous=True),
        # what members allowed partners' software
        "grants": MEMBER,
        # two people
        "approvals": Policy(staff=ACCOUNTS | {Role.SECURITY_ADMIN}),
        "decide_approval": Policy(staff=CHECKERS, is_dangerous=True),
    }
)

OBJECTS: Final[Mapping[str, Shown]] = MappingProxyType(
    {
        "Viewer": Shown(ANYBODY, "kind partner member"),
        "Coalition": Shown(ANYBODY, "name pointName clearingCurrency timeZone"),
        "Money": Shown(ANYBODY, "amount currency"),
        "OperationCost": Shown(ANYBODY, "cost depth scopes limits"),
        "LimitState": Shown(ANYBODY, "name allowed asked counts"),
        "Partner": Shown(
            ANYBODY,
            "id code nameEn nameZh settlementCurrency",
            {"terms": READ_TERMS, "termsInForce": READ_TERMS},
        ),
        "Terms": Shown(
            READ_TERMS,
            "id version effectiveFrom effectiveUntil funding currency issuePrice issueFee"
            " issueFeeRefundable acceptRate acceptFeeBps redemptionRates cashOutRate agentFeeFlat"
            " donationRate breakageShare hubBreakageShare expiryMonths"
            " pointsCapPerWindow pointsCapPerMember",
        ),
        "RedemptionRate": Shown(READ_TERMS, "acceptor rate currency"),
        "Member": Shown(
            READ_MEMBERS,
            "id joinedAt linkedAccounts",
            {"wallet": READ_POINTS, "household": READ_POINTS},
        ),
        "Household": Shown(READ_POINTS, "role shareBps wallet members"),
        "HouseholdMember": Shown(READ_POINTS, "role shareBps joinedAt isOwn memberId"),
        "LinkedAccount": Shown(READ_MEMBERS, "reference linkedAt partner"),
        "Wallet": Shown(
            READ_POINTS,
            "id availablePoints balancePoints pendingPoints heldPoints owedPoints restrictedPoints"
            " expiringPoints lots activity holds arrears",
        ),
        "Hold": Shown(READ_POINTS, "points endsAt acceptor entry"),
        "Arrears": Shown(READ_POINTS, "points owedPoints creditor entry"),
        "Restriction": Shown(
            READ_POINTS, "acceptors categories isTransferable isExchangeable inWords"
        ),
        "IssuedPortion": Shown(
            READ_POINTS, "reason grantedPoints cappedBy entryId entry lotId lot"
        ),
        "Lot": Shown(
            READ_POINTS,
            "id points remainingPoints heldPoints availableAt expiresAt isPending restriction"
            " contributor issuer wallet source movedFrom allocations",
            {"terms": READ_TERMS},
        ),
        "EntryEvent": Shown(READ_ACCOUNTS, "entry cursor"),
        "Entry": Shown(
            READ_POINTS,
            "id kind occurredAt postedAt reference reason points partner wallet lot givesBack"
            " givenBackBy allocations exchange",
            {"terms": READ_TERMS},
        ),
        "ExchangeReceipt": Shown(READ_POINTS, "offer units bonusUnits keptUnits"),
        "ExchangeOffer": Shown(
            ANYBODY,
            "version effectiveFrom effectiveUntil currency givePoints getUnits minimumPoints"
            " stepPoints blockPoints bonusUnits dayCapPoints needsNameMatch isRefundable partner",
        ),
        "OtherCurrency": Shown(ANYBODY, "code nameEn nameZh"),
        "ExchangeQuote": Shown(
            QUOTE_EXCHANGE,
            "offer isPossible units bonusUnits smallerPoints largerPoints leftTodayPoints"
            " largestPoints",
        ),
        "Cap": Shown(
            READ_CAPS,
            "kind partner reason version exchangedInto currency limit used left isPerMember"
            " startsAt endsAt renewal",
        ),
        "Allocation": Shown(READ_POINTS, "kind points isReversal issuer acceptor entry lot"),
        "Explanation": Shown(READ_POINTS, "entry inWords", {"obligations": READ_SETTLEMENT}),
        "Obligation": Shown(
            READ_SETTLEMENT,
            "id kind debtor creditor exact currency isReversal line points rate basis occurredAt"
            " postedAt issuer reference entry lot inWords",
            {"terms": READ_TERMS},
        ),
        "Statement": Shown(READ_SETTLEMENT, "window party net owes isOwed cells obligations"),
        "Liability": Shown(READ_LIABILITIES, "points expiresMonth issuer", {"terms": READ_TERMS}),
        "MembershipSale": Shown(
            READ_SETTLEMENT, "entry seller reference soldAt netPrice vat shares cancelledBy"
        ),
        "MembershipShare": Shown(READ_SETTLEMENT, "partner amount"),
        "SettlementWindow": Shown(
            READ_SETTLEMENT,
            "id calendar code opensAt cutAt status closedAt seal cells netPositions payments"
            " statement",
        ),
        "SettlementCell": Shown(
            READ_SETTLEMENT, "debtor creditor amount exact carryIn carryOut lines"
        ),
        "CellLine": Shown(READ_SETTLEMENT, "key exact"),
        "NetPosition": Shown(READ_SETTLEMENT, "party net"),
        "Payment": Shown(READ_SETTLEMENT, "payer payee amount"),
        "Checkpoint": Shown(ANYBODY, "note signedAt"),
        "LogKey": Shown(ANYBODY, "key sinceAt"),
        "InclusionProof": Shown(
            READ_POSITIONS, "lane leafIndex treeSize leaf proof root laneProof checkpoint"
        ),
        "ConsistencyProof": Shown(READ_POSITIONS, "oldRoot newRoot proof"),
        "Grant": Shown(
            MEMBER,
            "id partner clientName scopes orderPoints orderReference agreedAt endsAt endedAt",
        ),
        "GrantedScope": Shown(MEMBER, "name nameEn nameZh"),
        "Approval": Shown(
            POLICIES["approvals"],
            "digest operation payload status isOwn madeAt endsAt decidedAt",
        ),
    }
)
"""Fields of payloads and refusals follow their mutation, connections and edges their node."""


class Lack(StrEnum):
    """Why somebody may not."""

    KIND = "kind"
    ROLE = "role"
    SCOPE = "scope"
    FRESHNESS = "freshness"


@dataclass(frozen=True, slots=True)
class Denial:
    """Why somebody may not use an operation, and what would do."""

    lack: Lack
    required: str = ""


def may(actor: Actor, operation: str) -> bool:
    """Whether this actor may use the operation at all, however fresh the sign-in is."""
    return find_denial(actor, POLICIES[operation]) is None


def find_denial(actor: Actor, policy: Policy, *, now: datetime | None = None) -> Denial | None:
    """Say why an actor may not use what a policy guards; None: they may.

    With `now`, what is dangerous takes a fresh passkey of the person in session.
    """
    match actor.kind:
        case ActorKind.OPERATOR:
            denial = _deny_staff(actor, policy.staff)
        case ActorKind.PARTNER if actor.credential.proof is Proof.SESSION:
            denial = _deny_people(actor, policy.people)
        case ActorKind.PARTNER:
            denial = _deny_scope(actor, policy.partner)
        case ActorKind.MEMBER:
            denial = _deny_scope(actor, policy.member)
        case _:
            denial = Denial(Lack.KIND)
    if denial is None and now is not None and policy.is_dangerous and not _is_fresh(actor, now):
        return Denial(Lack.FRESHNESS, str(STEP_UP_SECONDS))
    return denial


def needs_second_person(actor: Actor, policy: Policy) -> bool:
    """Whether a second person must approve what this actor does: always, where people act."""
    return policy.needs_second_person and actor.credential.proof is Proof.SESSION


def find_scope(policy: Policy) -> str | None:
    """Say which scope a partner's token needs; None: any token will do, or none does."""
    grant = policy.partner or policy.member
    return grant.scope if grant else None


def _deny_staff(actor: Actor, roles: frozenset[Role]) -> Denial | None:
    if not roles:
        return Denial(Lack.KIND)
    # A development token stands for a person with every role; production knows no such tokens.
    is_everything = actor.credential.proof is Proof.DEVELOPMENT_TOKEN
    return None if is_everything else _deny_people(actor, roles)


def _deny_people(actor: Actor, roles: frozenset[Role]) -> Denial | None:
    if not roles:
        return Denial(Lack.KIND)
    if actor.credential.roles & roles:
        return None
    return Denial(Lack.ROLE, ", ".join(sorted(roles)))


def _deny_scope(actor: Actor, grant: Grant | None) -> Denial | None:
    if grant is None:
        return Denial(Lack.KIND)
    scopes = actor.credential.scopes
    if grant.scope is None or scopes is None or grant.scope in scopes:
        return None
    return Denial(Lack.SCOPE, grant.scope)


def _is_fresh(actor: Actor, now: datetime) -> bool:
    if actor.credential.proof is not Proof.SESSION:
        return True  # software has no passkey; its tokens are short-lived and bound to a key
    proved_at = actor.credential.authenticated_at
    age_max = timedelta(seconds=STEP_UP_SECONDS)
    return proved_at is not None and is_recent(proved_at, age_max, now=now)
