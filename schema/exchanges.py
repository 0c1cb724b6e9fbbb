"""Exchange offers, what was received for points, and what would be."""

from datetime import datetime

import strawberry

from hub.kernel.money import POINTS_MAX
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Place
from hub.ledger.views.store import Entry, sum_refunded
from partners.exchange_offers import ExchangeOffer as OfferValue
from schema.context import Context, Info
from schema.loaders import loader_of
from schema.nodes import computed
from schema.partners import Partner, show_partner
from schema.scalars import Points, Units


@strawberry.type(description="A currency that a partner keeps outside the hub, e.g. miles.")
class OtherCurrency:
    """A currency of a partner."""

    code: str = strawberry.field(description="Its code, e.g. `MILES`.")
    name_en: str = strawberry.field(description="Its name in English.")
    name_zh: str = strawberry.field(description="Its name in Chinese.")


@strawberry.type(
    description="One version of what a partner gives of its own currency for points. A number of"
    " points passes when it is at least the minimum and a multiple of the step; then it gives"
    " `getUnits` for every `givePoints`, and `bonusUnits` more for every full `blockPoints`."
)
class ExchangeOffer:
    """One version of an exchange offer."""

    version: str = strawberry.field(
        description="Its name, unique for the partner; exchanges have it as their reason."
    )
    effective_from: datetime = strawberry.field(description="First instant in force.")
    effective_until: datetime | None = strawberry.field(
        description="First instant not in force any more; null: no end yet."
    )
    currency: OtherCurrency = strawberry.field(description="What the partner gives.")
    give_points: Points = strawberry.field(description="The points of the ratio.")
    get_units: Units = strawberry.field(description="What they give.")
    minimum_points: Points = strawberry.field(description="The least at once.")
    step_points: Points = strawberry.field(description="Only multiples of it pass.")
    block_points: Points | None = strawberry.field(
        description="Every full block of so many points gives a bonus; null: there is none."
    )
    bonus_units: Units | None = strawberry.field(description="The bonus of one full block.")
    day_cap_points: Points | None = strawberry.field(
        description="How many points of one wallet in a day of the coalition; null: any number."
    )
    needs_name_match: bool = strawberry.field(
        description="Whether the name on the account that is credited must be the member's."
    )
    is_refundable: bool = strawberry.field(
        description="Whether the partner may refund an exchange; if not, it is for good."
    )
    partner_id: strawberry.Private[int]

    @computed(description="Who gives it.")
    def partner(self, info: Info) -> Partner:
        """Show the partner."""
        return show_partner(info.context, self.partner_id)


@strawberry.type(description="What an exchange gave.")
class ExchangeReceipt:
    """What an exchange gave."""

    offer: ExchangeOffer = strawberry.field(description="The version of the offer that applied.")
    units: Units = strawberry.field(description="What was received, bonus and all.")
    bonus_units: Units = strawberry.field(description="What of it is the bonus of full blocks.")
    entry: strawberry.Private[Entry]
    value: strawberry.Private[OfferValue]

    @computed(
        description="What is left of it after refunds: as much as the points that were not refunded"
        " would have given."
    )
    async def kept_units(self, info: Info) -> Units:
        """Take off what was refunded."""
        load = loader_of(info.context, "refunded", _refunded).load
        refunded = await load(self.entry.place)
        return Units(self.value.convert(self.entry.points - refunded).units)


@strawberry.type(description="What points would give now; nothing is set aside for it.")
class ExchangeQuote:
    """What points would give now."""

    offer: ExchangeOffer = strawberry.field(description="The offer in force.")
    is_possible: bool = strawberry.field(
        description="Whether this number passes the offer, and today's cap where it is told. The"
        " balance is not looked at."
    )
    units: Units | None = strawberry.field(
        description="What the points give, bonus and all; null: the number does not pass."
    )
    bonus_units: Units | None = strawberry.field(
        description="What of it is the bonus of full blocks."
    )
    smaller_points: Points | None = strawberry.field(
        description="The largest number that passes, up to what was asked; null: none does."
    )
    larger_points: Points | None = strawberry.field(
        description="The smallest number that passes, from what was asked on; null: none does."
    )
    left_today_points: Points | None = strawberry.field(
        description="What the cap of the day leaves this wallet; null: there is no cap, no account"
        " was named, or it is not for you to see."
    )
    largest_points: Points | None = strawberry.field(
        description="The largest number that passes at all, today where that is told; null: none."
    )


def show_offer(context: Context, offer: OfferValue) -> ExchangeOffer:
    """Show an offer: all of the coalition know it."""
    block, cap = offer.block_points, offer.day_cap_points
    return ExchangeOffer(
        version=offer.version,
        effective_from=offer.effective_from,
        effective_until=offer.effective_until,
        currency=OtherCurrency(code=offer.currency, name_en=offer.name_en, name_zh=offer.name_zh),
        give_points=Points(offer.give_points),
        get_units=Units(offer.get_units),
        minimum_points=Points(offer.minimum_points),
        step_points=Points(offer.step_points),
        block_points=None if block is None else Points(block),
        bonus_units=None if offer.bonus_units is None else Units(offer.bonus_units),
        day_cap_points=None if cap is None else Points(cap),
        needs_name_match=offer.needs_name_match,
        is_refundable=offer.is_refundable,
        partner_id=context.rooms.register.get_partner(offer.partner).partner_id,
    )


def show_receipt(context: Context, entry: Entry) -> ExchangeReceipt | None:
    """Show what an exchange gave, by the version of the offer that its entry names."""
    if entry.kind is not EntryKind.EXCHANGE or entry.reason is None:
        return None
    offer = context.rooms.register.find_offer_version(entry.partner_id, entry.reason)
    if offer is None:
        return None
    received = offer.convert(entry.points)
    return ExchangeReceipt(
        offer=show_offer(context, offer),
        units=Units(received.units),
        bonus_units=Units(received.bonus_units),
        entry=entry,
        value=offer,
    )


def show_quote(
    context: Context, offer: OfferValue, points: int, left_today: int | None
) -> ExchangeQuote:
    """Show what points would give, and which numbers would pass."""
    most = offer.day_cap_points if left_today is None else left_today
    largest = offer.largest_up_to(POINTS_MAX if most is None else most)
    above = offer.smallest_from(points)
    is_possible = offer.is_possible(points) and points <= largest
    received = offer.convert(points) if is_possible else None
    return ExchangeQuote(
        offer=show_offer(context, offer),
        is_possible=is_possible,
        units=None if received is None else Units(received.units),
        bonus_units=None if received is None else Units(received.bonus_units),
        smaller_points=_points(offer.largest_up_to(min(points, largest))),
        larger_points=_points(above if above is not None and above <= largest else 0),
        left_today_points=None if left_today is None else Points(left_today),
        largest_points=_points(largest),
    )


def _points(number: int) -> Points | None:
    """Leave out a number that stands for none."""
    return Points(number) if number > 0 else None


async def _refunded(context: Context, keys: list[Place]) -> list[int]:
    async with context.read() as tx:
        found = await sum_refunded(tx, keys)
    return [found.get(key, 0) for key in keys]
