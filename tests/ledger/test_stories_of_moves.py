"""Stories of rule book 1.7.4, 1.8.1 and 1.9: transfers, cash-outs, donations, and keys."""


async def test_a_transfer_keeps_issuer_and_end_of_each_lot(story):
    await story("""
        issue     ana air 10 expires 5d   -> A
        issue     ana rail 10 expires 9d  -> B
        transfer  ana bob 15              -> T
        see       ana A=0 B=5
        see       bob A/T=10 B/T=5 available=15
        see       air outstanding=10
        see       rail outstanding=10
        tick      5d
        see       bob available=5
    """)


async def test_a_lot_that_moved_twice_keeps_its_place_in_the_order(story):
    await story("""
        issue     ana air 10 expires 9d   -> A
        transfer  ana bob 10              -> T
        transfer  bob cem 10              -> U
        issue     cem air 10 expires 8d   -> B
        redeem    cem shop 15             -> R
        see       R allocations=B:-10,A/T/U:-5
    """)


async def test_points_go_round_and_come_back_as_a_lot_of_their_own(story):
    await story("""
        issue     ana air 10              -> A
        transfer  ana bob 4               -> T
        transfer  bob ana 4               -> U
        see       ana A=6 A/T/U=4 available=10
        redeem    ana shop 8              -> R
        see       R allocations=A:-6,A/T/U:-2
    """)


async def test_expired_points_are_not_moved(story):
    await story("""
        issue     ana air 10 expires 5d
        issue     ana air 10 expires 6d   -> B
        tick      5d
        transfer  ana bob 11  !! InsufficientPoints available_points=10 required_points=11
        transfer  ana bob 10              -> T
        see       bob B/T=10
    """)


async def test_points_are_not_moved_to_the_wallet_they_come_from(story):
    await story("""
        issue     ana air 10
        transfer  ana ana 5               !! SameWallet
    """)


async def test_points_move_between_lanes_with_issuer_and_end(story):
    await story.coalition.member("far", lane=8)
    await story("""
        issue     ana air 10 expires 9d   -> A
        issue     ana shop 10 expires 8d  -> B
        transfer  ana far 12              -> T
        see       ana available=8 held=0 A=8 B=0
        see       far available=12 B/T=10 A/T=2
        see       T points=12 allocations=B:-10,A:-2
        transfer  ana far 9               !! InsufficientPoints available_points=8 required_points=9
        tick      8d
        see       far available=2
    """)


async def test_a_cash_out_takes_points_in_the_order_of_redemption(story):
    await story("""
        issue     ana air 10 expires 9d   -> A
        issue     ana air 10 expires 8d   -> B
        cash-out  ana bank 12             -> C
        see       C allocations=B:-10,A:-2
        cash-out  ana bank 9              !! InsufficientPoints available_points=8 required_points=9
    """)


async def test_a_donation_is_matched_by_each_issuer_but_not_by_the_charity_itself(story):
    await story("""
        issue     ana air 10 expires 5d
        issue     ana charity 10 expires 6d
        issue     ana rail 10 expires 7d
        donate    ana charity 25 match 0.0050  -> D
        refund    D 8
    """)
    rows = await story.coalition.query(
        "SELECT m.debtor_id, m.amount, m.is_reversal FROM ledger.money_lines m ORDER BY seq, line"
    )
    partners = story.coalition.partners
    assert [(row[0], str(row[1].normalize()), row[2]) for row in rows] == [
        (partners["air"].partner_id, "0.05", False),
        (partners["rail"].partner_id, "0.025", False),
        (partners["rail"].partner_id, "-0.025", True),
    ]


async def test_a_donation_without_a_match_makes_no_money_line(story):
    await story("""
        issue     ana air 10
        donate    ana charity 5
        donate    ana charity 5 match 0
    """)
    assert await story.coalition.query("SELECT FROM ledger.money_lines") == []


async def test_a_match_must_be_a_rate(story):
    await story("""
        issue     ana air 10
        donate    ana charity 5 match -0.1         !! RateNotValid given=-0.1
        donate    ana charity 5 match 0.000000001  !! RateNotValid given=1E-9
        donate    ana charity 5 match NaN          !! RateNotValid given=NaN
    """)


async def test_a_key_used_again_changes_nothing(story):
    await story("""
        issue     ana air 100 key K1      -> A
        issue     ana air 100 key K1
        redeem    ana shop 10 key K2
        redeem    ana shop 10 key K2
        redeem    ana shop 11 key K2      !! IdempotencyConflict
        transfer  ana bob 10 key K3       -> T
        transfer  ana bob 10 key K3
        transfer  ana cem 10 key K3       !! IdempotencyConflict
        see       ana available=80
        see       bob available=10
        see       journal entries=3
    """)


async def test_a_refusal_is_kept_under_its_key(story):
    await story("""
        issue     ana air 5
        redeem    ana shop 10 key K  !! InsufficientPoints available_points=5 required_points=10
        issue     ana air 100
        redeem    ana shop 10 key K  !! InsufficientPoints available_points=5 required_points=10
        redeem    ana shop 9 key K        !! IdempotencyConflict
        redeem    ana shop 10 key L
        see       ana available=95
    """)


async def test_two_partners_may_use_the_same_key(story):
    await story("""
        issue     ana air 100 key K
        redeem    ana shop 10 key K
        redeem    ana bank 20 key K
        see       ana available=70
    """)


async def test_a_key_answers_the_same_after_the_cut_of_its_segment(story):
    await story("""
        issue     ana air 100 expires 1h key K
        cut       2h
        tick      3h
        issue     ana air 100 expires -2h key K
        issue     ana air 100 expires -1h key K    !! IdempotencyConflict
        see       journal entries=2
        see       ana balance=0
    """)
