from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.money import exact_sum
from settlement.cells import Cell, Pair, make_cells
from settlement.errors import FxRateMissing
from settlement.fx import Fixing
from settlement.obligations import Flow, MoneyObligation
from tests.settlement.drawn import EUROS, carries, flow_lists, settled

A_B = Pair("A", "B")
HALF_CENT = Decimal("0.005")


def owed(
    amount: str,
    kind: str = "ADJUSTMENT",
    *,
    currency: str = "EUR",
    label: str = "-",
    is_reversal: bool = False,
) -> MoneyObligation:
    return MoneyObligation(kind, "A", "B", currency, Decimal(amount), label, is_reversal)


def cell_of(*obligations: MoneyObligation, carry_in: str = "0", fixing: Fixing = EUROS) -> Cell:
    return make_cells(obligations, carries_in={A_B: Decimal(carry_in)}, fixing=fixing)[A_B]


@pytest.mark.parametrize(
    ("amount", "carry_in", "cents", "carry_out"),
    [
        ("0.005", "0", 0, "0.005"),
        ("0.015", "0", 2, "-0.005"),
        ("0.01", "0.005", 2, "-0.005"),
        ("-0.005", "0", 0, "-0.005"),
        ("-0.025", "0", -2, "-0.005"),
        ("0.0149", "0.0001", 2, "-0.005"),
        ("9.999999999999", "0", 1000, "-0.000000000001"),
    ],
)
def test_a_cell_is_rounded_half_even_and_the_rest_is_carried(
    amount: str, carry_in: str, cents: int, carry_out: str
) -> None:
    cell = cell_of(owed(amount), carry_in=carry_in)
    assert (cell.rounded_minor, cell.carry_out) == (cents, Decimal(carry_out))


def test_lines_are_told_apart_by_kind_reversal_label_and_currency() -> None:
    cell = cell_of(
        owed("2", "REIMBURSE", label="B-1"),
        owed("3", "REIMBURSE", label="B-1"),
        owed("-1", "REIMBURSE", label="B-1", is_reversal=True),
        owed("1", "REIMBURSE", label="B-2"),
        owed("1.0843", "REIMBURSE", label="B-1", currency="USD"),
        owed("7"),
    )
    assert cell.lines == {
        "ADJUSTMENT@-": 7,
        "REIMBURSE(-)@B-1": -1,
        "REIMBURSE@B-1": 5,
        "REIMBURSE@B-1/USD": 1,
        "REIMBURSE@B-2": 1,
    }


def test_a_line_in_another_currency_is_summed_before_it_is_divided() -> None:
    # 1 / 3 rounds down and 2 / 3 up: 0.33333333 twice would lose a digit.
    thirds = Fixing("EUR", {"USD": Decimal(3)})
    cell = cell_of(owed("1", currency="USD"), owed("1", currency="USD"), fixing=thirds)
    assert cell.lines == {"ADJUSTMENT@-/USD": Decimal("0.66666667")}


def test_a_converted_line_is_rounded_half_even_to_eight_places() -> None:
    halves = Fixing("EUR", {"USD": Decimal(2)})
    for cents, converted in (("0.00000001", "0"), ("0.00000003", "0.00000002")):
        cell = cell_of(owed(cents, currency="USD"), fixing=halves)
        assert cell.lines == {"ADJUSTMENT@-/USD": Decimal(converted)}


def test_a_currency_without_a_fixed_rate_cannot_be_cleared() -> None:
    with pytest.raises(FxRateMissing) as refusal:
        cell_of(owed("1", currency="GBP"))
    assert (refusal.value.currency, refusal.value.clearing_currency) == ("GBP", "EUR")


def test_lines_that_read_alike_are_one_line() -> None:
    cell = cell_of(owed("1.0843", label="B", currency="USD"), owed("2", label="B/USD"))
    assert cell.lines == {"ADJUSTMENT@B/USD": 3}


def test_a_pair_whose_obligations_sum_to_zero_stays() -> None:
    cell = cell_of(owed("5"), owed("-5", is_reversal=True))
    assert cell.exact == Decimal(0)
    assert cell.rounded_minor == 0
    assert cell.invoice_lines_minor == {"ADJUSTMENT(-)@-": -500, "ADJUSTMENT@-": 500}


def test_a_pair_with_nothing_but_a_carry_has_an_empty_bill() -> None:
    cell = cell_of(carry_in="-0.00189")
    assert (cell.lines, cell.rounded_minor) == ({}, 0)
    assert cell.invoice_lines_minor == {"ROUNDING_BF": 0}
    assert cell.carry_out == Decimal("-0.00189")


def test_a_carry_of_zero_makes_no_cell() -> None:
    assert make_cells([], carries_in={A_B: Decimal("0.00")}, fixing=EUROS) == {}


