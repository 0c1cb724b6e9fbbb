"""Stories of rule book 1.8: moves between lanes that stop halfway, and wallets that merge."""

import pytest


@pytest.fixture(autouse=True)
async def far(story):
    """A member whose wallet lies in another lane."""
    return await story.coalition.member("far", lane=9)


async def test_points_on_their_way_are_held_where_they_were(story):
    await story("""
        issue   ana air 10             -> A
        begin   ana far 6              -> M
        see     ana available=4 held=6 A=10
        see     far balance=0
        redeem  ana shop 5   !! InsufficientPoints available_points=4 required_points=5
    """)


async def test_a_move_that_stopped_after_its_first_step_is_finished(story):
    await story("""
        issue   ana air 10 expires 9d  -> A
        issue   ana shop 10 expires 8d -> B
        begin   ana far 12             -> M
        finish  1
        see     ana A=8 B=0 held=0 available=8
        see     far available=12
        see     M open=no captured=12
        finish  0
    """)


async def test_a_move_that_stopped_after_its_arrival_is_finished(story):
    await story("""
        issue   ana air 10             -> A
        begin   ana far 6              -> M
        arrive  M far
        see     far available=6
        finish  1
        see     ana A=4 held=0
        see     far available=6
        see     journal entries=4
    """)


async def test_a_move_is_finished_once_whoever_finishes_it(story):
    await story("""
        issue   ana air 10             -> A
        begin   ana far 6              -> M
        cross   M far                  -> X
        cross   M far                  -> Y
        see     X points=6 allocations=A:-6
        see     Y points=6 allocations=A:-6
        see     far available=6 A/Y=6
        see     journal entries=4
    """)


async def test_a_caller_who_comes_back_with_the_key_goes_on_where_it_stopped(story):
    await story("""
        issue    ana air 10            -> A
        transfer ana far 6 key K       -> T
        transfer ana far 6 key K
        transfer ana far 7 key K       !! IdempotencyConflict
        see      far available=6
        see      ana available=4
    """)


async def test_a_move_to_a_wallet_that_is_closed_goes_back_whole(story):
    await story("""
        issue    ana air 10            -> A
        close    far
        begin    ana far 6             -> M
        finish   1
        see      ana available=10 held=0 A=10
        see      M open=no captured=0
        open     far
        finish   0
        see      far balance=0
    """)


async def test_a_transfer_to_a_wallet_that_is_closed_is_refused_under_its_key(story):
    await story("""
        issue    ana air 10            -> A
        close    far
        transfer ana far 6 key K       !! WalletClosed settled
        see      ana available=10 held=0
        open     far
        transfer ana far 6 key K       !! WalletClosed settled
        transfer ana far 6 key L
        see      far available=6
    """)


async def test_points_on_their_way_do_not_expire_and_lapse_never(story):
    await story("""
        issue   ana air 10 expires 2d  -> A
        begin   ana far 6              -> M
        tick    400d
        sweep
        see     ana A=6 held=6
        finish  1
        see     far available=0 balance=6
        see     ana balance=0
    """)


async def test_a_merge_takes_everything_pending_and_restricted_points_too(story):
    await story("""
        issue    ana air 10 expires 9d       -> A
        issue    ana rail 20 available 5d    -> P
        issue    ana air 30 only shop barred transfer  -> S
        hold-all ana far                     -> M
        cross    M far                       -> X
        see      ana balance=0 held=0
        see      far A/X=10 P/X=20 S/X=30 available=10 pending=20 restricted=30
        close    ana
        issue    ana air 1                   !! WalletClosed
    """)


async def test_a_merge_leaves_what_has_expired_behind(story):
    await story("""
        issue    ana air 10 expires 1d       -> A
        issue    ana air 10                  -> B
        tick     1d
        hold-all ana far                     -> M
        see      M aside=B:10
        cross    M far                       -> X
        close    ana in-vain
        sweep
        close    ana
    """)


async def test_an_empty_wallet_has_nothing_to_merge(story):
    await story("""
        hold-all ana far                     !! NothingToMove
        issue    ana air 10 expires 1d
        tick     1d
        hold-all ana far                     !! NothingToMove
    """)


async def test_a_wallet_with_points_holds_or_arrears_is_not_closed(story):
    await story("""
        issue   ana air 10                   -> A
        close   ana in-vain
        hold    ana shop 10 for 1d           -> H
        close   ana in-vain
        capture H 10                         -> C
        close   ana
        refund  C 10                         !! WalletClosed
        open    ana
        reverse A 10 mode unlimited
        close   ana in-vain
    """)


async def test_a_closed_wallet_takes_and_gives_nothing(story):
    await story("""
        issue    bob air 10
        close    ana
        issue    ana air 1           !! WalletClosed
        redeem   ana shop 1          !! WalletClosed
        hold     ana shop 1 for 1d   !! WalletClosed
        transfer bob ana 1           !! WalletClosed
        transfer bob far 10
    """)


async def test_moved_points_are_redeemed_in_the_order_of_their_first_issue(story):
    await story("""
        issue    far air 10                  -> OLD
        tick     1s
        issue    ana air 10                  -> NEW
        tick     1s
        transfer far ana 10                  -> T
        redeem   ana shop 15                 -> R
        see      R allocations=OLD/T:-10,NEW:-5
    """)


async def test_a_wallet_of_many_lots_crosses_whole(story):
    points = [f"issue ana air {n} ref r{n} expires never" for n in range(1, 41)]
    await story("\n".join(points))
    await story("""
        hold-all ana far                     -> M
        cross    M far
        see      ana balance=0
        see      far available=820
    """)
