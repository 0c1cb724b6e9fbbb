"""A small coalition kept by hand: scenario events to flows, without a database.

Just enough of the ledger to drive the settlement with the events of the examples: lots in order of
use, last used first for refunds. It knows no refusals: the examples have none.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from hub.kernel.money import format_exact, format_minor, from_minor, minor_units
from hub.ledger.entries import EntryKind
from partners.memberships import MembershipSale, split_cancel, split_sale
from partners.terms import Funding, Terms, chain_versions, make_terms
from settlement.cells import Pair
from settlement.fx import Fixing
from settlement.obligations import Flow, MoneyObligation
from settlement.settle import Clearing, Settlement, settle

EXAMPLES = Path(__file__).parent.parent / "data" / "examples"
USED_AT = {"REDEEM": "acceptor", "CASH_OUT": "agent", "DONATE": "charity"}

Event = dict[str, Any]
FlowKey = tuple[EntryKind, str, str | None, Terms, Terms | None, bool]


def read_example(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text())
    return document


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass
class Lot:
    name: str
    member: str
    terms: Terms
    expires: str
    first_seq: int
    remaining: int


@dataclass
class Window:
    points: dict[FlowKey, int] = field(default_factory=lambda: defaultdict(int))
    entries: dict[FlowKey, int] = field(default_factory=lambda: defaultdict(int))
    money: list[MoneyObligation] = field(default_factory=list)

    @property
    def flows(self) -> Iterator[Flow]:
        for key, points in self.points.items():
            yield Flow(*key, points=points, entry_count=self.entries[key])


class Books:
    """Lots and flows of one scenario, kept event by event."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        self.scenario = scenario
        self.terms = chain_versions(_terms(written) for written in scenario["terms"])
        self.windows = {window["id"]: Window() for window in scenario["windows"]}
        self.lots: list[Lot] = []
        self.used: dict[str, list[tuple[Lot, int]]] = {}
        self.sales: dict[str, MembershipSale] = {}
        self.events = {event["id"]: event for event in scenario["events"]}
        for event in scenario["events"]:
            getattr(self, f"_{event['type'].lower()}")(event, self._window(event))

    @property
    def pool_required(self) -> Decimal:
        backed = [lot for lot in self.lots if lot.terms.funding is not Funding.ON_REDEMPTION]
        return sum((lot.remaining * lot.terms.issue_price for lot in backed), Decimal(0))

    def settlements(self) -> Iterator[Settlement]:
        scenario = self.scenario
        clearing = Clearing(
            fixing=Fixing(scenario.get("clearing", "EUR"), _decimals(scenario.get("fx", {}))),
            settlement_currencies=scenario.get("settlement_currency", {}),
            parties=frozenset(scenario["parties"]),
        )
        carries: dict[Pair, Decimal] = {}
        for window in self.windows.values():
            settlement = settle(window.flows, window.money, carries_in=carries, clearing=clearing)
            yield settlement
            carries = settlement.carry_out

    def _window(self, event: Event) -> Window:
        posted = event.get("posted_at", event["at"])
        return next(
            self.windows[window["id"]]
            for window in self.scenario["windows"]
            if window["open"] <= posted < window["cut"]
        )

    def _terms_of(self, partner: str, event: Event) -> Terms:
        at = instant(event["at"])
        return next(each for each in self.terms if each.partner == partner and each.is_in_force(at))

    def _issue(self, event: Event, window: Window) -> None:
        terms = self._terms_of(event["issuer"], event)
        points = event["points"]
        self.lots.append(
            Lot(event["lot"], event["member"], terms, event["expires"], event["seq"], points)
        )
        _count(window, (EntryKind.ISSUE, terms.partner, None, terms, None, False), points)

    def _reverse_issue(self, event: Event, window: Window) -> None:
        lot = next(lot for lot in self.lots if lot.name == event["lot"])
        lot.remaining -= event["points"]
        key = (EntryKind.ISSUE, lot.terms.partner, None, lot.terms, None, True)
        _count(window, key, event["points"])

    def _take(self, member: str, points: int) -> Iterator[tuple[Lot, int]]:
        mine = [lot for lot in self.lots if lot.member == member and lot.remaining]
        for lot in sorted(mine, key=lambda lot: (lot.expires, lot.first_seq)):
            taken = min(points, lot.remaining)
            lot.remaining -= taken
            points -= taken
            if taken:
                yield lot, taken
        assert not points

    def _redeem(self, event: Event, window: Window) -> None:
        self.used[event["id"]] = list(self._take(event["member"], event["points"]))
        for place, (lot, points) in enumerate(self.used[event["id"]]):
            key = self._use_key(event, lot, is_reversal=False)
            _count(window, key, points, entries=int(place == 0))
            self._match(event, lot, points, window)

    _cash_out = _redeem
    _donate = _redeem

    def _refund(self, event: Event, window: Window) -> None:
        source, left = self.events[event["of"]], event["points"]
        for lot, used in reversed(self.used[event["of"]]):
            points = min(left, used)
            left -= points
            if points:
                lot.remaining += points
                _count(window, self._use_key(source, lot, is_reversal=True), points)

    def _use_key(self, event: Event, lot: Lot, *, is_reversal: bool) -> FlowKey:
        taker = event[USED_AT[event["type"]]]
        kind, terms = EntryKind[event["type"]], self._terms_of(taker, event)
        return (kind, lot.terms.partner, taker, lot.terms, terms, is_reversal)

    def _match(self, event: Event, lot: Lot, points: int, window: Window) -> None:
        if "match_rate" not in event:
            return
        amount = points * Decimal(event["match_rate"])
        window.money.append(
            MoneyObligation(
                "DONATION_MATCH",
                lot.terms.partner,
                event["charity"],
                lot.terms.currency,
                amount,
                lot.terms.version,
                is_reversal=False,
            )
        )

    def _transfer(self, event: Event, _: Window) -> None:
        for lot, points in list(self._take(event["from"], event["points"])):
            name = f"{lot.name}/{event['id']}"
            moved = Lot(name, event["to"], lot.terms, lot.expires, lot.first_seq, points)
            self.lots.append(moved)

    def _membership_sale(self, event: Event, window: Window) -> None:
        sale = split_sale(
            price_gross=Decimal(event["price_gross"]),
            vat_rate=Decimal(event["vat_rate"]),
            shares=_decimals(event["shares"]),
            currency=event["currency"],
            seller=event["seller"],
        )
        self.sales[event["id"]] = sale
        window.money += _revshare(sale, sale.owed_minor, event["id"], is_reversal=False)

    def _membership_cancel(self, event: Event, window: Window) -> None:
        sale = self.sales[event["of"]]
        cancel = split_cancel(
            sale, unused_days=event["unused_days"], total_days=event["total_days"]
        )
        back = {party: -minor for party, minor in cancel.returned_minor.items()}
        window.money += _revshare(sale, back, event["of"], is_reversal=True)


