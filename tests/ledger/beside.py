"""The real ledger and the model of the rule book, side by side, told the same operations.

`Both.submit` gives operations to the model one after another, in the order in which they were
submitted, and to the poster in groups; then it compares every answer. `Both.compare` looks at
everything else: each lot in its order of use, each wallet, each entry's allocations, and the flows.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.errors import DomainError
from hub.ledger.cuts import cut_lanes_until, plan_cut, sweep_lane
from hub.ledger.entries import EntryKind
from hub.ledger.errors import refusal_of
from hub.ledger.operations import (
    Code,
    Operation,
    Outcome,
    hash_key,
    hash_request,
)
from hub.ledger.views.as_of.store import sum_points_as_of
from hub.ledger.views.store import WalletPoints, sum_points
from hub.points.crossing import finish_crossings
from hub.points.requests import NEVER
from hub.points.restrictions import Restriction, save_restriction
from tests.coalition import DAY, LANE, START, STEP, Coalition
from tests.ledger.asking import ask
from tests.reference.books import NEEDS_TERMS, USES, Rule
from tests.reference.books import Outcome as Expected
from tests.reference.claims import Claims

PARTNERS = ("AIR", "BIO", "GAP")
MEMBERS = {"ana": LANE, "bob": LANE, "cem": LANE, "dan": LANE + 1, "eva": LANE + 1}
GAP_FROM, GAP_UNTIL = START + 2 * DAY, START + 4 * DAY
SPANS = {
    "AIR": [(START - 400 * DAY, START + DAY), (START + DAY, None)],
    "BIO": [(START - 400 * DAY, None)],
    "GAP": [(START - 400 * DAY, GAP_FROM), (GAP_UNTIL, None)],
}
RULES = (
    Rule(acceptors=("AIR",)),
    Rule(categories=("tea", "fuel"), is_exchangeable=False),
    Rule(acceptors=("BIO", "GAP"), is_transferable=False),
)
TOLD_ELSEWHERE = {"remaining_points": "unspent_points"}
FIRST_WINDOW = "the first"
Json = dict[str, Any]


@dataclass
class Both:
    """A coalition and the model of it."""

    coalition: Coalition
    books: Claims = field(init=False)
    cuts: list[datetime] = field(default_factory=list)
    told: int = 0
    booked: dict[str, tuple[int, int]] = field(default_factory=dict)
    lot_ids: dict[str, int] = field(default_factory=dict)
    answers: list[tuple[Any, ...]] = field(default_factory=list)
    arrivals: dict[tuple[int, int], str] = field(default_factory=dict)
    rules: dict[Rule | None, int | None] = field(default_factory=lambda: {None: None})

    def __post_init__(self) -> None:
        self.books = Claims(self._terms_at, window=FIRST_WINDOW)

    async def begin(self) -> None:
        """Let partners and members join."""
        for code in PARTNERS:
            await self.coalition.partner(code, since=None)
            for since, until in SPANS[code]:
                version = self._terms_at(code, since)
                await self.coalition.terms(
                    code, since=since, effective_until=until, version=version
                )
        for name, lane in MEMBERS.items():
            await self.coalition.member(name, lane=lane)
        for rule in RULES:
            acceptors = rule.acceptors and tuple(
                self.coalition.partners[code].partner_id for code in rule.acceptors
            )
            restriction = Restriction(
                acceptors, rule.categories, rule.is_transferable, rule.is_exchangeable
            )
            async with self.coalition.hub.database.begin(HUB_ACTOR) as tx:
                self.rules[rule] = await save_restriction(tx, restriction)

    @staticmethod
    def _terms_at(partner: str, at: datetime) -> str | None:
        for since, until in SPANS[partner]:
            if since <= at and (until is None or at < until):
                return f"{partner}-{since:%j}"
        return None

    @property
    def now(self) -> datetime:
        return self.coalition.clock.now

    def name(self) -> str:
        """A new name for an operation."""
        self.told += 1
        return f"E{self.told}"

    async def submit(
        self, ops: Sequence[Json], *, groups: Sequence[int], is_patient: bool
    ) -> list[Outcome]:
        """Tell both; `groups` are the sizes of what is posted together."""
        self._cut_the_model()
        real = [ask(self, op) for op in ops]
        expected = [self._expect(op) for op in ops]
        found: list[Outcome] = []
        pieces, start = [], 0
        for size in groups:
            pieces.append(real[start : start + size])
            start += size
        pieces.append(real[start:])
        poster = self.coalition.hub.poster
        if is_patient:
            for piece in pieces:
                found += await poster.post_many(piece)
        else:
            waiting = [poster.enqueue(operation) for piece in pieces for operation in piece]
            found = [outcome for future in waiting for outcome in await future]
        for op, operation, wanted, outcome in zip(ops, real, expected, found, strict=True):
            self._compare_answer(op, operation, wanted, outcome)
        await self._learn_lots()
        return found

    async def begin_crossing(self, op: Json) -> None:
        """Let both set points aside for a move between lanes."""
        self._cut_the_model()
        wanted = self.books.apply(op)
        members = self.coalition.members
        operation = Operation(
            kind=EntryKind.HOLD,
            wallet=members[op["from"]],
            counter_wallet=members[op["to"]],
            partner_id=0,
            points=op["points"],
            key_hash=hash_key(0, members[op["from"]].number, op["id"]),
            request_hash=hash_request(op["id"]),
            actor="test",
            mode=EntryKind.TRANSFER,
            expires_at=NEVER,
        )
        (found,) = await self.coalition.hub.poster.enqueue(operation)
        self._compare_answer(op, operation, wanted, found)

    async def finish_crossing(self, begun: str) -> None:
        """Let both finish the only move that is on its way."""
        self._cut_the_model()
        source = self.books.events[begun].op
        name = self.name()
        self.books.apply({"id": name, "type": "FINISH", "of": begun, "at": self.now})
        hub = self.coalition.hub
        older_than = timedelta(microseconds=-1)
        assert await finish_crossings(hub.poster, hub.database, now=self.now, older_than=older_than)
        lane, seq = self.booked[begun]
        self.booked[name] = (
            lane,
            await self.coalition.value(
                "SELECT ended_seq FROM ledger.holds WHERE lane = $1 AND hold_seq = $2", lane, seq
            ),
        )
        to_lane = MEMBERS[source["to"]]
        for row in await self.coalition.query(
            "SELECT seq FROM ledger.entries WHERE kind = 15 AND lane = $1 AND counter_lane = $2"
            " AND ref_seq = $3",
            to_lane,
            lane,
            seq,
        ):
            self.arrivals[to_lane, row["seq"]] = name
        await self._learn_lots()

    async def _learn_lots(self) -> None:
        """Give every new lot the name that the model has for it."""
        known = {
            (MEMBERS[self.books.lot(name).wallet], n): name for name, n in self.lot_ids.items()
        }
        events = {place: event for event, place in self.booked.items()} | self.arrivals
        rows = await self.coalition.query(
            "SELECT lane, lot_id, source_seq, coalesce(source_lane, lane) AS source_lane,"
            " source_lot_id FROM ledger.lots ORDER BY lane, lot_id"
        )
        left = [row for row in rows if (row["lane"], row["lot_id"]) not in known]
        while left:
            later = []
            for row in left:
                event = events[row["lane"], row["source_seq"]]
                source = (row["source_lane"], row["source_lot_id"])
                if row["source_lot_id"] is None:
                    name = str(self.books.events[event].op["lot"])
                elif source in known:
                    name = f"{known[source]}/{event}"
                else:
                    later.append(row)
                    continue
                known[row["lane"], row["lot_id"]] = name
                self.lot_ids[name] = row["lot_id"]
            assert len(later) < len(left), later
            left = later

    def _expect(self, op: Json) -> Expected:
        expected = self.books.apply({k: v for k, v in op.items() if k != "is_plain"})
        if op["type"] == "ISSUE" and expected.is_accepted and not expected.is_replay:
            # The rule book's order of the first issue is its instant; the model's, a number.
            self.books.all_lots[op["lot"]].issue_order = micros(self.now)
        return expected

    def _compare_answer(
        self, op: Json, operation: Operation, wanted: Expected, found: Outcome
    ) -> None:
        is_empty_expiry = op["type"] == "EXPIRE" and not wanted.allocations
        if is_empty_expiry:
            assert found.code == Code.NOTHING_TO_BOOK, (op, found)
            return
        refusal = refusal_of(found, points=operation.points, partner="", at=self.now)
        told = None if refusal is None else refusal.code
        assert told == wanted.code, (op, wanted, found)
        assert found.is_replay == wanted.is_replay, (op, wanted, found)
        if refusal is not None:
            self._compare_data(op, wanted, refusal)
            self.answers.append((op["id"], told))
            return
        assert found.seq is not None
        self.answers.append((op["id"], "booked", found.is_replay))
        place = (found.lane, found.seq)
        if wanted.is_replay:
            assert self.booked[wanted.event] == place, (op, wanted, found)
            return
        self.booked[op["id"]] = place

    @staticmethod
    def _compare_data(op: Json, wanted: Expected, refusal: DomainError) -> None:
        data = {TOLD_ELSEWHERE.get(k, k): v for k, v in wanted.data.items()}
        told = {k: v for k, v in vars(refusal).items() if k in data}
        assert told == data, (op, wanted, refusal)

    async def plan_cut(self, at: datetime) -> None:
        """Ask both for a cut at an instant to come."""
        connection = await self.coalition.hub.database.connect()
        try:
            assert await plan_cut(connection, at)
        finally:
            await connection.close()
        if at not in self.cuts:
            self.cuts.append(at)

    async def sweep(self) -> None:
        """Let both book everything that has ended, in every lane."""
        self._cut_the_model()
        connection = await self.coalition.hub.database.connect()
        try:
            for lane in sorted(set(MEMBERS.values())):
                await sweep_lane(connection, lane, at=self.now, posted_at=None)
        finally:
            await connection.close()
        # Windows differ where the sweep came before the cut of its lane: both are cut first.
        self.books.lapse_before(self.now + STEP)
        self.books.apply({"id": self.name(), "type": "EXPIRE", "at": self.now})

    def _cut_the_model(self) -> None:
        for cut in sorted(cut for cut in self.cuts if cut <= self.now):
            self.books.lapse_before(cut)
            self.books.sweep_before(cut)
            self.books.window = f"{cut:%Y-%m-%d %H:%M:%S.%f}"
            self.cuts.remove(cut)

    async def compare(self) -> None:
        """See that nothing differs, after both made the cuts that are due."""
        self._cut_the_model()
        connection = await self.coalition.hub.database.connect()
        try:
            await cut_lanes_until(connection, self.now)
        finally:
            await connection.close()
        self.books.audit()
        await self._compare_lots()
        await self._compare_wallets()
        await self._compare_allocations()
        await self._compare_flows()

    async def _compare_lots(self) -> None:
        rows = await self.coalition.query(
            "SELECT * FROM ledger.lots ORDER BY expires_at, issue_rank, lot_id"
        )
        names = {(row["lane"], row["lot_id"]): "?" for row in rows}
        for name, number in self.lot_ids.items():
            names[MEMBERS[self.books.lot(name).wallet], number] = name
        for member, wallet in self.coalition.members.items():
            found = [
                (
                    names[row["lane"], row["lot_id"]],
                    *(row["points"], row["remaining_points"], row["held_points"]),
                )
                for row in rows
                if row["wallet_id"] == wallet.number
            ]
            lots = self.books.lots(member)
            expected = [(lot.name, lot.points, lot.remaining, lot.held) for lot in lots]
            assert found == expected, member

    async def _compare_wallets(self) -> None:
        async with self.coalition.hub.database.read(HUB_ACTOR) as tx:
            wallets = list(self.coalition.members.values())
            told = await sum_points(tx, wallets, issuer_id=None)
            then = await sum_points_as_of(tx, wallets, as_of=self.now, issuer_id=None)
        for member, wallet in self.coalition.members.items():
            (found,) = await self.coalition.query(
                "SELECT balance_points, held_points, owed_points FROM ledger.wallets"
                " WHERE lane = $1 AND wallet_id = $2",
                wallet.lane,
                wallet.number,
            )
            books = self.books
            expected = (books.remaining(member), books.held(member), books.owed(member))
            assert tuple(found) == expected, member
            shown = told[wallet]
            seen = (shown.available_points, shown.owed_points)
            assert seen == books.seen(member, self.now), member
            if not books.owed(member):
                assert then.get(wallet, WalletPoints()) == shown, member

    async def _compare_allocations(self) -> None:
        """Each entry moved what its event moved: lot by lot, as sums of each kind and sign."""
        rows = await self.coalition.query("SELECT * FROM ledger.allocations")
        names = {
            (MEMBERS[self.books.lot(name).wallet], number): name
            for name, number in self.lot_ids.items()
        }
        events = {place: event for event, place in self.booked.items()} | self.arrivals
        found, aside = Counter[Any](), Counter[Any]()
        for row in rows:
            event = events.get((row["lane"], row["seq"]), "")
            lot = names[row["lane"], row["lot_id"]]
            kind = EntryKind(row["kind"]).name
            if row["points"]:
                found[event, kind, row["is_reversal"], lot] += row["points"]
            if row["held_points"]:
                aside[event, lot] += row["held_points"]
        expected = Counter[Any]()
        for line in self.books.journal:
            if line.sign > 0 and line.kind in ("ISSUE", "TRANSFER"):
                continue  # what made the lot, which is no allocation
            event = line.event if line.event in self.booked else ""
            expected[event, line.kind, line.is_reversal, line.lot] += line.sign * line.points
        assert found == expected
        wanted = Counter[Any]()
        for event, lot, points in self.books.aside:
            wanted[event if event in self.booked else "", lot] += points
        assert aside == wanted

    async def _compare_flows(self) -> None:
        rows = await self.coalition.query(
            "SELECT to_char(s.starts_at, 'YYYY-MM-DD HH24:MI:SS.US') AS window, kind, issuer_id,"
            " acceptor_id, is_reversal, sum(points)::bigint FROM ledger.flows f"
            " JOIN ledger.segments s USING (segment_id) GROUP BY 1, 2, 3, 4, 5"
        )
        codes = {p.partner_id: code for code, p in self.coalition.partners.items()} | {0: ""}
        found = {
            (
                row[0] or FIRST_WINDOW,
                EntryKind(row[1]).name,
                codes[row[2]],
                codes[row[3]],
                row[4],
            ): row[5]
            for row in rows
        }
        expected = Counter[Any]()
        for line in self.books.journal:
            if line.kind == "TRANSFER":
                continue
            acceptor = ""
            if line.kind == "REPAY":
                acceptor = line.party
            elif line.kind in USES:
                acceptor = self.books.events[line.source].op[NEEDS_TERMS[line.kind]]
            issuer = self.books.lot(line.lot).issuer
            expected[line.window, line.kind, issuer, acceptor, line.is_reversal] += line.points
        assert found == dict(expected)


def micros(at: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (at - datetime(1970, 1, 1, tzinfo=at.tzinfo)) // timedelta(microseconds=1)


def renamed(op: Json, name: str) -> Json:
    """The same request once more."""
    again = dict(op, id=name)
    if op["type"] == "ISSUE":
        again["lot"] = name
    return again
