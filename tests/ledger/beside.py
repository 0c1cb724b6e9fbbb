"""The real ledger and the model of the rule book, side by side, told the same operations.

`Both.submit` gives operations to the model one after another, in the order in which they were
submitted, and to the poster in groups; then it compares every answer. `Both.compare` looks at
everything else: each lot in its order of use, each wallet, each entry's allocations, and the flows.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hub.kernel.errors import DomainError
from hub.ledger.cuts import cut_lanes_until, plan_cut, sweep_lane
from hub.ledger.entries import EntryKind
from hub.ledger.errors import refusal_of
from hub.ledger.operations import (
    Code,
    Operation,
    Outcome,
    Place,
    hash_key,
    hash_reference,
    hash_request,
)
from hub.points.requests import NEVER
from tests.coalition import DAY, LANE, START, Coalition
from tests.reference.books import NEEDS_TERMS, NOT_OF_THE_REQUEST, USES, Books
from tests.reference.books import Outcome as Expected

PARTNERS = ("AIR", "BIO", "GAP")
MEMBERS = {"ana": LANE, "bob": LANE, "cem": LANE, "dan": LANE + 1, "eva": LANE + 1}
GAP_FROM, GAP_UNTIL = START + 2 * DAY, START + 4 * DAY
SPANS = {
    "AIR": [(START - 400 * DAY, START + DAY), (START + DAY, None)],
    "BIO": [(START - 400 * DAY, None)],
    "GAP": [(START - 400 * DAY, GAP_FROM), (GAP_UNTIL, None)],
}
KINDS = {
    "ISSUE": EntryKind.ISSUE,
    "REDEEM": EntryKind.REDEEM,
    "CASH_OUT": EntryKind.CASH_OUT,
    "DONATE": EntryKind.DONATE,
    "REFUND": EntryKind.REFUND,
    "REVERSE_ISSUE": EntryKind.REVERSE,
    "EXPIRE": EntryKind.EXPIRE,
    "TRANSFER": EntryKind.TRANSFER,
}
TOLD_ELSEWHERE = {"remaining_points": "unspent_points"}
FIRST_WINDOW = "the first"
Json = dict[str, Any]


@dataclass
class Both:
    """A coalition and the model of it."""

    coalition: Coalition
    books: Books = field(init=False)
    cuts: list[datetime] = field(default_factory=list)
    told: int = 0
    booked: dict[str, tuple[int, int]] = field(default_factory=dict)
    lot_ids: dict[str, int] = field(default_factory=dict)
    answers: list[tuple[Any, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.books = Books(self._terms_at, window=FIRST_WINDOW)

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
        real = [self._operation(op) for op in ops]
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
            found = [await future for future in waiting]
        for op, operation, wanted, outcome in zip(ops, real, expected, found, strict=True):
            self._compare_answer(op, operation, wanted, outcome)
        return found

    def _expect(self, op: Json) -> Expected:
        expected = self.books.apply({k: v for k, v in op.items() if k != "is_plain"})
        if op["type"] == "ISSUE" and expected.is_accepted and not expected.is_replay:
            # The rule book's order of the first issue is its instant; the model's, a number.
            self.books.all_lots[op["lot"]].issue_order = micros(self.now)
        return expected

    def _operation(self, op: Json) -> Operation:
        kind, is_at_present = op["type"], op["at"] == self.now and op.get("is_plain", False)
        partner_id, wallet, more = self._parts(op)
        request = {k: v for k, v in op.items() if k not in NOT_OF_THE_REQUEST | {"is_plain"}}
        request.pop("lot" if kind == "ISSUE" else "", None)
        terms_id = 0
        if kind in NEEDS_TERMS:
            found = self.coalition.hub.register.find_terms(partner_id, op["at"])
            terms_id = found.terms_id if found else 0
        return Operation(
            kind=KINDS[kind],
            wallet=wallet,
            partner_id=partner_id,
            points=op.get("points", 0),
            key_hash=hash_key(partner_id, wallet.number, op["key"]) if "key" in op else None,
            request_hash=hash_request(*sorted(request.items())),
            actor="test",
            terms_id=terms_id,
            occurred_at=None if is_at_present else op["at"],
            decided_at=None if is_at_present else op["at"],
            **more,
        )

    def _parts(self, op: Json) -> tuple[int, Place, Json]:
        """Who asks, whose wallet it is, and what only this kind has."""
        partners, members = self.coalition.partners, self.coalition.members
        if "of" in op:
            source = self.books.events[op["of"]].op
            partner_id, wallet, _ = self._parts(dict(source))
            return partner_id, wallet, {"ref_seq": self.booked[op["of"]][1]}
        if op["type"] == "REVERSE_ISSUE":
            lot = self.books.lot(op["lot"])
            place = members[lot.wallet]
            return partners[lot.issuer].partner_id, place, {"lot_id": self.lot_ids[op["lot"]]}
        if op["type"] == "EXPIRE":
            return 0, members[op["member"]], {}
        if op["type"] == "TRANSFER":
            return 0, members[op["from"]], {"counter_wallet": members[op["to"]]}
        partner_id = partners[op[NEEDS_TERMS[op["type"]]]].partner_id
        more: Json = {}
        if op["type"] == "ISSUE":
            more = {"expires_at": op["expires"] or NEVER, "reason": op["reason"]}
            if "reference" in op:
                hashed = hash_reference(partner_id, op["reason"], op["reference"])
                more |= {"reference": op["reference"], "reference_hash": hashed}
        if "match_rate" in op:
            more["match_rate"] = Decimal(op["match_rate"])
        return partner_id, members[op["member"]], more

    def _compare_answer(
        self, op: Json, operation: Operation, wanted: Expected, found: Outcome
    ) -> None:
        is_empty_expiry = op["type"] == "EXPIRE" and not wanted.allocations
        if is_empty_expiry:
            assert found.code == Code.NOTHING_TO_EXPIRE, (op, found)
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
        if op["type"] in ("ISSUE", "TRANSFER"):
            assert found.detail is not None
            for number, (lot, _) in enumerate(wanted.allocations):
                self.lot_ids[lot] = found.detail + number

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
        self.books.apply({"id": self.name(), "type": "EXPIRE", "at": self.now})

    def _cut_the_model(self) -> None:
        for cut in sorted(cut for cut in self.cuts if cut <= self.now):
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
                (names[row["lane"], row["lot_id"]], row["points"], row["remaining_points"])
                for row in rows
                if row["wallet_id"] == wallet.number
            ]
            lots = self.books.lots(member)
            assert found == [(lot.name, lot.points, lot.remaining) for lot in lots], member

    async def _compare_wallets(self) -> None:
        for member, wallet in self.coalition.members.items():
            found = await self.coalition.query(
                "SELECT w.balance_points, (SELECT coalesce(sum(remaining_points), 0)::bigint"
                " FROM ledger.lots l WHERE l.lane = w.lane AND l.wallet_id = w.wallet_id"
                " AND available_at <= $3 AND $3 < expires_at) FROM ledger.wallets w"
                " WHERE lane = $1 AND wallet_id = $2",
                wallet.lane,
                wallet.number,
                self.now,
            )
            expected = (self.books.remaining(member), self.books.available(member, self.now))
            assert tuple(found[0]) == expected, member

    async def _compare_allocations(self) -> None:
        """Each entry moved what its event moved: lot by lot, as sums of each kind and sign."""
        rows = await self.coalition.query("SELECT * FROM ledger.allocations")
        names = {
            (MEMBERS[self.books.lot(name).wallet], number): name
            for name, number in self.lot_ids.items()
        }
        events = {place: event for event, place in self.booked.items()}
        found = Counter[Any]()
        for row in rows:
            event = events.get((row["lane"], row["seq"]), "")
            lot = names[row["lane"], row["lot_id"]]
            kind = EntryKind(row["kind"]).name
            found[event, kind, row["is_reversal"], lot] += row["points"]
        expected = Counter[Any]()
        for line in self.books.journal:
            if line.sign > 0 and line.kind in ("ISSUE", "TRANSFER"):
                continue  # what made the lot, which is no allocation
            event = line.event if line.event in self.booked else ""
            expected[event, line.kind, line.is_reversal, line.lot] += line.sign * line.points
        assert found == expected

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
            if line.kind in USES:
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
