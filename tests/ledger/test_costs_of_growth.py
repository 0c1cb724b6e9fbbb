"""A plan that was made while tables were empty serves as well when they are full (ADR-0013).

The servers of the tests count nothing by themselves: what a test lets them count, or not, is what
plans are made from until it ends. So nothing here depends on time.
"""

from decimal import Decimal

import asyncpg
import pytest

from hub.kernel.actor import HUB_ACTOR
from hub.ledger.caps.kinds import Cap, CapKind
from hub.ledger.caps.store import open_cap
from hub.points.restrictions import Restriction, save_restriction
from tests.coalition import DAY, LANE, START
from tests.ledger.growth import Life

FEW, MANY = 4, 250
ROUNDS = 5
"""A plan is for these very values five times, and from then on the one that is kept."""
TIMES = 3


@pytest.fixture
async def caps(coalition):
    """A shared cap and one of each wallet; both leave enough in the lane."""
    air = await coalition.partner("air")
    caps = [
        Cap(
            kind=kind,
            partner_id=air.partner_id,
            subject="",
            currency=None,
            limit=Decimal(10**9),
            starts_at=START - DAY,
            ends_at=START + DAY,
            renewal=None,
        )
        for kind in (CapKind.WINDOW, CapKind.MEMBER)
    ]
    connection = await coalition.hub.database.connect()
    for cap in caps:
        await open_cap(connection, cap)
    spare = (caps[0].cap_id, LANE, 10**8)
    await connection.execute("SELECT ledger.borrow_slice($1, $2, $3)", *spare)
    await connection.close()
    return [cap.cap_id for cap in caps]


@pytest.fixture
async def rule(coalition):
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        tea = Restriction(None, ("tea",), is_transferable=True, is_exchangeable=True)
        return await save_restriction(tx, tea)


async def count_rows(coalition):
    administrator = await asyncpg.connect(coalition.url)
    await administrator.execute("VACUUM (ANALYZE)")
    await administrator.close()


async def live(coalition, life, how_many):
    wallets = await coalition.many_members(how_many, lane=LANE)
    await life.live(wallets, await coalition.many_members(how_many, lane=LANE))


async def least_blocks(coalition, life):
    """What each step touches at least: now and then PostgreSQL reads its catalogs anew besides."""
    seen = []
    for _ in range(TIMES):
        await live(coalition, life, FEW)
        seen.append(life.blocks)
    return {step: min(blocks[step] for blocks in seen) for step in life.blocks}


@pytest.mark.parametrize("counted", ["never", "while it is empty", "while it is small"])
async def test_a_kept_plan_touches_no_more_when_the_tables_have_grown(
    coalition, caps, rule, counted
):
    connection = await coalition.hub.database.connect()
    life = Life(coalition, connection, caps, rule, "early")
    if counted == "while it is empty":
        await count_rows(coalition)
    if counted == "while it is small":
        await live(coalition, life, FEW)
        await count_rows(coalition)
    for _ in range(ROUNDS):
        await live(coalition, life, FEW)
    before = await least_blocks(coalition, life)
    other = await coalition.hub.database.connect()
    await live(coalition, Life(coalition, other, caps, rule, "many"), MANY)
    after = await least_blocks(coalition, life)
    # The indexes are a level higher now. A plan that reads a table would touch ten times as much.
    grown = {
        step: (before[step], blocks) for step, blocks in after.items() if blocks > 2 * before[step]
    }
    await other.close()
    await connection.close()
    assert grown == {}
