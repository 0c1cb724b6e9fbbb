"""What a resolver is given: who acts, one read-only transaction, loaders, and the rooms below."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Protocol, TypeAlias

import strawberry

from auth.consents.orders import Agreement
from auth.rates.marked import Marked
from hub.kernel.actor import Actor, ActorKind
from hub.kernel.clock import Clock
from hub.kernel.tx import Database, ReadTx, Tx
from hub.ledger.errors import OutcomeUnknown
from hub.ledger.feed.live import LiveFeed
from hub.ledger.poster import Poster
from hub.members.wallets import WalletFinder
from partners.register import Register
from schema.faults import unauthenticated
from schema.ids import Audience, Audiences
from schema.view.gate import Gate
from schema.view.shelf import DocumentShelf
from settlement.following import WindowWatch


class Rooms(Protocol):
    """What the API stands on: `hub.wiring.Hub` is one."""

    @property
    def database(self) -> Database:
        """The database."""

    @property
    def register(self) -> Register:
        """Partners and terms."""

    @property
    def poster(self) -> Poster:
        """The poster."""

    @property
    def wallets(self) -> WalletFinder:
        """From references to wallets."""

    @property
    def clock(self) -> Clock:
        """The clock."""

    @property
    def live(self) -> LiveFeed:
        """New entries, as they are booked."""

    @property
    def window_watch(self) -> WindowWatch:
        """Settlement windows, as they change."""

    @property
    def probed(self) -> Marked:
        """Whose points were asked for in vain lately."""


Confirm: TypeAlias = Callable[[Actor], Awaitable[bool]]
"""Whether an actor is still let in: a token may have been revoked since it was read."""


async def always(_: Actor) -> bool:
    """Let everybody stay in."""
    return True


class ContextClosed(Exception):
    """The request is over: nobody waits for what was about to be read."""


class Context:
    """One request: its actor, and what it has opened so far."""

    def __init__(
        self,
        rooms: Rooms,
        *,
        actor: Actor | None,
        audiences: Audiences,
        request_id: str,
        documents: DocumentShelf,
        gate: Gate,
        agreement: Agreement,
        confirm: Confirm = always,
    ) -> None:
        self.rooms = rooms
        self.request_id = request_id
        self.documents = documents
        self.gate = gate
        self._named = actor
        self._actor = None if actor is None else lead_on(actor, rooms.wallets)
        self._confirm = confirm
        self.agreement = agreement
        self._audiences = audiences
        self._lock = asyncio.Lock()
        self._reading: ReadTx | None = None
        self._is_over = False
        self._opened = AsyncExitStack()
        self.loads: dict[str, object] = {}

    @property
    def actor(self) -> Actor:
        """Who acts.

        Errors: the fault UNAUTHENTICATED.
        """
        if self._actor is None:
            raise unauthenticated()
        return self._actor

    async def check_still_in(self) -> None:
        """See that whoever acts is still let in: asked before anything is changed.

        Errors: the fault UNAUTHENTICATED.
        """
        if not await self._confirm(self.actor):
            raise unauthenticated()

    @property
    def audience(self) -> Audience:
        """The ids of whoever acts; one who was merged keeps the ids that were given before."""
        return self._audiences.of(self._named or self.actor)

    @property
    def partner_id(self) -> int | None:
        """The partner that acts; None when it is not a partner."""
        return self.actor.number if self.actor.kind is ActorKind.PARTNER else None

    @property
    def member_id(self) -> int | None:
        """The member who acts; None when it is not a member."""
        return self.actor.number if self.actor.kind is ActorKind.MEMBER else None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadTx]:
        """Lend the request's one read-only transaction, opened when first asked for.

        Resolvers run side by side and a connection serves one at a time: hence the lock. One that
        is cancelled because another failed may leave a connection that broke off in the middle of
        a statement: whoever comes next gets a new one.

        Errors: ContextClosed.
        """
        async with self._lock:
            if self._is_over:
                raise ContextClosed
            try:
                if self._reading is None:
                    self._reading = await self._opened.enter_async_context(
                        self.rooms.database.read(self.actor)
                    )
                yield self._reading
            except asyncio.CancelledError:
                await self._give_back()
                raise

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """Open a transaction that commits at the end of the block.

        Errors: OutcomeUnknown, when the connection went away.
        """
        try:
            async with self.rooms.database.begin(self.actor) as tx:
                yield tx
        except Exception as error:
            if is_connection_lost(error):
                raise OutcomeUnknown from error
            raise

    async def turn(self) -> None:
        """Begin a mutation: what was read before it is not what is there after it."""
        self.loads.clear()
        async with self._lock:
            await self._give_back()

    async def close(self) -> None:
        """Give the connection back; nothing is read any more, by whoever is still about to."""
        async with self._lock:
            self._is_over = True
            await self._give_back()

    async def _give_back(self) -> None:
        self._reading = None
        opened, self._opened = self._opened, AsyncExitStack()
        await opened.aclose()


def lead_on(actor: Actor, wallets: WalletFinder) -> Actor:
    """Let a member who was merged act as the survivor, whichever of the two signed in."""
    if actor.kind is not ActorKind.MEMBER:
        return actor
    led = wallets.forwards.find_member(actor.number)
    return actor if led == actor.number else replace(actor, number=led)


Info: TypeAlias = strawberry.Info[Context, None]


def is_connection_lost(error: BaseException) -> bool:
    """Whether the database went away, so that nobody knows what became of a commit."""
    return isinstance(error, OSError) or bool(getattr(error, "connection_invalidated", False))
