"""How something leaves the schema: with a date until which it works, and what to use instead.

A field is deprecated for at least DAYS_MIN before it goes. Who still uses it is counted
(`hub schema usage --deprecated`), so that they can be told.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

DAYS_MIN: Final = 180
"""How long something that is deprecated goes on working, at least."""

_REASON: Final = re.compile(r"Works until (\d{4}-\d{2}-\d{2}), use `([A-Za-z_.()]+)`\.", re.ASCII)


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Until when something works, and what to use instead: a field as `Type.field`."""

    until: date
    use: str


def write_deprecation(*, until: date, use: str) -> str:
    """Write the reason of a deprecation, for `deprecation_reason=`."""
    return f"Works until {until.isoformat()}, use `{use}`."


def read_deprecation(reason: str) -> Deprecation | None:
    """Read a reason; None when it does not say both."""
    found = _REASON.fullmatch(reason)
    if found is None:
        return None
    try:
        return Deprecation(date.fromisoformat(found[1]), found[2])
    except ValueError:
        return None
