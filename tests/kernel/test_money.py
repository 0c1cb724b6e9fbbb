from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.errors import (
    AmountNotExact,
    CurrencyNotSettleable,
    CurrencyUnknown,
    DecimalNotValid,
    PointsOutOfRange,
)
from hub.kernel.money import (
    allocate_largest_remainder,
    check_places,
    check_points,
    divide_down,
    divide_half_even,
    divide_half_up,
    exact_arithmetic,
    exact_sum,
    format_exact,
    format_fixed,
    format_minor,
    from_minor,
    minor_units,
    parse_decimal,
    places_needed,
    to_minor,
)

decimals = st.decimals(-(10**18) + 1, 10**18 - 1, places=12)
whole = st.integers(-(10**30), 10**30)


@pytest.mark.parametrize("points", [1, 10**12])
def test_points_from_one_to_a_million_millions_pass(points: int) -> None:
    assert check_points(points) == points


@pytest.mark.parametrize("points", [0, -1, 10**12 + 1, True, 1.0, "1", None, Decimal(1)])
def test_anything_else_is_no_number_of_points(points: object) -> None:
    with pytest.raises(PointsOutOfRange) as refusal:
        check_points(points)
    assert refusal.value.given == repr(points)
    assert (refusal.value.points_min, refusal.value.points_max) == (1, 10**12)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"),
        ("0.0095", "0.0095"),
        ("-3.20", "-3.2"),
        ("0.500000000000", "0.5"),
        ("999999999999999999.00000001", "999999999999999999.00000001"),
    ],
)
def test_a_plain_decimal_is_read_exactly(text: str, number: str) -> None:
    assert parse_decimal(text, 8) == Decimal(number)


def test_a_minus_zero_is_read_as_zero() -> None:
    assert not parse_decimal("-0.00", 2).is_signed()


@pytest.mark.parametrize(
    "text",
    [
        "", "+1", "1e3", "1E-3", "NaN", "Infinity", "-inf", ".5", "5.", "1_000", "1,000",
        " 1", "1\n", "01", "--1", "-", "٣", "1.٣", "\N{FULLWIDTH DIGIT ONE}", "0x1",
        "1000000000000000000", "0.000000001", "9" * 100_000,
    ],
)  # fmt: skip
def test_what_is_not_a_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(DecimalNotValid) as refusal:
        parse_decimal(text, 8)
    assert refusal.value.given == text[:60]
    assert (refusal.value.digits_max, refusal.value.places_max) == (18, 8)


@given(decimals)
def test_what_is_written_exactly_is_read_back(amount: Decimal) -> None:
    text = format_exact(amount)
    assert parse_decimal(text, 12) == amount
    assert "E" not in text
    assert text != "-0"
    assert "." not in text or not text.endswith(("0", "."))


@pytest.mark.parametrize(
    ("amount", "text"),
    [("5.00", "5"), ("-0.000", "0"), ("1E+20", "1" + "0" * 20), ("1.2E-9", "0.0000000012")],
)
def test_exact_amounts_are_written_without_exponent_and_needless_zeros(
    amount: str, text: str
) -> None:
    assert format_exact(Decimal(amount)) == text


def test_fixed_amounts_are_written_with_the_places_of_their_currency() -> None:
    assert format_fixed(Decimal(5), 2) == "5.00"
    assert format_fixed(Decimal("-0.0"), 2) == "0.00"
    assert format_fixed(Decimal("12.000"), 0) == "12"
    assert format_minor(-5, 2) == "-0.05"
    assert format_minor(0, 3) == "0.000"


def test_a_fixed_amount_is_never_rounded_behind_the_back() -> None:
    with pytest.raises(AmountNotExact) as refusal:
        format_fixed(Decimal("0.005"), 2)
    assert (refusal.value.amount, refusal.value.places_max) == ("0.005", 2)


def test_trailing_zeros_are_not_places() -> None:
    assert places_needed(Decimal("0.00950")) == 4
    assert places_needed(Decimal("1E+3")) == 0
    assert check_places(Decimal("1.2500"), 2) == Decimal("1.25")


@pytest.mark.parametrize(
    ("amount", "even", "up", "down"),
    [
        ("0.125", "0.12", "0.13", "0.12"),
        ("0.135", "0.14", "0.14", "0.13"),
        ("0.1251", "0.13", "0.13", "0.12"),
        ("-0.125", "-0.12", "-0.13", "-0.13"),
        ("-0.135", "-0.14", "-0.14", "-0.14"),
        ("-0.1249", "-0.12", "-0.12", "-0.13"),
        ("7", "7.00", "7.00", "7.00"),
    ],
)
def test_each_rounding_does_what_its_name_says(amount: str, even: str, up: str, down: str) -> None:
    assert divide_half_even(Decimal(amount), 1, places=2) == Decimal(even)
    assert divide_half_up(Decimal(amount), 1, places=2) == Decimal(up)
    assert divide_down(Decimal(amount), 1, places=2) == Decimal(down)


