"""The leaky bucket: whole numbers, never more than it holds, restored by time alone."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schema.cost.buckets import Bucket, divide_up

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
BUCKET = Bucket(size=1000, restore_rate=50)

buckets = st.builds(Bucket, st.integers(100, 10**6), st.integers(1, 10**5))


def after(seconds):
    return NOON + timedelta(seconds=seconds)


def test_a_bucket_is_full_before_anything_was_taken():
    assert BUCKET.available(NOON, NOON) == 1000
    assert BUCKET.available(NOON, after(3600)) == 1000


def test_what_was_taken_is_missing_and_comes_back_with_time():
    full_at = BUCKET.take(NOON, NOON, 400)
    assert full_at == after(8)
    assert [BUCKET.available(full_at, after(n)) for n in (0, 1, 4, 8, 100)] == [
        600,
        650,
        800,
        1000,
        1000,
    ]


def test_what_is_given_back_is_there_again_and_never_more_than_the_bucket_holds():
    full_at = BUCKET.take(BUCKET.take(NOON, NOON, 400), NOON, -100)
    assert BUCKET.available(full_at, NOON) == 700
    assert BUCKET.available(BUCKET.take(NOON, NOON, -100), NOON) == 1000


def test_a_slice_is_what_is_needed_and_a_part_of_the_rest_that_shrinks_with_it():
    assert BUCKET.slice(1000, 10) == 10 + 15  # a 64th of the bucket
    assert BUCKET.slice(170, 10) == 10 + 10  # a 16th of what is left
    assert BUCKET.slice(12, 10) == 10
    assert BUCKET.slice(10, 10) == 10
    assert BUCKET.slice(9, 10) == 0


def test_a_bucket_of_a_clock_that_was_set_back_since_is_full():
    full_at = BUCKET.take(NOON, NOON, 1000)
    assert full_at == after(20)
    assert BUCKET.available(full_at, after(-60)) == 0  # clocks of processes differ so much at most
    long_ago = after(-61)
    assert BUCKET.available(full_at, long_ago) == 1000
    assert BUCKET.take(full_at, long_ago, 50) == after(-60)


def test_the_wait_is_in_whole_seconds_after_which_there_is_enough():
    assert BUCKET.wait_seconds(0, 50) == 1
    assert BUCKET.wait_seconds(0, 51) == 2
    assert BUCKET.wait_seconds(999, 1000) == 1


@given(
    buckets,
    st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 10**5)), max_size=30),
)
def test_nobody_gets_more_than_the_bucket_holds_and_what_time_restores(bucket, steps):
    """Steps: microseconds that pass, and what is asked for then."""
    full_at, now, got = NOON, NOON, 0
    for passed, cost in steps:
        now += timedelta(microseconds=passed)
        if cost <= bucket.available(full_at, now):
            full_at = bucket.take(full_at, now, cost)
            got += cost
        assert 0 <= bucket.available(full_at, now) <= bucket.size
    elapsed = (now - NOON) // timedelta(microseconds=1)
    assert got <= bucket.size + divide_up(elapsed * bucket.restore_rate, 10**6) + 1


@given(buckets, st.integers(1, 10**6), st.integers(0, 10**6))
def test_whoever_waits_as_long_as_told_is_let_in(bucket, cost, taken):
    cost, taken = min(cost, bucket.size), min(taken, bucket.size)
    full_at = bucket.take(NOON, NOON, taken)
    available = bucket.available(full_at, NOON)
    if cost > available:
        later = after(bucket.wait_seconds(available, cost))
        assert bucket.available(full_at, later) >= cost


@given(buckets, st.integers(1, 10**6), st.integers(0, 10**6))
def test_a_slice_covers_the_cost_and_never_takes_what_is_not_there(bucket, cost, available):
    taken = bucket.slice(available, cost)
    assert taken == 0 if cost > available else cost <= taken <= available
    assert taken - cost <= bucket.size // 64 or taken == 0
