"""Small random folders of receipts in the layout of `coalition_sample`, with their right totals.

`make_folder(seed, path)` writes every file of the layout; `expected.json` holds `base` and
`expiry` by the model in `replay`. The hard cases of the real data are all there and frequent:
local midnights, both clock changes, several baskets of one member in one second, a receipt at the
very instant of a bonus, bonuses before the account is linked, redemptions above the balance, zero
amounts and points.

What the layout leaves open does not occur: each week and month of the slice has an event with
points, the first and the last day have one too, and basket ids are above all row numbers.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.reference.replay import replay

Json = dict[str, Any]
Row = Mapping[str, Any]

BRANDS = ("freshmart", "fuelgo", "wellcare", "homeplus", "bistro", "cellar")
ZONES = ("America/New_York", "Europe/Berlin", "Asia/Shanghai", "Australia/Lord_Howe", "UTC")
# Each slice starts near a change of the clock of some zone, a year's end or a leap day.
STARTS = (date(2017, 3, 3), date(2017, 10, 20), date(2016, 2, 20), date(2018, 12, 24))
FIRST_BASKET = 32_000_000_000
CAMPAIGN_TYPES = ("Type A", "Type B", "Type C")
RECEIPT_COLUMNS = (
    "basket_id",
    "partner",
    "household_id",
    "store_id",
    "ts_utc",
    "week",
    "lines",
    "amount_cents",
    "eligible_cents",
    "redeem_cents",
    "match_cents",
    "retail_disc_cents",
)
MEMBER_COLUMNS = (
    "household_id",
    "age",
    "income",
    "home_ownership",
    "marital_status",
    "household_size",
    "household_comp",
    "kids_count",
)
OTHER_COLUMNS = {
    "campaign_targets.csv": "campaign_id,household_id",
    "categories.csv": "product_category,partner",
    "member_category.csv.gz": "household_id,product_category,visits,amount_cents",
    "visits_w01_w26.csv.gz": "household_id,date,baskets,amount_cents",
    "refunds_SYNTHETIC.csv": "basket_id,partner,household_id,amount_cents,refund_at_utc",
}


def make_folder(seed: int, path: Path | str, *, baskets: int = 60) -> Json:
    """Write a folder and return its expected.json."""
    dice, path = random.Random(seed), Path(path)  # noqa: S311 - repeatable
    path.mkdir(parents=True, exist_ok=True)
    rules = _rules(dice)
    _write_json(path / "scenario.json", rules)
    first = dice.choice(STARTS) + timedelta(days=dice.randrange(7))
    last = first + timedelta(days=dice.randrange(20, 75))
    households = [str(number) for number in dice.sample(range(1, 2500), dice.randrange(2, 9))]
    codes = [brand["code"] for brand in rules["partners"]]
    receipts = _receipts(dice, rules, households, (first, last), baskets)
    campaigns = [
        {
            "campaign_id": number,
            "campaign_type": dice.choice(CAMPAIGN_TYPES),
            "start_date": first,
            "end_date": last,
            "sponsor": dice.choice(codes),
            "coupons": 1,
            "targets": 0,
        }
        for number in (3, 8)
    ]
    tables: dict[str, tuple[Sequence[str], Sequence[Row]]] = {
        "receipts.csv.gz": (RECEIPT_COLUMNS, receipts),
        "links.csv.gz": _links(receipts),
        "members.csv": _members(households),
        "campaigns.csv": (list(campaigns[0]), campaigns),
        "campaign_redemptions.csv": _bonuses(dice, rules, receipts, campaigns),
    }
    for name, columns in OTHER_COLUMNS.items():
        tables[name] = (columns.split(","), [])
    files = {name: _write_table(path / name, *table) for name, table in tables.items()}
    manifest = {"source": f"random, seed {seed}", "local_dates": [first, last], "files": files}
    _write_json(path / "MANIFEST.json", manifest)
    (path / "README.md").write_text("# A random folder in the layout of coalition_sample\n")
    expected = {
        "base": replay(path, with_expiry=False),
        "expiry": replay(path, with_expiry=True),
    }
    _write_json(path / "expected.json", expected)
    return expected


def _rules(dice: random.Random) -> Json:
    codes = dice.sample(BRANDS, dice.randrange(2, len(BRANDS) + 1))
    days = dice.randrange(1, 29)
    return {
        "name": "Random coalition",
        "timezone": dice.choice(ZONES),
        "currency": "USD",
        "point_face_value_cents": 1,
        "partners": [
            {
                "code": code,
                "name_en": code.title(),
                "name_zh": "随机",
                "earn_points_per_100_cents": dice.randrange(1, 6),
            }
            for code in codes
        ],
        "earn_rule": "floor(eligible_cents * rate / 100) per receipt",
        "redeem_rule": "points = redeem_cents, all or nothing, first in first out",
        "order": "by ts, then basket_id, then redeem before earn, then partner code; campaign "
        "bonus at 12:00 local on redemption_date with its row number as basket_id",
        "campaign_bonus_points": {kind: dice.randrange(1, 400) for kind in CAMPAIGN_TYPES},
        "windows": "W = local Monday, M = local month, half-open",
        "expiry_variant_days": days,
        "expiry_rule": f"a lot dies at 00:00 local of (local issue day + {days + 1}); sweep before "
        "each event of the member and once at the end of the slice's last local day; an expiry "
        "belongs to the month of the lot's expires_at",
    }


def _receipts(
    dice: random.Random,
    rules: Json,
    households: Sequence[str],
    span: tuple[date, date],
    baskets: int,
) -> list[Row]:
    """Baskets on random days; one with points on the first, the last and every fifth day."""
    zone = ZoneInfo(rules["timezone"])
    codes = sorted(brand["code"] for brand in rules["partners"])
    length = (span[1] - span[0]).days
    sure_days = {0, length, *range(0, length, 5)}
    days = [*sure_days, *(dice.randint(0, length) for _ in range(baskets))]
    ids = dice.sample(range(FIRST_BASKET, FIRST_BASKET + 100_000), len(days))
    found: list[dict[str, Any]] = []
    for index, (day, basket) in enumerate(zip(days, ids, strict=True)):
        if index >= len(sure_days) and found and dice.random() < 0.1:
            at, household = found[-1]["ts_utc"], found[-1]["household_id"]
        else:
            local_day = span[0] + timedelta(days=day)
            at, household = _instant(dice, local_day, zone), dice.choice(households)
        for place, code in enumerate(dice.sample(codes, dice.randint(1, min(3, len(codes))))):
            must_earn = index < len(sure_days) and place == 0
            found.append(_receipt(dice, basket, code, (household, at), must_earn=must_earn))
    first_monday = span[0] - timedelta(days=span[0].weekday())
    for row in found:
        local = datetime.fromisoformat(row["ts_utc"]).astimezone(zone).date()
        row["week"] = 1 + (local - first_monday).days // 7
    return sorted(found, key=lambda row: (row["ts_utc"], row["basket_id"], row["partner"]))


def _instant(dice: random.Random, day: date, zone: ZoneInfo) -> str:
    """A second of the local day, often its first, its last, or noon."""
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    seconds = int((end - start).total_seconds())
    noon = datetime.combine(day, time(12), zone).astimezone(UTC)
    moment = dice.choice(
        [
            start,
            end - timedelta(seconds=1),
            noon,
            *(start + timedelta(seconds=dice.randrange(seconds)) for _ in range(5)),
        ]
    )
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _receipt(
    dice: random.Random, basket: int, code: str, who: tuple[str, str], *, must_earn: bool
) -> dict[str, Any]:
    amount = dice.choice([0, 1, 99, 100, 101, *(dice.randrange(100, 30_000) for _ in range(9))])
    if must_earn:
        amount = max(amount, 100)
    eligible = amount if must_earn or dice.random() < 0.8 else dice.randint(0, amount)
    wish = dice.choice([0, 0, 0, 1, dice.randrange(1, 60), dice.randrange(1, 900), 10**6])
    return {
        "basket_id": basket,
        "partner": code,
        "household_id": who[0],
        "store_id": dice.randrange(300, 310),
        "ts_utc": who[1],
        "lines": dice.randrange(1, 9),
        "amount_cents": amount,
        "eligible_cents": eligible,
        "redeem_cents": wish,
        "match_cents": 0,
        "retail_disc_cents": 0,
    }


def _links(receipts: Iterable[Row]) -> tuple[list[str], list[Row]]:
    """First receipt at a brand = account link."""
    links: dict[tuple[str, str], Row] = {}
    for row in receipts:
        household, code = row["household_id"], row["partner"]
        link = {
            "household_id": household,
            "partner": code,
            "linked_at_utc": row["ts_utc"],
            "account_ref": f"{code[:2].upper()}-{int(household):06d}",
        }
        links.setdefault((household, code), link)
    return ["household_id", "partner", "linked_at_utc", "account_ref"], list(links.values())


def _members(households: Iterable[str]) -> tuple[Sequence[str], list[Row]]:
    ordered = sorted(households, key=int)
    return MEMBER_COLUMNS, [
        dict.fromkeys(MEMBER_COLUMNS, "") | {"household_id": name} for name in ordered
    ]


def _bonuses(
    dice: random.Random, rules: Json, receipts: Sequence[Row], campaigns: Sequence[Row]
) -> tuple[list[str], list[Row]]:
    """Bonuses of members that buy at the sponsor some day, also on days before that."""
    zone = ZoneInfo(rules["timezone"])
    found: list[dict[str, Any]] = []
    buyers = sorted({(row["household_id"], row["partner"]) for row in receipts})
    dates = sorted({datetime.fromisoformat(r["ts_utc"]).astimezone(zone).date() for r in receipts})
    for _ in range(dice.randrange(1, 15)):
        household, partner = dice.choice(buyers)
        found.append(
            {
                "household_id": household,
                "coupon_upc": dice.randrange(10**10, 10**11),
                "campaign_id": dice.choice(campaigns)["campaign_id"],
                "redemption_date": dice.choice(dates),
                "partner": partner,
            }
        )
    return list(found[0]), sorted(found, key=lambda row: row["redemption_date"])


def _write_json(path: Path, document: Json) -> None:
    text = json.dumps(document, indent=1, ensure_ascii=False, default=str)
    path.write_text(text + "\n", encoding="utf-8")


def _write_table(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> Json:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    content = text.getvalue().encode()
    if path.suffix == ".gz":
        content = gzip.compress(content, mtime=0)
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return {"rows": len(rows), "bytes": len(content), "sha256": digest}
