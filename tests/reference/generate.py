"""Random valid scenario files that are full of hard cases.

One builder, two sources of choices: `scenario(seed)` by `random.Random`, `scenarios()` a Hypothesis
strategy (which shrinks, because the first choice is always the plain one). The builder runs the
model beside it, so it knows balances, lots and what can still be refunded, and aims at the edges.

`Shape(has_open_points=True)` adds what the contract leaves open (see `choices.OPEN_POINTS`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.reference.choices import (
    AMOUNTS,
    BPS,
    FINE_RATES,
    FIRST_INSTANT,
    FLAT_FEES,
    FX,
    KINDS,
    LAST_INSTANT,
    MEMBERS,
    PARTNERS,
    POINTS,
    RATES,
    SALE_SHARES,
    SECOND,
    SHARES,
    SPREAD,
    WHOLE_BPS,
    WHOLE_FLAT_FEES,
    Dice,
    Drawn,
    Source,
    clipped,
    written,
)
from tests.reference.money import minor_units
from tests.reference.scenario import Run, instant
from tests.reference.settle import USE_RATE

Json = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """How large the file is, and whether it enters what the contract leaves open."""

    events_max: int = 40
    has_open_points: bool = False


def scenario(seed: int, shape: Shape | None = None) -> Json:
    """The valid scenario `input` of this seed."""
    return Builder(Dice(seed), shape or Shape()).build()


@st.composite
def scenarios(draw: st.DrawFn, shape: Shape | None = None) -> Json:
    """Valid scenario `input`s, small ones first."""
    return Builder(Drawn(draw), shape or Shape(events_max=15)).build()


class Builder:
    """Builds one file, event after event, with the model beside it."""

    def __init__(self, source: Source, shape: Shape) -> None:
        self.source, self.shape = source, shape
        self.cuts: list[datetime] = []
        self.instants: list[datetime] = []
        self.document: Json = {}
        self.rates, self.bps = source.pick(((RATES, BPS), (FINE_RATES, WHOLE_BPS)))

    def chance(self, percent: int) -> bool:
        """True in about `percent` of 100; False is the plain choice."""
        return self.source.number(0, 99) >= 100 - percent

    def build(self) -> Json:
        """The whole file."""
        source = self.source
        clearing = source.pick(("EUR", "EUR", "JPY", "KWD"))
        others = [currency for currency in SPREAD if currency != clearing]
        fx = {currency: source.pick(FX) for currency in others[: source.number(0, 3)]}
        windows = self._windows()
        partners = PARTNERS[: source.number(2, len(PARTNERS))]
        terms = [v for partner in partners for v in self._versions(partner, clearing, list(fx))]
        self.document = {"windows": windows, "terms": terms, "events": []}
        if clearing != "EUR" or self.chance(20):
            self.document["clearing"] = clearing
        if fx:
            self.document["fx"] = fx
        if self.chance(50):
            parties = sorted({*partners, "HUB", "POOL", "IDLE"})
            self.document["parties"] = parties
        if self.chance(40):
            payees = [*partners, "HUB", "POOL"][: source.number(1, len(partners) + 2)]
            currencies = [clearing, *fx]
            self.document["settlement_currency"] = {p: source.pick(currencies) for p in payees}
        self._events([clearing, *fx], list(partners))
        return self.document

    def _windows(self) -> list[Json]:
        starts = (
            datetime(2026, 1, 1, tzinfo=UTC),
            FIRST_INSTANT,
            datetime(9999, 12, 31, tzinfo=UTC),
        )
        start = self.source.pick((starts[0], starts[0], starts[0], *starts[1:]))
        lengths: tuple[timedelta, ...] = (
            timedelta(days=30),
            timedelta(hours=1),
            timedelta(seconds=3),
            timedelta(days=365),
        )
        if start == starts[2]:
            lengths = lengths[1:3]
        windows, opened = [], start
        for number in range(1, self.source.number(1, 4) + 1):
            cut = clipped(opened, self.source.pick(lengths))
            windows.append({"id": f"W{number}", "open": written(opened), "cut": written(cut)})
            self.instants += [opened, cut, cut - SECOND]
            self.cuts.append(cut)
            opened = cut
        return windows

    def _versions(self, partner: str, clearing: str, others: list[str]) -> list[Json]:
        source, versions = self.source, []
        opened = self.instants[0]
        since = source.pick([opened] * 12 + self.instants)
        for number in range(1, source.number(1, 3) + 1):
            label = f"V{number}" if self._is_open_point() else f"{partner}-{number}"
            as_date = since.time() == FIRST_INSTANT.time() and not self.chance(30)
            versions.append(
                {
                    "partner": partner,
                    "version": label,
                    "effective_from": written(since)[:10] if as_date else written(since),
                    **self._rates(clearing, others),
                }
            )
            later = [moment for moment in self.instants if moment > since]
            if not later:
                break
            since = source.pick(sorted(later))
            self.instants.append(since)
        return versions

    def _rates(self, clearing: str, others: list[str]) -> Json:
        source = self.source
        funding = source.pick(("ON_ISSUE", "ON_REDEMPTION", "HYBRID"))
        terms: Json = {"funding": funding, "currency": clearing}
        if funding == "ON_REDEMPTION":
            terms["currency"] = source.pick([clearing, *others])
        money = ("issue_price", "issue_fee", "accept_rate", "cash_out_rate", "donation_rate")
        for name in money:
            if not self.chance(15):
                terms[name] = source.pick(self.rates)
        if not self.chance(15):
            flat_fees = FLAT_FEES if minor_units(terms["currency"]) else WHOLE_FLAT_FEES
            terms["agent_fee_flat"] = source.pick(flat_fees)
        for name in ("breakage_share", "hub_breakage_share"):
            if not self.chance(25):
                terms[name] = source.pick(SHARES)
        if not self.chance(20):
            terms["accept_fee_bps"] = source.pick(self.bps)
        if self.chance(40):
            terms["issue_fee_refundable"] = self.chance(50)
        if funding == "ON_REDEMPTION" or self.chance(10):
            terms |= self._pair_rates([clearing, *others])
        return terms

    def _pair_rates(self, currencies: list[str]) -> Json:
        source = self.source
        keys = ["*", *PARTNERS][: source.number(1, len(PARTNERS) + 1)]
        kept = [key for key in keys if not self.chance(30)]
        terms: Json = {"redemption_rates": {key: source.pick(self.rates) for key in kept}}
        paid = [key for key in PARTNERS if self.chance(30)]
        if paid:
            terms["redemption_currencies"] = {key: source.pick(currencies) for key in paid}
        return terms

    def _is_open_point(self) -> bool:
        return self.shape.has_open_points and self.chance(10)

    def _events(self, currencies: list[str], partners: list[str]) -> None:
        run, seq = Run(self.document), 0
        posted_at = self.instants[0]
        names: list[str] = []
        for _ in range(self.source.number(0, self.shape.events_max)):
            seq += self.source.pick((1, 1, 1, 7))
            posted_at = self._posted_after(posted_at)
            at = posted_at
            if self.chance(30):
                at = self.source.pick([*self.instants, clipped(posted_at, -SECOND)])
            event: Json = {"seq": seq, "id": f"E{seq}", "at": written(at)}
            if at != posted_at or self.chance(10):
                event["posted_at"] = written(posted_at)
            chooser = Chooser(self, run, names, currencies, partners)
            kind = chooser.possible(self.source.pick(KINDS), at)
            event["type"] = kind
            event |= chooser.fields(kind, event["id"], at)
            run.step(event)
            if "expires" in event:
                expires = instant(event["expires"])
                self.instants += [expires, clipped(expires, -SECOND)]
            names.append(event["id"])
            self.document["events"].append(event)

    def _posted_after(self, posted_at: datetime) -> datetime:
        """The same instant, a second later, or one of the next instants that matter."""
        last = self.cuts[-1] - SECOND
        ahead = sorted({m for m in self.instants if posted_at < m <= last})[:3]
        choices = [posted_at, clipped(posted_at, SECOND), posted_at, *ahead]
        return min(last, self.source.pick(choices))


class Chooser:
    """The fields of one event by type, aimed with what the model knows."""

    def __init__(
        self,
        builder: Builder,
        run: Run,
        names: list[str],
        currencies: list[str],
        partners: list[str],
    ) -> None:
        self.builder, self.run, self.names = builder, run, names
        self.currencies, self.partners = currencies, partners
        self.source = builder.source

    def possible(self, kind: str, at: datetime) -> str:
        """Another kind, mostly, when there is nothing yet that this kind could touch."""
        if self.builder.chance(10):
            return kind
        rich = any(self.run.books.available(member, at) for member in MEMBERS)
        if kind == "MEMBERSHIP_CANCEL":
            return kind if self._good(kind) else "MEMBERSHIP_SALE"
        if kind == "REFUND" and not self._good(kind):
            kind = "REDEEM"
        needs_points = kind in USE_RATE or kind in {"TRANSFER", "REVERSE_ISSUE"}
        return "ISSUE" if needs_points and not rich else kind

    def _good(self, kind: str) -> list[str]:
        """Accepted events that can be refunded, or cancelled."""
        events = self.run.books.events
        wanted = {"MEMBERSHIP_SALE"} if kind == "MEMBERSHIP_CANCEL" else USE_RATE.keys()
        return [name for name in self.names if name in events and events[name].op["type"] in wanted]

    def fields(self, kind: str, name: str, at: datetime) -> Json:
        """Everything but seq, id, at, posted_at and type."""
        if kind in USE_RATE:
            return self._use(kind, at)
        makers: dict[str, Callable[[], Json]] = {
            "ISSUE": lambda: self._issue(name, at),
            "REFUND": lambda: self._of(kind),
            "MEMBERSHIP_CANCEL": lambda: self._of(kind),
            "REVERSE_ISSUE": self._reverse_issue,
            "TRANSFER": lambda: self._transfer(at),
            "EXPIRE": dict,
            "MEMBERSHIP_SALE": self._sale,
            "ADJUST": self._adjust,
        }
        return makers[kind]()

    def _issue(self, name: str, at: datetime) -> Json:
        source, builder = self.source, self.builder
        after = sorted({moment for moment in builder.instants if moment > at})
        far = clipped(at, timedelta(days=365))
        expires = source.pick([far] * 6 + [*after, clipped(at, SECOND), LAST_INSTANT])
        if expires <= at:
            expires = LAST_INSTANT
        if builder.shape.has_open_points and builder.chance(10):
            expires = at if builder.chance(50) else expires - timedelta(milliseconds=250)
        text = written(expires)
        if text.endswith("T00:00:00Z") and not builder.chance(30):
            text = text[:10]
        found: Json = {
            "issuer": source.pick([*self.partners * 6, "NIL"]),
            "member": source.pick(MEMBERS),
            "points": source.pick(POINTS),
            "lot": f"L{name[1:]}",
            "expires": text,
        }
        return found | ({"reason": "bonus"} if builder.chance(10) else {})

    def _points(self, most: int) -> int:
        """Around `most`: exactly it, part of it, one too many, or anything."""
        part = self.source.number(1, most) if most > 0 else 1
        choices = [part, most, part, most, most - 1, most + 1, self.source.pick(POINTS)]
        return min(10**12, max(1, self.source.pick(choices)))

    def _use(self, kind: str, at: datetime) -> Json:
        party = {"REDEEM": "acceptor", "CASH_OUT": "agent", "DONATE": "charity"}[kind]
        member = self._rich_member(at)
        found: Json = {
            party: self.source.pick([*self.partners * 6, "NIL"]),
            "member": member,
            "points": self._points(self.run.books.available(member, at)),
        }
        if kind == "DONATE" and not self.builder.chance(40):
            found["match_rate"] = self.source.pick(self.builder.rates)
        return found

    def _rich_member(self, at: datetime) -> str:
        rich = [m for m in MEMBERS if self.run.books.available(m, at)]
        return self.source.pick([*rich, *rich, *rich, *MEMBERS])

    def _of(self, kind: str) -> Json:
        """A reference to what can be given back; sometimes to a refused or unknown event."""
        good = self._good(kind)
        refused = [entry["event"] for entry in self.run.refused]
        choices = [*good, *good, *good, *good, *good, "NOWHERE", *refused[:2]]
        if self.builder.shape.has_open_points:
            choices += self.names
        of = self.source.pick(choices)
        if kind == "MEMBERSHIP_CANCEL":
            total = self.source.pick((365, 366, 3, 1))
            return {"of": of, "unused_days": self.source.number(0, total), "total_days": total}
        refundable = self.run.books.refundable(of) if of in good else 5
        return {"of": of, "points": self._points(refundable)}

    def _reverse_issue(self) -> Json:
        lots = self.run.books.all_lots
        moved = [name for name in lots if "/" in name]
        name = self.source.pick([*lots, *moved, *moved, "NOLOT"])
        return {
            "lot": name,
            "points": self._points(lots[name].remaining if name in lots else 5),
        }

    def _transfer(self, at: datetime) -> Json:
        giver = self._rich_member(at)
        taker = self.source.pick([member for member in MEMBERS if member != giver])
        points = self._points(self.run.books.available(giver, at))
        return {"from": giver, "to": taker, "points": points}

    def _adjust(self) -> Json:
        codes = [*self.partners, "HUB", "POOL", "NIL"]
        found: Json = {
            "debtor": self.source.pick(codes),
            "creditor": self.source.pick(codes),
            "amount": self.source.pick(AMOUNTS),
        }
        if self.builder.chance(40):
            found["currency"] = self.source.pick(self.currencies)
        return found

    def _sale(self) -> Json:
        source, currency = self.source, self.source.pick(self.currencies)
        shares = source.pick(SALE_SHARES)
        parties = [*self.partners, "HUB", "NIL"]
        first = source.number(0, len(parties) - len(shares))
        price = {"JPY": "6001", "KWD": "59.905"}.get(currency, "59.90")
        prices = [price, "0", "1000000", "1"]
        if self.builder.shape.has_open_points:
            prices.append("10.0000001")
        return {
            "seller": source.pick([*self.partners, "NIL"]),
            "currency": currency,
            "price_gross": source.pick(prices),
            "vat_rate": source.pick(("0.20", "0", "0.077", "0.19", "1")),
            "shares": dict(zip(parties[first:], shares, strict=False)),
        }
