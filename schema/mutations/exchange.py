"""Exchange points into a partner's own currency, e.g. miles."""

from typing import Annotated

import strawberry

from hub.ledger.operations import Place
from hub.members.store import list_members_of_wallets
from hub.points import exchange as exchanging
from partners.store import Partner
from schema import loaders
from schema.accounts import acting_partner, given, make_request
from schema.context import Context, Info
from schema.exchanges import ExchangeReceipt, show_receipt
from schema.faults import bad_input
from schema.fields import mutation
from schema.mutations.answers import WalletPayload
from schema.mutations.redeem import OWN_REFUSALS, REDEEM_REFUSALS, Use, find_own_wallet, find_purse
from schema.nodes import computed


@strawberry.input(description="Points to exchange; `reference` names what you credited for them.")
class ExchangePointsInput(Use):
    """Points to exchange."""

    partner: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Code of the partner whose currency it is; a partner leaves it out.",
    )
    currency: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Code of the other currency, e.g. `MILES`; it may be left out where the partner"
        " gives only one.",
    )
    is_name_matched: bool = strawberry.field(
        default=False,
        description="Whether the name on the member's linked account, which is credited, is the"
        " member's: where the offer asks for it, it is refused otherwise.",
    )


@strawberry.type(description="What `exchangePoints` answers.")
class ExchangePointsPayload(WalletPayload):
    """What was exchanged."""

    @computed(description="What was received for the points; null when it was refused.")
    async def received(self, info: Info) -> ExchangeReceipt | None:
        """Tell it by the entry: a repeated request gives what the first one gave."""
        place = self.entry_place
        row = None if place is None else await loaders.load_entry(info.context, place)
        return None if row is None else show_receipt(info.context, row)


ExchangeInput = Annotated[ExchangePointsInput, strawberry.argument(description="What to exchange.")]


@mutation(
    "Turn points into a partner's own currency, e.g. miles, which it credits on its side, by the"
    " offer in force when it happens. All or nothing, in redemption order; where the offer is"
    " refundable, `refundPoints` gives back. `reference` must be given.",
    payload=ExchangePointsPayload,
    verb=exchanging.exchange_points,
    verb_refusals=(*REDEEM_REFUSALS, *exchanging.REFUSALS),
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
    own = await find_own_wallet(context, input, request)
    wallet = await find_purse(context, input, own)
    is_name_matched = input.is_name_matched and await _is_linked(context, own, partner)
    await context.turn()  # what the payload shows is read after the posting
    exchanged = await exchanging.exchange_points(
        rooms.poster,
        rooms.register,
        rooms.database,
        request,
        now=rooms.clock(),
        partner=partner,
        wallet=wallet,
        wanted=exchanging.Wanted(input.points, given(input.currency), is_name_matched, reference),
    )
    return ExchangePointsPayload(
        user_errors=[],
        posted_at=exchanged.posted_at,
        entry_place=exchanged.entry,
        wallet_place=wallet,
    )


async def _is_linked(context: Context, wallet: Place, partner: Partner) -> bool:
    """Whether the member has an account at the partner: without one, no name can match."""
    async with context.read() as tx:
        return bool(
            await list_members_of_wallets(tx, [wallet.number], linked_to=partner.partner_id)
        )
