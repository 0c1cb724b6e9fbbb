from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given

from hub.kernel.errors import AmountNotExact
from hub.kernel.money import exact_sum, format_exact
from hub.ledger.entries import EntryKind
from partners.terms import Terms
from settlement.obligations import (
    Basis,
    Flow,
    MoneyObligation,
    all_obligations,
    components,
    obligations,
)
from tests.settlement.drawn import agree, flow_lists

LOT_RATES: dict[str, object] = {
    "issue_price": "0.01",
    "issue_fee": "0.0005",
    "breakage_share": "0.25",
    "redemption_rates": {"*": "0.008", "BIO": "0.007"},
    "hub_breakage_share": "0.1",
    "accept_rate": "0.009",
    "accept_fee_bps": "200",
    "cash_out_rate": "0.005",
    "agent_fee_flat": "0.35",
    "donation_rate": "0.012",
}
POOLED = agree("AIR", funding="ON_ISSUE", **LOT_RATES)
DIRECT = agree("AIR", funding="ON_REDEMPTION", **LOT_RATES)
HYBRID = agree("AIR", funding="HYBRID", **LOT_RATES)
BIO = agree(
    "BIO",
    accept_rate="0.006",
    accept_fee_bps="150",
    cash_out_rate="0.004",
    agent_fee_flat="0.35",
    donation_rate="0.011",
)


def flow_of(
    kind: EntryKind,
    lot: Terms,
    at: Terms | None = None,
    *,
    points: int = 1000,
    entry_count: int = 1,
    is_reversal: bool = False,
) -> Flow:
    return Flow(
        kind=kind,
        issuer=lot.partner,
        acceptor=at.partner if at else None,
        issue_terms=lot,
        acceptor_terms=at,
        is_reversal=is_reversal,
        points=points,
        entry_count=entry_count,
    )


def told(flow: Flow) -> list[str]:
    """What a flow owes, as 'KIND@label debtor>creditor amount'; '(-)' marks a reversal."""
    return [
        f"{owed.kind}{'(-)' * owed.is_reversal}@{owed.label} "
        f"{owed.debtor}>{owed.creditor} {format_exact(owed.amount)}"
        for owed in obligations(flow)
    ]


def test_an_issue_pays_the_pool_and_the_hub_when_the_pool_pays_for_use() -> None:
    paid_in = ["ISSUE_VALUE@AIR-1 AIR>POOL 10", "ISSUE_FEE@AIR-1 AIR>HUB 0.5"]
    assert told(flow_of(EntryKind.ISSUE, POOLED)) == paid_in
    assert told(flow_of(EntryKind.ISSUE, HYBRID)) == paid_in
    assert told(flow_of(EntryKind.ISSUE, DIRECT)) == ["ISSUE_FEE@AIR-1 AIR>HUB 0.5"]


def test_a_reversed_issue_gives_back_the_value_and_the_fee_only_if_refundable() -> None:
    kept = replace(POOLED, issue_fee_refundable=False)
    assert told(flow_of(EntryKind.ISSUE, POOLED, is_reversal=True)) == [
        "ISSUE_VALUE(-)@AIR-1 AIR>POOL -10",
        "ISSUE_FEE(-)@AIR-1 AIR>HUB -0.5",
    ]
    assert told(flow_of(EntryKind.ISSUE, kept, is_reversal=True)) == [
        "ISSUE_VALUE(-)@AIR-1 AIR>POOL -10"
    ]


def test_a_pooled_redemption_is_paid_by_the_pool_at_the_acceptors_rate() -> None:
    assert told(flow_of(EntryKind.REDEEM, POOLED, BIO)) == [
        "REIMBURSE@BIO-1 POOL>BIO 6",
        "POOL_MARGIN@AIR-1 POOL>HUB 4",
        "ACCEPT_FEE@BIO-1 BIO>HUB 0.09",
    ]


def test_a_margin_is_negative_when_the_acceptor_gets_more_than_was_paid_in() -> None:
    dear = replace(BIO, accept_rate=Decimal("0.013"))
    assert told(flow_of(EntryKind.REDEEM, POOLED, dear)) == [
        "REIMBURSE@BIO-1 POOL>BIO 13",
        "POOL_MARGIN@AIR-1 POOL>HUB -3",
        "ACCEPT_FEE@BIO-1 BIO>HUB 0.195",
    ]


def test_own_pooled_points_are_paid_back_like_any_other_fee_included() -> None:
    assert told(flow_of(EntryKind.REDEEM, POOLED, POOLED)) == [
        "REIMBURSE@AIR-1 POOL>AIR 9",
        "POOL_MARGIN@AIR-1 POOL>HUB 1",
        "ACCEPT_FEE@AIR-1 AIR>HUB 0.18",
    ]


