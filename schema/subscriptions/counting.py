"""`count`: to try a connection, and all proxies on its way, before relying on it."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, Any, Final

import strawberry

from schema.faults import bad_input

COUNT_MAX: Final = 100_000
PAUSE_SECONDS: Final = 1 / 50

To = Annotated[
    int, strawberry.argument(description=f"How many numbers to count, 1 to {COUNT_MAX:,}.")
]


async def _count(to: To) -> AsyncGenerator[int, None]:
    """Count."""
    if not 1 <= to <= COUNT_MAX:
        raise bad_input(f"`to` is {to}; it must be 1 to {COUNT_MAX:,}.")
    for number in range(to):
        yield number
        await asyncio.sleep(PAUSE_SECONDS)


count: Final[Any] = strawberry.subscription(
    _count,
    description="Counts from 0, 50 numbers a second: to try a connection, a proxy or a client."
    " Needs no token and touches no data.",
)
