"""Refusals of the settlement room."""

from dataclasses import dataclass
from datetime import datetime

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class FxRateMissing(DomainError):
    """An amount is in a currency that has no fixed rate to the clearing currency."""

    currency: str
    clearing_currency: str


@dataclass(eq=False)
class FxRateNotPositive(DomainError):
    """A rate of exchange is not above zero."""

    currency: str
    rate: str


@dataclass(eq=False)
class WindowNotFound(DomainError):
    """There is no such window in the calendar."""

    calendar: str
    window: str


@dataclass(eq=False)
class WindowNotOver(DomainError):
    """The window is not over; it can be closed from its cut on."""

    window: str
    cut_at: datetime


@dataclass(eq=False)
class PreviousWindowOpen(DomainError):
    """The window before is not closed; its rounding is carried into this one."""

    previous_window: str


@dataclass(eq=False)
class WindowsNotAdjacent(DomainError):
    """A calendar has neither gaps nor overlaps; the window does not begin where another ends."""

    calendar: str
    window: str


@dataclass(eq=False)
class CutTooLate(DomainError):
    """Entries were posted after the cut that is asked for; it can no longer be made."""

    cut_at: datetime


@dataclass(eq=False)
class NoWindowClosed(DomainError):
    """No window is closed yet: `hub settle close` closes one."""


@dataclass(eq=False)
class WindowNotClosed(DomainError):
    """The window is not closed, so nothing is settled in it yet."""

    calendar: str
    window: str
    cut_at: datetime


@dataclass(eq=False)
class CellNotFound(DomainError):
    """Neither owed nor carried was anything between the two in this window."""

    window: str
    debtor: str
    creditor: str
