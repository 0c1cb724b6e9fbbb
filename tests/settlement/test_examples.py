"""The examples of the rule book, through the pure settlement."""

from typing import Any

import pytest

from hub.kernel.money import format_exact, format_minor
from partners.memberships import split_cancel
from tests.settlement.by_hand import Books, printed, read_example

NAMES = ["EX1", "EX2", "EX3", "EX7"]


@pytest.fixture(params=NAMES)
def example(request: pytest.FixtureRequest) -> dict[str, Any]:
    return read_example(request.param)


def test_every_figure_of_an_example_is_met(example: dict[str, Any]) -> None:
    expected = example["expected"]["settlements"]
    settlements = Books(example["input"]).settlements()
    for settlement, figures in zip(settlements, expected, strict=True):
        assert printed(settlement, figures["window"]) == figures


def test_the_pool_holds_what_open_points_need(example: dict[str, Any]) -> None:
    books = Books(example["input"])
    assert format_exact(books.pool_required) == example["expected"].get("pool_required_exact", "0")


def test_the_pool_is_owed_what_it_needs_but_for_roundings_carried() -> None:
    # Invariant of rule book 2.4, over both windows of EX3.
    books = Books(read_example("EX3")["input"])
    settlements = list(books.settlements())
    nets = sum(settlement.net_position_minor["POOL"] for settlement in settlements)
    carried = sum(
        carry if pair.creditor == "POOL" else -carry
        for pair, carry in settlements[-1].carry_out.items()
        if "POOL" in pair
    )
    assert format_minor(nets, 2) == "25.13"
    assert format_exact(books.pool_required - carried) == "25.13"


def test_the_membership_of_example_seven_is_split_and_given_back() -> None:
    example = read_example("EX7")
    sale = Books(example["input"]).sales["MS1"]
    cancel = split_cancel(sale, unused_days=265, total_days=365)
    written = {party: format_minor(minor, 2) for party, minor in sale.shares_minor.items()}
    returned = {party: format_minor(minor, 2) for party, minor in cancel.shares_minor.items()}
    assert example["expected"]["membership_MS1"] == {
        "net_of_vat": format_minor(sale.net_minor, 2),
        "vat_kept_by_seller": format_minor(sale.vat_minor, 2),
        "shares": written,
        "refund_net": format_minor(cancel.refund_net_minor, 2),
        "refund_shares": returned,
    }
