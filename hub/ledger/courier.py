"""A courier: carries the operations of its lanes to the database, one call for all that wait."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final, Self

import asyncpg
import structlog
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind

from hub.kernel.clock import Clock
from hub.kernel.effort import EFFORT
from hub.kernel.traces import Trace, link_both, links_to
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
from hub.ledger.caps.borrowing import Borrowing
from hub.ledger.cuts import cut_lane_until
from hub.ledger.due import book_lapses, book_repayments
from hub.ledger.errors import OutcomeUnknown, Overloaded, PosterClosed
from hub.ledger.figures import CourierFigures
from hub.ledger.operations import HOUSE_LANE, Code, HouseOperation, Operation, Outcome, Place
from hub.ledger.settings import PosterSettings

log = structlog.get_logger()

Connect = Callable[[], Awaitable[RawConnection]]

UPKEEP_ROUNDS_MAX: Final = 100
"""How often an operation is sent again because something else was to be booked before it."""

RACE_TRIES: Final = 2
"""How often a batch that lost a race against another hub is sent again, as it is."""

CONNECTION_LOST: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg makes of a server that dies in mid-sentence
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    OSError,
)
"""The outcome of what was under way is unknown: SQLSTATE 08, 57P0x, or a broken socket."""


@dataclass(frozen=True, slots=True)
class _Parcel:
    """Operations that stay together, who waits for their outcomes, and how often they came back.

    `trace` is where the request of whoever waits is traced.
    """

    operations: tuple[Operation, ...]
    answer: asyncio.Future[list[Outcome]]
    trace: Trace | None = None
    rounds: int = 0


@dataclass(slots=True)
class _Upkeep:
    """What is to be booked before operations that came back can be decided."""

    cuts: dict[int, Outcome] = field(default_factory=dict)
    lapses: dict[Place, Operation] = field(default_factory=dict)
    repayments: dict[Place, Operation] = field(default_factory=dict)
    borrowing: Borrowing = field(default_factory=Borrowing)

    def note(self, operation: Operation, outcome: Outcome) -> None:
        """Take in why an operation waits; of a wallet, the first one is the next to be decided."""
        match outcome.code:
            case Code.CUT_DUE:
                self.cuts[outcome.lane] = outcome
            case Code.LAPSE_DUE:
                self.lapses.setdefault(operation.wallet, operation)
            case Code.REPAYMENT_DUE:
                self.repayments.setdefault(operation.wallet, operation)
            case Code.SLICE_SHORT:
                self.borrowing.note(outcome)

    def mark(self, parcel: _Parcel) -> _Parcel:
        """Note on what is sent again whether its slices of caps could borrow more."""
        operations = self.borrowing.mark(parcel.operations, rounds=parcel.rounds)
        return replace(parcel, operations=operations, rounds=parcel.rounds + 1)


class Courier:
    """One task and one connection of its own that carry operations to `post_batch`.

    Start with `async with`. `enqueue` may be called from any task. `on_booked` is called after
    every batch: whoever follows the entries need not wait until they look again.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        clock: Clock,
        settings: PosterSettings,
        on_booked: Callable[[], None],
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._settings = settings
        self._on_booked = on_booked
        self._queue: deque[_Parcel] = deque()
        self._wake = asyncio.Event()
        self._connection: RawConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._database_lock = asyncio.Lock()
        self._is_closing = False
        self.batch_count = 0
        self.operation_count = 0
        self.figures = CourierFigures()

    async def __aenter__(self) -> Self:
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
            _fail(self._queue.popleft(), PosterClosed())
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close()

    @property
    def room(self) -> int:
        """How many more operations may wait."""
        return self._settings.queue_max - len(self._queue)

    @property
    def waiting_count(self) -> int:
        """How many operations wait; those of a group count as one."""
        return len(self._queue)

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

    def enqueue(self, *group: Operation) -> asyncio.Future[list[Outcome]]:
        """Let operations of one wallet wait for the next batch; all are booked, or none.

        Errors: Overloaded.
        """
        if self.room <= 0:
            raise Overloaded(retry_after_seconds=1)
        if self._is_closing or self._task is None or self._task.done():
            raise PosterClosed
        answer: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        effort = EFFORT.get()
        if effort is not None:
            effort.round_trip_count += 1
        self._queue.append(_Parcel(group, answer, effort.trace if effort else None))
        self._wake.set()
        return answer

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
                    waiting = await self._send(batch)
                self._queue.extendleft(reversed(waiting))
            except BaseException as error:
                # A mistake of ours, or the end of the hub: nobody may be left waiting for ever.
                for parcel in batch:
                    _fail(parcel, OutcomeUnknown())
                if not isinstance(error, Exception):
                    raise
                log.exception("poster.batch_failed", operations=len(batch))

    def _take(self) -> list[_Parcel]:
        """Take what may leave together, in order; the rest keeps its place in the queue."""
        batch = Batch()
        taken: list[_Parcel] = []
        passed_over: list[_Parcel] = []
        for _ in range(min(len(self._queue), self._settings.look_ahead_max)):
            if len(batch.operations) >= self._settings.batch_max:
                break
            parcel = self._queue.popleft()
            (taken if batch.admit(*parcel.operations) else passed_over).append(parcel)
        self._queue.extendleft(reversed(passed_over))
        return taken

    async def _send(self, batch: list[_Parcel], tries_left: int = RACE_TRIES) -> list[_Parcel]:
        """Post a batch and answer its callers; a poison operation is isolated by halving.

        Gives what is to be sent again, in its order: it waited for something that is booked now.
        """
        try:
            answers = await self._carry(batch)
        except CONNECTION_LOST as error:
            self.figures.connection_lost_count += 1
            log.warning("poster.connection_lost", operations=len(batch), error=str(error))
            for parcel in batch:
                _fail(parcel, OutcomeUnknown())
            return []
        except asyncpg.PostgresError as error:
            return await self._isolate(batch, error, tries_left)
        self.batch_count += 1
        self._on_booked()
        upkeep = _Upkeep()
        waiting = []
        for parcel, outcomes in zip(batch, answers, strict=True):
            self.operation_count += len(outcomes)
            if not any(outcome.code in Code.WAITS for outcome in outcomes):
                for operation, outcome in zip(parcel.operations, outcomes, strict=True):
                    self.figures.note(operation.kind, outcome)
                _succeed(parcel, outcomes)
                continue
            assert parcel.rounds < UPKEEP_ROUNDS_MAX, "upkeep comes to an end"
            self.figures.upkeep_count += len(outcomes)
            waiting.append(parcel)
            for operation, outcome in zip(parcel.operations, outcomes, strict=True):
                upkeep.note(operation, outcome)
        if waiting:
            await self._keep_up(upkeep)
        return [upkeep.mark(parcel) for parcel in waiting]

    async def _isolate(
        self, batch: list[_Parcel], error: asyncpg.PostgresError, tries_left: int
    ) -> list[_Parcel]:
        """Halve a batch that was rolled back until the operation that fails stands alone.

        Where something of the first half waits, the second half waits behind it: it may be about
        the same wallets. Two hubs that issue for one reference at once also come here: trying
        again, the second sees the first's entry and is refused.
        """
        is_race = isinstance(error, asyncpg.UniqueViolationError | asyncpg.DeadlockDetectedError)
        if is_race and tries_left:
            return await self._send(batch, tries_left - 1)
        if len(batch) == 1:
            (parcel,) = batch
            kind = parcel.operations[0].kind.name
            log.error("poster.operation_failed", kind=kind, error=str(error))
            _fail(parcel, error)
            return []
        middle = len(batch) // 2
        waiting = await self._send(batch[:middle])
        if waiting:
            return waiting + batch[middle:]
        return await self._send(batch[middle:])

    async def _carry(self, batch: list[_Parcel]) -> list[list[Outcome]]:
        """Call the database, and tell traces and figures how that went."""
        traces = [parcel.trace for parcel in batch if parcel.trace is not None]
        span = None
        if traces:
            whole = Trace(traces[0].tracer, Context())
            span = whole.begin("poster.batch", kind=SpanKind.CLIENT, links=links_to(traces))
            link_both(span, traces)
        began = time.perf_counter_ns()
        answers = None
        try:
            answers = await self._call(batch)
        finally:
            if span is not None:
                span.end({"hub.parcel_count": len(batch)}, has_failed=answers is None)
        self.figures.batch_durations.note(time.perf_counter_ns() - began)
        self.figures.batch_sizes.note(sum(map(len, answers)))
        return answers

    async def _call(self, batch: list[_Parcel]) -> list[list[Outcome]]:
        connection = await self._connected()
        operations = [operation for parcel in batch for operation in parcel.operations]
        groups = [
            number if len(parcel.operations) > 1 else None
            for number, parcel in enumerate(batch)
            for _ in parcel.operations
        ]
        rows = await connection.fetch(
            POST_BATCH,
            self._clock(),
            *columns_of(operations, groups),
            timeout=self._settings.call_timeout_seconds,
        )
        answered = iter(rows)
        return [
            [_outcome(operation.wallet.lane, next(answered)) for operation in parcel.operations]
            for parcel in batch
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
                    self.figures.connection_lost_count += 1
                    raise OutcomeUnknown from error
                assert row is not None, "post_money answers one row"
                outcome = _outcome(HOUSE_LANE, row)
                if outcome.code != Code.CUT_DUE:
                    self.figures.note(operation.kind, outcome)
                    return outcome
                self.figures.upkeep_count += 1
                await self._keep_up(_Upkeep(cuts={HOUSE_LANE: outcome}))

    async def _keep_up(self, upkeep: _Upkeep) -> None:
        """Book what is due, so that what waits for it can be decided.

        Lanes whose segment is over are cut; wallets whose holds have ended get their points back;
        points that became usable repay what their wallet owes; short slices of caps borrow.
        """
        try:
            connection = await self._connected()
            for lane, outcome in sorted(upkeep.cuts.items()):
                await cut_lane_until(connection, lane, outcome.posted_at)
            now = self._clock()
            for book_due, waiting in (
                (book_lapses, upkeep.lapses),
                (book_repayments, upkeep.repayments),
            ):
                for wallet, operation in waiting.items():
                    at = operation.decided_at or now
                    await book_due(
                        connection, wallet, at=at, posted_at=operation.posted_at, clock=now
                    )
            await upkeep.borrowing.borrow(connection)
        except CONNECTION_LOST as error:
            self.figures.connection_lost_count += 1
            log.warning("poster.connection_lost", error=str(error))

    async def _connected(self) -> RawConnection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
        return self._connection


def _outcome(lane: int, row: asyncpg.Record) -> Outcome:
    return Outcome(row[0], row[1], lane, row[2], row[3], row[4], row[5], row[6])


def _fail(parcel: _Parcel, error: BaseException) -> None:
    if not parcel.answer.done():
        parcel.answer.set_exception(error)


def _succeed(parcel: _Parcel, outcomes: list[Outcome]) -> None:
    if not parcel.answer.done():
        parcel.answer.set_result(outcomes)
