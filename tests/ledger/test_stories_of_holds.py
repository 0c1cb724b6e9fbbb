"""Stories of rule book 1.4: points set aside, then captured, voided or lapsed."""


async def test_the_story_of_the_house_style(story):
    await story("""
        issue   ana air 100
        hold    ana shop 30 for 7d     -> H1
        redeem  ana shop 80            !! InsufficientPoints available_points=70 required_points=80
        tick    8d
        redeem  ana shop 80
        see     ana available=20 held=0
    """)


async def test_a_hold_sets_lots_aside_in_the_order_of_redemption(story):
    await story("""
        issue   ana air 10 expires 9d  -> A
        issue   ana rail 10 expires 8d -> B
        hold    ana shop 15 for 1d     -> H
        see     H aside=B:10,A:5 points=15 open=yes
        see     ana available=5 held=15 balance=20 A=10 B=10
    """)


async def test_a_hold_is_all_or_nothing(story):
    await story("""
        issue   ana air 10
        hold    ana shop 11 for 1d  !! InsufficientPoints available_points=10 required_points=11
        hold    ana shop 10 for 1d
        hold    ana bank 1 for 1d   !! InsufficientPoints available_points=0 required_points=1
    """)


async def test_a_capture_takes_all_of_a_hold(story):
    await story("""
        issue   ana air 100            -> A
        hold    ana shop 30 for 1d     -> H
        capture H 30                   -> C
        see     C points=30 allocations=A:-30
        see     H open=no captured=30
        see     ana A=70 available=70 held=0
        see     air outstanding=70
    """)


async def test_a_capture_takes_a_part_in_the_same_order_and_frees_the_rest(story):
    await story("""
        issue   ana air 10 expires 9d  -> A
        issue   ana rail 10 expires 8d -> B
        hold    ana shop 15 for 1d     -> H
        capture H 12                   -> C
        see     C allocations=B:-10,A:-2 aside=B:-10,A:-2,A:-3 points=12
        see     ana available=8 held=0 A=8 B=0
    """)


async def test_a_capture_takes_no_more_than_was_held(story):
    await story("""
        issue   ana air 100
        hold    ana shop 30 for 1d     -> H
        capture H 31       !! CaptureExceedsHold held_points=30 required_points=31
        capture H 30
    """)


async def test_a_void_frees_everything(story):
    await story("""
        issue   ana air 100            -> A
        hold    ana shop 30 for 1d     -> H
        void    H                      -> V
        see     V points=30 allocations= aside=A:-30
        see     H open=no captured=0
        see     ana available=100 held=0
    """)


async def test_a_hold_lapses_at_its_end_by_itself(story):
    await story("""
        issue   ana air 100
        hold    ana shop 30 for 1d     -> H
        tick    23h
        see     ana available=70 held=30
        tick    1h
        see     ana available=100 held=0
        redeem  ana bank 100
        see     H open=no captured=0
        see     ana entries=issue,hold,lapse,redeem
    """)


async def test_each_hold_ends_at_most_once(story):
    await story("""
        issue   ana air 100
        hold    ana shop 10 for 1d     -> H1
        hold    ana shop 10 for 1d     -> H2
        capture H1 5
        capture H1 5                   !! HoldEnded
        void    H1                     !! HoldEnded
        void    H2
        void    H2                     !! HoldEnded
        capture H2 1                   !! HoldEnded
        see     ana available=95 held=0
    """)


async def test_a_hold_that_has_lapsed_can_be_neither_captured_nor_voided(story):
    await story("""
        issue   ana air 100
        hold    ana shop 10 for 1d     -> H1
        hold    ana shop 10 for 1d     -> H2
        tick    1d
        sweep
        capture H1 10                  !! HoldEnded
        void    H2                     !! HoldEnded
        see     ana available=100
    """)


async def test_a_capture_at_the_last_microsecond_counts_even_when_it_is_reported_late(story):
    await story("""
        issue   ana air 100
        hold    ana shop 10 for 1d     -> H1
        hold    ana shop 10 for 1d     -> H2
        tick    2d
        capture H1 10 at -86400000001us
        sweep
        capture H2 10 at -1d           !! HoldEnded
        see     ana available=90 held=0
    """)


async def test_held_points_are_not_spent_elsewhere(story):
    await story("""
        issue    ana air 100           -> A
        hold     ana shop 60 for 1d
        redeem   ana bank 41     !! InsufficientPoints available_points=40 required_points=41
        transfer ana bob 41      !! InsufficientPoints available_points=40 required_points=41
        cash-out ana bank 41     !! InsufficientPoints available_points=40 required_points=41
        donate   ana charity 41  !! InsufficientPoints available_points=40 required_points=41
        reverse  A 41            !! LotSpent unspent_points=40 required_points=41
        extend   A 41 to never   !! EndNotLater
        redeem   ana bank 40
    """)


