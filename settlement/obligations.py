"""What each event owes: from a flow of points, and the terms it happened under, to obligations.

A flow is all points of a window that share a key on which every rate depends, so an obligation is
points times rate, exactly. A single posting is a flow too: of its own points. The view for drilling
down and the close of a window therefore use the same rules.

Source: rule book 2.4, 2.14.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum, StrEnum, auto
from typing import Final

from hub.kernel.money import (
    OBLIGATION_PLACES,
    ONE_BPS,
    ZERO,
    check_places,
    exact_arithmetic,
)
from hub.ledger.entries import EntryKind
from partners.terms import ANY_ACCEPTOR, Funding, Terms

HUB = "HUB"
POOL = "POOL"
NO_LABEL = "-"
"""The label of an obligation that no terms and no sale are behind: an adjustment."""


class ObligationKind(StrEnum):
    """Why one party owes another."""

    ISSUE_VALUE = "ISSUE_VALUE"
    ISSUE_FEE = "ISSUE_FEE"
    REIMBURSE = "REIMBURSE"
    REIMBURSE_POOL = "REIMBURSE_POOL"
    REIMBURSE_TOPUP = "REIMBURSE_TOPUP"
    POOL_MARGIN = "POOL_MARGIN"
    ACCEPT_FEE = "ACCEPT_FEE"
    BREAKAGE_ISSUER = "BREAKAGE_ISSUER"
    BREAKAGE_OPERATOR = "BREAKAGE_OPERATOR"
    CASH_OUT = "CASH_OUT"
    AGENT_FEE = "AGENT_FEE"
    DONATE = "DONATE"
    DONATION_MATCH = "DONATION_MATCH"
    REVSHARE = "REVSHARE"
    ADJUSTMENT = "ADJUSTMENT"
    LATE_INTEREST = "LATE_INTEREST"
    HUB_FEE = "HUB_FEE"


@dataclass(frozen=True, slots=True)
class Flow:
    """Points of one window that moved in the same way under the same terms.

    `kind` of a refund is the kind of what was refunded, with `is_reversal`; the reverse of an
    issue is an ISSUE with `is_reversal`; an expiry of refunded points is a plain EXPIRE, and one
    that a reinstatement takes back is a reversal. A REPAY is accepted by who was owed.

    Units: `points` are positive, also in a reversal; `entry_count` counts the entries whose first
    allocation is in this flow, so that a flat fee is owed once per entry.
    """

    kind: EntryKind
    issuer: str
    acceptor: str | None
    issue_terms: Terms
    acceptor_terms: Terms | None
    is_reversal: bool
    points: int
    entry_count: int


@dataclass(frozen=True, slots=True)
class MoneyObligation:
    """One party owes another an exact amount.

    Units: money of `currency`, signed as it counts between the two: a reversal is negative.
    Errors: AmountNotExact.
    """

    kind: str
    debtor: str
    creditor: str
    currency: str
    amount: Decimal
    label: str
    is_reversal: bool

    def __post_init__(self) -> None:
        check_places(self.amount, OBLIGATION_PLACES)

    @property
    def is_due(self) -> bool:
        """Nobody owes nothing, and nobody owes himself."""
        return bool(self.amount) and self.debtor != self.creditor


class Basis(Enum):
    """What a rate is multiplied with."""

    POINT = auto()
    ENTRY = auto()


@dataclass(frozen=True, slots=True)
class Component:
    """One thing that a flow owes, as a rate: the same for every flow of the same key.

    Units: `rate` is money of `currency` per point or per entry; it may be negative, and a
    reversal does not change its sign.
    Errors: AmountNotExact.
    """

    kind: ObligationKind
    debtor: str
    creditor: str
    currency: str
    rate: Decimal
    basis: Basis
    label: str
    is_reversal: bool

    def __post_init__(self) -> None:
        check_places(self.rate, OBLIGATION_PLACES)

    def amount(self, flow: Flow) -> Decimal:
        """Say what the component comes to for the points, or the entries, of a flow."""
        count = flow.points if self.basis is Basis.POINT else flow.entry_count
        with exact_arithmetic():
            return self.rate * (-count if self.is_reversal else count)


def components(flow: Flow) -> tuple[Component, ...]:
    """List what a flow owes per point or per entry; rates of 0 and debts to oneself owe nothing.

    Errors: AmountNotExact, when a fee on another partner's rate needs more than 12 places.
    Source: rule book 2.4.
    """
    # The rules below are generators: they compute here, where arithmetic is exact.
    with exact_arithmetic():
        return tuple(part for part in _rules(flow) if part.rate and part.debtor != part.creditor)


def obligations(flow: Flow) -> tuple[MoneyObligation, ...]:
    """Turn a flow into what is owed for it."""
    owed = (
        MoneyObligation(
            kind=part.kind,
            debtor=part.debtor,
            creditor=part.creditor,
            currency=part.currency,
            amount=part.amount(flow),
            label=part.label,
            is_reversal=part.is_reversal,
        )
        for part in components(flow)
    )
    return tuple(obligation for obligation in owed if obligation.is_due)


def all_obligations(
    flows: Iterable[Flow], money: Iterable[MoneyObligation]
) -> Iterator[MoneyObligation]:
    """Everything owed in a window: what flows owe, and what is money without points."""
    for flow in flows:
        yield from obligations(flow)
    yield from (obligation for obligation in money if obligation.is_due)


def _rules(flow: Flow) -> Iterator[Component]:
    rule = _RULES.get(flow.kind)
    if rule is None:
        # The ledger makes flows of these kinds only.
        raise ValueError(flow.kind.name)
    return rule(flow)


def _issue(flow: Flow) -> Iterator[Component]:
    lot = flow.issue_terms
    if lot.funding is not Funding.ON_REDEMPTION:
        to_pool = (flow.issuer, POOL)
        yield _owe(flow, ObligationKind.ISSUE_VALUE, to_pool, lot.issue_price, lot)
    if lot.issue_fee_refundable or not flow.is_reversal:
        to_hub = (flow.issuer, HUB)
        yield _owe(flow, ObligationKind.ISSUE_FEE, to_hub, lot.issue_fee, lot)


def _redeem(flow: Flow) -> Iterator[Component]:
    lot, (acceptor, terms) = flow.issue_terms, _counterparty(flow)
    rate, currency = terms.accept_rate, lot.currency
    if lot.funding is Funding.ON_REDEMPTION:
        rate, currency = lot.redemption_rate(acceptor)
        yield _reimburse(flow, acceptor)
    else:
        yield from _from_pool(flow, ObligationKind.REIMBURSE, rate)
    # Own points cost no fee, save where the pool pays the issuer like any other acceptor.
    if acceptor != flow.issuer or lot.funding is Funding.ON_ISSUE:
        fee_rate = rate * terms.accept_fee_bps * ONE_BPS
        fee = _owe(flow, ObligationKind.ACCEPT_FEE, (acceptor, HUB), fee_rate, terms)
        yield replace(fee, currency=currency)


def _reimburse(flow: Flow, acceptor: str) -> Component:
    """Give what an issuer who pays at redemption owes whoever took its points."""
    lot = flow.issue_terms
    rate, currency = lot.redemption_rate(acceptor)
    owed = _owe(flow, ObligationKind.REIMBURSE, (flow.issuer, acceptor), rate, lot)
    return replace(owed, currency=currency)


def _exchange(flow: Flow) -> Iterator[Component]:
    """Like a redemption, without a fee: whoever gives the other currency is paid for it."""
    acceptor, terms = _counterparty(flow)
    if flow.issue_terms.funding is Funding.ON_REDEMPTION:
        yield _reimburse(flow, acceptor)
    else:
        yield from _from_pool(flow, ObligationKind.REIMBURSE, terms.accept_rate)


def _repay(flow: Flow) -> Iterator[Component]:
    """Points that repay another issuer's loss: their value goes where it was missing, no margin."""
    assert flow.acceptor is not None, "points repay somebody"
    lot = flow.issue_terms
    if lot.funding is Funding.ON_REDEMPTION:
        yield _reimburse(flow, flow.acceptor)
        return
    to_creditor = (POOL, flow.acceptor)
    yield _owe(flow, ObligationKind.REIMBURSE_POOL, to_creditor, lot.issue_price, lot)


