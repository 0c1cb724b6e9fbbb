"""Refusals of the partners' room."""

from dataclasses import dataclass
from datetime import datetime

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class TermsFieldInvalid(DomainError):
    """A field of an agreement's terms is missing, unknown or out of its limits."""

    partner: str
    version: str
    field: str
    given: str
    expected: str


@dataclass(eq=False)
class TermsNotExact(DomainError):
    """The terms make amounts that need more decimal places than an obligation has.

    `factors` names the two fields whose product is too fine.
    """

    partner: str
    version: str
    factors: str
    places_needed: int
    places_max: int


@dataclass(eq=False)
class TermsOverlap(DomainError):
    """Two versions of a partner's terms would be in force at the same time."""

    partner: str
    version: str
    other_version: str


@dataclass(eq=False)
class TermsVersionFixed(DomainError):
    """A version of terms never changes; give what is to change the name of a new version."""

    partner: str
    version: str
    field: str
    stored: str
    given: str


@dataclass(eq=False)
class TermsBackdated(DomainError):
    """Points have moved under the version before since then; a new version begins later."""

    partner: str
    version: str
    version_before: str
    effective_from: datetime


@dataclass(eq=False)
class CoalitionFixed(DomainError):
    """The clearing currency and the time zone of a coalition never change."""

    field: str
    stored: str
    given: str


@dataclass(eq=False)
class PartyReserved(DomainError):
    """The code belongs to a party of the coalition itself; a partner has another one."""

    partner: str


@dataclass(eq=False)
class OfferFieldInvalid(DomainError):
    """A field of an exchange offer is missing, unknown or out of its limits."""

    partner: str
    version: str
    field: str
    given: str
    expected: str


@dataclass(eq=False)
class OffersOverlap(DomainError):
    """Two offers of a partner for one currency would be in force at the same time."""

    partner: str
    version: str
    other_version: str


@dataclass(eq=False)
class OfferVersionFixed(DomainError):
    """A version of an exchange offer never changes; give what is to change a new version."""

    partner: str
    version: str
    field: str
    stored: str
    given: str


@dataclass(eq=False)
class OfferBackdated(DomainError):
    """An exchange offer that has begun ends now or later, not in the past."""

    partner: str
    version: str
    earliest: datetime


@dataclass(eq=False)
class ExchangeNotOffered(DomainError):
    """The partner gives nothing of its own for points at that instant."""

    partner: str
    at: datetime


@dataclass(eq=False)
class CurrencyNotNamed(DomainError):
    """The partner gives several currencies for points; name one of those that are given."""

    partner: str
    currencies: str


@dataclass(eq=False)
class MinimumNotReached(DomainError):
    """Fewer points than may be exchanged at once; the smallest number that passes is given."""

    minimum_points: int
    required_points: int


@dataclass(eq=False)
class NotInStep(DomainError):
    """Points are exchanged in steps; the nearest numbers that pass are given."""

    step_points: int
    below_points: int
    above_points: int | None
    required_points: int


@dataclass(eq=False)
class SharesNotWhole(DomainError):
    """The shares of a membership's price do not sum to 1, or one of them is out of its limits."""

    shares_sum: str


@dataclass(eq=False)
class PriceNotValid(DomainError):
    """The price or the VAT rate of a membership is negative."""

    price_gross: str
    vat_rate: str


@dataclass(eq=False)
class UnusedDaysOutOfRange(DomainError):
    """The unused days of a membership are not between 0 and its total days."""

    unused_days: int
    total_days: int


@dataclass(eq=False)
class PartnerNotFound(DomainError):
    """There is no such partner."""

    partner: str


@dataclass(eq=False)
class CoalitionNotSetUp(DomainError):
    """The coalition is not set up yet: `hub coalition apply FILE` does it."""
