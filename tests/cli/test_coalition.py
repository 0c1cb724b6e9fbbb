"""`hub coalition apply`: a file becomes partners and terms; the second time nothing changes."""

import json
import os
from pathlib import Path

import pytest

from hub.cli.coalition.command import app
from hub.cli.coalition.document import parse_coalition
from hub.cli.demo.loading import COALITION_FILE
from hub.cli.errors import FileInvalid
from partners.errors import (
    CoalitionFixed,
    PartnerNotFound,
    PartyReserved,
    TermsFieldInvalid,
    TermsNotExact,
    TermsOverlap,
    TermsVersionFixed,
)
from tests.cli.running import run, run_json
from tests.cli.test_output import hub

TOML = """
[coalition]
name = "Two shops"
point_name = "points"
clearing_currency = "USD"
time_zone = "America/New_York"

[[partners]]
code = "air"
name_en = "Air"
name_zh = "航空"

[[partners]]
code = "bio"
name_en = "Bio"
name_zh = "有机"
settlement_currency = "EUR"

[[terms]]
partner = "air"
version = "air-1"
effective_from = 2026-01-01
funding = "ON_REDEMPTION"
currency = "USD"
redemption_rates = { "*" = "0.0080", bio = "0.0090" }
expiry_months = 12
"""
NEXT = """
[[terms]]
partner = "air"
version = "air-2"
effective_from = 2026-07-01T00:00:00Z
funding = "ON_ISSUE"
currency = "USD"
issue_price = "0.0095"
"""
OFFER = """
[[exchange_offers]]
partner = "air"
version = "miles-1"
effective_from = 2026-01-01
currency = "MILES"
name_en = "Air miles"
name_zh = "航空里程"
give_points = 3
get_units = 1
minimum_points = 3000
step_points = 3000
block_points = 60000
bonus_units = 5000
day_cap_points = 240000
needs_name_match = true
is_refundable = false
"""
LAST = "is_refundable = false\n"
CHANGES = [
    ("added", "coalition", "Two shops", ""),
    ("added", "partner", "air", "Air"),
    ("added", "partner", "bio", "Bio"),
    ("added", "terms", "air air-1", "ON_REDEMPTION, from 2026-01-01T00:00:00Z"),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "coalition.toml"
    path.write_text(TOML)
    return path


def apply(url: str, file: Path, *arguments: str) -> list[tuple[str, ...]]:
    rows = run_json(app, url, "apply", str(file), *arguments)
    return [(row["change"], row["what"], row["name"], row["how"]) for row in rows]


def test_a_dry_run_shows_what_applying_does_and_changes_nothing(
    database_url: str, file: Path
) -> None:
    assert apply(database_url, file, "--dry-run") == CHANGES
    assert apply(database_url, file, "--dry-run") == CHANGES
    assert apply(database_url, file) == CHANGES


def test_applying_twice_changes_nothing(database_url: str, file: Path) -> None:
    apply(database_url, file)

    assert apply(database_url, file) == [
        ("same", "coalition", "Two shops", ""),
        ("same", "partner", "air", "Air"),
        ("same", "partner", "bio", "Bio"),
        ("same", "terms", "air air-1", "from 2026-01-01T00:00:00Z"),
    ]


def test_json_and_toml_say_the_same(database_url: str, file: Path) -> None:
    import tomllib

    apply(database_url, file)
    document = tomllib.loads(TOML)
    document["terms"][0]["effective_from"] = "2026-01-01"
    other = file.with_suffix(".json")
    other.write_text(json.dumps(document))

    assert {change for change, *_ in apply(database_url, other)} == {"same"}


def test_a_new_version_ends_the_one_before_it(database_url: str, file: Path) -> None:
    apply(database_url, file)
    file.write_text(TOML + NEXT)

    assert apply(database_url, file)[3:] == [
        ("changed", "terms", "air air-1", "from 2026-01-01T00:00:00Z until 2026-07-01T00:00:00Z"),
        ("added", "terms", "air air-2", "ON_ISSUE, from 2026-07-01T00:00:00Z"),
    ]
    assert {change for change, *_ in apply(database_url, file)} == {"same"}
    file.write_text(TOML)
    assert {change for change, *_ in apply(database_url, file)} == {"same"}


def test_an_exchange_offer_is_applied_with_the_rest(database_url: str, file: Path) -> None:
    file.write_text(TOML + OFFER)
    told = ("exchange offer", "air miles-1")

    how = "3 points : 1 MILES, from 2026-01-01T00:00:00Z"
    assert apply(database_url, file)[4:] == [("added", *told, how)]
    assert apply(database_url, file)[4:] == [("same", *told, "from 2026-01-01T00:00:00Z")]
    end = OFFER + "effective_until = 2999-01-01\n"
    file.write_text(TOML + end)
    until = "from 2026-01-01T00:00:00Z until 2999-01-01T00:00:00Z"
    assert apply(database_url, file)[4:] == [("changed", *told, until)]
    assert {change for change, *_ in apply(database_url, file)} == {"same"}


@pytest.mark.parametrize(
    ("change", "place", "expected"),
    [
        (("step_points = 3000", "step_points = 1000"), "step_points", "whole units"),
        (("minimum_points = 3000", "minimum_points = 4000"), "minimum_points", "multiple"),
        (("bonus_units = 5000\n", ""), "bonus_units", "with block_points"),
        (("day_cap_points = 240000", "day_cap_points = 240001"), "day_cap_points", "multiple"),
        (('currency = "MILES"', 'currency = "miles"'), "currency", "A-Z"),
        (("give_points = 3", "give_points = 0"), "give_points", "1 to 1000000"),
        (("is_refundable = false", ""), "is_refundable", "true or false"),
        (("needs_name_match", "needs_names"), "needs_names", "one of"),
        ((LAST, LAST + OFFER), "version", "another name"),
        ((LAST, LAST + OFFER.replace("-1", "-2", 1)), "effective_from", "another instant"),
    ],
)
def test_an_exchange_offer_that_is_none_is_named_by_its_place(change, place, expected) -> None:
    content = (TOML + OFFER.replace(*change)).encode()
    with pytest.raises(FileInvalid) as caught:
        parse_coalition(content, file="f", is_json=False)
    assert caught.value.place.startswith("exchange_offers[")
    assert place in caught.value.place
    assert expected in caught.value.expected


def test_names_may_change(database_url: str, file: Path) -> None:
    apply(database_url, file)
    file.write_text(TOML.replace('"Air"', '"Air One"').replace('"EUR"', '"GBP"'))

    assert apply(database_url, file)[1:3] == [
        ("changed", "partner", "air", "name_en: Air -> Air One"),
        ("changed", "partner", "bio", "settlement_currency: EUR -> GBP"),
    ]


def test_the_table_has_signs(database_url: str, file: Path) -> None:
    shown = run(app, database_url, "apply", str(file), "--dry-run").stdout

    assert "What would change; nothing did (+ new, ~ changed, = as it was)" in shown
    assert "│ +      │ partner   │ air" in shown


REFUSED = {
    "a version that changed": (('bio = "0.0090"', 'bio = "0.0091"'), TermsVersionFixed),
    "another currency": (('"USD"', '"EUR"'), CoalitionFixed),
    "another time zone": (("America/New_York", "Asia/Shanghai"), CoalitionFixed),
    "a party of the coalition": (('code = "bio"', 'code = "POOL"'), PartyReserved),
    "terms of nobody": (('partner = "air"', 'partner = "cin"'), PartnerNotFound),
    "an acceptor that is nobody": (("bio = ", "cin = "), TermsFieldInvalid),
    "another beginning": (("2026-01-01", "2026-01-02"), TermsVersionFixed),
    "two versions at once": (("air-1", "air-3"), TermsOverlap),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_rules_refuse_changes_nothing(database_url: str, file: Path, case: str) -> None:
    apply(database_url, file)
    (old, new), refusal = REFUSED[case]
    file.write_text(TOML.replace(old, new).replace('"Bio"', '"Bio Two"'))

    assert isinstance(run(app, database_url, "apply", str(file)).exception, refusal)
    file.write_text(TOML)
    assert {change for change, *_ in apply(database_url, file)} == {"same"}


def test_a_fee_that_is_not_exact_between_two_agreements_is_refused(
    database_url: str, file: Path
) -> None:
    fine = TOML.replace('"0.0090"', '"0.00000001"')
    fee = NEXT.replace("air", "bio") + 'accept_fee_bps = "0.01"\n'
    file.write_text(fine + fee)

    refused = run(app, database_url, "apply", str(file)).exception

    assert isinstance(refused, TermsNotExact)
    assert (refused.partner, refused.places_needed, refused.places_max) == ("bio", 14, 12)


INVALID = {
    "an unknown key": (('name = "Two', 'nam = "Two'), ("coalition.nam: unknown key; expected one"
                       " of clearing_currency, name, point_name, time_zone")),
    "a float": (('{ "*" = "0.0080"', '{ "*" = 0.0080'), ('terms[0].redemption_rates["*"]: 0.0080'
                " is not a string; expected a decimal from 0 with at most 8 places, in a string")),
    "too many places": (('"0.0080"', '"0.000000001"'), ('terms[0].redemption_rates["*"]:'
                        ' "0.000000001" is not such a decimal; expected a decimal from 0 with at'
                        " most 8 places, in a string")),
    "no such currency": (('currency = "EUR"', 'currency = "EUX"'), ("partners[1]."
                         'settlement_currency: "EUX" is not a currency; expected an ISO 4217 code'
                         " such as EUR")),
    "no such time zone": (("America/New_York", "Mars"), ('coalition.time_zone: "Mars" is not a time'
                          " zone; expected a time zone such as America/New_York")),
    "a partner twice": (('"bio"\nname', '"air"\nname'), ('partners[1].code: "air" stands twice;'
                        " expected every partner once")),
    "a local instant": (("2026-01-01", "2026-01-01T12:00:00"), ("terms[0].effective_from:"
                        ' "2026-01-01T12:00:00" is neither a date nor an instant; expected a date'
                        " such as 2027-01-31, or an instant in UTC such as 2027-01-31T12:00:00Z")),
    "no expiry at all": (("= 12", "= 0"), ("terms[0].expiry_months: 0 is not such a number;"
                         " expected an integer from 1 to 1200")),
    "a pool in another currency": (('ON_REDEMPTION"\ncurrency = "USD"',
                                    'ON_ISSUE"\ncurrency = "EUR"'), ("terms[0].currency: ON_ISSUE"
                                   " terms are in EUR; expected the clearing currency USD")),
    "no TOML": (("[coalition]", "[coalition"), ("line 2, column 11: not TOML (Expected ']' at the"
                " end of a table declaration); expected one TOML document")),
}  # fmt: skip


@pytest.mark.parametrize("case", INVALID)
def test_an_invalid_file_is_refused_with_place_and_what_would_pass(case: str) -> None:
    (old, new), message = INVALID[case]
    assert old in TOML

    with pytest.raises(FileInvalid) as caught:
        parse_coalition(TOML.replace(old, new).encode(), file="c.toml", is_json=False)

    assert str(caught.value) == f"c.toml: {message}"


@pytest.mark.parametrize(
    "content",
    [b"\xff", b"a = " + b"[" * 5000, b"a = " + b"9" * 5000, b" " * (2**20 + 1), b"a = 1979-05-32"],
)
def test_a_hostile_file_is_refused(content: bytes) -> None:
    for is_json in (False, True):
        with pytest.raises(FileInvalid):
            parse_coalition(content, file="c", is_json=is_json)


def test_the_demo_coalition_is_valid() -> None:
    wanted = parse_coalition(COALITION_FILE.read_bytes(), file="demo", is_json=False)

    assert len(wanted.partners) == 6
    assert {terms.partner for terms in wanted.terms} == {p.code for p in wanted.partners}
    assert {str(terms.funding) for terms in wanted.terms} == {
        "ON_ISSUE", "ON_REDEMPTION", "HYBRID",
    }  # fmt: skip


def test_an_invalid_file_ends_with_2_and_a_refusal_with_1(
    database_url: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "HUB_DATABASE_URL", database_url)
    invalid = hub("coalition", "apply", str(file.with_name("none.toml")))
    file.write_text(TOML.replace('partner = "air"', 'partner = "cin"'))
    refused = hub("coalition", "apply", str(file))

    assert (invalid.returncode, invalid.stdout) == (2, "")
    assert invalid.stderr == (
        f"{file.parent}/none.toml: file: No such file or directory; expected a TOML or JSON file\n"
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "hub: There is no such partner. (partner cin)\n"
