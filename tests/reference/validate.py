"""Why a scenario file is invalid: an independent reading of the contract's list.

`problem(document)` is None for a valid file, else one line that names the place. Only what the
contract lists, or what cannot be computed at all, is a problem here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.reference.scenario import DATE_LENGTH, RATES, instant

Json = dict[str, Any]

POINTS_MAX = 10**12
DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z", re.ASCII)

# Each field's form: s text, d decimal text, p points, n count, i instant, t date or instant.
INPUT_KEYS = {"parties", "windows", "terms", "clearing", "fx", "settlement_currency", "events"}
WINDOW = {"id": "s", "open": "i", "cut": "i"}
TERMS = {
    "partner": "s",
    "version": "s",
    "effective_from": "t",
    "funding": "s",
    "currency": "s",
}
TERMS_OPTIONAL = {
    **dict.fromkeys(RATES, "d"),
    "issue_fee_refundable": "b",
    "redemption_rates": "md",
    "redemption_currencies": "ms",
}
EVENT = {"seq": "n", "id": "s", "at": "i", "type": "s"}
USE = {"member": "s", "points": "p"}
FIELDS: dict[str, dict[str, str]] = {
    "ISSUE": {**USE, "issuer": "s", "lot": "s", "expires": "t"},
    "REDEEM": {**USE, "acceptor": "s"},
    "REFUND": {"of": "s", "points": "p"},
    "REVERSE_ISSUE": {"lot": "s", "points": "p"},
    "EXPIRE": {},
    "TRANSFER": {"from": "s", "to": "s", "points": "p"},
    "CASH_OUT": {**USE, "agent": "s"},
    "DONATE": {**USE, "charity": "s"},
    "MEMBERSHIP_SALE": {
        "seller": "s",
        "currency": "s",
        "price_gross": "d",
        "vat_rate": "d",
        "shares": "md",
    },
    "MEMBERSHIP_CANCEL": {"of": "s", "unused_days": "n", "total_days": "n"},
    "ADJUST": {"debtor": "s", "creditor": "s", "amount": "d"},
}
OPTIONAL: dict[str, dict[str, str]] = {
    "ISSUE": {"reason": "s"},
    "DONATE": {"match_rate": "d"},
    "ADJUST": {"currency": "s"},
}


class InvalidError(Exception):
    """The file is not valid; the text says where and why."""


def problem(document: object) -> str | None:
    """The first problem of a scenario file, or None."""
    try:
        if isinstance(document, dict) and "input" in document:
            document = document["input"]
        _document(_mapping(document, "the document"))
    except InvalidError as invalid:
        return str(invalid)
    return None


def _fail(place: str, why: str) -> InvalidError:
    return InvalidError(f"{place}: {why}")


def _mapping(value: object, place: str) -> Json:
    if not isinstance(value, dict):
        raise _fail(place, "an object is expected")
    return value


def _list(value: object, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise _fail(place, "a list is expected")
    return value


def _text(value: object, place: str) -> str:
    if not isinstance(value, str) or not value:
        raise _fail(place, "a text is expected")
    return value


def _decimal(value: object, place: str) -> Fraction:
    text = _text(value, place)
    if not DECIMAL.fullmatch(text):
        raise _fail(place, "a decimal in a text is expected")
    return Fraction(text)


def _instant(value: object, place: str, *, is_date_allowed: bool) -> datetime:
    text = _text(value, place)
    form = DATE if is_date_allowed and len(text) == DATE_LENGTH else INSTANT
    if not form.fullmatch(text):
        raise _fail(place, "an instant is expected")
    try:
        return instant(text)
    except ValueError as wrong:
        raise _fail(place, "no such instant") from wrong


def _count(value: object, place: str, least: int, most: int | None = None) -> int:
    if type(value) is not int or value < least or (most is not None and value > most):
        raise _fail(place, f"an integer from {least} is expected")
    return value


def _field(value: object, form: str, place: str) -> None:
    if form[0] == "m":
        for key, item in _mapping(value, place).items():
            _field(item, form[1:], f"{place}.{key}")
    elif form == "s":
        _text(value, place)
    elif form == "d":
        _decimal(value, place)
    elif form == "b":
        if not isinstance(value, bool):
            raise _fail(place, "true or false is expected")
    elif form == "p":
        _count(value, place, 1, POINTS_MAX)
    elif form == "n":
        _count(value, place, 0)
    else:
        _instant(value, place, is_date_allowed=form == "t")


def _fields(
    value: object, place: str, required: Mapping[str, str], optional: Mapping[str, str]
) -> Json:
    item = _mapping(value, place)
    for key in required.keys() - item.keys():
        raise _fail(place, f"{key} is missing")
    forms = {**required, **optional}
    for key in item:
        if key not in forms:
            raise _fail(place, f"unknown key {key}")
        _field(item[key], forms[key], f"{place}.{key}")
    return item


def _unique(values: Iterable[object], place: str) -> None:
    seen: set[object] = set()
    for value in values:
        if value in seen:
            raise _fail(place, f"{value} occurs twice")
        seen.add(value)


def _document(document: Json) -> None:
    for key in document.keys() - INPUT_KEYS:
        raise _fail("the document", f"unknown key {key}")
    for key in {"windows", "terms", "events"} - document.keys():
        raise _fail("the document", f"{key} is missing")
    for party in _list(document.get("parties", []), "parties"):
        _text(party, "parties")
    _field(document.get("clearing", "EUR"), "s", "clearing")
    _field(document.get("settlement_currency", {}), "ms", "settlement_currency")
    _field(document.get("fx", {}), "md", "fx")
    for currency, rate in document.get("fx", {}).items():
        if Fraction(rate) <= 0:
            raise _fail(f"fx.{currency}", "a positive rate is expected")
    _windows(_list(document["windows"], "windows"))
    _terms(_list(document["terms"], "terms"), document.get("clearing", "EUR"))
    _events(_list(document["events"], "events"))
    _posting(document["events"], document["windows"])
    _currencies(document)


def _windows(windows: list[Any]) -> None:
    for index, window in enumerate(windows):
        place = f"windows[{index}]"
        _fields(window, place, WINDOW, {})
        if instant(window["open"]) >= instant(window["cut"]):
            raise _fail(place, "it must be cut after it opens")
        if index and instant(windows[index - 1]["cut"]) != instant(window["open"]):
            raise _fail(place, "gap or overlap")
    if not windows:
        raise _fail("windows", "at least one is expected")
    _unique((window["id"] for window in windows), "windows")


def _terms(versions: list[Any], clearing: str) -> None:
    for index, terms in enumerate(versions):
        place = f"terms[{index}]"
        _fields(terms, place, TERMS, TERMS_OPTIONAL)
        if terms["funding"] not in {"ON_ISSUE", "ON_REDEMPTION", "HYBRID"}:
            raise _fail(place, "unknown funding")
        if terms["funding"] != "ON_REDEMPTION" and terms["currency"] != clearing:
            raise _fail(place, "pool terms must be in the clearing currency")
    _unique(((t["partner"], t["version"]) for t in versions), "terms")
    _unique(((t["partner"], instant(t["effective_from"])) for t in versions), "terms")


def _events(events: list[Any]) -> None:
    for index, event in enumerate(events):
        place = f"events[{index}]"
        kind = _mapping(event, place).get("type")
        if not isinstance(kind, str) or kind not in FIELDS:
            raise _fail(place, "unknown type")
        optional = {"posted_at": "i", **OPTIONAL.get(kind, {})}
        _fields(event, place, {**EVENT, **FIELDS[kind]}, optional)
        if kind == "TRANSFER" and event["from"] == event["to"]:
            raise _fail(place, "a transfer to oneself")
        if kind == "MEMBERSHIP_SALE" and sum(map(Fraction, event["shares"].values())) != 1:
            raise _fail(place, "the shares must sum to 1")
        if kind == "MEMBERSHIP_CANCEL":
            _count(event["total_days"], f"{place}.total_days", 1)
            _count(event["unused_days"], f"{place}.unused_days", 0, event["total_days"])
    _unique((event["id"] for event in events), "event ids")
    _unique((event["seq"] for event in events), "seq")
    _unique((event["lot"] for event in events if event["type"] == "ISSUE"), "lot names")


def _posting(events: list[Json], windows: list[Json]) -> None:
    latest, last_seq = instant(windows[0]["open"]), -1
    for event in events:
        posted_at = instant(str(event.get("posted_at", event["at"])))
        if posted_at < instant(windows[0]["open"]) or posted_at >= instant(windows[-1]["cut"]):
            raise _fail(event["id"], "outside every window")
        if posted_at < latest or event["seq"] <= last_seq:
            raise _fail(event["id"], "posted_at falls, or the events are not in seq order")
        latest, last_seq = posted_at, event["seq"]


def _currencies(document: Json) -> None:
    known = {document.get("clearing", "EUR"), *document.get("fx", {})}
    named = set(document.get("settlement_currency", {}).values())
    for terms in document["terms"]:
        named |= {terms["currency"], *terms.get("redemption_currencies", {}).values()}
    named |= {event["currency"] for event in document["events"] if "currency" in event}
    for currency in sorted(named - known):
        raise _fail("fx", f"{currency} has no rate")
