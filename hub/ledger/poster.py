"""The poster: concurrent operations leave together, one call and one commit for all of them.

There is no timer. A batch is whatever queued while the last one was under way, so a lone operation
waits for nothing, and under load batches grow by themselves (docs/benchmarks.md).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Self

from hub.kernel.clock import Clock
from hub.kernel.tx import RawConnection
from hub.ledger.courier import Courier
from hub.ledger.errors import Overloaded
from hub.ledger.figures import CourierFigures
from hub.ledger.operations import CREDITS, HouseOperation, Operation, Outcome
from hub.ledger.settings import PosterSettings

Connect = Callable[[], Awaitable[RawConnection]]


class Poster:
    """A few couriers, each with lanes of its own: while one waits for the database, another packs.

    A lane belongs to one courier, so every wallet keeps the order in which it was asked. Start with
    `async with`. `post` may be called from any number of tasks.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        clock: Clock,
        settings: PosterSettings,
        on_booked: Callable[[], None] = lambda: None,
    ) -> None:
        self.couriers = [
            Courier(connect, clock=clock, settings=settings, on_booked=on_booked)
            for _ in range(settings.connection_count)
        ]
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            for courier in self.couriers:
                await opening.enter_async_context(courier)
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let what waits leave, then close; whoever is still waiting after a while is told so."""
        await self._open.aclose()

    @property
    def batch_count(self) -> int:
        """How many batches were booked."""
        return sum(courier.batch_count for courier in self.couriers)

    @property
    def operation_count(self) -> int:
        """How many operations were booked or refused."""
        return sum(courier.operation_count for courier in self.couriers)

    @property
    def waiting_count(self) -> int:
        """How many operations wait; those of a group count as one."""
        return sum(courier.waiting_count for courier in self.couriers)

    def sum_up(self) -> CourierFigures:
        """Add up what the couriers counted."""
        figures = CourierFigures()
        for courier in self.couriers:
            figures.add(courier.figures)
        return figures

    async def post(self, operation: Operation) -> Outcome:
        """Book one operation and give its outcome; a refusal is an outcome too.

        A caller who goes away gives up the answer, not the operation: its key tells later what
        became of it.

        Errors: Overloaded, OutcomeUnknown.
        """
        (outcome,) = await self.enqueue(operation)
        return outcome

    async def post_group(self, operations: Sequence[Operation]) -> list[Outcome]:
        """Book credits of one wallet together: all of them, or none.

        Where one is refused, the others are `Code.GROUP_REFUSED`.

        Errors: Overloaded, OutcomeUnknown.
        """
        assert len({operation.wallet for operation in operations}) == 1, "a group is of one wallet"
        assert all(operation.kind in CREDITS for operation in operations), "a group is of credits"
        return await self.enqueue(*operations)

    async def post_many(self, operations: Sequence[Operation]) -> list[Outcome]:
        """Book operations in their order on each wallet; each has an outcome of its own.

        Errors: Overloaded (nothing was taken in), OutcomeUnknown.
        """
        self.check_room(len(operations))
        answers = await asyncio.gather(*[self.enqueue(operation) for operation in operations])
        return [outcome for outcomes in answers for outcome in outcomes]

    def check_room(self, operation_count: int) -> None:
        """See that so many operations may wait, whichever lanes they touch.

        Errors: Overloaded.
        """
        if operation_count > min(courier.room for courier in self.couriers):
            raise Overloaded(retry_after_seconds=1)

    async def post_house(self, operation: HouseOperation) -> Outcome:
        """Book one entry of the house lane.

        Errors: OutcomeUnknown.
        """
        courier = self.couriers[0]
        return await asyncio.shield(asyncio.ensure_future(courier.post_house(operation)))

    async def recall(self, operation: Operation | HouseOperation) -> Outcome | None:
        """Tell what an operation's key was answered before, without booking anything.

        None when the key is new; a key of another request is a conflict, as in `post`.

        Errors: OutcomeUnknown.
        """
        return await self.couriers[0].recall(operation)

    def enqueue(self, *group: Operation) -> asyncio.Future[list[Outcome]]:
        """Let operations of one wallet wait for the next batch of its lane; all or none are booked.

        Errors: Overloaded.
        """
        courier = self.couriers[group[0].wallet.lane % len(self.couriers)]
        return courier.enqueue(*group)
