"""What every test may ask for: a database, and the server it lies on.

One server per machine and PostgreSQL version serves all tests, all xdist workers and all runs at
the same time; the last one out stops it. Its data lies in memory where there is room for it, else
in `.hub/tests`, without fsync, and is made anew whenever it is found stopped. Each test that asks
for `database_url` gets a database of its own, cloned from a template that was migrated once.

The books are audited after every test that had a database: whatever it did, they are in order.

HUB_TEST_POSTGRES_BIN chooses another PostgreSQL than the wheel's. HUB_TEST_SOAK_SECONDS says for
how long the tests of the marker `soak` go on, beside each other on two processors.
"""

import asyncio
import fcntl
import gc
import hashlib
import os
import shutil
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import asyncpg
import pytest
import structlog
from hypothesis import HealthCheck, settings

from hub.kernel.embedded.binaries import Binaries, find_binaries
from hub.kernel.embedded.leases import is_unused
from hub.kernel.embedded.liveness import find_postmaster
from hub.kernel.embedded.places import lay_out
from hub.kernel.embedded.server import Server, start_server, stop_server
from tests.coalition import Coalition, audit_books, open_coalition

# How fast examples are drawn says something about the machine, not about what is tested.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

ROOT = Path(__file__).parent.parent
MEMORY = Path("/dev/shm")  # noqa: S108 (whose it is, and who may read it, is in the name)
MEMORY_MIN_BYTES = 2**31
"""What the databases of a whole run take at most; a container often has much less."""
# Durability is what some tests are about; they start servers of their own (tests/concurrency).
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",  # a clone lives for a second; workers would only get in the way
    "max_connections": "200",
    "shared_buffers": "128MB",
    "checkpoint_timeout": "1h",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
}
# A statement is planned once, not anew each of the first five times, which is most of what a short
# test would ask for. The other PostgreSQL plans as it does everywhere else.
PLANNED_ONCE = {"plan_cache_mode": "force_generic_plan"}
ADMIN_DATABASE = "postgres"


def choose_home() -> Path:
    """Keep the data in memory if it can be: to copy 500 small files takes a tenth of the time."""
    try:
        free = shutil.disk_usage(MEMORY).free
    except OSError:
        free = 0
    if free < MEMORY_MIN_BYTES or not os.access(MEMORY, os.W_OK):
        return ROOT / ".hub" / "tests"
    return MEMORY / f"hub-tests-{os.getuid()}-{zlib.crc32(str(ROOT).encode()):08x}"


HOME = choose_home()
numbers = count(1)


@dataclass(frozen=True, slots=True)
class Administrator:
    """A loop and a connection that outlive the tests: most of what makes a database takes."""

    runner: asyncio.Runner
    connection: "asyncpg.Connection[asyncpg.Record]"

    def run(self, statement: str) -> None:
        """Run one statement that concerns whole databases."""
        self.runner.run(self.connection.execute(statement))

    def audit(self, url: str) -> list[asyncpg.Record]:
        """What is wrong with the books of a database."""
        return self.runner.run(audit_books(url))


SOAK_SECONDS = int(os.environ.get("HUB_TEST_SOAK_SECONDS", "0"))


SOAK_SHARE_SECONDS = SOAK_SECONDS // 5
"""How long each of five others goes on beside the long test against killed processes."""


