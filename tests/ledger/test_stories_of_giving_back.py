"""Stories of rule book 1.5 and 1.6.1: refunds of redemptions, reverses of issues."""


async def test_a_refund_goes_to_the_last_used_lot_first(story):
    await story("""
        issue   ana air 10 expires 8d     -> A
        issue   ana air 10 expires 9d     -> B
        redeem  ana shop 15               -> R
        refund  R 3                       -> F1
        refund  R 4                       -> F2
        see     F1 allocations=B:3
        see     F2 allocations=B:2,A:2
        see     ana A=2 B=10 available=12
        refund  R 8
        see     ana A=10 B=10 available=20
    """)


async def test_never_more_comes_back_than_was_redeemed(story):
    await story("""
        issue   ana air 100
        redeem  ana shop 60               -> R
        refund  R 61  !! RefundExceedsRedeemed refundable_points=60 required_points=61
        refund  R 50
        refund  R 11  !! RefundExceedsRedeemed refundable_points=10 required_points=11
        refund  R 10
        refund  R 1  !! RefundExceedsRedeemed refundable_points=0 required_points=1
        see     ana available=100
    """)


async def test_two_redemptions_are_refunded_each_on_its_own(story):
    await story("""
        issue   ana air 10 expires 8d     -> A
        issue   ana air 10 expires 9d     -> B
        redeem  ana shop 5                -> R1
        redeem  ana shop 10               -> R2
        refund  R1 5
        see     ana A=5 B=5
        refund  R2 10
        see     ana A=10 B=10
    """)


async def test_only_the_acceptor_refunds_a_redemption(story):
    await story("""
        issue   ana air 100
        redeem  ana shop 60               -> R
        refund  R 10 by bank              !! UnknownReference
        refund  R 10 by air               !! UnknownReference
        refund  R 10
    """)


async def test_only_a_redemption_can_be_refunded(story):
    await story("""
        issue     ana air 100             -> A
        transfer  ana bob 10              -> T
        refund    A 10 by air             !! UnknownReference
        refund    T 10 by air             !! UnknownReference
        redeem    ana shop 10             -> R
        refund    R 5                     -> F
        refund    F 5 by shop             !! UnknownReference
    """)


async def test_cash_outs_and_donations_are_refunded_like_redemptions(story):
    await story("""
        issue     ana air 100             -> A
        cash-out  ana bank 40             -> C
        donate    ana charity 30 match 0.0010  -> D
        refund    C 40
        refund    D 30
        see       ana A=100
    """)


async def test_what_returns_to_a_lot_that_has_expired_expires_in_the_same_event(story):
    await story("""
        issue   ana air 10 expires 5d     -> A
        redeem  ana shop 4                -> R
        tick    6d
        refund  R 3                       -> F
        see     F allocations=A:3,A:-3 expired=3 points=3
        see     ana A=6 available=0
        sweep
        see     ana A=0
        refund  R 1                       -> G
        see     G expired=1
        see     ana A=0 balance=0
    """)


async def test_of_a_refund_only_what_returns_to_expired_lots_expires(story):
    await story("""
        issue   ana air 10 expires 5d     -> A
        issue   ana air 10 expires 50d    -> B
        redeem  ana shop 15               -> R
        tick    5d
        refund  R 12                      -> F
        see     F allocations=B:5,A:7,A:-7 expired=7
        see     ana A=0 B=10 available=10
    """)


async def test_a_late_refund_onto_a_lot_booked_as_expired_waits_for_the_next_sweep(story):
    await story("""
        issue   ana air 10 expires 5d     -> A
        redeem  ana shop 4                -> R
        tick    5d
        sweep
        see     ana A=0
        refund  R 4 at -1d                -> F
        see     F expired=0
        see     ana A=4 balance=4 available=0
        sweep
        see     ana A=0 balance=0
    """)


async def test_a_refund_returns_to_the_lot_where_it_lies_after_a_transfer(story):
    await story("""
        issue     ana air 10              -> A
        transfer  ana bob 6               -> T
        redeem    bob shop 5              -> R
        transfer  bob ana 1               -> U
        refund    R 5
        see       ana A=4 A/T/U=1
        see       bob A/T=5
    """)


async def test_a_reverse_takes_unspent_points_of_its_own_lot(story):
    await story("""
        issue    ana air 100 expires 9d   -> A
        issue    ana air 100 expires 30d  -> B
        redeem   ana shop 40
        reverse  A 61                     !! LotSpent unspent_points=60 required_points=61
        reverse  A 60                     -> V
        see      V allocations=A:-60
        see      ana A=0 B=100 available=100
        see      air outstanding=100
    """)


async def test_a_reverse_in_parts_ends_with_the_lot(story):
    await story("""
        issue    ana air 10               -> A
        reverse  A 3
        reverse  A 7
        reverse  A 1                      !! LotSpent unspent_points=0 required_points=1
    """)


async def test_a_lot_that_has_expired_is_not_reversed_booked_or_not(story):
    await story("""
        issue    ana air 10 expires 5d    -> A
        tick     5d
        reverse  A 10                     !! LotExpired
        sweep
        reverse  A 10                     !! LotExpired
        reverse  A 10 at -1d              !! LotSpent unspent_points=0 required_points=10
    """)


async def test_only_the_issuer_reverses_its_issue(story):
    await story("""
        issue    ana air 10               -> A
        reverse  A 10 by shop             !! UnknownReference
        reverse  A 10
    """)


async def test_a_moved_lot_is_reversed_where_it_lies(story):
    await story("""
        issue     ana air 10              -> A
        transfer  ana bob 6               -> T
        reverse   A 5                     !! LotSpent unspent_points=4 required_points=5
        reverse   A/T 6
        see       bob balance=0
        see       ana A=4
    """)


async def test_points_given_back_are_redeemed_again(story):
    await story("""
        issue   ana air 10                -> A
        redeem  ana shop 10               -> R
        refund  R 10
        redeem  ana bank 10               -> S
        refund  R 1  !! RefundExceedsRedeemed refundable_points=0 required_points=1
        see     S allocations=A:-10
    """)
