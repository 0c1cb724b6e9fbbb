"""What broke in other engines of points and money, each as a test that it cannot break here.

Each docstring says what happened there.
"""

import pytest

from hub.ledger.entries import EntryKind
from hub.ledger.operations import Code
from tests.coalition import photograph
from tests.ledger.at_once import operation, post_at_once, redeem_at_once


async def test_points_kept_after_a_refund_of_the_purchase(story):
    """The goods went back, the points that they had earned stayed with the member."""
    await story("""
        purchase ana air shoes:60 shirt:40 ref till-1  -> P
        redeem   ana shop 70
        reverse  P.shirt 40 mode unlimited             -> V
        see      V points=40 repaid=
        see      ana P.shirt=0 P.shoes=0 owed=10
        issue    ana air 25
        see      ana owed=0 available=15
    """)


async def test_a_return_in_proportion_to_the_whole_order(story):
    """A returned line gave back a share of the whole order's points, not the line's own."""
    await story("""
        issue    ana air 30 ref till-1 reason line-1   -> A
        issue    ana air 70 ref till-1 reason line-2   -> B
        reverse  A 30                                  -> V
        see      V allocations=A:-30
        see      ana A=0 B=70
        redeem   ana shop 20                           -> R1
        redeem   ana shop 50                           -> R2
        refund   R1 20                                 -> F
        see      F allocations=B:20
        refund   R1 1  !! RefundExceedsRedeemed refundable_points=0 required_points=1
    """)


async def test_an_expired_credit_that_vanishes_while_its_debits_stay(story):
    """Balance was the sum of unexpired credits less all debits: it collapsed when credits ended."""
    await story("""
        issue    ana air 100 expires 5d                -> OLD
        redeem   ana shop 90
        issue    ana air 50 expires 50d                -> NEW
        tick     5d
        see      ana available=50 OLD=10 NEW=50
        sweep
        see      ana available=50 balance=50 OLD=0 NEW=50
        redeem   ana shop 50
    """)


async def test_a_balance_check_by_one_predicate_and_consumption_by_another(story):
    """The total was checked, a subset of lots was consumed: points came from nowhere."""
    await story("""
        issue    ana air 10
        hold     ana bank 10 for 9d
        issue    ana air 10 expires 1d
        issue    ana air 10 available 9d
        issue    ana air 10 only bank barred transfer
        issue    ana air 10
        tick     2d
        see      ana available=10
    """)
    for points in (11, 20, 30, 50):
        short = f"!! InsufficientPoints available_points=10 required_points={points}"
        await story(f"""
            redeem   ana shop {points} {short}
            transfer ana bob {points} {short}
            hold     ana shop {points} for 1d {short}
        """)
    await story("redeem ana shop 10")


async def test_a_hold_that_the_balance_check_did_not_count(story):
    """Points that were set aside could be spent a second time."""
    await story("""
        issue    ana air 100
        hold     ana shop 70 for 1d                    -> H
        redeem   ana bank 31   !! InsufficientPoints available_points=30 required_points=31
        redeem   ana bank 30
        capture  H 70
        see      ana balance=0
    """)


async def test_a_hold_whose_end_was_lost_with_a_queue(story):
    """The end of a hold lived in a queue: when that was emptied, the points were held for ever."""
    await story("""
        issue    ana air 100
        hold     ana shop 100 for 1d                   -> H
        tick     1d
        see      ana available=100 held=0
        redeem   ana bank 100
        capture  H 1                                   !! HoldEnded
    """)


async def test_a_rejected_hold_that_could_be_committed(story):
    """A hold that was refused could be captured through its other name."""
    await story("""
        issue    ana air 10
        hold     ana shop 11 for 1d  !! InsufficientPoints available_points=10 required_points=11
    """)
    coalition = story.coalition
    books = await photograph(coalition)
    for seq in (1, 2, 3):
        (outcome,) = await post_at_once(
            coalition, [operation(coalition, EntryKind.CAPTURE, "ana", "shop", 10, ref_seq=seq)]
        )
        assert outcome.code == Code.UNKNOWN_REFERENCE
    assert await photograph(coalition) == books


async def test_two_captures_of_one_hold_at_once(story):
    """Two concurrent commits of one reservation both passed."""
    await story("""
        issue    ana air 100
        hold     ana shop 60 for 1d                    -> H
    """)
    coalition, seq = story.coalition, story.done["H"].entry.number
    capture = [
        operation(coalition, EntryKind.CAPTURE, "ana", "shop", points, ref_seq=seq)
        for points in (40, 60, 20)
    ]
    outcomes = await post_at_once(coalition, capture)
    assert [outcome.code for outcome in outcomes] == [0, Code.HOLD_ENDED, Code.HOLD_ENDED]
    await story("see ana balance=60 held=0")


