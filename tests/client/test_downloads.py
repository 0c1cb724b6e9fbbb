"""Whole lists, from a real server over connections that break: no line lost, none doubled."""

import asyncio
import json
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hub.client.asynchronous import HubClient
from hub.client.bearer import BearerToken
from hub.client.downloads import Progress
from hub.client.errors import AnswerNotUnderstood, DownloadBroken, Fault
from hub.client.generated.enums import EntryKind
from hub.client.lines import EntryLine, LotLine, StatementLine
from hub.client.lists import Reading
from hub.client.parts import PartFile
from hub.client.retries import RetryPolicy
from hub.client.synchronous import BlockingHubClient
from hub.kernel.actor import HUB_ACTOR
from settlement.windows import PlannedWindow, close_window, plan_windows
from tests.api import issue, open_api
from tests.client.cutter import cut_short, serve

MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
WINDOW = "monthly/M2026-03"
SOON = RetryPolicy(tries_max=12, pause_min_ms=1, pause_max_ms=2, wait_max_seconds=1)
ONCE = RetryPolicy(tries_max=1)
LISTS = [
    ("entries", {}, EntryLine),
    ("lots", {}, LotLine),
    ("statement-lines", {"window": WINDOW, "partner": "BIO"}, StatementLine),
]


@pytest.fixture
async def books(api, monkeypatch):
    """Points of two partners, redeemed at one of them; March is closed. Each line is sent alone."""
    monkeypatch.setattr("schema.exports.packing.CHUNK_BYTES", 1)
    coalition = api.coalition
    air, bio = await api.partner("AIR"), await api.partner("BIO")
    await api.member("ana", AIR="a-1", BIO="b-1")
    planned = [PlannedWindow("M2026-03", MARCH, APRIL)]
    await plan_windows(coalition.hub.database, HUB_ACTOR, calendar="monthly", planned=planned)
    for points in (1000, 50, 60):
        await issue(air, "a-1", points)
    await bio.do("redeemPoints", "entryId", account={"reference": "b-1"}, points=400)
    await issue(bio, "b-1", 77)
    coalition.clock.now = APRIL
    await close_window(
        coalition.hub.database,
        coalition.hub.register,
        HUB_ACTOR,
        calendar="monthly",
        code="M2026-03",
        now=APRIL,
        fx={},
    )
    return api


def auth_of(caller):
    return BearerToken(caller.headers["authorization"].removeprefix("Bearer "))


async def content_of(api, caller, name, arguments):
    found = await api.http.get(f"/exports/{name}", params=arguments, headers=caller.headers)
    assert found.status_code == 200
    return found.content


async def measure(api, caller, name, path, **arguments):
    """Say how many bytes the whole answer takes on the wire."""
    async with (
        cut_short(api.app, []) as (scissors, address),
        HubClient(address, auth=auth_of(caller), retries=ONCE) as hub,
    ):
        await download(hub, name, path, **arguments)
    path.unlink()
    (carried,) = scissors.carried
    return carried


def download(hub, name, path, **arguments):
    method = {
        "entries": hub.download_entries,
        "lots": hub.download_lots,
        "statement-lines": hub.download_statement,
    }[name]
    return method(path, **arguments)


@pytest.mark.parametrize(("name", "arguments", "_"), LISTS)
@pytest.mark.parametrize("missing", [[10_000], [60, 400, 40, 30], [300, 200, 5, 1]])
async def test_a_file_is_whole_however_often_it_breaks(
    books, tmp_path, name, arguments, _, missing
):
    """Each connection is cut so many bytes before the end of a whole answer, or within its head."""
    operator, path = await books.operator(), tmp_path / "list.jsonl"
    size = await measure(books, operator, name, path, **arguments)
    budgets = [max(size - bytes_missing, 100) for bytes_missing in missing]
    expected = await content_of(books, operator, name, arguments)
    told = []
    async with (
        cut_short(books.app, [*budgets]) as (scissors, address),
        HubClient(address, auth=auth_of(operator), retries=SOON) as hub,
    ):
        done = await download(hub, name, path, tell=told.append, **arguments)
    assert path.read_bytes() == expected
    assert scissors.carried[0] == budgets[0], "it was cut"
    assert told[-1] == done
    assert done.line_count == expected.count(b"\n") - 1
    assert done.byte_count == len(expected)
    assert done.entry_count == 5
    assert [step.byte_count for step in told] == sorted({step.byte_count for step in told})
    assert [file.name for file in tmp_path.iterdir()] == ["list.jsonl"]


