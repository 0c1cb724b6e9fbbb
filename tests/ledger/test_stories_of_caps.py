"""Stories of caps: what is granted where little is left, and what comes back (1.3.4, 2.9)."""


async def test_a_budget_grants_what_is_left_and_says_so(story):
    await story("""
        cap    budget air 100 reason spring                    -> B
        issue  ana air 70 reason spring expires 30d            -> L1
        see    L1 points=70 asked=None capped=None
        issue  bob air 50 reason spring expires 30d            -> L2
        see    L2 points=30 asked=50 capped=BUDGET
        issue  cat air 5 reason spring expires 30d             -> L3
        see    L3 points=0 asked=5 capped=BUDGET
        see    cat available=0
        see    B limit=100 used=100 left=0
        see    journal entries=3
    """)


async def test_a_budget_counts_its_own_reason_and_partner_only(story):
    await story("""
        cap    budget air 100 reason spring                    -> B
        issue  ana air 500
        issue  ana rail 500 reason spring
        issue  ana air 500 reason summer
        see    B used=0 left=100
    """)


async def test_what_a_cap_granted_is_granted_again_under_the_same_key(story):
    await story("""
        cap    budget air 100 reason spring                    -> B
        issue  ana air 150 reason spring key once              -> L1
        limit  B 900
        issue  ana air 150 reason spring key once              -> L2
        see    L2 points=100 asked=150 capped=BUDGET
        see    ana available=100
        see    B used=100
    """)


async def test_a_reversed_issue_gives_its_budget_back(story):
    await story("""
        cap     budget air 100 reason spring                   -> B
        issue   ana air 100 reason spring                      -> L1
        reverse L1 40
        see     B used=60 left=40
        issue   bob air 100 reason spring                      -> L2
        see     L2 points=40
        reverse L1 60
        see     B used=40 left=60
    """)


async def test_a_budget_comes_back_wherever_the_reversed_points_have_moved(story):
    await story("""
        cap      budget air 100 reason spring                  -> B
        issue    ana air 60 reason spring expires 5d           -> L1
        issue    bob air 40 reason spring expires 5d           -> L2
        extend   L1 60 to 20d                                  -> X
        reverse  X 50 key once
        see      B used=50 left=50
        reverse  X 50 key once
        see      B used=50 left=50
        transfer bob cat 40                                    -> T
        reverse  L2/T 30
        see      B used=20 left=80
    """)


async def test_what_a_month_allows_a_member_comes_back_with_points_that_were_extended(story):
    await story("""
        join     cafe member 40
        issue    ana cafe 40 expires 5d                        -> L1
        extend   L1 40 to 20d                                  -> X
        reverse  X 30
        issue    ana cafe 40                                   -> L2
        see      L2 points=30 asked=40
    """)


async def test_only_what_could_be_taken_back_is_given_back(story):
    await story("""
        cap     budget air 100 reason spring                   -> B
        issue   ana air 100 reason spring                      -> L1
        redeem  ana shop 70
        reverse L1 100 mode only-pending                       -> X
        see     X points=30
        see     B used=70
    """)


async def test_a_partner_issues_as_much_as_its_terms_allow_in_a_month(story):
    await story("""
        join   cafe window 100
        issue  ana cafe 60
        issue  bob cafe 60                                     -> L2
        see    L2 points=40 asked=60 capped=WINDOW
        tick   31d
        issue  bob cafe 60                                     -> L3
        see    L3 points=60 capped=None
    """)


async def test_a_late_entry_counts_in_the_month_in_which_it_happened(story):
    await story("""
        join   cafe window 100
        issue  ana cafe 100 at -15d                            -> L1
        issue  ana cafe 100                                    -> L2
        see    L2 points=100
        issue  ana cafe 1 at -16d                              -> L3
        see    L3 points=0 capped=WINDOW
    """)


