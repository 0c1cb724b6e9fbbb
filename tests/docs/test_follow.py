"""The consumer on the page does what the page says."""

import asyncpg

from hub.ledger.feed.consumers import catch_up
from hub.ledger.feed.settings import FeedSettings
from tests.docs.blocks import ROOT, read_blocks
from tests.story import begin_story

PAGE = ROOT / "docs" / "how-to" / "follow-the-entries.md"


def run_blocks():
    """Run the Python of the page; gives what it defines."""
    names = {}
    for block in read_blocks(PAGE):
        if block.language == "python":
            exec(compile(block.body, str(PAGE), "exec"), names)  # noqa: S102 (our own page)
    return names


async def test_the_consumer_of_the_page_counts_what_was_redeemed(coalition, capsys):
    (table,) = [block.body for block in read_blocks(PAGE) if block.language == "sql"]
    owner = await asyncpg.connect(coalition.url)
    await owner.execute(table)
    names = run_blocks()
    database, settings = coalition.hub.database, FeedSettings()
    story = await begin_story(coalition)
    await story("""
        issue  ana air  100
        issue  ana rail 50
        redeem ana shop 120  -> R1
    """)
    assert await catch_up(database, names["consumer"], settings) == 3
    await story("""
        redeem ana shop 10
        refund R1 5
    """)
    assert await catch_up(database, names["consumer"], settings) == 2
    partners = coalition.partners
    assert [tuple(row) for row in await owner.fetch("TABLE redeemed ORDER BY issuer_id")] == [
        (partners["air"].partner_id, 100),
        (partners["rail"].partner_id, 30),
    ]
    await owner.close()
    cursors = await names["watch"](coalition.hub, coalition.members["ana"], 4)
    assert (capsys.readouterr().out, cursors) == ("7:5 REFUND 5\n", {7: 5})
