"""A person in a browser who has signed in, as the consent page sees them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from starlette.requests import Request

from hub.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signed in.

    `session_key` is a secret of this session alone: what a page gives to be sent back is signed
    with it.
    """

    actor: Actor
    authenticated_at: datetime
    acr: str
    amr: tuple[str, ...]
    session_key: bytes
    name: str = ""


FindSignedIn: TypeAlias = Callable[[Request], Awaitable[Person | None]]

SIGN_IN_PATH = "/sign-in"
"""Takes `next`, a path of ours to come back to, and `max_age`, the seconds a sign-in may be old."""


async def find_nobody_signed_in(_: Request) -> Person | None:
    """Find nobody: where no sessions are served."""
    return None
