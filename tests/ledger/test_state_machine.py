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
from tests.coalition import DAY, STEP, audit_books, open_coalition
from tests.conftest import administer
from tests.ledger.beside import Both
from tests.ledger.draws import groupings, submissions

numbers = count(1)
QUICK = settings(
    max_examples=14,
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
        ends = {lot.expires for lot in self.both.books.all_lots.values() if lot.expires}
        edges = sorted(e for end in {*ends, *self.both.cuts} for e in (end - STEP, end) if e >= now)
        if edges:
            clock = self.both.coalition.clock
            clock.tick(data.draw(st.sampled_from(edges[:6])) - now)

    @rule(data=st.data())
    def plan_cut(self, data):
        now = self.both.now
        ends = {lot.expires for lot in self.both.books.all_lots.values() if lot.expires}
        edges = sorted(e for end in ends for e in (end - STEP, end, end + STEP) if e > now)
        at = data.draw(st.sampled_from([now + DAY, now + STEP, now + 3 * DAY, *edges[:6]]))
        self.runner.run(self.both.plan_cut(at))

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
def test_the_ledger_agrees_with_the_model_for_long(postgres, template_database, soak_seconds):
    deadline = time.monotonic() + soak_seconds
    deep = settings(QUICK, max_examples=50, stateful_step_count=40)
    while time.monotonic() < deadline:
        run_state_machine_as_test(machine(postgres, template_database), settings=deep)