def test_a_direct_redemption_is_paid_by_the_issuer_at_its_rate_for_the_acceptor() -> None:
    assert told(flow_of(EntryKind.REDEEM, DIRECT, BIO)) == [
        "REIMBURSE@AIR-1 AIR>BIO 7",
        "ACCEPT_FEE@BIO-1 BIO>HUB 0.105",
    ]


def test_a_direct_redemption_of_own_points_owes_nothing() -> None:
    assert told(flow_of(EntryKind.REDEEM, DIRECT, DIRECT)) == []


def test_a_direct_reimbursement_and_its_fee_are_in_the_currency_agreed_for_the_acceptor() -> None:
    francs = agree("AIR", **LOT_RATES | {"redemption_currencies": {"BIO": "CHF"}})
    francs = replace(francs, funding=DIRECT.funding)
    owed = obligations(flow_of(EntryKind.REDEEM, francs, BIO))
    assert [(each.kind, each.currency) for each in owed] == [
        ("REIMBURSE", "CHF"),
        ("ACCEPT_FEE", "CHF"),
    ]


def test_a_hybrid_redemption_is_topped_up_by_the_issuer_and_its_fee_is_on_the_full_rate() -> None:
    dear = replace(BIO, accept_rate=Decimal("0.013"))
    assert told(flow_of(EntryKind.REDEEM, HYBRID, dear)) == [
        "REIMBURSE_POOL@AIR-1 POOL>BIO 10",
        "REIMBURSE_TOPUP@BIO-1 AIR>BIO 3",
        "ACCEPT_FEE@BIO-1 BIO>HUB 0.195",
    ]


def test_own_hybrid_points_come_back_from_the_pool_without_topup_and_fee() -> None:
    assert told(flow_of(EntryKind.REDEEM, HYBRID, HYBRID)) == ["REIMBURSE_POOL@AIR-1 POOL>AIR 10"]


def test_an_expiry_is_shared_between_issuer_and_hub() -> None:
    from_pool = ["BREAKAGE_ISSUER@AIR-1 POOL>AIR 2.5", "BREAKAGE_OPERATOR@AIR-1 POOL>HUB 7.5"]
    assert told(flow_of(EntryKind.EXPIRE, POOLED)) == from_pool
    assert told(flow_of(EntryKind.EXPIRE, HYBRID)) == from_pool
    # 0.008 for everybody, a tenth of it for the hub
    assert told(flow_of(EntryKind.EXPIRE, DIRECT)) == ["BREAKAGE_OPERATOR@AIR-1 AIR>HUB 0.8"]


def test_an_expiry_owes_no_hub_share_without_a_rate_for_all() -> None:
    pairs_only = replace(DIRECT, redemption_rates={"BIO": Decimal("0.007")})
    assert told(flow_of(EntryKind.EXPIRE, pairs_only)) == []


def test_a_cash_out_is_paid_like_a_use_and_costs_a_flat_fee_per_entry() -> None:
    flat = "AGENT_FEE@BIO-1 HUB>BIO 1.05"
    assert told(flow_of(EntryKind.CASH_OUT, POOLED, BIO, entry_count=3)) == [
        "CASH_OUT@BIO-1 POOL>BIO 4",
        "POOL_MARGIN@AIR-1 POOL>HUB 6",
        flat,
    ]
    assert told(flow_of(EntryKind.CASH_OUT, DIRECT, BIO, entry_count=3)) == [
        "CASH_OUT@BIO-1 AIR>BIO 4",
        flat,
    ]
    assert told(flow_of(EntryKind.CASH_OUT, HYBRID, BIO, entry_count=3)) == [
        "REIMBURSE_POOL@AIR-1 POOL>BIO 10",
        "REIMBURSE_TOPUP@BIO-1 AIR>BIO -6",
        flat,
    ]


def test_a_flow_in_which_no_entry_began_owes_no_flat_fee() -> None:
    assert told(flow_of(EntryKind.CASH_OUT, DIRECT, BIO, entry_count=0)) == [
        "CASH_OUT@BIO-1 AIR>BIO 4"
    ]


def test_a_flat_fee_is_not_given_back() -> None:
    assert told(flow_of(EntryKind.CASH_OUT, POOLED, BIO, is_reversal=True)) == [
        "CASH_OUT(-)@BIO-1 POOL>BIO -4",
        "POOL_MARGIN(-)@AIR-1 POOL>HUB -6",
    ]


