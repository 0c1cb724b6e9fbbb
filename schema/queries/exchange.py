"""What partners give for points, and what a number of points would give."""

from datetime import datetime
from typing import Annotated, Final

import strawberry

from hub.kernel.errors import DomainError
from hub.ledger.caps.store import find_used_by
from hub.points.caps import cap_of_day
from hub.points.exchange import choose_offer
from partners.errors import CurrencyNotNamed, ExchangeNotOffered
from partners.exchange_offers import ExchangeOffer as OfferValue
from partners.store import Partner
from schema.accounts import ACCOUNT_REFUSALS, AccountInput, find_partner, find_wallet, given
from schema.context import Context, Info
from schema.exchanges import ExchangeOffer, ExchangeQuote, show_offer, show_quote
from schema.faults import bad_input
from schema.fields import query
from schema.paging import After, Before, Connection, First, Last, cut, make_connection, read_page
from schema.scalars import Points

NOTHING: Final[tuple[type[DomainError], ...]] = (ExchangeNotOffered, *ACCOUNT_REFUSALS)
"""What leaves nothing to quote."""

OfPartner = Annotated[
    str | None, strawberry.argument(description="Code of the partner; without it, of all.")
]
Ended = Annotated[
    bool, strawberry.argument(description="Whether those that are over are listed, too.")
]
Giver = Annotated[
    str | None,
    strawberry.argument(description="Code of the partner; a partner may leave it out: itself."),
]
Given = Annotated[
    str | None,
    strawberry.argument(
        description="Code of the other currency; it may be left out where the partner gives one."
    ),
]
Asked = Annotated[Points, strawberry.argument(description="How many points.")]
Whose = Annotated[
    AccountInput | None,
    strawberry.argument(
        description="Whose day it is; a member leaves it out. Without it, and for a partner that"
        " asks about another one, the quote does not look at any day."
    ),
]


@query(
    "What partners give of their own currencies for points: versions in force and to come, by code"
    " of the partner, oldest first. A partner may give several currencies at a time."
)
async def exchange_offers(
    info: Info,
    *,
    partner: OfPartner = strawberry.UNSET,
    includes_ended: Ended = False,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> Connection[ExchangeOffer]:
    """List the offers."""
    context, code = info.context, given(partner)
    page = read_page(context, "exchangeOffers", first=first, after=after, last=last, before=before)
    now = context.rooms.clock()
    rows = [
        offer
        for offer in context.rooms.register.list_offers()
        if code in (None, offer.partner) and (includes_ended or not _is_over(offer, now))
    ]
    found = cut(page, rows, lambda row: (row.partner, row.effective_from.isoformat(), row.currency))
    shown = [(show_offer(context, row), place) for row, place in found]
    return make_connection(context, page, shown)


@query(
    "What points would give at a partner now, which numbers near them pass, and what is left of the"
    " day. Null when there is no such partner or member, or nothing is offered."
)
async def exchange_quote(
    info: Info,
    *,
    points: Asked,
    partner: Giver = strawberry.UNSET,
    account: Whose = strawberry.UNSET,
    currency: Given = strawberry.UNSET,
) -> ExchangeQuote | None:
    """Quote an exchange."""
    context, now = info.context, info.context.rooms.clock()
    try:
        giver = _find_giver(context, given(partner))
        offer = choose_offer(context.rooms.register, giver, given(currency), now)
        left = await _left_today(context, offer, giver, given(account), now)
    except CurrencyNotNamed as refusal:
        message = f"`currency` is missing: {refusal.partner} gives {refusal.currencies}."
        raise bad_input(message) from refusal
    except NOTHING:
        return None
    return show_quote(context, offer, points, left)


def _is_over(offer: OfferValue, now: datetime) -> bool:
    return offer.effective_until is not None and offer.effective_until <= now


def _find_giver(context: Context, code: str | None) -> Partner:
    """Find the partner that is asked about.

    Errors: PartnerNotFound; the fault BAD_USER_INPUT.
    """
    if code is None and context.partner_id is not None:
        return context.rooms.register.get_partner_by_id(context.partner_id)
    if code is None:
        raise bad_input("`partner` is missing: say which partner it is.")
    return find_partner(context, code)


async def _left_today(
    context: Context,
    offer: OfferValue,
    giver: Partner,
    account: AccountInput | None,
    now: datetime,
) -> int | None:
    """Say what the cap of the day leaves a wallet; None: no cap, no wallet, or not to be told.

    Errors: as `schema.accounts.find_wallet`.
    """
    if account is None and context.member_id is None:
        return None
    wallet = await find_wallet(context, account)
    day = cap_of_day(context.rooms.register, offer, partner=giver, at=now)
    limit = offer.day_cap_points
    if day is None or limit is None or context.partner_id not in (None, giver.partner_id):
        return None
    async with context.read() as tx:
        used = await find_used_by(tx, day.cap.cap_id, wallet)
    return max(0, limit - used)