def _cash_out(flow: Flow) -> Iterator[Component]:
    agent, terms = _counterparty(flow)
    yield from _pay_out(flow, ObligationKind.CASH_OUT, terms.cash_out_rate)
    if not flow.is_reversal:
        flat = _owe(flow, ObligationKind.AGENT_FEE, (HUB, agent), terms.agent_fee_flat, terms)
        yield replace(flat, currency=terms.currency, basis=Basis.ENTRY)


def _donate(flow: Flow) -> Iterator[Component]:
    # The match is money without points: its rate comes with the event, not with terms.
    _, terms = _counterparty(flow)
    return _pay_out(flow, ObligationKind.DONATE, terms.donation_rate)


def _expire(flow: Flow) -> Iterator[Component]:
    lot = flow.issue_terms
    if lot.funding is Funding.ON_REDEMPTION:
        rate = lot.redemption_rates.get(ANY_ACCEPTOR, ZERO) * lot.hub_breakage_share
        to_hub = (flow.issuer, HUB)
        yield _owe(flow, ObligationKind.BREAKAGE_OPERATOR, to_hub, rate, lot)
        return
    returned = lot.issue_price * lot.breakage_share
    kept = lot.issue_price - returned
    yield _owe(flow, ObligationKind.BREAKAGE_ISSUER, (POOL, flow.issuer), returned, lot)
    yield _owe(flow, ObligationKind.BREAKAGE_OPERATOR, (POOL, HUB), kept, lot)


