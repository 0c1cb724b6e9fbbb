"""What a partner gives for points: exact for every number that passes, and valid or refused."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from hub.kernel.money import POINTS_MAX
from partners.errors import MinimumNotReached, NotInStep, OfferFieldInvalid, OffersOverlap
from partners.exchange_offers import (
    UNITS_MAX,
    Received,
    chain_offers,
    make_offer,
    write_offer,
)
from tests.coalition import DAY, LONG_AGO, START
from tests.coalition import make_offer as offer_of

HOTEL = offer_of(
    "air", "miles-1", give_points=3, step_points=3_000, block_points=60_000, bonus_units=5_000
)


@st.composite
def offers(draw):
    give, get = draw(st.integers(1, 1_000)), draw(st.integers(1, 1_000))
    step = give * draw(st.integers(1, 50))
    minimum = step * draw(st.integers(1, 20))
    cap = draw(st.none() | st.integers(0, 100).map(lambda steps: minimum + steps * step))
    block = draw(st.none() | st.integers(1, 10**6))
    bonus = None if block is None else draw(st.integers(1, 10**3))
    fields = {"give_points": give, "get_units": get, "step_points": step, "minimum_points": minimum}
    fields |= {"day_cap_points": cap, "block_points": block, "bonus_units": bonus}
    blocks = 0 if block is None else POINTS_MAX // block * bonus
    assume(POINTS_MAX * get // give + blocks <= UNITS_MAX)
    return offer_of("air", "a", **fields)


POINTS = st.integers(1, 10**6) | st.integers(1, POINTS_MAX)


@given(offers(), POINTS)
@example(HOTEL, 63_000)
def test_what_passes_is_exact_and_the_rest_is_named_its_neighbours(offer, points):
    below, above = offer.largest_up_to(points), offer.smallest_from(points)
    assert below == 0 or offer.is_possible(below)
    assert above is None or offer.is_possible(above)
    if offer.is_possible(points):
        assert below == above == points
        received = offer.convert(points)
        assert received.ratio_units * offer.give_points == points * offer.get_units
        assert received.units <= UNITS_MAX
    else:
        assert below < points
        assert above is None or above > points
        nearest = [n for n in range(points - 60, points + 60) if offer.is_possible(n)]
        assert all(n <= below or (above is not None and n >= above) for n in nearest)


def refusal_of(offer, points):
    try:
        offer.check(points)
    except (MinimumNotReached, NotInStep) as refusal:
        return refusal
    return None


@given(offers(), POINTS)
def test_a_refusal_is_the_reason_why_a_number_does_not_pass(offer, points):
    """What is beyond the cap of the day is left to the ledger, which knows what is used of it."""
    match refusal_of(offer, points):
        case MinimumNotReached() as refusal:
            assert points < refusal.minimum_points == offer.smallest_from(0)
        case NotInStep() as refusal:
            told = (refusal.below_points, refusal.above_points)
            assert told == (offer.largest_up_to(points), offer.smallest_from(points))
            assert points % refusal.step_points and refusal.below_points
        case None:
            is_above = offer.day_cap_points is not None and points > offer.day_cap_points
            assert offer.is_possible(points) is not is_above


@given(offers(), st.lists(st.integers(0, 10**6), max_size=6))
def test_refunds_in_any_parts_take_back_all_that_was_received(offer, parts):
    left, taken = sum(parts), 0
    for part in parts:
        before = offer.convert(left).units
        left -= part
        taken += before - offer.convert(left).units
    assert taken == offer.convert(sum(parts)).units


@given(offers(), POINTS, POINTS)
def test_more_points_never_give_less(offer, one, other):
    fewer, more = sorted((one, other))
    assert offer.convert(fewer).units <= offer.convert(more).units


@given(offers())
def test_an_offer_is_read_as_it_was_written(offer):
    again = make_offer(
        write_offer(offer),
        effective_from=offer.effective_from,
        effective_until=offer.effective_until,
    )
    assert again == offer


def test_the_hotel_of_the_feature_list_gives_what_it_promises():
    assert HOTEL.convert(63_000) == Received(21_000, 5_000)
    assert HOTEL.convert(60_000).units == 25_000
    assert HOTEL.convert(57_000).units == 19_000
    assert (HOTEL.largest_up_to(62_000), HOTEL.smallest_from(62_000)) == (60_000, 63_000)
    assert HOTEL.smallest_from(POINTS_MAX) is None


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("version", {"version": ""}),
        ("version", {"version": "a\nb"}),
        ("name_en", {"name_en": "x" * 101}),
        ("name_zh", {"name_zh": ""}),
        ("currency", {"currency": "miles"}),
        ("currency", {"currency": "M"}),
        ("effective_until", {"effective_until": LONG_AGO}),
        ("effective_from", {"effective_from": LONG_AGO.replace(tzinfo=None)}),
        ("give_points", {"give_points": 0}),
        ("get_units", {"get_units": 1_000_001}),
        ("step_points", {"step_points": POINTS_MAX + 1, "minimum_points": 1}),
        ("step_points", {"give_points": 3, "step_points": 10, "minimum_points": 10}),
        ("minimum_points", {"minimum_points": 0}),
        ("minimum_points", {"step_points": 10, "minimum_points": 25}),
        ("day_cap_points", {"step_points": 10, "day_cap_points": 25}),
        ("day_cap_points", {"minimum_points": 10, "day_cap_points": 9}),
        ("bonus_units", {"block_points": 10}),
        ("bonus_units", {"bonus_units": 10}),
        ("bonus_units", {"block_points": 10, "bonus_units": 0}),
        ("get_units", {"get_units": 1_001}),
        ("get_units", {"block_points": 1, "bonus_units": 1_000}),
    ],
)
def test_what_is_no_offer_is_refused_by_field(field, fields):
    with pytest.raises(OfferFieldInvalid) as told:
        offer_of("air", fields.pop("version", "a"), **fields)
    assert told.value.field == field


def test_a_version_without_an_end_stops_where_the_next_one_begins():
    first, last = replace(HOTEL, version="1"), replace(HOTEL, version="2", effective_from=START)
    assert chain_offers([last, first]) == (replace(first, effective_until=START), last)
    with pytest.raises(OffersOverlap):
        chain_offers([first, replace(HOTEL, version="3")])
    ended = replace(first, effective_until=START + DAY)
    with pytest.raises(OffersOverlap):
        chain_offers([ended, last])
    gap = replace(first, effective_until=START - timedelta(hours=1))
    assert chain_offers([gap, last]) == (gap, last)
