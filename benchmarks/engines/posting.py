"""The hub itself: one poster for all callers; and its batch function called directly."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benchmarks.load import Drawing, Order, capture_of, hold_of, issue_of, redemption_of
from hub.kernel.clock import system_clock
from hub.kernel.tx import RawConnection, connect
from hub.ledger.calls import POST_BATCH, columns_of
from hub.ledger.operations import Code, Outcome
from hub.ledger.poster import Poster
from hub.ledger.settings import PosterSettings
from hub.points.issue import issue_points
from hub.points.requests import Request
from partners.register import Register


@dataclass(frozen=True, slots=True)
class Posting:
    """Orders through the poster."""

    poster: Poster

    async def issue(self, order: Order) -> int:
        """Issue; 1 when it is refused."""
        return _refused(await self.poster.post(issue_of(order)))

    async def redeem(self, order: Order) -> int:
        """Redeem; 1 when it is refused."""
        return _refused(await self.poster.post(redemption_of(order)))

    async def hold_and_capture(self, order: Order) -> int:
        """Set points aside, then take them; 1 when one of both is refused."""
        hold = await self.poster.post(hold_of(order))
        if hold.code != Code.BOOKED:
            return 1
        return _refused(await self.poster.post(capture_of(order, hold)))

    async def issue_many(self, drawing: Drawing, count: int) -> int:
        """Issue many at once; how many are refused."""
        operations = [issue_of(drawing.issue()) for _ in range(count)]
        return sum(map(_refused, await self.poster.post_many(operations)))


@dataclass(frozen=True, slots=True)
class Verb:
    """Orders through the verb that the rest of the hub calls: checks, terms and errors included."""

    poster: Poster
    register: Register

    async def issue(self, order: Order) -> int:
        """Issue; a refusal would be raised."""
        await issue_points(
            self.poster,
            self.register,
            Request(order.key, order.actor),
            now=system_clock(),
            issuer=self.register.get_partner_by_id(order.party.partner_id),
            wallet=order.wallet,
            points=order.points,
            reference=order.reference,
        )
        return 0


@dataclass(frozen=True, slots=True)
class DirectCall:
    """The batch function with one operation, on a connection of its own: no poster, no queue."""

    connection: RawConnection

    async def issue(self, order: Order) -> int:
        """Issue; 1 when it is refused."""
        operation = issue_of(order)
        row = await self.connection.fetchrow(POST_BATCH, system_clock(), *columns_of([operation]))
        assert row is not None, "one operation, one row"
        return _refused(Outcome(row[0], row[1], operation.wallet.lane, *row[2:6]))


@asynccontextmanager
async def running_poster(url: str, *, is_durable: bool) -> AsyncIterator[Poster]:
    """Run a poster with the settings it ships with; if not durable, a commit waits for no disk."""

    async def connected() -> RawConnection:
        connection = await connect(url)
        if not is_durable:
            await connection.execute("SET synchronous_commit = off")
        return connection

    async with Poster(connected, clock=system_clock, settings=PosterSettings()) as poster:
        yield poster


def _refused(outcome: Outcome) -> int:
    return int(outcome.code != Code.BOOKED)
