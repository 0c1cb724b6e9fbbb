"""The model of the ledger decides by the rule book, case by case, figures worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.reference.books import Books, Outcome

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class Story:
    """Tells the books a story in days; every operation gets a name E1, E2, ..."""

    def __init__(self) -> None:
        self.books = Books()
        self.told = 0

    def tell(self, day: float, kind: str, **fields: Any) -> Outcome:
        self.told += 1
        op = {"id": f"E{self.told}", "type": kind, "at": START + day * DAY, **fields}
        outcome = self.books.apply(op)
        self.books.audit()
        return outcome

    def issue(self, day: float, member: str, points: int, lasts: float | None) -> Outcome:
        expires = None if lasts is None else START + lasts * DAY
        fields = {"issuer": "AIR", "member": member, "points": points, "expires": expires}
        return self.tell(day, "ISSUE", lot=f"L{self.told + 1}", **fields)

    def redeem(self, day: float, member: str, points: int) -> Outcome:
        return self.tell(day, "REDEEM", acceptor="BIO", member=member, points=points)

    def left(self, member: str) -> dict[str, int]:
        return {lot.name: lot.remaining for lot in self.books.lots(member)}


@pytest.fixture
def story() -> Story:
    return Story()


def test_a_lot_is_usable_before_its_expiry_and_not_at_it(story: Story) -> None:
    story.issue(0, "ana", 10, lasts=5)
    assert story.redeem(5, "ana", 1).code == "InsufficientPoints"
    assert story.redeem(5 - 1e-6, "ana", 1).allocations == (("L1", 1),)


def test_use_goes_by_expiry_then_issue_then_arrival_and_never_comes_last(story: Story) -> None:
    story.issue(0, "ana", 10, lasts=None)
    story.issue(0, "bea", 10, lasts=9)
    story.issue(1, "ana", 10, lasts=9)
    story.issue(2, "ana", 10, lasts=8)
    story.tell(3, "TRANSFER", **{"from": "bea", "to": "ana", "points": 10})
    taken = story.redeem(4, "ana", 40).allocations
    assert taken == (("L4", 10), ("L2/E5", 10), ("L3", 10), ("L1", 10))


def test_a_refund_goes_to_the_last_used_lot_first_also_in_parts(story: Story) -> None:
    story.issue(0, "ana", 10, lasts=8)
    story.issue(0, "ana", 10, lasts=9)
    story.redeem(1, "ana", 15)
    assert story.tell(2, "REFUND", of="E3", points=3).allocations == (("L2", 3),)
    assert story.tell(2, "REFUND", of="E3", points=4).allocations == (("L2", 2), ("L1", 2))
    refused = story.tell(2, "REFUND", of="E3", points=9)
    assert (refused.code, refused.data) == ("RefundExceedsRedeemed", {"refundable_points": 8})
    assert story.tell(2, "REFUND", of="E3", points=8).allocations == (("L1", 8),)
    assert story.left("ana") == {"L1": 10, "L2": 10}


def test_a_refund_onto_an_expired_lot_expires_only_what_it_restored(story: Story) -> None:
    story.issue(0, "ana", 10, lasts=5)
    story.redeem(1, "ana", 4)
    story.tell(6, "REFUND", of="E2", points=3)
    assert story.left("ana") == {"L1": 6}
    assert [line.kind for line in story.books.journal] == ["ISSUE", "REDEEM", "REDEEM", "EXPIRE"]
    assert story.tell(7, "EXPIRE").allocations == (("L1", 6),)


def test_a_late_refund_onto_a_booked_lot_waits_for_the_next_sweep(story: Story) -> None:
    story.issue(0, "ana", 10, lasts=5)
    story.redeem(1, "ana", 4)
    assert story.tell(5, "EXPIRE").allocations == (("L1", 6),)
    story.tell(4, "REFUND", of="E2", points=4)
    assert story.left("ana") == {"L1": 4}
    assert story.books.sweep_before(START + 5 * DAY) == []
    assert story.books.sweep_before(START + 6 * DAY) == [("L1", 4)]


def test_a_refund_after_a_transfer_returns_to_the_lot_where_it_lies(story: Story) -> None:
    story.issue(0, "ana", 10, lasts=9)
    story.tell(1, "TRANSFER", **{"from": "ana", "to": "bea", "points": 6})
    story.redeem(2, "bea", 5)
    story.tell(3, "TRANSFER", **{"from": "bea", "to": "ana", "points": 1})
    story.tell(4, "REFUND", of="E3", points=5)
    assert story.left("ana") == {"L1": 4, "L1/E2/E4": 1}
    assert story.left("bea") == {"L1/E2": 5}


def test_a_reverse_takes_only_unspent_points_of_its_own_lot(story: Story) -> None:
    story.issue(0, "ana", 10, lasts=5)
    story.redeem(1, "ana", 4)
    assert story.tell(2, "REVERSE_ISSUE", lot="L1", points=7).code == "LotSpent"
    assert story.tell(5, "REVERSE_ISSUE", lot="L1", points=7).code == "LotExpired"
    assert story.tell(2, "REVERSE_ISSUE", lot="L9", points=7).code == "UnknownReference"
    assert story.tell(2, "REVERSE_ISSUE", lot="L1", points=6).allocations == (("L1", 6),)


def test_a_refused_operation_changes_nothing_and_cannot_be_refunded(story: Story) -> None:
    story.issue(0, "ana", 10, lasts=5)
    refused = story.redeem(1, "ana", 11)
    assert refused.data == {"available_points": 10, "required_points": 11}
    assert story.tell(1, "REFUND", of="E2", points=1).code == "UnknownReference"
    assert len(story.books.journal) == 1


def test_a_sale_is_cancelled_once(story: Story) -> None:
    story.tell(0, "MEMBERSHIP_SALE")
    assert story.tell(1, "MEMBERSHIP_CANCEL", of="E1").is_accepted
    assert story.tell(1, "MEMBERSHIP_CANCEL", of="E1").code == "AlreadyCancelled"
    assert story.tell(1, "MEMBERSHIP_CANCEL", of="E2").code == "UnknownReference"


def test_a_key_gives_the_first_answer_again_and_stores_refusals(story: Story) -> None:
    ask = {"acceptor": "BIO", "member": "ana", "points": 5, "caller": "BIO", "key": "k"}
    assert story.tell(0, "REDEEM", **ask).code == "InsufficientPoints"
    story.issue(0, "ana", 10, lasts=5)
    again = story.tell(1, "REDEEM", **ask)
    assert (again.code, again.is_replay) == ("InsufficientPoints", True)
    other = story.tell(1, "REDEEM", **{**ask, "points": 6})
    assert other.code == "IdempotencyConflict"
    assert story.tell(1, "REDEEM", **{**ask, "key": "k2"}).allocations == (("L2", 5),)
    assert story.tell(9, "REDEEM", **{**ask, "key": "k2"}).allocations == (("L2", 5),)
    assert story.tell(1, "REDEEM", **{**ask, "caller": "CIN"}).allocations == (("L2", 5),)
    assert story.left("ana") == {"L2": 0}


def test_a_reference_is_unique_per_partner_and_reason(story: Story) -> None:
    fields = {"member": "ana", "points": 1, "expires": None, "reference": "till-7"}
    assert story.tell(0, "ISSUE", issuer="AIR", **fields).is_accepted
    assert story.tell(0, "ISSUE", issuer="AIR", **fields).code == "DuplicateReference"
    assert story.tell(0, "ISSUE", issuer="BIO", **fields).is_accepted
    assert story.tell(0, "ISSUE", issuer="AIR", reason="bonus", **fields).is_accepted


def test_points_that_are_not_available_yet_are_not_used(story: Story) -> None:
    fields = {"issuer": "AIR", "member": "ana", "points": 1, "expires": None}
    story.tell(0, "ISSUE", available=START + DAY, **fields)
    assert story.redeem(1 - 1e-6, "ana", 1).code == "InsufficientPoints"
    assert story.redeem(1, "ana", 1).is_accepted
