"""Stories of rule book 1.3: pending points, and purchases that bring points for several reasons."""


async def test_pending_points_show_apart_and_cannot_be_used_before_their_time(story):
    await story("""
        issue   ana air 10 available 2d       -> P
        issue   ana air 5                     -> A
        see     ana available=5 pending=10 balance=15
        redeem  ana shop 6     !! InsufficientPoints available_points=5 required_points=6
        tick    2d
        see     ana available=15 pending=0
        redeem  ana shop 15
    """)


async def test_pending_points_become_usable_at_their_instant_and_not_before_it(story):
    await story("""
        issue   ana air 10 available 2d
        tick    1d
        redeem  ana shop 1 at -1us   !! InsufficientPoints available_points=0 required_points=1
        tick    1d
        redeem  ana shop 1 at -1us   !! InsufficientPoints available_points=0 required_points=1
        redeem  ana shop 1
    """)


async def test_points_that_wait_for_a_release_are_usable_from_then_on(story):
    await story("""
        issue   ana air 10 available never    -> P
        tick    365d
        see     ana available=0 pending=10
        release P
        see     ana available=10 pending=0
        redeem  ana shop 10
    """)


async def test_a_lot_is_released_once_and_only_while_it_is_pending(story):
    await story("""
        issue   ana air 10                    -> A
        issue   ana air 10 available 2d       -> P
        release A                             !! LotNotPending
        release P
        release P                             !! LotNotPending
        issue   ana air 10 available 2d       -> Q
        tick    2d
        release Q                             !! LotNotPending
    """)


async def test_pending_points_expire_at_their_end_too(story):
    await story("""
        issue   ana air 10 available never expires 3d  -> P
        tick    3d
        see     ana pending=0 balance=10
        sweep
        see     ana P=0 balance=0
        see     air outstanding=0
    """)


async def test_pending_points_can_be_reversed(story):
    await story("""
        issue   ana air 10 available 30d      -> P
        issue   ana air 10                    -> A
        reverse P 4
        see     ana P=6 A=10 pending=6 available=10
    """)


async def test_pending_points_move_to_nobody(story):
    await story("""
        issue    ana air 10 available 2d
        transfer ana bob 1     !! InsufficientPoints available_points=0 required_points=1
        hold     ana shop 1 for 1d  !! InsufficientPoints available_points=0 required_points=1
    """)


async def test_a_purchase_brings_an_entry_for_each_reason_with_its_own_funder(story):
    await story("""
        purchase ana air base:100 tier:20 campaign:50:bank ref till-1  -> P
        see      ana available=170 P.base=100 P.tier=20 P.campaign=50
        see      P.base points=100 reason=base funder=air
        see      P.campaign points=50 reason=campaign funder=bank
        see      journal entries=3
    """)


async def test_a_purchase_is_booked_whole_or_not_at_all(story):
    refused = "!! PortionRefused index=1 refusal=DuplicateReference"
    await story(f"""
        issue    ana air 7 ref till-1 reason tier
        purchase ana air base:100 tier:20 ref till-1  {refused}
        see      ana available=7
        see      journal entries=1
    """)


async def test_a_purchase_that_was_refused_stays_refused_under_its_key(story):
    refused = "!! PortionRefused index=1 refusal=DuplicateReference"
    await story(f"""
        issue    ana air 7 ref till-1 reason tier
        purchase ana air base:100 tier:20 ref till-1 key K  {refused}
        purchase ana air base:100 tier:20 ref till-1 key K  {refused}
        purchase ana air base:100 ref till-1 key K          !! IdempotencyConflict
        purchase ana air base:100 ref till-1 key L          -> P
        see      ana available=107
    """)


async def test_a_purchase_is_answered_once_under_its_key(story):
    await story("""
        purchase ana air base:100 tier:20 ref till-1 key K
        purchase ana air base:100 tier:20 ref till-1 key K
        see      ana available=120
        see      journal entries=2
        purchase ana air base:100 tier:21 ref till-1 key K  !! IdempotencyConflict
    """)


async def test_each_reason_of_a_purchase_is_reversed_on_its_own(story):
    await story("""
        purchase ana air base:100 campaign:50:bank ref till-1  -> P
        reverse  P.campaign 50
        see      ana P.base=100 P.campaign=0
    """)