def test_a_donation_is_paid_like_a_use_without_any_fee() -> None:
    assert told(flow_of(EntryKind.DONATE, POOLED, BIO)) == [
        "DONATE@BIO-1 POOL>BIO 11",
        "POOL_MARGIN@AIR-1 POOL>HUB -1",
    ]
    assert told(flow_of(EntryKind.DONATE, DIRECT, BIO)) == ["DONATE@BIO-1 AIR>BIO 11"]
    assert told(flow_of(EntryKind.DONATE, HYBRID, BIO)) == [
        "REIMBURSE_POOL@AIR-1 POOL>BIO 10",
        "REIMBURSE_TOPUP@BIO-1 AIR>BIO 1",
    ]


@pytest.mark.parametrize("kind", [EntryKind.CASH_OUT, EntryKind.DONATE])
def test_direct_payments_to_agents_and_charities_are_in_their_currency(kind: EntryKind) -> None:
    swiss = replace(BIO, currency="CHF")
    assert {owed.currency for owed in obligations(flow_of(kind, DIRECT, swiss))} == {"CHF"}


def test_what_the_pool_pays_stays_in_the_currency_of_the_lot() -> None:
    swiss = replace(BIO, currency="CHF")
    owed = obligations(flow_of(EntryKind.CASH_OUT, POOLED, swiss))
    assert [(each.kind, each.currency) for each in owed] == [
        ("CASH_OUT", "EUR"),
        ("POOL_MARGIN", "EUR"),
        ("AGENT_FEE", "CHF"),
    ]


def test_nobody_owes_himself() -> None:
    own = obligations(flow_of(EntryKind.CASH_OUT, DIRECT, DIRECT))
    assert [each.kind for each in own] == ["AGENT_FEE"]
    to_self = MoneyObligation("ADJUSTMENT", "AIR", "AIR", "EUR", Decimal(5), "-", is_reversal=False)
    assert list(all_obligations([], [to_self])) == []


def test_an_obligation_of_nothing_is_none() -> None:
    nothing = MoneyObligation("ADJUSTMENT", "AIR", "BIO", "EUR", Decimal(0), "-", is_reversal=False)
    assert list(all_obligations([], [nothing])) == []


def test_a_fee_that_would_need_rounding_is_refused() -> None:
    fine = replace(DIRECT, redemption_rates={"*": Decimal("0.00000001")}, accept_fee_bps=Decimal(0))
    taker = replace(BIO, accept_fee_bps=Decimal("0.5"))
    with pytest.raises(AmountNotExact) as refusal:
        obligations(flow_of(EntryKind.REDEEM, fine, taker))
    assert refusal.value.amount == "0.0000000000005"


def test_an_amount_of_money_has_at_most_twelve_places() -> None:
    with pytest.raises(AmountNotExact):
        MoneyObligation("ADJUSTMENT", "AIR", "BIO", "EUR", Decimal("1E-13"), "-", is_reversal=False)


def test_other_kinds_of_entry_make_no_flow() -> None:
    with pytest.raises(ValueError, match="TRANSFER"):
        components(flow_of(EntryKind.TRANSFER, POOLED))


def test_the_largest_flow_is_exact() -> None:
    fine = replace(POOLED, issue_price=Decimal("9.99999999"), issue_fee=Decimal(0))
    (owed,) = obligations(flow_of(EntryKind.ISSUE, fine, points=10**18 - 1))
    assert format_exact(owed.amount) == "9999999989999999990.00000001"


@given(flow_lists())
def test_each_obligation_is_points_times_rate(flows: list[Flow]) -> None:
    for flow in flows:
        for part in components(flow):
            count = flow.points if part.basis is Basis.POINT else flow.entry_count
            sign = -1 if flow.is_reversal else 1
            amount = part.amount(flow)
            assert amount.as_integer_ratio() == (sign * count * part.rate).as_integer_ratio()


@given(flow_lists())
def test_what_a_use_costs_the_pool_is_what_was_paid_in_for_it(flows: list[Flow]) -> None:
    # Pool invariant of rule book 2.4: margin and breakage leave the pool at once.
    for flow in flows:
        from_pool = exact_sum(part.rate for part in components(flow) if part.debtor == "POOL")
        into_pool = exact_sum(part.rate for part in components(flow) if part.creditor == "POOL")
        is_pooled = flow.issue_terms.funding != "ON_REDEMPTION"
        price = flow.issue_terms.issue_price if is_pooled else Decimal(0)
        is_issue = flow.kind is EntryKind.ISSUE
        assert into_pool == (price if is_issue else Decimal(0))
        assert from_pool == (Decimal(0) if is_issue else price)
