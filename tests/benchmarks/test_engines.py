"""What the hub is measured against does the same work: the same rows, and the same leaf hash."""

import asyncpg
import pytest

from benchmarks.engines.function_call import FunctionCall
from benchmarks.engines.mapper import Mapper, make_mapper_engine
from benchmarks.engines.statements import Statements
from benchmarks.load import Order, Party
from benchmarks.stage import NAIVE_SQL

WRONG_LEAVES = """
SELECT e.seq FROM naive.entries e WHERE e.leaf_hash IS DISTINCT FROM ledger.leaf_hash(
    e.salt, e.lane, e.seq, e.kind, e.partner_id, e.wallet_id, e.counter_lane, e.counter_wallet_id,
    e.points, e.asked_points, e.cap_id, e.mode, e.terms_id, e.ref_seq, e.lot_id, e.occurred_at,
    e.decided_at, e.posted_at, e.available_at, e.ends_at, e.request_hash, e.actor, e.reason,
    e.reference, e.category, e.match_rate::text, e.facts::text,
    (SELECT ledger.lot_body(l.funder_id, l.issue_rank, l.restriction_id, l.contributor_wallet_id,
                            l.source_lane, l.source_lot_id)
     FROM naive.lots l WHERE e.kind = 1 AND l.lot_id = e.lot_id),
    (SELECT string_agg(ledger.allocation_body(a.kind, a.is_reversal, a.lot_id, a.points,
                           a.held_points, a.issuer_id, a.acceptor_id, a.issue_terms_id,
                           a.acceptor_terms_id, a.arrears_seq), NULL ORDER BY a.line)
     FROM naive.allocations a WHERE a.seq = e.seq))
"""


@pytest.fixture
async def order(coalition):
    """Make orders at a partner with terms, on the wallet of a member."""
    air, ana = await coalition.partner("air"), await coalition.member("ana")
    terms_id = await coalition.value("SELECT terms_id FROM ledger.terms_spans")
    party = Party(air.partner_id, terms_id)
    return lambda points, name: Order(party, ana, points, f"key-{name}", f"reference-{name}")


@pytest.fixture
async def books(coalition, order):
    """A look into the naive books, which begin with the wallets of the ledger."""
    connection = await asyncpg.connect(coalition.url)
    await connection.execute(NAIVE_SQL.read_text())
    yield connection
    await connection.close()


@pytest.fixture
async def engines(coalition, books):
    orm = make_mapper_engine(coalition.url)
    async with asyncpg.create_pool(coalition.url, min_size=1, max_size=2) as pool:
        yield {"orm": Mapper(orm), "statements": Statements(pool), "function": FunctionCall(pool)}
    await orm.dispose()


async def test_every_engine_issues_alike(engines, order, books):
    for name, engine in engines.items():
        assert await engine.issue(order(100, name)) == 0
    assert await books.fetch("SELECT * FROM naive.audit()") == []
    assert await books.fetch(WRONG_LEAVES) == []
    columns = "kind, points, terms_id, reason, ends_at, actor"
    entries = await books.fetch(f"SELECT DISTINCT {columns} FROM naive.entries")  # noqa: S608
    assert len(entries) == 1
    assert await books.fetchval("SELECT count(*) FROM naive.entries") == len(engines)
    assert await books.fetchval("SELECT balance_points FROM naive.wallets") == 300


async def test_every_engine_redeems_alike(engines, order, books):
    for name in "ab":
        assert await engines["function"].issue(order(100, name)) == 0
    for name in ("statements", "function"):
        assert await engines[name].redeem(order(70, f"redeem-{name}")) == 0
    assert await books.fetch("SELECT * FROM naive.audit()") == []
    assert await books.fetch(WRONG_LEAVES) == []
    lines = await books.fetch("SELECT points FROM naive.allocations ORDER BY seq, line")
    assert [line["points"] for line in lines] == [-70, -30, -40]


async def test_every_engine_answers_a_key_once_and_refuses_what_is_not_there(engines, order, books):
    for name, engine in engines.items():
        assert [await engine.issue(order(10, name)) for _ in "12"] == [0, 0]
    for name in ("statements", "function"):
        assert await engines[name].redeem(order(1000, f"redeem-{name}")) == 1
    assert await books.fetchval("SELECT count(*) FROM naive.entries") == len(engines)
    assert await books.fetchval("SELECT balance_points FROM naive.wallets") == 30
