"""Stories of rule book 1.1.3, 1.7, 2.3 and 2.5: late entries, expiry, terms and cuts."""


async def test_a_sweep_books_what_has_ended_once(story):
    await story("""
        issue   ana air 10 expires 5d     -> A
        issue   bob air 20 expires 6d     -> B
        tick    5d
        sweep
        see     ana A=0 balance=0
        see     bob B=20
        see     journal entries=3
        sweep
        see     journal entries=3
        see     air outstanding=20
    """)


async def test_one_wallet_may_be_swept_alone(story):
    await story("""
        issue   ana air 10 expires 5d     -> A
        issue   ana air 10 expires 6d     -> B
        issue   bob air 20 expires 5d     -> C
        tick    6d
        expire  ana
        see     ana balance=0 A=0 B=0
        see     bob C=20
        expire  ana
        see     journal entries=4
    """)


async def test_a_sweep_leaves_what_ends_later_in_the_same_wallet(story):
    await story("""
        issue   ana air 10 expires 5d     -> A
        issue   ana air 10 expires 6d     -> B
        issue   ana air 10 expires never  -> C
        redeem  ana shop 4
        tick    5d
        sweep
        see     ana A=0 B=10 C=10 balance=20
    """)


async def test_a_late_redemption_is_decided_when_it_happened(story):
    await story("""
        issue   ana air 10 expires 5d     -> A
        tick    6d
        redeem  ana shop 4                !! InsufficientPoints available_points=0 required_points=4
        redeem  ana shop 4 at -2d
        see     ana A=6
    """)


async def test_a_late_redemption_finds_nothing_in_a_lot_that_was_booked_as_expired(story):
    await story("""
        issue   ana air 10 expires 5d
        tick    6d
        sweep
        redeem  ana shop 4 at -2d         !! InsufficientPoints available_points=0 required_points=4
    """)


async def test_a_late_redemption_skips_what_had_ended_by_then(story):
    await story("""
        issue   ana air 10 expires 2d     -> A
        issue   ana air 10 expires 5d     -> B
        tick    6d
        redeem  ana shop 11 at -3d  !! InsufficientPoints available_points=10 required_points=11
        redeem  ana shop 10 at -3d        -> R
        see     R allocations=B:-10
    """)


async def test_an_issue_needs_terms_in_force_when_it_happened(story):
    await story("""
        issue   ana air 10 at -3000d      !! TermsNotInForce partner=air at=2017-12-13T12:00:00
        issue   ana air 10
        redeem  ana shop 5 at -3000d      !! TermsNotInForce partner=shop at=2017-12-13T12:00:00
        redeem  ana shop 5
    """)


async def test_between_two_versions_of_terms_there_may_be_a_gap(story):
    await story.coalition.partner("gap", since=None)
    await story("""
        terms   gap from now until 1h
        terms   gap from 3h
        issue   ana gap 10
        tick    1h
        issue   ana gap 10                !! TermsNotInForce partner=gap at=2026-03-01T13:00:00
        issue   ana gap 10 at -1us
        tick    2h
        issue   ana gap 10
        see     ana balance=30
    """)


async def test_a_redemption_needs_terms_of_the_acceptor_only(story):
    await story.coalition.partner("brief", since=None)
    await story("""
        terms   brief from now until 1h
        issue   ana brief 10              -> A
        tick    2h
        issue   ana brief 10              !! TermsNotInForce partner=brief at=2026-03-01T14:00:00
        redeem  ana brief 1               !! TermsNotInForce partner=brief at=2026-03-01T14:00:00
        redeem  ana shop 1                -> R
        refund  R 1
        reverse A 1
        transfer ana bob 9
    """)


async def test_a_refund_needs_no_terms(story):
    await story.coalition.partner("brief", since=None)
    await story("""
        terms   brief from now until 1h
        issue   ana air 10
        redeem  ana brief 10              -> R
        tick    1h
        refund  R 10
    """)


async def test_an_entry_lies_in_the_segment_of_its_posting(story):
    await story("""
        issue   ana air 10                -> A
        cut     1h
        tick    3599s
        issue   ana air 10                -> B
        tick    1s
        issue   ana air 10                -> C
        issue   ana air 10 at -1h         -> D
        see     A segment=1
        see     B segment=1
        see     C segment=2
        see     D segment=2
    """)


async def test_a_cut_books_what_ended_before_it_into_its_own_segment(story):
    await story("""
        issue   ana air 10 expires 1h     -> A
        issue   ana air 10 expires 7199999999us  -> B
        issue   ana air 10 expires 2h     -> C
        cut     2h
        tick    2h
        see     ana A=0 B=0 C=10
        sweep
        see     ana C=0
    """)
    rows = await story.coalition.query(
        "SELECT segment_id, points FROM ledger.entries WHERE kind = 5 ORDER BY seq"
    )
    assert [tuple(row) for row in rows] == [(1, 20), (2, 10)]


async def test_a_cut_that_nobody_makes_is_made_by_the_next_entry(story):
    await story("""
        issue   ana air 10 expires 1h     -> A
        cut     2h
    """)
    story.coalition.clock.tick(story.when("3h") - story.coalition.clock.now)
    await story("""
        issue   ana air 10                -> B
        see     B segment=2
        see     ana A=0 B=10
    """)


async def test_cuts_may_be_asked_for_in_any_order(story):
    await story("""
        cut     3h
        cut     1h
        cut     2h
        issue   ana air 1
        tick    1h
        issue   ana air 2
        tick    1h
        issue   ana air 3
        tick    1h
        issue   ana air 4
        see     ana available=10
    """)
    rows = await story.coalition.query(
        "SELECT e.points, s.starts_at, s.ends_at FROM ledger.entries e"
        " JOIN ledger.segments s USING (segment_id) ORDER BY e.seq"
    )
    first = story.when("-3h")
    ends = [(row["ends_at"] - first).total_seconds() / 3600 for row in rows[:3]]
    assert [row["points"] for row in rows] == [1, 2, 3, 4]
    assert ends == [1, 2, 3]