def pytest_collection_finish() -> None:
    """Leave what is loaded by now out of every search for garbage: half of its time went there."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest test, so that another worker does the others meanwhile."""
    items.sort(key=lambda item: "soak_seconds" not in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def soak_seconds() -> int:
    """How long the long test against killed processes goes on."""
    return SOAK_SECONDS


@pytest.fixture(scope="session")
def soak_share_seconds() -> int:
    """How long each of the others goes on."""
    return SOAK_SHARE_SECONDS


@pytest.fixture(scope="session")
def postgres_binaries() -> Binaries:
    chosen = os.environ.get("HUB_TEST_POSTGRES_BIN")
    return find_binaries(Path(chosen) if chosen else None)


@pytest.fixture(scope="session")
def postgres(postgres_binaries: Binaries) -> Iterator[Server]:
    """The server of the tests, shared with everybody who tests at this moment."""
    is_other = "HUB_TEST_POSTGRES_BIN" in os.environ
    chosen = FAST if is_other else {**FAST, **PLANNED_ONCE}
    with one_at_a_time("server"):
        remove_stopped_cluster(postgres_binaries)
        server = start_server(HOME, binaries=postgres_binaries, settings=chosen)
    yield server
    stop_server(server)
    with one_at_a_time("server"):
        remove_stopped_cluster(postgres_binaries)


@pytest.fixture(scope="session")
def template_database(postgres: Server) -> str:
    """The name of a migrated, empty database that is made once for each state of the schema."""
    name = f"template_{schema_digest()}"
    with one_at_a_time(f"template-{postgres.version[0]}"):
        if asyncio.run(count_databases(postgres, name)) == 0:
            make_template(postgres, name)
    return name


@pytest.fixture(scope="session")
def administrator(postgres: Server) -> Iterator[Administrator]:
    """Whoever makes and drops databases here."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        connection = runner.run(asyncpg.connect(postgres.url(ADMIN_DATABASE)))
        yield Administrator(runner, connection)
        runner.run(connection.close())


@pytest.fixture
def database_url(
    postgres: Server, administrator: Administrator, template_database: str
) -> Iterator[str]:
    """A database of this test's own, as the migrations leave it."""
    name = f"test_{os.getpid()}_{next(numbers)}"
    # Copying files is faster than the default, which logs every page: the checkpoint that it
    # takes is cheap without fsync.
    administrator.run(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    yield postgres.url(name)
    try:
        assert administrator.audit(postgres.url(name)) == []
    finally:
        administrator.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def coalition(database_url: str) -> AsyncIterator[Coalition]:
    """A coalition that nobody has joined yet, on a database of its own."""
    async with open_coalition(database_url) as opened:
        yield opened


@contextmanager
def one_at_a_time(label: str) -> Iterator[None]:
    """Keep the other workers, and other runs of the tests, out for a moment."""
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / f"{label}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def remove_stopped_cluster(binaries: Binaries) -> None:
    """Begin with nothing: what a stopped server without fsync left behind is not to be trusted."""
    places = lay_out(HOME, binaries.major)
    if find_postmaster(places.cluster) is None and is_unused(places.cluster, places.account):
        shutil.rmtree(places.cluster, ignore_errors=True)


def schema_digest() -> str:
    """Name the state of the schema: every file from which the migrations build it."""
    digest = hashlib.sha256()
    for room in ("hub", "partners", "settlement", "auth", "schema"):
        for pattern in ("**/*.sql", "**/tables.py", "migrations/**/*.py"):
            for path in sorted((ROOT / room).glob(pattern)):
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def make_template(server: Server, name: str) -> None:
    """Migrate an empty database under a temporary name: a template is whole or not there."""
    from hub.kernel.database import migrate

    draft = f"{name}_draft"
    asyncio.run(administer(server, f"DROP DATABASE IF EXISTS {draft} WITH (FORCE)"))
    asyncio.run(administer(server, f"CREATE DATABASE {draft}"))
    migrate(server.url(draft))
    asyncio.run(administer(server, f"ALTER DATABASE {draft} RENAME TO {name}"))


async def administer(server: Server, statement: str) -> None:
    """Run one statement that concerns whole databases."""
    connection = await asyncpg.connect(server.url(ADMIN_DATABASE))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def count_databases(server: Server, name: str) -> int:
    connection = await asyncpg.connect(server.url(ADMIN_DATABASE))
    try:
        return await connection.fetchval(
            "SELECT count(*) FROM pg_database WHERE datname = $1", name
        )
    finally:
        await connection.close()


@pytest.fixture(autouse=True)
def plain_log() -> None:
    """Undo what a command run in this process did to the log: its level would hide lines."""
    structlog.reset_defaults()
