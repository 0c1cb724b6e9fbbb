"""Exchange points into a partner's own currency, e.g. miles."""

from typing import Annotated

import strawberry

from hub.points import exchange as exchanging
from hub.points.errors import NameNotMatched
from schema.accounts import acting_partner, given, make_request
from schema.context import Info
from schema.faults import bad_input
from schema.fields import mutation
from schema.mutations.answers import WalletPayload
from schema.mutations.redeem import OWN_REFUSALS, REDEEM_REFUSALS, Use, find_payer


@strawberry.input(description="Points to exchange; `reference` names what you credited for them.")
class ExchangePointsInput(Use):
    """Points to exchange."""

    partner: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Code of the partner whose currency it is; a partner leaves it out.",
    )
    is_name_matched: bool = strawberry.field(
        description="Whether the name on the account that is credited is the member's; else it is"
        " refused."
    )


@strawberry.type(description="What `exchangePoints` answers.")
class ExchangePointsPayload(WalletPayload):
    """What was exchanged."""


ExchangeInput = Annotated[ExchangePointsInput, strawberry.argument(description="What to exchange.")]


@mutation(
    "Turn points into a partner's own currency, e.g. miles, which it credits on its side. All or"
    " nothing, in redemption order; it cannot be taken back. `reference` must be given.",
    payload=ExchangePointsPayload,
    verb=exchanging.exchange_points,
    verb_refusals=(*REDEEM_REFUSALS, NameNotMatched),
    own_refusals=OWN_REFUSALS,
)
async def exchange_points(info: Info, input: ExchangeInput) -> ExchangePointsPayload:
    """Exchange points."""
    context = info.context
    rooms, request = context.rooms, make_request(context, input)
    partner = acting_partner(context, input.partner, role="partner")
    reference = given(input.reference)
    if reference is None:
        raise bad_input("`reference` is missing: say what was credited for the points.")
    wallet = await find_payer(context, input, request)
    await context.turn()  # what the payload shows is read after the posting
    exchanged = await exchanging.exchange_points(
        rooms.poster,
        rooms.register,
        request,
        now=rooms.clock(),
        partner=partner,
        wallet=wallet,
        points=input.points,
        is_name_matched=input.is_name_matched,
        reference=reference,
    )
    return ExchangePointsPayload(
        user_errors=[],
        posted_at=exchanged.posted_at,
        entry_place=exchanged.entry,
        wallet_place=wallet,
    )
