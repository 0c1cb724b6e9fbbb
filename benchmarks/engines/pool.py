"""The pool of connections that the naive engines share."""

from typing import Final, TypeAlias

import asyncpg

CONNECTION_COUNT: Final = 32

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


def make_pool(url: str) -> Pool:
    """Make a pool as most people do: asyncpg's own, with its defaults but for the size.

    Its defaults reset a connection after each use, which is a round trip; docs/benchmarks.md tells
    what leaving that out is worth.
    """
    return asyncpg.create_pool(
        url,
        min_size=CONNECTION_COUNT,
        max_size=CONNECTION_COUNT,
        server_settings={"jit": "off", "timezone": "UTC"},
    )
