"""Ledger stories: a few lines that read like the ledger, told to the real one.

    issue     ana air 100 expires 30d        -> L1
    redeem    ana shop 80                    -> R1
    redeem    ana shop 30  !! InsufficientPoints available_points=20 required_points=30
    tick      30d
    see       ana available=0 L1=20
    sweep
    see       ana available=0 L1=0

A line is a verb, its words, then either what it makes (`-> NAME`) or how it is refused (`!!` and
the refusal with all its data). A refusal must leave the ledger as it was, every row of it, unless
`settled` says that what was due before was booked first. Members
join when they are first named; the partners are those of `CAST`. Instants are told from the
story's present: `30d`, `-1d`, `2h`, `1us`, `never`, `now`.

    issue     MEMBER PARTNER POINTS   [expires WHEN] [ref TEXT] [reason TEXT] [available WHEN]
                                      [only PARTNER,...] [category TEXT,...] [barred transfer]
    purchase  MEMBER PARTNER REASON:POINTS[:FUNDER] ...  [ref TEXT] -> P; its lots are P.REASON
    hold      MEMBER PARTNER POINTS   for HOW-LONG [category TEXT]
    capture   HOLD POINTS             [by PARTNER]
    void      HOLD                    [by PARTNER]
    redeem    MEMBER PARTNER POINTS   [category TEXT]; also `cash-out`
    donate    MEMBER PARTNER POINTS   [match RATE]
    refund    ENTRY POINTS            [by PARTNER] [reinstated WHEN]
    reverse   LOT POINTS              [by PARTNER] [mode only-pending|within-balance|unlimited]
    extend    LOT POINTS              to WHEN
    reinstate LOT POINTS              to WHEN
    release   LOT
    transfer  MEMBER MEMBER POINTS    the new lots are LOT/NAME of the entry
    begin     MEMBER MEMBER POINTS    a move between lanes that stops after its first step
    hold-all  MEMBER MEMBER           the same, of everything that a wallet has
    arrive    HOLD MEMBER             its second step;  cross HOLD MEMBER: all that is left of it
    undo      HOLD                    let it go back
    finish    COUNT                   the sweeper finishes moves that stopped, so many
    offer     PARTNER                 [give POINTS get UNITS] [minimum POINTS] [step POINTS]
                                      [block POINTS bonus UNITS] [day POINTS] [from WHEN]
                                      [until WHEN] [named] [refundable]
    exchange  MEMBER PARTNER POINTS   [nameless]
    owe       MEMBER PARTNER POINTS   a debt comes into the wallet;  forgive DEBT POINTS
    close     MEMBER [in-vain]        also `open`
    expire    MEMBER                  book what is due of one wallet
    sweep     [to WHEN]               book what is due in every wallet
    cut       WHEN                    ask for a cut; it is made when its time has come
    terms     PARTNER                 [from WHEN] [until WHEN] a new version
    tick      HOW-LONG
    join      PARTNER                 [window POINTS] [member POINTS] under terms with caps
    cap       KIND PARTNER LIMIT      [reason TEXT] [in CURRENCY] [until WHEN] [each RENEWAL];
                                      PARTNER `-`: nobody's; of one in force the limit changes
    limit     CAP LIMIT
    pay       CAP AMOUNT              a payment frees so much of what a partner may owe
    see       WHO THING=VALUE ...     what is so, exactly

Every verb that posts also takes [at WHEN] (a late entry: when it happened and is decided) and
[key TEXT]. `see` knows of a member `available`, `balance`, `pending`, `held`, `restricted`, `owed`,
each of their lots by name, and the kinds of their `entries`; of an entry `points`, `asked`,
`capped`, `expired`, `segment`, `funder`, `reason`, `allocations` (LOT:POINTS,...), `aside` (the
same, of what is held), `repaid` (LOT:POINTS>CREDITOR,...); of a hold also `open` and `captured`; of
a partner `outstanding`; of a cap `limit`, `used`, `left`; of `journal` how many `entries`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.errors import DomainError
from hub.ledger.cuts import cut_lanes_until, plan_cut, sweep_lane
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Operation, Place, ReverseMode, hash_request
from hub.points.giving_back import refund_points, reverse_issue
from hub.points.issue import issue_points
from hub.points.lots import extend_lot, reinstate_lot, release_lot
from hub.points.redeem import cash_out_points, donate_points, redeem_points
from hub.points.requests import NEVER
from hub.points.restrictions import Restriction, save_restriction
from hub.points.transfer import transfer_points
from partners.terms import Funding
from tests.claims import Claims, Done
from tests.coalition import LANE, Coalition, photograph
from tests.limits import Limits
from tests.offers import Offers
from tests.sights import facts_of_entry, facts_of_journal, facts_of_member, facts_of_partner
from tests.storylines import Line, parse, span, written

CAST: dict[str, dict[str, Any]] = {
    "air": {"funding": Funding.ON_ISSUE},
    "rail": {"funding": Funding.HYBRID},
    "shop": {"funding": Funding.ON_REDEMPTION},
    "bank": {"funding": Funding.ON_REDEMPTION},
    "charity": {"funding": Funding.ON_REDEMPTION},
}
MODES = {
    None: ReverseMode.REFUSE,
    "only-pending": ReverseMode.ONLY_PENDING,
    "within-balance": ReverseMode.WITHIN_BALANCE,
    "unlimited": ReverseMode.UNLIMITED,
}


@dataclass
class Story(Claims, Limits, Offers):
    """Tells lines to a coalition, one after another."""

    coalition: Coalition
    done: dict[str, Done] = field(default_factory=dict)
    lots: dict[str, Place] = field(default_factory=dict)
    owners: dict[str, tuple[str, Place]] = field(default_factory=dict)
    caps: dict[str, int] = field(default_factory=dict)

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
        if not line.is_settled:
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
            available_at=self.when(options["available"]) if "available" in options else None,
            restriction_id=await self.restriction(options),
        )
        self.remember(line, partner, wallet, issued)
        if line.makes and issued.lot is not None:
            self.lots[line.makes] = issued.lot
            self.owners[line.makes] = (partner, wallet)

    async def restriction(self, options: dict[str, str]) -> int | None:
        if not {"only", "category", "barred"} & set(options):
            return None
        acceptors = options.get("only")
        rule = Restriction(
            acceptor_ids=acceptors
            and tuple(self.coalition.partners[code].partner_id for code in acceptors.split(",")),
            categories=tuple(options["category"].split(",")) if "category" in options else None,
            is_transferable=options.get("barred") != "transfer",
            is_exchangeable=options.get("barred") != "exchange",
        )
        async with self.coalition.hub.database.begin(HUB_ACTOR) as tx:
            return await save_restriction(tx, rule)

    async def tell_redeem(self, line: Line) -> None:
        category = line.options.get("category")
        await self.use(line, redeem_points, "acceptor", category=category)

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
            database=self.coalition.hub.database,
            acceptor=self.coalition.partners[partner],
            wallet=first.wallet,
            redemption=first.entry,
            points=int(points),
            reinstated_until=(
                self.when(line.options["reinstated"]) if "reinstated" in line.options else None
            ),
        )
        self.remember(line, partner, first.wallet, refunded)
        await self.name_lots(refunded.entry, line.makes, first.wallet)

    async def tell_reverse(self, line: Line) -> None:
        lot, points = line.words
        issuer, wallet = self.owners[lot]
        partner = line.options.get("by", issuer)
        result = await reverse_issue(
            **self.call(line),
            database=self.coalition.hub.database,
            issuer=self.coalition.partners[partner],
            wallet=wallet,
            lot=self.lots[lot],
            points=int(points),
            mode=MODES[line.options.get("mode")],
        )
        self.remember(line, partner, wallet, result)

    async def tell_extend(self, line: Line) -> None:
        await self.change_lot(line, extend_lot)

    async def tell_reinstate(self, line: Line) -> None:
        await self.change_lot(line, reinstate_lot)

    async def change_lot(self, line: Line, verb: Any) -> None:
        lot, points = line.words
        partner, wallet = self.owners[lot]
        changed = await verb(
            **self.call(line),
            database=self.coalition.hub.database,
            wallet=wallet,
            lot=self.lots[lot],
            points=int(points),
            expires_at=self.when(line.options["to"]),
            reason="kindness",
        )
        self.remember(line, partner, wallet, changed)
        if line.makes:
            self.lots[line.makes] = changed.lot
            self.owners[line.makes] = (partner, wallet)

    async def tell_release(self, line: Line) -> None:
        lot = line.words[0]
        partner, wallet = self.owners[lot]
        released = await release_lot(
            **self.call(line),
            database=self.coalition.hub.database,
            wallet=wallet,
            lot=self.lots[lot],
            reason="kindness",
        )
        self.remember(line, partner, wallet, released)

    async def tell_transfer(self, line: Line) -> None:
        giver, taker, points = line.words
        wallet, to_wallet = await self.member(giver), await self.member(taker)
        moved = await transfer_points(
            **self.call_under_terms(line),
            database=self.coalition.hub.database,
            wallet=wallet,
            to_wallet=to_wallet,
            points=int(points),
        )
        self.remember(line, giver, wallet, moved)
        await self.name_moved_lots(line.makes, wallet, to_wallet, moved.first_lot)

    async def name_lots(self, entry: Place, made_by: str | None, wallet: Place) -> None:
        """Name the lots that an entry moved points into: LOT/NAME."""
        first = await self.coalition.value(
            "SELECT min(lot_id) FROM ledger.lots"
            " WHERE lane = $1 AND source_seq = $2 AND source_lot_id IS NOT NULL",
            entry.lane,
            entry.number,
        )
        if first is not None:
            await self.name_moved_lots(made_by, wallet, wallet, Place(entry.lane, first))

    async def name_moved_lots(
        self, made_by: str | None, wallet: Place, to_wallet: Place, first_lot: Place
    ) -> None:
        made = await self.coalition.query(
            "SELECT lot_id, source_lot_id FROM ledger.lots"
            " WHERE lane = $1 AND wallet_id = $2 AND lot_id >= $3",
            to_wallet.lane,
            to_wallet.number,
            first_lot.number,
        )
        sources = {(lot.lane, lot.number): name for name, lot in self.lots.items()}
        for row in made:
            source = sources.get((wallet.lane, row["source_lot_id"]))
            if source is None:  # the story gave it no name
                continue
            self.lots[f"{source}/{made_by}"] = Place(to_wallet.lane, row["lot_id"])
            self.owners[f"{source}/{made_by}"] = (self.owners[source][0], to_wallet)

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
            found = await facts_of_journal(self)
        elif who in self.caps:
            found = await self.facts_of_cap(who)
        elif who in self.done:
            found = await facts_of_entry(self, self.done[who])
        elif who in CAST:
            found = await facts_of_partner(self, who)
        else:
            found = await facts_of_member(self, who)
        assert {name: str(found.get(name)) for name in expected} == expected, line


async def begin_story(coalition: Coalition) -> Story:
    """Let the cast join."""
    for code, terms in CAST.items():
        await coalition.partner(code, **terms)
    return Story(coalition)
