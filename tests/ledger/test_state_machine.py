"""The ledger agrees with a sequential model of the rule book, whatever the batches."""

import asyncio
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hub.ledger.settings import PosterSettings
from hub.points.requests import NEVER
from tests.coalition import DAY, STEP, audit_books, open_coalition
from tests.conftest import administer
from tests.ledger.beside import MEMBERS, Both
from tests.ledger.draws import draw_estate, draw_member, groupings, submissions
from tests.reference.choices import Drawn

numbers = count(1)
QUICK = settings(
    max_examples=6,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking makes a database each time
)


class Beside(RuleBasedStateMachine):
    """Tells both the same things; `server` and `template` are set by the test."""

    server = None
    template = ""

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.before = []
        self.begun = None

    @initialize(batch_max=st.sampled_from([1, 2, 3, 5, 512]))
    def open(self, batch_max):
        self.runner.run(self._open(batch_max))

    async def _open(self, batch_max):
        name = f"machine_{time.time_ns()}_{next(numbers)}"
        await administer(
            self.server, f"CREATE DATABASE {name} TEMPLATE {self.template} STRATEGY FILE_COPY"
        )
        drop = f"DROP DATABASE {name} WITH (FORCE)"
        self.stack.push_async_callback(administer, self.server, drop)
        self.url = self.server.url(name)
        opened = open_coalition(
            self.url, poster=PosterSettings(batch_max=batch_max, connection_count=1)
        )
        self.both = Both(await self.stack.enter_async_context(opened))
        await self.both.begin()
        await self.both.submit(draw_estate(self.both), groups=[], is_patient=False)

    @rule(data=st.data(), is_patient=st.booleans())
    def submit(self, data, is_patient):
        ops = data.draw(submissions(self.both, self.before))
        groups = data.draw(groupings(len(ops)))
        self.runner.run(self.both.submit(ops, groups=groups, is_patient=is_patient))
        self.before += [op for op in ops if "key" in op]

    @rule(hours=st.sampled_from([1, 24, 12, 30]))
    def tick(self, hours):
        self.both.coalition.clock.tick(timedelta(hours=hours))

    @rule(data=st.data())
    def tick_to_an_end(self, data):
        now = self.both.now
        ends = {*self._ends(), *self.both.cuts}
        edges = sorted(e for end in ends for e in (end - STEP, end) if e >= now)
        if edges:
            clock = self.both.coalition.clock
            clock.tick(data.draw(st.sampled_from(edges[:6])) - now)

    def _ends(self):
        """When time alone changes something."""
        books = self.both.books
        ends = {lot.expires for lot in books.all_lots.values()}
        ends |= {lot.available for lot in books.all_lots.values()}
        ends |= {hold.ends for hold in books.open_holds()}
        return ends - {None, NEVER}

    @rule(data=st.data())
    def plan_cut(self, data):
        now = self.both.now
        edges = sorted(e for end in self._ends() for e in (end - STEP, end, end + STEP) if e > now)
        at = data.draw(st.sampled_from([now + DAY, now + STEP, now + 3 * DAY, *edges[:6]]))
        self.runner.run(self.both.plan_cut(at))

    @precondition(lambda self: self.begun is None)
    @rule(data=st.data(), is_whole=st.booleans())
    def begin_crossing(self, data, is_whole):
        """Somebody stops a move between two wallets after its first step."""
        giver = draw_member(Drawn(data.draw), self.both, rich_only=True)
        taker = data.draw(st.sampled_from(sorted(set(MEMBERS) - {giver})))
        books, name = self.both.books, self.both.name()
        points = max(1, books.available(giver, self.both.now) // 2)
        op = {"id": name, "type": "BEGIN", "from": giver, "to": taker, "at": self.both.now}
        self.runner.run(self.both.begin_crossing(op | {"points": 0 if is_whole else points}))
        if name in self.both.booked:
            self.begun = name

    @precondition(lambda self: self.begun is not None)
    @rule()
    def finish_crossing(self):
        begun, self.begun = self.begun, None
        self.runner.run(self.both.finish_crossing(begun))

    @rule()
    def sweep(self):
        self.runner.run(self.both.sweep())

    @precondition(lambda self: self.before)
    @rule()
    def compare(self):
        self.runner.run(self.both.compare())

    def teardown(self):
        try:
            if hasattr(self, "both"):
                self.runner.run(self._finish())
        finally:
            self.runner.run(self.stack.aclose())
            self.runner.close()

    async def _finish(self):
        await self.both.compare()
        assert await audit_books(self.url) == []


def machine(server, template):
    return type("Beside", (Beside,), {"server": server, "template": template})


def test_the_ledger_agrees_with_the_model_whatever_the_batches(postgres, template_database):
    run_state_machine_as_test(machine(postgres, template_database), settings=QUICK)


@pytest.mark.soak
def test_the_ledger_agrees_with_the_model_for_long(postgres, template_database, soak_share_seconds):
    deadline = time.monotonic() + soak_share_seconds
    deep = settings(QUICK, max_examples=50, stateful_step_count=40)
    while time.monotonic() < deadline:
        run_state_machine_as_test(machine(postgres, template_database), settings=deep)
