from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.errors import CurrencyNotSettleable
from hub.kernel.money import minor_units
from settlement.errors import FxRateMissing, FxRateNotPositive
from settlement.fx import Fixing, LocalPayment, fx_rounding, local_payments
from tests.settlement.drawn import EUROS

PAYEES = {"AIR": "USD", "BIO": "JPY", "CIN": "KWD", "DRV": "EUR"}


def test_each_party_is_paid_in_its_currency_also_nothing() -> None:
    nets = {"AIR": -1001, "BIO": 500}
    payments = local_payments(nets, PAYEES, EUROS)
    assert payments == {
        "AIR": LocalPayment("USD", -1085),  # 10.01 x 1.0843 = 10.853843
        "BIO": LocalPayment("JPY", 801),  # 5.00 x 160.25 = 801.25
        "CIN": LocalPayment("KWD", 0),
        "DRV": LocalPayment("EUR", 0),
    }
    # -10.85/1.0843 + 10.01, and 801/160.25 - 5
    exact = Fraction("-10.85") / Fraction("1.0843") + Fraction("10.01")
    exact += Fraction(801) / Fraction("160.25") - 5
    assert fx_rounding(nets, payments, EUROS) == Decimal("0.00198416")
    assert round(exact * 10**8) == 198416


def test_a_local_payment_on_the_half_is_rounded_to_the_even_unit() -> None:
    halves = Fixing("EUR", {"JPY": Decimal("0.5")})
    nets = {"A": 100, "B": 300, "C": -100, "D": -300}
    payments = local_payments(nets, dict.fromkeys(nets, "JPY"), halves)
    assert [payments[party].amount_minor for party in "ABCD"] == [0, 2, 0, -2]


def test_the_rounding_is_rounded_once_over_all_parties() -> None:
    thirds = Fixing("EUR", {"USD": Decimal(3)})
    nets = {"A": 1, "B": 1, "C": 1}
    exact = {party: LocalPayment("USD", 4) for party in nets}
    # three times 0.04/3 - 0.01 is exactly 0.01; rounded apart it would be 0.00999999
    assert fx_rounding(nets, exact, thirds) == Decimal("0.01")


@given(
    st.dictionaries(st.sampled_from("ABCDEF"), st.integers(-(10**14), 10**14)),
    st.dictionaries(st.sampled_from("ABCDEF"), st.sampled_from(("USD", "JPY", "KWD", "EUR"))),
)
def test_the_rounding_is_at_most_half_a_local_unit_each(
    nets: dict[str, int], currencies: dict[str, str]
) -> None:
    payments = local_payments(nets, currencies, EUROS)
    half_units = (
        Fraction(1, 2 * 10 ** minor_units(currency)) / Fraction(EUROS.rate(currency))
        for currency in currencies.values()
    )
    rounding = Fraction(fx_rounding(nets, payments, EUROS))
    assert abs(rounding) <= sum(half_units, Fraction(1, 2 * 10**8))


def test_currencies_must_have_a_rate_and_minor_units() -> None:
    with pytest.raises(FxRateMissing) as missing:
        local_payments({"A": 1}, {"A": "GBP"}, EUROS)
    assert missing.value.currency == "GBP"
    with pytest.raises(CurrencyNotSettleable):
        local_payments({"A": 1}, {"A": "XAU"}, EUROS)
    with pytest.raises(CurrencyNotSettleable):
        Fixing("XAU", {})


@pytest.mark.parametrize("rate", ["0", "-1.1"])
def test_a_rate_is_above_zero(rate: str) -> None:
    with pytest.raises(FxRateNotPositive) as refusal:
        Fixing("EUR", {"USD": Decimal(rate)})
    assert (refusal.value.currency, refusal.value.rate) == ("USD", rate)


def test_the_clearing_currency_costs_itself() -> None:
    assert Fixing("EUR", {"EUR": Decimal(2)}).rate("EUR") == 1
