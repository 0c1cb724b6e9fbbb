"""Stories of rule book 1.5.3, 1.7.1 and 1.7.3: reinstated lots, extension, reinstatement."""


async def test_what_returns_to_an_expired_lot_may_be_reinstated_with_a_grace_term(story):
    await story("""
        issue   ana air 10 expires 5d     -> A
        issue   ana rail 10 expires 6d    -> B
        issue   ana shop 10 expires 90d   -> C
        redeem  ana bank 25               -> R
        tick    7d
        refund  R 22 reinstated 30d       -> F
        see     F allocations=C:5,B:10,A:7,B:-10,A:-7 points=22
        see     ana A=0 B=0 C=10 A/F=7 B/F=10 available=27
        see     air outstanding=7
        see     rail outstanding=10
        tick    30d
        see     ana available=10
    """)


async def test_reinstated_points_of_one_end_keep_the_order_of_their_first_issue(story):
    await story("""
        issue   ana air 10 expires 6d     -> A
        tick    1s
        issue   ana air 10 expires 5d     -> B
        redeem  ana bank 20               -> R
        tick    7d
        refund  R 20 reinstated 30d       -> F
        redeem  ana bank 5                -> S
        see     S allocations=A/F:-5
    """)


async def test_a_reinstated_lot_repays_before_the_next_decision(story):
    await story("""
        issue   ana air 10 expires 5d     -> A
        redeem  ana shop 10               -> R
        reverse A 4 mode unlimited
        tick    5d
        refund  R 10 reinstated 30d       -> F
        see     ana owed=0 available=6
        redeem  ana shop 6
        see     ana A/F=0 owed=0
    """)


async def test_an_extension_gives_points_a_later_end_in_a_lot_of_their_own(story):
    await story("""
        issue   ana air 10 expires 5d     -> A
        extend  A 7 to 20d                -> E
        see     ana A=3 E=7 available=10
        see     air outstanding=10
        tick    5d
        see     ana available=7
        redeem  ana shop 7                -> R
        see     R allocations=E:-7
    """)


async def test_an_extended_lot_keeps_its_place_among_lots_of_one_end(story):
    await story("""
        issue   ana air 10 expires 5d     -> A
        tick    1s
        issue   ana air 10 expires 20d    -> B
        extend  A 10 to 20d               -> E
        redeem  ana shop 5                -> R
        see     R allocations=E:-5
    """)


async def test_an_extension_is_for_a_lot_that_lives_and_to_a_later_end(story):
    await story("""
        issue   ana air 10 expires 5d     -> A
        extend  A 10 to 5d                !! EndNotLater
        extend  A 10 to 4d                !! EndNotLater
        extend  A 11 to 9d                !! LotSpent unspent_points=10 required_points=11
        tick    5d
        extend  A 10 to 9d                !! LotExpired
    """)


async def test_an_extension_of_points_that_are_held_waits_for_their_end(story):
    await story("""
        issue   ana air 10 expires 5d     -> A
        hold    ana shop 8 for 1d         -> H
        extend  A 3 to 9d                 !! LotSpent unspent_points=2 required_points=3
        void    H
        extend  A 10 to 9d
    """)


async def test_expired_points_are_reinstated_whether_they_were_booked_or_not(story):
    await story("""
        issue     ana air 10 expires 5d   -> A
        issue     ana air 10 expires 5d   -> B
        tick      5d
        reinstate A 4 to 9d               -> E
        sweep
        reinstate A 6 to 9d               -> F
        reinstate B 10 to 9d              -> G
        see       ana A=0 B=0 E=4 F=6 G=10 available=20
        see       air outstanding=20
        tick      9d
        see       ana available=0
    """)


async def test_no_more_is_reinstated_than_has_expired(story):
    await story("""
        issue     ana air 10 expires 5d   -> A
        redeem    ana shop 3
        tick      5d
        reinstate A 8 to 9d    !! ExceedsExpired expired_points=7 required_points=8
        sweep
        reinstate A 8 to 9d    !! ExceedsExpired expired_points=7 required_points=8
        reinstate A 5 to 9d
        reinstate A 3 to 9d    !! ExceedsExpired expired_points=2 required_points=3
        reinstate A 2 to 9d
        reinstate A 1 to 9d    !! ExceedsExpired expired_points=0 required_points=1
        see       ana available=7
    """)


async def test_a_lot_that_lives_is_extended_and_not_reinstated(story):
    await story("""
        issue     ana air 10 expires 5d   -> A
        reinstate A 1 to 9d               !! LotNotExpired
        tick      5d
        reinstate A 1 to -1d              !! EndNotLater
    """)


async def test_reinstated_points_are_reversed_where_they_lie(story):
    await story("""
        issue     ana air 10 expires 5d   -> A
        tick      5d
        sweep
        reinstate A 10 to 9d              -> E
        reverse   A 1                     !! LotExpired
        reverse   E 10
        see       ana balance=0
    """)


async def test_breakage_belongs_to_the_segment_in_which_it_happened(story):
    await story("""
        issue   ana air 100 expires 2d    -> A
        hold    ana shop 40 for 1d        -> H
        cut     3d
        tick    4d
        issue   ana air 1                 -> B
        see     B segment=2
        see     ana A=0 balance=1
    """)
    rows = await story.coalition.query(
        "SELECT kind, segment_id, points FROM ledger.entries WHERE kind IN (5, 13) ORDER BY seq"
    )
    assert [tuple(row) for row in rows] == [(13, 1, 40), (5, 1, 100)]


async def test_a_refund_is_not_reinstated_until_an_end_that_is_past(story):
    await story("""
        issue   ana air 10 expires 5d     -> A
        redeem  ana shop 10               -> R
        tick    9d
        refund  R 4 reinstated now        !! EndNotLater
        refund  R 4 reinstated -1d        !! EndNotLater
        refund  R 4 reinstated -1d at -2d
        refund  R 4 reinstated 1us
        see     ana available=4
    """)


async def test_pending_points_that_have_expired_are_not_released(story):
    await story("""
        issue   ana air 10 available never expires 5d  -> A
        tick    5d
        release A                         !! LotExpired
        release A at -1us
        see     ana A=10 available=0
    """)
