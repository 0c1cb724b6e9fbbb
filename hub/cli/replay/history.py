"""What each member does in a replay, in the order that the rules of the folder give.

Two orders matter and no other: of the events of one member, and of all events before a cut.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

from hub.cli.replay.calendars import ReplayWindow, Segment, make_segments, make_windows
from hub.cli.replay.coalition import Coalition, EarningPartner, read_coalition, read_local_days
from hub.cli.replay.errors import ReplayInvalid
from hub.cli.replay.receipts import (
    RECEIPTS_FILE,
    Bonus,
    Link,
    Receipt,
    read_bonuses,
    read_links,
    read_members,
    read_receipts,
)
from hub.cli.strict_json import show_path
from settlement.calendars import local_day, local_midnight


@dataclass(frozen=True, slots=True)
class ReplayIssue:
    """A member gets points: for a receipt, or as the bonus of a campaign.

    `reference` is unique per partner and `is_bonus`. `expires_at` is None when nothing expires.

    Units: whole points.
    """

    at: datetime
    partner: str
    points: int
    reference: str
    is_bonus: bool
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReplayRedeem:
    """A member asks to pay with points; it is declined when the balance is too low.

    Units: whole points.
    """

    at: datetime
    partner: str
    points: int
    reference: str


ReplayEvent: TypeAlias = ReplayIssue | ReplayRedeem
_Order: TypeAlias = tuple[datetime, int, int, str]


@dataclass(frozen=True, slots=True)
class Replay:
    """All that a replay needs: who is a member, what they do, and when windows are cut.

    `histories` has each member's events in order. `end_at` is the end of the last local day.
    """

    coalition: Coalition
    links: tuple[Link, ...]
    histories: Mapping[int, tuple[ReplayEvent, ...]]
    windows: tuple[ReplayWindow, ...]
    segments: tuple[Segment, ...]
    end_at: datetime

    @property
    def events_count(self) -> int:
        """How many events all members have together."""
        return sum(len(events) for events in self.histories.values())


def read_replay(folder: Path, *, limit: int | None, expiry_days: int | None) -> Replay:
    """Read a folder of receipts, or its first `limit` receipts and the bonuses up to the last one.

    Units: whole local days that a lot lives after the day of its issue; None: nothing expires.
    Errors: ReplayInvalid.
    """
    coalition = read_coalition(folder)
    members = read_members(folder)
    receipts = list(read_receipts(folder, coalition, members, limit=limit))
    bonuses = list(read_bonuses(folder, coalition, members))
    if not receipts:
        raise ReplayInvalid(
            file=show_path(folder / RECEIPTS_FILE),
            line=0,
            problem="no receipts",
            expected="at least one receipt",
        )
    if limit is not None:
        last_at = max(receipt.at for receipt in receipts)
        bonuses = [bonus for bonus in bonuses if bonus.at <= last_at]
    histories = _make_histories(receipts, bonuses, coalition, expiry_days)
    days = None if limit is not None else read_local_days(folder)
    first_day, last_day = _covered_days(receipts, bonuses, coalition.zone, days)
    windows = make_windows(first_day=first_day, last_day=last_day, zone=coalition.zone)
    links = read_links(folder, coalition, members)
    return Replay(
        coalition=coalition,
        links=tuple(link for link in links if link.household_id in histories),
        histories=histories,
        windows=windows,
        segments=make_segments(windows),
        end_at=local_midnight(last_day + timedelta(days=1), coalition.zone),
    )


def _make_histories(
    receipts: Iterable[Receipt],
    bonuses: Iterable[Bonus],
    coalition: Coalition,
    expiry_days: int | None,
) -> dict[int, tuple[ReplayEvent, ...]]:
    partners = {partner.code: partner for partner in coalition.partners}
    unordered: defaultdict[int, list[tuple[_Order, ReplayEvent]]] = defaultdict(list)
    for receipt in receipts:
        # A receipt that moves no points still makes its household a member.
        unordered[receipt.household_id].extend(
            _receipt_events(receipt, partners[receipt.partner], coalition.zone, expiry_days)
        )
    for bonus in bonuses:
        unordered[bonus.household_id].append(_bonus_event(bonus, coalition.zone, expiry_days))
    return {
        household_id: tuple(event for _, event in sorted(events, key=lambda pair: pair[0]))
        for household_id, events in sorted(unordered.items())
    }


def _receipt_events(
    receipt: Receipt, partner: EarningPartner, zone: ZoneInfo, expiry_days: int | None
) -> Iterator[tuple[_Order, ReplayEvent]]:
    """Pay with points first, then earn: a receipt cannot be paid with what it earns."""
    reference = str(receipt.basket_id)
    if receipt.redeem_cents:
        order = (receipt.at, receipt.basket_id, 0, receipt.partner)
        yield order, ReplayRedeem(receipt.at, receipt.partner, receipt.redeem_cents, reference)
    points = earned_points(receipt.eligible_cents, partner.points_per_100_cents)
    if points:
        order = (receipt.at, receipt.basket_id, 1, receipt.partner)
        yield (
            order,
            ReplayIssue(
                at=receipt.at,
                partner=receipt.partner,
                points=points,
                reference=reference,
                is_bonus=False,
                expires_at=lot_end(receipt.at, zone, expiry_days),
            ),
        )


def _bonus_event(
    bonus: Bonus, zone: ZoneInfo, expiry_days: int | None
) -> tuple[_Order, ReplayEvent]:
    return (bonus.at, bonus.row_number, 1, bonus.partner), ReplayIssue(
        at=bonus.at,
        partner=bonus.partner,
        points=bonus.points,
        reference=f"campaign-{bonus.campaign_id}-{bonus.row_number}",
        is_bonus=True,
        expires_at=lot_end(bonus.at, zone, expiry_days),
    )


def earned_points(eligible_cents: int, points_per_100_cents: int) -> int:
    """Compute what a receipt earns, rounded down once for the whole receipt."""
    return eligible_cents * points_per_100_cents // 100


def lot_end(at: datetime, zone: ZoneInfo, expiry_days: int | None) -> datetime | None:
    """Find the instant at which a lot dies: so many whole local days after its own are over."""
    if expiry_days is None:
        return None
    return local_midnight(local_day(at, zone) + timedelta(days=expiry_days + 1), zone)


def _covered_days(
    receipts: Iterable[Receipt],
    bonuses: Iterable[Bonus],
    zone: ZoneInfo,
    stated: tuple[date, date] | None,
) -> tuple[date, date]:
    """Find the first and the last local day: those stated, and those on which anything happens."""
    instants = [receipt.at for receipt in receipts] + [bonus.at for bonus in bonuses]
    days = [local_day(min(instants), zone), local_day(max(instants), zone), *(stated or ())]
    return min(days), max(days)


def histories_by_segment(
    replay: Replay,
) -> list[tuple[Segment, dict[int, tuple[ReplayEvent, ...]]]]:
    """Divide every member's history at the cuts; a member with nothing to do is left out."""
    opens = [segment.open_at for segment in replay.segments]
    divided: list[dict[int, list[ReplayEvent]]] = [{} for _ in opens]
    for household_id, events in replay.histories.items():
        for event in events:
            index = bisect_right(opens, event.at) - 1
            divided[index].setdefault(household_id, []).append(event)
    return [
        (segment, {household_id: tuple(events) for household_id, events in own.items()})
        for segment, own in zip(replay.segments, divided, strict=True)
    ]
