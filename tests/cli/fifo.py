"""A ledger of a few lines for the tests of replays: first in, first out, one member at a time."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from hub.cli.replay.history import Replay, ReplayEvent, ReplayIssue, ReplayRedeem
from hub.cli.replay.totals import ReplayFacts, RequestFacts, WindowFacts
from settlement.calendars import local_day, month_name


@dataclass
class Lot:
    issuer: str
    points: int
    expires_at: datetime | None


@dataclass
class Fold:
    replay: Replay
    issued: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    redeemed: defaultdict[str, Counter[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    bonus: Counter[str] = field(default_factory=Counter)
    requests: defaultdict[str, list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0])
    )
    expired: Counter[tuple[str, str]] = field(default_factory=Counter)
    outstanding: Counter[str] = field(default_factory=Counter)
    members_with_balance: int = 0

    def windows_of(self, at: datetime) -> list[str]:
        return [w.id for w in self.replay.windows if w.open_at <= at < w.cut_at]

    def live(self, events: tuple[ReplayEvent, ...]) -> None:
        lots: list[Lot] = []
        for event in events:
            lots = self.sweep(lots, event.at)
            match event:
                case ReplayIssue():
                    lots.append(Lot(event.partner, event.points, event.expires_at))
                    if event.is_bonus:
                        self.bonus[event.partner] += event.points
                    for window in self.windows_of(event.at):
                        self.issued[window][event.partner] += event.points
                case ReplayRedeem():
                    lots = self.redeem(lots, event)
        lots = self.sweep(lots, self.replay.end_at)
        for lot in lots:
            self.outstanding[lot.issuer] += lot.points
        self.members_with_balance += bool(lots)

    def sweep(self, lots: list[Lot], at: datetime) -> list[Lot]:
        left = []
        for lot in lots:
            if lot.expires_at is not None and lot.expires_at <= at:
                month = month_name(local_day(lot.expires_at, self.replay.coalition.zone))
                self.expired[lot.issuer, month] += lot.points
            else:
                left.append(lot)
        return left

    def redeem(self, lots: list[Lot], event: ReplayRedeem) -> list[Lot]:
        asked = self.requests[event.partner]
        asked[0] += 1
        asked[1] += event.points
        if sum(lot.points for lot in lots) < event.points:
            return lots
        asked[2] += 1
        asked[3] += event.points
        missing = event.points
        for lot in lots:
            taken = min(missing, lot.points)
            lot.points -= taken
            missing -= taken
            for window in self.windows_of(event.at):
                self.redeemed[window][lot.issuer, event.partner] += taken
        return [lot for lot in lots if lot.points]


def fold(replay: Replay) -> ReplayFacts:
    folded = Fold(replay)
    for events in replay.histories.values():
        folded.live(events)
    return ReplayFacts(
        windows={
            w.id: WindowFacts(folded.issued[w.id], folded.redeemed[w.id]) for w in replay.windows
        },
        bonus_points=folded.bonus,
        requests={code: RequestFacts(*counts) for code, counts in folded.requests.items()},
        outstanding_points=folded.outstanding,
        expired_points=folded.expired,
        members_with_balance_count=folded.members_with_balance,
    )
