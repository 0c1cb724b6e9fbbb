"""Stories of rule book 1.6.2 and 1.6.3: reverses of spent points, arrears, and their repayment."""


async def test_only_pending_takes_what_is_unspent_and_nothing_more(story):
    await story("""
        issue   ana air 100            -> A
        issue   ana air 50             -> B
        redeem  ana shop 60
        reverse A 100 mode only-pending  -> V
        see     V points=40 asked=100 allocations=A:-40
        see     ana A=0 B=50 owed=0
    """)


async def test_only_pending_needs_something_that_is_unspent(story):
    await story("""
        issue   ana air 100            -> A
        redeem  ana shop 100
        issue   ana air 50
        reverse A 1 mode only-pending  !! LotSpent unspent_points=0 required_points=1
    """)


async def test_within_balance_takes_from_the_other_available_points(story):
    await story("""
        issue   ana air 100 expires 2d   -> A
        issue   ana rail 30 expires 9d   -> B
        issue   ana shop 50 expires 10d  -> C
        redeem  ana bank 60
        reverse A 100 mode within-balance  -> V
        see     V points=100 allocations=A:-40,B:-30,C:-30 repaid=B:30>air,C:30>air
        see     ana A=0 B=0 C=20 owed=0 available=20
    """)


async def test_within_balance_leaves_the_rest_as_the_issuers_loss(story):
    await story("""
        issue   ana air 100            -> A
        redeem  ana shop 60
        reverse A 100 mode within-balance  -> V
        see     V points=40 asked=100
        see     ana balance=0 owed=0
        issue   ana air 10
        see     ana available=10
    """)


async def test_unlimited_makes_the_rest_arrears(story):
    await story("""
        issue   ana air 100            -> A
        issue   ana rail 20            -> B
        redeem  ana shop 90
        reverse A 100 mode unlimited   -> V
        see     V points=100 repaid=B:20>air allocations=A:-10,B:-20
        see     ana balance=0 available=0 owed=70
    """)


async def test_held_pending_and_restricted_points_are_not_the_members_other_available_points(story):
    await story("""
        issue   ana air 100 expires 1d     -> A
        redeem  ana shop 100
        issue   ana air 10                 -> HELD
        hold    ana shop 10 for 1d
        issue   ana air 10 available 2d    -> PENDING
        issue   ana air 10 only shop       -> SHOP
        reverse A 100 mode unlimited       -> V
        see     V allocations=
        see     ana owed=100 HELD=10 PENDING=10 SHOP=10
    """)


async def test_arrears_are_a_debt_and_never_a_negative_lot(story):
    await story("""
        issue   ana air 100            -> A
        redeem  ana shop 100
        reverse A 100 mode unlimited
        see     ana A=0 balance=0 owed=100
        redeem  ana shop 1    !! InsufficientPoints available_points=0 required_points=1
    """)


async def test_arrears_never_expire(story):
    await story("""
        issue   ana air 100 expires 2d  -> A
        redeem  ana shop 100
        reverse A 100 mode unlimited
        tick    4000d
        sweep
        see     ana owed=100
    """)


async def test_every_later_credit_repays_first_and_says_so(story):
    await story("""
        issue   ana air 100            -> A
        redeem  ana shop 100
        reverse A 100 mode unlimited
        issue   ana rail 30            -> B
        see     B points=30 repaid=B:30>air
        see     ana owed=70 available=0 B=0
        issue   ana rail 100           -> C
        see     C repaid=C:70>air
        see     ana owed=0 available=30 C=30
        issue   ana rail 5             -> D
        see     D repaid=
        see     ana available=35
    """)


async def test_the_oldest_debt_is_repaid_first(story):
    await story("""
        issue   ana air 10             -> A
        issue   ana rail 10            -> B
        redeem  ana shop 20
        reverse B 10 mode unlimited
        reverse A 10 mode unlimited
        issue   ana shop 15            -> C
        see     C repaid=C:10>rail,C:5>air
        see     ana owed=5
    """)


async def test_points_that_a_refund_gives_back_repay(story):
    await story("""
        issue   ana air 100            -> A
        redeem  ana shop 100           -> R
        reverse A 100 mode unlimited
        refund  R 60                   -> F
        see     F allocations=A:60,A:-60 repaid=A:60>air points=60
        see     ana owed=40 available=0
    """)


