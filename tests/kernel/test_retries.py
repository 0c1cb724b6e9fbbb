"""Pauses grow, and never beyond their maximum."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.retries import ERROR_LENGTH_MAX, growing_pause, write_error


def test_a_pause_doubles_up_to_its_maximum():
    pauses = [growing_pause(n, first_seconds=2, seconds_max=20) for n in range(1, 7)]
    assert pauses == [timedelta(seconds=each) for each in (2, 4, 8, 16, 20, 20)]


@given(st.integers(1, 10**9), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_pause_never_shrinks_and_never_passes_its_maximum(attempts, first, longest):
    pause = growing_pause(attempts, first_seconds=first, seconds_max=longest)
    later = growing_pause(attempts + 1, first_seconds=first, seconds_max=longest)
    assert timedelta(0) < pause <= later <= timedelta(seconds=longest)


def test_an_error_is_written_without_what_stands_below_its_first_line():
    assert write_error(ValueError("bad\n[parameters: ('secret',)]")) == "ValueError: bad"
    assert write_error(TimeoutError()) == "TimeoutError"
    assert len(write_error(ValueError("x" * 9000))) == ERROR_LENGTH_MAX
