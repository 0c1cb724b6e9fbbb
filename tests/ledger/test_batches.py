"""What may leave together, decided without a database."""

from datetime import UTC, datetime

from hub.ledger.batches import Batch
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Operation, Place

ANA, BOB, CEM = Place(0, 64), Place(0, 128), Place(1, 1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ISSUE, REDEEM, TRANSFER = EntryKind.ISSUE, EntryKind.REDEEM, EntryKind.TRANSFER
REFUND, REVERSE, EXPIRE = EntryKind.REFUND, EntryKind.REVERSE, EntryKind.EXPIRE


def operation(kind, wallet=ANA, **fields):
    given = {"partner_id": 100, "points": 1, "key_hash": None, "request_hash": bytes(16)}
    return Operation(kind=kind, wallet=wallet, actor="test", **(given | fields))


def admitted(*operations):
    batch = Batch()
    return [batch.admit(each) for each in operations]


def test_debits_come_before_credits():
    assert admitted(operation(REDEEM), operation(ISSUE)) == [True, True]
    assert admitted(operation(ISSUE), operation(REDEEM)) == [True, False]


def test_debits_of_one_instant_go_together():
    assert admitted(operation(REDEEM), operation(REDEEM), operation(TRANSFER)) == [True] * 3
    late = operation(REDEEM, decided_at=NOON)
    assert admitted(operation(REDEEM), late) == [True, False]
    assert admitted(late, late) == [True, True]


def test_a_loner_shares_its_wallet_with_nobody():
    for loner in (REFUND, REVERSE, EXPIRE):
        for other in (ISSUE, REDEEM, loner):
            assert admitted(operation(loner), operation(other)) == [True, False]
            assert admitted(operation(other), operation(loner)) == [True, False]
        assert admitted(operation(loner), operation(loner, BOB)) == [True, True]


def test_a_transfer_credits_the_other_wallet():
    move = operation(TRANSFER, counter_wallet=BOB)
    assert admitted(move, operation(REDEEM, BOB), operation(ISSUE, BOB)) == [True, False, False]
    assert admitted(move, operation(ISSUE, BOB)) == [True, True]
    assert admitted(operation(REDEEM, BOB), move) == [True, True]


def test_what_waits_holds_up_what_comes_after_it_on_its_wallets():
    waits = operation(TRANSFER, ANA, counter_wallet=BOB)
    later = [operation(ISSUE, BOB), operation(ISSUE, ANA), operation(ISSUE, CEM)]
    assert admitted(operation(ISSUE), waits, *later) == [True, False, False, False, True]


def test_a_key_or_a_reference_occurs_once():
    one = {"key_hash": b"k" * 16}
    assert admitted(operation(ISSUE, **one), operation(ISSUE, BOB, **one)) == [True, False]
    one = {"reference_hash": b"r" * 16}
    assert admitted(operation(ISSUE, **one), operation(ISSUE, BOB, **one)) == [True, False]


def test_a_reference_that_waits_is_not_overtaken():
    first = operation(ISSUE, ANA, reference_hash=b"r" * 16)
    second = operation(ISSUE, BOB, reference_hash=b"r" * 16)
    assert admitted(operation(REFUND, ANA), first, second) == [True, False, False]


def test_wallets_of_one_number_in_two_lanes_are_two_wallets():
    there = Place(2, ANA.number)
    assert admitted(operation(REFUND, ANA), operation(REFUND, there)) == [True, True]
