"""The right totals of a folder of receipts (`hub replay`), by a plain first in, first out model.

`replay(folder, with_expiry=False)` is `base` of expected.json, `with_expiry=True` is `expiry`. It
does not use `books`: a member's points are a queue here.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]
NOON = time(12)
# Inside one basket redemptions come before issues.
REDEEM, ISSUE = 0, 1
# A lot issued on a local day dies at 00:00 of the day after this many more.
DAYS_AFTER_THE_LAST_DAY = 1


@dataclass(frozen=True, order=True)
class Receipt:
    """One event of a member; the order of its fields is the order of events."""

    at: datetime
    basket: int
    place: int
    partner: str
    member: str
    points: int
    is_bonus: bool

    @property
    def is_issue(self) -> bool:
        return self.place == ISSUE


@dataclass
class Batch:
    """Points of one issue, as far as they are left."""

    issuer: str
    points: int
    dies_on: date


@dataclass
class Tally:
    """Everything that the totals are made of."""

    issued: Counter[str] = field(default_factory=Counter)
    bonus: Counter[str] = field(default_factory=Counter)
    expired: Counter[tuple[str, str]] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    asked_points: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    used: Counter[tuple[str, str]] = field(default_factory=Counter)
    window_issued: Counter[tuple[str, str]] = field(default_factory=Counter)
    window_used: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    windows: set[str] = field(default_factory=set)


def rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV file of the folder, gzipped or not."""
    packed = folder / f"{name}.gz"
    if packed.exists():
        with gzip.open(packed, "rt", newline="", encoding="utf-8") as file:
            yield from csv.DictReader(file)
    else:
        with (folder / name).open(newline="", encoding="utf-8") as file:
            yield from csv.DictReader(file)


def events(folder: Path, rules: Json) -> list[Receipt]:
    """Redemptions, issues and campaign bonuses of the folder in their order."""
    zone = ZoneInfo(rules["timezone"])
    earn = {brand["code"]: brand["earn_points_per_100_cents"] for brand in rules["partners"]}
    found = []
    for row in rows(folder, "receipts.csv"):
        at = datetime.fromisoformat(row["ts_utc"])
        basket, partner, member = int(row["basket_id"]), row["partner"], row["household_id"]
        asked = int(row["redeem_cents"])
        earned = int(row["eligible_cents"]) * earn[partner] // 100
        if asked > 0:
            found.append(Receipt(at, basket, REDEEM, partner, member, asked, is_bonus=False))
        if earned > 0:
            found.append(Receipt(at, basket, ISSUE, partner, member, earned, is_bonus=False))
    kinds = {row["campaign_id"]: row["campaign_type"] for row in rows(folder, "campaigns.csv")}
    for number, row in enumerate(rows(folder, "campaign_redemptions.csv"), start=1):
        noon = datetime.combine(date.fromisoformat(row["redemption_date"]), NOON, zone)
        points = rules["campaign_bonus_points"][kinds[row["campaign_id"]]]
        found.append(
            Receipt(
                noon.astimezone(UTC),
                number,
                ISSUE,
                row["partner"],
                row["household_id"],
                points,
                is_bonus=True,
            )
        )
    return sorted(found)


def replay(folder: Path | str, *, with_expiry: bool) -> Json:
    """The document that `hub replay` must print for the folder, without its timings."""
    folder = Path(folder)
    rules = json.loads((folder / "scenario.json").read_text())
    zone = ZoneInfo(rules["timezone"])
    days = rules["expiry_variant_days"] + DAYS_AFTER_THE_LAST_DAY if with_expiry else None
    ordered = events(folder, rules)
    wallets: dict[str, deque[Batch]] = {}
    tally = Tally()
    for event in ordered:
        local = event.at.astimezone(zone).date()
        wallet = wallets.setdefault(event.member, deque())
        if days is not None:
            _sweep(wallet, local, tally)
        for window in _windows_of(local):
            tally.windows.add(window)
        if event.is_issue:
            dies_on = local + timedelta(days=days) if days is not None else date.max
            wallet.append(Batch(event.partner, event.points, dies_on))
            _count_issue(event, local, tally)
        else:
            _redeem(wallet, event, local, tally)
    if days is not None and ordered:
        end = ordered[-1].at.astimezone(zone).date() + timedelta(days=1)
        for wallet in wallets.values():
            _sweep(wallet, end, tally)
    return _document(tally, wallets, [brand["code"] for brand in rules["partners"]])


