"""First fits and second must fail: in one batch, and across batches (rule book 1.4, 1.9)."""

import asyncio

import pytest

from hub.ledger.entries import EntryKind
from hub.ledger.operations import Code, ReverseMode
from hub.points.requests import NEVER
from tests.coalition import DAY, START
from tests.ledger.at_once import operation, post_at_once

SHORT = Code.INSUFFICIENT_POINTS


@pytest.fixture(params=["one batch", "a batch each"])
def post(request, story):
    """Post so that everything leaves at once, or each when the one before is answered."""

    async def post(*operations):
        if request.param == "one batch":
            outcomes = await post_at_once(story.coalition, operations)
        else:
            poster = story.coalition.hub.poster
            outcomes = [await poster.post(each) for each in operations]
        return [outcome.code for outcome in outcomes]

    return post


@pytest.fixture
def make(story):
    def make(kind, points, partner="shop", wallet="ana", **fields):
        return operation(story.coalition, kind, wallet, partner, points, **fields)

    return make


HOLD = {"mode": EntryKind.REDEEM, "expires_at": START + DAY}


async def test_balances(story, post, make):
    await story("issue ana air 10")
    kinds = [EntryKind.REDEEM, EntryKind.CASH_OUT, EntryKind.DONATE, EntryKind.EXCHANGE]
    for first in kinds:
        for second in kinds:
            assert await post(make(first, 6), make(second, 5)) == [0, SHORT]
            await story("issue ana air 6")
    await story("see ana balance=10")


async def test_a_refused_debit_leaves_its_points_to_the_next(story, post, make):
    await story("issue ana air 10")
    redeem = EntryKind.REDEEM
    assert await post(make(redeem, 11), make(redeem, 10), make(redeem, 1)) == [SHORT, 0, SHORT]


async def test_holds(story, post, make):
    await story("issue ana air 10")
    held, redeemed = make(EntryKind.HOLD, 6, **HOLD), make(EntryKind.REDEEM, 5)
    again = make(EntryKind.HOLD, 4, **HOLD)
    assert await post(held, redeemed, again, make(EntryKind.REDEEM, 1)) == [0, SHORT, 0, SHORT]
    await story("see ana held=10 balance=10 available=0")


async def test_captures(story, post, make):
    await story("""
        issue ana air 10
        hold  ana shop 6 for 1d -> H
    """)
    seq = story.done["H"].entry.number
    codes = await post(
        make(EntryKind.CAPTURE, 4, ref_seq=seq),
        make(EntryKind.CAPTURE, 2, ref_seq=seq),
        make(EntryKind.VOID, 0, ref_seq=seq),
        make(EntryKind.REDEEM, 6),
        make(EntryKind.REDEEM, 1),
    )
    assert codes == [0, Code.HOLD_ENDED, Code.HOLD_ENDED, 0, SHORT]


async def test_refunds(story, post, make):
    await story("""
        issue  ana air 10
        redeem ana shop 10 -> R
    """)
    seq = story.done["R"].entry.number
    codes = await post(
        make(EntryKind.REFUND, 6, ref_seq=seq),
        make(EntryKind.REFUND, 5, ref_seq=seq),
        make(EntryKind.REDEEM, 7),
        make(EntryKind.REFUND, 4, ref_seq=seq),
        make(EntryKind.REDEEM, 7),
    )
    assert codes == [0, Code.REFUND_EXCEEDS_REDEEMED, SHORT, 0, 0]


async def test_reverses(story, post, make):
    await story("issue ana air 10 -> A")
    lot = story.lots["A"].number
    unlimited = {"lot_id": lot, "mode": ReverseMode.UNLIMITED}
    codes = await post(
        make(EntryKind.REVERSE, 6, "air", lot_id=lot),
        make(EntryKind.REVERSE, 5, "air", lot_id=lot),
        make(EntryKind.REDEEM, 4),
        make(EntryKind.REVERSE, 5, "air", **unlimited),
        make(EntryKind.REVERSE, 4, "air", **unlimited),
        make(EntryKind.REVERSE, 1, "air", **unlimited),
    )
    assert codes == [
        *(0, Code.LOT_SPENT, 0),
        *(Code.REVERSE_EXCEEDS_ISSUED, 0, Code.REVERSE_EXCEEDS_ISSUED),
    ]
    await story("see ana owed=4 balance=0")