@pytest.mark.parametrize(("name", "arguments", "_"), LISTS)
async def test_what_is_booked_after_the_beginning_is_not_in_it(books, tmp_path, name, arguments, _):
    """And another client, later, finishes what one gave up."""
    operator, path = await books.operator(), tmp_path / "list.jsonl"
    part = tmp_path / "list.jsonl.part"
    size = await measure(books, operator, name, path, **arguments)
    expected = await content_of(books, operator, name, arguments)
    async with (
        cut_short(books.app, [size - 100]) as (_, address),
        HubClient(address, auth=auth_of(operator), retries=ONCE) as hub,
        HubClient(address, auth=auth_of(operator), retries=SOON) as another,
    ):
        with pytest.raises(DownloadBroken):
            await download(hub, name, path, **arguments)
        begun = part.read_bytes()
        assert not path.exists()
        assert 0 < len(begun) < len(expected)
        assert begun.endswith(b"\n")
        assert expected.startswith(begun)
        await issue(await books.partner("AIR"), "a-1", 5)
        with part.open("ab") as file:
            file.write(b'{"a line that was cut')
        done = await download(another, name, path, **arguments)
    assert path.read_bytes() == expected
    assert (done.line_count, done.byte_count) == (expected.count(b"\n") - 1, len(expected))
    assert [file.name for file in tmp_path.iterdir()] == ["list.jsonl"]


async def typed(lines):
    return [line async for line in lines]


@pytest.mark.parametrize(("name", "arguments", "kind"), LISTS)
async def test_lines_come_as_values_and_all_of_them(books, name, arguments, kind):
    operator = await books.operator()
    content = await content_of(books, operator, name, arguments)
    _, *rows = map(json.loads, content.splitlines())
    async with (
        cut_short(books.app, [900, 700]) as (scissors, address),
        HubClient(address, auth=auth_of(operator), retries=SOON) as hub,
    ):
        method = {"entries": hub.entry_lines, "lots": hub.lot_lines}
        found = await typed(method.get(name, hub.statement_lines)(**arguments))
    assert len(scissors.asked) == 3
    key = next(field.name for field in fields(kind))
    assert [getattr(line, key) for line in found] == [row[key] for row in rows]
    assert {field.name for field in fields(kind)} == set(rows[0])
    for line, row in zip(found, rows, strict=True):
        assert {key: plain(getattr(line, key), row[key]) for key in row} == row


def plain(value, row):
    """Write a value as the hub wrote it; lists of parts are looked at elsewhere."""
    if isinstance(value, datetime):
        return row if value == datetime.fromisoformat(row) else value
    if isinstance(value, tuple):
        return row
    return str(value) if isinstance(value, Decimal) else value


async def test_an_entry_has_its_allocations(books):
    operator = await books.operator()
    async with (
        serve(books.app) as port,
        HubClient(f"http://127.0.0.1:{port}/graphql", auth=auth_of(operator)) as hub,
    ):
        (redeemed,) = [line for line in await typed(hub.entry_lines()) if line.partner == "BIO"][:1]
        (first, *_) = redeemed.allocations
    assert redeemed.kind is EntryKind.REDEEM
    assert (first.points, first.issuer, first.acceptor, first.is_reversal) == (
        -400, "AIR", "BIO", False,
    )  # fmt: skip


