"""Invalid scenario files, each with its reason, for tests of exit status 2.

Every case is one change to a valid file that has all event types. `is_listed` is True where the
contract names the reason; the others cannot be computed, or are not what the table of fields says.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

BASE: Json = {
    "parties": ["AIR", "BIO", "HUB", "POOL"],
    "clearing": "EUR",
    "fx": {"USD": "1.0843"},
    "settlement_currency": {"BIO": "USD"},
    "windows": [
        {"id": "W1", "open": "2026-01-01T00:00:00Z", "cut": "2026-02-01T00:00:00Z"},
        {"id": "W2", "open": "2026-02-01T00:00:00Z", "cut": "2026-03-01T00:00:00Z"},
    ],
    "terms": [
        {
            "partner": "AIR",
            "version": "AIR-1",
            "effective_from": "2026-01-01",
            "funding": "ON_ISSUE",
            "currency": "EUR",
            "issue_price": "0.009",
            "accept_rate": "0.0078",
            "accept_fee_bps": "120",
            "breakage_share": "0.5",
        },
        {
            "partner": "BIO",
            "version": "BIO-1",
            "effective_from": "2026-01-01",
            "funding": "ON_REDEMPTION",
            "currency": "USD",
            "redemption_rates": {"*": "0.008"},
            "redemption_currencies": {"AIR": "EUR"},
            "cash_out_rate": "0.005",
            "donation_rate": "0.006",
            "issue_fee_refundable": False,
        },
    ],
    "events": [],
}
EVENTS: tuple[Json, ...] = (
    {
        "type": "ISSUE",
        "issuer": "AIR",
        "member": "m1",
        "points": 1000,
        "lot": "L1",
        "expires": "2027-01-01",
    },
    {"type": "REDEEM", "acceptor": "BIO", "member": "m1", "points": 100},
    {"type": "REFUND", "of": "E2", "points": 40},
    {"type": "REVERSE_ISSUE", "lot": "L1", "points": 10},
    {"type": "EXPIRE"},
    {"type": "TRANSFER", "from": "m1", "to": "m2", "points": 200},
    {"type": "CASH_OUT", "agent": "BIO", "member": "m2", "points": 50},
    {"type": "DONATE", "charity": "BIO", "member": "m2", "points": 50, "match_rate": "0.001"},
    {
        "type": "MEMBERSHIP_SALE",
        "seller": "AIR",
        "currency": "EUR",
        "price_gross": "59.90",
        "vat_rate": "0.20",
        "shares": {"AIR": "0.50", "BIO": "0.45", "HUB": "0.05"},
    },
    {"type": "MEMBERSHIP_CANCEL", "of": "E9", "unused_days": 265, "total_days": 365},
    {"type": "ADJUST", "debtor": "AIR", "creditor": "BIO", "amount": "5.00", "currency": "USD"},
)
# Places of EVENTS, for the changes below.
ISSUE, REDEEM, REFUND, REVERSE, EXPIRE, MOVE, CASH, DONATE, SALE, CANCEL, ADJUST = range(11)


@dataclass(frozen=True)
class Spoilt:
    """An invalid document, why it is invalid, and whether the contract says so itself."""

    name: str
    document: Json
    is_listed: bool


def base() -> Json:
    """The valid file that the changes start from."""
    document = copy.deepcopy(BASE)
    document["events"] = [
        {"seq": number, "id": f"E{number}", "at": f"2026-01-{number:02}T10:00:00Z"} | event
        for number, event in enumerate(copy.deepcopy(EVENTS), start=1)
    ]
    return document


def put(*path: str | int, value: object) -> Callable[[Json], None]:
    """A change that sets the value at a path of the document."""

    def change(document: Json) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def drop(*path: str | int) -> Callable[[Json], None]:
    """A change that takes away what is at a path of the document."""

    def change(document: Json) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return change


LISTED: dict[str, Callable[[Json], None]] = {
    "unknown type": put("events", EXPIRE, "type", value="EXPLODE"),
    "type in lower case": put("events", EXPIRE, "type", value="expire"),
    "unknown key of the input": put("colour", value="red"),
    "unknown key of a window": put("windows", 0, "close", value="2026-02-01T00:00:00Z"),
    "unknown key of terms": put("terms", 0, "price", value="1"),
    "unknown key of an event": put("events", ISSUE, "pionts", value=3),
    "key of another event type": put("events", REDEEM, "expires", value="2027-01-01"),
    "points 0": put("events", REDEEM, "points", value=0),
    "points negative": put("events", ISSUE, "points", value=-5),
    "points above 10^12": put("events", ISSUE, "points", value=10**12 + 1),
    "points far above 64 bits": put("events", ISSUE, "points", value=10**30),
    "points a float": put("events", REFUND, "points", value=1.0),
    "points a text": put("events", CASH, "points", value="50"),
    "points true": put("events", DONATE, "points", value=True),
    "points null": put("events", MOVE, "points", value=None),
    "a number for a rate": put("terms", 0, "issue_price", value=0.009),
    "an integer for bps": put("terms", 0, "accept_fee_bps", value=120),
    "a number for a share": put("terms", 0, "breakage_share", value=1),
    "a number in a map of rates": put("terms", 1, "redemption_rates", "*", value=0.008),
    "a number for a price": put("events", SALE, "price_gross", value=59.9),
    "a number for VAT": put("events", SALE, "vat_rate", value=0.2),
    "a number for a share of a sale": put("events", SALE, "shares", "BIO", value=0.45),
    "a number for an amount": put("events", ADJUST, "amount", value=5),
    "a number for a match rate": put("events", DONATE, "match_rate", value=0.001),
    "a number for fx": put("fx", "USD", value=1.0843),
    "an event id twice": put("events", CASH, "id", value="E2"),
    "a seq twice": put("events", CASH, "seq", value=6),
    "a lot name twice": put(
        "events", EXPIRE, value={"seq": 5, "id": "E5", "at": "2026-01-05T10:00:00Z", **EVENTS[0]}
    ),
    "at before every window": put("events", ISSUE, "at", value="2025-12-31T23:59:59Z"),
    "at the last cut": put("events", ADJUST, "at", value="2026-03-01T00:00:00Z"),
    "posted_at after every window": put(
        "events", ADJUST, "posted_at", value="2026-03-01T00:00:01Z"
    ),
    "posted_at before every window": put(
        "events", ISSUE, "posted_at", value="2025-12-31T23:59:59Z"
    ),
    "posted_at falls": put("events", REFUND, "posted_at", value="2026-01-02T09:59:59Z"),
    "at without posted_at falls": put("events", REFUND, "at", value="2026-01-02T09:59:59Z"),
    "a gap between windows": put("windows", 1, "open", value="2026-02-01T00:00:01Z"),
    "windows overlap": put("windows", 1, "open", value="2026-01-31T23:59:59Z"),
    "shares sum to less than 1": put("events", SALE, "shares", "BIO", value="0.4499"),
    "shares sum to more than 1": put("events", SALE, "shares", "BIO", value="0.4501"),
    "unused_days above total_days": put("events", CANCEL, "unused_days", value=366),
    "a transfer to oneself": put("events", MOVE, "to", value="m1"),
    "a currency of terms without fx": put("terms", 1, "currency", value="GBP"),
    "a currency of a rate without fx": put("terms", 1, "redemption_currencies", "AIR", value="GBP"),
    "a currency of a sale without fx": put("events", SALE, "currency", value="GBP"),
    "a currency of an adjustment without fx": put("events", ADJUST, "currency", value="GBP"),
    "a settlement currency without fx": put("settlement_currency", "BIO", value="GBP"),
    "ON_ISSUE terms in another currency": put("terms", 0, "currency", value="USD"),
    "HYBRID terms in another currency": put("terms", 1, "funding", value="HYBRID"),
}
UNLISTED: dict[str, Callable[[Json], None]] = {
    "no windows at all": put("windows", value=[]),
    "windows missing": drop("windows"),
    "events not a list": put("events", value={}),
    "an event that is not an object": put("events", 0, value="ISSUE"),
    "type missing": drop("events", EXPIRE, "type"),
    "at missing": drop("events", EXPIRE, "at"),
    "expires missing": drop("events", ISSUE, "expires"),
    "member missing": drop("events", REDEEM, "member"),
    "version missing": drop("terms", 0, "version"),
    "unknown funding": put("terms", 0, "funding", value="ON_CREDIT"),
    "at not an instant": put("events", EXPIRE, "at", value="yesterday"),
    "at a number": put("events", EXPIRE, "at", value=1767607200),
    "at a day that does not exist": put("events", EXPIRE, "at", value="2026-01-32T10:00:00Z"),
    "at without a zone": put("events", EXPIRE, "at", value="2026-01-05T10:00:00"),
    "a rate that is no number": put("terms", 0, "issue_price", value="nine"),
    "a rate that is empty": put("terms", 0, "issue_price", value=""),
    "a rate NaN": put("terms", 0, "issue_price", value="NaN"),
    "an amount Infinity": put("events", ADJUST, "amount", value="Infinity"),
    "fx of 0": put("fx", "USD", value="0"),
    "fx negative": put("fx", "USD", value="-1"),
    "total_days 0": put(
        "events",
        CANCEL,
        value={
            "seq": 10,
            "id": "E10",
            "at": "2026-01-10T10:00:00Z",
            "type": "MEMBERSHIP_CANCEL",
            "of": "E9",
            "unused_days": 0,
            "total_days": 0,
        },
    ),
    "unused_days negative": put("events", CANCEL, "unused_days", value=-1),
    "unused_days a text": put("events", CANCEL, "unused_days", value="265"),
    "seq a text": put("events", EXPIRE, "seq", value="5"),
    "seq falls": put("events", EXPIRE, "seq", value=1_000),
    "a window cut before it opens": put("windows", 1, "cut", value="2026-01-15T00:00:00Z"),
    "a window id twice": put("windows", 1, "id", value="W1"),
    "a version twice": put("terms", 1, value=BASE["terms"][0]),
    "issue_fee_refundable a text": put("terms", 1, "issue_fee_refundable", value="false"),
    "a currency that does not exist": put("clearing", value="EURO"),
}
# Texts that are not a scenario file at all.
NOT_A_FILE = ("", "{", "[]", "null", "7", '"input"', '{"input": 1}', '{"input": {}}', "\x00")


def spoilt() -> list[Spoilt]:
    """Every invalid document."""
    found = []
    for is_listed, changes in ((True, LISTED), (False, UNLISTED)):
        for name, change in changes.items():
            document = base()
            change(document)
            found.append(Spoilt(name, document, is_listed))
    return found
