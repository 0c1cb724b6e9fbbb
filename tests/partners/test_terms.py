from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from partners.errors import TermsFieldInvalid, TermsNotExact, TermsOverlap
from partners.terms import Funding, Terms, chain_versions, check_fee_between, make_terms

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
MAY = datetime(2026, 5, 1, tzinfo=UTC)
SEPTEMBER = datetime(2026, 9, 1, tzinfo=UTC)


def written(**fields: object) -> dict[str, object]:
    basics = {"partner": "AIR", "version": "AIR-1", "funding": "ON_ISSUE", "currency": "EUR"}
    return basics | fields


def terms(begins: datetime = JANUARY, ends: datetime | None = None, /, **fields: object) -> Terms:
    return make_terms(written(**fields), effective_from=begins, effective_until=ends)


def test_a_number_that_is_not_written_is_zero_and_fees_are_refundable() -> None:
    bare = terms()
    assert bare.funding is Funding.ON_ISSUE
    assert {bare.issue_price, bare.accept_fee_bps, bare.breakage_share} == {Decimal(0)}
    assert bare.issue_fee_refundable
    assert bare.redemption_rates == {}


def test_terms_are_in_force_from_their_first_instant_until_but_not_at_their_last() -> None:
    spring = terms(JANUARY, MAY)
    instant = timedelta(microseconds=1)
    assert not spring.is_in_force(JANUARY - instant)
    assert spring.is_in_force(JANUARY)
    assert spring.is_in_force(MAY - instant)
    assert not spring.is_in_force(MAY)
    assert terms().is_in_force(SEPTEMBER)


def test_the_most_exact_key_gives_the_rate() -> None:
    air = terms(
        redemption_rates={"*": "0.0082", "BIO": "0.0076"}, redemption_currencies={"CIN": "CHF"}
    )
    assert air.redemption_rate("BIO") == (Decimal("0.0076"), "EUR")
    assert air.redemption_rate("CIN") == (Decimal("0.0082"), "CHF")
    assert terms(redemption_rates={"BIO": "0.0076"}).redemption_rate("CIN") == (Decimal(0), "EUR")


def test_an_own_rate_of_zero_wins_over_the_rate_for_all() -> None:
    air = terms(redemption_rates={"*": "0.0082", "BIO": "0"})
    assert air.redemption_rate("BIO") == (Decimal(0), "EUR")


def test_terms_cannot_be_changed_through_the_maps_they_were_made_from() -> None:
    rates = {"*": "0.0082"}
    air = terms(redemption_rates=rates)
    rates["*"] = "9"
    assert air.redemption_rate("BIO") == (Decimal("0.0082"), "EUR")


def test_terms_can_be_keys() -> None:
    assert {terms(redemption_rates={"*": "0.01"}): "here"}[terms(redemption_rates={"*": "0.01"})]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("issue_price", "0.000000001"),
        ("issue_price", "-0.01"),
        ("issue_price", "1e-2"),
        ("issue_price", 1),
        ("issue_price", None),
        ("accept_fee_bps", "1.234"),
        ("breakage_share", "0.12345"),
        ("breakage_share", "1.0001"),
        ("hub_breakage_share", "-0.1"),
        ("agent_fee_flat", "0.000000001"),
        ("funding", "ON_FRIDAY"),
        ("currency", "EURO"),
        ("currency", 978),
        ("partner", ""),
        ("version", None),
        ("issue_fee_refundable", "yes"),
        ("redemption_rates", ["0.01"]),
        ("redemption_rates", {"*": 0}),
        ("redemption_currencies", {"BIO": 978}),
        ("redemption_currencies", {"*": "CHF"}),
        ("expiry_months", 0),
        ("expiry_months", True),
        ("points_cap_per_window", -1),
        ("points_cap_per_member", 10**15 + 1),
        ("points_cap_per_member", "100"),
        ("favourite_colour", "blue"),
    ],
)
def test_a_field_out_of_its_limits_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(TermsFieldInvalid) as refusal:
        terms(**{field: value})
    assert refusal.value.field == field


