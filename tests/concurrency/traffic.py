"""A hub that issues without end until it is killed: run as a program by the tests of kill -9.

    python -m tests.concurrency.traffic URL FIRST LANE:WALLET ...

It prints the number of every issue that was acknowledged.
"""

import asyncio
import sys
from itertools import count

from hub.ledger.operations import Place
from hub.points.issue import Issued, issue_points
from hub.points.requests import NEVER, Request
from hub.wiring import Hub, open_hub

TASKS = 16


async def issue_number(hub: Hub, wallets: list[Place], number: int) -> Issued:
    """The issue of this number: the same request whoever makes it, and however often."""
    return await issue_points(
        hub.poster,
        hub.register,
        Request(key=f"key-{number}", actor="test"),
        now=hub.clock(),
        issuer=hub.register.get_partner("air"),
        wallet=wallets[number % len(wallets)],
        points=number % 7 + 1,
        reference=f"till-{number}",
        expires_at=NEVER,
    )


async def run(url: str, first: int, wallets: list[Place]) -> None:
    numbers = count(first)
    async with open_hub(url) as hub:

        async def one() -> None:
            while True:
                number = next(numbers)
                await issue_number(hub, wallets, number)
                print(number, flush=True)  # noqa: T201

        await asyncio.gather(*(one() for _ in range(TASKS)))


def main() -> None:
    url, first, *places = sys.argv[1:]
    wallets = [Place(*(int(part) for part in place.split(":"))) for place in places]
    asyncio.run(run(url, int(first), wallets))


if __name__ == "__main__":
    main()
