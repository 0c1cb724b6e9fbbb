"""The sequential model of the ledger: wallets, lots, order of use, refusals, a journal.

`Books.apply(op)` decides one operation, a plain dict shaped like an event of a scenario file
whose instants are already datetimes, at its instant `op["at"]`. It returns an `Outcome`: either
accepted, or refused with a code, and then nothing has changed. For operations of the API an op may
also carry `key` and `caller` (idempotency), `reference` and `reason` (of an ISSUE) and `available`
(of an ISSUE); they change nothing when they are absent.

`claims` extends it by holds, arrears, pending and restricted lots: `_usable_points` says how much
of a lot an operation may take, `_order` in which order, and `_put` is the only place that credits a
lot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

Op = Mapping[str, Any]
TermsAt = Callable[[str, datetime], "str | None"]
Verb = Callable[[Op, "Event"], "list[tuple[str, int]]"]

# The party that an operation needs terms of, by type; no other type needs any.
NEEDS_TERMS = {
    "ISSUE": "issuer",
    "REDEEM": "acceptor",
    "CASH_OUT": "agent",
    "DONATE": "charity",
    "EXCHANGE": "partner",
}
USES = ("REDEEM", "CASH_OUT", "DONATE", "EXCHANGE")
NEVER = datetime.max.replace(tzinfo=UTC)
# What a caller says about when and under which name it asks is no part of what it asks for.
NOT_OF_THE_REQUEST = frozenset({"id", "seq", "at", "posted_at", "key", "caller"})


class RefusedError(Exception):
    """A rule refuses the operation; `code` is the contract's, `data` are the numbers to tell."""

    def __init__(self, code: str, **data: int) -> None:
        super().__init__(code)
        self.code = code
        self.data = data


@dataclass
class Lot:
    """Points issued together that expire together, lying in one wallet."""

    name: str
    issuer: str
    wallet: str
    terms: str
    points: int
    remaining: int
    expires: datetime | None
    available: datetime | None
    came: datetime
    issue_order: int
    arrival: int
    origin: str | None = None
    held: int = 0
    rule: Rule | None = None

    @property
    def free(self) -> int:
        """Points that are neither gone nor held."""
        return self.remaining - self.held


@dataclass(frozen=True)
class Rule:
    """Where a restricted lot may be used; None: anywhere."""

    acceptors: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    is_transferable: bool = True
    is_exchangeable: bool = True

    def allows(self, use: Use) -> bool:
        """Say whether a use may take the lot."""
        if use.kind == "TRANSFER":
            return self.is_transferable
        if use.kind == "EXCHANGE":
            return self.is_exchangeable
        return (self.acceptors is None or use.acceptor in self.acceptors) and (
            self.categories is None or use.category in self.categories
        )


@dataclass(frozen=True)
class Use:
    """What points are wanted for."""

    kind: str
    acceptor: str = ""
    category: str | None = None


