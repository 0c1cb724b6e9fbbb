"""What waits for something that is due is not overtaken on its wallet (ADR-0008)."""

import asyncpg

from hub.ledger.entries import EntryKind
from hub.ledger.operations import Code
from tests.coalition import DAY
from tests.ledger.at_once import operation, post_at_once

SHORT = Code.INSUFFICIENT_POINTS


async def test_a_late_credit_does_not_overtake_a_debit_that_waits_for_a_lapse(story):
    await story("""
        issue   ana air 10
        hold    ana shop 10 for 1d
        tick    2d
    """)
    coalition = story.coalition
    late = {"decided_at": coalition.clock.now - 2 * DAY}
    outcomes = await post_at_once(
        coalition,
        [
            operation(coalition, EntryKind.REDEEM, "ana", "shop", 11),
            operation(coalition, EntryKind.ISSUE, "ana", "air", 5, **late),
            operation(coalition, EntryKind.REDEEM, "ana", "shop", 15),
        ],
    )
    assert [outcome.code for outcome in outcomes] == [SHORT, 0, 0]
    await story("see ana balance=0 entries=issue,hold,lapse,issue,redeem")


async def test_a_late_debit_is_decided_before_the_debit_behind_it(story):
    await story("""
        issue   ana air 10 expires 36h
        hold    ana shop 10 for 1d
        tick    2d
    """)
    coalition = story.coalition
    late = {"decided_at": coalition.clock.now - DAY / 2 - DAY / 4}
    outcomes = await post_at_once(
        coalition,
        [
            operation(coalition, EntryKind.REDEEM, "ana", "shop", 4, **late),
            operation(coalition, EntryKind.REDEEM, "ana", "shop", 1),
        ],
    )
    assert [outcome.code for outcome in outcomes] == [0, SHORT]
    await story("see ana balance=6 available=0")


async def test_a_credit_does_not_overtake_a_transfer_that_waits(story):
    await story("""
        issue    ana air 10          -> A
        hold     ana shop 10 for 1d
        issue    bob air 1
        tick     2d
    """)
    coalition = story.coalition
    bob = coalition.members["bob"]
    outcomes = await post_at_once(
        coalition,
        [
            operation(coalition, EntryKind.TRANSFER, "ana", "", 10, counter_wallet=bob),
            operation(coalition, EntryKind.ISSUE, "bob", "air", 5),
            operation(coalition, EntryKind.REDEEM, "bob", "shop", 16),
        ],
    )
    assert [outcome.code for outcome in outcomes] == [0, 0, 0]
    assert outcomes[0].seq < outcomes[1].seq < outcomes[2].seq


async def test_what_a_transfer_brings_repays_before_the_credit_behind_it(story):
    await story("""
        issue    ana rail 6          -> A
        owe      bob air 10
    """)
    coalition = story.coalition
    bob = coalition.members["bob"]
    outcomes = await post_at_once(
        coalition,
        [
            operation(coalition, EntryKind.TRANSFER, "ana", "", 6, counter_wallet=bob),
            operation(coalition, EntryKind.ISSUE, "bob", "air", 7),
        ],
    )
    assert [outcome.code for outcome in outcomes] == [0, 0]
    await story("see bob owed=0 available=3 entries=owe,repay,issue")


async def test_a_poison_operation_does_not_let_two_of_a_wallet_change_places(story):
    await story("""
        issue   ana air 10
        hold    ana shop 10 for 1d
        issue   bob air 10
        tick    2d
    """)
    coalition = story.coalition
    operations = [
        operation(coalition, EntryKind.REDEEM, "ana", "shop", 11),
        operation(coalition, EntryKind.REDEEM, "bob", "shop", 1),
        operation(coalition, EntryKind.ISSUE, "ana", "air", 5),
        operation(coalition, EntryKind.REDEEM, "bob", "shop", 1, actor="partner:1"),
    ]
    poster = coalition.hub.poster
    waiting = [poster.enqueue(each) for each in operations]
    codes = []
    for answer in waiting:
        try:
            codes += [outcome.code for outcome in await answer]
        except asyncpg.RaiseError:
            codes.append("poison")
    assert codes == [SHORT, 0, 0, "poison"]
    await story("see ana available=15")
    await story("see bob available=9")
