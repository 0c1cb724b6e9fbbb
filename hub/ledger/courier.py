"""A courier: carries the operations of its lanes to the database, one call for all that wait."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, Self, TypeAlias

import asyncpg
import structlog

from hub.kernel.clock import Clock
from hub.kernel.tx import RawConnection
from hub.ledger.batches import Batch
from hub.ledger.calls import (
    POST_BATCH,
    POST_MONEY,
    RECALL,
    arguments_of,
    columns_of,
    key_of,
    lane_of_entry,
)
from hub.ledger.cuts import cut_lane_until
from hub.ledger.errors import OutcomeUnknown, Overloaded, PosterClosed
from hub.ledger.operations import HOUSE_LANE, Code, HouseOperation, Operation, Outcome
from hub.ledger.settings import PosterSettings

log = structlog.get_logger()

Connect = Callable[[], Awaitable[RawConnection]]

_Item: TypeAlias = tuple[Operation, asyncio.Future[Outcome]]

RACE_TRIES: Final = 2
"""How often a batch that lost a race against another hub is sent again, as it is."""

CONNECTION_LOST: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    OSError,
)
"""The outcome of what was under way is unknown: SQLSTATE 08, 57P0x, or a broken socket."""


class Courier:
    """One task and one connection of its own that carry operations to `post_batch`.

    Start with `async with`. `enqueue` may be called from any task.
    """

    def __init__(self, connect: Connect, *, clock: Clock, settings: PosterSettings) -> None:
        self._connect = connect
        self._clock = clock
        self._settings = settings
        self._queue: deque[_Item] = deque()
        self._wake = asyncio.Event()
        self._connection: RawConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._database_lock = asyncio.Lock()
        self._is_closing = False
        self.batch_count = 0
        self.operation_count = 0

    async def __aenter__(self) -> Self:
        self._connection = await self._connect()
        self._task = asyncio.create_task(self._run(), name="courier")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let what waits leave, then close; whoever is still waiting after a while is told so."""
        self._is_closing = True
        self._wake.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=self._settings.call_timeout_seconds)
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        while self._queue:
            _fail(self._queue.popleft()[1], PosterClosed())
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close()

    @property
    def room(self) -> int:
        """How many more operations may wait."""
        return self._settings.queue_max - len(self._queue)

    async def recall(self, operation: Operation | HouseOperation) -> Outcome | None:
        """Tell what an operation's key was answered before, without booking anything.

        None when the key is new; a key of another request is a conflict, as in `post`.

        Errors: OutcomeUnknown.
        """
        async with self._database_lock:
            try:
                connection = await self._connected()
                row = await connection.fetchrow(RECALL, *key_of(operation))
            except CONNECTION_LOST as error:
                raise OutcomeUnknown from error
        return None if row is None else _outcome(lane_of_entry(operation), row)

    def enqueue(self, operation: Operation) -> asyncio.Future[Outcome]:
        """Let an operation wait for the next batch; the future gives its outcome.

        Errors: Overloaded.
        """
        if self.room <= 0:
            raise Overloaded(retry_after_seconds=1)
        if self._is_closing or self._task is None or self._task.done():
            raise PosterClosed
        future = asyncio.get_running_loop().create_future()
        self._queue.append((operation, future))
        self._wake.set()
        return future

    async def _run(self) -> None:
        while True:
            if not self._queue:
                if self._is_closing:
                    return
                self._wake.clear()
                await self._wake.wait()
                continue  # woken for work, or to close
            await asyncio.sleep(0)  # whoever is ready now joins this batch
            batch = self._take()
            try:
                async with self._database_lock:
                    await self._send(batch)
            except BaseException as error:
                # A mistake of ours, or the end of the hub: nobody may be left waiting for ever.
                for _, future in batch:
                    _fail(future, OutcomeUnknown())
                if not isinstance(error, Exception):
                    raise
                log.exception("poster.batch_failed", operations=len(batch))

    def _take(self) -> list[_Item]:
        """Take what may leave together, in order; the rest keeps its place in the queue."""
        batch = Batch()
        taken: list[_Item] = []
        passed_over: list[_Item] = []
        for _ in range(min(len(self._queue), self._settings.look_ahead_max)):
            if len(taken) >= self._settings.batch_max:
                break
            item = self._queue.popleft()
            (taken if batch.admit(item[0]) else passed_over).append(item)
        self._queue.extendleft(reversed(passed_over))
        return taken

    async def _send(self, batch: list[_Item], tries_left: int = RACE_TRIES) -> None:
        """Post a batch and answer its callers; a poison operation is isolated by halving."""
        try:
            outcomes = await self._call([operation for operation, _ in batch])
        except CONNECTION_LOST as error:
            log.warning("poster.connection_lost", operations=len(batch), error=str(error))
            for _, future in batch:
                _fail(future, OutcomeUnknown())
            return
        except asyncpg.PostgresError as error:
            await self._isolate(batch, error, tries_left)
            return
        self.batch_count += 1
        self.operation_count += len(batch)
        waiting = []
        over: dict[int, datetime] = {}
        for (operation, future), outcome in zip(batch, outcomes, strict=True):
            if outcome.code == Code.CUT_DUE:
                waiting.append((operation, future))
                over[outcome.lane] = outcome.posted_at
            else:
                _succeed(future, outcome)
        if waiting:
            self._queue.extendleft(reversed(waiting))
            await self._cut(over)

    async def _isolate(
        self, batch: list[_Item], error: asyncpg.PostgresError, tries_left: int
    ) -> None:
        """Halve a batch that was rolled back until the operation that fails stands alone.

        Two hubs that issue for one reference at once also come here: trying again, the second sees
        the first's entry and is refused.
        """
        is_race = isinstance(error, asyncpg.UniqueViolationError | asyncpg.DeadlockDetectedError)
        if is_race and tries_left:
            await self._send(batch, tries_left - 1)
            return
        if len(batch) == 1:
            ((operation, future),) = batch
            log.error("poster.operation_failed", kind=operation.kind.name, error=str(error))
            _fail(future, error)
            return
        middle = len(batch) // 2
        await self._send(batch[:middle])
        await self._send(batch[middle:])

    async def _call(self, operations: list[Operation]) -> list[Outcome]:
        connection = await self._connected()
        rows = await connection.fetch(
            POST_BATCH,
            self._clock(),
            *columns_of(operations),
            timeout=self._settings.call_timeout_seconds,
        )
        return [
            _outcome(operation.wallet.lane, row)
            for operation, row in zip(operations, rows, strict=True)
        ]

    async def post_house(self, operation: HouseOperation) -> Outcome:
        """Book one entry of the house lane.

        Errors: OutcomeUnknown.
        """
        while True:
            async with self._database_lock:
                try:
                    connection = await self._connected()
                    row = await connection.fetchrow(
                        POST_MONEY, self._clock(), *arguments_of(operation)
                    )
                except CONNECTION_LOST as error:
                    raise OutcomeUnknown from error
                assert row is not None, "post_money answers one row"
                if row["code"] != Code.CUT_DUE:
                    return _outcome(HOUSE_LANE, row)
                await self._cut({HOUSE_LANE: row["posted_at"]})

    async def _cut(self, over: dict[int, datetime]) -> None:
        """Cut lanes whose segment is over, so that what waits for the next one can be posted."""
        try:
            connection = await self._connected()
            for lane, instant in sorted(over.items()):
                await cut_lane_until(connection, lane, instant)
        except CONNECTION_LOST as error:
            log.warning("poster.connection_lost", error=str(error))

    async def _connected(self) -> RawConnection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
        return self._connection


def _outcome(lane: int, row: asyncpg.Record) -> Outcome:
    return Outcome(row[0], row[1], lane, row[2], row[3], row[4])


def _fail(future: asyncio.Future[Outcome], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


def _succeed(future: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not future.done():
        future.set_result(outcome)
