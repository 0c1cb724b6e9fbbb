"""The money of a co-branded membership: its price split at the sale, given back at a cancel.

All amounts are whole minor units, so what is split always sums to what was paid.

Source: rule book 2.4.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from hub.kernel.money import (
    SHARE_PLACES,
    allocate_largest_remainder,
    divide_half_even,
    divide_half_up,
    exact_arithmetic,
    exact_sum,
    format_exact,
    minor_units,
    places_needed,
    to_minor,
)
from partners.errors import PriceNotValid, SharesNotWhole, UnusedDaysOutOfRange


@dataclass(frozen=True, slots=True)
class MembershipSale:
    """How the price of one membership was split.

    `shares_minor` has every party of the agreement, the seller's own part included.
    """

    seller: str
    currency: str
    net_minor: int
    vat_minor: int
    shares_minor: Mapping[str, int]

    @property
    def owed_minor(self) -> dict[str, int]:
        """What the seller owes each other party; nobody is owed 0."""
        return _owed(self.shares_minor, self.seller)


@dataclass(frozen=True, slots=True)
class MembershipCancel:
    """What a cancelled membership gives back, split as its price was.

    `shares_minor` are positive; as obligations of the seller they count negative.
    """

    seller: str
    currency: str
    refund_net_minor: int
    shares_minor: Mapping[str, int]

    @property
    def returned_minor(self) -> dict[str, int]:
        """What each other party gives back to the seller; nobody gives back 0."""
        return _owed(self.shares_minor, self.seller)


def split_sale(
    *,
    price_gross: Decimal,
    vat_rate: Decimal,
    shares: Mapping[str, Decimal],
    currency: str,
    seller: str,
) -> MembershipSale:
    """Take the VAT out of a price and split the rest by the agreed shares.

    The net is rounded half-up to the minor unit; VAT, what is left of the price, stays with the
    seller. Shares are rounded down, the missing units go to the largest fractions, ties by party.

    Units: `price_gross` in `currency`, whole minor units; `vat_rate` and `shares` as parts of 1.
    Errors: AmountNotExact, CurrencyNotSettleable, CurrencyUnknown, PriceNotValid, SharesNotWhole.
    """
    _check_shares(shares)
    if price_gross < 0 or vat_rate < 0:
        raise PriceNotValid(format_exact(price_gross), format_exact(vat_rate))
    places = minor_units(currency)
    gross_minor = to_minor(price_gross, places)
    with exact_arithmetic():
        price_of_net = 1 + vat_rate
    net_minor = int(divide_half_up(gross_minor, price_of_net, places=0))
    parts = {party: net_minor * to_minor(share, SHARE_PLACES) for party, share in shares.items()}
    return MembershipSale(
        seller=seller,
        currency=currency,
        net_minor=net_minor,
        vat_minor=gross_minor - net_minor,
        shares_minor=allocate_largest_remainder(parts, divisor=10**SHARE_PLACES, total=net_minor),
    )


def split_cancel(sale: MembershipSale, *, unused_days: int, total_days: int) -> MembershipCancel:
    """Give back the unused part of a membership's net price.

    The refund is rounded half-even to the minor unit and split, by largest remainder, in
    proportion to the minor units that each party got at the sale, the seller included. That a sale
    is cancelled only once is for the caller to know.

    Errors: UnusedDaysOutOfRange.
    """
    if total_days < 1 or not 0 <= unused_days <= total_days:
        raise UnusedDaysOutOfRange(unused_days, total_days)
    refund_minor = int(divide_half_even(sale.net_minor * unused_days, total_days, places=0))
    parts = {party: refund_minor * got for party, got in sale.shares_minor.items()}
    return MembershipCancel(
        seller=sale.seller,
        currency=sale.currency,
        refund_net_minor=refund_minor,
        # A free membership has no net to be in proportion to; any divisor splits its 0.
        shares_minor=allocate_largest_remainder(
            parts, divisor=sale.net_minor or 1, total=refund_minor
        ),
    )


def _check_shares(shares: Mapping[str, Decimal]) -> None:
    """Shares are parts of 1 with at most four places, and together they are 1."""
    shares_sum = exact_sum(shares.values())
    are_parts = all(
        0 <= share <= 1 and places_needed(share) <= SHARE_PLACES for share in shares.values()
    )
    if not are_parts or shares_sum != 1:
        raise SharesNotWhole(format_exact(shares_sum))


def _owed(shares_minor: Mapping[str, int], seller: str) -> dict[str, int]:
    return {
        party: minor for party, minor in sorted(shares_minor.items()) if minor and party != seller
    }
