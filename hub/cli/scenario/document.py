"""A scenario file: read, checked against every rule of the format, and turned into a value.

Source: rule book 1.1, 2.1 to 2.6; the format is in the reference pages.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Final

from hub.cli.agreements import SCENARIO_KEYS, read_agreements
from hub.cli.errors import FileInvalid
from hub.cli.fields import (
    Fields,
    open_fields,
    read_code,
    read_fx_rate,
    read_list,
    read_map,
    read_payment_currency,
)
from hub.cli.scenario.events import (
    Adjust,
    Issue,
    MembershipSale,
    Redeem,
    ScenarioEvent,
    parties_of,
    read_event,
)
from hub.cli.scenario.order import EventOrder
from hub.cli.scenario.windows import ScenarioWindow, read_windows
from hub.cli.strict_json import Json, JsonInvalid, join, parse_json, quote, read_json, show_path
from partners.errors import TermsNotExact
from partners.terms import Terms, chain_versions, check_fee_between

FILE_BYTES_MAX: Final = 256 * 2**20
EVENTS_COUNT_MAX: Final = 1_000_000
TERMS_COUNT_MAX: Final = 2_000
PARTIES_COUNT_MAX: Final = 10_000
CURRENCIES_COUNT_MAX: Final = 1_000
DEFAULT_CLEARING: Final = "EUR"

OPERATOR_PARTIES: Final = frozenset({"HUB", "POOL"})
"""Parties that a scenario need not list: they are there when a cell names them."""

_DOCUMENT_KEYS: Final = frozenset({"example", "title", "note", "input", "expected"})
_INPUT_KEYS: Final = frozenset(
    {"parties", "windows", "terms", "clearing", "fx", "settlement_currency", "events"}
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A valid scenario.

    `listed_parties` is None when the file has no `parties`; `all_parties` knows what that means.

    Units: `fx` is units of a currency per unit of the clearing currency.
    """

    listed_parties: frozenset[str] | None
    windows: tuple[ScenarioWindow, ...]
    terms: tuple[Terms, ...]
    clearing: str
    fx: Mapping[str, Decimal]
    settlement_currency: Mapping[str, str]
    events: tuple[ScenarioEvent, ...]


def read_scenario(path: Path) -> Scenario:
    """Read and check a scenario file: a whole example, or its `input` alone.

    Errors: FileInvalid.
    """
    file = show_path(path)
    try:
        document = read_json(path, bytes_max=FILE_BYTES_MAX)
    except JsonInvalid as refusal:
        raise _name_file(file, refusal) from refusal
    return check_scenario(file, document)


def parse_scenario(content: bytes, *, file: str) -> Scenario:
    """Check a scenario that is in memory; `file` is what messages call it.

    Errors: FileInvalid.
    """
    try:
        document = parse_json(content)
    except JsonInvalid as refusal:
        raise _name_file(file, refusal) from refusal
    return check_scenario(file, document)


def _name_file(file: str, refusal: JsonInvalid) -> FileInvalid:
    return FileInvalid(
        file=file, place=refusal.place, problem=refusal.problem, expected=refusal.expected
    )


def check_scenario(file: str, document: Json) -> Scenario:
    """Check a JSON document against every rule of the format.

    Errors: FileInvalid.
    """
    if isinstance(document, dict) and "input" in document:
        whole = open_fields(file, "", document, known=_DOCUMENT_KEYS)
        place, content = "input", whole.values["input"]
    else:
        place, content = "", document
    return _read_input(open_fields(file, place, content, known=_INPUT_KEYS))


def _read_input(fields: Fields) -> Scenario:
    clearing = _read_clearing(fields)
    windows = read_windows(fields)
    versions = read_agreements(
        fields.file,
        fields.at("terms"),
        read_list(fields, "terms", items="terms", count_max=TERMS_COUNT_MAX),
        clearing=clearing,
        keys=SCENARIO_KEYS,
    )
    scenario = Scenario(
        listed_parties=_read_parties(fields),
        windows=windows,
        terms=chain_versions(versions),
        clearing=clearing,
        fx=_read_fx(fields, clearing),
        settlement_currency=_read_settlement_currency(fields),
        events=_read_events(fields, windows),
    )
    _check_currencies(fields, scenario)
    _check_fees(fields, scenario)
    return scenario


def _read_clearing(fields: Fields) -> str:
    if "clearing" not in fields.values:
        return DEFAULT_CLEARING
    return read_payment_currency(fields, "clearing")


def _read_parties(fields: Fields) -> frozenset[str] | None:
    if "parties" not in fields.values:
        return None
    values = read_list(fields, "parties", items="codes", count_max=PARTIES_COUNT_MAX)
    items = Fields(
        fields.file, fields.at("parties"), {str(i): value for i, value in enumerate(values)}
    )
    codes: set[str] = set()
    for index in items.values:
        code = read_code(items, index)
        if code in codes:
            raise items.refusal(index, f"{quote(code)} stands twice", "every party once")
        codes.add(code)
    return frozenset(codes)