def _windows_of(day: date) -> tuple[str, str]:
    monday = day - timedelta(days=day.weekday())
    return f"W{monday.isoformat()}", f"M{day:%Y-%m}"


def _count_issue(event: Receipt, local: date, tally: Tally) -> None:
    tally.issued[event.partner] += event.points
    if event.is_bonus:
        tally.bonus[event.partner] += event.points
    for window in _windows_of(local):
        tally.window_issued[window, event.partner] += event.points


def _redeem(wallet: deque[Batch], event: Receipt, local: date, tally: Tally) -> None:
    """All or nothing; the oldest issue first, whichever partner issued it."""
    tally.asked[event.partner] += 1
    tally.asked_points[event.partner] += event.points
    if sum(batch.points for batch in wallet) < event.points:
        return
    tally.accepted[event.partner] += 1
    wanted = event.points
    while wanted:
        part = min(wanted, wallet[0].points)
        wallet[0].points -= part
        wanted -= part
        tally.used[wallet[0].issuer, event.partner] += part
        for window in _windows_of(local):
            tally.window_used[window, wallet[0].issuer, event.partner] += part
        if wallet[0].points == 0:
            wallet.popleft()


def _sweep(wallet: deque[Batch], today: date, tally: Tally) -> None:
    """Book what died at 00:00 of `today` or before; a lot dies at a local midnight."""
    while wallet and wallet[0].dies_on <= today:
        batch = wallet.popleft()
        tally.expired[batch.issuer, f"{batch.dies_on:%Y-%m}"] += batch.points


def _net(matrix: dict[str, dict[str, int]]) -> dict[str, int]:
    """Points accepted from others, less own points accepted by others."""
    return {
        code: sum(row[code] for row in matrix.values()) - sum(matrix[code].values())
        for code in matrix
    }


def _crossing(matrix: dict[str, dict[str, int]]) -> int:
    return sum(n for issuer, row in matrix.items() for code, n in row.items() if code != issuer)


def _window(tally: Tally, window: str, codes: list[str]) -> Json:
    used = tally.window_used
    matrix = {i: {a: used[window, i, a] for a in codes} for i in codes}
    return {
        "issued": {code: tally.window_issued[window, code] for code in codes},
        "matrix": matrix,
        "net": _net(matrix),
        "gross_cross": _crossing(matrix),
    }


def _by_issuer(pairs: Iterable[tuple[str, int]], codes: list[str]) -> dict[str, int]:
    sums = dict.fromkeys(codes, 0)
    for code, points in pairs:
        sums[code] += points
    return sums


def _document(tally: Tally, wallets: dict[str, deque[Batch]], codes: list[str]) -> Json:
    matrix = {i: {a: tally.used[i, a] for a in codes} for i in codes}
    left = [batch for wallet in wallets.values() for batch in wallet]
    accepted_points = {a: sum(matrix[i][a] for i in codes) for a in codes}
    totals = {
        "issued": tally.issued.total(),
        "redeemed": tally.used.total(),
        "expired": tally.expired.total(),
        "outstanding": sum(batch.points for batch in left),
    }
    assert totals["issued"] == totals["redeemed"] + totals["expired"] + totals["outstanding"]
    return {
        "totals": totals,
        "members_with_balance": sum(bool(wallet) for wallet in wallets.values()),
        "issued_by_partner": {code: tally.issued[code] for code in codes},
        "of_which_campaign_bonus": {code: tally.bonus[code] for code in codes},
        "redemption_requests": tally.asked.total(),
        "requested_points": tally.asked_points.total(),
        "accepted": tally.accepted.total(),
        "declined_insufficient": tally.asked.total() - tally.accepted.total(),
        "accepted_points": tally.used.total(),
        "by_acceptor": {
            code: {
                "requests": tally.asked[code],
                "requested_points": tally.asked_points[code],
                "accepted": tally.accepted[code],
                "accepted_points": accepted_points[code],
            }
            for code in codes
        },
        "outstanding_by_issuer": _by_issuer(((b.issuer, b.points) for b in left), codes),
        "expired_by_issuer": _by_issuer(((i, n) for (i, _), n in tally.expired.items()), codes),
        "expired_by_issuer_month": {
            f"{issuer}|{month}": n for (issuer, month), n in sorted(tally.expired.items())
        },
        "matrix_issuer_to_acceptor_points": matrix,
        "net_position_points": _net(matrix),
        "cross_partner_points": _crossing(matrix),
        "windows": {window: _window(tally, window, codes) for window in sorted(tally.windows)},
    }
