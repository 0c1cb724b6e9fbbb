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
from hub.ledger.operations import HouseOperation, Operation, Outcome
from hub.ledger.settings import PosterSettings

Connect = Callable[[], Awaitable[RawConnection]]


class Poster:
    """A few couriers, each with lanes of its own: while one waits for the database, another packs.

    A lane belongs to one courier, so every wallet keeps the order in which it was asked. Start with
    `async with`. `post` may be called from any number of tasks.
    """

    def __init__(self, connect: Connect, *, clock: Clock, settings: PosterSettings) -> None:
        self.couriers = [
            Courier(connect, clock=clock, settings=settings)
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

    async def post(self, operation: Operation) -> Outcome:
        """Book one operation and give its outcome; a refusal is an outcome too.

        A caller who goes away gives up the answer, not the operation: its key tells later what
        became of it.

        Errors: Overloaded, OutcomeUnknown.
        """
        return await self.enqueue(operation)

    async def post_many(self, operations: Sequence[Operation]) -> list[Outcome]:
        """Book operations in their order on each wallet; each has an outcome of its own.

        Errors: Overloaded (nothing was taken in), OutcomeUnknown.
        """
        if len(operations) > min(courier.room for courier in self.couriers):
            raise Overloaded(retry_after_seconds=1)
        futures = [self.enqueue(operation) for operation in operations]
        return await asyncio.gather(*futures)

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

    def enqueue(self, operation: Operation) -> asyncio.Future[Outcome]:
        """Let an operation wait for the next batch of its lane; the future gives its outcome.

        Errors: Overloaded.
        """
        return self.couriers[operation.wallet.lane % len(self.couriers)].enqueue(operation)
