"""Stories of exchanges: what passes, what a day allows, and what can be given back (1.8.4)."""


async def test_sixty_three_thousand_points_pass_and_sixty_two_thousand_do_not(story):
    await story("""
        offer     air give 3 get 1 minimum 3000 step 3000 block 60000 bonus 5000
        issue     ana shop 100000
        exchange  ana air 62000  !! NotInStep step_points=3000 below_points=60000 \
above_points=63000 required_points=62000
        exchange  ana air 2000   !! MinimumNotReached minimum_points=3000 required_points=2000
        exchange  ana air 63000                                -> X
        see       X points=63000 reason=air-1
        see       ana available=37000
    """)


async def test_who_offers_nothing_gives_nothing(story):
    await story("""
        issue     ana air 100
        exchange  ana bank 10    !! ExchangeNotOffered partner=bank at=2026-03-01T12:00:00
        offer     bank from 1d until 3d
        exchange  ana bank 10    !! ExchangeNotOffered partner=bank at=2026-03-01T12:00:00
        tick      1d
        exchange  ana bank 10
        tick      2d
        exchange  ana bank 10    !! ExchangeNotOffered partner=bank at=2026-03-04T12:00:00
        exchange  ana bank 10 at -1us
        see       ana available=80
    """)


async def test_the_name_must_match_where_the_offer_says_so(story):
    await story("""
        offer     air named
        offer     bank
        issue     ana shop 100
        exchange  ana air 10 nameless   !! NameNotMatched
        exchange  ana air 10
        exchange  ana bank 10 nameless
        see       ana available=80
    """)


async def test_a_late_exchange_is_one_of_the_offer_of_its_time(story):
    await story("""
        offer     air give 1 get 1 until -2d
        offer     air give 5 get 1 minimum 5 step 5 from -2d
        issue     ana shop 100 at -5d
        exchange  ana air 7      !! NotInStep step_points=5 below_points=5 above_points=10 \
required_points=7
        exchange  ana air 7 at -3d                             -> X
        exchange  ana air 10                                   -> Y
        see       X reason=air-1
        see       Y reason=air-2
    """)


async def test_a_key_is_answered_as_before_whatever_is_offered_now(story):
    await story("""
        offer     air until 1d
        offer     air minimum 50 from 1d
        issue     ana shop 100
        exchange  ana air 10 key once                          -> X
        tick      2d
        exchange  ana air 10 key once                          -> Y
        exchange  ana air 10 key other  !! MinimumNotReached minimum_points=50 required_points=10
        see       Y points=10 reason=air-1
        see       ana available=90
    """)


async def test_a_member_exchanges_as_much_as_a_day_allows(story):
    await story("""
        offer     air step 10 minimum 20 day 100
        issue     ana shop 500
        issue     bob shop 500
        exchange  ana air 60
        exchange  ana air 50     !! CapReached cap=EXCHANGE left_points=40 required_points=50
        exchange  ana air 200    !! CapReached cap=EXCHANGE left_points=40 required_points=200
        exchange  bob air 100
        exchange  ana air 30
        exchange  ana air 20     !! CapReached cap=EXCHANGE left_points=0 required_points=20
        tick      12h
        exchange  ana air 100
        exchange  ana air 20     !! CapReached cap=EXCHANGE left_points=0 required_points=20
        see       ana available=310
    """)


async def test_a_late_exchange_counts_on_the_day_on_which_it_happened(story):
    await story("""
        offer     air day 100
        issue     ana shop 500 at -3d
        exchange  ana air 100 at -1d
        exchange  ana air 1 at -30h     !! CapReached cap=EXCHANGE left_points=0 required_points=1
        exchange  ana air 100
        see       ana available=300
    """)


async def test_what_an_exchange_leaves_of_the_day_comes_back_with_its_refund(story):
    await story("""
        offer     air day 100 refundable
        issue     ana shop 500
        exchange  ana air 80                                   -> X
        refund    X 30
        exchange  ana air 60     !! CapReached cap=EXCHANGE left_points=50 required_points=60
        exchange  ana air 50
        tick      1d
        refund    X 50
        exchange  ana air 101    !! CapReached cap=EXCHANGE left_points=100 required_points=101
        exchange  ana air 100
    """)


async def test_an_exchange_is_for_good_unless_its_offer_says_otherwise(story):
    await story("""
        offer     air until 1d
        offer     air from 1d refundable
        issue     ana shop 100 expires 9d                      -> A
        exchange  ana air 40                                   -> X
        refund    X 10           !! UnknownReference
        tick      1d
        refund    X 10           !! UnknownReference
        exchange  ana air 40                                   -> Y
        refund    Y 10 by bank   !! UnknownReference
        refund    Y 30
        refund    Y 11           !! RefundExceedsRedeemed refundable_points=10 required_points=11
        refund    Y 10
        see       ana available=60 A=60
    """)


async def test_an_exchange_counts_in_the_caps_of_acceptors_and_issuers(story):
    await story("""
        offer     bank refundable
        cap       accept bank 100                              -> A
        cap       net-debit shop 0.80 in EUR                   -> N
        issue     ana shop 300
        exchange  ana bank 80                                  -> X
        see       A used=80
        see       N used=0.64
        redeem    ana bank 30    !! CapReached cap=ACCEPT left_points=20 required_points=30
        exchange  ana bank 21    !! CapReached cap=ACCEPT left_points=20 required_points=21
        refund    X 50
        see       A used=30
        see       N used=0.24
        exchange  ana rail 1     !! ExchangeNotOffered partner=rail at=2026-03-01T12:00:00
        offer     rail
        exchange  ana rail 71    !! NetDebitCapReached
        exchange  ana rail 70
        see       N left=0
    """)


async def test_a_cap_of_the_operator_leaves_only_what_is_in_step(story):
    await story("""
        offer     bank step 30 minimum 30
        cap       accept bank 100 each day
        issue     ana air 500
        exchange  ana bank 120   !! CapReached cap=ACCEPT left_points=90 required_points=120
        exchange  ana bank 90
        exchange  ana bank 30    !! CapReached cap=ACCEPT left_points=0 required_points=30
        redeem    ana bank 10
        tick      12h
        exchange  ana bank 90
    """)


async def test_a_cap_of_a_week_begins_anew_on_monday(story):
    """The story begins on a Sunday at noon."""
    await story("""
        cap       transfer - 50 each week
        issue     ana air 200
        transfer  ana bob 50
        transfer  ana bob 1      !! CapReached cap=TRANSFER left_points=0 required_points=1
        tick      12h
        transfer  ana bob 50
        tick      6d
        transfer  ana bob 1      !! CapReached cap=TRANSFER left_points=0 required_points=1
        tick      1d
        transfer  ana bob 50
    """)