async def test_held_points_do_not_expire(story):
    await story("""
        issue   ana air 100 expires 2d -> A
        hold    ana shop 60 for 5d     -> H
        tick    3d
        sweep
        see     ana A=60 available=0 held=60
        see     air outstanding=60
        capture H 60                   -> C
        see     C allocations=A:-60
    """)


async def test_what_a_capture_frees_of_an_expired_lot_expires_at_once(story):
    await story("""
        issue   ana air 100 expires 2d -> A
        issue   ana air 100 expires 9d -> B
        hold    ana shop 150 for 5d    -> H
        tick    3d
        capture H 60                   -> C
        see     C allocations=A:-60,A:-40 expired=40 points=60
        see     ana A=0 B=100 available=100 held=0
    """)


async def test_what_a_void_frees_of_an_expired_lot_expires_at_once(story):
    await story("""
        issue   ana air 100 expires 2d -> A
        hold    ana shop 60 for 5d     -> H
        tick    2d
        void    H                      -> V
        see     V expired=60 points=60
        see     ana A=40 available=0 held=0
        sweep
        see     ana A=0
    """)


async def test_what_a_lapse_frees_of_an_expired_lot_expires_at_once(story):
    await story("""
        issue   ana air 100 expires 2d -> A
        hold    ana shop 100 for 5d    -> H
        tick    5d
        see     ana available=0 balance=100 held=0
        sweep
        see     ana A=0 balance=0 entries=issue,hold,lapse
        see     air outstanding=0
    """)


async def test_a_lapse_is_decided_at_the_end_of_its_hold_however_late_it_is_booked(story):
    await story("""
        issue   ana air 100 expires 5d -> A
        hold    ana shop 100 for 3d    -> H
        tick    6d
        redeem  ana shop 10 at -2d     -> R
        see     R allocations=A:-10
        see     ana A=90 available=0 entries=issue,hold,lapse,redeem
    """)


async def test_only_the_acceptor_of_a_hold_ends_it(story):
    await story("""
        issue   ana air 100
        hold    ana shop 10 for 1d     -> H
        capture H 10 by bank           !! UnknownReference
        void    H by air               !! UnknownReference
        capture H 10
    """)


async def test_a_capture_needs_terms_of_the_acceptor_and_a_hold_does_not(story):
    await story.coalition.partner("brief", since=None)
    await story("""
        terms   brief from now until 1h
        issue   ana air 100
        hold    ana brief 10 for 2d    -> H
        hold    ana brief 10 for 2d    -> K
        tick    1h
        capture H 10               !! TermsNotInForce partner=brief at=2026-03-01T13:00:00
        capture H 10 at -1us
        void    K
    """)


async def test_a_captured_hold_is_refunded_like_a_redemption(story):
    await story("""
        issue   ana air 10 expires 9d  -> A
        issue   ana rail 10 expires 8d -> B
        hold    ana shop 20 for 1d     -> H
        capture H 15                   -> C
        refund  C 16   !! RefundExceedsRedeemed refundable_points=15 required_points=16
        refund  C 7                    -> F
        see     F allocations=A:5,B:2
        refund  C 8
        see     ana available=20
    """)


async def test_a_hold_is_neither_refunded_nor_a_void(story):
    await story("""
        issue   ana air 10
        hold    ana shop 5 for 1d      -> H
        refund  H 5                    !! UnknownReference
        void    H                      -> V
        refund  V 5                    !! UnknownReference
    """)


async def test_a_hold_ends_after_it_begins_and_within_thirty_days(story):
    latest = "latest=2026-03-31T12:00:00"
    await story(f"""
        issue   ana air 10
        hold    ana shop 5 for 30d
        hold    ana shop 5 for 0s   !! HoldEndOutOfBounds ends_at=2026-03-01T12:00:00 {latest}
        hold    ana shop 5 for 31d  !! HoldEndOutOfBounds ends_at=2026-04-01T12:00:00 {latest}
    """)


async def test_a_cut_books_the_holds_that_ended_before_it_into_its_own_segment(story):
    await story("""
        issue   ana air 10             -> A
        hold    ana shop 4 for 1h      -> H
        hold    ana shop 3 for 3h      -> K
        cut     2h
        tick    2h
        see     H open=no segment=1
        see     K open=yes
        see     ana available=7 held=3
        issue   ana air 1              -> B
        see     B segment=2
    """)


async def test_points_of_a_hold_that_ended_repeat_under_their_key(story):
    await story("""
        issue   ana air 100
        hold    ana shop 30 for 1d key K   -> H
        hold    ana shop 30 for 1d key K
        capture H 20 key C
        capture H 20 key C
        capture H 21 key C             !! IdempotencyConflict
        void    H key C                !! IdempotencyConflict
        see     ana available=80 held=0
        see     journal entries=3
    """)
