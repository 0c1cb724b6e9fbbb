"""What a refusal is: a class with data, whose sentence is the first line of its docstring."""

from dataclasses import dataclass


class DomainError(Exception):
    """The hub refuses this."""

    @property
    def code(self) -> str:
        """The stable name by which a client tells refusals apart."""
        return type(self).__name__

    def __str__(self) -> str:
        return (type(self).__doc__ or "").strip().partition("\n")[0]


@dataclass(eq=False)
class PointsOutOfRange(DomainError):
    """The number of points is not a whole number within the limits of one operation."""

    given: str
    points_min: int
    points_max: int


@dataclass(eq=False)
class DecimalNotValid(DomainError):
    """The text is not a plain decimal of the allowed length.

    Plain means: ASCII digits, at most one dot with digits on both sides, at most a leading minus.
    """

    given: str
    digits_max: int
    places_max: int


@dataclass(eq=False)
class AmountNotExact(DomainError):
    """The amount cannot be written exactly with the decimal places it is stored with."""

    amount: str
    places_max: int


@dataclass(eq=False)
class CurrencyUnknown(DomainError):
    """The code is not a currency of ISO 4217."""

    currency: str


@dataclass(eq=False)
class CurrencyNotSettleable(DomainError):
    """The currency has no minor unit in ISO 4217, so nothing can be settled in it."""

    currency: str


@dataclass(eq=False)
class IdempotencyConflict(DomainError):
    """The idempotency key was used before for another request."""


@dataclass(eq=False)
class DatabaseUnreachable(DomainError):
    """The database cannot be reached."""

    server: str
    reason: str

    def __str__(self) -> str:
        """Name the server and the reason, never the password."""
        return f"The database at {self.server} cannot be reached: {self.reason}."


@dataclass(eq=False)
class SchemaNotCurrent(DomainError):
    """The database has another schema than this version of the hub: run `hub migrate`."""

    found_revision: str
    expected_revision: str
