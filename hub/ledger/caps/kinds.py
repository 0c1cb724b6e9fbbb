"""What is capped, and for how long."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum
from hashlib import sha256
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

KIND_BITS: Final = 56
MONTHS_IN_YEAR: Final = 12
DAY: Final = timedelta(days=1)


class CapKind(IntEnum):
    """What a cap is about; the number is what the ledger stores, and the top bits of its ids.

    Source: rule book 1.3.4, 1.8.1, 1.8.4, 2.9.
    """

    WINDOW = 1
    MEMBER = 2
    BUDGET = 3
    TRANSFER = 4
    ACCEPT = 5
    NET_DEBIT = 6
    EXCHANGE = 7


PARTIAL: Final = frozenset({CapKind.WINDOW, CapKind.MEMBER, CapKind.BUDGET})
"""These grant what is left; the others refuse the whole."""

PER_WALLET: Final = frozenset({CapKind.MEMBER, CapKind.TRANSFER, CapKind.EXCHANGE})
"""Each wallet may use as much as the limit."""


class Renewal(StrEnum):
    """Whether a cap begins anew with each day, week, month or year of the coalition's calendar."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


Series: TypeAlias = tuple[CapKind, int, str]
"""Caps that follow each other: what is capped, of which partner, and what of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """How much there may be of something in a half-open span.

    Units: `limit` is points, or money where there is a currency; instants in UTC.
    """

    kind: CapKind
    partner_id: int
    subject: str
    currency: str | None
    limit: Decimal
    starts_at: datetime
    ends_at: datetime
    renewal: Renewal | None

    @property
    def cap_id(self) -> int:
        """The same for whoever opens the cap: it is made from what is capped.

        Its top bits are the kind, and its remainder by the number of lanes is its home lane.
        """
        name = f"{self.partner_id}:{len(self.subject)}:{self.subject}:{self.starts_at.isoformat()}"
        digest = int.from_bytes(sha256(name.encode()).digest()[: KIND_BITS // 8])
        return self.kind << KIND_BITS | digest

    @property
    def series(self) -> Series:
        """What it has in common with the caps before and after it."""
        return self.kind, self.partner_id, self.subject

    def is_in_force(self, at: datetime) -> bool:
        """Whether it applies at an instant."""
        return self.starts_at <= at < self.ends_at


def kind_of(cap_id: int) -> CapKind:
    """Say what a cap is about; its id tells."""
    return CapKind(cap_id >> KIND_BITS)


def calendar_span(renewal: Renewal, at: datetime, *, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Give the calendar day, week (from Monday), month or year that an instant lies in.

    A day is as long as the zone has it: where the clocks change, 23 or 25 hours.

    Units: UTC instants; the end is exclusive. Source: rule book 1.1.2.
    """
    first, following = _dates(renewal, at.astimezone(zone).date())
    return _begin(first, zone), _begin(following, zone)


def _dates(renewal: Renewal, today: date) -> tuple[date, date]:
    """Give the first date of a span, and the first date after it."""
    match renewal:
        case Renewal.DAY:
            return today, today + DAY
        case Renewal.WEEK:
            monday = today - DAY * today.weekday()
            return monday, monday + 7 * DAY
        case Renewal.MONTH:
            years, month = divmod(today.month, MONTHS_IN_YEAR)
            return today.replace(day=1), date(today.year + years, month + 1, 1)
        case Renewal.YEAR:
            return date(today.year, 1, 1), date(today.year + 1, 1, 1)


def _begin(day: date, zone: ZoneInfo) -> datetime:
    """Give the first instant of a date.

    A midnight that the clocks skip stands for the instant at which they do, and of two midnights it
    is the first: both are what the zone makes of it without a fold.
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)
