"""Rates of exchange fixed at the cut, and what parties are paid in currencies of their own.

Source: rule book 2.6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from hub.kernel.money import (
    FX_PLACES,
    divide_half_even,
    exact_arithmetic,
    format_exact,
    from_minor,
    minor_units,
)
from settlement.errors import FxRateMissing, FxRateNotPositive

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Fixing:
    """The clearing currency and what one unit of it costs in others.

    Units: `rates` are units of the other currency per one unit of `clearing_currency`.
    Errors: CurrencyNotSettleable, CurrencyUnknown, FxRateNotPositive.
    """

    clearing_currency: str
    rates: Mapping[str, Decimal] = field(hash=False)

    def __post_init__(self) -> None:
        minor_units(self.clearing_currency)
        for currency, rate in self.rates.items():
            if rate <= 0:
                raise FxRateNotPositive(currency, format_exact(rate))
        object.__setattr__(self, "rates", MappingProxyType(dict(self.rates)))

    @property
    def places(self) -> int:
        """Decimal places of the clearing currency."""
        return minor_units(self.clearing_currency)

    def rate(self, currency: str) -> Decimal:
        """Units of `currency` per one unit of the clearing currency.

        Errors: FxRateMissing.
        """
        if currency == self.clearing_currency:
            return ONE
        if currency not in self.rates:
            raise FxRateMissing(currency, self.clearing_currency)
        return self.rates[currency]

    def cleared(self, amount: Decimal, currency: str) -> Decimal:
        """Turn an amount into the clearing currency; another's is rounded half-even to 8 places.

        Errors: FxRateMissing.
        """
        if currency == self.clearing_currency:
            return amount
        return divide_half_even(amount, self.rate(currency), places=FX_PLACES)


@dataclass(frozen=True, slots=True)
class LocalPayment:
    """What one party is paid in its own currency.

    Units: minor units of `currency`, signed like the net: negative is paid in.
    """

    currency: str
    amount_minor: int


def local_payments(
    nets_minor: Mapping[str, int], currencies: Mapping[str, str], fixing: Fixing
) -> dict[str, LocalPayment]:
    """Pay each party of `currencies` in its own, also when its net is 0.

    Units: nets in minor units of the clearing currency; the amount is rounded half-even.
    Errors: CurrencyNotSettleable, CurrencyUnknown, FxRateMissing.
    """
    payments = {}
    for party, currency in sorted(currencies.items()):
        places = minor_units(currency)
        net = from_minor(nets_minor.get(party, 0), fixing.places)
        with exact_arithmetic():
            local = net * fixing.rate(currency) * 10**places
        amount_minor = int(divide_half_even(local, 1, places=0))
        payments[party] = LocalPayment(currency, amount_minor)
    return payments


def fx_rounding(
    nets_minor: Mapping[str, int], payments: Mapping[str, LocalPayment], fixing: Fixing
) -> Decimal:
    """Sum what rounding to local units left with the party FX, over all local payments.

    Units: money of the clearing currency, rounded half-even once to 8 places.
    """
    difference = Fraction(0)
    for party, payment in payments.items():
        local = Fraction(from_minor(payment.amount_minor, minor_units(payment.currency)))
        net = Fraction(from_minor(nets_minor.get(party, 0), fixing.places))
        # A quotient of decimals has no end; of fractions it is exact until it is rounded once.
        difference += local * Fraction(1, Fraction(fixing.rate(payment.currency))) - net
    return divide_half_even(difference, 1, places=FX_PLACES)