async def test_points_that_a_hold_frees_repay(story):
    await story("""
        issue   ana air 100            -> A
        redeem  ana shop 60
        hold    ana shop 40 for 1d     -> H
        reverse A 60 mode unlimited
        see     ana owed=60
        capture H 10                   -> C
        see     C repaid=A:30>air
        see     ana owed=30 available=0 held=0
    """)


async def test_points_that_a_lapse_frees_repay_before_anything_else(story):
    await story("""
        issue   ana air 100            -> A
        redeem  ana shop 60
        hold    ana shop 40 for 1d
        reverse A 60 mode unlimited
        tick    1d
        see     ana owed=20 available=0 held=0
        redeem  ana bank 1   !! InsufficientPoints available_points=0 required_points=1 settled
        see     ana entries=issue,redeem,hold,reverse,lapse owed=20
    """)


async def test_pending_points_repay_when_they_become_usable(story):
    await story("""
        issue   ana air 10             -> A
        redeem  ana shop 10
        reverse A 10 mode unlimited
        issue   ana air 30 available 2d  -> P
        see     P repaid=
        see     ana owed=10 pending=30
        tick    2d
        see     ana owed=0 available=20
        redeem  ana shop 20
        see     ana P=0 entries=issue,redeem,reverse,issue,repay,redeem
    """)


async def test_released_points_repay_in_the_same_entry(story):
    await story("""
        issue   ana air 10             -> A
        redeem  ana shop 10
        reverse A 10 mode unlimited
        issue   ana air 30 available never  -> P
        release P                      -> L
        see     L repaid=P:10>air
        see     ana owed=0 available=20
    """)


async def test_restricted_points_do_not_repay(story):
    await story("""
        issue   ana air 10             -> A
        redeem  ana shop 10
        reverse A 10 mode unlimited
        issue   ana air 30 only shop   -> SHOP
        see     ana owed=10 restricted=30
        redeem  ana shop 30
        see     ana owed=10 SHOP=0
    """)


async def test_points_that_a_transfer_brings_repay_before_the_next_decision(story):
    await story("""
        issue    ana air 10            -> A
        redeem   ana shop 10
        reverse  A 10 mode unlimited
        issue    bob rail 25           -> B
        transfer bob ana 25            -> T
        see      ana owed=0 available=15
        redeem   ana shop 15
        see      ana B/T=0 owed=0 entries=issue,redeem,reverse,repay,redeem
    """)


async def test_points_that_come_from_another_lane_repay_in_the_entry_of_their_arrival(story):
    await story.coalition.member("far", lane=9)
    await story("""
        issue    far air 10            -> A
        redeem   far shop 10
        reverse  A 10 mode unlimited
        issue    bob rail 25           -> B
        transfer bob far 25            -> T
        see      far owed=0 available=15 entries=issue,redeem,reverse,arrive
    """)


async def test_points_that_ended_on_their_way_do_not_repay(story):
    await story.coalition.member("far", lane=9)
    await story("""
        issue    far air 10            -> A
        redeem   far shop 10
        reverse  A 10 mode unlimited
        issue    bob rail 25 expires 1d
        begin    bob far 25            -> M
        tick     1d
        finish   1
        see      far owed=10 available=0 balance=25
        sweep
    """)


async def test_a_repayment_gives_the_pinned_value_to_the_issuer_who_lost_it(story):
    await story("""
        issue   ana air 10             -> A
        redeem  ana shop 10
        reverse A 10 mode unlimited
        issue   ana rail 10
    """)
    rows = await story.coalition.query(
        "SELECT issuer_id, acceptor_id, acceptor_terms_id, points FROM ledger.flows WHERE kind = 14"
    )
    partners = story.coalition.partners
    assert [tuple(row) for row in rows] == [
        (partners["rail"].partner_id, partners["air"].partner_id, 0, 10)
    ]


async def test_no_more_is_reversed_than_was_issued_whatever_was_taken(story):
    await story("""
        issue   ana air 100            -> A
        redeem  ana shop 100
        reverse A 60 mode unlimited
        reverse A 41 mode unlimited  !! ReverseExceedsIssued reversible_points=40 required_points=41
        reverse A 40 mode unlimited
        see     ana owed=100
    """)


