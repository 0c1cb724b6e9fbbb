"""Ledger stories: a few lines that read like the ledger, told to the real one.

    issue     ana air 100 expires 30d        -> L1
    redeem    ana shop 80                    -> R1
    redeem    ana shop 30  !! InsufficientPoints available_points=20 required_points=30
    tick      30d
    see       ana available=0 L1=20
    sweep
    see       ana available=0 L1=0

A line is a verb, its words, then either what it makes (`-> NAME`) or how it is refused (`!!` and
the refusal with all its data). A refusal must leave the ledger as it was, every row of it. Members
join when they are first named; the partners are those of `CAST`. Instants are told from the
story's present: `30d`, `-1d`, `2h`, `1us`, `never`, `now`.

    issue     MEMBER PARTNER POINTS   [expires WHEN] [ref TEXT] [reason TEXT]
    redeem    MEMBER PARTNER POINTS   also `cash-out`, and `donate` with [match RATE]
    refund    ENTRY POINTS            [by PARTNER]
    reverse   LOT POINTS              [by PARTNER]
    transfer  MEMBER MEMBER POINTS    the new lots are LOT/NAME of the entry
    expire    MEMBER                  book what is due of one wallet
    sweep     [to WHEN]               book what is due in every wallet
    cut       WHEN                    ask for a cut; it is made when its time has come
    terms     PARTNER                 [from WHEN] [until WHEN] a new version
    tick      HOW-LONG
    see       WHO THING=VALUE ...     what is so, exactly

Every verb that posts also takes [at WHEN] (a late entry: when it happened and is decided) and
[key TEXT]. `see` knows of a member `available`, `balance`, and each of their lots by name; of an
entry `points`, `expired`, `allocations` (LOT:POINTS,...), `rank`; of a partner `outstanding`; of
`journal` its `entries`.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hub.kernel.errors import DomainError
from hub.ledger.cuts import cut_lanes_until, plan_cut, sweep_lane
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Operation, Place, hash_request
from hub.points.giving_back import refund_points, reverse_issue
from hub.points.issue import issue_points
from hub.points.redeem import cash_out_points, donate_points, redeem_points
from hub.points.requests import NEVER
from hub.points.transfer import transfer_points
from partners.terms import Funding
from tests.coalition import LANE, Coalition, photograph

CAST: dict[str, dict[str, Any]] = {
    "air": {"funding": Funding.ON_ISSUE},
    "rail": {"funding": Funding.HYBRID},
    "shop": {"funding": Funding.ON_REDEMPTION},
    "bank": {"funding": Funding.ON_REDEMPTION},
    "charity": {"funding": Funding.ON_REDEMPTION},
}
UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "us": "microseconds"}
OPTIONS = {"at", "key", "expires", "ref", "reason", "by", "match", "from", "until", "to"}
ONLY_PLACE = "SELECT lot_id, remaining_points FROM ledger.lots WHERE lane = $1 AND wallet_id = $2"
USABLE = """
SELECT coalesce(sum(remaining_points - held_points), 0) FROM ledger.lots
WHERE lane = $1 AND wallet_id = $2 AND available_at <= $3 AND $3 < expires_at
"""


@dataclass(frozen=True)
class Line:
    """One line of a story, taken apart."""

    verb: str
    words: list[str]
    options: dict[str, str]
    makes: str | None
    refusal: str | None
    data: dict[str, str]


@dataclass(frozen=True)
class Done:
    """An entry that a story gave a name, and whose it is."""

    partner: str
    wallet: Place
    entry: Place
    result: Any


@dataclass
class Story:
    """Tells lines to a coalition, one after another."""

    coalition: Coalition
    done: dict[str, Done] = field(default_factory=dict)
    lots: dict[str, Place] = field(default_factory=dict)
    owners: dict[str, tuple[str, Place]] = field(default_factory=dict)

    async def __call__(self, text: str) -> None:
        for row in text.strip().splitlines():
            if row.strip() and not row.strip().startswith("#"):
                await self.tell(row.strip())

    async def tell(self, row: str) -> None:
        line = parse(row)
        verb: Callable[[Line], Awaitable[None]] = getattr(
            self, f"tell_{line.verb.replace('-', '_')}"
        )
        if line.refusal is None:
            await verb(line)
            return
        for name in line.words:
            if name.isalpha() and name.islower() and name not in CAST:
                await self.member(name)
        before = await photograph(self.coalition)
        with pytest.raises(DomainError) as refused:
            await verb(line)
        told = {name: written(value) for name, value in vars(refused.value).items()}
        assert (refused.value.code, told) == (line.refusal, line.data), row
        assert await photograph(self.coalition) == before, f"a refusal changed the books: {row}"

    async def member(self, name: str) -> Place:
        known = self.coalition.members.get(name)
        return known or await self.coalition.member(name)

    def when(self, text: str) -> datetime:
        if text == "never":
            return NEVER
        return self.coalition.clock.now + span(text)

    def call(self, line: Line) -> dict[str, Any]:
        at = line.options.get("at")
        moment = at and self.when(at)
        request = self.coalition.request(line.options.get("key"), at=moment or None)
        return {"poster": self.coalition.hub.poster, "request": request}

    def call_under_terms(self, line: Line) -> dict[str, Any]:
        hub = self.coalition.hub
        return {**self.call(line), "register": hub.register, "now": self.coalition.clock.now}

    def remember(self, line: Line, partner: str, wallet: Place, result: Any) -> None:
        if line.makes:
            self.done[line.makes] = Done(partner, wallet, result.entry, result)

    async def tell_issue(self, line: Line) -> None:
        name, partner, points = line.words
        wallet, options = await self.member(name), line.options
        issued = await issue_points(
            **self.call_under_terms(line),
            issuer=self.coalition.partners[partner],
            wallet=wallet,
            points=int(points),
            reference=options.get("ref"),
            expires_at=self.when(options["expires"]) if "expires" in options else NEVER,
            **({"reason": options["reason"]} if "reason" in options else {}),
        )
        self.remember(line, partner, wallet, issued)
        if line.makes:
            self.lots[line.makes] = issued.lot
            self.owners[line.makes] = (partner, wallet)

    async def tell_redeem(self, line: Line) -> None:
        await self.use(line, redeem_points, "acceptor")

    async def tell_cash_out(self, line: Line) -> None:
        await self.use(line, cash_out_points, "agent")

    async def tell_donate(self, line: Line) -> None:
        match = line.options.get("match")
        await self.use(line, donate_points, "charity", match_rate=match and Decimal(match))

    async def use(self, line: Line, verb: Any, role: str, **more: Any) -> None:
        name, partner, points = line.words
        wallet = await self.member(name)
        party = {role: self.coalition.partners[partner]}
        result = await verb(
            **self.call_under_terms(line), **party, wallet=wallet, points=int(points), **more
        )
        self.remember(line, partner, wallet, result)

    async def tell_refund(self, line: Line) -> None:
        source, points = line.words
        first = self.done[source]
        partner = line.options.get("by", first.partner)
        refunded = await refund_points(
            **self.call(line),
            acceptor=self.coalition.partners[partner],
            wallet=first.wallet,
            redemption=first.entry,
            points=int(points),
        )
        self.remember(line, partner, first.wallet, refunded)

    async def tell_reverse(self, line: Line) -> None:
        lot, points = line.words
        issuer, wallet = self.owners[lot]
        partner = line.options.get("by", issuer)
        result = await reverse_issue(
            **self.call(line),
            issuer=self.coalition.partners[partner],
            wallet=wallet,
            lot=self.lots[lot],
            points=int(points),
        )
        self.remember(line, partner, wallet, result)

    async def tell_transfer(self, line: Line) -> None:
        giver, taker, points = line.words
        wallet, to_wallet = await self.member(giver), await self.member(taker)
        moved = await transfer_points(
            **self.call(line), wallet=wallet, to_wallet=to_wallet, points=int(points)
        )
        self.remember(line, giver, wallet, moved)
        made = await self.coalition.query(
            "SELECT lot_id, source_lot_id FROM ledger.lots WHERE lane = $1 AND source_seq = $2",
            moved.entry.lane,
            moved.entry.number,
        )
        for row in made:
            source = next(
                name for name, lot in self.lots.items() if lot.number == row["source_lot_id"]
            )
            self.lots[f"{source}/{line.makes}"] = Place(moved.entry.lane, row["lot_id"])
            self.owners[f"{source}/{line.makes}"] = (self.owners[source][0], to_wallet)

    async def tell_expire(self, line: Line) -> None:
        wallet = await self.member(line.words[0])
        operation = Operation(
            kind=EntryKind.EXPIRE,
            wallet=wallet,
            partner_id=0,
            points=0,
            key_hash=None,
            request_hash=hash_request("expire"),
            actor="test",
            decided_at=self.call(line)["request"].instants.decided_at,
        )
        await self.coalition.hub.poster.post(operation)

    async def tell_sweep(self, line: Line) -> None:
        connection = await self.coalition.hub.database.connect()
        try:
            at = self.when(line.options.get("to", "now"))
            await sweep_lane(connection, LANE, at=at, posted_at=None)
        finally:
            await connection.close()

    async def tell_cut(self, line: Line) -> None:
        connection = await self.coalition.hub.database.connect()
        try:
            assert await plan_cut(connection, self.when(line.words[0]))
        finally:
            await connection.close()

    async def tell_terms(self, line: Line) -> None:
        until = line.options.get("until")
        await self.coalition.terms(
            line.words[0],
            since=self.when(line.options.get("from", "now")),
            effective_until=self.when(until) if until else None,
        )

    async def tell_tick(self, line: Line) -> None:
        now = self.coalition.clock.tick(span(line.words[0]))
        connection = await self.coalition.hub.database.connect()
        try:
            await cut_lanes_until(connection, now)
        finally:
            await connection.close()

    async def tell_see(self, line: Line) -> None:
        who, *facts = line.words
        expected = dict(fact.split("=") for fact in facts)
        if who == "journal":
            found = {"entries": await self.coalition.value("SELECT count(*) FROM ledger.entries")}
        elif who in self.done and not set(expected) <= {"remaining"}:
            found = await self.facts_of_entry(self.done[who])
        elif who in CAST:
            found = await self.facts_of_partner(who)
        else:
            found = await self.facts_of_member(who)
        assert {name: str(found.get(name)) for name in expected} == expected, line

    async def facts_of_member(self, name: str) -> dict[str, Any]:
        wallet, query = await self.member(name), self.coalition.value
        place = (wallet.lane, wallet.number)
        facts = {
            "available": await query(USABLE, *place, self.coalition.clock.now),
            "balance": await query(
                "SELECT balance_points FROM ledger.wallets WHERE lane = $1 AND wallet_id = $2",
                *place,
            ),
        }
        names = {lot.number: told for told, lot in self.lots.items()}
        for row in await self.coalition.query(ONLY_PLACE, *place):
            facts[names.get(row["lot_id"], "?")] = row["remaining_points"]
        return facts

    async def facts_of_entry(self, done: Done) -> dict[str, Any]:
        place = (done.entry.lane, done.entry.number)
        names = {lot.number: told for told, lot in self.lots.items()}
        (entry,) = await self.coalition.query(
            "SELECT * FROM ledger.entries WHERE lane = $1 AND seq = $2", *place
        )
        lines = await self.coalition.query(
            "SELECT lot_id, points, kind FROM ledger.allocations"
            " WHERE lane = $1 AND seq = $2 ORDER BY line",
            *place,
        )
        return {
            "points": entry["points"],
            "expired": -sum(row["points"] for row in lines if row["kind"] == EntryKind.EXPIRE),
            "allocations": ",".join(f"{names[row['lot_id']]}:{row['points']}" for row in lines),
            "segment": entry["segment_id"],
        }

    async def facts_of_partner(self, code: str) -> dict[str, Any]:
        return {
            "outstanding": await self.coalition.value(
                "SELECT coalesce(sum(points), 0) FROM ledger.liabilities WHERE issuer_id = $1",
                self.coalition.partners[code].partner_id,
            )
        }


async def begin_story(coalition: Coalition) -> Story:
    """Let the cast join."""
    for code, terms in CAST.items():
        await coalition.partner(code, **terms)
    return Story(coalition)


def parse(row: str) -> Line:
    """Take a line apart."""
    row = row.partition("  #")[0].strip()
    told, _, refused = (part.strip() for part in row.partition("!!"))
    told, _, makes = (part.strip() for part in told.partition("->"))
    verb, *rest = told.split()
    words, options = [], {}
    pieces = iter(rest)
    for piece in pieces:
        if piece in OPTIONS:
            options[piece] = next(pieces)
        else:
            words.append(piece)
    code, *data = refused.split() if refused else [None]
    return Line(verb, words, options, makes or None, code, dict(d.split("=", 1) for d in data))


def written(value: object) -> str:
    """A value of a refusal as a story writes it."""
    return f"{value:%Y-%m-%dT%H:%M:%S}" if isinstance(value, datetime) else str(value)


def span(text: str) -> timedelta:
    """A length of time as a story tells it."""
    if text == "now":
        return timedelta(0)
    found = re.fullmatch(r"(-?\d+)(us|[dhms])", text)
    assert found, f"not a length of time: {text}"
    return timedelta(**{UNITS[found[2]]: int(found[1])})
