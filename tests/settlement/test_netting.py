from collections import defaultdict
from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.cells import Pair
from settlement.netting import (
    DirectPayments,
    Payment,
    divide_into_even_groups,
    net_bilaterally,
    net_multilaterally,
    pay_bilaterally,
    pay_directly,
    pay_greedily,
    pay_through_hub,
)
from settlement.obligations import Flow
from tests.settlement.drawn import carries, cells_of, debts_between, flow_lists, settled

Debts = dict[tuple[str, str], int]


@st.composite
def even_nets(draw: st.DrawFn, parties: str, largest: int) -> dict[str, int]:
    """Nets that sum to 0; small amounts make many even groups."""
    nets = draw(st.lists(st.integers(-largest, largest), max_size=len(parties) - 1))
    return dict(zip(parties, [*nets, -sum(nets)], strict=False))


def met_by(payments: tuple[Payment, ...] | list[Payment]) -> dict[str, int]:
    nets: defaultdict[str, int] = defaultdict(int)
    for payment in payments:
        assert payment.amount_minor > 0
        nets[payment.payer] -= payment.amount_minor
        nets[payment.payee] += payment.amount_minor
    return {party: net for party, net in nets.items() if net}


def owing(nets: dict[str, int]) -> dict[str, int]:
    return {party: net for party, net in nets.items() if net}


def most_even_groups(nets: tuple[int, ...]) -> int:
    """Count groups the slow way: the group of the first party, in every possible form."""
    if not nets:
        return 0
    first, *rest = nets
    most = 0
    for members in range(1 << len(rest)):
        inside = [net for place, net in enumerate(rest) if members >> place & 1]
        if first + sum(inside) == 0:
            outside = tuple(net for place, net in enumerate(rest) if not members >> place & 1)
            most = max(most, 1 + most_even_groups(outside))
    return most


@given(flow_lists(), carries())
def test_nets_of_all_parties_are_even(flows: list[Flow], carried: dict[Pair, Decimal]) -> None:
    # I1
    settlement = settled(flows, carried)
    hub = settlement.payments_hub_central
    assert sum(settlement.net_position_minor.values()) == 0
    assert sum(hub.pay_in_minor.values()) == sum(hub.pay_out_minor.values())
    assert sum(hub.pay_out_minor.values()) == settlement.net_total_minor


@given(debts_between("ABCDEF"))
def test_bilateral_nets_come_to_the_same_nets(debts: Debts) -> None:
    cells = cells_of(debts)
    payments = pay_bilaterally(net_bilaterally(cells))
    assert met_by(payments) == owing(net_multilaterally(cells, []))
    pairs = [frozenset((payment.payer, payment.payee)) for payment in payments]
    assert len(pairs) == len(set(pairs))


@given(debts_between("ABCDEF"), st.permutations("ABCDEF"), st.integers(2, 6), st.integers(1, 10**9))
def test_a_cycle_of_equal_debts_changes_no_net(
    debts: Debts, parties: list[str], length: int, amount: int
) -> None:
    # I11
    before = net_multilaterally(cells_of(debts), "ABCDEF")
    cycle = parties[:length]
    for pair in pairwise([*cycle, cycle[0]]):
        debts[pair] = debts.get(pair, 0) + amount
    assert net_multilaterally(cells_of(debts), "ABCDEF") == before


def test_a_credit_note_lowers_what_the_other_direction_is_left_to_pay() -> None:
    cells = cells_of({("A", "B"): 500, ("B", "A"): -200, ("C", "A"): -100})
    assert net_bilaterally(cells) == {Pair("A", "B"): 700, Pair("A", "C"): 100}


def test_pairs_that_are_even_are_left_out() -> None:
    assert net_bilaterally(cells_of({("A", "B"): 500, ("B", "A"): 500})) == {}


def test_parties_without_a_cell_have_a_net_of_zero_and_no_payment() -> None:
    nets = net_multilaterally(cells_of({("B", "C"): 5}), ["A", "B"])
    assert nets == {"A": 0, "B": -5, "C": 5}
    hub = pay_through_hub(nets)
    assert (hub.pay_in_minor, hub.pay_out_minor) == ({"B": 5}, {"C": 5})


def test_even_groups_need_fewer_payments_than_greedy_finds() -> None:
    nets = {"A": -6, "B": -5, "C": 3, "D": 3, "E": 1, "F": 4}
    direct = pay_directly(nets)
    assert direct == DirectPayments(
        (Payment("A", "C", 3), Payment("A", "D", 3), Payment("B", "E", 1), Payment("B", "F", 4)),
        is_fewest=True,
    )
    assert len(pay_greedily(nets)) == 5


def test_nothing_to_pay_needs_no_payment() -> None:
    assert pay_directly({"A": 0, "B": 0}) == DirectPayments((), is_fewest=True)


@given(even_nets("ABCDEFGH", 6))
def test_the_fewest_payments_are_found(nets: dict[str, int]) -> None:
    # I12, small amounts: the many ways to divide are all tried
    direct = pay_directly(nets)
    parties = tuple(owing(nets).values())
    assert direct.is_fewest
    assert len(direct.payments) == len(parties) - most_even_groups(parties)
    assert met_by(direct.payments) == owing(nets)


@given(even_nets("ABCDEFGHIJKLMNOP", 10**12))
def test_direct_payments_meet_the_nets_and_are_never_more_than_greedy(
    nets: dict[str, int],
) -> None:
    # I12
    direct = pay_directly(nets)
    assert met_by(direct.payments) == owing(nets)
    assert len(direct.payments) <= max(len(owing(nets)) - 1, 0)
    assert len(direct.payments) <= len(pay_greedily(nets))


@given(even_nets("ABCDEFGH", 20), st.randoms())
def test_the_same_nets_give_the_same_payments(nets: dict[str, int], shuffled: Random) -> None:
    order = list(nets)
    shuffled.shuffle(order)
    assert pay_directly({party: nets[party] for party in order}) == pay_directly(nets)


def test_sixteen_parties_are_still_divided_exactly() -> None:
    # Four groups of one debtor and three creditors, and no two nets opposite.
    nets: dict[str, int] = {}
    for group, parties in enumerate(("AEIM", "BFJN", "CGKO", "DHLP")):
        parts = [10**group, 3 * 10**group, 7 * 10**group]
        nets |= dict(zip(parties, [-sum(parts), *parts], strict=True))
    direct = pay_directly(nets)
    assert direct.is_fewest
    assert len(direct.payments) == 12


def test_beyond_sixteen_parties_payments_are_greedy_and_flagged() -> None:
    nets = {chr(ord("A") + place): place for place in range(1, 17)}
    nets["A"] = -sum(nets.values())
    direct = pay_directly(nets)
    assert not direct.is_fewest
    assert len(direct.payments) == 16
    assert met_by(direct.payments) == nets


@given(even_nets("ABCDEFGHIJ", 5))
def test_groups_are_even_and_have_every_party_once(nets: dict[str, int]) -> None:
    groups = divide_into_even_groups(owing(nets))
    assert all(sum(group.values()) == 0 for group in groups)
    assert sorted(party for group in groups for party in group) == sorted(owing(nets))


def test_uneven_nets_are_a_mistake_of_ours() -> None:
    with pytest.raises(AssertionError, match="even"):
        pay_greedily({"A": -5, "B": 4})
