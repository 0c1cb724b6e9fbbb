"""Stories of rule book 1.2.2 and 1.2.4: lots that are for some acceptors, categories or moves."""


async def test_restricted_points_go_first_where_they_are_allowed(story):
    await story("""
        issue   ana air 10 expires 1d              -> SOON
        issue   ana air 10 expires never only shop -> SHOP
        redeem  ana shop 12                        -> R
        see     R allocations=SHOP:-10,SOON:-2
    """)


async def test_restricted_points_are_not_touched_where_they_are_not_allowed(story):
    await story("""
        issue   ana air 10 only shop  -> SHOP
        issue   ana air 5             -> A
        redeem  ana bank 6            !! InsufficientPoints available_points=5 required_points=6
        redeem  ana bank 5            -> R
        see     R allocations=A:-5
        see     ana SHOP=10 available=0 restricted=10
    """)


async def test_of_several_restricted_lots_the_one_that_ends_first_goes_first(story):
    await story("""
        issue   ana air 10 only shop expires 9d       -> LATE
        issue   ana rail 10 only shop,bank expires 8d -> SOON
        issue   ana air 10 expires 7d                 -> A
        redeem  ana shop 25                           -> R
        see     R allocations=SOON:-10,LATE:-10,A:-5
    """)


async def test_points_for_a_category_pay_for_that_category_only(story):
    await story("""
        issue   ana air 10 category fuel,coffee  -> FUEL
        issue   ana air 3                        -> A
        redeem  ana shop 4          !! InsufficientPoints available_points=3 required_points=4
        redeem  ana shop 4 category tea  !! InsufficientPoints available_points=3 required_points=4
        redeem  ana shop 4 category fuel         -> R
        see     R allocations=FUEL:-4
        see     ana available=3 restricted=6
    """)


async def test_a_lot_for_acceptor_and_category_needs_both(story):
    await story("""
        issue   ana air 10 only shop category fuel  -> A
        redeem  ana shop 1  !! InsufficientPoints available_points=0 required_points=1
        redeem  ana bank 1 category fuel  !! InsufficientPoints available_points=0 required_points=1
        redeem  ana shop 10 category fuel
        see     ana A=0
    """)


async def test_a_lot_may_be_barred_from_transfer(story):
    await story("""
        issue     ana air 10 barred transfer  -> BARRED
        issue     ana air 5                   -> A
        transfer  ana bob 6   !! InsufficientPoints available_points=5 required_points=6
        transfer  ana bob 5                   -> T
        see       T allocations=A:-5
        redeem    ana shop 10
        see       ana BARRED=0
    """)


async def test_a_lot_barred_from_transfer_does_not_cross_to_another_lane(story):
    await story.coalition.member("far", lane=9)
    await story("""
        issue     ana air 10 barred transfer
        issue     ana air 5
        transfer  ana far 6   !! InsufficientPoints available_points=5 required_points=6
        transfer  ana far 5
        see       far available=5
        see       ana held=0 restricted=10
    """)


async def test_a_lot_may_be_barred_from_exchange(story):
    await story("""
        offer     bank
        issue     ana air 10 barred exchange
        issue     ana air 5                   -> A
        exchange  ana bank 6  !! InsufficientPoints available_points=5 required_points=6
        exchange  ana bank 5                  -> X
        see       X allocations=A:-5
        see       ana available=0 restricted=10
    """)


async def test_a_restriction_moves_with_its_points(story):
    await story("""
        issue     ana air 10 only shop    -> A
        transfer  ana bob 10              -> T
        redeem    bob bank 1      !! InsufficientPoints available_points=0 required_points=1
        redeem    bob shop 10             -> R
        see       R allocations=A/T:-10
    """)


async def test_restricted_points_are_held_for_the_acceptor_who_may_take_them(story):
    await story("""
        issue   ana air 10 only shop      -> A
        issue   ana air 10                -> B
        hold    ana bank 5 for 1d         -> H
        hold    ana shop 12 for 1d        -> K
        see     H aside=B:5
        see     K aside=A:10,B:2
        see     ana available=3 restricted=0 held=17
        capture K 12                      -> C
        see     C allocations=A:-10,B:-2
    """)


async def test_the_same_rule_is_one_rule(story):
    await story("""
        issue   ana air 10 only shop,bank category fuel
        issue   ana air 10 only bank,shop category fuel
        issue   ana air 10 only shop category fuel
    """)
    rules = await story.coalition.query("SELECT restriction_id FROM ledger.restrictions ORDER BY 1")
    assert [rule[0] for rule in rules] == [1, 2]


async def test_restricted_points_expire_like_others(story):
    await story("""
        issue   ana air 10 only shop expires 1d  -> A
        tick    1d
        see     ana restricted=0 balance=10
        redeem  ana shop 1     !! InsufficientPoints available_points=0 required_points=1
        sweep
        see     ana balance=0
    """)


async def test_several_debits_of_one_batch_share_restricted_points_as_if_one_came_after_another(
    story,
):
    await story("""
        issue   ana air 10 only shop      -> A
        issue   ana air 10                -> B
    """)
    coalition = story.coalition
    from tests.ledger.at_once import redeem_at_once

    codes = await redeem_at_once(coalition, "ana", [("bank", 4), ("shop", 13), ("shop", 3)])
    assert codes == [0, 0, 0]
    await story("see ana A=0 B=0 available=0")
    assert await redeem_at_once(coalition, "ana", [("shop", 1)]) == [1]
