"""Any split of a list of operations into batches gives the same books."""

import asyncio
import time
from itertools import count

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hub.ledger.settings import PosterSettings
from tests.coalition import DAY, audit_books, open_coalition
from tests.conftest import administer
from tests.ledger.beside import Both
from tests.ledger.draws import draw_estate, groupings, submissions

numbers = count(1)
SPLITS = settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
# What does not depend on the numbers that entries and lots happen to get.
BOOKS = {
    "wallets": "SELECT wallet_id, balance_points, held_points, owed_points FROM ledger.wallets",
    "lots": "SELECT wallet_id, issuer_id, issue_terms_id, points, remaining_points, held_points,"
    " issue_rank, available_at, expires_at, restriction_id FROM ledger.lots",
    "holds": "SELECT wallet_id, partner_id, points, captured_points, ends_at, is_open"
    " FROM ledger.holds",
    "arrears": "SELECT wallet_id, creditor_id, points, owed_points FROM ledger.arrears",
    "entries": "SELECT e.kind, e.partner_id, e.wallet_id, e.counter_wallet_id, e.points,"
    " e.asked_points, e.mode, e.terms_id, e.reference, e.category, e.available_at, e.ends_at,"
    " e.occurred_at, e.decided_at, e.posted_at, e.segment_id,"
    " (SELECT array_agg(ROW(a.kind, a.is_reversal, a.points, a.held_points, a.issuer_id,"
    " a.acceptor_id, l.expires_at)"
    " ORDER BY line) FROM ledger.allocations a JOIN ledger.lots l USING (lane, lot_id)"
    " WHERE a.lane = e.lane AND a.seq = e.seq)::text FROM ledger.entries e",
    "flows": "SELECT * FROM ledger.flows",
    "liabilities": "SELECT * FROM ledger.liabilities WHERE points <> 0",
    "keys": "SELECT key_hash, request_hash, code, seq IS NULL FROM ledger.keys",
    "references": "SELECT reference_hash FROM ledger.issue_references",
    "money": "SELECT kind, debtor_id, creditor_id, amount, is_reversal FROM ledger.money_lines",
}


async def books_of(coalition):
    return {
        name: sorted((tuple(row) for row in await coalition.query(query)), key=str)
        for name, query in BOOKS.items()
    }


def test_any_split_into_batches_gives_the_same_books(postgres, template_database):
    @SPLITS
    @given(data=st.data(), batch_max=st.sampled_from([2, 3, 512]))
    def run(data, batch_max):
        asyncio.run(tell(data, batch_max))

    async def tell(data, batch_max):
        told = []
        alone = await play(told, None, data)
        groups = [data.draw(groupings(len(ops))) for ops in told]
        assert await play(told, (batch_max, groups), data) == alone

    async def play(told, split, data):
        """Play what was told, or draw it first; `split` says how it is cut into batches."""
        name = f"split_{time.time_ns()}_{next(numbers)}"
        statement = f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY"
        await administer(postgres, statement)
        try:
            return await tell_all(postgres.url(name), told, split, data)
        finally:
            await administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")

    async def tell_all(url, told, split, data):
        batch_max = split[0] if split else 1
        async with open_coalition(
            url, poster=PosterSettings(batch_max=batch_max, connection_count=1)
        ) as coalition:
            both = Both(coalition)
            await both.begin()
            await both.submit(draw_estate(both), groups=[], is_patient=True)
            for step in range(3):
                if split is None:
                    before = [op for ops in told for op in ops]
                    told.append(data.draw(submissions(both, before, 25)))
                groups = split[1][step] if split else []
                await both.submit(told[step], groups=groups, is_patient=split is None)
                coalition.clock.tick(DAY)
            assert await audit_books(url) == []
            return await books_of(coalition)

    run()