async def test_repayments_of_arrears(story, post, make):
    await story("owe ana air 10")
    issue, redeem = EntryKind.ISSUE, EntryKind.REDEEM
    codes = await post(
        make(issue, 6), make(issue, 6), make(issue, 3), make(redeem, 6), make(redeem, 5)
    )
    assert codes == [0, 0, 0, SHORT, 0]
    rows = await story.coalition.query(
        "SELECT seq, points FROM ledger.allocations WHERE arrears_seq IS NOT NULL ORDER BY seq"
    )
    assert [row["points"] for row in rows] == [-6, -4]
    await story("see ana owed=0 balance=0")


async def test_a_debt_that_is_forgiven_twice(story, post, make):
    await story("owe ana air 10 -> D")
    seq = story.done["D"].entry.number
    forgive = {"mode": 1, "ref_seq": seq}
    codes = await post(
        make(EntryKind.OWE, 6, "air", **forgive),
        make(EntryKind.OWE, 5, "air", **forgive),
        make(EntryKind.OWE, 4, "air", **forgive),
    )
    assert codes == [0, Code.EXCEEDS_ARREARS, 0]


async def test_restricted_budgets(story, post, make):
    await story("""
        issue ana air 10 only shop category fuel
        issue ana air 3
    """)
    fuel = {"category": "fuel"}
    codes = await post(
        make(EntryKind.REDEEM, 8, **fuel),
        make(EntryKind.REDEEM, 4, "bank", **fuel),
        make(EntryKind.REDEEM, 6, **fuel),
        make(EntryKind.REDEEM, 4),
        make(EntryKind.REDEEM, 5, **fuel),
        make(EntryKind.REDEEM, 1, **fuel),
    )
    assert codes == [0, SHORT, SHORT, SHORT, 0, SHORT]


async def test_transfers_of_restricted_points(story, post, make):
    await story("""
        issue ana air 5
        issue ana air 10 barred transfer
        issue bob air 1
    """)
    bob = story.coalition.members["bob"]
    move = {"counter_wallet": bob}
    codes = await post(
        make(EntryKind.REDEEM, 12),
        make(EntryKind.TRANSFER, 4, "", **move),
        make(EntryKind.TRANSFER, 3, "", **move),
        make(EntryKind.REDEEM, 1),
    )
    assert codes == [0, SHORT, 0, SHORT]


async def test_reinstatements(story, post, make):
    await story("""
        issue ana air 10 expires 1d -> A
        tick  1d
    """)
    lot = {"lot_id": story.lots["A"].number, "expires_at": NEVER}
    codes = await post(
        make(EntryKind.REINSTATE, 6, "", **lot),
        make(EntryKind.REINSTATE, 5, "", **lot),
        make(EntryKind.REINSTATE, 4, "", **lot),
        make(EntryKind.REDEEM, 11),
        make(EntryKind.REDEEM, 10),
    )
    assert codes == [0, Code.EXCEEDS_EXPIRED, 0, SHORT, 0]


async def test_a_group_whose_last_member_is_refused(story, make):
    await story("""
        issue ana air 1 ref till-1 reason tier
        owe   ana air 100
    """)
    poster = story.coalition.hub.poster
    refused = await story.coalition.value("SELECT reference_hash FROM ledger.issue_references")
    group = [
        make(EntryKind.ISSUE, 10, "air", reason="base"),
        make(EntryKind.ISSUE, 20, "air", reason="tier", reference_hash=refused.bytes),
    ]
    before, outcomes, after = await asyncio.gather(
        poster.enqueue(make(EntryKind.ISSUE, 5, "air")),
        poster.post_group(group),
        poster.enqueue(make(EntryKind.ISSUE, 7, "air")),
    )
    assert [outcome.code for outcome in (*before, *outcomes, *after)] == [
        *(0, Code.GROUP_REFUSED, Code.DUPLICATE_REFERENCE, 0)
    ]
    await story("see ana owed=87 balance=0")
