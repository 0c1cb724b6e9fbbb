"""A small coalition for tests: partners, terms and members, built where a test says so.

`coalition` is a fixture; every wallet lies in one lane unless a test asks for another, so that any
two members may transfer to each other. The clock stands still until the test moves it.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import asyncpg

from hub.kernel.actor import HUB_ACTOR
from hub.ledger.operations import LANE_COUNT, Place
from hub.ledger.settings import PosterSettings
from hub.members.store import Member, insert_members
from hub.points.requests import Instants, Request
from hub.wiring import Hub, open_hub
from partners import store
from partners.exchange_offers import ExchangeOffer, write_offer
from partners.store import Coalition as Home
from partners.store import Partner
from partners.terms import Funding, Terms

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""The instant at which every test begins, unless it says otherwise."""
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
STEP = timedelta(microseconds=1)
"""The grain of time in the books."""
LANE = 7
FIRST_NUMBER = 1_000_000
SALTED = {"salt", "leaf_hash"}

NUMBERS = {
    "issue_price": "0.0090",
    "issue_fee": "0.0005",
    "accept_rate": "0.0078",
    "accept_fee_bps": "120",
    "cash_out_rate": "0.0050",
    "agent_fee_flat": "0.35",
    "donation_rate": "0.0070",
    "breakage_share": "0.40",
    "hub_breakage_share": "0.10",
}


class Clock:
    """A clock that a test moves by hand; it never goes back."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def tick(self, delta: timedelta) -> datetime:
        assert delta >= timedelta(0), "the clock does not go back"
        self.now += delta
        return self.now


def make_terms(partner: str, version: str, since: datetime, **fields: Any) -> Terms:
    """Terms with plausible prices; any field may be given."""
    numbers = {name: Decimal(fields.pop(name, text)) for name, text in NUMBERS.items()}
    rates = fields.pop("redemption_rates", {"*": "0.0080"})
    plain: dict[str, Any] = {
        "effective_until": None,
        "funding": Funding.ON_ISSUE,
        "currency": "EUR",
        "issue_fee_refundable": True,
        "redemption_currencies": {},
        "expiry_months": None,
    }
    return Terms(
        partner=partner,
        version=version,
        effective_from=since,
        redemption_rates={key: Decimal(rate) for key, rate in rates.items()},
        **numbers,
        **(plain | fields),
    )


def make_offer(partner: str, version: str, **fields: Any) -> ExchangeOffer:
    """A plain exchange offer, a mile for a point; any field may be given."""
    plain: dict[str, Any] = {
        "effective_from": LONG_AGO,
        "effective_until": None,
        "currency": "MILES",
        "name_en": "miles",
        "name_zh": "里程",
        **dict.fromkeys(("give_points", "get_units", "step_points"), 1),
        "minimum_points": fields.get("step_points", 1),
        **dict.fromkeys(("block_points", "bonus_units", "day_cap_points")),
        "needs_name_match": False,
        "is_refundable": False,
    }
    return ExchangeOffer(partner=partner, version=version, **(plain | fields))


@dataclass
class Coalition:
    """A hub on a database of its own, with whoever a test let join."""

    hub: Hub
    url: str
    clock: Clock
    partners: dict[str, Partner] = field(default_factory=dict)
    members: dict[str, Place] = field(default_factory=dict)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def partner(
        self, code: str, *, since: datetime | None = LONG_AGO, **terms: Any
    ) -> Partner:
        """Let a partner join, with terms in force from `since`; None: without terms."""
        async with self.hub.database.begin(HUB_ACTOR) as tx:
            partner = await store.insert_partner(
                tx, code=code, name_en=code, name_zh=code, settlement_currency=None
            )
        self.partners[code] = partner
        if since is not None:
            await self.terms(code, since=since, **terms)
        else:
            await self.hub.register.refresh()
        return partner

    async def terms(self, code: str, *, since: datetime, **fields: Any) -> int:
        """Save a version of a partner's terms, give its id, and let this hub know."""
        version = fields.pop("version", f"{code}-{next(self.numbers)}")
        saved = await self.save_terms(code, make_terms(code, version, since, **fields))
        await self.hub.register.refresh()
        return saved

    async def save_terms(self, code: str, terms: Terms) -> int:
        """Save a version of terms without telling this hub's register."""
        from partners.agreements import write_terms

        async with self.hub.database.begin(HUB_ACTOR) as tx:
            return await store.insert_terms(
                tx,
                partner_id=self.partners[code].partner_id,
                version=terms.version,
                effective_from=terms.effective_from,
                effective_until=terms.effective_until,
                written=write_terms(terms),
            )

    async def offer(self, code: str, **fields: Any) -> ExchangeOffer:
        """Save a version of a partner's exchange offer, and let this hub know."""
        before = [one for one in self.hub.register.list_offers() if one.partner == code]
        version = fields.pop("version", f"{code}-{len(before) + 1}")
        offer = make_offer(code, version, **fields)
        async with self.hub.database.begin(HUB_ACTOR) as tx:
            await store.insert_exchange_offer(
                tx,
                partner_id=self.partners[code].partner_id,
                version=version,
                currency=offer.currency,
                effective_from=offer.effective_from,
                effective_until=offer.effective_until,
                written=write_offer(offer),
            )
        await self.hub.register.refresh()
        return offer

    async def member(self, name: str, *, lane: int = LANE) -> Place:
        """Let a member join; the wallet lies in a lane of the test's choice."""
        (wallet,) = await self.many_members(1, lane=lane)
        self.members[name] = wallet
        return wallet

    async def many_members(self, how_many: int, *, lane: int | None = None) -> list[Place]:
        """Let members join at once; without a lane they are spread over all of them."""
        places = []
        for _ in range(how_many):
            number = next(self.numbers)
            chosen = number % LANE_COUNT if lane is None else lane
            places.append(Place(chosen, (FIRST_NUMBER + number) * LANE_COUNT + chosen))
        async with self.hub.database.begin(HUB_ACTOR) as tx:
            await insert_members(tx, [Member(place.number, place, tx.now) for place in places])
        return places

    def request(self, key: str | None = None, *, at: datetime | None = None) -> Request:
        """One use of a key, a new one unless it is given; `at` says when it happened."""
        return Request(
            key=key or f"key-{next(self.numbers)}",
            actor="test",
            instants=Instants(occurred_at=at, decided_at=at),
        )

    async def query(self, statement: str, *values: object) -> list[asyncpg.Record]:
        """Look into the database."""
        connection = await self.hub.database.connect()
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()

    async def value(self, statement: str, *values: object) -> Any:
        """Look up one value in the database."""
        return (await self.query(statement, *values))[0][0]


