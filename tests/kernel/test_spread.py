"""Values counted by steps."""

from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.spread import Spread

values = st.lists(st.integers(min_value=0, max_value=10**12))
bounds = st.sets(st.integers(min_value=0, max_value=10**12), min_size=1, max_size=9).map(
    lambda each: tuple(sorted(each))
)


def spread_of(steps, noted):
    spread = Spread(steps)
    for value in noted:
        spread.note(value)
    return spread


@given(bounds, values)
def test_each_step_counts_what_is_at_most_its_bound(steps, noted):
    spread = spread_of(steps, noted)
    expected = [sum(value <= bound for value in noted) for bound in steps]
    assert list(spread.cumulated()) == [*expected, len(noted)]
    assert spread.total == sum(noted)


@given(bounds, values, values)
def test_adding_is_as_if_one_had_counted_all(steps, some, others):
    both = spread_of(steps, some)
    both.add(spread_of(steps, others))
    whole = spread_of(steps, some + others)
    assert (both.counts, both.total) == (whole.counts, whole.total)
