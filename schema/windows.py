"""Settlement windows: what parties owe each other, and who pays whom."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Annotated

import strawberry

from hub.kernel.ids import IdKind
from hub.kernel.money import from_minor
from hub.ledger.store import list_ranges
from partners.errors import PartnerNotFound
from schema import loaders
from schema.context import Context, Info
from schema.faults import bad_input, forbidden
from schema.filters import given
from schema.money import Money
from schema.nodes import Node, computed
from schema.obligations import Obligation, OwedFor, may_see, show_obligation, show_party
from schema.paging import (
    After,
    Before,
    Connection,
    First,
    Last,
    Page,
    cut,
    make_connection,
    read_page,
)
from schema.partners import Partner, plain, show_partner
from settlement.cells import Cell as CellValue
from settlement.cells import Pair
from settlement.netting import Payment as PaymentValue
from settlement.netting import pay_directly
from settlement.settle import Settlement
from settlement.statements import Obligation as ObligationRow
from settlement.statements import page_obligations
from settlement.store import Window


@strawberry.enum(description="How far a window has come.")
class WindowStatus(Enum):
    """How far a window has come."""

    OPEN = strawberry.enum_value("OPEN", description="Entries are posted to it, or will be.")
    CLOSING = strawberry.enum_value("CLOSING", description="Its entries are being cut off.")
    CLOSED = strawberry.enum_value("CLOSED", description="Settled and sealed.")


@strawberry.enum(description="Over which ways the money moves.")
class PaymentTopology(Enum):
    """Over which ways the money moves."""

    HUB_CENTRAL = strawberry.enum_value(
        "HUB_CENTRAL",
        description="Debtors pay the settlement account, creditors are paid from it.",
    )
    BILATERAL = strawberry.enum_value("BILATERAL", description="One payment per pair.")
    DIRECT_MIN = strawberry.enum_value(
        "DIRECT_MIN", description="The fewest payments from party to party."
    )


@strawberry.type(description="One line of what is billed: a kind of obligation under one price.")
class CellLine:
    """One line of what is billed."""

    key: str = strawberry.field(
        description="Kind, terms and currency, e.g. `REIMBURSE@2026-1`; `(-)` marks what was given"
        " back."
    )
    exact: Decimal = strawberry.field(
        description="In units of the clearing currency, at most 12 places."
    )


@strawberry.type(
    description="What one party owes another in a window. A negative amount is a credit note."
)
class SettlementCell:
    """What one party owes another in a window."""

    debtor: Partner = strawberry.field(description="Who owes.")
    creditor: Partner = strawberry.field(description="Who is owed.")
    amount: Money = strawberry.field(description="What is billed, rounded half-even.")
    exact: Decimal = strawberry.field(
        description="What was owed before rounding, in units of the clearing currency."
    )
    carry_in: Decimal = strawberry.field(
        description="Rounding brought forward from the window before, same unit."
    )
    carry_out: Decimal = strawberry.field(
        description="Rounding carried to the next window, at most half a minor unit either way."
    )
    lines: list[CellLine] = strawberry.field(
        description="The lines; with `carryIn` they sum to amount and `carryOut`."
    )


@strawberry.type(description="What a party gets or pays when everything is set off.")
class NetPosition:
    """What a party gets or pays."""

    party: Partner = strawberry.field(description="The party.")
    net: Money = strawberry.field(description="Positive: it gets. Negative: it pays.")


@strawberry.type(description="One payment that settles a window, or a part of it.")
class Payment:
    """One payment."""

    payer: Partner | None = strawberry.field(description="Null: the settlement account.")
    payee: Partner | None = strawberry.field(description="Null: the settlement account.")
    amount: Money = strawberry.field(description="How much, above zero.")


PartyCode = Annotated[
    str | None,
    strawberry.argument(description="Code of the party. A partner leaves it out: itself."),
]
Counterparty = Annotated[
    str | None, strawberry.argument(description="Only between the party and this one, by its code.")
]
Kinds = Annotated[
    list[OwedFor] | None,
    strawberry.argument(description="Only of these kinds."),
]
Line = Annotated[
    str | None, strawberry.argument(description="Only of this line of a bill, by its `key`.")
]
Topology = Annotated[
    PaymentTopology, strawberry.argument(description="Over which ways the money moves.")
]


@strawberry.type(
    description="A span of time that is settled together. A partner sees its own row and column."
)
class SettlementWindow(Node):
    """A span of time that is settled together."""

    calendar: str = strawberry.field(description="The calendar it belongs to.")
    code: str = strawberry.field(description="Its code in the calendar, e.g. `2026-01`.")
    opens_at: datetime = strawberry.field(description="First instant of it.")
    cut_at: datetime = strawberry.field(description="First instant after it.")
    status: WindowStatus = strawberry.field(description="How far it has come.")
    closed_at: datetime | None = strawberry.field(description="When it was closed.")
    seal: str | None = strawberry.field(
        description="SHA-256 of its figures and of the seal before, 64 hexadecimal digits."
    )
    row: strawberry.Private[Window]

    @computed(description="What each party owes each other, in order of codes; empty while open.")
    async def cells(
        self,
        info: Info,
        *,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Connection[SettlementCell]:
        """List a page of the cells that the actor may see."""
        context = info.context
        page = read_page(context, "cells", first=first, after=after, last=last, before=before)
        settlement = await loaders.load_settlement(context, self.row.window_id)
        return _page_cells(context, page, settlement, lambda pair: may_see(context, *pair))

    @computed(
        description="What the window says to one party; null while it is open. A partner leaves"
        " `partner` out: itself."
    )
    async def statement(
        self, info: Info, partner: PartyCode = strawberry.UNSET
    ) -> "Statement | None":
        """Show the statement of a party."""
        return await find_statement(info.context, self.row, given(partner))

    @computed(
        description="What each party gets or pays, in order of codes; empty while open. One per"
        " party; a partner sees its own."
    )
    async def net_positions(self, info: Info) -> list[NetPosition]:
        """List the nets that the actor may see."""
        context = info.context
        settlement = await loaders.load_settlement(context, self.row.window_id)
        if settlement is None:
            return []
        return [
            NetPosition(party=show_party(context, party), net=money_of(settlement, net))
            for party, net in settlement.net_position_minor.items()
            if may_see(context, party)
        ]

    @computed(
        description="The payments that settle it; empty while open. At most one per pair of"
        " parties; a partner sees its own."
    )
    async def payments(
        self, info: Info, topology: Topology = PaymentTopology.HUB_CENTRAL
    ) -> list[Payment]:
        """List the payments that the actor may see."""
        context = info.context
        settlement = await loaders.load_settlement(context, self.row.window_id)
        if settlement is None:
            return []
        return [
            Payment(
                payer=show_party(context, payment.payer) if payment.payer else None,
                payee=show_party(context, payment.payee) if payment.payee else None,
                amount=money_of(settlement, payment.amount_minor),
            )
            for payment in await list_payments(settlement, topology)
            if may_see(context, payment.payer, payment.payee)
        ]


@strawberry.type(
    description="What a settled window says to one party. Its figures come from its bills, and"
    " these from obligations of single entries: each step sums to the one above."
)
class Statement:
    """What a settled window says to one party."""

    window: SettlementWindow = strawberry.field(description="The window.")
    party: Partner = strawberry.field(description="The party.")
    net: Money = strawberry.field(
        description="What is left when everything is set off. Positive: the party gets it."
    )
    owes: Money = strawberry.field(description="The sum of its bills as debtor.")
    is_owed: Money = strawberry.field(description="The sum of its bills as creditor.")
    settlement: strawberry.Private[Settlement]

    @computed(description="Its bills, as debtor and as creditor, in order of codes.")
    async def cells(
        self,
        info: Info,
        *,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Connection[SettlementCell]:
        """List a page of the cells of the party."""
        context = info.context
        page = read_page(context, "cells", first=first, after=after, last=last, before=before)
        return _page_cells(
            context, page, self.settlement, lambda pair: self.party.code in tuple(pair)
        )

    @computed(
        description="The obligations that its bills are made of, in the order of the journal. A"
        " page that searches for few among many may be shorter than asked for, or empty, and still"
        " have a next one."
    )
    async def obligations(
        self,
        info: Info,
        *,
        counterparty: Counterparty = strawberry.UNSET,
        kinds: Kinds = strawberry.UNSET,
        line: Line = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Connection[Obligation]:
        """List a page of the obligations of the party."""
        context = info.context
        page = read_page(context, "statement", first=first, after=after, last=last, before=before)
        other, asked, key = given(counterparty), given(kinds), given(line)
        named = None if asked is None else {kind.name for kind in asked}
        currency = self.settlement.currency

        def is_wanted(row: ObligationRow) -> bool:
            own_key = row.line + ("" if row.owed.currency == currency else f"/{row.owed.currency}")
            return (
                (other is None or other in (row.owed.debtor, row.owed.creditor))
                and (named is None or row.owed.kind in named)
                and (key is None or own_key == key)
            )

        async with context.read() as tx:
            row = self.window.row
            found = await page_obligations(
                tx,
                context.rooms.register,
                await list_ranges(tx, row.opens_at, row.cut_at),
                party=self.party.code,
                is_wanted=is_wanted,
                part=page.slice(),
            )
        shown = [(show_obligation(context, one), tuple(one.place)) for one in found.obligations]
        stopped_at = found.stopped_at
        return make_connection(
            context, page, shown, searched_to=None if stopped_at is None else tuple(stopped_at)
        )


async def find_statement(context: Context, row: Window, code: str | None) -> Statement | None:
    """Show the statement of a party; None while the window is open, or without such a party.

    Errors: the faults FORBIDDEN and BAD_USER_INPUT.
    """
    register = context.rooms.register
    if context.partner_id is not None:
        own = register.get_partner_by_id(context.partner_id).code
        if code not in (None, own):
            raise forbidden("A partner reads its own statement: leave `partner` out.")
        code = own
    if code is None:
        raise bad_input("`partner` is missing: say whose statement it is.")
    settlement = await loaders.load_settlement(context, row.window_id)
    try:
        party = show_partner(context, register.get_partner(code).partner_id)
    except PartnerNotFound:
        return None
    if settlement is None:
        return None
    owes, is_owed = (
        sum(cell.rounded_minor for pair, cell in settlement.cells.items() if pair[side] == code)
        for side in (0, 1)
    )
    return Statement(
        window=show_window(context, row),
        party=party,
        net=money_of(settlement, is_owed - owes),
        owes=money_of(settlement, owes),
        is_owed=money_of(settlement, is_owed),
        settlement=settlement,
    )


def _page_cells(
    context: Context,
    page: Page,
    settlement: Settlement | None,
    is_shown: Callable[[Pair], bool],
) -> Connection[SettlementCell]:
    if settlement is None:
        return make_connection(context, page, [])
    own = [cell for pair, cell in settlement.cells.items() if is_shown(pair)]
    found = cut(page, own, lambda cell: tuple(cell.pair))
    shown = [(show_cell(context, cell, settlement), place) for cell, place in found]
    return make_connection(context, page, shown)


async def list_payments(settlement: Settlement, topology: PaymentTopology) -> list[PaymentValue]:
    """List the payments of a settlement; an empty party stands for the settlement account."""
    match topology:
        case PaymentTopology.HUB_CENTRAL:
            central = settlement.payments_hub_central
            ins = [PaymentValue(party, "", due) for party, due in central.pay_in_minor.items()]
            outs = [PaymentValue("", party, due) for party, due in central.pay_out_minor.items()]
            return [*ins, *outs]
        case PaymentTopology.BILATERAL:
            return list(settlement.payments_bilateral)
        case PaymentTopology.DIRECT_MIN:
            # Finding the fewest takes a good part of a second among 16 parties: beside the loop.
            nets = tuple(settlement.net_position_minor.items())
            return list(await asyncio.to_thread(_fewest_payments, nets))


@lru_cache(maxsize=64)
def _fewest_payments(nets_minor: tuple[tuple[str, int], ...]) -> tuple[PaymentValue, ...]:
    return pay_directly(dict(nets_minor)).payments


def show_cell(context: Context, cell: CellValue, settlement: Settlement) -> SettlementCell:
    """Show a cell that the actor may see."""
    return SettlementCell(
        debtor=show_party(context, cell.pair.debtor),
        creditor=show_party(context, cell.pair.creditor),
        amount=money_of(settlement, cell.rounded_minor),
        exact=plain(cell.exact),
        carry_in=plain(cell.carry_in),
        carry_out=plain(cell.carry_out),
        lines=[CellLine(key=key, exact=plain(exact)) for key, exact in cell.lines.items()],
    )


def money_of(settlement: Settlement, minor: int) -> Money:
    """Write minor units of the clearing currency as money."""
    return Money(amount=from_minor(minor, settlement.places), currency=settlement.currency)


def show_window(context: Context, row: Window) -> SettlementWindow:
    """Show a window."""
    return SettlementWindow(
        id=strawberry.ID(context.audience.write(IdKind.WINDOW, row.window_id)),
        calendar=row.calendar,
        code=row.code,
        opens_at=row.opens_at,
        cut_at=row.cut_at,
        status=WindowStatus(row.status),
        closed_at=row.closed_at,
        seal=row.seal,
        row=row,
    )
