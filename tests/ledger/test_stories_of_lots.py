"""Stories of rule book 1.1 to 1.4: lots, their order, issue and redeem."""


async def test_points_are_usable_until_their_end_and_not_at_it(story):
    await story("""
        issue   ana air 100 expires 1d   -> L1
        tick    23h
        redeem  ana shop 10
        redeem  ana shop 10 at 1h        !! InsufficientPoints available_points=0 required_points=10
        tick    1h
        redeem  ana shop 10              !! InsufficientPoints available_points=0 required_points=10
        see     ana available=0 balance=90 L1=90
    """)


async def test_the_last_microsecond_of_a_lot_still_counts(story):
    await story("""
        issue   ana air 100 expires 1us
        redeem  ana shop 100
        see     ana available=0 balance=0
    """)


async def test_points_without_an_end_are_usable_for_ever(story):
    await story("""
        issue   ana air 100 expires never -> L1
        tick    30000d
        sweep
        redeem  ana shop 100
        see     ana L1=0
    """)


async def test_what_ends_first_is_used_first_whoever_issued_it(story):
    await story("""
        issue   ana air  10 expires 30d  -> A
        issue   ana rail 10 expires 10d  -> B
        issue   ana shop 10 expires 20d  -> C
        redeem  ana bank 25              -> R
        see     R allocations=B:-10,C:-10,A:-5
        see     ana available=5 A=5 B=0 C=0
    """)


async def test_what_never_ends_is_used_last(story):
    await story("""
        issue   ana air 10 expires never    -> A
        issue   ana air 10 expires 30000d   -> B
        redeem  ana shop 11                 -> R
        see     R allocations=B:-10,A:-1
    """)


async def test_of_lots_with_one_end_the_first_issued_is_used_first(story):
    await story("""
        issue   ana air 10 expires 30d      -> A
        tick    1s
        issue   ana rail 10 expires 2591999s  -> B
        redeem  ana shop 15                 -> R
        see     R allocations=A:-10,B:-5
    """)


async def test_the_order_of_the_first_issue_is_kept_through_transfers(story):
    await story("""
        issue     bob air 10 expires 30d      -> OLD
        tick      1s
        issue     ana air 10 expires 2591999s -> NEW
        tick      1s
        transfer  bob ana 10                  -> T
        redeem    ana shop 15                 -> R
        see       R allocations=OLD/T:-10,NEW:-5
    """)


async def test_of_lots_issued_at_one_instant_the_first_in_the_wallet_is_used_first(story):
    await story("""
        issue   ana air 10 expires 30d  -> A
        issue   ana air 10 expires 30d  -> B
        redeem  ana shop 15             -> R
        see     R allocations=A:-10,B:-5
    """)


async def test_an_end_that_was_not_booked_yet_is_an_end_all_the_same(story):
    await story("""
        issue   ana air 10 expires 1d   -> A
        issue   ana air 10 expires 9d   -> B
        tick    2d
        see     ana available=10 balance=20
        redeem  ana shop 11             !! InsufficientPoints available_points=10 required_points=11
        redeem  ana shop 10             -> R
        see     R allocations=B:-10
    """)


async def test_a_redemption_is_all_or_nothing(story):
    await story("""
        issue   ana air 70
        redeem  ana shop 80             !! InsufficientPoints available_points=70 required_points=80
        redeem  ana shop 70
        redeem  ana shop 1              !! InsufficientPoints available_points=0 required_points=1
    """)


async def test_a_wallet_that_never_had_points_has_none(story):
    await story("""
        redeem    ana shop 1            !! InsufficientPoints available_points=0 required_points=1
        cash-out  ana bank 1            !! InsufficientPoints available_points=0 required_points=1
        donate    ana charity 1         !! InsufficientPoints available_points=0 required_points=1
        transfer  ana bob 1             !! InsufficientPoints available_points=0 required_points=1
        see       journal entries=0
    """)


async def test_the_largest_issue_there_can_be_is_redeemed_to_the_last_point(story):
    await story("""
        issue   ana air 1000000000000
        issue   ana air 1000000000000
        redeem  ana shop 1000000000000
        redeem  ana shop 1000000000000
        see     ana available=0
    """)


async def test_points_must_be_within_their_limits(story):
    limits = "points_min=1 points_max=1000000000000"
    await story(f"""
        issue     ana air 0               !! PointsOutOfRange given=0 {limits}
        issue     ana air -5              !! PointsOutOfRange given=-5 {limits}
        issue     ana air 1000000000001   !! PointsOutOfRange given=1000000000001 {limits}
        redeem  ana shop 9223372036854775808  !! PointsOutOfRange given=9223372036854775808 {limits}
        transfer  ana bob 0               !! PointsOutOfRange given=0 {limits}
    """)


async def test_a_reference_issues_once_per_partner_and_reason(story):
    await story("""
        issue   ana air 10 ref till-7
        issue   ana air 10 ref till-7                 !! DuplicateReference reference=till-7
        issue   bob air 99 ref till-7                 !! DuplicateReference reference=till-7
        issue   ana air 10 ref till-7 reason campaign
        issue   ana rail 10 ref till-7
        see     ana available=30
        see     bob available=0
    """)