def _read_fx(fields: Fields, clearing: str) -> dict[str, Decimal]:
    if "fx" not in fields.values:
        return {}
    rates = read_map(fields, "fx", read_fx_rate, count_max=CURRENCIES_COUNT_MAX)
    if rates.get(clearing, 1) != 1:
        place = Fields(fields.file, fields.at("fx"), {})
        raise place.refusal(clearing, "the clearing currency has a rate to itself", "1, or no rate")
    return rates


def _read_settlement_currency(fields: Fields) -> dict[str, str]:
    key = "settlement_currency"
    if key not in fields.values:
        return {}
    return read_map(fields, key, read_payment_currency, count_max=PARTIES_COUNT_MAX)


def _read_events(fields: Fields, windows: Sequence[ScenarioWindow]) -> tuple[ScenarioEvent, ...]:
    values = read_list(fields, "events", items="events", count_max=EVENTS_COUNT_MAX)
    place = fields.at("events")
    checker = EventOrder(fields.file, place, windows)
    events: list[ScenarioEvent] = []
    for index, value in enumerate(values):
        event = read_event(fields.file, f"{place}[{index}]", value)
        checker.check(index, event, events[-1] if events else None)
        events.append(event)
    checker.check_lot_names()
    return tuple(events)


def _check_currencies(fields: Fields, scenario: Scenario) -> None:
    """See that every currency can be turned into the clearing currency."""
    for place, currency in _named_currencies(fields, scenario):
        if currency != scenario.clearing and currency not in scenario.fx:
            raise FileInvalid(
                file=fields.file,
                place=place,
                problem=f"there is no rate for {currency}",
                expected=f"a rate in {fields.at('fx')}, or the clearing currency"
                f" {scenario.clearing}",
            )


def _named_currencies(fields: Fields, scenario: Scenario) -> Iterable[tuple[str, str]]:
    # Chained versions are sorted; the file's own order gives the places.
    values = fields.values["terms"]
    assert isinstance(values, list)
    for index, value in enumerate(values):
        assert isinstance(value, dict)
        place = f"{fields.at('terms')}[{index}]"
        yield f"{place}.currency", str(value["currency"])
        by_acceptor = value.get("redemption_currencies", {})
        assert isinstance(by_acceptor, dict)
        for acceptor, currency in by_acceptor.items():
            yield join(f"{place}.redemption_currencies", acceptor), str(currency)
    for party, currency in scenario.settlement_currency.items():
        yield join(fields.at("settlement_currency"), party), currency
    for index, event in enumerate(scenario.events):
        action = event.action
        if isinstance(action, MembershipSale | Adjust) and action.currency is not None:
            yield f"{fields.at('events')}[{index}].currency", action.currency


def _check_fees(fields: Fields, scenario: Scenario) -> None:
    """See that fees are exact where the rate stands in one agreement and the fee in another."""
    actions = [event.action for event in scenario.events]
    issuers = {action.issuer for action in actions if isinstance(action, Issue)}
    acceptors = {action.acceptor for action in actions if isinstance(action, Redeem)}
    issuing = [terms for terms in scenario.terms if terms.partner in issuers]
    accepting = [terms for terms in scenario.terms if terms.partner in acceptors]
    for issuer, acceptor in product(issuing, accepting):
        try:
            check_fee_between(issuer, acceptor)
        except TermsNotExact as refusal:
            raise FileInvalid(
                file=fields.file,
                place=f"{_place_of(fields, acceptor)}.accept_fee_bps",
                problem=f"{refusal.factors} needs {refusal.places_needed} decimal places",
                expected=f"a product with at most {refusal.places_max} places",
            ) from refusal


def _place_of(fields: Fields, terms: Terms) -> str:
    """Find where a version stands in the file: chained versions are in another order."""
    values = fields.values["terms"]
    assert isinstance(values, list)
    names = [(value["partner"], value["version"]) for value in values if isinstance(value, dict)]
    return f"{fields.at('terms')}[{names.index((terms.partner, terms.version))}]"


def all_parties(scenario: Scenario, *, named_in_cells: Iterable[str]) -> frozenset[str]:
    """Every party that has a net position in every window.

    Listed in the file, or else: whoever terms and events name, with HUB and POOL when a cell of
    any window names them.
    """
    if scenario.listed_parties is not None:
        return scenario.listed_parties
    parties = {code for event in scenario.events for code in parties_of(event.action)}
    for terms in scenario.terms:
        parties.add(terms.partner)
    return frozenset(parties | (OPERATOR_PARTIES & frozenset(named_in_cells)))


def events_by_window(
    scenario: Scenario,
) -> list[tuple[ScenarioWindow, tuple[ScenarioEvent, ...]]]:
    """Put each event into the window of its `posted_at`; windows and events keep their order."""
    posted = [event.posted_at for event in scenario.events]
    grouped: list[tuple[ScenarioWindow, tuple[ScenarioEvent, ...]]] = []
    for window in scenario.windows:
        first, after = bisect_left(posted, window.open_at), bisect_left(posted, window.cut_at)
        grouped.append((window, scenario.events[first:after]))
    return grouped
