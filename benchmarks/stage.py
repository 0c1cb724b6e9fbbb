"""The stage: a durable server of its own, 500 partners with terms, wallets, and lots to redeem."""

import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

import asyncpg

from benchmarks.load import Drawing, Order, Party, draw_wallets, issue_of
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.clock import system_clock
from hub.kernel.database import create_database, migrate_async
from hub.kernel.embedded.binaries import find_binaries
from hub.kernel.embedded.liveness import find_postmaster
from hub.kernel.embedded.server import Server, running_server
from hub.kernel.tx import Database, RawConnection
from hub.ledger.calls import POST_BATCH, columns_of
from hub.ledger.operations import Code, Operation, Place
from partners.agreements import save_terms
from partners.store import Coalition, insert_partner, put_coalition
from partners.terms import make_terms

HOME: Final = Path(".hub") / "benchmarks"
SETTINGS: Final = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "max_connections": "200",
}
PARTNER_COUNT: Final = 500
WALLET_COUNT: Final = 100_000
LOADED_WALLET_COUNT: Final = 15_000
RICH_LOT_COUNT: Final = 20_000
POOR_LOT_COUNT: Final = 5
TOP_UP_POINTS: Final = 1_000
"""Each lot of the rich and of the poor wallet, and each that is issued when one is used up."""

NAIVE_SQL: Final = Path(__file__).parent / "engines" / "naive.sql"
BATCH: Final = 4096
TERMS_FROM: Final = datetime(2020, 1, 1, tzinfo=UTC)
COALITION: Final = Coalition("Benchmark", "point", "EUR", "UTC")
LOT_MONTHS: Final = [datetime(2031, month, 1, tzinfo=UTC) for month in range(1, 9)]
"""The eight lots of a loaded wallet expire in eight months."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What the cases play on.

    `spread` draws from all wallets but the loaded ones, `loaded` from those with lots, `rich` and
    `poor` are the two wallets whose redemptions are compared.
    """

    url: str
    parties: Sequence[Party]
    spread: Drawing
    loaded: Drawing
    rich: Place
    poor: Place

    @property
    def one_partner(self) -> Drawing:
        """Draws as `spread`, all at one partner."""
        return replace(self.spread, parties=self.parties[:1])


@contextmanager
def running_stage_server() -> Iterator[Server]:
    """Start a server with fresh data, and remove both at the end."""
    shutil.rmtree(HOME, ignore_errors=True)
    try:
        with running_server(HOME, binaries=find_binaries(), settings=SETTINGS) as server:
            yield server
    finally:
        shutil.rmtree(HOME, ignore_errors=True)


def postmaster_of(server: Server) -> int:
    """Give the process whose children are all of PostgreSQL."""
    pid = find_postmaster(server.data_dir)
    assert pid is not None, "the server is running"
    return pid


async def set_stage(server: Server, *, wallet_count: int) -> Stage:
    """Make a migrated database with partners, wallets and lots."""
    url = await create_database(server.url("postgres"), "stage")
    parties = await found_coalition(url, PARTNER_COUNT)
    random = Random(1)  # noqa: S311 (repeatable, not secret)
    wallets = draw_wallets(random, wallet_count)
    random.shuffle(wallets)
    rich, poor, *others = wallets
    loaded = others[: min(LOADED_WALLET_COUNT, wallet_count // 4)]
    connection = await Database(url, clock=system_clock).connect()
    try:
        await open_wallets(connection, wallets)
        await post(connection, _lots(random, parties, loaded), at=system_clock())
        for wallet, lot_count in ((rich, RICH_LOT_COUNT), (poor, POOR_LOT_COUNT)):
            one = Drawing(random, parties, [wallet])
            lots = [issue_of(one.order(TOP_UP_POINTS)) for _ in range(lot_count)]
            await post(connection, lots, at=system_clock())
    finally:
        await connection.close()
    async with administering(url) as administrator:
        await administrator.execute(NAIVE_SQL.read_text())
        await tidy_up(administrator)
    return Stage(
        url=url,
        parties=parties,
        spread=Drawing(random, parties, others[len(loaded) :]),
        loaded=Drawing(random, parties, loaded),
        rich=rich,
        poor=poor,
    )


async def found_coalition(url: str, partner_count: int) -> list[Party]:
    """Migrate a database and let partners join, each with terms that pay on redemption."""
    await migrate_async(url)
    database = Database(url, clock=system_clock)
    try:
        async with database.begin(HUB_ACTOR) as tx:
            await put_coalition(tx, COALITION)
            for number in range(partner_count):
                code = f"P{number:04d}"
                partner = await insert_partner(
                    tx, code=code, name_en=code, name_zh=code, settlement_currency=None
                )
                terms = {
                    "partner": code,
                    "version": "1",
                    "funding": "ON_REDEMPTION",
                    "currency": "EUR",
                    "redemption_rates": {"*": "0.005"},
                    "issue_fee": "0.0001",
                    "accept_fee_bps": "50",
                }
                made = make_terms(terms, effective_from=TERMS_FROM, effective_until=None)
                await save_terms(tx, partner, [made])
    finally:
        await database.close()
    async with administering(url) as connection:
        rows = await connection.fetch(
            "SELECT partner_id, terms_id FROM ledger.terms_spans ORDER BY partner_id"
        )
    return [Party(row["partner_id"], row["terms_id"]) for row in rows]


async def open_wallets(connection: RawConnection, wallets: Sequence[Place]) -> None:
    """Open wallets through the ledger's own function."""
    await connection.execute(
        "SELECT ledger.open_wallets($1, $2)",
        [wallet.lane for wallet in wallets],
        [wallet.number for wallet in wallets],
    )


async def post(connection: RawConnection, operations: Sequence[Operation], *, at: datetime) -> None:
    """Book operations in the largest batches there are, by the ledger's own function."""
    for start in range(0, len(operations), BATCH):
        batch = operations[start : start + BATCH]
        rows = await connection.fetch(POST_BATCH, at, *columns_of(batch))
        assert all(row["code"] == Code.BOOKED for row in rows), "nothing is refused on the stage"


@asynccontextmanager
async def administering(url: str) -> AsyncIterator[RawConnection]:
    """Open a connection with all rights, for what the role of the hub may not do."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def tidy_up(connection: RawConnection) -> None:
    """Vacuum, count anew and write down, so that no case pays for the setting of the stage.

    Also what is still empty: plans are made as if it stayed so, and must do when it does not.
    """
    await connection.execute("VACUUM (ANALYZE)")
    await connection.execute("CHECKPOINT")


def _lots(random: Random, parties: Sequence[Party], wallets: Sequence[Place]) -> list[Operation]:
    """Give each wallet its lots: of 200 to 799 points, each of a random partner."""
    return [
        issue_of(
            Order(
                random.choice(parties),
                wallet,
                200 + random.randrange(600),
                f"{random.getrandbits(64):016x}",
                f"{random.getrandbits(64):016x}",
                expires_at,
            )
        )
        for expires_at in LOT_MONTHS
        for wallet in wallets
    ]
