"""The ledger agrees with the model over long lives that dice decide: many kinds, many edges."""

import asyncio
import time
from datetime import datetime, timedelta

import pytest

from hub.ledger.settings import PosterSettings
from hub.points.requests import NEVER
from tests.coalition import DAY, STEP, audit_books, open_coalition
from tests.conftest import administer
from tests.ledger.beside import MEMBERS, Both
from tests.ledger.draws import HOUR, draw_estate, draw_member, draw_submission
from tests.reference.choices import Dice

STEPS = 40
SUBMISSION_MAX = 14


class Life:
    """One coalition beside its model, and what its dice let happen."""

    def __init__(self, both: Both, seed: int) -> None:
        self.both = both
        self.dice = Dice(seed)
        self.before: list[dict] = []
        self.begun: str | None = None
        often = [self.submit] * 11
        self.events = [*often, self.tick, self.tick_to_an_end, self.tick_to_an_end, self.plan_cut]
        self.events += [self.both.sweep, self.cross, self.cross, self.both.compare]

    async def live(self, steps: int) -> None:
        await self.both.submit(draw_estate(self.both), groups=[], is_patient=False)
        for _ in range(steps):
            await self.dice.pick(self.events)()
        await self.both.compare()

    async def submit(self) -> None:
        ops = draw_submission(self.dice, self.both, self.before, SUBMISSION_MAX)
        groups = [self.dice.number(1, len(ops)) for _ in range(self.dice.number(0, 4))]
        is_patient = self.dice.pick((False, False, True))
        await self.both.submit(ops, groups=groups, is_patient=is_patient)
        self.before += [op for op in ops if "key" in op]

    async def tick(self) -> None:
        self.both.coalition.clock.tick(timedelta(hours=self.dice.pick((1, 12, 24))))

    async def tick_to_an_end(self) -> None:
        """The present jumps to the edge of something that time alone changes."""
        books, now = self.both.books, self.both.now
        ends: set[datetime | None] = {lot.expires for lot in books.all_lots.values()}
        ends |= {lot.available for lot in books.all_lots.values()}
        ends |= {hold.ends for hold in books.open_holds()} | {*self.both.cuts}
        edges = sorted(e for end in ends - {None, NEVER} for e in (end - STEP, end) if e >= now)
        if edges:
            self.both.coalition.clock.tick(self.dice.pick(edges[:6]) - now)

    async def plan_cut(self) -> None:
        await self.both.plan_cut(self.both.now + self.dice.pick((DAY, STEP, HOUR, 3 * DAY)))

    async def cross(self) -> None:
        """A move between two wallets begins, or the one that is on its way is finished."""
        if self.begun is not None:
            await self.both.finish_crossing(self.begun)
            self.begun = None
            return
        giver = draw_member(self.dice, self.both, rich_only=True)
        taker = self.dice.pick(sorted(set(MEMBERS) - {giver}))
        half = max(1, self.both.books.available(giver, self.both.now) // 2)
        name, points = self.both.name(), self.dice.pick((0, half))
        op = {"id": name, "type": "BEGIN", "from": giver, "to": taker, "at": self.both.now}
        await self.both.begin_crossing(op | {"points": points})
        self.begun = name if name in self.both.booked else None


async def live(url: str, seed: int, steps: int) -> None:
    batch_max = Dice(seed).pick((1, 2, 3, 5, 512))
    settings = PosterSettings(batch_max=batch_max, connection_count=1)
    async with open_coalition(url, poster=settings) as coalition:
        both = Both(coalition)
        await both.begin()
        await Life(both, seed).live(steps)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_long_life_is_told_alike_by_both(database_url, seed):
    await live(database_url, seed, STEPS)


@pytest.mark.soak
def test_many_long_lives_are_told_alike_by_both(postgres, template_database, soak_share_seconds):
    deadline, seed = time.monotonic() + soak_share_seconds, time.time_ns() % 1_000_000_000
    while time.monotonic() < deadline:
        seed += 1
        asyncio.run(one_life(postgres, template_database, seed))


async def one_life(postgres, template, seed):
    name = f"life_{seed}_{time.time_ns()}"
    statement = f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"
    await administer(postgres, statement)
    url = postgres.url(name)
    try:
        await live(url, seed, 2 * STEPS)
        assert await audit_books(url) == [], f"seed {seed}"
    except BaseException as error:
        error.add_note(f"the seed was {seed}")
        raise
    finally:
        await administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")
