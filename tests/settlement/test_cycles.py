from collections import defaultdict
from itertools import pairwise, product

from hypothesis import given

from settlement.cells import Pair
from settlement.cycles import Cycle, report_cycles
from tests.settlement.drawn import cells_of, debts_between

Debts = dict[tuple[str, str], int]


def most_clearable(debts: Debts) -> int:
    """Try every amount on every debt."""
    most = 0
    for amounts in product(*(range(owed + 1) for owed in debts.values())):
        balance: defaultdict[str, int] = defaultdict(int)
        for (debtor, creditor), amount in zip(debts, amounts, strict=True):
            balance[debtor] += amount
            balance[creditor] -= amount
        if not any(balance.values()):
            most = max(most, sum(amounts))
    return most


def test_a_cycle_is_cleared_by_its_smallest_debt() -> None:
    report = report_cycles(cells_of({("A", "B"): 500, ("B", "C"): 300, ("C", "A"): 400}))
    assert (report.owed_minor, report.clearable_minor) == (1200, 900)
    assert report.cycles == (Cycle(("A", "B", "C"), 300),)
    assert report.cleared_minor == {
        Pair("A", "B"): 300,
        Pair("B", "C"): 300,
        Pair("C", "A"): 300,
    }


def test_debts_in_one_direction_cannot_be_cleared() -> None:
    report = report_cycles(cells_of({("A", "B"): 500, ("B", "C"): 300, ("A", "C"): 400}))
    assert (report.owed_minor, report.clearable_minor, report.cycles) == (1200, 0, ())


def test_a_credit_note_counts_as_a_debt_the_other_way() -> None:
    report = report_cycles(cells_of({("A", "B"): 500, ("C", "B"): -200, ("C", "A"): 200}))
    assert report.cycles == (Cycle(("A", "B", "C"), 200),)


def test_the_longer_cycle_is_taken_when_it_clears_more() -> None:
    # A>B is in both cycles: two debts of 5 against four debts of 5.
    debts = {("A", "B"): 5, ("B", "A"): 5, ("B", "C"): 5, ("C", "D"): 5, ("D", "A"): 5}
    report = report_cycles(cells_of(debts))
    assert report.cycles == (Cycle(("A", "B", "C", "D"), 5),)
    assert report.clearable_minor == 20


def test_an_empty_window_has_nothing_to_clear() -> None:
    report = report_cycles([])
    assert (report.owed_minor, report.clearable_minor, report.cycles) == (0, 0, ())


@given(debts_between("ABCDEFG"))
def test_clearing_changes_no_net_and_leaves_no_cycle(debts: Debts) -> None:
    cells = cells_of(debts)
    report = report_cycles(cells)
    balance: defaultdict[str, int] = defaultdict(int)
    left: defaultdict[str, set[str]] = defaultdict(set)
    owed: defaultdict[Pair, int] = defaultdict(int)
    for (debtor, creditor), amount in debts.items():
        owed[Pair(debtor, creditor)] += max(amount, 0)
        owed[Pair(creditor, debtor)] += max(-amount, 0)
    for pair, amount in owed.items():
        cleared = report.cleared_minor.get(pair, 0)
        assert 0 <= cleared <= amount
        balance[pair.debtor] += cleared
        balance[pair.creditor] -= cleared
        if cleared < amount:
            left[pair.debtor].add(pair.creditor)
    assert not any(balance.values())
    while leaves := [party for party in left if not left[party] & left.keys()]:
        for party in leaves:
            del left[party]
    assert not left


@given(debts_between("ABCDEFG"))
def test_the_cycles_are_what_was_cleared(debts: Debts) -> None:
    report = report_cycles(cells_of(debts))
    cleared: defaultdict[Pair, int] = defaultdict(int)
    for cycle in report.cycles:
        assert cycle.parties[0] == min(cycle.parties)
        for pair in pairwise([*cycle.parties, cycle.parties[0]]):
            cleared[Pair(*pair)] += cycle.amount_minor
    assert cleared == report.cleared_minor
    assert report.clearable_minor == sum(cleared.values())


@given(debts_between("ABCD", largest=2).map(lambda debts: dict(list(debts.items())[:7])))
def test_no_more_could_be_cleared(debts: Debts) -> None:
    owed: Debts = defaultdict(int)
    for (debtor, creditor), amount in debts.items():
        owed[(debtor, creditor) if amount > 0 else (creditor, debtor)] += abs(amount)
    assert report_cycles(cells_of(debts)).clearable_minor == most_clearable(owed)
