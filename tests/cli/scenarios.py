"""A scenario with every type of event, for tests to change."""

import copy
from typing import Any

TERMS = {
    "partner": "AIR",
    "version": "AIR-1",
    "effective_from": "2026-01-01",
    "funding": "ON_ISSUE",
    "currency": "EUR",
    "issue_price": "0.0090",
}
BASE: dict[str, Any] = {
    "windows": [
        {"id": "W1", "open": "2026-01-01T00:00:00Z", "cut": "2026-02-01T00:00:00Z"},
        {"id": "W2", "open": "2026-02-01T00:00:00Z", "cut": "2026-03-01T00:00:00Z"},
    ],
    "terms": [TERMS],
    "events": [
        {
            "seq": 1,
            "id": "E1",
            "at": "2026-01-02T00:00:00Z",
            "type": "ISSUE",
            "issuer": "AIR",
            "member": "m1",
            "points": 100,
            "lot": "L1",
            "expires": "2027-01-02",
        },
        {
            "seq": 2,
            "id": "E2",
            "at": "2026-01-03T00:00:00Z",
            "type": "REDEEM",
            "acceptor": "BIO",
            "member": "m1",
            "points": 10,
        },
        {
            "seq": 3,
            "id": "E3",
            "at": "2026-01-04T00:00:00Z",
            "type": "REFUND",
            "of": "E2",
            "points": 1,
        },
        {
            "seq": 4,
            "id": "E4",
            "at": "2026-01-05T00:00:00Z",
            "type": "REVERSE_ISSUE",
            "lot": "L1",
            "points": 1,
        },
        {"seq": 5, "id": "E5", "at": "2026-01-06T00:00:00Z", "type": "EXPIRE"},
        {
            "seq": 6,
            "id": "E6",
            "at": "2026-01-07T00:00:00Z",
            "type": "TRANSFER",
            "from": "m1",
            "to": "m2",
            "points": 5,
        },
        {
            "seq": 7,
            "id": "E7",
            "at": "2026-01-08T00:00:00Z",
            "type": "CASH_OUT",
            "agent": "PAY",
            "member": "m1",
            "points": 5,
        },
        {
            "seq": 8,
            "id": "E8",
            "at": "2026-01-09T00:00:00Z",
            "type": "DONATE",
            "charity": "RED",
            "member": "m1",
            "points": 5,
        },
        {
            "seq": 9,
            "id": "E9",
            "at": "2026-01-10T00:00:00Z",
            "type": "MEMBERSHIP_SALE",
            "seller": "AIR",
            "currency": "EUR",
            "price_gross": "59.90",
            "vat_rate": "0.20",
            "shares": {"AIR": "0.6", "CIN": "0.4"},
        },
        {
            "seq": 10,
            "id": "E10",
            "at": "2026-02-01T00:00:00Z",
            "type": "MEMBERSHIP_CANCEL",
            "of": "E9",
            "unused_days": 10,
            "total_days": 365,
        },
        {
            "seq": 11,
            "id": "E11",
            "at": "2026-02-02T00:00:00Z",
            "type": "ADJUST",
            "debtor": "AIR",
            "creditor": "BIO",
            "amount": "-1.005",
        },
    ],
}
ISSUE, REDEEM, TRANSFER, DONATE, SALE, CANCEL, ADJUST = 0, 1, 5, 7, 8, 9, 10


def changed(*path: str | int, to: object) -> dict[str, Any]:
    document = copy.deepcopy(BASE)
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return document
