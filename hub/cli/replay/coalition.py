"""The coalition of a folder of receipts: its partners, rates, bonuses and calendar."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from hub.cli.replay.errors import ReplayInvalid
from hub.cli.strict_json import Json, JsonInvalid, join, quote, read_json, show_path

JSON_BYTES_MAX: Final = 2**20
PARTNERS_COUNT_MAX: Final = 1_000
RATE_MAX: Final = 100_000
BONUS_POINTS_MAX: Final = 10**9
EXPIRY_DAYS_MAX: Final = 36_500

RULES_FILE: Final = "scenario.json"
_MANIFEST_FILE: Final = "MANIFEST.json"
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class EarningPartner:
    """A partner and what its customers earn.

    Units: whole points per 100 eligible cents.
    """

    code: str
    name_en: str
    name_zh: str
    points_per_100_cents: int


@dataclass(frozen=True, slots=True)
class Coalition:
    """The rules of a folder of receipts.

    Units: `expiry_days` are whole local days that a lot lives after the day of its issue.
    """

    name: str
    zone: ZoneInfo
    currency: str
    partners: tuple[EarningPartner, ...]
    campaign_bonus_points: Mapping[str, int]
    expiry_days: int

    @property
    def partner_codes(self) -> tuple[str, ...]:
        """The codes of all partners, in the order of the file."""
        return tuple(partner.code for partner in self.partners)


@dataclass(frozen=True, slots=True)
class _Rules:
    """One JSON object of the folder's rules, the file it is from, and where it lies."""

    file: str
    place: str
    values: Mapping[str, Json]

    def refusal(self, key: str, expected: str) -> ReplayInvalid:
        problem = f"{join(self.place, key)}: {quote(self.values.get(key))} is not valid"
        return ReplayInvalid(file=self.file, line=0, problem=problem, expected=expected)

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if isinstance(value, str) and value and value.isprintable():
            return value
        raise self.refusal(key, "a string that is not empty")

    def whole(self, key: str, last: int) -> int:
        value = self.values.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= last:
            return value
        raise self.refusal(key, f"an integer from 0 to {last}")

    def inside(self, key: str) -> "_Rules":
        value = self.values.get(key)
        if isinstance(value, dict):
            return _Rules(self.file, join(self.place, key), value)
        raise self.refusal(key, "an object")


def read_coalition(folder: Path) -> Coalition:
    """Read the rules of a folder.

    Errors: ReplayInvalid.
    """
    rules = _read_rules(folder / RULES_FILE)
    bonuses = rules.inside("campaign_bonus_points")
    return Coalition(
        name=rules.text("name"),
        zone=_read_zone(rules),
        currency=rules.text("currency"),
        partners=_read_partners(rules),
        campaign_bonus_points={
            kind: bonuses.whole(kind, BONUS_POINTS_MAX) for kind in bonuses.values
        },
        expiry_days=rules.whole("expiry_variant_days", EXPIRY_DAYS_MAX),
    )


def read_local_days(folder: Path) -> tuple[date, date] | None:
    """Read which local days the folder covers, when its manifest says so.

    The receipts alone cannot tell: nobody need have bought anything on the last day.

    Errors: ReplayInvalid.
    """
    path = folder / _MANIFEST_FILE
    if not path.exists():
        return None
    manifest = _read_rules(path)
    match manifest.values.get("local_dates"):
        case None:
            return None
        case [str(first), str(last)]:
            days = _parse_days(first, last)
        case _:
            days = None
    if days is None:
        raise manifest.refusal("local_dates", "two dates in order such as 2017-04-24, 2017-06-18")
    return days


def _parse_days(first: str, last: str) -> tuple[date, date] | None:
    try:
        first_day, last_day = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        return None
    return (first_day, last_day) if first_day <= last_day else None


def _read_rules(path: Path) -> _Rules:
    file = show_path(path)
    try:
        document = read_json(path, bytes_max=JSON_BYTES_MAX)
    except JsonInvalid as refusal:
        raise ReplayInvalid(
            file=file,
            line=0,
            problem=f"{refusal.place}: {refusal.problem}",
            expected=refusal.expected,
        ) from refusal
    if isinstance(document, dict):
        return _Rules(file, "", document)
    raise ReplayInvalid(
        file=file, line=0, problem=f"{quote(document)} is not an object", expected="a JSON object"
    )


def _read_partners(rules: _Rules) -> tuple[EarningPartner, ...]:
    values = rules.values.get("partners")
    if not isinstance(values, list) or not 0 < len(values) <= PARTNERS_COUNT_MAX:
        raise rules.refusal("partners", f"a list of 1 to {PARTNERS_COUNT_MAX} partners")
    listed = _Rules(
        rules.file, "partners", {str(index): value for index, value in enumerate(values)}
    )
    partners: dict[str, EarningPartner] = {}
    for index in listed.values:
        partner = _read_partner(listed.inside(index))
        if partner.code in partners:
            raise listed.inside(index).refusal("code", "every code once")
        partners[partner.code] = partner
    return tuple(partners.values())


def _read_partner(rules: _Rules) -> EarningPartner:
    code = rules.text("code")
    if not _CODE.fullmatch(code):
        raise rules.refusal("code", "letters, digits and _ . : -")
    return EarningPartner(
        code=code,
        name_en=rules.text("name_en"),
        name_zh=rules.text("name_zh"),
        points_per_100_cents=rules.whole("earn_points_per_100_cents", RATE_MAX),
    )


def _read_zone(rules: _Rules) -> ZoneInfo:
    name = rules.text("timezone")
    # ZoneInfoNotFoundError is a KeyError; a name that is no relative path gives ValueError, and
    # one that names a folder an OSError.
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise rules.refusal("timezone", "a time zone such as America/New_York") from None
