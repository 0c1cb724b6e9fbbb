"""`hub migrate` says from which revision to which, and can only print."""

import asyncio
import os

import pytest

from hub.cli.migrate import app
from hub.kernel.database import create_database, drop_database, find_revision, newest_revision
from tests.cli.running import run

NAME = f"migrate_command_{os.getpid()}"


@pytest.fixture
def empty_url(postgres):
    url = asyncio.run(create_database(postgres.url("postgres"), NAME))
    yield url
    asyncio.run(drop_database(postgres.url("postgres"), NAME))


def test_an_empty_database_is_migrated_once(empty_url: str) -> None:
    newest = newest_revision()

    assert run(app, empty_url).stdout == f"migrated: from nothing to {newest}\n"
    assert run(app, empty_url).stdout == f"nothing to do: from {newest} to {newest}\n"


def test_the_sql_is_printed_and_not_run(empty_url: str) -> None:
    printed = run(app, empty_url, "--sql")

    assert printed.exit_code == 0
    assert "CREATE TABLE partners (" in printed.stdout
    assert "CREATE FUNCTION ledger.post_batch(" in printed.stdout
    assert asyncio.run(find_revision(empty_url)) is None
