"""The model of claims on points: holds, pending and restricted lots, arrears, lots that move.

`Claims` is `Books` with the rest of rule book 1.2 to 1.8. Besides the operations of `Books` it
knows EXCHANGE (member, partner, points, is_final), HOLD (member, acceptor, points, ends), CAPTURE
and VOID (of, by the same acceptor), RELEASE, EXTEND and REINSTATE (of a lot), OWE and FORGIVE, and
moves between lanes in two steps: BEGIN (from, to, points, or everything) and FINISH.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.reference.books import (
    Books,
    Event,
    Lot,
    Op,
    RefusedError,
    Taken,
    TermsAt,
    Use,
    _order,
    _usable_points,
)

STEP = timedelta(microseconds=1)


@dataclass
class Hold:
    """Points set aside, lot by lot, in the order in which they were chosen."""

    event: str
    wallet: str
    acceptor: str
    lines: list[tuple[Lot, int]]
    ends: datetime | None
    to_wallet: str = ""
    is_open: bool = True

    @property
    def points(self) -> int:
        """What was set aside."""
        return sum(points for _, points in self.lines)


@dataclass
class Debt:
    """Points that a wallet owes to an issuer."""

    event: str
    creditor: str
    points: int
    since: datetime


@dataclass
class Purse:
    """The claims of one wallet, oldest first."""

    holds: list[Hold] = field(default_factory=list)
    debts: list[Debt] = field(default_factory=list)


class Claims(Books):
    """All wallets, their claims, and the journal; `aside` is the journal of what was held."""

    def __init__(self, terms_at: TermsAt | None = None, window: str = "-") -> None:
        super().__init__(terms_at, window)
        self.aside: list[tuple[str, str, int]] = []
        self._purses: dict[str, Purse] = {}
        self._reversed: dict[str, int] = {}
        self._verbs |= {
            "EXCHANGE": self._use,
            "HOLD": self._hold,
            "CAPTURE": self._capture,
            "VOID": self._void,
            "RELEASE": self._release,
            "EXTEND": self._extend,
            "REINSTATE": self._reinstate,
            "OWE": self._owe,
            "FORGIVE": self._forgive,
            "BEGIN": self._begin,
            "FINISH": self._finish,
        }

    def owed(self, wallet: str) -> int:
        """Points that the wallet owes."""
        return sum(debt.points for debt in self._purse(wallet).debts)

    def held(self, wallet: str) -> int:
        """Points that are set aside, whether their holds have ended or not."""
        return sum(lot.held for lot in self._wallets.get(wallet, ()))

    def seen(self, wallet: str, now: datetime) -> tuple[int, int]:
        """What a member is shown as available and as owed, booked or not."""
        ended = [hold for hold in self._purse(wallet).holds if _is_over(hold, now)]
        freed = sum(
            points
            for hold in ended
            for lot, points in hold.lines
            if _usable_points(replace(lot, held=0), now)
        )
        general = self.available(wallet, now) + freed
        owed = max(0, self.owed(wallet) - self._missed_points(wallet, now))
        return max(0, general - owed), max(0, owed - general)

    def _missed_points(self, wallet: str, now: datetime) -> int:
        """Points that have expired, and were usable and free while the wallet owed."""
        since = min((debt.since for debt in self._purse(wallet).debts if debt.points), default=now)
        return sum(
            lot.free
            + sum(
                points
                for hold in self._purse(wallet).holds
                if _is_over(hold, lot.expires - STEP)
                for held, points in hold.lines
                if held is lot
            )
            for lot in self.lots(wallet)
            if lot.rule is None
            and lot.expires is not None
            and lot.expires <= now
            and max(since, lot.came, lot.available or since) < lot.expires
        )

    def open_holds(self) -> list[Hold]:
        """Every hold that has not ended in the books."""
        return [hold for purse in self._purses.values() for hold in purse.holds if hold.is_open]

    def lapse_before(self, cut: datetime) -> None:
        """Book the end of every hold that lies before a cut, as a sweep does."""
        for wallet in list(self._purses):
            self._lapse(wallet, cut - STEP)

    def _purse(self, wallet: str) -> Purse:
        return self._purses.setdefault(wallet, Purse())

    def _before(self, wallet: str, at: datetime) -> None:
        self._lapse(wallet, at)
        while (missed := self._missed(wallet, at)) is not None:
            self._repay(wallet, self._general(wallet, missed), "")
        self._repay(wallet, self._general(wallet, at), "")

    def _missed(self, wallet: str, at: datetime) -> datetime | None:
        """When points became usable that have expired since, and repaid what was owed before."""
        since = min((debt.since for debt in self._purse(wallet).debts if debt.points), default=None)
        if since is None:
            return None
        due = [
            usable
            for lot in self.lots(wallet)
            if lot.free and lot.rule is None and lot.expires is not None and lot.expires <= at
            for usable in [max(since, lot.came, lot.available or since)]
            if usable < lot.expires
        ]
        return min(due, default=None)

    def _book_missed(self, wallets: Iterable[str], at: datetime) -> None:
        for wallet in list(wallets):
            if self._missed(wallet, at) is not None:
                self._before(wallet, at)

    def sweep_before(self, cut: datetime) -> list[tuple[str, int]]:
        """The sweep of a window's cut: what repays is not expired."""
        self._book_missed(self._purses, cut - STEP)
        return super().sweep_before(cut)

    def _expire(self, op: Op, event: Event) -> list[tuple[str, int]]:
        self._book_missed([str(op["member"])] if "member" in op else self._purses, op["at"])
        return super()._expire(op, event)

    def _lapse(self, wallet: str, at: datetime) -> None:
        for hold in sorted(self._purse(wallet).holds, key=lambda hold: hold.ends or at + STEP):
            if _is_over(hold, at) and hold.ends is not None:
                self._end(hold, 0, "", "", hold.ends)

    def _general(self, wallet: str, at: datetime, *, but: Lot | None = None) -> list[Lot]:
        return [lot for lot in self.lots(wallet) if lot is not but and _usable_points(lot, at)]

    def _repay(
        self, wallet: str, pieces: Iterable[Lot], event: str, limits: dict[str, int] | None = None
    ) -> None:
        """Pay the oldest debts from the free points of lots, or from so many of them."""
        debts = self._purse(wallet).debts
        for lot in pieces:
            left = lot.free if limits is None else limits[lot.name]
            for debt in debts:
                points = min(left, debt.points)
                if points:
                    debt.points -= points
                    left -= points
                    self._take(lot, points, event, "REPAY", party=debt.creditor)

    def _credited(self, lot: Lot, op: Op) -> None:
        if _usable_points(lot, op["at"]):
            self._repay(lot.wallet, [lot], str(op["id"]))

    def _set_aside(self, event: str, lot: Lot, points: int) -> None:
        lot.held += points
        self.aside.append((event, lot.name, points))

    def _hold(self, op: Op, event: Event) -> list[tuple[str, int]]:
        del event
        wallet = str(op["member"])
        self._before(wallet, op["at"])
        use = Use("REDEEM", str(op["acceptor"]), op.get("category"))
        lines = self._choose(wallet, op["points"], op["at"], use)
        hold = Hold(str(op["id"]), wallet, str(op["acceptor"]), lines, op["ends"])
        return self._keep(hold)

    def _keep(self, hold: Hold) -> list[tuple[str, int]]:
        for lot, points in hold.lines:
            self._set_aside(hold.event, lot, points)
        self._purse(hold.wallet).holds.append(hold)
        return [(lot.name, points) for lot, points in hold.lines]

    def _hold_of(self, op: Op) -> Hold:
        source = self.events.get(str(op["of"]))
        if source is None or source.op["type"] != "HOLD":
            raise RefusedError("UnknownReference")
        wallet = str(source.op["member"])
        self._before(wallet, op["at"])
        (hold,) = [hold for hold in self._purse(wallet).holds if hold.event == op["of"]]
        if not hold.is_open:
            raise RefusedError("HoldEnded")
        return hold

    def _capture(self, op: Op, event: Event) -> list[tuple[str, int]]:
        hold = self._hold_of(op)
        if op["points"] > hold.points:
            raise RefusedError("CaptureExceedsHold", held_points=hold.points)
        if self._terms_at is not None:
            event.terms = self._terms_at(hold.acceptor, op["at"])
            if event.terms is None:
                raise RefusedError("TermsNotInForce")
        taken = self._end(hold, op["points"], str(op["id"]), "REDEEM", op["at"])
        event.uses = [Taken(lot.name, points) for lot, points in taken]
        return [(lot.name, points) for lot, points in taken]

    def _void(self, op: Op, event: Event) -> list[tuple[str, int]]:
        del event
        self._end(self._hold_of(op), 0, str(op["id"]), "", op["at"])
        return []

    def _end(
        self, hold: Hold, wanted: int, event: str, kind: str, at: datetime
    ) -> list[tuple[Lot, int]]:
        """Take so many points of a hold, in its order, and free the rest."""
        hold.is_open = False
        taken, freed = [], []
        for lot, points in hold.lines:
            part = min(wanted, points)
            wanted -= part
            self._set_aside(event, lot, -points)
            if part:
                self._take(lot, part, event, kind)
                taken.append((lot, part))
            if points > part:
                freed.append((lot, points - part))
        back = {}
        for lot, points in freed:
            if lot.expires is not None and lot.expires <= at:
                self._take(lot, points, event, "EXPIRE")
            elif _usable_points(lot, at):
                back[lot.name] = points
        self._repay(hold.wallet, [self.all_lots[name] for name in back], event, back)
        return taken

    def _refund(self, op: Op, event: Event) -> list[tuple[str, int]]:
        source = self.events.get(str(op["of"]))
        if source is None or source.op["type"] == "HOLD" or source.op.get("is_final", False):
            raise RefusedError("UnknownReference")
        wallet = self._wallet_of(source.op)
        self._before(wallet, op["at"])
        end = op.get("reinstated")
        if op["points"] <= self.refundable(str(op["of"])) and end is not None and end <= op["at"]:
            raise RefusedError("EndNotLater")
        moved = super()._refund(op, event)
        back = {
            name: points for name, points in moved if _usable_points(self.all_lots[name], op["at"])
        }
        self._repay(wallet, [self.all_lots[name] for name in back], str(op["id"]), back)
        return moved

    def _end_again(self, lot: Lot, points: int, op: Op) -> None:
        if op.get("reinstated") is None:
            super()._end_again(lot, points, op)
        else:
            self._move(lot, points, op, lot.wallet, op["reinstated"])

    def _move(self, lot: Lot, points: int, op: Op, wallet: str, expires: datetime | None) -> Lot:
        """Points of a lot become a lot of their own."""
        self._take(lot, points, str(op["id"]), "TRANSFER")
        return self._arrive(lot, points, op, wallet, expires)

    def _arrive(self, lot: Lot, points: int, op: Op, wallet: str, expires: datetime | None) -> Lot:
        event = str(op["id"])
        new = replace(
            lot,
            name=f"{lot.name}/{event}",
            wallet=wallet,
            points=points,
            remaining=0,
            held=0,
            expires=expires,
            came=op["at"],
            arrival=len(self.all_lots),
            origin=lot.name,
        )
        self._put(new, points, event, "TRANSFER")
        return new

    def _reverse_issue(self, op: Op, event: Event) -> list[tuple[str, int]]:
        del event
        lot, mode, wanted = self._lot_of(op), op.get("mode", 0), op["points"]
        if lot.expires is not None and lot.expires <= op["at"]:
            raise RefusedError("LotExpired")
        own = min(lot.free, wanted)
        if wanted > own and (mode == 0 or (mode == 1 and own == 0)):
            raise RefusedError("LotSpent", remaining_points=own)
        gone = self._reversed.get(lot.name, 0)
        if wanted > own:
            gone += sum(
                line.points
                for line in self.journal
                if line.lot == lot.name and line.kind == "TRANSFER" and line.sign < 0
            )
        if gone + wanted > lot.points:
            raise RefusedError("ReverseExceedsIssued", reversible_points=lot.points - gone)
        name = str(op["id"])
        self._reversed[lot.name] = self._reversed.get(lot.name, 0) + wanted
        self._take(lot, own, name, "ISSUE", is_reversal=True) if own else None
        wanted -= own
        for other in self._general(lot.wallet, op["at"], but=lot) if mode >= 2 else ():
            points = min(wanted, other.free)
            if points:
                wanted -= points
                self._take(other, points, name, "REPAY", party=lot.issuer)
        if wanted and mode == 3:
            self._purse(lot.wallet).debts.append(Debt(name, lot.issuer, wanted, op["at"]))
        return [(lot.name, own)]

    def _lot_of(self, op: Op) -> Lot:
        lot = self.all_lots.get(str(op["lot"]))
        if lot is None:
            raise RefusedError("UnknownReference")
        self._before(lot.wallet, op["at"])
        return lot

    def _release(self, op: Op, event: Event) -> list[tuple[str, int]]:
        del event
        lot = self._lot_of(op)
        if lot.available is None or lot.available <= op["at"] or lot.free == 0:
            raise RefusedError("LotNotPending")
        if _has_ended(lot, op["at"]):
            raise RefusedError("LotExpired")
        lot.available = op["at"]
        self._credited(lot, op)
        return []

    def _extend(self, op: Op, event: Event) -> list[tuple[str, int]]:
        del event
        lot = self._lot_of(op)
        if lot.expires is not None and lot.expires <= op["at"]:
            raise RefusedError("LotExpired")
        if lot.expires is None or op["expires"] <= lot.expires:
            raise RefusedError("EndNotLater")
        if op["points"] > lot.free:
            raise RefusedError("LotSpent", remaining_points=lot.free)
        new = self._move(lot, op["points"], op, lot.wallet, op["expires"])
        return [(new.name, op["points"])]

    def _reinstate(self, op: Op, event: Event) -> list[tuple[str, int]]:
        del event
        lot = self._lot_of(op)
        if lot.expires is None or lot.expires > op["at"]:
            raise RefusedError("LotNotExpired")
        if op["expires"] <= op["at"]:
            raise RefusedError("EndNotLater")
        booked = -sum(
            line.sign * line.points
            for line in self.journal
            if line.lot == lot.name and line.kind == "EXPIRE"
        )
        if op["points"] > lot.free + booked:
            raise RefusedError("ExceedsExpired", expired_points=lot.free + booked)
        back = max(0, op["points"] - lot.free)
        if back:
            name = str(op["id"])
            lot.remaining += back
            self._book(name, name, "EXPIRE", is_reversal=True, lot=lot, points=back, sign=1)
        new = self._move(lot, op["points"], op, lot.wallet, op["expires"])
        return [(new.name, op["points"])]

    def _owe(self, op: Op, event: Event) -> list[tuple[str, int]]:
        del event
        wallet = str(op["member"])
        self._before(wallet, op["at"])
        debt = Debt(str(op["id"]), str(op["issuer"]), op["points"], op["at"])
        self._purse(wallet).debts.append(debt)
        return []

    def _forgive(self, op: Op, event: Event) -> list[tuple[str, int]]:
        del event
        source = self.events[str(op["of"])]
        wallet = str(source.op["member"])
        self._before(wallet, op["at"])
        (debt,) = [debt for debt in self._purse(wallet).debts if debt.event == op["of"]]
        if op["points"] > debt.points:
            raise RefusedError("ExceedsArrears", owed_points=debt.points)
        debt.points -= op["points"]
        return []

    def _begin(self, op: Op, event: Event) -> list[tuple[str, int]]:
        del event
        wallet, at = str(op["from"]), op["at"]
        self._before(wallet, at)
        if op["points"]:
            lines = self._choose(wallet, op["points"], at, Use("TRANSFER"))
        else:
            alive = [lot for lot in self._wallets.get(wallet, []) if not _has_ended(lot, at)]
            lines = [(lot, lot.free) for lot in alive if lot.free]
            lines.sort(key=lambda line: line[0].arrival)
            if not lines:
                raise RefusedError("NothingToMove")
        return self._keep(Hold(str(op["id"]), wallet, "", lines, None, str(op["to"])))

    def _finish(self, op: Op, event: Event) -> list[tuple[str, int]]:
        """Arrive, each lot in an entry of its own, then be taken."""
        source = self.events[str(op["of"])]
        (hold,) = [
            hold for hold in self._purse(str(source.op["from"])).holds if hold.event == op["of"]
        ]
        del event
        moved = []
        for lot, points in hold.lines:
            self._before(hold.to_wallet, op["at"])
            new = self._arrive(lot, points, op, hold.to_wallet, lot.expires)
            self._credited(new, op)
            moved.append((new.name, points))
        self._before(hold.wallet, op["at"])
        self._end(hold, hold.points, str(op["id"]), "TRANSFER", op["at"])
        return moved


def _is_over(hold: Hold, at: datetime) -> bool:
    return hold.is_open and hold.ends is not None and hold.ends <= at


def _has_ended(lot: Lot, at: datetime) -> bool:
    return lot.expires is not None and lot.expires <= at


__all__ = ["Claims", "Hold", "_order"]