async def test_lineage_lost_or_doubled_when_a_batch_is_tried_again(story):
    """Which lots paid was written later, from a queue: a retry lost it, or wrote it twice."""
    await story("""
        issue    ana air 10 expires 8d                 -> A
        issue    ana air 10 expires 9d                 -> B
    """)
    coalition = story.coalition
    once = operation(coalition, EntryKind.REDEEM, "ana", "shop", 15)
    first, again = await post_at_once(coalition, [once, once])
    assert (first.code, again.code, again.is_replay, again.seq) == (0, 0, True, first.seq)
    courier = coalition.hub.poster.couriers[once.wallet.lane % len(coalition.hub.poster.couriers)]
    await courier._connection.close()
    (later,) = await post_at_once(coalition, [once])
    assert (later.is_replay, later.seq) == (True, first.seq)
    lines = await coalition.query("SELECT lot_id, points FROM ledger.allocations ORDER BY line")
    assert [tuple(line) for line in lines] == [(1, -10), (2, -5)]


async def test_a_batch_in_which_the_limit_grows_with_each_use(story):
    """What was reserved was added to what was left: many small ones passed where one fitted."""
    await story("issue ana air 100")
    codes = await redeem_at_once(story.coalition, "ana", [("shop", 60)] + [("shop", 10)] * 6)
    assert codes == [0, 0, 0, 0, 0, Code.INSUFFICIENT_POINTS, Code.INSUFFICIENT_POINTS]
    await story("see ana balance=0")


async def test_every_transfer_of_a_batch_judged_by_the_opening_balance(story):
    """Each was checked against what was there when the batch began."""
    await story("issue ana air 100")
    codes = await redeem_at_once(story.coalition, "ana", [("shop", 60), ("bank", 60)])
    assert codes == [0, Code.INSUFFICIENT_POINTS]


async def test_one_key_twice_in_a_batch(story):
    """The same key twice in one batch crashed it, or was booked twice."""
    await story("issue ana air 100")
    coalition = story.coalition
    once = operation(coalition, EntryKind.REDEEM, "ana", "shop", 10)
    outcomes = await post_at_once(coalition, [once] * 5)
    assert [outcome.is_replay for outcome in outcomes] == [False, True, True, True, True]
    assert len({outcome.seq for outcome in outcomes}) == 1
    await story("see ana balance=90")


async def test_a_refusal_that_was_not_stored_and_passed_when_it_was_tried_again(story):
    """A retry of what was refused succeeded later, without the caller having asked anew."""
    short = "!! InsufficientPoints available_points=0 required_points=10"
    await story(f"""
        hold     ana shop 10 for 1d key K  {short}
        issue    ana air 10
        hold     ana shop 10 for 1d key K  {short}
        see      ana available=10
    """)


@pytest.mark.parametrize("spelled", ["café|bar", "a|b", "|", "a\u00a0b"])
async def test_a_separator_inside_a_text_that_a_hash_was_joined_from(story, spelled):
    """Fields were joined with a sign that a reference may contain: two entries had one hash."""
    coalition = story.coalition
    await coalition.member("ana")
    halves = [(spelled, "x"), (spelled[:-1], spelled[-1] + "x")]
    issues = [
        operation(coalition, EntryKind.ISSUE, "ana", "air", 1, reason=reason, reference=reference)
        for reason, reference in halves
        if reason
    ]
    assert {outcome.code for outcome in await post_at_once(coalition, issues)} == {0}
    leaves = await coalition.query(
        "SELECT ledger.leaf_hash(one, lane, 1, kind, partner_id, wallet_id, NULL, NULL, points,"
        " NULL, NULL, NULL, terms_id, NULL, NULL, occurred_at, decided_at, posted_at, NULL, NULL,"
        " '00000000-0000-0000-0000-000000000000', actor, reason, reference, NULL, NULL, NULL, NULL,"
        " NULL) FROM (SELECT e.*, f.salt AS one FROM ledger.entries e, ledger.entries f"
        " WHERE f.seq = 1) x"
    )
    assert len({leaf[0] for leaf in leaves}) == len(issues)


async def test_arrears_as_a_negative_lot_that_expires(story):
    """A negative balance was a negative lot: it expired, and the debt with it."""
    await story("""
        issue    ana air 100 expires 5d                -> A
        redeem   ana shop 100
        reverse  A 100 mode unlimited
        tick     6d
        sweep
        see      ana owed=100 balance=0
        issue    ana air 100
        see      ana owed=0 available=0
    """)
