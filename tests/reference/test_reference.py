"""The reference model gives the expected figures of the examples, and of the real receipts."""

from __future__ import annotations

import json
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.reference.folder import make_folder
from tests.reference.replay import replay
from tests.reference.scenario import answer

DATA = Path(__file__).parents[1] / "data"
EXAMPLES = sorted((DATA / "examples").glob("EX*.json"))
NOTES = {"assertions", "membership_MS1"}
Json = dict[str, Any]


def assert_payments_meet(nets: dict[str, str], payments: list[Json]) -> None:
    left = defaultdict(Fraction, {party: Fraction(net) for party, net in nets.items()})
    for payment in payments:
        assert Fraction(payment["amount"]) > 0
        left[payment["from"]] += Fraction(payment["amount"])
        left[payment["to"]] -= Fraction(payment["amount"])
    assert not any(left.values())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_example_comes_out_exactly(path: Path) -> None:
    document = json.loads(path.read_text())
    expected, found = document["expected"], answer(document)
    for key in expected.keys() - NOTES - {"settlements"}:
        assert found[key] == expected[key], key
    for window, mine in zip(expected["settlements"], found["settlements"], strict=True):
        for key in window.keys() - {"payments_direct_min"}:
            assert mine[key] == window[key], (window["window"], key)
        assert_payments_meet(mine["net_position"], mine["payments_direct_min"])
        assert_payments_meet(mine["net_position"], window["payments_direct_min"])
        assert len(mine["payments_direct_min"]) == len(window["payments_direct_min"])
    assert answer(document["input"]) == found


def test_there_are_four_examples() -> None:
    assert [path.stem for path in EXAMPLES] == ["EX1", "EX2", "EX3", "EX7"]


def assert_folder_comes_out(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text())
    assert replay(folder, with_expiry=False) == expected["base"]
    assert replay(folder, with_expiry=True) == expected["expiry"]


def test_the_real_receipts_give_the_right_totals_with_and_without_expiry() -> None:
    assert_folder_comes_out(DATA / "coalition_sample")


@pytest.mark.parametrize("seed", range(5))
def test_a_random_folder_is_the_same_for_the_same_seed(seed: int, tmp_path: Path) -> None:
    expected = make_folder(seed, tmp_path / "once")
    assert make_folder(seed, tmp_path / "twice") == expected
    assert_folder_comes_out(tmp_path / "once")
    for path in (tmp_path / "once").iterdir():
        assert path.read_bytes() == (tmp_path / "twice" / path.name).read_bytes(), path.name
    sample = {path.name for path in (DATA / "coalition_sample").iterdir()}
    assert {path.name for path in (tmp_path / "once").iterdir()} == sample
