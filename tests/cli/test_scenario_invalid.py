"""Every rule of the scenario format has a file that breaks it and the sentence that says so."""

import json
from pathlib import Path
from typing import Any

import pytest

from hub.cli.errors import FileInvalid
from hub.cli.scenario.document import parse_scenario, read_scenario
from tests.cli.scenarios import ADJUST, BASE, CANCEL, SALE, TERMS, TRANSFER, changed

POINTS = "an integer from 1 to 1000000000000"
INSTANT = "an instant in UTC such as 2026-01-31T23:59:59Z"
RATE = "a decimal from 0 with at most 8 places, in a string"
SHARE = "a decimal from 0 to 1 with at most 4 places, in a string"
CODE = "1 to 64 letters, digits and _ . : - that begin with a letter or digit"
NAME = "a string of 1 to 200 printable characters"
E = "events"
INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "unknown key of the input": (
        changed("partys", to=[]),
        (
            "partys: unknown key; expected one of clearing, events, fx, parties,"
            " settlement_currency,"
            " terms, windows"
        ),
    ),
    "unknown key of an event": (
        changed(E, 1, "lot", to="L1"),
        (
            "events[1].lot: unknown key; expected one of acceptor, at, id, member, points,"
            " posted_at,"
            " seq, type"
        ),
    ),
    "unknown key of a window": (
        changed("windows", 0, "close", to="x"),
        "windows[0].close: unknown key; expected one of cut, id, open",
    ),
    "missing key": (
        {"windows": [], "terms": []},
        "events: the key is missing; expected a list of at most 1000000 events",
    ),
    "unknown type": (
        changed(E, 0, "type", to="EARN"),
        (
            'events[0].type: "EARN" is not a type of event; expected one of ISSUE, REDEEM, REFUND,'
            " REVERSE_ISSUE, EXPIRE, TRANSFER, CASH_OUT, DONATE, MEMBERSHIP_SALE,"
            " MEMBERSHIP_CANCEL,"
            " ADJUST"
        ),
    ),
    "no points": (
        changed(E, 0, "points", to=0),
        f"events[0].points: 0 is not a number of points; expected {POINTS}",
    ),
    "negative points": (
        changed(E, 0, "points", to=-5),
        f"events[0].points: -5 is not a number of points; expected {POINTS}",
    ),
    "too many points": (
        changed(E, 0, "points", to=10**12 + 1),
        f"events[0].points: 1000000000001 is not a number of points; expected {POINTS}",
    ),
    "fractional points": (
        changed(E, 0, "points", to=1.5),
        f"events[0].points: 1.5 is not a number of points; expected {POINTS}",
    ),
    "points in a string": (
        changed(E, 0, "points", to="5"),
        f'events[0].points: "5" is not a number of points; expected {POINTS}',
    ),
    "points that are a truth": (
        changed(E, 0, "points", to=True),
        f"events[0].points: true is not a number of points; expected {POINTS}",
    ),
    "a number where a string is due": (
        changed("terms", 0, "issue_price", to=0.009),
        f"terms[0].issue_price: 0.009 is not a string; expected {RATE}",
    ),
    "an exponent": (
        changed("terms", 0, "issue_price", to="1e-3"),
        f'terms[0].issue_price: "1e-3" is not such a decimal; expected {RATE}',
    ),
    "digits of another script": (
        changed("terms", 0, "issue_price", to="0.00\u0661"),
        f'terms[0].issue_price: "0.00\\u0661" is not such a decimal; expected {RATE}',
    ),
    "a negative rate": (
        changed("terms", 0, "issue_price", to="-0.1"),
        f'terms[0].issue_price: "-0.1" is out of range; expected {RATE}',
    ),
    "a rate with too many places": (
        changed("terms", 0, "issue_price", to="0.123456789"),
        f'terms[0].issue_price: "0.123456789" is not such a decimal; expected {RATE}',
    ),
    "a share above 1": (
        changed("terms", 0, "breakage_share", to="1.1"),
        f'terms[0].breakage_share: "1.1" is out of range; expected {SHARE}',
    ),
    "a product that is too fine": (
        changed("terms", 0, to=TERMS | {"accept_rate": "0.00000001", "accept_fee_bps": "0.01"}),
        (
            "terms[0]: accept_rate x accept_fee_bps needs 14 decimal places;"
            " expected a product with at most 12 places"
        ),
    ),
    "a fee on another's rate that is too fine": (
        changed(
            "terms",
            to=[
                TERMS | {"funding": "ON_REDEMPTION", "redemption_rates": {"*": "0.00000001"}},
                TERMS | {"partner": "BIO", "version": "BIO-1", "accept_fee_bps": "0.01"},
            ],
        ),
        (
            "terms[1].accept_fee_bps: redemption_rates of AIR AIR-1 x accept_fee_bps needs"
            " 14 decimal"
            " places; expected a product with at most 12 places"
        ),
    ),
    "unknown funding": (
        changed("terms", 0, "funding", to="ON_SALE"),
        (
            'terms[0].funding: "ON_SALE" is not a way of funding;'
            " expected one of ON_ISSUE, ON_REDEMPTION, HYBRID"
        ),
    ),
    "refundable that is no truth": (
        changed("terms", 0, "issue_fee_refundable", to="yes"),
        'terms[0].issue_fee_refundable: "yes" is neither; expected true or false',
    ),
    "a version twice": (
        changed("terms", to=[TERMS, TERMS]),
        'terms[1].version: AIR has a version "AIR-1" already; expected another name',
    ),
    "two versions from one instant": (
        changed("terms", to=[TERMS, TERMS | {"version": "AIR-2"}]),
        (
            "terms[1].effective_from: another version of AIR begins at this instant;"
            " expected another instant"
        ),
    ),
    "pool terms in another currency": (
        changed("terms", 0, "currency", to="USD") | {"fx": {"USD": "1.1"}},
        "terms[0].currency: ON_ISSUE terms are in USD; expected the clearing currency EUR",
    ),
    "hybrid terms in another currency": (
        changed("terms", 0, to=TERMS | {"funding": "HYBRID", "currency": "USD"})
        | {"fx": {"USD": "1.1"}},
        "terms[0].currency: HYBRID terms are in USD; expected the clearing currency EUR",
    ),
    "terms in a currency without a rate": (
        changed("terms", 0, to=TERMS | {"funding": "ON_REDEMPTION", "currency": "USD"}),
        (
            "terms[0].currency: there is no rate for USD;"
            " expected a rate in fx, or the clearing currency EUR"
        ),
    ),
    "a redemption currency without a rate": (
        changed("terms", 0, "redemption_currencies", to={"BIO": "GBP"}),
        (
            "terms[0].redemption_currencies.BIO: there is no rate for GBP;"
            " expected a rate in fx, or the clearing currency EUR"
        ),
    ),
    "a redemption currency for all": (
        changed("terms", 0, "redemption_currencies", to={"*": "EUR"}),
        f'terms[0].redemption_currencies["*"]: the key is not a code; expected {CODE}',
    ),
    "a settlement currency without a rate": (
        changed("settlement_currency", to={"AIR": "JPY"}),
        (
            "settlement_currency.AIR: there is no rate for JPY;"
            " expected a rate in fx, or the clearing currency EUR"
        ),
    ),
    "a sale in a currency without a rate": (
        changed(E, SALE, "currency", to="CHF"),
        (
            "events[8].currency: there is no rate for CHF;"
            " expected a rate in fx, or the clearing currency EUR"
        ),
    ),
    "an adjustment in a currency without a rate": (
        changed(E, ADJUST, "currency", to="CHF"),
        (
            "events[10].currency: there is no rate for CHF;"
            " expected a rate in fx, or the clearing currency EUR"
        ),
    ),
    "a currency that is none": (
        changed("clearing", to="EURO"),
        'clearing: "EURO" is not a currency; expected an ISO 4217 code such as EUR',
    ),
    "a clearing currency without minor units": (
        changed("clearing", to="XAU"),
        'clearing: "XAU" has no minor unit; expected a currency that can be paid',
    ),
    "a rate of exchange of 0": (
        changed("fx", to={"USD": "0.0"}),
        (
            'fx.USD: "0.0" is out of range;'
            " expected a decimal above 0 with at most 12 places, in a string"
        ),
    ),
    "a clearing currency that is not worth itself": (
        changed("fx", to={"EUR": "2"}),
        "fx.EUR: the clearing currency has a rate to itself; expected 1, or no rate",
    ),
    "a lot name twice": (
        changed(E, 1, to=BASE[E][0] | {"seq": 2, "id": "E2"}),
        'events[1].lot: "L1" stands twice; expected a new name',
    ),
    "a lot named like a moved one": (
        changed(E, 0, "lot", to="L0/E6"),
        (
            'events[0].lot: "L0/E6" may be the name of a lot that "E6" moves;'
            " expected a name that does not end in / and the id of a TRANSFER"
        ),
    ),
    "an id twice": (
        changed(E, 1, "id", to="E1"),
        'events[1].id: "E1" stands twice; expected an id of its own',
    ),
    "a seq twice": (
        changed(E, 1, "seq", to=1),
        "events[1].seq: 1 stands twice; expected a seq of its own",
    ),
    "events out of order": (
        changed(E, 1, "seq", to=0),
        "events[1].seq: 0 after 1; expected events in the order of seq",
    ),
    "posted_at that falls": (
        changed(E, 1, "posted_at", to="2026-01-01T00:00:00Z"),
        (
            "events[1].posted_at: 2026-01-01T00:00:00Z is before that of the event before;"
            " expected 2026-01-02T00:00:00Z or later: it never falls as seq rises"
        ),
    ),
    "posted_at before every window": (
        changed(E, 0, "posted_at", to="2025-12-31T23:59:59.999999Z"),
        (
            "events[0].posted_at: 2025-12-31T23:59:59.999999Z is outside every window;"
            " expected from 2026-01-01T00:00:00Z and before 2026-03-01T00:00:00Z"
        ),
    ),
    "posted_at at the last cut": (
        changed(E, ADJUST, "posted_at", to="2026-03-01T00:00:00Z"),
        (
            "events[10].posted_at: 2026-03-01T00:00:00Z is outside every window;"
            " expected from 2026-01-01T00:00:00Z and before 2026-03-01T00:00:00Z"
        ),
    ),
    "events without a window": (
        changed("windows", to=[]),
        "events[0].posted_at: there is no window for the event; expected a window in windows",
    ),
    "a gap between windows": (
        changed("windows", 1, "open", to="2026-02-01T00:00:01Z"),
        (
            'windows[1].open: a gap between the windows "W1" and "W2";'
            " expected 2026-02-01T00:00:00Z, the cut of the window before"
        ),
    ),
    "an overlap of windows": (
        changed("windows", 1, "open", to="2026-01-31T00:00:00Z"),
        (
            'windows[1].open: an overlap between the windows "W1" and "W2";'
            " expected 2026-02-01T00:00:00Z, the cut of the window before"
        ),
    ),
    "a window that ends before it begins": (
        changed("windows", 0, "cut", to="2026-01-01T00:00:00Z"),
        "windows[0].cut: the window is cut before it has opened; expected an instant after open",
    ),
    "a window twice": (
        changed("windows", 1, "id", to="W1"),
        'windows[1].id: "W1" stands twice; expected an id of its own',
    ),
    "shares that do not sum to 1": (
        changed(E, SALE, "shares", to={"AIR": "0.6", "CIN": "0.3"}),
        "events[8].shares: the shares sum to 0.9; expected shares that sum to 1",
    ),
    "a price that is no money": (
        changed(E, SALE, "price_gross", to="59.905"),
        (
            'events[8].price_gross: "59.905" is not such a decimal;'
            " expected a decimal from 0 with at most 2 places, in a string"
        ),
    ),
    "more unused days than days": (
        changed(E, CANCEL, "unused_days", to=366),
        "events[9].unused_days: 366 is not such a number; expected an integer from 0 to 365",
    ),
    "no days at all": (
        changed(E, CANCEL, "total_days", to=0),
        "events[9].total_days: 0 is not such a number; expected an integer from 1 to 1000000",
    ),
    "a transfer to oneself": (
        changed(E, TRANSFER, "to", to="m1"),
        'events[5].to: "m1" is the giver too; expected another member',
    ),
    "a transfer whose id would make names ambiguous": (
        changed(E, TRANSFER, "id", to="A/B"),
        'events[5].id: "A/B" becomes part of lot names; expected an id without / for a TRANSFER',
    ),
    "a date where an instant is due": (
        changed(E, 0, "at", to="2026-01-02"),
        f'events[0].at: "2026-01-02" is not an instant; expected {INSTANT}',
    ),
    "an instant that is not UTC": (
        changed(E, 0, "at", to="2026-01-02T00:00:00+01:00"),
        f'events[0].at: "2026-01-02T00:00:00+01:00" is not an instant; expected {INSTANT}',
    ),
    "a day that does not exist": (
        changed(E, 0, "expires", to="2026-02-30"),
        (
            'events[0].expires: "2026-02-30" is neither a date nor an instant; expected a'
            " date such as"
            " 2027-01-31, or an instant in UTC such as 2027-01-31T12:00:00Z"
        ),
    ),
    "a code with a sign that separates pairs": (
        changed(E, 0, "issuer", to="A>B"),
        f'events[0].issuer: "A>B" is not a code; expected {CODE}',
    ),
    "a name with half a character": (
        changed(E, 0, "member", to="\ud800"),
        f'events[0].member: "\\ud800" is not such a text; expected {NAME}',
    ),
    "a name with a line end": (
        changed(E, 0, "member", to="a\nb"),
        f'events[0].member: "a\\nb" is not such a text; expected {NAME}',
    ),
    "null": (
        changed(E, 0, "reason", to=None),
        (
            "events[0].reason: null is not such a text;"
            " expected a string of 1 to 2000 printable characters"
        ),
    ),
    "a party twice": (
        changed("parties", to=["AIR", "AIR"]),
        'parties[1]: "AIR" stands twice; expected every party once',
    ),
    "a list that is none": (
        changed("terms", to={}),
        "terms: an object is not a list; expected a list of at most 2000 terms",
    ),
    "an event that is no object": (
        changed(E, 0, to=[]),
        "events[0]: a list is not an object; expected an object",
    ),
}