@given(whole, st.integers(1, 10**12))
def test_half_even_agrees_with_exact_fractions(dividend: int, divisor: int) -> None:
    quotient = divide_half_even(dividend, divisor, places=0)
    assert int(quotient) == round(Fraction(dividend, divisor))


@given(decimals, st.decimals("0.00000001", 10**6, places=8), st.integers(0, 8))
def test_a_division_is_off_by_half_a_unit_at_most(
    dividend: Decimal, divisor: Decimal, places: int
) -> None:
    true = Fraction(dividend) / Fraction(divisor)
    half = Fraction(1, 2 * 10**places)
    assert abs(Fraction(divide_half_even(dividend, divisor, places=places)) - true) <= half
    assert abs(Fraction(divide_half_up(dividend, divisor, places=places)) - true) <= half
    assert 0 <= true - Fraction(divide_down(dividend, divisor, places=places)) < 2 * half


@given(decimals, st.integers(0, 12))
def test_rounding_half_even_favours_neither_sign(amount: Decimal, places: int) -> None:
    rounded = divide_half_even(amount, 1, places=places)
    assert divide_half_even(-amount, 1, places=places) == -rounded


def test_sums_keep_every_digit() -> None:
    amounts = [Decimal(10**18), Decimal("0.000000000001")]
    assert format_exact(exact_sum(amounts)) == "1000000000000000000.000000000001"


def test_the_largest_sum_of_points_times_rate_times_fee_is_exact() -> None:
    largest = Decimal("999999999999999999.99999999")
    with exact_arithmetic():
        amount = 10**18 * largest * Decimal("0.0001") * largest
    assert Fraction(amount) == 10**18 * Fraction(largest) ** 2 / 10_000


@given(whole, st.integers(0, 8))
def test_minor_units_and_money_are_two_views_of_one_amount(minor: int, places: int) -> None:
    assert to_minor(from_minor(minor, places), places) == minor
    assert Fraction(format_minor(minor, places)) == Fraction(minor, 10**places)


def test_currencies_have_the_minor_units_of_iso_4217() -> None:
    assert [minor_units(currency) for currency in ("JPY", "EUR", "KWD", "CLF")] == [0, 2, 3, 4]


def test_gold_cannot_be_settled_in() -> None:
    with pytest.raises(CurrencyNotSettleable) as refusal:
        minor_units("XAU")
    assert refusal.value.currency == "XAU"


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "ZZZ", "978"])
def test_a_currency_is_a_code_of_iso_4217(currency: str) -> None:
    with pytest.raises(CurrencyUnknown):
        minor_units(currency)


def test_missing_units_go_to_the_largest_fractions() -> None:
    parts = {"A": 333, "B": 335, "C": 332}
    assert allocate_largest_remainder(parts, divisor=100, total=10) == {"A": 3, "B": 4, "C": 3}


def test_equal_fractions_are_served_in_the_order_of_their_keys() -> None:
    parts = {"b": 50, "B": 50, "a": 50, "A": 50}
    assert allocate_largest_remainder(parts, divisor=100, total=2) == {
        "A": 1, "B": 1, "a": 0, "b": 0,
    }  # fmt: skip


def test_negative_parts_are_rounded_down_first_too() -> None:
    parts = {"fee": -112, "rounding": -3}
    assert allocate_largest_remainder(parts, divisor=10, total=-11) == {"fee": -11, "rounding": 0}


@given(st.dictionaries(st.text(min_size=1), st.integers(-(10**24), 10**24), min_size=1))
def test_allocated_parts_sum_to_the_total_and_are_off_by_less_than_a_unit(
    parts: dict[str, int],
) -> None:
    total = round(Fraction(sum(parts.values()), 10**10))
    shares = allocate_largest_remainder(parts, divisor=10**10, total=total)
    assert sum(shares.values()) == total
    assert all(abs(shares[key] - Fraction(parts[key], 10**10)) < 1 for key in parts)
    backwards = dict(reversed(parts.items()))
    assert allocate_largest_remainder(backwards, divisor=10**10, total=total) == shares


def test_a_refusal_says_its_sentence_and_its_code() -> None:
    refusal = CurrencyUnknown("ZZZ")
    assert str(refusal) == "The code is not a currency of ISO 4217."
    assert refusal.code == "CurrencyUnknown"
