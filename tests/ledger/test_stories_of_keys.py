"""Stories of rule book 1.9: a key is answered once, for every kind of entry."""


async def test_every_claim_repeats_its_answer_under_its_key(story):
    await story("""
        issue     ana air 100 expires 9d    -> A
        issue     ana air 10 available never -> P
        hold      ana shop 30 for 1d key H  -> H1
        hold      ana shop 30 for 1d key H
        capture   H1 20 key C               -> C1
        capture   H1 20 key C
        hold      ana shop 5 for 1d         -> H2
        void      H2 key V
        void      H2 key V
        extend    A 10 to 20d key E
        extend    A 10 to 20d key E
        release   P key R
        release   P key R
        refund    C1 5 key F
        refund    C1 5 key F
        reverse   A 3 mode unlimited key W
        reverse   A 3 mode unlimited key W
        see       ana available=92 held=0
        see       journal entries=10
    """)


async def test_every_refusal_of_a_claim_is_kept_under_its_key(story):
    short = "!! InsufficientPoints available_points=10 required_points=11"
    await story(f"""
        issue     ana air 10 expires 9d     -> A
        hold      ana shop 11 for 1d key H  {short}
        hold      ana shop 10 for 1d        -> H1
        capture   H1 11 key C               !! CaptureExceedsHold held_points=10 required_points=11
        extend    A 1 to 10d key E          !! LotSpent unspent_points=0 required_points=1
        release   A key R                   !! LotNotPending
        reinstate A 1 to 10d key S          !! LotNotExpired
        void      H1
        issue     ana air 100
        hold      ana shop 11 for 1d key H  {short}
        capture   H1 11 key C               !! CaptureExceedsHold held_points=10 required_points=11
        extend    A 1 to 10d key E          !! LotSpent unspent_points=0 required_points=1
        release   A key R                   !! LotNotPending
        tick      9d
        reinstate A 1 to 1d key S           !! LotNotExpired
    """)


async def test_a_reverse_repeats_what_it_could_not_take(story):
    await story("""
        issue     ana air 10                -> A
        redeem    ana shop 6
        reverse   A 10 mode within-balance key K  -> V
        issue     ana air 10
        reverse   A 10 mode within-balance key K  -> W
        see       W points=4 asked=10
        see       ana available=10
        reverse   A 10 mode unlimited key K  !! IdempotencyConflict
    """)


async def test_an_answer_is_the_same_after_four_hundred_days(story):
    await story("""
        issue     ana air 10 expires 9d     -> A
        hold      ana shop 10 for 1d key H
        tick      400d
        sweep
        hold      ana shop 10 for -399d key H
        see       ana balance=0 entries=issue,hold,lapse,expire
    """)


async def test_an_operation_that_waits_for_what_is_due_is_answered_once(story):
    await story("""
        issue     ana air 10
        hold      ana shop 10 for 1d
        tick      2d
        redeem    ana shop 10 key K
        redeem    ana shop 10 key K
        see       ana balance=0 entries=issue,hold,lapse,redeem
    """)


async def test_keys_of_a_hold_and_of_a_redemption_are_of_one_scope(story):
    await story("""
        issue     ana air 10
        hold      ana shop 5 for 1d key K
        redeem    ana shop 5 key K          !! IdempotencyConflict
        redeem    ana bank 5 key K
    """)
