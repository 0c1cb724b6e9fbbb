"""Settlement windows: what parties owe each other, and who pays whom."""

import asyncio
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Annotated

import strawberry

from hub.kernel.ids import IdKind
from hub.kernel.money import from_minor
from partners.errors import PartnerNotFound
from schema import loaders
from schema.context import Context, Info
from schema.money import Money
from schema.nodes import Node, computed
from schema.paging import FIRST_DEFAULT, After, Connection, First, make_connection, read_page
from schema.partners import Partner, plain, show_partner
from settlement.cells import Cell as CellValue
from settlement.netting import Payment as PaymentValue
from settlement.netting import pay_directly
from settlement.settle import Settlement
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
        self, info: Info, first: First = FIRST_DEFAULT, after: After = strawberry.UNSET
    ) -> Connection[SettlementCell]:
        """List a page of the cells that the actor may see."""
        context = info.context
        page = read_page(context, "cells", first, after)
        begin = tuple(page.position) if page.position else ("", "")
        settlement = await loaders.load_settlement(context, self.row.window_id)
        own = [
            cell
            for pair, cell in (settlement.cells.items() if settlement else ())
            if may_see(context, *pair) and tuple(pair) > begin
        ]
        shown = [
            (show_cell(context, cell, settlement), tuple(cell.pair))
            for cell in own[: page.limit + 1]
            if settlement is not None
        ]
        return make_connection(context, page, shown)

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


def may_see(context: Context, *parties: str) -> bool:
    """Whether what concerns these parties is for the actor: its own, or all for the operator."""
    if context.partner_id is None:
        return context.actor.is_operator
    return context.rooms.register.get_partner_by_id(context.partner_id).code in parties


def show_party(context: Context, code: str) -> Partner:
    """Show a party of a settlement."""
    try:
        party = context.rooms.register.get_partner(code)
    except PartnerNotFound as error:
        raise AssertionError(code) from error
    return show_partner(context, party.partner_id)


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
