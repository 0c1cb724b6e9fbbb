"""Each rule of the audit: somebody with more rights breaks it, and the audit names it."""

from collections.abc import Iterable

import asyncpg
import pytest

from hub.ledger.journal.rules import LEDGER_RULES
from tests.story import Story

BOOKS = """
    issue    ana air 100 expires 30d ref till-1 key K  -> A
    redeem   ana shop 40                               -> R
    refund   R 10                                      -> F
    hold     ana shop 20 for 1d                        -> H
    capture  H 15                                      -> C
    hold     ana shop 5 for 30d                        -> OPEN
    issue    bob rail 50                               -> B
    redeem   bob shop 50
    reverse  B 50 mode unlimited                       -> V
    issue    bob air 20                                -> D
    cap      budget air 100 reason spring              -> CAP
    issue    cem air 30 reason spring
    join     cafe member 40
    issue    cem cafe 10
    begin    ana far 10                                -> M
    finish   1
    cut      2d
    tick     3d
    issue    ana air 1
"""
SUMS_TO_ONE = """
CREATE OR REPLACE VIEW ledger.postings AS
SELECT 7::smallint AS lane, 1::bigint AS seq, 1 AS line, 'lot'::text AS account,
       1::bigint AS owner_id, 1::bigint AS lot_id, 1::bigint AS points
"""
BREAKS = {
    "entry sums to zero": [SUMS_TO_ONE],
    "entry equals its allocations": ["UPDATE ledger.entries SET points = 41 WHERE kind = 2"],
    "lot equals its allocations": ["UPDATE ledger.lots SET held_points = 6 WHERE held_points = 5"],
    "lot is within its bounds": [
        "ALTER TABLE ledger.lots DROP CONSTRAINT lots_check1",
        "UPDATE ledger.lots SET held_points = remaining_points + 1 WHERE held_points > 0",
    ],
    "wallet equals its lots": ["UPDATE ledger.wallets SET balance_points = balance_points + 1"],
    "wallet equals its postings": ["UPDATE ledger.allocations SET points = -41 WHERE kind = 2"],
    "wallet equals its holds": ["UPDATE ledger.wallets SET held_points = 4 WHERE held_points = 5"],
    "hold equals its lines": ["UPDATE ledger.holds SET points = 21 WHERE points = 20"],
    "hold ends once": [
        "UPDATE ledger.holds SET is_open = true, ended_seq = NULL WHERE points = 20"
    ],
    "arrivals equal captures": ["UPDATE ledger.holds SET captured_points = 9 WHERE purpose = 6"],
    "arrears equal their repayments": ["UPDATE ledger.arrears SET owed_points = 31"],
    "wallet equals its arrears": ["UPDATE ledger.wallets SET owed_points = 0"],
    "lot has a wallet": ["DELETE FROM ledger.wallets WHERE lane = 9"],
    "sequence is dense": ["DELETE FROM ledger.entries WHERE lane = 7 AND seq = 3"],
    "lots are numbered densely": ["UPDATE ledger.lots SET lot_id = 99 WHERE lane = 9"],
    "posted_at never falls": [
        "UPDATE ledger.entries SET posted_at = posted_at - interval '1 s' WHERE seq = 3"
    ],
    "entry lies in its segment": ["UPDATE ledger.entries SET segment_id = 2 WHERE seq = 3"],
    "cuts partition the lane": ["UPDATE ledger.cuts SET to_seq = to_seq - 1 WHERE lane = 7"],
    "flow equals the journal": ["DELETE FROM ledger.flows WHERE kind = 14"],
    "liability equals the lots": ["UPDATE ledger.liabilities SET points = points + 1"],
    "key has its entry": ["UPDATE ledger.keys SET seq = 999 WHERE seq = 1 AND lane = 7"],
    "key is applied once": ["UPDATE ledger.keys SET seq = 1 WHERE seq = 2 AND lane = 7"],
    "slices sum to their cap": ["UPDATE ledger.cap_slices SET granted = granted + 1"],
    "slice is within what it was granted": ["UPDATE ledger.cap_slices SET used = granted + 1"],
    "slice equals its charges": ["UPDATE ledger.cap_slices SET used = used + 1 WHERE used > 0"],
    "charge has a slice": ["DELETE FROM ledger.cap_slices WHERE used > 0"],
    "usage of a wallet equals its charges": ["UPDATE ledger.cap_usage SET used = used + 1"],
    "refunds stay within the redemption": ["UPDATE ledger.entries SET points = 9 WHERE kind = 2"],
    "leaf hashes its entry": ["UPDATE ledger.entries SET category = 'tea' WHERE kind = 10"],
}


@pytest.fixture
async def books(story: Story) -> Story:
    await story.coalition.member("far", lane=9)
    await story(BOOKS)
    return story