def printed(settlement: Settlement, window: str) -> dict[str, Any]:
    """The figures of a settlement in the form that the examples have them."""
    places = settlement.places

    def exact(amounts: dict[Pair, Decimal]) -> dict[str, str]:
        return {str(pair): format_exact(amount) for pair, amount in amounts.items()}

    def money(amounts: dict[Any, int]) -> dict[str, str]:
        return {str(key): format_minor(minor, places) for key, minor in amounts.items()}

    hub_central = settlement.payments_hub_central
    return {
        "window": window,
        "currency": settlement.currency,
        "gross_exact": exact(settlement.gross_exact),
        "carry_in": exact(settlement.carry_in),
        "gross_matrix": money(settlement.gross_matrix_minor),
        "carry_out": exact(settlement.carry_out),
        "bilateral_net": money(settlement.bilateral_net_minor),
        "net_position": money(settlement.net_position_minor),
        "invoice_lines": {
            str(pair): money(lines) for pair, lines in settlement.invoice_lines_minor.items()
        },
        "payments_hub_central": {
            "pay_in": money(dict(hub_central.pay_in_minor)),
            "pay_out": money(dict(hub_central.pay_out_minor)),
        },
        "payments_direct_min": [
            {
                "from": payment.payer,
                "to": payment.payee,
                "amount": format_minor(payment.amount_minor, places),
            }
            for payment in settlement.payments_direct.payments
        ],
        "gross_total": format_minor(settlement.gross_total_minor, places),
        "net_total": format_minor(settlement.net_total_minor, places),
    }


def _terms(written: dict[str, Any]) -> Terms:
    fields = dict(written)
    begins = instant(fields.pop("effective_from"))
    return make_terms(fields, effective_from=begins, effective_until=None)


def _decimals(texts: dict[str, str]) -> dict[str, Decimal]:
    return {key: Decimal(text) for key, text in texts.items()}


def _count(window: Window, key: FlowKey, points: int, *, entries: int = 1) -> None:
    window.points[key] += points
    window.entries[key] += entries


def _revshare(
    sale: MembershipSale, minor: dict[str, int], label: str, *, is_reversal: bool
) -> list[MoneyObligation]:
    places = minor_units(sale.currency)
    return [
        MoneyObligation(
            "REVSHARE",
            sale.seller,
            party,
            sale.currency,
            from_minor(amount, places),
            label,
            is_reversal,
        )
        for party, amount in minor.items()
    ]
