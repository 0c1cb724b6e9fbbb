from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.errors import AmountNotExact, CurrencyNotSettleable
from partners.errors import PriceNotValid, SharesNotWhole, UnusedDaysOutOfRange
from partners.memberships import MembershipSale, split_cancel, split_sale

FOUR = {
    "AIR": Decimal("0.50"),
    "BIO": Decimal("0.30"),
    "CIN": Decimal("0.15"),
    "HUB": Decimal("0.05"),
}


def sell(
    price: str, *, vat: str = "0", shares: dict[str, Decimal] | None = None, currency: str = "EUR"
) -> MembershipSale:
    return split_sale(
        price_gross=Decimal(price),
        vat_rate=Decimal(vat),
        shares=shares or FOUR,
        currency=currency,
        seller="AIR",
    )


@st.composite
def sales(draw: st.DrawFn) -> MembershipSale:
    cuts = sorted(draw(st.lists(st.integers(0, 10_000), min_size=1, max_size=5)))
    edges = [0, *cuts, 10_000]
    shares = {
        party: Decimal(upper - lower).scaleb(-4)
        for party, lower, upper in zip("ABCDEF", edges, edges[1:], strict=False)
    }
    gross = Decimal(draw(st.integers(0, 10**9))).scaleb(-2)
    vat = Decimal(draw(st.integers(0, 3000))).scaleb(-4)
    return split_sale(price_gross=gross, vat_rate=vat, shares=shares, currency="EUR", seller="A")


def test_a_price_is_split_after_its_vat_as_in_the_rule_book() -> None:
    sale = sell("59.90", vat="0.20")
    assert (sale.net_minor, sale.vat_minor) == (4992, 998)
    assert sale.shares_minor == {"AIR": 2496, "BIO": 1498, "CIN": 749, "HUB": 249}
    assert sale.owed_minor == {"BIO": 1498, "CIN": 749, "HUB": 249}


def test_the_unused_part_is_given_back_in_proportion_to_what_each_got() -> None:
    cancel = split_cancel(sell("59.90", vat="0.20"), unused_days=265, total_days=365)
    assert cancel.refund_net_minor == 3624
    assert cancel.shares_minor == {"AIR": 1812, "BIO": 1087, "CIN": 544, "HUB": 181}
    assert cancel.returned_minor == {"BIO": 1087, "CIN": 544, "HUB": 181}


def test_a_net_price_on_the_half_cent_is_rounded_up() -> None:
    # 0.03 / 1.2 = 0.025
    assert sell("0.03", vat="0.20").net_minor == 3


def test_a_refund_on_the_half_cent_is_rounded_to_the_even_cent() -> None:
    all_to_bio = {"BIO": Decimal(1)}
    refunds = [
        split_cancel(sell(price, shares=all_to_bio), unused_days=1, total_days=2)
        for price in ("0.01", "0.03", "0.05")
    ]
    assert [refund.refund_net_minor for refund in refunds] == [0, 2, 2]


def test_a_missing_cent_goes_to_the_first_of_equal_fractions() -> None:
    thirds = {"CIN": Decimal("0.25"), "BIO": Decimal("0.25"), "AIR": Decimal("0.5")}
    assert sell("0.02", shares=thirds).shares_minor == {"AIR": 1, "BIO": 1, "CIN": 0}


def test_a_seller_without_a_share_owes_the_whole_net() -> None:
    sale = sell("10.00", shares={"BIO": Decimal("0.5"), "CIN": Decimal("0.5")})
    assert sale.owed_minor == {"BIO": 500, "CIN": 500}


def test_a_currency_without_minor_units_is_split_in_whole_units() -> None:
    assert sell("1001", vat="0.10", currency="JPY").shares_minor == {
        "AIR": 455, "BIO": 273, "CIN": 137, "HUB": 45,
    }  # fmt: skip


def test_a_free_membership_gives_nothing_back() -> None:
    cancel = split_cancel(sell("0"), unused_days=10, total_days=10)
    assert cancel.refund_net_minor == 0
    assert cancel.returned_minor == {}


@given(sales())
def test_shares_of_a_sale_sum_to_its_net(sale: MembershipSale) -> None:
    assert sum(sale.shares_minor.values()) == sale.net_minor
    assert all(minor >= 0 for minor in sale.shares_minor.values())


@given(sales(), st.integers(0, 400), st.integers(1, 400))
def test_a_cancel_never_gives_back_more_than_each_party_got(
    sale: MembershipSale, unused_days: int, total_days: int
) -> None:
    unused_days = min(unused_days, total_days)
    cancel = split_cancel(sale, unused_days=unused_days, total_days=total_days)
    unused = Fraction(sale.net_minor * unused_days, total_days)
    assert cancel.refund_net_minor == round(unused)
    assert sum(cancel.shares_minor.values()) == cancel.refund_net_minor
    assert all(0 <= cancel.shares_minor[party] <= got for party, got in sale.shares_minor.items())


@given(sales(), st.integers(1, 400))
def test_a_cancel_on_the_first_day_gives_everything_back(
    sale: MembershipSale, total_days: int
) -> None:
    cancel = split_cancel(sale, unused_days=total_days, total_days=total_days)
    assert cancel.shares_minor == sale.shares_minor


@pytest.mark.parametrize(
    "shares",
    [
        {"AIR": Decimal("0.5"), "BIO": Decimal("0.4999")},
        {"AIR": Decimal("1.5"), "BIO": Decimal("-0.5")},
        {"AIR": Decimal("0.99999"), "BIO": Decimal("0.00001")},
    ],
)
def test_shares_that_are_not_parts_of_one_are_refused(shares: dict[str, Decimal]) -> None:
    with pytest.raises(SharesNotWhole):
        sell("10.00", shares=shares)


def test_a_price_is_whole_minor_units_of_a_currency_that_has_them() -> None:
    with pytest.raises(AmountNotExact):
        sell("10.001")
    with pytest.raises(CurrencyNotSettleable):
        sell("10", currency="XAU")


@pytest.mark.parametrize(("price", "vat"), [("-0.01", "0.20"), ("1.00", "-0.20")])
def test_prices_and_vat_are_not_negative(price: str, vat: str) -> None:
    with pytest.raises(PriceNotValid):
        sell(price, vat=vat)


@pytest.mark.parametrize(("unused", "total"), [(-1, 10), (11, 10), (0, 0)])
def test_unused_days_lie_within_the_term(unused: int, total: int) -> None:
    with pytest.raises(UnusedDaysOutOfRange) as refusal:
        split_cancel(sell("10.00"), unused_days=unused, total_days=total)
    assert (refusal.value.unused_days, refusal.value.total_days) == (unused, total)
