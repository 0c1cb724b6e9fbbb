"""Who calls: what a caller brings along, and what the hub makes of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.requests import HTTPConnection

from hub.kernel.actor import Actor


async def always() -> bool:
    """Say that a sign-in is good until it expires."""
    return True


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller brings to show who it is: a request, or the handshake of a socket.

    `payload` is that of `connection_init`: pages cannot send headers with a handshake, so what
    would stand in the headers `authorization` and `dpop` may stand there.
    """

    connection: HTTPConnection
    payload: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_shown(self) -> bool:
        """Whether anything was shown at all: then it has to be good."""
        return "authorization" in self.payload or "authorization" in self.connection.headers


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who has shown who they are.

    `is_still_in` is asked before each event that is sent: a token that was withdrawn meanwhile gets
    no more.
    """

    actor: Actor
    is_still_in: Callable[[], Awaitable[bool]] = always

    @property
    def expires_at(self) -> datetime | None:
        """From when on they must show it again; None: never."""
        return self.actor.ends_at

    @property
    def scopes(self) -> frozenset[str] | None:
        """What they were granted; None: all that their kind may do."""
        return self.actor.credential.scopes


FindCaller = Callable[[Credentials], Awaitable[Caller | None]]
"""Finds out who calls; None when it does not say. It raises a fault when it may not call."""
