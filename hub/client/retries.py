"""How often a request is sent again, and how long is waited before; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

RETRIED_STATUSES: Final = frozenset({429, 502, 503, 504})
RETRIED_CODES: Final = frozenset({"OVERLOADED", "OUTCOME_UNKNOWN", "THROTTLED"})
_DIGITS_MAX: Final = 9


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to stop trying.

    Every mutation carries an idempotency key, and a try repeats it: what is tried twice is done
    once. So a lost answer, a busy hub and an unknown outcome are all simply asked again.

    Units: milliseconds and seconds.
    """

    tries_max: int = 6
    """How often a request is sent at most, the first time included."""
    pause_min_ms: int = 100
    """The pause after the first try; it doubles after each."""
    pause_max_ms: int = 10_000
    """What the pause grows to, at most."""
    wait_max_seconds: int = 60
    """The longest wait that the hub may ask for (`Retry-After`); above it, nothing is tried."""

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.tries_max < 1 or not 0 < self.pause_min_ms <= self.pause_max_ms:
            raise ValueError("at least one try, and pauses above zero that do not shrink")

    def pause_ms(self, tries_count: int, *, draw: int, retry_after_seconds: int | None) -> int:
        """Say how long to wait after so many tries.

        `draw` is a random number, 0 to 1000, which keeps many clients from coming back at once:
        the pause is between the half and the whole. What the hub asks for is never undercut.

        Units: milliseconds.
        """
        whole = min(self.pause_max_ms, self.pause_min_ms << min(tries_count - 1, 30))
        pause = whole // 2 + whole * draw // 2000
        return max(pause, (retry_after_seconds or 0) * 1000)

    def is_worth_another(self, tries_count: int, retry_after_seconds: int | None) -> bool:
        """Tell whether to send it once more after so many tries."""
        return tries_count < self.tries_max and (retry_after_seconds or 0) <= self.wait_max_seconds


def is_passing(status: int, errors: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether an answer says that the same request may succeed later."""
    if status in RETRIED_STATUSES:
        return True
    return any(_extensions(error).get("code") in RETRIED_CODES for error in errors)


def find_waiting(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List what a payload, or a row of one, was refused with only for now, as errors.

    Rows fail alone; one that was too busy or is unknown may succeed with the same key. So the
    whole is sent again: rows that are done are done once, and answer the same.
    """
    found: list[dict[str, Any]] = []
    for payload in data.values():
        rows = _field(payload, "rows")
        for each in [payload, *(rows if isinstance(rows, list) else [])]:
            refused = _field(each, "userErrors")
            for error in refused if isinstance(refused, list) else []:
                if _field(error, "code") in RETRIED_CODES:
                    told = {"code": error["code"], "retryAfter": error.get("retryAfterSeconds")}
                    found.append({"message": error.get("message"), "extensions": told})
    return found


def _field(value: object, name: str) -> Any:  # noqa: ANN401 (JSON)
    return value.get(name) if isinstance(value, dict) else None


def read_retry_after(
    header: str | None, errors: Iterable[Mapping[str, Any]], *, now_seconds: int
) -> int | None:
    """Read how long the hub asks to wait: from `Retry-After`, or from its errors.

    Units: seconds, rounded up; `now_seconds` since 1970.
    """
    asked = [_seconds_of(_extensions(error).get("retryAfter")) for error in errors]
    asked.append(_seconds_of_header(header, now_seconds))
    return max((seconds for seconds in asked if seconds is not None), default=None)


def _extensions(error: Mapping[str, Any]) -> Mapping[str, Any]:
    found = error.get("extensions")
    return found if isinstance(found, dict) else {}


def _seconds_of(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _seconds_of_header(header: str | None, now_seconds: int) -> int | None:
    if header is None:
        return None
    word = header.strip()
    if word.isascii() and word.isdecimal():
        return int(word[:_DIGITS_MAX])
    try:
        at = parsedate_to_datetime(word)
        return max(0, int(at.timestamp()) - now_seconds)
    except (ValueError, OverflowError):
        return None