async def test_one_member_gets_as_much_as_the_terms_allow_in_a_month(story):
    await story("""
        join   cafe window 100 member 40
        issue  ana cafe 60                                     -> L1
        see    L1 points=40 asked=60 capped=MEMBER
        issue  bob cafe 40
        issue  cat cafe 40                                     -> L3
        see    L3 points=20 asked=40 capped=WINDOW
        issue  bob cafe 1                                      -> L4
        see    L4 points=0
        reverse L1 40
        issue  ana cafe 60                                     -> L5
        see    L5 points=40 capped=MEMBER
    """)


async def test_a_member_gives_away_as_much_as_the_year_allows(story):
    await story("""
        cap      transfer - 50 each year
        issue    ana air 200
        transfer ana bob 30
        transfer ana bob 30      !! CapReached cap=TRANSFER left_points=20 required_points=30
        transfer ana bob 20
        transfer bob ana 50
        see      ana available=200
        tick     306d
        transfer ana bob 50
        transfer ana bob 1       !! CapReached cap=TRANSFER left_points=0 required_points=1
    """)


async def test_points_held_count_and_points_freed_come_back(story):
    await story("""
        cap     accept shop 100                                -> A
        issue   ana air 500
        hold    ana shop 80 for 1d                             -> H1
        see     A used=80
        redeem  ana shop 30      !! CapReached cap=ACCEPT left_points=20 required_points=30
        capture H1 50                                          -> C
        see     A used=50
        redeem  ana shop 50                                    -> R
        refund  R 20
        refund  C 10
        see     A used=70
        hold    ana shop 30 for 1d                             -> H2
        void    H2
        see     A used=70
        hold    ana shop 30 for 1d                             -> H3
        tick    2d
        sweep
        see     A used=70
    """)


async def test_an_issuer_s_debit_cap_refuses_the_whole_issue(story):
    await story("""
        cap     net-debit air 0.95 in EUR                      -> N
        issue   ana air 100                                    -> L1
        see     N used=0.95 left=0
        issue   ana air 1        !! NetDebitCapReached
        reverse L1 50
        see     N used=0.475
        issue   ana air 50
        issue   ana air 1        !! NetDebitCapReached
        pay     N 0.095 key p1
        pay     N 0.095 key p1
        see     N used=0.855
        issue   ana air 10
        see     N left=0
    """)


async def test_an_issuer_s_debit_cap_counts_only_lots_that_it_pays_for(story):
    await story("""
        cap     net-debit shop 0.80 in EUR                     -> N
        issue   ana shop 150 expires 10d                       -> L1
        issue   ana air 100 expires 5d                         -> L2
        redeem  ana rail 110                                   -> R1
        see     N used=0.08
        redeem  ana shop 20
        see     N used=0.08
        redeem  ana rail 91      !! NetDebitCapReached
        redeem  ana rail 90                                    -> R2
        see     N left=0
        refund  R2 30
        see     N used=0.56
        refund  R1 110
        see     N used=0.48
    """)


async def test_whoever_was_refused_by_a_cap_leaves_its_points_to_others(story):
    await story("""
        cap     accept shop 10
        issue   ana air 100
        redeem  ana shop 50      !! CapReached cap=ACCEPT left_points=10 required_points=50
        redeem  ana rail 100
    """)


async def test_a_cap_lowered_below_what_is_used_grants_nothing_more(story):
    await story("""
        cap    budget air 100 reason spring                    -> B
        issue  ana air 80 reason spring                        -> L1
        limit  B 50
        see    B limit=50 used=80
        issue  ana air 10 reason spring                        -> L2
        see    L2 points=0 asked=10 capped=BUDGET
        reverse L1 20
        issue  ana air 10 reason spring                        -> L3
        see    L3 points=0
        reverse L1 20
        issue  ana air 20 reason spring                        -> L4
        see    L4 points=10
        limit  B 70
        issue  ana air 30 reason spring                        -> L5
        see    L5 points=20
        see    B limit=70 used=70
    """)


async def test_a_cap_of_nothing_grants_nothing(story):
    await story("""
        cap    budget air 0 reason spring
        issue  ana air 10 reason spring                        -> L1
        see    L1 points=0 asked=10 capped=BUDGET
    """)
