"""What is done to a run: kills, stops, cuts, storms, and a clock that jumps.

Each harm is one function of the stage and the dice. They are drawn from a bag that holds every one
of them, so that none is left out however short the run.
"""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeAlias

import asyncpg

from hub.kernel.embedded.liveness import answers, find_holders, find_postmaster
from tests.soak.stage import Stage

Harm: TypeAlias = Callable[[Stage, random.Random], Awaitable[None]]

DOWN_SECONDS_MAX: Final = 0.4
HELPERS: Final = ("checkpointer", "walwriter", "background writer", "io worker")
BACK_SECONDS_MAX: Final = 120
STORM_SECONDS: Final = 2


async def _kill(stage: Stage, dice: random.Random, sort: str) -> None:
    name = dice.choice(stage.names(sort))
    if stage.processes[name].is_alive:
        stage.kill(name)
        stage.kills[sort] += 1
    await asyncio.sleep(dice.random() * DOWN_SECONDS_MAX)
    stage.revive()


async def kill_server(stage: Stage, dice: random.Random) -> None:
    await _kill(stage, dice, "server")


async def kill_poster(stage: Stage, dice: random.Random) -> None:
    await _kill(stage, dice, "poster")


async def kill_worker(stage: Stage, dice: random.Random) -> None:
    await _kill(stage, dice, "work")


async def kill_client(stage: Stage, dice: random.Random) -> None:
    await _kill(stage, dice, "client")


def _title(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    return ""


def _backends(stage: Stage, *, serving: bool) -> list[int]:
    """Processes of PostgreSQL that serve a connection, or those that keep the house."""
    titles = {pid: _title(pid) for pid in stage.backends}
    return [
        pid
        for pid, title in titles.items()
        if any(name in title for name in HELPERS) != serving and "postgres" in title
    ]


async def kill_backend(stage: Stage, dice: random.Random) -> None:
    """One process of PostgreSQL: all the others are sent away, and it recovers by itself."""
    chosen = _backends(stage, serving=dice.random() < 0.75)
    if not chosen:
        return
    stage.signal_postgres([dice.choice(chosen)], signal.SIGKILL)
    stage.kills["backend"] += 1
    await asyncio.sleep(0.2)
    await _wait_for_postgres(stage)


async def kill_postmaster(stage: Stage, dice: random.Random) -> None:
    """The first process alone: the others find out, one after another."""
    postmaster = find_postmaster(stage.server.data_dir)
    assert postmaster is not None, "it runs between two harms"
    stage.signal_postgres([postmaster], signal.SIGKILL)
    stage.kills["postmaster"] += 1
    await asyncio.sleep(dice.random() * DOWN_SECONDS_MAX)
    await stage.start_postgres_again()


async def kill_postgres(stage: Stage, dice: random.Random) -> None:
    """All of it at once, as a machine that loses power would."""
    stage.signal_postgres(find_holders(stage.server.data_dir), signal.SIGKILL)
    stage.kills["postgres"] += 1
    await asyncio.sleep(dice.random() * DOWN_SECONDS_MAX)
    await stage.start_postgres_again()


async def freeze_postgres(stage: Stage, dice: random.Random) -> None:
    """A disk that does not answer for a while: backends stand still, with what they have locked."""
    chosen = _backends(stage, serving=dice.random() < 0.7)
    if dice.random() < 0.5:
        chosen = dice.sample(chosen, min(2, len(chosen)))
    stage.signal_postgres(chosen, signal.SIGSTOP)
    try:
        await asyncio.sleep(0.2 + dice.random())
    finally:
        stage.signal_postgres(chosen, signal.SIGCONT)


async def freeze_hub(stage: Stage, dice: random.Random) -> None:
    """A hub that stands still between a commit and its answer, or before."""
    process = stage.processes[dice.choice([*stage.names("server"), *stage.names("poster")])]
    if not process.is_alive:
        return
    os.kill(process.pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(0.2 + dice.random())
    finally:
        os.kill(process.pid, signal.SIGCONT)


async def slow_disk(stage: Stage, dice: random.Random) -> None:
    """Every commit waits, as on a disk that is slow."""
    try:
        connection = await asyncpg.connect(stage.server.url("postgres"), timeout=10)
    except (asyncpg.PostgresError, OSError):
        return
    try:
        await connection.execute("ALTER SYSTEM SET commit_siblings = 0")
        await connection.execute("ALTER SYSTEM SET commit_delay = 50000")
        await connection.execute("SELECT pg_reload_conf()")
        await asyncio.sleep(0.5 + dice.random())
        await connection.execute("ALTER SYSTEM RESET ALL")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()


async def cut_wire(stage: Stage, dice: random.Random) -> None:
    """The server's answers are held, then its connections cut: committed, and not heard."""
    stage.wire.hold_answers()
    await asyncio.sleep(0.05 + dice.random() / 2)
    stage.wire.cut()


async def storm(stage: Stage, _: random.Random) -> None:
    """All clients lose patience for a while."""
    stage.board.begin_storm(STORM_SECONDS)


async def jump_forward(stage: Stage, dice: random.Random) -> None:
    stage.board.jump(timedelta(minutes=dice.randrange(20, 360)))


async def jump_back(stage: Stage, dice: random.Random) -> None:
    stage.board.jump(-timedelta(minutes=dice.randrange(1, 150)))


async def _wait_for_postgres(stage: Stage) -> None:
    async with asyncio.timeout(BACK_SECONDS_MAX):
        while not answers(stage.server.places.socket):  # noqa: ASYNC110 (another program)
            await asyncio.sleep(0.05)


BAG: Final[tuple[Harm, ...]] = (
    kill_server,
    kill_server,
    kill_server,
    kill_poster,
    kill_worker,
    kill_worker,
    kill_client,
    kill_client,
    kill_client,
    kill_backend,
    kill_backend,
    kill_postmaster,
    kill_postgres,
    freeze_postgres,
    freeze_hub,
    slow_disk,
    cut_wire,
    storm,
    jump_forward,
    jump_forward,
    jump_back,
)
