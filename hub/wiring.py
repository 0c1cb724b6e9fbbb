"""Wire a running hub: its database, its poster, its register; used by every root."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from auth.oauth.store import REVOKED_CHANNEL
from auth.oauth.verdicts import Verdicts
from auth.rates.marked import Marked
from hub.kernel.clock import Clock, system_clock
from hub.kernel.database import create_database, drop_database, migrate
from hub.kernel.embedded.binaries import find_binaries
from hub.kernel.embedded.server import running_server
from hub.kernel.kept import KeptConnection
from hub.kernel.listen import Bell, listening
from hub.kernel.tx import Database
from hub.ledger.feed.live import LiveFeed
from hub.ledger.feed.settings import FeedSettings
from hub.ledger.feed.watcher import Watcher
from hub.ledger.poster import Poster
from hub.ledger.settings import PosterSettings
from hub.members.merges.forwards import Forwards
from hub.members.merges.store import MERGES_CHANNEL
from hub.members.wallets import WalletFinder
from hub.settings import Settings
from partners.register import Register
from partners.store import TERMS_CHANNEL
from settlement.following import WindowWatch

DATABASE = "hub"


@dataclass(frozen=True, slots=True)
class Hub:
    """What the verbs need, ready to use."""

    database: Database
    register: Register
    poster: Poster
    wallets: WalletFinder
    clock: Clock
    watcher: Watcher
    live: LiveFeed
    revoked: Bell
    verdicts: Verdicts
    window_watch: WindowWatch
    probed: Marked = field(default_factory=Marked)


@contextmanager
def server_url(settings: Settings) -> Iterator[str]:
    """Give the URL of the hub's database; start the embedded server if none is set.

    Errors: NoPostgres and what the launcher refuses.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    binaries = find_binaries(settings.postgres_bin)
    with running_server(settings.data_dir, binaries=binaries) as server:
        asyncio.run(create_database(server.url("postgres"), DATABASE, exist_ok=True))
        yield server.url(DATABASE)


@contextmanager
def throw_away_database(url: str) -> Iterator[str]:
    """Make a migrated database beside another one, and drop it at the end."""
    name = f"throw_away_{secrets.token_hex(8)}"
    beside = asyncio.run(create_database(url, name))
    try:
        migrate(beside)
        yield beside
    finally:
        asyncio.run(drop_database(url, name))


@asynccontextmanager
async def open_hub(
    url: str,
    *,
    clock: Clock = system_clock,
    poster: PosterSettings | None = None,
    feed: FeedSettings | None = None,
) -> AsyncIterator[Hub]:
    """Open a hub on a migrated database, and close it cleanly."""
    database = Database(url, clock=clock)
    kept, asked = KeptConnection(database.connect), KeptConnection(database.connect)
    register = Register(kept)
    wallets = WalletFinder(asked, Forwards(kept))
    following = feed or FeedSettings()
    watcher = Watcher(database, following)
    revoked, verdicts = Bell(), Verdicts(KeptConnection(database.connect))
    hearers = {
        TERMS_CHANNEL: register.refresh,
        MERGES_CHANNEL: wallets.refresh,
        REVOKED_CHANNEL: revoked.ring,
    }
    try:
        async with (
            listening(database.connect, hearers),
            watcher,
            LiveFeed(database, watcher, following) as live,
            Poster(
                database.connect,
                clock=clock,
                settings=poster or PosterSettings(),
                on_booked=watcher.nudge,
            ) as running,
        ):
            windows = WindowWatch(database)
            yield Hub(
                database,
                register,
                running,
                wallets,
                clock,
                watcher,
                live,
                revoked,
                verdicts,
                windows,
            )
    finally:
        await verdicts.close()
        await asked.close()
        await kept.close()
        await database.close()
