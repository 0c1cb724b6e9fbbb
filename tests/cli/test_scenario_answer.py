"""The answer has exactly the keys of the format, every amount as it must be written."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub.cli.output import Format, dump_csv, dump_json
from hub.cli.scenario.answer import LotLeft, Outcome, RefusedEvent, SettledWindow, write_answer
from hub.cli.scenario.command import print_differences, print_outcome
from hub.cli.scenario.compare import compare_answers, write_differences
from hub.cli.scenario.printout import cells_sheet, matrix_sheet, nets_sheet
from settlement.cells import Pair
from settlement.fx import Fixing
from settlement.obligations import MoneyObligation
from settlement.settle import Clearing, Settlement, settle

EXAMPLES = Path(__file__).parent.parent / "data" / "examples"


def owed(debtor: str, creditor: str, amount: str, currency: str = "EUR") -> MoneyObligation:
    return MoneyObligation(
        kind="ADJUSTMENT",
        debtor=debtor,
        creditor=creditor,
        currency=currency,
        amount=Decimal(amount),
        label="-",
        is_reversal=False,
    )


def settled(*money: MoneyObligation, local: dict[str, str] | None = None) -> Settlement:
    fixing = Fixing("EUR", {"USD": Decimal("1.1"), "JPY": Decimal(160)})
    clearing = Clearing(fixing, local or {}, frozenset({"AIR", "BIO", "CIN", "HUB"}))
    carries = {Pair("AIR", "BIO"): Decimal("0.004")}
    return settle([], money, carries_in=carries, clearing=clearing)


def outcome(settlement: Settlement) -> Outcome:
    return Outcome(
        settlements=(SettledWindow("W1", settlement),),
        lots={
            "L2": LotLeft("BIO", "m1", 7, datetime(2027, 1, 2, 12, 30, tzinfo=UTC), "BIO-1"),
            "L1": LotLeft("AIR", "m1", 0, datetime(2027, 1, 2, tzinfo=UTC), "AIR-1"),
        },
        pool_required=Decimal("9.7280"),
        refused=(RefusedEvent("E9", "LotSpent"), RefusedEvent("E10", "LotExpired")),
    )


MONEY = (owed("AIR", "BIO", "5.0015"), owed("BIO", "HUB", "-2"), owed("CIN", "AIR", "11", "USD"))


def test_the_answer_is_written_to_the_letter() -> None:
    answer = write_answer(outcome(settled(*MONEY, local={"BIO": "JPY", "DRV": "USD"})))

    assert answer == {
        "settlements": [{
            "window": "W1",
            "currency": "EUR",
            "gross_exact": {"AIR>BIO": "5.0015", "BIO>HUB": "-2", "CIN>AIR": "10"},
            "carry_in": {"AIR>BIO": "0.004"},
            "gross_matrix": {"AIR>BIO": "5.01", "BIO>HUB": "-2.00", "CIN>AIR": "10.00"},
            "carry_out": {"AIR>BIO": "-0.0045"},
            "bilateral_net": {"AIR>BIO": "5.01", "CIN>AIR": "10.00", "HUB>BIO": "2.00"},
            "net_position": {"AIR": "4.99", "BIO": "7.01", "CIN": "-10.00", "HUB": "-2.00"},
            "invoice_lines": {
                "AIR>BIO": {"ADJUSTMENT@-": "5.00", "ROUNDING_BF": "0.01"},
                "BIO>HUB": {"ADJUSTMENT@-": "-2.00"},
                "CIN>AIR": {"ADJUSTMENT@-/USD": "10.00"},
            },
            "payments_hub_central": {
                "pay_in": {"CIN": "10.00", "HUB": "2.00"},
                "pay_out": {"AIR": "4.99", "BIO": "7.01"},
            },
            "payments_direct_min": [
                {"from": "CIN", "to": "AIR", "amount": "2.99"},
                {"from": "CIN", "to": "BIO", "amount": "7.01"},
                {"from": "HUB", "to": "AIR", "amount": "2.00"},
            ],
            "payments_local": {
                "BIO": {"currency": "JPY", "amount": "1122"},
                "DRV": {"currency": "USD", "amount": "0.00"},
            },
            "fx_rounding_exact": "0.0025",
            "gross_total": "17.01",
            "net_total": "12.00",
        }],
        "lots": {
            "L1": {"issuer": "AIR", "member": "m1", "remaining": 0, "expires": "2027-01-02",
                   "terms": "AIR-1"},
            "L2": {"issuer": "BIO", "member": "m1", "remaining": 7,
                   "expires": "2027-01-02T12:30:00Z", "terms": "BIO-1"},
        },
        "pool_required_exact": "9.728",
        "refused": [
            {"event": "E9", "code": "LotSpent"}, {"event": "E10", "code": "LotExpired"},
        ],
    }  # fmt: skip


def test_local_payments_are_there_only_when_somebody_has_a_currency_of_its_own() -> None:
    answer: Any = write_answer(outcome(settled(*MONEY)))

    expected = json.loads((EXAMPLES / "EX1.json").read_text())["expected"]["settlements"][0]
    assert set(answer["settlements"][0]) == set(expected)


def test_the_printed_answer_is_sorted_and_always_the_same_bytes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_outcome(outcome(settled(*MONEY)), Format.JSON)
    printed = capsys.readouterr().out
    print_outcome(outcome(settled(*reversed(MONEY))), Format.JSON)

    assert printed == capsys.readouterr().out
    assert printed == dump_json(json.loads(printed)) and printed.endswith("}\n")
    assert list(json.loads(printed)) == ["lots", "pool_required_exact", "refused", "settlements"]
    assert list(json.loads(printed)["lots"]) == ["L1", "L2"]


def test_tables_show_matrix_nets_payments_lots_and_refusals(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_outcome(outcome(settled(*MONEY, local={"BIO": "JPY"})), Format.TABLE)
    printed = capsys.readouterr().out

    for part in (
        "W1: who owes whom, EUR",
        "W1: nets, EUR (12.00 moves instead of 17.01)",
        "W1: fewest payments, EUR",
        "W1: local payments (rounding 0.0025 EUR)",
        "2 lots; the pool must hold 9.728",
        "Refused",
    ):
        assert part in printed


def test_the_matrix_has_a_row_per_debtor_and_their_sums() -> None:
    sheet = matrix_sheet(SettledWindow("W1", settled(*MONEY)))

    assert [column.name for column in sheet.columns] == ["owes", "AIR", "BIO", "HUB", "sum"]
    assert sheet.rows == (
        ("AIR", "", "5.01", "", "5.01"),
        ("BIO", "", "", "-2.00", "-2.00"),
        ("CIN", "10.00", "", "", "10.00"),
    )


def test_nets_say_who_gets_and_who_pays() -> None:
    assert nets_sheet(SettledWindow("W1", settled(owed("AIR", "BIO", "1")))).rows == (
        ("AIR", "-1.00", "pays"),
        ("BIO", "1.00", "gets"),
        ("CIN", "0.00", "even"),
        ("HUB", "0.00", "even"),
    )


def test_cells_are_rows_for_a_program() -> None:
    assert dump_csv(cells_sheet(outcome(settled(owed("AIR", "BIO", "-5.0015"))).settlements)) == (
        "window,debtor,creditor,currency,exact,carry_in,amount,carry_out\r\n"
        "W1,AIR,BIO,EUR,-5.0015,0.004,-5.00,0.0025\r\n"
    )


def test_two_equal_outcomes_do_not_differ() -> None:
    answer = write_answer(outcome(settled(*MONEY)))

    assert compare_answers(answer, answer) == ()


def test_what_differs_is_named_by_window_and_parties_with_its_change() -> None:
    first = replace(outcome(settled(owed("AIR", "BIO", "5"))), lots={})
    second = replace(
        first,
        settlements=(SettledWindow("W1", settled(owed("AIR", "BIO", "7"))),),
        refused=first.refused[:1],
        lots={},
    )

    found = write_differences(compare_answers(write_answer(first), write_answer(second)))

    assert {
        "figure": "W1 net_position BIO",
        "first": "5.00",
        "second": "7.00",
        "change": "2",
    } in found
    assert {
        "figure": "W1 payments_direct_min AIR>BIO amount",
        "first": "5.00",
        "second": "7.00",
        "change": "2",
    } in found
    assert {
        "figure": "refused E10 code",
        "first": "LotExpired",
        "second": None,
        "change": None,
    } in found
    assert [each["figure"] for each in found if isinstance(each, dict)] == [
        "W1 bilateral_net AIR>BIO",
        "W1 gross_exact AIR>BIO",
        "W1 gross_matrix AIR>BIO",
        "W1 gross_total",
        "W1 invoice_lines AIR>BIO ADJUSTMENT@-",
        "W1 net_position AIR",
        "W1 net_position BIO",
        "W1 net_total",
        "W1 payments_direct_min AIR>BIO amount",
        "W1 payments_hub_central pay_in AIR",
        "W1 payments_hub_central pay_out BIO",
        "refused E10 code",
    ]


def test_differences_are_printed_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = [outcome(settled(owed("AIR", "BIO", amount))) for amount in ("5", "7")]

    print_differences(outcomes, ("a.json", "b.json"), Format.TABLE)

    printed = capsys.readouterr().out
    assert "11 figures differ" in printed and "a.json" in printed and "b.json" in printed
