"""The file of a coalition: TOML or JSON, read and checked, and turned into agreements.

    [coalition]   name, point_name, clearing_currency, time_zone
    [[partners]]  code, name_en, name_zh, settlement_currency?
    [[terms]]     one version each, as in a scenario, and expiry_months?,
                  points_cap_per_window?, points_cap_per_member?
    [[exchange_offers]]  one version each: `hub.cli.exchange_offers`

Source: rule book 1.8.4, 2.1 to 2.3.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from hub.cli.agreements import AGREEMENT_KEYS, read_agreements
from hub.cli.errors import FileInvalid
from hub.cli.exchange_offers import read_offers
from hub.cli.fields import (
    Fields,
    open_fields,
    read_code,
    read_list,
    read_name,
    read_payment_currency,
)
from hub.cli.strict_json import Json, JsonInvalid, NotWhole, parse_json, quote, show_path
from partners.agreements import Agreements, PartnerDetails
from partners.store import Coalition

FILE_BYTES_MAX: Final = 2**20
PARTNERS_COUNT_MAX: Final = 1_000
TERMS_COUNT_MAX: Final = 2_000
OFFERS_COUNT_MAX: Final = 2_000

_DOCUMENT_KEYS: Final = frozenset({"coalition", "partners", "terms", "exchange_offers"})
_COALITION_KEYS: Final = frozenset({"name", "point_name", "clearing_currency", "time_zone"})
_PARTNER_KEYS: Final = frozenset({"code", "name_en", "name_zh", "settlement_currency"})
_TOML_PLACE: Final = re.compile(r" \(at (.*)\)$", re.ASCII)
_DEPTH_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class _Source:
    """A file as bytes, and what messages call it."""

    file: str
    content: bytes

    def refusal(self, place: str, problem: str, expected: str) -> FileInvalid:
        return FileInvalid(file=self.file, place=place, problem=problem, expected=expected)


def read_coalition_file(path: Path) -> Agreements:
    """Read and check a file; one that ends in `.json` is JSON, any other TOML.

    Errors: FileInvalid.
    """
    file = show_path(path)
    try:
        with path.open("rb") as opened:
            content = opened.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else None
        raise FileInvalid(
            file=file,
            place="file",
            problem=reason or "cannot be read",
            expected="a TOML or JSON file",
        ) from fault
    return parse_coalition(content, file=file, is_json=path.suffix.lower() == ".json")


def parse_coalition(content: bytes, *, file: str, is_json: bool) -> Agreements:
    """Check a coalition that is in memory; `file` is what messages call it.

    Errors: FileInvalid.
    """
    source = _Source(file, content)
    if len(content) > FILE_BYTES_MAX:
        raise source.refusal("file", "too large", f"at most {FILE_BYTES_MAX} bytes")
    document = _parse_json(source) if is_json else _parse_toml(source)
    return _read(open_fields(file, "", document, known=_DOCUMENT_KEYS))


def _parse_json(source: _Source) -> Json:
    try:
        return parse_json(source.content)
    except JsonInvalid as refusal:
        raise source.refusal(refusal.place, refusal.problem, refusal.expected) from refusal


def _parse_toml(source: _Source) -> Json:
    try:
        # What TOML calls a float stays text, so that its place can be named when it is refused.
        values = tomllib.loads(source.content.decode("utf-8"), parse_float=NotWhole)
        return _plain(values, _DEPTH_MAX)
    except UnicodeDecodeError as fault:
        raise source.refusal(f"byte {fault.start}", "not UTF-8", "TOML in UTF-8") from fault
    except RecursionError as fault:
        raise source.refusal("file", "nested too deeply", "a flat document") from fault
    except ValueError as fault:  # tomllib's own, and Python's for integers of many digits
        said = _TOML_PLACE.sub("", str(fault))
        found = _TOML_PLACE.search(str(fault))
        place = found.group(1) if found else "file"
        raise source.refusal(place, f"not TOML ({said})", "one TOML document") from fault


def _plain(value: object, depth: int) -> Json:
    """Turn a value of TOML into one of JSON; dates become the texts they were written as."""
    if depth == 0:
        raise RecursionError
    match value:
        case dict():
            return {str(key): _plain(inner, depth - 1) for key, inner in value.items()}
        case list():
            return [_plain(inner, depth - 1) for inner in value]
        case datetime() | date() | time():
            return value.isoformat()
        case str() | int() | NotWhole():
            return value
    raise AssertionError(value)


def _read(fields: Fields) -> Agreements:
    place = fields.at("coalition")
    home = open_fields(
        fields.file, place, fields.take("coalition", "a table"), known=_COALITION_KEYS
    )
    coalition = Coalition(
        name=read_name(home, "name"),
        point_name=read_name(home, "point_name"),
        clearing_currency=read_payment_currency(home, "clearing_currency"),
        time_zone=_read_zone(home, "time_zone"),
    )
    partners = _read_partners(fields)
    terms, offers = (
        tuple(read_list(fields, key, items="versions", count_max=count_max))
        if key in fields.values
        else ()
        for key, count_max in (("terms", TERMS_COUNT_MAX), ("exchange_offers", OFFERS_COUNT_MAX))
    )
    versions = read_agreements(
        fields.file,
        fields.at("terms"),
        terms,
        clearing=coalition.clearing_currency,
        keys=AGREEMENT_KEYS,
    )
    return Agreements(
        coalition,
        tuple(partners.values()),
        versions,
        read_offers(fields.file, fields.at("exchange_offers"), offers),
    )


def _read_partners(fields: Fields) -> Mapping[str, PartnerDetails]:
    partners: dict[str, PartnerDetails] = {}
    values = read_list(fields, "partners", items="partners", count_max=PARTNERS_COUNT_MAX)
    for index, value in enumerate(values):
        place = f"{fields.at('partners')}[{index}]"
        own = open_fields(fields.file, place, value, known=_PARTNER_KEYS)
        code = read_code(own, "code")
        if code in partners:
            raise own.refusal("code", f"{quote(code)} stands twice", "every partner once")
        has_currency = "settlement_currency" in own.values
        partners[code] = PartnerDetails(
            code=code,
            name_en=read_name(own, "name_en"),
            name_zh=read_name(own, "name_zh"),
            settlement_currency=(
                read_payment_currency(own, "settlement_currency") if has_currency else None
            ),
        )
    return partners


def _read_zone(fields: Fields, key: str) -> str:
    name = read_name(fields, key)
    # ZoneInfoNotFoundError is a KeyError; a name that is no relative path gives ValueError, and
    # one that names a folder an OSError.
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        expected = "a time zone such as America/New_York"
        raise fields.refusal(key, f"{quote(name)} is not a time zone", expected) from None
