"""A valid scenario file is read exactly; any other is refused, and nothing else happens."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.cli.errors import FileInvalid
from hub.cli.scenario.document import (
    all_parties,
    check_scenario,
    events_by_window,
    parse_scenario,
    read_scenario,
)
from hub.cli.scenario.events import Adjust, Donate, Issue, MembershipSale
from partners.terms import Funding
from tests.cli.scenarios import BASE, CANCEL, SALE, TERMS, changed

EXAMPLES = Path(__file__).parent.parent / "data" / "examples"


@pytest.mark.parametrize("name", ["EX1", "EX2", "EX3", "EX7"])
def test_the_examples_are_valid_whole_and_as_input_alone(name: str) -> None:
    whole = json.loads((EXAMPLES / f"{name}.json").read_text())

    scenario = read_scenario(EXAMPLES / f"{name}.json")

    assert scenario == check_scenario("x.json", whole["input"])
    assert scenario.listed_parties == frozenset(whole["input"]["parties"])
    assert [event.id for event in scenario.events] == [e["id"] for e in whole["input"]["events"]]


def test_every_type_of_event_is_read() -> None:
    scenario = check_scenario("x.json", BASE)

    assert [type(event.action).__name__ for event in scenario.events] == [
        "Issue",
        "Redeem",
        "Refund",
        "ReverseIssue",
        "Expire",
        "Transfer",
        "CashOut",
        "Donate",
        "MembershipSale",
        "MembershipCancel",
        "Adjust",
    ]
    assert scenario.events[0].action == Issue(
        issuer="AIR",
        member="m1",
        points=100,
        lot="L1",
        expires_at=datetime(2027, 1, 2, tzinfo=UTC),
        reason=None,
    )
    assert scenario.events[SALE].action == MembershipSale(
        seller="AIR",
        currency="EUR",
        price_gross=Decimal("59.9"),
        vat_rate=Decimal("0.2"),
        shares={"AIR": Decimal("0.6"), "CIN": Decimal("0.4")},
    )


def test_what_is_missing_has_its_default() -> None:
    scenario = check_scenario("x.json", BASE)
    terms, donate, adjust = scenario.terms[0], scenario.events[7].action, scenario.events[10].action

    assert scenario.clearing == "EUR" and scenario.fx == {} and scenario.settlement_currency == {}
    assert terms.funding is Funding.ON_ISSUE and terms.issue_fee_refundable
    assert terms.accept_rate == 0 and terms.redemption_rates == {}
    assert isinstance(donate, Donate) and donate.match_rate == 0
    assert isinstance(adjust, Adjust) and adjust.currency is None
    assert adjust.amount == Decimal("-1.005")
    assert scenario.events[0].posted_at == scenario.events[0].at


def test_an_event_belongs_to_the_window_of_its_posted_at() -> None:
    late = changed("events", CANCEL, "at", to="2026-01-11T00:00:00Z")
    late["events"][CANCEL]["posted_at"] = "2026-02-01T00:00:00Z"

    grouped = events_by_window(check_scenario("x.json", late))

    assert [(window.id, [event.seq for event in events]) for window, events in grouped] == [
        ("W1", [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("W2", [10, 11]),
    ]


def test_instants_may_lie_in_any_year_and_a_date_is_its_first_instant() -> None:
    document = changed("terms", 0, "effective_from", to="0001-01-01")
    document["events"][0]["at"] = "0001-01-01T00:00:00.5Z"
    document["events"][0]["posted_at"] = "2026-01-02T00:00:00+00:00"
    document["events"][0]["expires"] = "9999-12-31T23:59:59.999999Z"

    event = check_scenario("x.json", document).events[0]

    assert event.at == datetime(1, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)
    assert isinstance(event.action, Issue)
    assert event.action.expires_at == datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


def test_a_version_ends_where_the_partners_next_one_begins() -> None:
    second = TERMS | {"version": "AIR-2", "effective_from": "2026-02-01T00:00:00Z"}

    terms = check_scenario("x.json", changed("terms", to=[second, TERMS])).terms

    assert [(t.version, t.effective_until) for t in terms] == [
        ("AIR-1", datetime(2026, 2, 1, tzinfo=UTC)),
        ("AIR-2", None),
    ]


def test_parties_are_those_listed_or_all_that_are_named() -> None:
    rates = TERMS | {"redemption_rates": {"*": "0.01", "DRV": "0.02"}}
    unlisted = check_scenario("x.json", changed("terms", to=[rates]))
    listed = check_scenario("x.json", changed("parties", to=["AIR", "POOL"]))

    named = {"AIR", "BIO", "CIN", "PAY", "RED"}  # a key of redemption_rates names no party
    assert all_parties(unlisted, named_in_cells=["AIR"]) == named
    assert all_parties(unlisted, named_in_cells=["AIR", "HUB"]) == named | {"HUB"}
    assert all_parties(listed, named_in_cells=["HUB"]) == {"AIR", "POOL"}


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["0", "1", "EUR", "USD", "L1", "2026-01-02", "2026-01-05T00:00:00Z", "*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*BASE, *BASE["events"][0], *TERMS, "*", "x"]), inner)
    ),
    max_leaves=10,
)


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        steps: list[tuple[str | int, object]] = list(value.items())
    else:
        steps = list(enumerate(value)) if isinstance(value, list) else []
    for key, inner in steps:
        found += places(inner, (*path, key))
    return found


def check_or_refuse(content: bytes) -> None:
    try:
        parse_scenario(content, file="x.json")
    except FileInvalid as invalid:
        message = str(invalid)
        assert message.startswith("x.json: ") and "; expected " in message
        assert message.isprintable()


@given(JSON_VALUES)
def test_any_json_is_a_scenario_or_refused(value: object) -> None:
    check_or_refuse(json.dumps(value).encode())


@given(st.sampled_from(places(BASE)), JSON_VALUES)
def test_any_value_at_any_place_is_accepted_or_refused(
    path: tuple[str | int, ...], value: object
) -> None:
    check_or_refuse(json.dumps(changed(*path, to=value)).encode())


@given(st.binary(max_size=40))
def test_any_bytes_are_a_scenario_or_refused(content: bytes) -> None:
    check_or_refuse(content)
