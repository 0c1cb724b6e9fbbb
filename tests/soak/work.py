"""`hub work` in a process of its own, with two more consumers, whose effects can be counted."""

import os
import random
from collections.abc import Sequence
from typing import Final

import uvloop
from pydantic import SecretStr
from sqlalchemy import text

from hub.cli.work.command import run_worker
from hub.kernel.jobs.settings import JobSettings
from hub.kernel.tx import Tx
from hub.ledger.feed.consumers import Consumer, Start
from hub.ledger.feed.entries import FeedEntry
from hub.ledger.feed.settings import FeedSettings
from hub.settings import Settings, WorkSettings
from tests.soak.scene import Scene, log_to
from tests.soak.server import keep_running

TABLES: Final = """
CREATE TABLE soak_effects (
    number bigint GENERATED ALWAYS AS IDENTITY, lane smallint NOT NULL, seq bigint NOT NULL);
CREATE TABLE soak_sums (
    lane smallint PRIMARY KEY, entry_count bigint NOT NULL, points bigint NOT NULL);
GRANT SELECT, INSERT ON soak_effects TO hub_app;
GRANT SELECT, INSERT, UPDATE ON soak_sums TO hub_app;
"""
"""Where the effects go: nothing in these tables keeps one from being there twice."""

OUTSIDE: Final = "outside.effects"
FAILS_ONE_IN: Final = 25
_COUNT: Final = text("INSERT INTO soak_effects (lane, seq) VALUES (:lane, :seq)")
_ADD: Final = text(
    "INSERT INTO soak_sums VALUES (:lane, 1, :points) ON CONFLICT (lane) DO UPDATE"
    " SET entry_count = soak_sums.entry_count + 1, points = soak_sums.points + excluded.points"
)


class EffectFailed(Exception):
    """An effect that fails now and then, after it has done its work."""


def settings_of(scene: Scene) -> Settings:
    """Everything is soon due, and no failure is for ever."""
    return Settings(
        database_url=SecretStr(scene.database_url),
        work=WorkSettings(
            interval_seconds=1,
            closes_windows=True,
            audit_interval_seconds=7,
            seal_interval_seconds=2,
        ),
        jobs=JobSettings(lease_seconds=4, attempts_max=1000, pause_seconds_max=2),
        feed=FeedSettings(
            recheck_seconds=1, attempts_max=1000, pause_seconds_max=2, effect_seconds=10
        ),
    )


def consumers(scene: Scene, dice: random.Random | None) -> list[Consumer]:
    """One whose effects lie in the database, and one whose effects lie outside it.

    With dice they fail now and then.
    """

    def fail_at_times() -> None:
        if dice is not None and dice.randrange(FAILS_ONE_IN) == 0:
            raise EffectFailed

    async def count_entries(tx: Tx, entries: Sequence[FeedEntry]) -> None:
        for entry in entries:
            place = {"lane": entry.place.lane, "seq": entry.place.number}
            await tx.connection.execute(_COUNT, place)
            await tx.connection.execute(_ADD, {"lane": entry.place.lane, "points": entry.points})
        fail_at_times()

    async def tell_outside(_: Tx, entries: Sequence[FeedEntry]) -> None:
        # A kill may cut a write off anywhere: a line counts with its end, and begins on its own.
        told = "\n" + "".join(f"{entry.name};\n" for entry in entries)
        file = os.open(scene.place(OUTSIDE), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(file, told.encode())
            os.fdatasync(file)
        finally:
            os.close(file)
        fail_at_times()

    return [
        Consumer("soak-inside", count_entries, Start.BEGINNING),
        Consumer("soak-outside", tell_outside, Start.BEGINNING),
    ]


def read_outside(scene: Scene) -> list[tuple[int, ...]]:
    """Read what was told outside, in the order in which it was."""
    path = scene.place(OUTSIDE)
    lines = path.read_text().splitlines() if path.exists() else []
    return [
        tuple(map(int, line.removesuffix(";").split(":"))) for line in lines if line.endswith(";")
    ]


def main(directory: str, number: int) -> None:
    scene = Scene.load(directory)
    log_to(scene.place(f"work-{number}.log"))
    dice = random.Random(f"{scene.seed}:work:{number}:{os.getpid()}")  # noqa: S311
    settings, followers = settings_of(scene), consumers(scene, dice)
    keep_running(
        lambda: uvloop.run(
            run_worker(
                scene.database_url, settings, clock=scene.board.clock, more_consumers=followers
            )
        )
    )
