"""What the journal owes, one obligation after the other, and from obligations to payments.

Obligations are derived booking by booking (rule book 2.4), not from flows, so that a product that
settles flows x rates is checked by another method. All arithmetic is `Fraction`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.reference.books import Booking, Books, Lot, Op
from tests.reference.money import fixed, half_even, half_up, largest_remainder, minor_units

Terms = Mapping[str, Any]
TermsTable = Mapping[tuple[str, str], Terms]
Pair = tuple[str, str]
# Debtor, creditor, kind, amount, currency, label
Owed = tuple[str, str, str, Fraction, str, str]

POOL, HUB = "POOL", "HUB"
PLACES_OF_CONVERSION = 8
PARTIES_OF_EXACT_SEARCH_MAX = 16
# What the acceptor is paid with, and by which rate of its own terms, for each kind of use.
USE_RATE = {
    "REDEEM": ("accept_rate", "REIMBURSE"),
    "CASH_OUT": ("cash_out_rate", "CASH_OUT"),
    "DONATE": ("donation_rate", "DONATE"),
}


@dataclass(frozen=True)
class Obligation:
    """One party owes another an exact amount, from one booking."""

    window: str
    event: str
    debtor: str
    creditor: str
    kind: str
    is_reversal: bool
    amount: Fraction
    currency: str
    label: str

    def line(self, clearing: str) -> str:
        """The key of its invoice line."""
        suffix = "" if self.currency == clearing else f"/{self.currency}"
        return f"{self.kind}{'(-)' if self.is_reversal else ''}@{self.label}{suffix}"


def obligations(books: Books, terms: TermsTable, clearing: str) -> Iterator[Obligation]:
    """Every obligation of the journal, in its order; none of amount 0, none to oneself."""
    for line in books.journal:
        sign = -1 if line.is_reversal else 1
        if line.lot:
            lot = books.lot(line.lot)
            owed = _owed_for_points(books, line, lot, terms)
        else:
            owed = _owed_by_house(books, line, clearing)
        for debtor, creditor, kind, amount, currency, label in owed:
            if amount != 0 and debtor != creditor:
                yield Obligation(
                    line.window,
                    line.event,
                    debtor,
                    creditor,
                    kind,
                    line.is_reversal,
                    sign * amount,
                    currency,
                    label,
                )


def _owed_for_points(books: Books, line: Booking, lot: Lot, terms: TermsTable) -> Iterable[Owed]:
    pinned = terms[lot.issuer, lot.terms]
    if line.kind == "ISSUE":
        return _issue(line, lot, pinned)
    if line.kind == "EXPIRE":
        return _expiry(line, lot, pinned)
    if line.kind == "TRANSFER":
        return ()
    source = books.events[line.source]
    party = str(
        source.op[{"REDEEM": "acceptor", "CASH_OUT": "agent", "DONATE": "charity"}[line.kind]]
    )
    owed = list(_use(line, lot, pinned, terms[party, str(source.terms)]))
    if line.kind == "DONATE":
        match = line.points * Fraction(source.op.get("match_rate", 0))
        owed.append(
            (lot.issuer, party, "DONATION_MATCH", match, pinned["currency"], pinned["version"])
        )
    return owed


def _issue(line: Booking, lot: Lot, pinned: Terms) -> Iterator[Owed]:
    currency, version = pinned["currency"], pinned["version"]
    if pinned["funding"] != "ON_REDEMPTION":
        value = line.points * pinned["issue_price"]
        yield lot.issuer, POOL, "ISSUE_VALUE", value, currency, version
    if not line.is_reversal or pinned["issue_fee_refundable"]:
        fee = line.points * pinned["issue_fee"]
        yield lot.issuer, HUB, "ISSUE_FEE", fee, currency, version


def _expiry(line: Booking, lot: Lot, pinned: Terms) -> Iterator[Owed]:
    currency, version = pinned["currency"], pinned["version"]
    if pinned["funding"] == "ON_REDEMPTION":
        rate = pinned["redemption_rates"].get("*", Fraction(0)) * pinned["hub_breakage_share"]
        yield lot.issuer, HUB, "BREAKAGE_OPERATOR", line.points * rate, currency, version
        return
    value = line.points * pinned["issue_price"]
    share = pinned["breakage_share"]
    yield POOL, lot.issuer, "BREAKAGE_ISSUER", value * share, currency, version
    yield POOL, HUB, "BREAKAGE_OPERATOR", value * (1 - share), currency, version


def _use(line: Booking, lot: Lot, pinned: Terms, party: Terms) -> Iterator[Owed]:
    """Redemption, cash-out or donation of points of one lot."""
    points, issuer, taker = line.points, lot.issuer, party["partner"]
    rate_name, kind = USE_RATE[line.kind]
    rate, price, currency = party[rate_name], pinned["issue_price"], pinned["currency"]
    has_fee = line.kind == "REDEEM"
    if pinned["funding"] == "ON_REDEMPTION":
        label = party["version"]
        currency = party["currency"]
        if line.kind == "REDEEM":
            rate, currency = _pair_rate(pinned, taker)
            label = pinned["version"]
            has_fee = taker != issuer
        yield issuer, taker, kind, points * rate, currency, label
    elif pinned["funding"] == "ON_ISSUE":
        yield POOL, taker, kind, points * rate, currency, party["version"]
        yield POOL, HUB, "POOL_MARGIN", points * (price - rate), currency, pinned["version"]
    else:
        yield POOL, taker, "REIMBURSE_POOL", points * price, currency, pinned["version"]
        topup = points * (rate - price)
        yield issuer, taker, "REIMBURSE_TOPUP", topup, currency, party["version"]
        has_fee = has_fee and taker != issuer
    if has_fee:
        fee = points * rate * party["accept_fee_bps"] / 10000
        yield taker, HUB, "ACCEPT_FEE", fee, currency, party["version"]
    if line.kind == "CASH_OUT" and line.is_first and not line.is_reversal:
        flat = party["agent_fee_flat"]
        yield HUB, taker, "AGENT_FEE", flat, party["currency"], party["version"]


def _pair_rate(pinned: Terms, acceptor: str) -> tuple[Fraction, str]:
    rates = pinned["redemption_rates"]
    rate = rates.get(acceptor, rates.get("*", Fraction(0)))
    return rate, pinned["redemption_currencies"].get(acceptor, pinned["currency"])


def _owed_by_house(books: Books, line: Booking, clearing: str) -> Iterator[Owed]:
    op = books.events[line.event].op
    if line.kind == "ADJUST":
        currency = op.get("currency", clearing)
        yield op["debtor"], op["creditor"], "ADJUSTMENT", Fraction(op["amount"]), currency, "-"
        return
    sale = books.events[line.source].op
    units = sale_units(sale)
    if line.kind == "MEMBERSHIP_CANCEL":
        units = cancel_units(units, op)
    scale = 10 ** minor_units(sale["currency"])
    for party, count in units.items():
        amount = Fraction(count, scale)
        yield sale["seller"], party, "REVSHARE", amount, sale["currency"], line.source


def sale_units(sale: Op) -> dict[str, int]:
    """Minor units of the net price that each party gets at a sale, the seller included."""
    places = minor_units(sale["currency"])
    net = half_up(Fraction(sale["price_gross"]) / (1 + Fraction(sale["vat_rate"])), places)
    units = int(net * 10**places)
    parts = {party: units * Fraction(share) for party, share in sale["shares"].items()}
    return largest_remainder(parts, units)


def cancel_units(units: Mapping[str, int], cancel: Op) -> dict[str, int]:
    """Minor units that each party gives back, in proportion to what it got."""
    net = sum(units.values())
    back = round(Fraction(net * cancel["unused_days"], cancel["total_days"]))
    if net == 0:
        return dict.fromkeys(units, 0)
    return largest_remainder({p: Fraction(back * got, net) for p, got in units.items()}, back)


@dataclass
class Cells:
    """The matrix of one window: exact lines, carries and rounded cells by (debtor, creditor)."""

    lines: dict[Pair, dict[str, Fraction]]
    carry_in: dict[Pair, Fraction]
    cells: dict[Pair, Fraction]
    carry_out: dict[Pair, Fraction]

    def exact(self, pair: Pair) -> Fraction:
        """The sum of the lines of a pair."""
        return sum(self.lines[pair].values(), Fraction(0))

    def nets(self, parties: Iterable[str]) -> dict[str, Fraction]:
        """Signed net position of each of `parties` and of each party of a cell."""
        nets = dict.fromkeys(parties, Fraction(0))
        for (debtor, creditor), cell in self.cells.items():
            nets[debtor] = nets.get(debtor, Fraction(0)) - cell
            nets[creditor] = nets.get(creditor, Fraction(0)) + cell
        return nets


def cells_of_windows(
    owed: Iterable[Obligation],
    windows: Iterable[str],
    *,
    clearing: str,
    fx: Mapping[str, Fraction],
) -> dict[str, Cells]:
    """The matrix of every window, carries handed on in order."""
    sums: dict[str, dict[Pair, dict[tuple[str, str], Fraction]]] = {}
    for item in owed:
        pairs = sums.setdefault(item.window, {})
        lines = pairs.setdefault((item.debtor, item.creditor), defaultdict(Fraction))
        lines[item.line(clearing), item.currency] += item.amount
    carry: dict[Pair, Fraction] = {}
    matrices = {}
    for window in windows:
        lines_of = {
            pair: {
                key: amount
                if currency == clearing
                else half_even(amount / fx[currency], PLACES_OF_CONVERSION)
                for (key, currency), amount in lines.items()
            }
            for pair, lines in sums.get(window, {}).items()
        }
        matrices[window] = _cells(lines_of, carry, minor_units(clearing))
        carry = matrices[window].carry_out
    return matrices


def _cells(
    lines: dict[Pair, dict[str, Fraction]], carry: dict[Pair, Fraction], places: int
) -> Cells:
    cells, carry_out = {}, {}
    for pair in sorted(lines.keys() | carry.keys()):
        total = sum(lines.get(pair, {}).values(), carry.get(pair, Fraction(0)))
        cells[pair] = half_even(total, places)
        if total != cells[pair]:
            carry_out[pair] = total - cells[pair]
    return Cells(lines, carry, cells, carry_out)


def invoice_lines(matrix: Cells, pair: Pair, places: int) -> dict[str, str]:
    """The lines of a pair in whole units that sum to its cell."""
    scale = 10**places
    parts = {key: amount * scale for key, amount in matrix.lines.get(pair, {}).items()}
    if pair in matrix.carry_in:
        parts["ROUNDING_BF"] = matrix.carry_in[pair] * scale
    units = largest_remainder(parts, int(matrix.cells[pair] * scale))
    return {key: fixed(Fraction(count, scale), places) for key, count in units.items()}


def zero_sum_groups(nets: Mapping[str, Fraction]) -> list[list[str]]:
    """The parties with a net, in as many groups as possible whose nets sum to 0.

    The fewest payments are the number of parties minus the number of groups. Exact to 16 parties.
    """
    names = sorted(name for name, net in nets.items() if net)
    assert len(names) <= PARTIES_OF_EXACT_SEARCH_MAX, "too many parties for the exact search"
    size = 1 << len(names)
    sums, best, last = [Fraction(0)] * size, [0] * size, [0] * size
    for mask in range(1, size):
        low = (mask & -mask).bit_length() - 1
        sums[mask] = sums[mask & (mask - 1)] + nets[names[low]]
        members = [i for i in range(len(names)) if mask >> i & 1]
        last[mask] = max(members, key=lambda i: best[mask ^ (1 << i)])
        best[mask] = best[mask ^ (1 << last[mask])] + (sums[mask] == 0)
    groups: list[list[str]] = []
    mask = size - 1
    while mask:
        if sums[mask] == 0:
            groups.append([])
        groups[-1].append(names[last[mask]])
        mask ^= 1 << last[mask]
    return groups


def fewest_payments(nets: Mapping[str, Fraction]) -> list[tuple[str, str, Fraction]]:
    """A smallest set of direct payments (from, to, amount) that meets the nets."""
    payments = []
    for group in zero_sum_groups(nets):
        open_nets = {name: nets[name] for name in group}
        while any(open_nets.values()):
            payer = min(open_nets, key=lambda name: (open_nets[name], name))
            payee = max(open_nets, key=lambda name: (open_nets[name], name))
            amount = min(-open_nets[payer], open_nets[payee])
            open_nets[payer] += amount
            open_nets[payee] -= amount
            payments.append((payer, payee, amount))
    return payments


def pool_required(lots: Iterable[Lot], pinned: Callable[[Lot], Terms]) -> Fraction:
    """What the pool must hold: remaining x pinned issue price of its lots."""
    required = Fraction(0)
    for lot in lots:
        terms = pinned(lot)
        if terms["funding"] != "ON_REDEMPTION":
            required += lot.remaining * terms["issue_price"]
    return required
