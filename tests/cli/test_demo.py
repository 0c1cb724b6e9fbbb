"""`hub demo`: loads once, finishes what was interrupted, and never doubles anything."""

import asyncio
import gzip
import json
import os
import shutil
from pathlib import Path

import pytest

from hub.cli.check_books import app as check_books_app
from hub.cli.demo.command import app
from hub.cli.demo.errors import AnotherCoalition, NotOursToEmpty, ReceiptsMissing
from hub.cli.demo.loading import SAMPLE, agree
from hub.cli.replay.history import read_replay
from hub.cli.replay.play import replay_history
from hub.cli.settle.command import app as settle_app
from hub.wiring import Hub, open_hub
from tests.cli.books import settle_two_months
from tests.cli.running import run, run_json
from tests.coalition import photograph

RECEIPTS = 1500
AT_ONCE = f"demo_at_once_{os.getpid()}"
EVENTS = "Replaying 1546 events of 630 households."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The first receipts of the sample, as a folder of their own; they cover its first days."""
    shutil.copytree(SAMPLE, tmp_path / "sample")
    receipts = tmp_path / "sample" / "receipts.csv.gz"
    lines = gzip.decompress(receipts.read_bytes()).splitlines(keepends=True)[: RECEIPTS + 1]
    receipts.write_bytes(gzip.compress(b"".join(lines)))
    redemptions = tmp_path / "sample" / "campaign_redemptions.csv"
    redemptions.write_text(redemptions.read_text().splitlines()[0] + "\n")
    manifest = tmp_path / "sample" / "MANIFEST.json"
    manifest.write_text(json.dumps({"local_dates": ["2017-04-24", "2017-05-02"]}))
    return tmp_path / "sample"


def figures(url: str) -> list[dict[str, str]]:
    names = [window["window"] for window in run_json(settle_app, url, "windows")]
    closed = [name for name in names if "2017" in name and not name.startswith("weekly/W2026")]
    shown = [run_json(settle_app, url, "show", name) for name in closed]
    for document in shown:
        for key in ("seal", "previous_seal", "closed_at"):
            del document[key]
    return shown


class Stopped(Exception):
    """The replay is interrupted here."""


async def replay_until(url: str, folder: Path, events: int) -> None:
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if done == events:
            raise Stopped

    async with open_hub(url) as hub:
        await agree(hub)
        replay = read_replay(folder, limit=None, expiry_days=None)
        with pytest.raises(ExceptionGroup) as stopped:
            await replay_history(hub, replay, unless_given=None, advance=advance)
        assert stopped.value.subgroup(Stopped) is not None


def test_the_demo_is_loaded_once(database_url: str, folder: Path) -> None:
    first = run(app, database_url, "--data", str(folder))
    second = run(app, database_url, "--data", str(folder))

    assert EVENTS in first.stderr, first.stderr
    assert second.stderr == "The receipts are loaded already; `hub demo --fresh` begins anew.\n"
    assert first.stdout == second.stdout
    assert "who owes whom, USD" in first.stdout and "鲜集超市" in first.stdout
    assert run(check_books_app, database_url).exit_code == 0


def test_an_interrupted_demo_ends_as_if_it_had_not_been(
    database_url: str, folder: Path, postgres
) -> None:
    from hub.kernel.database import create_database, drop_database, migrate

    other = asyncio.run(create_database(postgres.url("postgres"), AT_ONCE))
    try:
        migrate(other)
        run(app, other, "--data", str(folder))
        for events in (100, 900):
            asyncio.run(replay_until(database_url, folder, events))
        run(app, database_url, "--data", str(folder))

        assert figures(database_url) == figures(other)
    finally:
        asyncio.run(drop_database(postgres.url("postgres"), AT_ONCE))
    assert run(check_books_app, database_url).exit_code == 0


def test_replaying_again_books_nothing(database_url: str, folder: Path) -> None:
    class Looker:
        def __init__(self, hub: Hub) -> None:
            self.hub = hub

    async def replay_twice() -> None:
        async with open_hub(database_url) as hub:
            await agree(hub)
            replay = read_replay(folder, limit=None, expiry_days=None)
            facts = await replay_history(hub, replay, unless_given=None, advance=lambda _: None)
            before = await photograph(Looker(hub))
            again = await replay_history(hub, replay, unless_given=None, advance=lambda _: None)
            assert again == facts
            assert await photograph(Looker(hub)) == before

    asyncio.run(replay_twice())


def test_another_coalition_is_left_alone(database_url: str, folder: Path) -> None:
    asyncio.run(settle_two_months(database_url))

    refused = run(app, database_url, "--data", str(folder))

    assert isinstance(refused.exception, AnotherCoalition)
    assert (refused.exception.found, refused.exception.expected) == (
        "Test", "Main Street Coalition",
    )  # fmt: skip


def test_a_given_database_is_never_emptied(database_url: str) -> None:
    assert isinstance(run(app, database_url, "--fresh").exception, NotOursToEmpty)


def test_without_receipts_it_says_where_they_were_looked_for(
    database_url: str, tmp_path: Path
) -> None:
    refused = run(app, database_url, "--data", str(tmp_path)).exception

    assert isinstance(refused, ReceiptsMissing)
    assert str(refused) == (
        f"There are no receipts in {tmp_path}: run the demo from a checkout of the repository,"
        " or name a folder by --data."
    )