def test_a_missing_cent_goes_to_the_largest_fraction_and_then_to_the_first_key() -> None:
    cell = cell_of(
        owed("0.004", "C_KIND"),
        owed("0.003", "B_KIND"),
        owed("0.003", "A_KIND"),
        owed("0.002", "D"),
    )
    assert cell.invoice_lines_minor == {"A_KIND@-": 0, "B_KIND@-": 0, "C_KIND@-": 1, "D@-": 0}
    tie = cell_of(owed("0.005", "B_KIND"), owed("0.005", "A_KIND"))
    assert tie.invoice_lines_minor == {"A_KIND@-": 1, "B_KIND@-": 0}


def test_the_rounding_brought_forward_is_a_line_like_any_other() -> None:
    cell = cell_of(owed("0.001"), carry_in="0.0049")
    assert cell.invoice_lines_minor == {"ADJUSTMENT@-": 0, "ROUNDING_BF": 1}


def test_a_currency_without_minor_units_is_billed_in_whole_units() -> None:
    cell = cell_of(owed("1.5", currency="JPY"), fixing=Fixing("JPY", {}))
    assert (cell.rounded_minor, cell.carry_out) == (2, Decimal("-0.5"))


@given(flow_lists(), carries())
def test_lines_of_a_bill_sum_to_the_bill(flows: list[Flow], carried: dict[Pair, Decimal]) -> None:
    # I2
    settlement = settled(flows, carried)
    for pair, lines in settlement.invoice_lines_minor.items():
        assert sum(lines.values()) == settlement.gross_matrix_minor[pair]
        assert set(lines) - {"ROUNDING_BF"} == set(settlement.cells[pair].lines)


@given(st.lists(flow_lists(), max_size=4))
def test_over_all_windows_what_is_billed_is_what_was_owed_but_for_the_last_carry(
    windows: list[list[Flow]],
) -> None:
    # I3
    carried: dict[Pair, Decimal] = {}
    billed: dict[Pair, int] = {}
    exact: dict[Pair, list[Decimal]] = {}
    for flows in windows:
        settlement = settled(flows, carried)
        carried = settlement.carry_out
        assert all(abs(carry) <= HALF_CENT for carry in carried.values())
        for pair, cents in settlement.gross_matrix_minor.items():
            billed[pair] = billed.get(pair, 0) + cents
        for pair, amount in settlement.gross_exact.items():
            exact.setdefault(pair, []).append(amount)
    for pair, cents in billed.items():
        owed_exactly = Fraction(exact_sum(exact.get(pair, [])))
        assert Fraction(cents, 100) == owed_exactly - Fraction(carried.get(pair, Decimal(0)))


@given(flow_lists(only_reversible=True))
def test_reversing_everything_bills_the_opposite(flows: list[Flow]) -> None:
    # I9, in the window after
    first = settled(flows, {})
    second = settled(_reversed(flows), first.carry_out)
    assert second.gross_matrix_minor == {
        pair: -cents for pair, cents in first.gross_matrix_minor.items()
    }
    assert second.carry_out == {}


@given(flow_lists(only_reversible=True), carries())
def test_reversing_everything_leaves_only_the_first_carry(
    flows: list[Flow], carried: dict[Pair, Decimal]
) -> None:
    # I9, with a carry from before: it is billed or carried, whichever its ties fall
    first = settled(flows, carried)
    second = settled(_reversed(flows), first.carry_out)
    for pair in first.cells:
        billed = first.gross_matrix_minor[pair] + second.gross_matrix_minor.get(pair, 0)
        kept = Fraction(second.carry_out.get(pair, Decimal(0)))
        assert Fraction(billed, 100) + kept == Fraction(carried.get(pair, Decimal(0)))


@given(flow_lists(), carries(), st.data())
def test_splitting_what_happened_changes_no_cell(
    flows: list[Flow], carried: dict[Pair, Decimal], data: st.DataObject
) -> None:
    # I10
    pieces: list[Flow] = []
    for flow in flows:
        first = data.draw(st.integers(0, flow.points), label="points of the first piece")
        began = data.draw(st.integers(0, flow.entry_count), label="entries of the first piece")
        pieces.append(replace(flow, points=first, entry_count=began))
        pieces.append(
            replace(flow, points=flow.points - first, entry_count=flow.entry_count - began)
        )
    assert dict(settled(pieces, carried).cells) == dict(settled(flows, carried).cells)


@given(flow_lists(), carries(), st.randoms())
def test_the_order_of_what_happened_changes_no_cell(
    flows: list[Flow], carried: dict[Pair, Decimal], shuffled: Random
) -> None:
    # I7
    other = list(flows)
    shuffled.shuffle(other)
    assert list(settled(other, carried).cells.items()) == list(
        settled(flows, carried).cells.items()
    )


def _reversed(flows: list[Flow]) -> list[Flow]:
    return [replace(flow, is_reversal=not flow.is_reversal) for flow in flows]
