import hashlib
from dataclasses import replace
from decimal import Decimal

from hypothesis import given

from settlement.cells import Pair
from settlement.obligations import Flow
from settlement.seal import LaneRange, canonical_json, seal_window, sealed_document
from tests.settlement.by_hand import Books, read_example
from tests.settlement.drawn import carries, flow_lists, settled

RANGES = [LaneRange(lane=1, from_seq=10, to_seq=25), LaneRange(lane=-1, from_seq=0, to_seq=2)]


def test_canonical_json_is_written_in_one_way() -> None:
    assert canonical_json({"b": [1, None], "a": {"é": "1.50", "Z": True}}) == (
        b'{"a":{"Z":true,"\\u00e9":"1.50"},"b":[1,null]}'
    )


def test_the_seal_is_the_hash_of_what_the_rule_book_lists() -> None:
    settlement = list(Books(read_example("EX3")["input"]).settlements())[1]
    document = sealed_document(settlement, ranges=RANGES, previous_seal="ab")
    assert document["range"] == [[-1, 0, 2], [1, 10, 25]]
    assert document["previous_seal"] == "ab"
    assert document["currency"] == "EUR"
    assert document["nets"] == {
        "AIR": "0.00", "BIO": "4.43", "CIN": "-5.49", "HUB": "0.10", "POOL": "0.96",
    }  # fmt: skip
    expected = read_example("EX3")["expected"]["settlements"][1]
    assert document["cells_exact"] == expected["gross_exact"]
    assert document["cells_rounded"] == expected["gross_matrix"]
    assert document["carries_in"] == expected["carry_in"]
    assert document["carries_out"] == expected["carry_out"]
    assert seal_window(settlement, ranges=RANGES, previous_seal="ab") == (
        hashlib.sha256(canonical_json(document)).hexdigest()
    )


@given(flow_lists(), carries())
def test_the_same_window_has_the_same_seal_and_any_change_another(
    flows: list[Flow], carried: dict[Pair, Decimal]
) -> None:
    settlement = settled(flows, carried)
    seal = seal_window(settlement, ranges=RANGES, previous_seal=None)
    again = settled(flows[::-1], carried)
    assert seal_window(again, ranges=RANGES[::-1], previous_seal=None) == seal
    longer = [replace(RANGES[0], to_seq=26), RANGES[1]]
    owed_more = settled(flows, carried | {Pair("AIR", "XYZ"): Decimal("0.000000000001")})
    others = {
        seal_window(settlement, ranges=RANGES, previous_seal=seal),
        seal_window(settlement, ranges=longer, previous_seal=None),
        seal_window(owed_more, ranges=RANGES, previous_seal=None),
    }
    assert len(others | {seal}) == 4
