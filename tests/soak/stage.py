"""PostgreSQL and the processes of a run: started, killed, started again.

Processes are forked from one that has imported everything, so that the next one is there at once:
hundreds of kills fit into minutes.
"""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final

import asyncpg

from auth.keys import ID_KEY, open_key
from auth.tokens import mint_token
from hub.kernel.actor import HUB_ACTOR, Actor, ActorKind
from hub.kernel.database import create_database, migrate_async
from hub.kernel.embedded.binaries import Binaries, find_binaries
from hub.kernel.embedded.liveness import find_holders, find_postmaster
from hub.kernel.embedded.server import Server, start_server, stop_server
from hub.ledger.caps.kinds import Cap, CapKind
from hub.ledger.caps.store import put_cap
from hub.ledger.operations import Place
from hub.members.store import LinkedAccount, link_accounts
from hub.points.caps import ALL, endless
from hub.points.restrictions import Restriction, save_restriction
from hub.wiring import Hub, open_hub
from partners import store
from settlement.calendars import PlannedWindow
from settlement.store import list_windows
from settlement.windows import plan_windows
from tests.coalition import LONG_AGO, Coalition, Home
from tests.concurrency.wire import Wire, lay_wire
from tests.soak import client, poster, server, work
from tests.soak.gateway import OPERATOR
from tests.soak.scene import Board, Scene

DURABLE: Final = {"shared_buffers": "64MB", "max_connections": "60", "checkpoint_timeout": "30s"}
"""What is left out: fsync, full_page_writes and synchronous_commit stay on."""
WORKERS: Final = 2
CLIENTS: Final = 3
BUSY_LANES: Final = (1, 2, 3)
WALLETS_OF_LANE: Final = 4
SPREAD_WALLETS: Final = 12
WINDOWS: Final = {"weekly": timedelta(hours=2), "monthly": timedelta(hours=12)}
"""How long windows are: short, so that the clock jumps over their cuts."""
FIRST_WINDOW_IN: Final = timedelta(minutes=2)
PLANNED_AHEAD: Final = timedelta(hours=48)
CAPS: Final = {
    (CapKind.BUDGET, "air", "bonus"): 600,
    (CapKind.ACCEPT, "shop", ALL): 5_000,
    (CapKind.TRANSFER, None, ALL): 500,
}
CAPS_OF_TERMS: Final = {"points_cap_per_member": 250, "points_cap_per_window": 4_000}
"""Points that bind in the middle of a run, of one partner, so that the others go on."""
GAP_EVERY, GAP_LASTS, GAPS = timedelta(hours=9), timedelta(hours=1), 60
END_SECONDS_MAX: Final = 90
OPEN_SECONDS_MAX: Final = 60


@dataclass
class Process:
    """A process that is to run, and is started again whenever it was killed."""

    name: str
    main: Callable[..., None]
    arguments: tuple[Any, ...]
    handle: ForkServerProcess
    was_killed: bool = False

    @property
    def pid(self) -> int:
        assert self.handle.pid is not None, "it was started"
        return self.handle.pid

    @property
    def is_alive(self) -> bool:
        return self.handle.is_alive()


