"""The full answer to a scenario file, by the models of the ledger and of settlement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from tests.reference.books import Books, Lot, Outcome
from tests.reference.money import exact, fixed, half_even, minor_units
from tests.reference.settle import (
    HUB,
    PLACES_OF_CONVERSION,
    POOL,
    Cells,
    Terms,
    cells_of_windows,
    fewest_payments,
    invoice_lines,
    obligations,
    pool_required,
)

Json = dict[str, Any]

DATE_LENGTH = len("2026-01-01")
RATES = (
    "issue_price",
    "issue_fee",
    "accept_rate",
    "accept_fee_bps",
    "cash_out_rate",
    "agent_fee_flat",
    "donation_rate",
    "breakage_share",
    "hub_breakage_share",
)
PARTY_FIELDS = ("issuer", "acceptor", "agent", "charity", "seller", "debtor", "creditor")


def instant(text: str) -> datetime:
    """An instant of the file; a date is 00:00 UTC of that day."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if len(text) == DATE_LENGTH else moment.astimezone(UTC)


def printed(moment: datetime) -> str:
    """As the answer prints `expires`: a date at 00:00 UTC, else an instant."""
    text = moment.replace(tzinfo=None).isoformat()
    return text[:DATE_LENGTH] if text.endswith("T00:00:00") else f"{text}Z"


class Run:
    """One pass over a scenario: `step` each event in order, then `finish`."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self.clearing = str(document.get("clearing", "EUR"))
        self.windows = [
            (str(window["id"]), instant(window["cut"])) for window in document["windows"]
        ]
        self.versions: dict[str, list[tuple[datetime, str]]] = {}
        self.terms: dict[tuple[str, str], Terms] = {}
        for terms in document["terms"]:
            self._learn(terms)
        self.books = Books(self._version_at, window=self.windows[0][0])
        self.refused: list[dict[str, str]] = []
        self._open = 0

    def _learn(self, terms: Json) -> None:
        parsed: Json = dict(terms)
        for name in RATES:
            parsed[name] = Fraction(terms.get(name, "0"))
        parsed["issue_fee_refundable"] = terms.get("issue_fee_refundable", True)
        rates = terms.get("redemption_rates", {})
        parsed["redemption_rates"] = {party: Fraction(rate) for party, rate in rates.items()}
        parsed["redemption_currencies"] = terms.get("redemption_currencies", {})
        self.terms[terms["partner"], terms["version"]] = parsed
        versions = self.versions.setdefault(terms["partner"], [])
        versions.append((instant(terms["effective_from"]), terms["version"]))
        versions.sort()

    def _version_at(self, partner: str, at: datetime) -> str | None:
        in_force = [name for since, name in self.versions.get(partner, []) if since <= at]
        return in_force[-1] if in_force else None

    def terms_of(self, lot: Lot) -> Terms:
        """The terms pinned on a lot."""
        return self.terms[lot.issuer, lot.terms]

    def step(self, event: Json) -> Outcome:
        """Cut what ends by the event's `posted_at`, then decide it."""
        self._cut_until(instant(str(event.get("posted_at", event["at"]))))
        op = dict(event, at=instant(event["at"]))
        if "expires" in event:
            op["expires"] = instant(event["expires"])
        outcome = self.books.apply(op)
        if outcome.code is not None:
            self.refused.append({"event": event["id"], "code": outcome.code})
        return outcome

    def finish(self) -> None:
        """Cut every window that is still open."""
        self._cut_until(self.windows[-1][1])

    def _cut_until(self, posted_at: datetime) -> None:
        while self._open < len(self.windows) and self.windows[self._open][1] <= posted_at:
            self.books.sweep_before(self.windows[self._open][1])
            self._open += 1
            if self._open < len(self.windows):
                self.books.window = self.windows[self._open][0]