def _pay_out(flow: Flow, kind: ObligationKind, rate: Decimal) -> Iterator[Component]:
    """Points turned into money, at the rate of who pays it out or receives it."""
    payee, terms = _counterparty(flow)
    if flow.issue_terms.funding is Funding.ON_REDEMPTION:
        paid = _owe(flow, kind, (flow.issuer, payee), rate, terms)
        yield replace(paid, currency=terms.currency)
    else:
        yield from _from_pool(flow, kind, rate)


def _from_pool(flow: Flow, kind: ObligationKind, rate: Decimal) -> Iterator[Component]:
    """Points that are paid from the pool: wholly, or up to what the issuer paid in."""
    lot, (payee, terms) = flow.issue_terms, _counterparty(flow)
    if lot.funding is Funding.ON_ISSUE:
        margin = lot.issue_price - rate
        yield _owe(flow, kind, (POOL, payee), rate, terms)
        yield _owe(flow, ObligationKind.POOL_MARGIN, (POOL, HUB), margin, lot)
    else:
        topup = rate - lot.issue_price
        yield _owe(flow, ObligationKind.REIMBURSE_POOL, (POOL, payee), lot.issue_price, lot)
        yield _owe(flow, ObligationKind.REIMBURSE_TOPUP, (flow.issuer, payee), topup, terms)


def _owe(
    flow: Flow, kind: ObligationKind, between: tuple[str, str], rate: Decimal, label: Terms
) -> Component:
    """Per point and in the currency of the lot, as nearly everything is."""
    debtor, creditor = between
    return Component(
        kind=kind,
        debtor=debtor,
        creditor=creditor,
        currency=flow.issue_terms.currency,
        rate=rate,
        basis=Basis.POINT,
        label=label.version,
        is_reversal=flow.is_reversal,
    )


def _counterparty(flow: Flow) -> tuple[str, Terms]:
    assert flow.acceptor is not None, "points are used at somebody"
    assert flow.acceptor_terms is not None, "whoever takes points has terms in force"
    return flow.acceptor, flow.acceptor_terms


_RULES: Final = {
    EntryKind.ISSUE: _issue,
    EntryKind.REDEEM: _redeem,
    EntryKind.CASH_OUT: _cash_out,
    EntryKind.DONATE: _donate,
    EntryKind.EXPIRE: _expire,
    EntryKind.EXCHANGE: _exchange,
    EntryKind.REPAY: _repay,
}