async def test_points_that_moved_on_are_reversed_where_they_lie_and_nowhere_else(story):
    await story("""
        issue    ana air 10            -> A
        transfer ana bob 6             -> T
        reverse  A 10 mode unlimited  !! ReverseExceedsIssued reversible_points=4 required_points=10
        reverse  A/T 6
        reverse  A 4
        see      ana owed=0 balance=0
        see      bob owed=0 balance=0
    """)


async def test_a_debt_may_be_forgiven_in_part_and_not_beyond(story):
    await story("""
        owe     ana air 30             -> D
        see     ana owed=30
        forgive D 10
        forgive D 21     !! ExceedsArrears owed_points=20 required_points=21
        forgive D 20
        see     ana owed=0
        issue   ana air 5
        see     ana available=5
    """)


async def test_a_debt_that_comes_into_a_wallet_is_repaid_from_what_lies_there(story):
    await story("""
        issue   ana rail 50            -> A
        owe     ana air 30
        see     ana owed=0 available=20
        redeem  ana shop 21   !! InsufficientPoints available_points=20 required_points=21 settled
        see     ana A=20 owed=0 entries=issue,owe,repay
    """)


async def test_points_given_back_by_a_void_repay_only_when_they_are_usable(story):
    await story.coalition.member("far", lane=9)
    await story("""
        owe      ana air 30
        issue    ana air 20 available 9d  -> P
        issue    ana air 20 only shop     -> SHOP
        hold-all ana far                  -> M
        see      M aside=P:20,SHOP:20
        undo     M
        see      ana owed=30 P=20 SHOP=20 pending=20 restricted=20 held=0
    """)


async def test_points_that_became_usable_repay_although_they_expired_unasked(story):
    await story("""
        issue   ana air 10             -> A
        redeem  ana shop 10
        reverse A 10 mode unlimited
        issue   ana air 30 available 2d expires 4d  -> P
        tick    9d
        see     ana owed=0 available=0 balance=30
        issue   ana air 5              -> B
        see     B repaid=
        see     ana owed=0 available=5 P=20 entries=issue,redeem,reverse,issue,repay,issue
        sweep
        see     ana P=0 entries=issue,redeem,reverse,issue,repay,issue,expire
    """)


async def test_a_sweep_repays_before_it_expires(story):
    await story("""
        issue   ana air 10             -> A
        redeem  ana shop 10
        reverse A 10 mode unlimited
        issue   ana air 30 available 2d expires 4d  -> P
        tick    9d
        sweep
        see     ana owed=0 balance=0 entries=issue,redeem,reverse,issue,repay,expire
        sweep
        see     ana entries=issue,redeem,reverse,issue,repay,expire
    """)


async def test_one_wallet_whose_expiry_is_booked_repays_first(story):
    await story("""
        owe     ana air 25
        issue   ana air 10 available 1d expires 2d
        issue   ana air 10 available 3d expires 4d
        tick    9d
        see     ana owed=5
        expire  ana
        see     ana owed=5 balance=0 entries=owe,issue,issue,repay,repay
    """)


async def test_points_that_expired_before_the_wallet_owed_do_not_repay(story):
    await story("""
        issue   ana air 30 available 1d expires 2d
        tick    3d
        owe     ana air 10
        tick    1d
        sweep
        see     ana owed=10 balance=0 entries=issue,owe,expire
    """)


async def test_points_that_lay_there_when_a_debt_came_repay_although_nobody_asked(story):
    await story("""
        issue   ana rail 30 expires 4d  -> A
        owe     ana air 10
        tick    9d
        see     ana owed=0 available=0
        sweep
        see     ana owed=0 balance=0 entries=issue,owe,repay,expire
    """)


async def test_points_whose_hold_ended_after_their_end_do_not_repay(story):
    await story("""
        issue   ana air 10 available 1d expires 3d  -> P
        tick    1d
        hold    ana shop 10 for 9d
        owe     ana air 10
        tick    9d
        see     ana owed=10
        sweep
        see     ana owed=10 balance=0
    """)


async def test_a_late_entry_counts_the_repayment_that_was_due_before_it(story):
    await story("""
        owe     ana air 10
        issue   ana air 30 available 1d expires 4d
        tick    9d
        redeem  ana shop 9 at -6d
        redeem  ana shop 11 at -6d
        redeem  ana shop 1 at -6d   !! InsufficientPoints available_points=0 required_points=1
        see     ana owed=0 balance=0 entries=owe,issue,repay,redeem,redeem
    """)