def refusal(document: object) -> str:
    with pytest.raises(FileInvalid) as caught:
        parse_scenario(json.dumps(document).encode(), file="x.json")
    return str(caught.value)


def refusal_of_text(text: str | bytes) -> str:
    content = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(FileInvalid) as caught:
        parse_scenario(content, file="x.json")
    return str(caught.value)


@pytest.mark.parametrize("case", INVALID)
def test_what_breaks_a_rule_is_refused_with_its_place(case: str) -> None:
    document, message = INVALID[case]

    assert refusal(document) == f"x.json: {message}"


def test_a_whole_document_names_places_inside_its_input() -> None:
    whole = {"title": "t", "input": changed("events", 3, "points", to=0), "expected": 1}

    assert refusal(whole) == (
        "x.json: input.events[3].points: 0 is not a number of points; expected " + POINTS
    )
    assert refusal(whole | {"imput": 1}) == (
        "x.json: imput: unknown key; expected one of example, expected, input, note, title"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1 column 1: not JSON (Expecting value); expected one JSON document"),
        (
            '{"a": 1',
            ("line 1 column 8: not JSON (Expecting ',' delimiter); expected one JSON document"),
        ),
        (
            '{"fx": {"USD": "1", "USD": "2"}}',
            'fx: the key "USD" stands twice; expected every key once',
        ),
        (
            '{"events": [{"points": NaN}]}',
            "events[0].points: NaN is not JSON; expected an integer or a string",
        ),
        (
            '{"events": [{"points": -Infinity}]}',
            "events[0].points: -Infinity is not JSON; expected an integer or a string",
        ),
        (b"\xff", "byte 0: not UTF-8; expected JSON in UTF-8"),
        ("[" * 100_000, "file: nested too deeply; expected a flat document"),
        ("[]", "document: a list is not an object; expected an object"),
        ("1" * 5_000, "document: " + "1" * 57 + "... is not an object; expected an object"),
    ],
)
def test_what_is_not_strict_json_is_refused(text: str | bytes, message: str) -> None:
    assert refusal_of_text(text) == f"x.json: {message}"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path / "none.json", "No such file or directory"),
        (tmp_path, "Is a directory"),
    ):
        with pytest.raises(FileInvalid) as caught:
            read_scenario(path)
        assert str(caught.value) == f"{path}: file: {reason}; expected a JSON file"


def test_a_message_is_one_line_whatever_the_file_is_called(tmp_path: Path) -> None:
    with pytest.raises(FileInvalid) as caught:
        read_scenario(tmp_path / "a\nb.json")

    assert "\n" not in str(caught.value)