async def audit_broken(
    url: str, statements: Iterable[str], audit: str = "ledger.audit()"
) -> list[asyncpg.Record]:
    """What the audit finds after some changes, which are undone."""
    connection = await asyncpg.connect(url)
    undone = connection.transaction()
    await undone.start()
    try:
        for statement in statements:
            assert not (await connection.execute(statement)).endswith(" 0"), statement
        return await connection.fetch(f"SELECT * FROM {audit}")  # noqa: S608 (names of this file)
    finally:
        await undone.rollback()
        await connection.close()


def test_every_rule_is_broken_here():
    assert set(BREAKS) == set(LEDGER_RULES)


async def test_each_rule_names_what_breaks_it(books):
    url = books.coalition.url
    silent = []
    for rule, statements in BREAKS.items():
        found = await audit_broken(url, statements)
        if rule not in {row["rule"] for row in found}:
            silent.append(rule)
    assert silent == []
    assert await audit_broken(url, []) == []


@pytest.mark.parametrize(
    ("rule", "place", "found", "expected"),
    [
        ("hold equals its lines", "hold 7:4", "21", "20"),
        ("hold ends once", "hold 7:4", "open t, 1 ends", "open without an end, or one end"),
        ("arrivals equal captures", "hold 7:13", "10", "9"),
        ("wallet equals its holds", "wallet 7:{ana}", "4", "5"),
        ("arrears equal their repayments", "wallet 7:{bob}, entry 9", "31", "30"),
        ("wallet equals its arrears", "wallet 7:{bob}", "0", "30"),
    ],
)
async def test_the_place_and_both_figures_are_told(books, rule, place, found, expected):
    numbers = {name: wallet.number for name, wallet in books.coalition.members.items()}
    rows = await audit_broken(books.coalition.url, BREAKS[rule])
    told = {tuple(row)[1:] for row in rows if row["rule"] == rule}
    assert (place.format(**numbers), found, expected) in told


ALL_IS_NEW = """ledger.audit_news((SELECT array_agg(lane) FROM ledger.lanes),
    (SELECT array_agg(0::bigint) FROM ledger.lanes))"""
ONLY_WHOLE = {
    *("entry sums to zero", "wallet equals its postings", "lots are numbered densely"),
    *("key has its entry", "key is applied once", "slice equals its charges"),
    "liability equals the lots",  # too much of it; too little is seen
}


async def test_what_is_new_is_held_to_the_same_rules(books):
    url = books.coalition.url
    silent = []
    for rule, statements in BREAKS.items():
        found = {row["rule"] for row in await audit_broken(url, statements, ALL_IS_NEW)}
        if rule not in found and rule not in ONLY_WHOLE:
            silent.append(rule)
    assert silent == []
    assert await audit_broken(url, [], ALL_IS_NEW) == []


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE ledger.liabilities SET points = points - 1", "liability equals the lots"),
        ("UPDATE ledger.flows SET points = points - 1", "flow equals the journal"),
        ("UPDATE ledger.flows SET entry_count = entry_count - 1", "flow equals the journal"),
        ("UPDATE ledger.cuts SET to_seq = to_seq + 1 WHERE lane = 7", "cuts partition the lane"),
    ],
)
async def test_sums_over_everything_are_no_less_than_what_is_new(books, statement, rule):
    found = await audit_broken(books.coalition.url, [statement], ALL_IS_NEW)
    assert {row["rule"] for row in found} == {rule}
    assert {row["place"] for row in found} <= {
        row["place"] for row in await audit_broken(books.coalition.url, [statement])
    }


async def test_what_is_not_new_is_left_to_the_whole_audit(books):
    nothing_new = """ledger.audit_news((SELECT array_agg(lane ORDER BY lane) FROM ledger.lanes),
        (SELECT array_agg(last_seq ORDER BY lane) FROM ledger.lanes))"""
    url = books.coalition.url
    assert await audit_broken(url, BREAKS["wallet equals its lots"], nothing_new) == []
    gone = ["DELETE FROM ledger.entries WHERE lane = 9 AND seq = 1"]
    assert await audit_broken(url, gone, nothing_new) == []
    (found,) = await audit_broken(
        url,
        ["UPDATE ledger.lanes SET last_seq = 99 WHERE lane = 9"],
        "ledger.audit_news('{9}', '{1}')",
    )
    assert tuple(found) == ("sequence is dense", "lane 9", "0 new entries up to 1", "99")


async def test_an_old_wallet_that_something_new_touches_is_checked_whole(books):
    seq = await books.coalition.value("SELECT last_seq FROM ledger.lanes WHERE lane = 7")
    await books("issue ana air 1")
    url, news = books.coalition.url, f"ledger.audit_news('{{7}}', '{{{seq}}}')"
    assert await audit_broken(url, [], news) == []
    found = await audit_broken(
        url, ["UPDATE ledger.lots SET held_points = 6 WHERE held_points = 5"], news
    )
    assert {row["rule"] for row in found} == {
        "lot equals its allocations",
        "wallet equals its lots",
    }