def answer(document: Json) -> Json:
    """The answer to a valid scenario file, the whole document or its `input` alone."""
    document = document.get("input", document)
    run = Run(document)
    for event in document["events"]:
        run.step(event)
    run.finish()
    run.books.audit()
    fx = {currency: Fraction(rate) for currency, rate in document.get("fx", {}).items()}
    matrices = cells_of_windows(
        obligations(run.books, run.terms, run.clearing),
        [name for name, _ in run.windows],
        clearing=run.clearing,
        fx=fx,
    )
    parties = _parties(document, matrices.values())
    local = document.get("settlement_currency", {})
    settlements = []
    for name, _ in run.windows:
        nets = matrices[name].nets(parties)
        settlement = _settlement(name, matrices[name], nets, run.clearing)
        if local:
            settlement |= _local(nets, local, fx, run.clearing)
        settlements.append(settlement)
    return {
        "settlements": settlements,
        "lots": {name: _lot(lot) for name, lot in sorted(run.books.all_lots.items())},
        "pool_required_exact": exact(pool_required(run.books.all_lots.values(), run.terms_of)),
        "refused": run.refused,
    }


def _parties(document: Json, matrices: Iterable[Cells]) -> list[str]:
    """Every code that has a net position in every window."""
    if "parties" in document:
        return sorted(document["parties"])
    codes = {terms["partner"] for terms in document["terms"]}
    for event in document["events"]:
        codes |= {event[name] for name in PARTY_FIELDS if name in event}
        codes |= set(event.get("shares", ()))
    for matrix in matrices:
        codes |= {HUB, POOL} & {party for pair in matrix.cells for party in pair}
    return sorted(codes)


def _lot(lot: Lot) -> Json:
    assert lot.expires is not None, "a scenario's lots always expire"
    return {
        "issuer": lot.issuer,
        "member": lot.wallet,
        "remaining": lot.remaining,
        "expires": printed(lot.expires),
        "terms": lot.terms,
    }


def _settlement(window: str, matrix: Cells, nets: Mapping[str, Fraction], clearing: str) -> Json:
    places = minor_units(clearing)
    bilateral = {}
    for debtor, creditor in matrix.cells:
        there = matrix.cells[debtor, creditor]
        net = there - matrix.cells.get((creditor, debtor), Fraction(0))
        pair = (debtor, creditor) if net > 0 else (creditor, debtor)
        if net:
            bilateral[pair] = fixed(abs(net), places)

    def money(values: Mapping[str, Fraction]) -> dict[str, str]:
        return {key: fixed(value, places) for key, value in sorted(values.items())}

    return {
        "window": window,
        "currency": clearing,
        "gross_exact": _arrows({pair: exact(matrix.exact(pair)) for pair in matrix.lines}),
        "carry_in": _arrows({pair: exact(value) for pair, value in matrix.carry_in.items()}),
        "gross_matrix": _arrows({p: fixed(cell, places) for p, cell in matrix.cells.items()}),
        "carry_out": _arrows({pair: exact(value) for pair, value in matrix.carry_out.items()}),
        "bilateral_net": _arrows(bilateral),
        "net_position": money(nets),
        "invoice_lines": _arrows(
            {pair: invoice_lines(matrix, pair, places) for pair in matrix.cells}
        ),
        "payments_hub_central": {
            "pay_in": money({party: -net for party, net in nets.items() if net < 0}),
            "pay_out": money({party: net for party, net in nets.items() if net > 0}),
        },
        "payments_direct_min": [
            {"from": payer, "to": payee, "amount": fixed(amount, places)}
            for payer, payee, amount in sorted(fewest_payments(nets))
        ],
        "gross_total": fixed(sum(map(abs, matrix.cells.values()), Fraction(0)), places),
        "net_total": fixed(sum((n for n in nets.values() if n > 0), Fraction(0)), places),
    }


def _local(
    nets: Mapping[str, Fraction],
    currencies: Mapping[str, str],
    fx: Mapping[str, Fraction],
    clearing: str,
) -> Json:
    payments, difference = {}, Fraction(0)
    for party, currency in sorted(currencies.items()):
        rate = Fraction(1) if currency == clearing else fx[currency]
        net = nets.get(party, Fraction(0))
        amount = half_even(net * rate, minor_units(currency))
        difference += amount / rate - net
        payments[party] = {
            "currency": currency,
            "amount": fixed(amount, minor_units(currency)),
        }
    return {
        "payments_local": payments,
        "fx_rounding_exact": exact(half_even(difference, PLACES_OF_CONVERSION)),
    }


def _arrows(values: Mapping[tuple[str, str], Any]) -> Json:
    return {f"{debtor}>{creditor}": value for (debtor, creditor), value in sorted(values.items())}