async def test_a_partner_has_its_own_statement_and_nothing_else(books, tmp_path):
    bio = await books.partner("BIO")
    expected = await content_of(books, bio, "statement-lines", {"window": WINDOW})
    path = tmp_path / "mine.jsonl"
    async with (
        cut_short(books.app, [1000]) as (scissors, address),
        HubClient(address, auth=auth_of(bio), retries=SOON) as hub,
    ):
        done = await hub.download_statement(path, window=WINDOW)
        assert path.read_bytes() == expected
        assert done == Progress(expected.count(b"\n") - 1, len(expected), None)
        asked = len(scissors.asked)
        with pytest.raises(Fault) as fault:
            await hub.download_entries(tmp_path / "all.jsonl")
        assert (fault.value.code, fault.value.status) == ("FORBIDDEN", 403)
        assert len(scissors.asked) <= asked + 1, "a refusal is not asked about again"
    assert not (tmp_path / "all.jsonl").exists()


async def test_a_file_that_is_there_or_begun_for_another_list_is_left_alone(books, tmp_path):
    operator = await books.operator()
    there, begun = tmp_path / "there.jsonl", tmp_path / "begun.jsonl"
    there.write_bytes(b"mine")
    async with (
        cut_short(books.app, [1000]) as (_, address),
        HubClient(address, auth=auth_of(operator), retries=ONCE) as hub,
    ):
        with pytest.raises(FileExistsError):
            await hub.download_lots(there)
        with pytest.raises(DownloadBroken):
            await hub.download_statement(begun, window=WINDOW, partner="BIO")
        before = (tmp_path / "begun.jsonl.part").read_bytes()
        for again in (
            hub.download_lots(begun),
            hub.download_statement(begun, window=WINDOW, partner="AIR"),
        ):
            with pytest.raises(ValueError, match="begun for another list"):
                await again
    assert there.read_bytes() == b"mine"
    assert (tmp_path / "begun.jsonl.part").read_bytes() == before


def shop(address, auth, path):
    with BlockingHubClient(address, auth=auth, retries=SOON) as hub:
        done = hub.download_lots(path)
        return done.line_count, [line.points for line in hub.lot_lines()]


async def test_a_program_that_waits_downloads_too(books, tmp_path):
    operator, path = await books.operator(), tmp_path / "lots.jsonl"
    expected = await content_of(books, operator, "lots", {})
    async with cut_short(books.app, [900]) as (_, address):
        found = await asyncio.to_thread(shop, address, auth_of(operator), path)
    assert path.read_bytes() == expected
    points = [json.loads(line)["points"] for line in expected.splitlines()[1:]]
    assert found == (len(points), points)


async def test_a_hub_that_asks_to_wait_too_long_is_not_asked_again(coalition, tmp_path):
    spent = {"cost": {"operation_max": 1000, "bucket_size": 1000, "restore_rate": 1}}
    async with open_api(coalition, api=spent) as api:
        auth = auth_of(await api.operator())
        async with cut_short(api.app, []) as (scissors, address):
            async with HubClient(address, auth=auth, retries=SOON) as hub:
                await hub.download_lots(tmp_path / "first.jsonl")
            async with HubClient(address, auth=auth, retries=SOON) as hub:
                with pytest.raises(DownloadBroken, match=r"status 429: .* costs 500 and 460 are"):
                    await hub.download_lots(tmp_path / "second.jsonl")
                assert len(scissors.asked) == 2
    assert not (tmp_path / "second.jsonl").exists()


def test_a_file_of_lines_that_are_none_is_not_gone_on_with(tmp_path):
    (tmp_path / "a.part").write_bytes(b"{}\nnothing\n")
    (tmp_path / "a.part.of").write_text("lots?upto=x\n", encoding="ascii")
    with pytest.raises(AnswerNotUnderstood, match="nothing"):
        PartFile(tmp_path / "a", Reading("lots", ""))
