"""How long to wait before something that failed is tried again, and what is kept of the error."""

from datetime import timedelta
from typing import Final

ERROR_LENGTH_MAX: Final = 500
_DOUBLINGS_MAX: Final = 40
"""Beyond this a pause is at its maximum anyway, and the number would only grow."""


def growing_pause(attempt_count: int, *, first_seconds: int, seconds_max: int) -> timedelta:
    """Give the pause after so many failed attempts: the first, then twice as long each time."""
    assert attempt_count >= 1, "there is a pause only after an attempt"
    doublings = min(attempt_count - 1, _DOUBLINGS_MAX)
    return timedelta(seconds=min(first_seconds * 2**doublings, seconds_max))


def write_error(error: BaseException) -> str:
    """Write an error for people: its name and its first line, where no parameters stand."""
    first_line = str(error).strip().partition("\n")[0]
    told = f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__
    return told[:ERROR_LENGTH_MAX]