def test_a_rate_of_a_map_is_refused_by_its_key() -> None:
    with pytest.raises(TermsFieldInvalid) as refusal:
        terms(redemption_rates={"BIO": "-1"})
    assert refusal.value.field == "redemption_rates[BIO]"
    with pytest.raises(TermsFieldInvalid) as refusal:
        terms(redemption_currencies={"BIO": "ZZZ"})
    assert refusal.value.field == "redemption_currencies[BIO]"


def test_a_flat_fee_may_be_finer_than_a_minor_unit() -> None:
    assert terms(currency="JPY", agent_fee_flat="0.355").agent_fee_flat == Decimal("0.355")


def test_the_finest_rates_fees_and_shares_are_still_exact() -> None:
    fine = terms(
        issue_price="0.00000001",
        breakage_share="0.0001",
        accept_rate="0.00000001",
        accept_fee_bps="1",
        redemption_rates={"*": "0.00000001"},
        hub_breakage_share="0.9999",
    )
    assert fine.accept_rate == Decimal("0.00000001")


@pytest.mark.parametrize(
    ("rates", "factors"),
    [
        ({"accept_rate": "0.00000001"}, "accept_rate x accept_fee_bps"),
        (
            {"redemption_rates": {"BIO": "0.00000001"}},
            "redemption_rates[BIO] x accept_fee_bps",
        ),
    ],
)
def test_a_fee_that_needs_more_than_twelve_places_is_refused(
    rates: dict[str, object], factors: str
) -> None:
    with pytest.raises(TermsNotExact) as refusal:
        terms(accept_fee_bps="0.01", **rates)
    assert (refusal.value.factors, refusal.value.places_needed) == (factors, 14)


def test_a_fee_on_another_partners_rate_must_be_exact_too() -> None:
    issuer = terms(funding="ON_REDEMPTION", redemption_rates={"*": "0.00000001"})
    acceptor = terms(partner="BIO", version="BIO-1", accept_fee_bps="0.5")
    with pytest.raises(TermsNotExact) as refusal:
        check_fee_between(issuer, acceptor)
    assert (refusal.value.partner, refusal.value.places_needed) == ("BIO", 13)
    # A pool pays the acceptor's own rate: the issuer's map does not matter.
    check_fee_between(replace(issuer, funding=Funding.ON_ISSUE), acceptor)


def test_a_span_begins_before_it_ends_and_is_in_utc() -> None:
    with pytest.raises(TermsFieldInvalid) as refusal:
        terms(MAY, MAY)
    assert refusal.value.field == "effective_until"
    local = MAY.replace(tzinfo=timezone(timedelta(hours=2)))
    for instant in (local, MAY.replace(tzinfo=None)):
        with pytest.raises(TermsFieldInvalid) as refusal:
            terms(instant)
        assert refusal.value.field == "effective_from"


def test_a_version_stops_where_the_next_one_of_its_partner_begins() -> None:
    first, second = terms(JANUARY), terms(MAY, version="AIR-2")
    other = terms(JANUARY, partner="BIO", version="BIO-1")
    chained = chain_versions([second, other, first])
    assert [(each.version, each.effective_until) for each in chained] == [
        ("AIR-1", MAY),
        ("AIR-2", None),
        ("BIO-1", None),
    ]


def test_a_gap_between_versions_stays_a_gap() -> None:
    first, second = terms(JANUARY, MAY), terms(SEPTEMBER, version="AIR-2")
    assert chain_versions([first, second])[0].effective_until == MAY


def test_versions_that_overlap_are_refused() -> None:
    for first in (terms(JANUARY, SEPTEMBER), terms(MAY)):
        with pytest.raises(TermsOverlap) as refusal:
            chain_versions([first, terms(MAY, version="AIR-2")])
        assert (refusal.value.version, refusal.value.other_version) == ("AIR-1", "AIR-2")