@dataclass
class Stage:
    """All that runs, and what was done to it."""

    scene: Scene
    board: Board
    wire: Wire
    server: Server
    binaries: Binaries
    processes: dict[str, Process] = field(default_factory=dict)
    kills: "Counter[str]" = field(default_factory=Counter)
    ended_alone: list[str] = field(default_factory=list)

    # --- processes of ours ---

    def start(self, name: str, main: Callable[..., None], *arguments: Any) -> None:
        context = multiprocessing.get_context("forkserver")
        handle = context.Process(target=main, args=arguments, name=name, daemon=True)
        handle.start()
        self.processes[name] = Process(name, main, arguments, handle)

    def kill(self, name: str) -> None:
        """Kill -9, and wait until it is gone."""
        process = self.processes[name]
        process.was_killed = True
        process.handle.kill()
        process.handle.join()

    def start_again(self, name: str) -> None:
        process = self.processes[name]
        if not process.was_killed:
            log = self.scene.place(f"{name}.log")
            said = log.read_text()[-2000:] if log.exists() else ""
            self.ended_alone.append(f"{name} ended by itself: {process.handle.exitcode} {said}")
        self.start(name, process.main, *process.arguments)

    def revive(self) -> None:
        """Start again whatever is not running."""
        for name, process in list(self.processes.items()):
            if not process.is_alive:
                self.start_again(name)

    def names(self, sort: str) -> list[str]:
        return sorted(name for name in self.processes if name.startswith(sort))

    async def see_open(self) -> None:
        """Wait until orders can be asked, so that no harm comes before them."""
        async with asyncio.timeout(OPEN_SECONDS_MAX):
            while not (self.scene.door.exists() and is_open(self.scene.port)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def see_end(self, names: list[str]) -> list[str]:
        """Wait until processes have come to their ends; gives those that did not."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS_MAX):
                while any(self.processes[n].is_alive for n in names):  # noqa: ASYNC110 (others)
                    await asyncio.sleep(0.05)
        late = [name for name in names if self.processes[name].is_alive]
        for name in names:
            self.kill(name)
            del self.processes[name]
        return late

    def start_hubs(self) -> None:
        self.start("server-0", server.main, self.scene.directory)
        self.start("poster-0", poster.main, self.scene.directory)
        for number in range(WORKERS):
            self.start(f"work-{number}", work.main, self.scene.directory, number)

    def start_clients(self, turn: int) -> list[str]:
        names = [f"client-{turn}-{number}" for number in range(CLIENTS)]
        for name in names:
            self.start(name, client.main, self.scene.directory, turn, name)
        return names

    # --- PostgreSQL ---

    @property
    def backends(self) -> list[int]:
        postmaster = find_postmaster(self.server.data_dir)
        return [pid for pid in find_holders(self.server.data_dir) if pid != postmaster]

    def signal_postgres(self, pids: list[int], number: signal.Signals) -> None:
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    async def start_postgres_again(self) -> None:
        """After the postmaster was killed: whatever is left of it ends, then it recovers."""
        await asyncio.to_thread(stop_server, self.server)
        self.server = await asyncio.to_thread(
            start_server,
            self.scene.place("hub"),
            binaries=self.binaries,
            settings=DURABLE,
        )

    def close(self) -> None:
        for name, process in self.processes.items():
            if process.is_alive:
                self.signal_postgres([process.pid], signal.SIGCONT)
                self.kill(name)
        self.signal_postgres(find_holders(self.server.data_dir), signal.SIGCONT)
        stop_server(self.server)
        for pid in find_holders(self.server.data_dir):
            self.signal_postgres([pid], signal.SIGKILL)


@asynccontextmanager
async def open_stage(directory: Path, seed: int) -> AsyncIterator[Stage]:
    """Start a PostgreSQL that is durable, and found a coalition in it."""
    context = multiprocessing.get_context("forkserver")
    mains = ("client", "poster", "server", "work")
    context.set_forkserver_preload([f"tests.soak.{name}" for name in mains])
    forkserver.ensure_running()  # it imports while PostgreSQL is made
    board = Board.make(directory / "board")
    binaries = find_binaries()
    server = await asyncio.to_thread(
        start_server, directory / "hub", binaries=binaries, settings=DURABLE
    )
    url = await create_database(server.url("postgres"), "hub")
    await migrate_async(url)
    (directory / "wire").mkdir()
    async with lay_wire(url, directory / "wire") as (wire, wired_url):
        scene = await found(directory, seed, url, wired_url, board)
        scene.save()
        stage = Stage(scene, board, wire, server, binaries)
        try:
            yield stage
        finally:
            await asyncio.to_thread(stage.close)


async def found(directory: Path, seed: int, url: str, wired_url: str, board: Board) -> Scene:
    """Let partners and members join, plan windows, make tokens, and make room for effects."""
    async with open_hub(url, clock=board.clock) as hub:
        async with hub.database.begin(HUB_ACTOR) as tx:
            await store.put_coalition(tx, Home("Soak", "points", "EUR", time_zone="UTC"))
        await hub.register.refresh()
        coalition = Coalition(hub, url, board.clock)
        for code in ("air", "shop"):
            await coalition.partner(code)
        await coalition.partner("bio", **CAPS_OF_TERMS)
        await _open_caps(coalition, board.clock())
        await _found_with_gaps(coalition, board.clock())
        wallets: list[Place] = []
        for lane in BUSY_LANES:
            wallets += await coalition.many_members(WALLETS_OF_LANE, lane=lane)
        wallets += await coalition.many_members(SPREAD_WALLETS)
        shop = coalition.partners["shop"].partner_id
        tokens = await _let_in(coalition, wallets)
        secret = await open_key(hub.database, ID_KEY)
        async with hub.database.begin(HUB_ACTOR) as tx:
            restrictions = [
                await save_restriction(tx, rule)
                for rule in (
                    Restriction([shop], None, is_transferable=False, is_exchangeable=False),
                    Restriction(None, ["fuel"], is_transferable=True, is_exchangeable=True),
                )
            ]
        await plan_on(hub, board.clock() + FIRST_WINDOW_IN)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(work.TABLES)
    finally:
        await connection.close()
    places = [[place.lane, place.number] for place in wallets]
    return Scene(
        directory=str(directory),
        seed=seed,
        database_url=url,
        wired_url=wired_url,
        port=find_port(),
        secret=secret.hex(),
        tokens=tokens,
        partners={code: each.partner_id for code, each in coalition.partners.items()},
        wallets=places,
        restrictions=restrictions,
    )


def is_open(port: int) -> bool:
    """Whether anybody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def find_port() -> int:
    """Find a port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


async def _let_in(coalition: Coalition, wallets: list[Place]) -> dict[str, str]:
    """Link every member to every partner, and make a token for each of these and the operator."""
    partner_ids = [each.partner_id for each in coalition.partners.values()]
    actors = [OPERATOR, *(Actor(ActorKind.PARTNER, number) for number in partner_ids)]
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        accounts = [
            LinkedAccount(number, f"m-{wallet.number}", wallet.number, tx.now)
            for number in partner_ids
            for wallet in wallets
        ]
        await link_accounts(tx, accounts)
        return {str(actor): await mint_token(tx, actor) for actor in actors}


async def _found_with_gaps(coalition: Coalition, now: datetime) -> None:
    """A partner whose terms change every few hours, with a gap in which none are in force."""
    await coalition.partner("gap", since=None)
    since = LONG_AGO
    for turn in range(GAPS):
        until = now + (turn + 1) * GAP_EVERY
        terms = {"effective_until": until, "version": f"gap-{turn}", "since": since}
        await coalition.terms("gap", **terms)
        since = until + GAP_LASTS


async def _open_caps(coalition: Coalition, now: datetime) -> None:
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        for (kind, code, subject), limit in CAPS.items():
            starts_at, ends_at = endless(now)
            cap = Cap(
                kind=kind,
                partner_id=0 if code is None else coalition.partners[code].partner_id,
                subject=subject,
                currency=None,
                limit=Decimal(limit),
                starts_at=starts_at,
                ends_at=ends_at,
                renewal=None,
            )
            await put_cap(tx, cap)
    await coalition.hub.register.refresh()


async def plan_on(hub: Hub, now: datetime) -> None:
    """Plan windows from the last one on, so far ahead that no clock jumps over all of them."""
    for calendar, length in WINDOWS.items():
        async with hub.database.read(HUB_ACTOR) as tx:
            known = await list_windows(tx, calendar)
        opens_at = known[-1].cut_at if known else now
        planned = []
        while opens_at < now + PLANNED_AHEAD:
            code = f"W{len(known) + len(planned):05}"
            planned.append(PlannedWindow(code, opens_at, opens_at + length))
            opens_at += length
        await plan_windows(hub.database, HUB_ACTOR, calendar=calendar, planned=planned)
