"""The generators make what they say, and the model keeps the rule book's invariants on it."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from tests.reference.generate import Shape, scenario, scenarios
from tests.reference.scenario import Run, answer
from tests.reference.settle import fewest_payments, obligations, pool_required
from tests.reference.spoil import NOT_A_FILE, Spoilt, base, spoilt
from tests.reference.validate import problem

Json = dict[str, Any]
SLOW = settings(
    max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
CODES = {
    "UnknownReference",
    "TermsNotInForce",
    "AlreadyCancelled",
    "LotExpired",
    "LotSpent",
    "InsufficientPoints",
    "RefundExceedsRedeemed",
}
REVERSED = {"ISSUE_VALUE", "ISSUE_FEE", "POOL_MARGIN", "REIMBURSE", "REIMBURSE_POOL"}
REVERSED |= {"CASH_OUT", "DONATE", "REIMBURSE_TOPUP", "ACCEPT_FEE", "REVSHARE", "DONATION_MATCH"}
ONE_WAY = {"BREAKAGE_ISSUER", "BREAKAGE_OPERATOR", "AGENT_FEE", "ADJUSTMENT", "ROUNDING_BF"}


def assert_pool_invariant(document: Json) -> None:
    """After every event: what the pool is owed, less what it owes = its lots at issue price."""
    run = Run(document)
    checked, claims = 0, Fraction(0)
    for event in [*document["events"], None]:
        if event is None:
            run.finish()
        else:
            run.step(event)
        owed = list(obligations(run.books, run.terms, run.clearing))
        for item in owed[checked:]:
            if item.kind not in {"ADJUSTMENT", "REVSHARE"}:
                claims += item.amount * ((item.creditor == "POOL") - (item.debtor == "POOL"))
        checked = len(owed)
        assert claims == pool_required(run.books.all_lots.values(), run.terms_of)


def assert_sums(document: Json) -> None:
    """Nets sum to 0; lines sum to their cell; cells and carries account for all that is exact."""
    for window in answer(document)["settlements"]:
        assert sum(map(Fraction, window["net_position"].values())) == 0
        for pair, cell in window["gross_matrix"].items():
            lines = map(Fraction, window["invoice_lines"][pair].values())
            assert sum(lines) == Fraction(cell)
            exact = Fraction(window["gross_exact"].get(pair, 0))
            carried = Fraction(window["carry_in"].get(pair, 0))
            assert exact + carried == Fraction(cell) + Fraction(window["carry_out"].get(pair, 0))
        left = {party: Fraction(net) for party, net in window["net_position"].items()}
        for payment in window["payments_direct_min"]:
            left[payment["from"]] += Fraction(payment["amount"])
            left[payment["to"]] -= Fraction(payment["amount"])
        assert not any(left.values())


@pytest.mark.parametrize("has_open_points", [False, True])
def test_seeded_files_are_valid_and_keep_the_invariants(*, has_open_points: bool) -> None:
    for seed in range(60):
        document = scenario(seed, Shape(has_open_points=has_open_points))
        assert problem(document) is None
        assert json.loads(json.dumps(document)) == document
        assert_pool_invariant(document)
        assert_sums(document)


@SLOW
@given(scenarios())
def test_drawn_files_are_valid_and_keep_the_invariants(document: Json) -> None:
    assert problem(document) is None
    assert_pool_invariant(document)
    assert_sums(document)


def test_the_seeds_reach_every_refusal_every_line_and_every_edge() -> None:
    seen: Counter[str] = Counter()
    for seed in range(400):
        document = scenario(seed)
        found = answer(document)
        seen.update(entry["code"] for entry in found["refused"])
        for window in found["settlements"]:
            seen["local"] += "payments_local" in window
            for lines in window["invoice_lines"].values():
                seen.update(key.split("@")[0] for key in lines)
                seen["other currency"] += any("/" in key for key in lines)
        seen["moved twice"] += any(name.count("/") > 1 for name in found["lots"])
        seen["late"] += any("posted_at" in event for event in document["events"])
        seen.update(_edges(document))
    wanted = CODES | REVERSED | ONE_WAY | {f"{kind}(-)" for kind in REVERSED}
    wanted |= {"local", "other currency", "moved twice", "late", "refund onto an expired lot"}
    wanted |= {"refund in parts", "reverse of a moved lot", "refund in a later window"}
    wanted |= {"sweep at a cut", "late refund onto a booked lot", "tie of expires"}
    assert wanted - seen.keys() == set()
    assert not any(seen[f"{kind}(-)"] for kind in ONE_WAY)


def _edges(document: Json) -> set[str]:
    run, found, parts = Run(document), set(), Counter[str]()
    for event in document["events"]:
        booked = {line.lot for line in run.books.journal if line.kind == "EXPIRE"}
        outcome = run.step(event)
        if event["type"] == "REFUND" and outcome.is_accepted:
            parts[event["of"]] += 1
            found |= _edges_of_refund(run, event, booked)
        if event["type"] == "REVERSE_ISSUE" and outcome.is_accepted and "/" in event["lot"]:
            found.add("reverse of a moved lot")
    run.finish()
    if any(line.kind == "EXPIRE" and not line.event for line in run.books.journal):
        found.add("sweep at a cut")
    if any(count > 1 for count in parts.values()):
        found.add("refund in parts")
    for lots in map(run.books.lots, run.books.wallets()):
        if len({lot.expires for lot in lots}) < len(lots):
            found.add("tie of expires")
    return found


def _edges_of_refund(run: Run, event: Json, booked: set[str]) -> set[str]:
    found = set()
    lines = [line for line in run.books.journal if line.event == event["id"]]
    if any(line.kind == "EXPIRE" for line in lines):
        found.add("refund onto an expired lot")
    elif any(line.lot in booked for line in lines):
        found.add("late refund onto a booked lot")
    if next(n for n in run.books.journal if n.event == event["of"]).window != run.books.window:
        found.add("refund in a later window")
    return found


def test_the_file_that_invalid_ones_start_from_is_valid_and_nothing_is_refused() -> None:
    assert problem(base()) is None
    assert problem({"input": base(), "expected": {}}) is None
    assert answer(base())["refused"] == []


@pytest.mark.parametrize("case", spoilt(), ids=lambda case: case.name)
def test_each_invalid_file_has_a_problem(case: Spoilt) -> None:
    assert problem(case.document) is not None


@pytest.mark.parametrize("text", NOT_A_FILE)
def test_what_is_no_scenario_at_all_has_a_problem(text: str) -> None:
    try:
        document = json.loads(text)
    except ValueError:
        return
    assert problem(document) is not None


@given(
    strategies.lists(strategies.integers(-4, 4).map(Fraction), min_size=1, max_size=6).map(
        lambda nets: [*nets, -sum(nets)]
    )
)
def test_the_payments_are_as_few_as_any_search_finds(amounts: list[Fraction]) -> None:
    nets = {f"P{place}": net for place, net in enumerate(amounts)}
    parties = [net for net in amounts if net]
    assert len(fewest_payments(nets)) == len(parties) - most_groups(tuple(parties))


def most_groups(nets: tuple[Fraction, ...]) -> int:
    """Groups that sum to 0, by trying every group of the first party."""
    if not nets:
        return 0
    first, rest = nets[0], nets[1:]
    best = 0
    for chosen in product((False, True), repeat=len(rest)):
        if first + sum(net for net, is_in in zip(rest, chosen, strict=True) if is_in) == 0:
            left = tuple(net for net, is_in in zip(rest, chosen, strict=True) if not is_in)
            best = max(best, 1 + most_groups(left))
    return best
