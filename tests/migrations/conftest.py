"""Databases that nothing was migrated in yet."""

from collections.abc import AsyncIterator
from itertools import count

import asyncpg
import pytest

from hub.kernel.embedded.server import Server

numbers = count(1)


@pytest.fixture
async def empty_database_url(postgres: Server, worker_id: str) -> AsyncIterator[str]:
    name = f"empty_{worker_id}_{next(numbers)}"
    connection = await asyncpg.connect(postgres.url("postgres"))
    await connection.execute(f"DROP DATABASE IF EXISTS {name}")
    await connection.execute(f"CREATE DATABASE {name}")
    yield postgres.url(name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()
