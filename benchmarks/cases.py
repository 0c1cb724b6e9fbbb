"""What is compared: each case asks one engine for one kind of order, from so many callers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from random import Random
from typing import Final

from benchmarks.engines.function_call import FunctionCall
from benchmarks.engines.mapper import Mapper, make_mapper_engine
from benchmarks.engines.pool import make_pool
from benchmarks.engines.posting import DirectCall, Posting, Verb, running_poster
from benchmarks.engines.statements import Statements
from benchmarks.load import Drawing, Order
from benchmarks.measure import Call, Case
from benchmarks.stage import TOP_UP_POINTS, Stage
from hub.kernel.kept import KeptConnection
from hub.kernel.tx import connect
from hub.ledger.operations import Place
from partners.register import Register

MANY: Final = 256
SOME: Final = 32
BULK: Final = 1000
SIP_POINTS: Final = 5
"""What a redemption of the one rich or poor wallet takes."""

Ask = Callable[[Order], Awaitable[int]]


@asynccontextmanager
async def opened_cases(stage: Stage) -> AsyncIterator[list[Case]]:
    """Connect every engine, and give the cases in the order in which a round plays them."""
    url = stage.url
    async with AsyncExitStack() as stack:
        durable = await stack.enter_async_context(running_poster(url, is_durable=True))
        volatile = await stack.enter_async_context(running_poster(url, is_durable=False))
        pool = await stack.enter_async_context(make_pool(url))
        direct = await connect(url)
        stack.push_async_callback(direct.close)
        orm = make_mapper_engine(url)
        stack.push_async_callback(orm.dispose)
        kept = KeptConnection(lambda: connect(url))
        stack.push_async_callback(kept.close)
        register = Register(kept)
        await register.refresh()
        hub, statements, function = Posting(durable), Statements(pool), FunctionCall(pool)
        issue, one, redeem = stage.spread.issue, stage.one_partner.issue, stage.loaded.redemption
        yield [
            # What is compared stands side by side.
            Case("issue orm", SOME, _asking(Mapper(orm).issue, issue)),
            Case("issue naive", SOME, _asking(statements.issue, issue)),
            Case("issue poster 256", MANY, _asking(hub.issue, issue)),
            Case("issue one partner", MANY, _asking(hub.issue, one)),
            Case("issue not durable", MANY, _asking(Posting(volatile).issue, issue)),
            Case("issue verb 256", MANY, _asking(Verb(durable, register).issue, issue)),
            Case("issue bulk", 1, _asking_for_many(hub, stage.spread), BULK),
            Case("issue poster 32", SOME, _asking(hub.issue, issue)),
            Case("issue function", SOME, _asking(function.issue, issue)),
            Case("issue poster 1", 1, _asking(hub.issue, issue)),
            Case("issue direct", 1, _asking(DirectCall(direct).issue, issue)),
            Case("redeem naive", SOME, _asking(statements.redeem, redeem)),
            Case("redeem poster 256", MANY, _asking(hub.redeem, redeem)),
            Case("hold, capture poster 256", MANY, _asking(hub.hold_and_capture, redeem)),
            Case("redeem poster 32", SOME, _asking(hub.redeem, redeem)),
            Case("redeem function", SOME, _asking(function.redeem, redeem)),
            Case("redeem 20000 lots", MANY, _sipping(hub, stage, stage.rich)),
            Case("redeem 5 lots", MANY, _sipping(hub, stage, stage.poor)),
        ]


def _asking(ask: Ask, draw: Callable[[], Order]) -> Call:
    async def call() -> int:
        return await ask(draw())

    return call


def _asking_for_many(hub: Posting, drawing: Drawing) -> Call:
    async def call() -> int:
        return await hub.issue_many(drawing, BULK)

    return call


def _sipping(hub: Posting, stage: Stage, wallet: Place) -> Call:
    """Redeem a little from one wallet, again and again; issue as much as soon as a lot is used up.

    So both wallets keep their number of lots, and both use up lots equally often.
    """
    random = Random(wallet.number)  # noqa: S311 (repeatable, not secret)
    drawing = Drawing(random, stage.parties, [wallet])
    turns = count(1)
    sips_per_lot = TOP_UP_POINTS // SIP_POINTS

    async def call() -> int:
        if next(turns) % (sips_per_lot + 1) == 0:
            return await hub.issue(drawing.order(TOP_UP_POINTS))
        return await hub.redeem(drawing.order(SIP_POINTS))

    return call
