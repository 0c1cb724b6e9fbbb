"""Receipts, links and campaign bonuses of a folder, one value per row."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from itertools import islice
from pathlib import Path
from typing import Final

from hub.cli.replay.coalition import Coalition
from hub.cli.replay.csv_files import Row, read_rows
from hub.cli.strict_json import quote
from settlement.calendars import local_instant

RECEIPTS_FILE: Final = "receipts.csv.gz"
RECEIPT_COLUMNS: Final = (
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
LINK_COLUMNS: Final = ("household_id", "partner", "linked_at_utc", "account_ref")
MEMBER_COLUMNS: Final = (
    "household_id",
    "age",
    "income",
    "home_ownership",
    "marital_status",
    "household_size",
    "household_comp",
    "kids_count",
)
CAMPAIGN_COLUMNS: Final = (
    "campaign_id",
    "campaign_type",
    "start_date",
    "end_date",
    "sponsor",
    "coupons",
    "targets",
)
REDEMPTION_COLUMNS: Final = (
    "household_id",
    "coupon_upc",
    "campaign_id",
    "redemption_date",
    "partner",
)
BONUS_HOUR: Final = time(12)
"""The local time at which the bonus of a campaign is given: the source knows the day only."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one household bought at one partner, in one basket.

    Units: cents; a point is a cent when it is redeemed.
    """

    basket_id: int
    partner: str
    household_id: int
    at: datetime
    eligible_cents: int
    redeem_cents: int


@dataclass(frozen=True, slots=True)
class Bonus:
    """Points of a campaign, given on the day a household used one of its coupons.

    Units: whole points.
    """

    row_number: int
    campaign_id: str
    partner: str
    household_id: int
    at: datetime
    points: int


@dataclass(frozen=True, slots=True)
class Link:
    """A household is known to a partner by a reference of the partner's own."""

    household_id: int
    partner: str
    linked_at: datetime
    account_ref: str


def read_members(folder: Path) -> frozenset[int]:
    """Read which households are members.

    Errors: ReplayInvalid.
    """
    members: set[int] = set()
    for row in read_rows(folder / "members.csv", MEMBER_COLUMNS):
        household_id = row.whole("household_id")
        if household_id in members:
            raise row.refusal("household_id", f"{household_id} stands twice", "a row per member")
        members.add(household_id)
    return frozenset(members)


def read_receipts(
    folder: Path, coalition: Coalition, members: Collection[int], *, limit: int | None
) -> Iterator[Receipt]:
    """Read the receipts, or the first `limit` of them.

    Errors: ReplayInvalid.
    """
    seen: set[tuple[int, str]] = set()
    rows = read_rows(folder / RECEIPTS_FILE, RECEIPT_COLUMNS)
    for row in islice(rows, limit):
        basket_id, partner = row.whole("basket_id"), _partner(row, coalition)
        if (basket_id, partner) in seen:
            raise row.refusal(
                "basket_id", f"{basket_id} of {partner} stands twice", "a receipt per partner"
            )
        seen.add((basket_id, partner))
        yield Receipt(
            basket_id=basket_id,
            partner=partner,
            household_id=_household(row, members),
            at=row.instant("ts_utc"),
            eligible_cents=row.whole("eligible_cents"),
            redeem_cents=row.whole("redeem_cents"),
        )


def read_links(folder: Path, coalition: Coalition, members: Collection[int]) -> Iterator[Link]:
    """Read the links between households and partners.

    Errors: ReplayInvalid.
    """
    for row in read_rows(folder / "links.csv.gz", LINK_COLUMNS):
        account_ref = row.cells["account_ref"]
        if not (account_ref and account_ref.isprintable()):
            raise row.refusal("account_ref", f"{quote(account_ref)} is no reference", "a text")
        yield Link(
            household_id=_household(row, members),
            partner=_partner(row, coalition),
            linked_at=row.instant("linked_at_utc"),
            account_ref=account_ref,
        )


def read_bonuses(folder: Path, coalition: Coalition, members: Collection[int]) -> Iterator[Bonus]:
    """Read the campaign bonuses; their rows count from 1.

    Errors: ReplayInvalid.
    """
    points_by_campaign = _read_campaigns(folder, coalition)
    rows = read_rows(folder / "campaign_redemptions.csv", REDEMPTION_COLUMNS)
    for row_number, row in enumerate(rows, start=1):
        campaign_id = row.cells["campaign_id"]
        if campaign_id not in points_by_campaign:
            raise row.refusal(
                "campaign_id", f"{quote(campaign_id)} is unknown", "a campaign of campaigns.csv"
            )
        yield Bonus(
            row_number=row_number,
            campaign_id=campaign_id,
            partner=_partner(row, coalition),
            household_id=_household(row, members),
            at=local_instant(row.day("redemption_date"), BONUS_HOUR, coalition.zone),
            points=points_by_campaign[campaign_id],
        )


def _read_campaigns(folder: Path, coalition: Coalition) -> Mapping[str, int]:
    points: dict[str, int] = {}
    for row in read_rows(folder / "campaigns.csv", CAMPAIGN_COLUMNS):
        kind = row.cells["campaign_type"]
        if kind not in coalition.campaign_bonus_points:
            raise row.refusal(
                "campaign_type",
                f"{quote(kind)} has no bonus",
                "a type in campaign_bonus_points of scenario.json",
            )
        points[row.cells["campaign_id"]] = coalition.campaign_bonus_points[kind]
    return points


def _partner(row: Row, coalition: Coalition) -> str:
    code = row.cells["partner"]
    if code in coalition.partner_codes:
        return code
    raise row.refusal("partner", f"{quote(code)} is unknown", "a partner of scenario.json")


def _household(row: Row, members: Collection[int]) -> int:
    household_id = row.whole("household_id")
    if household_id in members:
        return household_id
    raise row.refusal("household_id", f"{household_id} is unknown", "a household of members.csv")
