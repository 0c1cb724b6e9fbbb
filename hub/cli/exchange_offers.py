"""The exchange offers in a file: versions of what partners give for points.

Source: rule book 1.8.4.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hub.cli.fields import (
    Fields,
    open_fields,
    read_code,
    read_flag,
    read_instant_or_date,
    read_name,
    read_whole,
)
from hub.cli.strict_json import Json, quote
from hub.kernel.money import POINTS_MAX
from partners.errors import OfferFieldInvalid
from partners.exchange_offers import RATIO_MAX, ExchangeOffer

OFFER_KEYS: Final = frozenset(ExchangeOffer.__dataclass_fields__)


def read_offers(file: str, place: str, values: Sequence[Json]) -> tuple[ExchangeOffer, ...]:
    """Read all versions of all exchange offers, in the order of the file.

    Errors: FileInvalid.
    """
    offers: list[ExchangeOffer] = []
    named: set[tuple[str, str]] = set()
    begun: set[tuple[str, str, datetime]] = set()
    for index, value in enumerate(values):
        fields = open_fields(file, f"{place}[{index}]", value, known=OFFER_KEYS)
        offer = _read_offer(fields)
        if (offer.partner, offer.version) in named:
            problem = f"{offer.partner} has a version {quote(offer.version)} already"
            raise fields.refusal("version", problem, "another name")
        beginning = (offer.partner, offer.currency, offer.effective_from)
        if beginning in begun:
            problem = f"another offer of {offer.partner} for {offer.currency} begins then"
            raise fields.refusal("effective_from", problem, "another instant")
        named.add((offer.partner, offer.version))
        begun.add(beginning)
        offers.append(offer)
    return tuple(offers)


def _read_offer(fields: Fields) -> ExchangeOffer:
    has_end = "effective_until" in fields.values
    try:
        return ExchangeOffer(
            partner=read_code(fields, "partner"),
            version=read_name(fields, "version"),
            effective_from=read_instant_or_date(fields, "effective_from"),
            effective_until=read_instant_or_date(fields, "effective_until") if has_end else None,
            currency=read_name(fields, "currency"),
            name_en=read_name(fields, "name_en"),
            name_zh=read_name(fields, "name_zh"),
            give_points=read_whole(fields, "give_points", first=1, last=RATIO_MAX),
            get_units=read_whole(fields, "get_units", first=1, last=RATIO_MAX),
            minimum_points=read_whole(fields, "minimum_points", first=1, last=POINTS_MAX),
            step_points=read_whole(fields, "step_points", first=1, last=POINTS_MAX),
            block_points=_read_choice(fields, "block_points"),
            bonus_units=_read_choice(fields, "bonus_units"),
            day_cap_points=_read_choice(fields, "day_cap_points"),
            needs_name_match=read_flag(fields, "needs_name_match"),
            is_refundable=read_flag(fields, "is_refundable"),
        )
    except OfferFieldInvalid as refusal:
        problem = f"{quote(refusal.given)} is not valid"
        raise fields.refusal(refusal.field, problem, refusal.expected) from refusal


def _read_choice(fields: Fields, key: str) -> int | None:
    if key not in fields.values:
        return None
    return read_whole(fields, key, first=1, last=POINTS_MAX)
