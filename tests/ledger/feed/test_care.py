"""What operators may do about a consumer that is stuck, and what they may not."""

import pytest

from hub.kernel.actor import Actor, ActorKind
from hub.ledger.feed.care import REASON_LENGTH_MAX, retry_entry, skip_entry
from hub.ledger.feed.consumers import catch_up
from hub.ledger.feed.errors import (
    ConsumerNotFound,
    EntryNotNext,
    LaneNotStuck,
    SkipReasonNotValid,
)
from hub.ledger.feed.settings import FeedSettings
from hub.ledger.feed.store import list_lags, list_stuck_lanes
from tests.ledger.feed.reading import book

AT_ONCE = FeedSettings(attempts_max=1)
OPERATOR = Actor(ActorKind.OPERATOR)


@pytest.fixture
async def parked(coalition, notebook):
    """A consumer that has parked lane 7 at its second entry of four."""
    await book(coalition, await coalition.member("ana"), 4)
    notebook.poison = {"7:2"}
    await catch_up(coalition.hub.database, notebook.consumer(), AT_ONCE)
    async with coalition.hub.database.read(OPERATOR) as tx:
        (stuck,) = await list_stuck_lanes(tx)
    assert (stuck.seq, stuck.parked_at) == (2, coalition.clock.now)
    return stuck


async def test_a_parked_lane_goes_on_when_it_is_told_to_try_again(coalition, notebook, parked):
    database = coalition.hub.database
    notebook.poison.clear()
    assert await catch_up(database, notebook.consumer(), AT_ONCE) == 0
    async with database.begin(OPERATOR) as tx:
        assert await retry_entry(tx, consumer="notes", lane=7) == parked
    assert await catch_up(database, notebook.consumer(), AT_ONCE) == 3
    assert await notebook.read() == {7: [1, 2, 3, 4]}


async def test_an_entry_is_left_out_with_a_reason_that_is_kept(coalition, notebook, parked):
    database = coalition.hub.database
    async with database.begin(OPERATOR) as tx:
        await skip_entry(tx, consumer="notes", lane=7, seq=2, reason=" told\nby hand ")
    assert await catch_up(database, notebook.consumer(), AT_ONCE) == 2
    assert await notebook.read() == {7: [1, 3, 4]}
    (skip,) = await coalition.query("TABLE feed_skips")
    assert dict(skip) == {
        "consumer": "notes",
        "lane": 7,
        "seq": 2,
        "reason": "told by hand",
        "error": "ValueError: 7:2 is poison",
        "actor": "operator",
        "skipped_at": coalition.clock.now,
    }
    async with database.read(OPERATOR) as tx:
        (lag,) = await list_lags(tx)
    assert (lag.waiting_count, lag.skipped_count) == (0, 1)


@pytest.mark.parametrize(
    ("asked", "refusal", "data"),
    [
        ({"seq": 3}, EntryNotNext, {"consumer": "notes", "lane": 7, "seq": 3, "stuck_seq": 2}),
        ({"lane": 8}, LaneNotStuck, {"consumer": "notes", "lane": 8}),
        ({"consumer": "nobody"}, ConsumerNotFound, {"consumer": "nobody"}),
        ({"reason": " \n"}, SkipReasonNotValid, {"length_max": REASON_LENGTH_MAX}),
        ({"reason": "x" * 501}, SkipReasonNotValid, {"length_max": REASON_LENGTH_MAX}),
    ],
)
async def test_only_the_entry_that_fails_is_left_out(coalition, parked, asked, refusal, data):
    before = await coalition.query("SELECT * FROM feed_cursors ORDER BY lane")
    given = {"consumer": "notes", "lane": 7, "seq": 2, "reason": "why"} | asked
    with pytest.raises(refusal) as refused:
        async with coalition.hub.database.begin(OPERATOR) as tx:
            await skip_entry(tx, **given)
    assert vars(refused.value) == data
    assert await coalition.query("SELECT * FROM feed_cursors ORDER BY lane") == before
    assert await coalition.query("TABLE feed_skips") == []


async def test_a_lane_without_failure_is_not_tried_again(coalition, parked):
    with pytest.raises(LaneNotStuck):
        async with coalition.hub.database.begin(OPERATOR) as tx:
            await retry_entry(tx, consumer="notes", lane=8)
