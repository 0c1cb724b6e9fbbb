"""What the hot path may cost, counted instead of timed: statements, rows read, rows looked at."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta

import asyncpg
import pytest

from hub.ledger.calls import POST_BATCH, columns_of
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Operation, hash_key, hash_request
from hub.points.issue import issue_points
from hub.points.requests import NEVER
from tests.coalition import DAY, START

MANY_LOTS = 20_000
ROWS_READ = (
    "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint"
    " FROM pg_stat_xact_user_tables WHERE schemaname = 'ledger' AND relname = 'lots'"
)


@pytest.fixture
async def air(coalition):
    return await coalition.partner("air")


def operation(coalition, kind, wallet, number, **fields):
    air = coalition.partners["air"]
    terms = coalition.hub.register.find_terms(air.partner_id, coalition.clock.now)
    given = {
        "partner_id": air.partner_id,
        "points": 1,
        "key_hash": hash_key(air.partner_id, wallet.number, f"{kind.name}-{number}"),
        "request_hash": hash_request(kind.name, number),
        "actor": "test",
        "terms_id": terms.terms_id,
    }
    if kind is EntryKind.ISSUE:
        given |= {"expires_at": NEVER, "reason": "base"}
    return Operation(kind=kind, wallet=wallet, **(given | fields))


async def listen_to(poster, statements):
    """Note every statement that the poster sends."""
    for courier in poster.couriers:
        connection = await courier._connected()
        connection.add_query_logger(lambda record: statements.append(record.query))


async def call(connection, operations, now=START):
    return await connection.fetch(POST_BATCH, now, *columns_of(operations))


async def test_256_issues_at_once_are_one_statement_for_each_connection(coalition, air):
    wallets, hub = await coalition.many_members(256), coalition.hub
    for number, wallet in enumerate(wallets[:2]):  # every connection prepares the statement
        await hub.poster.post(operation(coalition, EntryKind.ISSUE, wallet, number))
    statements = []
    await listen_to(hub.poster, statements)
    await asyncio.gather(
        *(
            issue_points(
                hub.poster,
                hub.register,
                coalition.request(),
                now=coalition.clock.now,
                issuer=air,
                wallet=wallet,
                points=1,
                reference=f"till-{wallet.number}",
            )
            for wallet in wallets
        )
    )
    assert statements == [POST_BATCH] * len(hub.poster.couriers)
    assert (hub.poster.batch_count, hub.poster.operation_count) == (4, 258)


async def test_a_lone_operation_is_one_statement(coalition, air):
    ana, poster = await coalition.member("ana"), coalition.hub.poster
    await poster.post(operation(coalition, EntryKind.ISSUE, ana, "first"))
    statements = []
    await listen_to(poster, statements)
    for number in range(3):
        await poster.post(operation(coalition, EntryKind.ISSUE, ana, number))
    assert statements == [POST_BATCH] * 3


@pytest.fixture
async def rich_wallet(coalition, air):
    """A wallet of 20,000 lots of one point, and one of 5."""
    ana, bob = await coalition.member("ana"), await coalition.member("bob")
    lots = [(ana, number) for number in range(MANY_LOTS)] + [(bob, number) for number in range(5)]
    operations = [
        operation(coalition, EntryKind.ISSUE, wallet, n, expires_at=START + DAY + n * DAY / 5000)
        for wallet, n in lots
    ]
    connection = await coalition.hub.database.connect()
    for start in range(0, len(operations), 4000):
        await call(connection, operations[start : start + 4000])
    await connection.close()
    return ana, bob


async def rows_read(coalition, operations, now=START):
    """Rows of lots that a batch reads; it is rolled back, and its counters belong to it alone."""
    connection = await coalition.hub.database.connect()
    undone = connection.transaction()
    await undone.start()
    try:
        rows = await call(connection, operations, now)
        assert {row["code"] for row in rows} == {0}
        return await connection.fetchval(ROWS_READ)
    finally:
        await undone.rollback()
        await connection.close()


async def test_a_redemption_reads_no_more_of_20_000_lots_than_of_5(coalition, rich_wallet):
    ana, bob = rich_wallet

    async def read(wallet, points):
        redeem = operation(coalition, EntryKind.REDEEM, wallet, "r", points=points)
        return await rows_read(coalition, [redeem])

    assert await read(ana, 1) == await read(bob, 1)
    assert await read(ana, 3) == await read(bob, 3)
    # Few lots are read at first, and eight times as many whenever they do not reach.
    assert await read(ana, 4) <= 40
    assert await read(ana, 500) <= 5 * 500


async def test_a_transfer_reads_no_more_of_20_000_lots_than_of_5(coalition, rich_wallet):
    ana, bob = rich_wallet
    cem = await coalition.member("cem")
    reads = [
        await rows_read(
            coalition,
            [
                operation(
                    coalition, EntryKind.TRANSFER, wallet, "t", counter_wallet=cem, partner_id=0
                )
            ],
        )
        for wallet in (ana, bob)
    ]
    assert reads[0] == reads[1]


async def test_a_sweep_reads_what_has_ended_and_not_the_rest(coalition, rich_wallet):
    ana, _ = rich_wallet
    at = START + DAY + 9 * DAY / 5000
    expire = operation(
        coalition, EntryKind.EXPIRE, ana, "x", points=0, decided_at=at, key_hash=None
    )
    assert await rows_read(coalition, [expire], at) <= 60


BATCHES = {
    "issues": (EntryKind.ISSUE, {}),
    "redemptions": (EntryKind.REDEEM, {}),
    "transfers": (EntryKind.TRANSFER, {"partner_id": 0}),
    "expiries": (EntryKind.EXPIRE, {"points": 0, "key_hash": None}),
}
BATCH = 256
ROWS_PER_OPERATION = 25


@pytest.mark.parametrize(("kind", "fields"), BATCHES.values(), ids=BATCHES.keys())
async def test_no_plan_looks_at_rows_by_the_square_of_the_batch(
    coalition, postgres, air, kind, fields
):
    """No node of any plan inside `post_batch` yields or drops more than some rows per operation.

    A nested loop over the batch, with itself or with what is read for it, would look at 65,536.
    """
    wallets = await coalition.many_members(BATCH, lane=7)
    takers = await coalition.many_members(BATCH, lane=7)
    issues = [
        operation(coalition, EntryKind.ISSUE, wallet, n, expires_at=START + DAY)
        for n in range(3)
        for wallet in wallets
    ]
    poster = coalition.hub.poster
    await poster.post_many(issues)
    now = START + (2 * DAY if kind is EntryKind.EXPIRE else timedelta(0))
    operations = []
    for number, wallet in enumerate(wallets):
        given = dict(fields)
        if kind is EntryKind.TRANSFER:
            given["counter_wallet"] = takers[number]
        operations.append(operation(coalition, kind, wallet, f"p{number}", **given))
    plans = await explain(coalition.url, operations, now)
    assert len(plans) > 5
    worst = max(
        ((rows_looked_at(node), node["Node Type"]) for plan in plans for node in nodes(plan)),
    )
    assert worst[0] <= ROWS_PER_OPERATION * BATCH, worst


async def explain(url, operations, now):
    """Every plan that a batch ran, with what it really did."""
    plans = []
    connection = await asyncpg.connect(url, server_settings={"client_min_messages": "notice"})
    try:
        connection.add_log_listener(lambda _, message: plans.extend(plan_in(message)))
        await connection.execute("LOAD 'auto_explain'")
        for name, value in (
            ("log_min_duration", "0"),
            ("log_nested_statements", "on"),
            ("log_analyze", "on"),
            ("log_timing", "off"),
            ("log_format", "json"),
            ("log_level", "notice"),
        ):
            await connection.execute(f"SET auto_explain.{name} = '{value}'")
        rows = await call(connection, operations, now)
        assert {row["code"] for row in rows} == {0}
        await asyncio.sleep(0)
    finally:
        await connection.close()
    return plans


def plan_in(message):
    text = message.message
    return [json.loads(text[text.index("{") :])["Plan"]] if "plan:" in text else []


def nodes(plan) -> Iterator[dict]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def rows_looked_at(node):
    """Rows that a node gave or threw away, over all of its runs."""
    kept = node["Actual Rows"] * node["Actual Loops"]
    names = (
        "Rows Removed by Filter",
        "Rows Removed by Join Filter",
        "Rows Removed by Index Recheck",
    )
    return kept + sum(node.get(name, 0) * node["Actual Loops"] for name in names)
