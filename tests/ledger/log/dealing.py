"""A few deals between two partners and the hub, sealed, and bundles of them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import asyncpg

from auth.keys import open_key
from hub.kernel.actor import HUB_ACTOR
from hub.ledger.log.bundles import AUDITOR, Audience, Span, make_bundle
from hub.ledger.log.checkpoints import Keys, open_keys, seal_lanes
from hub.ledger.log.verifier.bundle import parse_json, write_json
from hub.ledger.log.verifier.checks import verify_bundle
from settlement.adjustments import post_adjustment
from tests.coalition import DAY, START
from tests.story import Story

DEALS = """
    issue    ana air  100 expires 30d ref till-1 -> A
    issue    ana shop  50 expires 60d ref till-2 -> B
    redeem   ana bank 120                        -> R
    refund   R 30
    redeem   ana shop 10
    transfer ana ben 5
    tick     70d
    sweep
"""
FOUND = "SELECT * FROM ledger.entries WHERE lane = 7 AND seq = ANY ($1)"
CHANGED = "UPDATE ledger.entries e SET {} WHERE lane = 7 AND seq = ANY ($1)"
GONE = "DELETE FROM ledger.entries WHERE lane = 7 AND seq = ANY ($1)"
BACK = "INSERT INTO ledger.entries VALUES ({})"


@dataclass
class Dealing:
    """Books with a few deals in them, and what is needed to make bundles."""

    story: Story
    keys: Keys

    async def bundle(self, code: str | None = None, *, older: bytes | None = None) -> bytes:
        """The bundle of a partner, or of an auditor, over all that has happened."""
        coalition = self.story.coalition
        number = None if code is None else coalition.partners[code].partner_id
        async with coalition.hub.database.read(HUB_ACTOR) as tx:
            ends = await coalition.query("SELECT lane, last_seq FROM ledger.lanes ORDER BY lane")
            return await make_bundle(
                tx,
                self.keys,
                audience=Audience(code or AUDITOR, number),
                span=Span("all", START, START + DAY, [(row[0], 0, row[1]) for row in ends]),
                parties={row.partner_id: row.code for row in coalition.hub.register.partners},
                older=older,
            )

    async def seal(self) -> None:
        await seal_lanes(self.story.coalition.hub.database, open_secret_of(self.story))

    def wrongs(self, content: bytes, *, older: bytes | None = None) -> list[tuple[str, str]]:
        """What the verifier finds: places and parts."""
        report = verify_bundle(content, self.keys.public, older=older)
        return [(wrong.place, wrong.part) for wrong in report.wrongs]


def open_secret_of(story: Story) -> Callable[[str], Awaitable[bytes]]:
    return partial(open_key, story.coalition.hub.database)


async def deal(story: Story) -> Dealing:
    """Let the deals happen, let shop owe air something, and seal it all."""
    await story(DEALS)
    return await seal_and_owe(story)


async def seal_and_owe(story: Story) -> Dealing:
    """Let shop owe air something, as an entry of the house lane, and seal what there is."""
    coalition = story.coalition
    await post_adjustment(
        coalition.hub.poster,
        coalition.request(),
        debtor=coalition.partners["shop"],
        creditor=coalition.partners["air"],
        amount=Decimal("-12.5"),
        currency="EUR",
        reason="correction 更正",
    )
    keys = await open_keys(coalition.hub.database, open_secret_of(story))
    dealing = Dealing(story, keys)
    await dealing.seal()
    return dealing


def change(content: bytes, *path: object, to: object) -> bytes:
    """Change one value of a bundle, without sealing it anew."""
    document = parse_json(content, "bundle")
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to(place[path[-1]]) if callable(to) else to
    return write_json(document)


@asynccontextmanager
async def forged(story: Story, change: str, *seqs: int) -> AsyncIterator[None]:
    """Change entries as the owner of the server can: the hash that was booked with them too."""
    connection = await asyncpg.connect(story.coalition.url)
    before = await connection.fetch(FOUND, seqs)
    await connection.execute(CHANGED.format(change), seqs)
    await connection.execute(CHANGED.format("leaf_hash = ledger.leaf_of(e)"), seqs)
    try:
        yield
    finally:
        await connection.execute(GONE, seqs)
        numbers = ", ".join(f"${number + 1}" for number in range(len(before[0])))
        await connection.executemany(BACK.format(numbers), [tuple(row) for row in before])
        await connection.close()
