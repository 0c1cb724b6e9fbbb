"""The hub's clock: the only place that asks what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime

UTC_ZONE = UTC
"""The zone of every instant of the hub."""

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Tell the present instant, in UTC."""
    return datetime.now(UTC)