@dataclass(frozen=True)
class Booking:
    """One line of the journal: points of one lot, or a house entry (no lot).

    `source` is the event whose components apply: a refund names the redemption it gives back.
    """

    window: str
    event: str
    source: str
    kind: str
    is_reversal: bool
    lot: str
    points: int
    sign: int
    is_first: bool
    party: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of an operation; `allocations` are the lots it moved, in the order of moving."""

    event: str
    code: str | None = None
    data: Mapping[str, int] = field(default_factory=dict)
    allocations: tuple[tuple[str, int], ...] = ()
    is_replay: bool = False

    @property
    def is_accepted(self) -> bool:
        return self.code is None


@dataclass
class Taken:
    """Points that one redemption took from one lot, and how many of them came back."""

    lot: str
    points: int
    refunded: int = 0


@dataclass
class Event:
    """An accepted operation, with the terms version of its acceptor (agent, charity)."""

    op: Op
    terms: str | None
    uses: list[Taken] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """Its type; a capture is a redemption."""
        kind = str(self.op["type"])
        return "REDEEM" if kind == "CAPTURE" else kind


class Books:
    """All wallets and the journal. `window` is stamped on every booking; the driver sets it."""

    def __init__(self, terms_at: TermsAt | None = None, window: str = "-") -> None:
        self.window = window
        self.journal: list[Booking] = []
        self.events: dict[str, Event] = {}
        self.all_lots: dict[str, Lot] = {}
        self._terms_at = terms_at
        self._issues = 0
        self._wallets: dict[str, list[Lot]] = {}
        self._cancelled: set[str] = set()
        self._references: set[tuple[str, str, str]] = set()
        self._answers: dict[tuple[str, str, str], tuple[dict[str, Any], Outcome]] = {}
        self._verbs: dict[str, Verb] = {
            "ISSUE": self._issue,
            "REDEEM": self._use,
            "CASH_OUT": self._use,
            "DONATE": self._use,
            "REFUND": self._refund,
            "REVERSE_ISSUE": self._reverse_issue,
            "EXPIRE": self._expire,
            "TRANSFER": self._transfer,
            "MEMBERSHIP_SALE": self._house,
            "MEMBERSHIP_CANCEL": self._cancel,
            "ADJUST": self._house,
        }

    def lot(self, name: str) -> Lot:
        """The lot of this name."""
        return self.all_lots[name]

    def lots(self, wallet: str) -> list[Lot]:
        """Every lot that ever lay in the wallet, empty ones too, in the order of use."""
        return sorted(self._wallets.get(wallet, ()), key=_order)

    def wallets(self) -> list[str]:
        """Every wallet that ever held a lot."""
        return sorted(self._wallets)

    def available(self, wallet: str, now: datetime) -> int:
        """Points that can be redeemed at `now`."""
        return sum(_usable_points(lot, now) for lot in self._wallets.get(wallet, ()))

    def remaining(self, wallet: str) -> int:
        """Points that the books still carry, expired but not yet booked ones too."""
        return sum(lot.remaining for lot in self._wallets.get(wallet, ()))

    def refundable(self, event: str) -> int:
        """Points of an accepted redemption that have not come back yet."""
        return sum(use.points - use.refunded for use in self.events[event].uses)

    def apply(self, op: Op) -> Outcome:
        """Decide one operation; under a key, a repetition gets the first answer again."""
        key = op.get("key")
        if key is None:
            return self._decide(op)
        request = {name: value for name, value in op.items() if name not in NOT_OF_THE_REQUEST}
        if op["type"] == "ISSUE":
            request.pop("lot", None)
        scope = (str(op.get("caller", "")), self._wallet_of(op), str(key))
        if scope not in self._answers:
            self._answers[scope] = (request, self._decide(op))
            return self._answers[scope][1]
        first, outcome = self._answers[scope]
        if first != request:
            return Outcome(str(op["id"]), "IdempotencyConflict")
        return replace(outcome, is_replay=True)

    def sweep_before(self, cut: datetime) -> list[tuple[str, int]]:
        """The sweep of a window's cut: book every lot with `expires` before the cut."""
        due = (lot for lot in self.all_lots.values() if lot.expires and lot.expires < cut)
        return self._book_expired(due, "")

    def _decide(self, op: Op) -> Outcome:
        name = str(op["id"])
        if name in self.events:
            message = f"the model was given the event {name} twice"
            raise ValueError(message)
        try:
            event = Event(op, self._terms_of(op))
            moved = self._verbs[op["type"]](op, event)
        except RefusedError as refused:
            return Outcome(name, refused.code, refused.data)
        self.events[name] = event
        return Outcome(name, allocations=tuple(moved))

    def _terms_of(self, op: Op) -> str | None:
        if op["type"] not in NEEDS_TERMS or self._terms_at is None:
            return None
        version = self._terms_at(str(op[NEEDS_TERMS[op["type"]]]), op["at"])
        if version is None:
            raise RefusedError("TermsNotInForce")
        return version

    def _wallet_of(self, op: Op) -> str:
        """The wallet that an operation is about; keys are scoped to it."""
        if "of" in op:
            source = self.events.get(str(op["of"]))
            return self._wallet_of(source.op) if source else ""
        if "lot" in op and op["type"] != "ISSUE":
            lot = self.all_lots.get(str(op["lot"]))
            return lot.wallet if lot else ""
        return str(op.get("member", op.get("from", "")))

    def _issue(self, op: Op, event: Event) -> list[tuple[str, int]]:
        if "reference" in op:
            reference = (str(op["issuer"]), str(op.get("reason", "")), str(op["reference"]))
            if reference in self._references:
                raise RefusedError("DuplicateReference")
            self._references.add(reference)
        self._issues += 1
        self._before(str(op["member"]), op["at"])
        lot = Lot(
            name=str(op.get("lot", op["id"])),
            issuer=str(op["issuer"]),
            wallet=str(op["member"]),
            terms=event.terms or "-",
            points=op["points"],
            remaining=0,
            expires=op["expires"],
            available=op.get("available"),
            came=op["at"],
            issue_order=self._issues,
            arrival=len(self.all_lots),
            rule=op.get("rule"),
        )
        self._put(lot, lot.points, str(op["id"]), "ISSUE")
        self._credited(lot, op)
        return [(lot.name, lot.points)]

    def _before(self, wallet: str, at: datetime) -> None:
        """What is due in a wallet before an operation on it is decided: nothing, without claims."""

    def _credited(self, lot: Lot, op: Op) -> None:
        """What follows from a credit: nothing, without claims."""

    def _use(self, op: Op, event: Event) -> list[tuple[str, int]]:
        self._before(str(op["member"]), op["at"])
        taken = self._choose(str(op["member"]), op["points"], op["at"], _use_of(op))
        for lot, points in taken:
            self._take(lot, points, str(op["id"]), op["type"])
            event.uses.append(Taken(lot.name, points))
        return [(lot.name, points) for lot, points in taken]

    def _refund(self, op: Op, event: Event) -> list[tuple[str, int]]:
        source = self.events.get(str(op["of"]))
        if source is None or source.kind not in USES:
            raise RefusedError("UnknownReference")
        left = self.refundable(str(op["of"]))
        if op["points"] > left:
            raise RefusedError("RefundExceedsRedeemed", refundable_points=left)
        event.terms = source.terms
        wanted, moved = op["points"], []
        for use in reversed(source.uses):
            points = min(wanted, use.points - use.refunded)
            if points == 0:
                continue
            wanted -= points
            use.refunded += points
            lot = self.all_lots[use.lot]
            self._put_back(lot, points, op, source.kind)
            if lot.expires is not None and lot.expires <= op["at"]:
                self._end_again(lot, points, op)
            moved.append((lot.name, points))
        return moved

    def _end_again(self, lot: Lot, points: int, op: Op) -> None:
        """What returned to a lot that has expired expires in the same event."""
        self._take(lot, points, str(op["id"]), "EXPIRE")

    def _reverse_issue(self, op: Op, event: Event) -> list[tuple[str, int]]:
        del event
        lot = self.all_lots.get(str(op["lot"]))
        if lot is None:
            raise RefusedError("UnknownReference")
        if lot.expires is not None and lot.expires <= op["at"]:
            raise RefusedError("LotExpired")
        if op["points"] > lot.free:
            raise RefusedError("LotSpent", remaining_points=lot.free)
        self._take(lot, op["points"], str(op["id"]), "ISSUE", is_reversal=True)
        return [(lot.name, op["points"])]

    def _expire(self, op: Op, event: Event) -> list[tuple[str, int]]:
        del event
        lots = self._wallets.get(op["member"], []) if "member" in op else self.all_lots.values()
        due = (lot for lot in lots if lot.expires is not None and lot.expires <= op["at"])
        return self._book_expired(due, str(op["id"]))

    def _transfer(self, op: Op, event: Event) -> list[tuple[str, int]]:
        del event
        moved = []
        self._before(str(op["from"]), op["at"])
        for lot, points in self._choose(str(op["from"]), op["points"], op["at"], _use_of(op)):
            self._take(lot, points, str(op["id"]), "TRANSFER")
            new = replace(
                lot,
                name=f"{lot.name}/{op['id']}",
                wallet=str(op["to"]),
                points=points,
                remaining=0,
                held=0,
                came=op["at"],
                arrival=len(self.all_lots),
                origin=lot.name,
            )
            self._put(new, points, str(op["id"]), "TRANSFER")
            moved.append((new.name, points))
        return moved

    def _house(self, op: Op, event: Event) -> list[tuple[str, int]]:
        del event
        self._book(str(op["id"]), str(op["id"]), str(op["type"]))
        return []

    def _cancel(self, op: Op, event: Event) -> list[tuple[str, int]]:
        del event
        sale = self.events.get(str(op["of"]))
        if sale is None or sale.op["type"] != "MEMBERSHIP_SALE":
            raise RefusedError("UnknownReference")
        if op["of"] in self._cancelled:
            raise RefusedError("AlreadyCancelled")
        self._cancelled.add(str(op["of"]))
        self._book(str(op["id"]), str(op["of"]), "MEMBERSHIP_CANCEL", is_reversal=True)
        return []

    def _choose(self, wallet: str, points: int, now: datetime, use: Use) -> list[tuple[Lot, int]]:
        """The lots that pay for `points`, restricted ones first, in their order; or nothing."""
        wanted, chosen = points, []
        for lot in sorted(self.lots(wallet), key=lambda lot: lot.rule is None):
            part = min(wanted, _usable_points(lot, now, use))
            if part:
                chosen.append((lot, part))
                wanted -= part
        if wanted:
            available = points - wanted
            raise RefusedError(
                "InsufficientPoints", available_points=available, required_points=points
            )
        return chosen

    def _book_expired(self, due: Iterable[Lot], event: str) -> list[tuple[str, int]]:
        moved = []
        for lot in [lot for lot in due if lot.free]:
            moved.append((lot.name, lot.free))
            self._take(lot, lot.free, event, "EXPIRE")
        return moved

    def _put(self, lot: Lot, points: int, event: str, kind: str) -> None:
        if lot.name in self.all_lots:
            message = f"the model was given the lot {lot.name} twice"
            raise ValueError(message)
        self.all_lots[lot.name] = lot
        self._wallets.setdefault(lot.wallet, []).append(lot)
        lot.remaining += points
        self._book(event, event, kind, lot=lot, points=points, sign=1)

    def _put_back(self, lot: Lot, points: int, op: Op, kind: str) -> None:
        lot.remaining += points
        source, event = str(op["of"]), str(op["id"])
        self._book(event, source, kind, is_reversal=True, lot=lot, points=points, sign=1)

    def _take(
        self,
        lot: Lot,
        points: int,
        event: str,
        kind: str,
        *,
        is_reversal: bool = False,
        party: str = "",
    ) -> None:
        lot.remaining -= points
        self._book(
            event,
            event,
            kind,
            is_reversal=is_reversal,
            lot=lot,
            points=points,
            sign=-1,
            party=party,
        )

    def _book(
        self,
        event: str,
        source: str,
        kind: str,
        *,
        is_reversal: bool = False,
        lot: Lot | None = None,
        points: int = 0,
        sign: int = 0,
        party: str = "",
    ) -> None:
        is_first = not self.journal or self.journal[-1].event != event
        name = lot.name if lot else ""
        self.journal.append(
            Booking(
                self.window, event, source, kind, is_reversal, name, points, sign, is_first, party
            )
        )

    def audit(self) -> None:
        """Raise AssertionError unless each lot is the fold of its journal and never negative."""
        folded = dict.fromkeys(self.all_lots, 0)
        for line in self.journal:
            if line.lot:
                folded[line.lot] += line.sign * line.points
                assert 0 <= folded[line.lot] <= self.all_lots[line.lot].points, line
        assert folded == {name: lot.remaining for name, lot in self.all_lots.items()}


def _order(lot: Lot) -> tuple[bool, datetime, int, int]:
    """Earliest expiry (never last), issue order (kept through transfers), order of arrival."""
    return (lot.expires is None, lot.expires or NEVER, lot.issue_order, lot.arrival)


def _usable_points(lot: Lot, now: datetime, use: Use | None = None) -> int:
    """Points of a lot for a use; without one, those that anything can be paid with."""
    if lot.expires is not None and lot.expires <= now:
        return 0
    if lot.available is not None and now < lot.available:
        return 0
    if lot.rule is not None and (use is None or not lot.rule.allows(use)):
        return 0
    return lot.free


def _use_of(op: Op) -> Use:
    acceptor = op.get(NEEDS_TERMS.get(op["type"], ""), "")
    return Use(str(op["type"]), str(acceptor), op.get("category"))
