"""Settle a window: from what happened to every figure that finance and partners are shown.

A pure function of flows, money obligations, carries and fixed rates: the same input gives the
same settlement, whenever and however often it is asked.

Source: rule book 2.5.5, 2.6.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from settlement.cells import Cell, Pair, make_cells
from settlement.cycles import CycleReport, report_cycles
from settlement.fx import Fixing, LocalPayment, fx_rounding, local_payments
from settlement.netting import (
    DirectPayments,
    HubCentral,
    Payment,
    net_bilaterally,
    net_multilaterally,
    pay_bilaterally,
    pay_directly,
    pay_through_hub,
)
from settlement.obligations import Flow, MoneyObligation, all_obligations


@dataclass(frozen=True, slots=True)
class Clearing:
    """How a window is cleared: in which currency, at which rates, between whom.

    `settlement_currencies` names the parties that are paid in a currency of their own; `parties`
    are listed in the nets even when nothing concerns them.
    """

    fixing: Fixing
    settlement_currencies: Mapping[str, str] = field(hash=False)
    parties: frozenset[str]


@dataclass(frozen=True, slots=True)
class Settlement:
    """All figures of one window in one clearing currency, each derived from the cells.

    Units: `..._minor` are minor units of `currency`, which has `places` decimal places; exact
    figures are money. Mappings are in ASCII order of their keys.
    """

    clearing: Clearing
    cells: Mapping[Pair, Cell] = field(hash=False)

    @property
    def currency(self) -> str:
        """The clearing currency."""
        return self.clearing.fixing.clearing_currency

    @property
    def places(self) -> int:
        """Decimal places of the clearing currency."""
        return self.clearing.fixing.places

    @property
    def gross_exact(self) -> dict[Pair, Decimal]:
        """What was owed in the window; pairs with an obligation, also when they sum to 0."""
        return {pair: cell.exact for pair, cell in self.cells.items() if cell.lines}

    @property
    def carry_in(self) -> dict[Pair, Decimal]:
        """The rounding brought forward, where there is any."""
        return {pair: cell.carry_in for pair, cell in self.cells.items() if cell.carry_in}

    @property
    def carry_out(self) -> dict[Pair, Decimal]:
        """The rounding carried to the next window, where there is any."""
        carries = {pair: cell.carry_out for pair, cell in self.cells.items()}
        return {pair: carry for pair, carry in carries.items() if carry}

    @property
    def gross_matrix_minor(self) -> dict[Pair, int]:
        """What is billed; pairs with an obligation or a carry brought forward."""
        return {pair: cell.rounded_minor for pair, cell in self.cells.items()}

    @property
    def invoice_lines_minor(self) -> dict[Pair, dict[str, int]]:
        """The lines of each bill; they sum to it."""
        return {pair: cell.invoice_lines_minor for pair, cell in self.cells.items()}

    @property
    def bilateral_net_minor(self) -> dict[Pair, int]:
        """What is left between two parties, positive, in the direction left to pay."""
        return net_bilaterally(self.cells.values())

    @property
    def net_position_minor(self) -> dict[str, int]:
        """What each party gets (positive) or pays (negative); they sum to 0."""
        return net_multilaterally(self.cells.values(), self.clearing.parties)

    @property
    def payments_hub_central(self) -> HubCentral:
        """Payments over the settlement account."""
        return pay_through_hub(self.net_position_minor)

    @property
    def payments_direct(self) -> DirectPayments:
        """The fewest payments from party to party."""
        return pay_directly(self.net_position_minor)

    @property
    def payments_bilateral(self) -> tuple[Payment, ...]:
        """One payment per pair."""
        return pay_bilaterally(self.bilateral_net_minor)

    @property
    def payments_local(self) -> dict[str, LocalPayment]:
        """What parties with a currency of their own are paid in it, also when it is 0."""
        currencies = self.clearing.settlement_currencies
        return local_payments(self.net_position_minor, currencies, self.clearing.fixing)

    @property
    def fx_rounding_exact(self) -> Decimal:
        """What rounding of the local payments left with FX, to 8 places."""
        fixing = self.clearing.fixing
        return fx_rounding(self.net_position_minor, self.payments_local, fixing)

    @property
    def gross_total_minor(self) -> int:
        """The sum of all bills, credit notes counted as positive."""
        return sum(abs(cell.rounded_minor) for cell in self.cells.values())

    @property
    def net_total_minor(self) -> int:
        """The money that has to move when everything is set off."""
        return sum(net for net in self.net_position_minor.values() if net > 0)

    @property
    def cycles(self) -> CycleReport:
        """What can be cleared without cash."""
        return report_cycles(self.cells.values())


def settle(
    flows: Iterable[Flow],
    money: Iterable[MoneyObligation],
    *,
    carries_in: Mapping[Pair, Decimal],
    clearing: Clearing,
) -> Settlement:
    """Settle what happened in one window.

    Units: `carries_in` is the `carry_out` of the window before, exact money of the clearing
    currency.
    Errors: AmountNotExact, FxRateMissing.
    """
    cells = make_cells(all_obligations(flows, money), carries_in=carries_in, fixing=clearing.fixing)
    return Settlement(clearing, MappingProxyType(cells))
