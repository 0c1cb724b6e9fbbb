"""Hostile requests are refused, each with a reason, for less CPU than a few honest ones take."""

import pytest

from schema.limits import LIMITS
from tests.schema.cost.attacks import ATTACKS, REFERENCE, Attack, measure, measure_reference, refuse

REFERENCES_MAX = 5
"""How many honest documents of the size of introspection an attack may cost at most. One takes
about 10 ms of a core of today; the goal is 50 ms (benchmarks print both)."""


@pytest.fixture(scope="module")
def reference_nanoseconds():
    return measure_reference(times=5)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_refused_and_told_why(attack):
    refusal = refuse(attack)
    assert refusal.code == attack.code, refusal.message
    assert (refusal.limit or {}).get("name") == attack.limit, refusal.message
    assert len(refusal.message) < 400
    if refusal.limit is not None:
        (limit,) = [each for each in LIMITS if each.name == attack.limit]
        assert refusal.limit["allowed"] == limit.allowed < refusal.limit["asked"]
        assert f"{limit.allowed}" in refusal.message


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_costs_little(attack, reference_nanoseconds):
    assert measure(attack) <= REFERENCES_MAX * reference_nanoseconds


def test_an_honest_document_passes():
    assert refuse(Attack("honest", "", None, REFERENCE)).code == ""


def test_every_limit_is_named_once():
    assert len({limit.name for limit in LIMITS}) == len(LIMITS)
