"""Instants as scenario files and answers write them."""

from datetime import datetime, time


def format_instant(at: datetime) -> str:
    """Write an instant: ISO 8601 with Z, a fraction only where there is one."""
    return at.isoformat().replace("+00:00", "Z")


def format_expiry(at: datetime) -> str:
    """Write the end of a lot: a date when it is 00:00 UTC, else an instant."""
    return at.date().isoformat() if at.time() == time.min else format_instant(at)