@asynccontextmanager
async def open_coalition(
    url: str, *, now: datetime = START, poster: PosterSettings | None = None
) -> AsyncIterator[Coalition]:
    """Open a hub on a migrated database in which a coalition is set up and nobody has joined."""
    clock = Clock(now)
    async with open_hub(url, clock=clock, poster=poster) as hub:
        async with hub.database.begin(HUB_ACTOR) as tx:
            await store.put_coalition(tx, Home("Test", "points", "EUR", time_zone="UTC"))
        await hub.register.refresh()
        yield Coalition(hub, url, clock)


async def audit_books(url: str) -> list[asyncpg.Record]:
    """What is wrong with the books: nothing, if all is well (rule book 1.10.2)."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch("SELECT * FROM ledger.audit()")
    finally:
        await connection.close()


async def photograph(coalition: Coalition) -> Mapping[str, list[tuple[Any, ...]]]:
    """Every row of the ledger but its stored answers: a refusal must leave all of it as it was."""
    tables = ("wallets", "lots", "entries", "allocations", "money_lines", "flows", "liabilities")
    tables += ("issue_references", "lanes", "segments", "cuts", "holds", "arrears")
    tables += ("cap_usage", "charges", "cap_payments", "cap_carries")
    connection = await coalition.hub.database.connect()
    try:
        return {
            table: sorted(map(tuple, await connection.fetch(f"TABLE ledger.{table}")), key=str)
            for table in tables
        }
    finally:
        await connection.close()
