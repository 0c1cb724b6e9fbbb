"""Lists over HTTP: the lines of `hub export`, for whoever may have them, and on after a break."""

import asyncio
import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest

from auth.permissions import find_denial
from hub.cli.export import app as command
from hub.kernel.actor import HUB_ACTOR, Actor, ActorKind, Credential
from schema.exports.download import EXPORTS
from schema.exports.packing import accepts_gzip
from settlement.windows import PlannedWindow, close_window, plan_windows
from tests.api import issue, open_api
from tests.cli.running import run_json

MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
STATEMENT = "/exports/statement-lines"
BIO = {"window": "monthly/M2026-03", "partner": "BIO"}


@pytest.fixture
async def api(coalition):
    """Ana got 1,000 points of AIR and 77 of BIO, and redeemed 400 at BIO; March is closed."""
    async with open_api(coalition) as opened:
        air, bio = await opened.partner("AIR"), await opened.partner("BIO")
        await opened.member("ana", AIR="a-1", BIO="b-1")
        planned = [PlannedWindow("M2026-03", MARCH, APRIL)]
        await plan_windows(coalition.hub.database, HUB_ACTOR, calendar="monthly", planned=planned)
        await issue(air, "a-1", 1000)
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
        yield opened


async def get(api, caller, address, *, headers=None, **arguments):
    found = await api.http.get(
        address, params=arguments or None, headers={**caller.headers, **(headers or {})}
    )
    assert found.status_code == 200, found.text
    return found


async def refused(api, caller, address, status, **arguments):
    found = await api.http.get(
        address, params=arguments or None, headers=caller.headers if caller else {}
    )
    assert found.status_code == status, found.text
    (error,) = found.json()["errors"]
    return error["extensions"]["code"], error["message"]


def lines(found):
    return [json.loads(line) for line in found.text.splitlines()]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("entries", {}), ("lots", {}), ("statement-lines", BIO)],
)
async def test_a_download_has_the_bytes_of_the_command(
    api, database_url, tmp_path, name, arguments
):
    found = await get(api, await api.operator(), f"/exports/{name}", **arguments)
    options = [text for key, value in arguments.items() for text in (f"--{key}", value)]
    file = tmp_path / "list.jsonl"
    await asyncio.to_thread(run_json, command, database_url, name, str(file), *options)
    assert found.content == file.read_bytes()
    assert len(lines(found)) == {"entries": 4, "lots": 3, "statement-lines": 5}[name]
    assert found.headers["content-type"] == "application/jsonl"
    assert found.headers["content-disposition"] == f'attachment; filename="{name}.jsonl"'
    assert found.headers["cache-control"] == "no-store"
    assert found.headers["x-entry-count"] == "3"


@pytest.mark.parametrize(
    ("name", "first", "arguments"),
    [("entries", "entry", {}), ("lots", "lot", {}), ("statement-lines", "obligation", BIO)],
)
async def test_a_download_goes_on_after_any_line_with_the_same_bytes(api, name, first, arguments):
    operator = await api.operator()
    whole = await get(api, operator, f"/exports/{name}", **arguments)
    address = whole.headers["content-location"]
    await issue(await api.partner("AIR"), "a-1", 5)
    assert (await get(api, operator, address)).content == whole.content
    rows = lines(whole)[1:]
    for row in rows:
        rest = await get(api, operator, f"{address}&after={row[first]}")
        kept = whole.content[: whole.content.index(rest.content) if rest.content else None]
        assert kept + rest.content == whole.content
        assert json.loads(kept.splitlines()[-1]) == row
        assert rest.headers["content-location"] == address


async def test_a_partner_has_its_own_statement_by_the_ids_of_the_api(api):
    bio = await api.partner("BIO")
    found = await get(api, bio, STATEMENT, window="monthly/M2026-03")
    header, *rows = lines(found)
    assert header == {
        "export": "statement-lines", "format": 1, "partner": "BIO", "window": "monthly/M2026-03",
    }  # fmt: skip
    assert "x-entry-count" not in found.headers
    paged = await bio.ask(
        """{ windowOfCalendar(calendar: "monthly", code: "M2026-03") { statement {
          obligations(first: 10) { nodes { id exact reference entry { id } lot { id } } }
        } } }"""
    )
    nodes = paged["windowOfCalendar"]["statement"]["obligations"]["nodes"]
    assert len(nodes) > 0
    assert [
        (row["obligation"], row["amount"], row["reference"], row["entry"], row["lot"])
        for row in rows
    ] == [
        (
            node["id"],
            node["exact"],
            node["reference"],
            node["entry"] and node["entry"]["id"],
            node["lot"] and node["lot"]["id"],
        )
        for node in nodes
    ]
    rest = await get(api, bio, STATEMENT, window="monthly/M2026-03", after=rows[0]["obligation"])
    assert lines(rest) == rows[1:]


async def test_a_download_is_packed_where_it_is_asked_for(api):
    operator = await api.operator()
    plain = await get(api, operator, "/exports/entries", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    address = plain.headers["content-location"]
    request = api.http.build_request(
        "GET", address, headers={**operator.headers, "accept-encoding": "gzip"}
    )
    found = await api.http.send(request, stream=True)
    packed = b"".join([chunk async for chunk in found.aiter_raw()])
    assert (found.headers["content-encoding"], found.headers["vary"]) == ("gzip", "accept-encoding")
    assert gzip.decompress(packed) == plain.content


@pytest.mark.parametrize(
    ("header", "is_accepted"),
    [
        ("", False),
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip; q=0", False),
        ("gzip;q=0.000", False),
        ("identity", False),
    ],
)
def test_gzip_is_sent_to_who_asks_for_it(header, is_accepted):
    assert accepts_gzip(header) is is_accepted


async def test_lists_of_the_whole_journal_are_for_who_may_know_its_length(api):
    ana, air = await api.member("ana"), await api.partner("AIR")
    for name in ("entries", "lots"):
        assert (await refused(api, None, f"/exports/{name}", 401))[0] == "UNAUTHENTICATED"
        assert (await refused(api, ana, f"/exports/{name}", 403))[0] == "FORBIDDEN"
        assert await refused(api, air, f"/exports/{name}", 403) == (
            "FORBIDDEN",
            (
                f"A partner reads `{name}` through the API, in pages;"
                " `/exports/statement-lines` has what it owes and is owed."
            ),
        )
    assert (await refused(api, ana, STATEMENT, 403, **BIO))[0] == "FORBIDDEN"
    assert await refused(api, air, STATEMENT, 403, **BIO) == (
        "FORBIDDEN",
        "A partner has its own statement only.",
    )


class Wire:
    """A client on the bare interface: it reads so many chunks, then waits."""

    def __init__(self, caller, address, *, chunks_max=1_000):
        path, _, query = address.partition("?")
        shown = {"host": "localhost", **caller.headers}
        headers = [(name.encode(), value.encode()) for name, value in shown.items()]
        self.scope = {
            "type": "http", "http_version": "1.1", "method": "GET", "path": path,
            "raw_path": path.encode(), "query_string": query.encode(), "headers": headers,
            "scheme": "http", "server": ("localhost", 80), "client": ("127.0.0.1", 50_000),
        }  # fmt: skip
        self.content, self.status, self.is_whole = b"", 0, False
        self.chunks_left = chunks_max
        self.is_gone, self.is_full = asyncio.Event(), asyncio.Event()

    async def receive(self):
        await self.is_gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        if not self.chunks_left:
            self.is_full.set()
            await asyncio.sleep(3600)
        self.chunks_left -= 1
        self.content += message["body"]
        self.is_whole = not message.get("more_body", False)

    async def read_all_it_wants(self):
        async with asyncio.timeout(10):
            await self.is_full.wait()

    async def run(self, api):
        await api.app(self.scope, self.receive, self.send)
        return self


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr("schema.exports.packing.CHUNK_BYTES", 1)


async def test_a_download_that_breaks_goes_on_where_it_was(api, small_chunks):
    operator = await api.operator()
    whole = await get(api, operator, "/exports/entries")
    address = whole.headers["content-location"]
    broken = Wire(operator, address, chunks_max=2)
    running = asyncio.create_task(broken.run(api))
    await broken.read_all_it_wants()
    broken.is_gone.set()
    await running
    assert (broken.status, broken.is_whole) == (200, False)
    last = json.loads(broken.content.splitlines()[-1])["entry"]
    rest = await Wire(operator, f"{address}&after={last}").run(api)
    assert rest.is_whole
    assert broken.content + rest.content == whole.content


async def test_a_sign_in_that_ends_cuts_the_download_off(api, small_chunks, monkeypatch):
    bio = await api.partner("BIO")
    wire = Wire(bio, f"{STATEMENT}?window=monthly/M2026-03")
    asked = iter([True, True, False])

    async def confirm(*_):
        return next(asked)

    monkeypatch.setattr("auth.callers.Callers.confirm", confirm)
    await wire.run(api)
    assert (wire.status, wire.is_whole, wire.content.count(b"\n")) == (200, False, 3)


async def test_a_caller_has_one_download_at_a_time_and_a_process_a_few(api):
    operator, bio = await api.operator(), await api.partner("BIO")
    reading = Wire(operator, "/exports/lots", chunks_max=0)
    task = asyncio.create_task(reading.run(api))
    await reading.read_all_it_wants()
    code, message = await refused(api, operator, "/exports/lots", 429)
    assert (code, message[:15]) == ("THROTTLED", "As many exports")
    mine = f"{STATEMENT}?window=monthly/M2026-03"
    assert (await api.http.get(mine, headers=bio.headers)).status_code == 200
    reading.is_gone.set()
    await task
    assert (await api.http.get("/exports/lots", headers=operator.headers)).status_code == 200


async def test_who_does_not_read_is_cut_off(coalition):
    async with open_api(coalition, api={"exports": {"send_seconds": 1}}) as slow:
        wire = Wire(await slow.operator(), "/exports/entries", chunks_max=0)
        await wire.run(slow)
        assert (wire.status, wire.is_whole, wire.content) == (200, False, b"")


async def test_a_token_without_the_scope_gets_no_statement(api):
    number = api.coalition.partners["BIO"].partner_id
    weak = Actor(ActorKind.PARTNER, number, Credential(scopes=frozenset({"points.read"})))
    denial = find_denial(weak, EXPORTS["statement-lines"])
    assert denial is not None
    assert denial.required == "settlement.read"


@pytest.mark.parametrize(
    ("name", "arguments", "code", "message"),
    [
        ("entries", {"first": "3"}, "BAD_REQUEST", "Give each of upto, after once at most"),
        ("entries", {"after": "7:1"}, "BAD_REQUEST", "`after` goes with `upto`"),
        ("entries", {"upto": "x"}, "BAD_USER_INPUT", "`upto` is not a cursor of this list."),
        ("entries", {"upto": "x" * 5000}, "BAD_REQUEST", "The arguments are longer than 4096"),
        ("statement-lines", {"window": "M1"}, "BAD_REQUEST", "Name a window as window="),
        ("statement-lines", {**BIO, "window": "monthly/\0"}, "BAD_REQUEST", "An argument holds"),
        ("statement-lines", {**BIO, "window": "\n/M1"}, "BAD_REQUEST", "An argument holds"),
        ("statement-lines", {**BIO, "partner": "X"}, "BAD_USER_INPUT", ""),
        ("statement-lines", {**BIO, "window": "monthly/X"}, "BAD_USER_INPUT", ""),
        ("statement-lines", {**BIO, "after": "1:2"}, "BAD_USER_INPUT", "`after` names no line"),
        ("statement-lines", {**BIO, "after": "0:9:0:0:0"}, "BAD_USER_INPUT", "`after` names no"),
    ],
)
async def test_a_wrong_question_is_told_what_would_do(api, name, arguments, code, message):
    found = await refused(api, await api.operator(), f"/exports/{name}", 400, **arguments)
    assert found[0] == code
    assert found[1].startswith(message)
    assert len(found[1]) > 10


async def test_a_cursor_is_its_readers_own_and_names_a_line(api):
    operator = await api.operator()
    address = (await get(api, operator, "/exports/entries")).headers["content-location"]
    auditor = Actor(ActorKind.OPERATOR, 9)
    code, _ = await refused(api, await api.sign_in(auditor), address, 400)
    assert code == "BAD_USER_INPUT"
    for after in ("nothing", "7:99", "1:2:3", "7:", "99999999999999999999:1"):
        code, message = await refused(api, operator, f"{address}&after={after}", 400)
        assert (code, message[:21]) == ("BAD_USER_INPUT", "`after` names no line")


async def test_other_methods_are_refused(api):
    found = await api.http.post("/exports/entries", headers=(await api.operator()).headers)
    assert (found.status_code, found.headers["allow"]) == (405, "GET")


async def test_a_statement_of_an_open_window_is_refused(api):
    planned = [PlannedWindow("M2026-04", APRIL, datetime(2026, 5, 1, tzinfo=UTC))]
    database = api.coalition.hub.database
    await plan_windows(database, HUB_ACTOR, calendar="monthly", planned=planned)
    code, message = await refused(
        api, await api.operator(), STATEMENT, 400, window="monthly/M2026-04", partner="BIO"
    )
    assert code == "BAD_USER_INPUT"
    assert "closed" in message


SLOWLY_FILLED = {"cost": {"operation_max": 2000, "bucket_size": 2000, "restore_rate": 1}}
"""In these tests the clock stands still: what is taken stays away."""


async def left(caller):
    body = await caller.send("{ __typename }")
    return body["extensions"]["cost"]["currentlyAvailable"]


async def test_a_download_pays_for_being_asked_for_and_for_each_page(coalition):
    async with open_api(coalition, api=SLOWLY_FILLED) as paid:
        operator = await paid.operator()
        assert await left(operator) == 2000 - 20, "the document that asks, once"
        await get(paid, operator, "/exports/lots")
        assert await left(operator) == 1980 - 20 - 500
        assert (await refused(paid, operator, "/exports/lots", 400, first="3"))[0] == "BAD_REQUEST"
        assert await left(operator) == 1460, "nothing was looked up"


async def test_a_download_that_cannot_be_paid_is_told_when_to_come_again(coalition):
    async with open_api(coalition, api=SLOWLY_FILLED) as paid:
        operator = await paid.operator()
        for _ in range(3):
            await get(paid, operator, "/exports/lots")
        found = await paid.http.get("/exports/lots", headers=operator.headers)
        (error,) = found.json()["errors"]
        assert (found.status_code, error["extensions"]["code"]) == (429, "THROTTLED")
        assert error["extensions"]["cost"]["currentlyAvailable"] == 2000 - 3 * 520 - 20
        assert found.headers["retry-after"] == str(500 - 420)
        assert error["extensions"]["retryAfter"] == 80
        await get(paid, await paid.sign_in(Actor(ActorKind.OPERATOR, 9)), "/exports/lots")


async def test_a_download_under_way_waits_and_leaves_half_to_all_else(coalition, monkeypatch):
    monkeypatch.setattr("schema.exports.paying.ROWS_AT_ONCE", 1)
    quick = {"cost": {"operation_max": 100, "bucket_size": 100, "restore_rate": 100}}
    async with open_api(coalition, api=quick) as paid:
        air, operator = await paid.partner("AIR"), await paid.operator()
        await paid.member("ana", AIR="a-1")
        for points in (1, 2):
            await issue(air, "a-1", points)
        wire = Wire(operator, "/exports/lots")
        task = asyncio.create_task(wire.run(paid))
        await asyncio.sleep(0.3)
        # One page of 50 was paid for; with 30 left, the second line has to wait.
        assert (wire.status, wire.is_whole) == (200, False)
        coalition.clock.tick(timedelta(seconds=1))
        await asyncio.wait_for(task, 5)
        assert (wire.is_whole, wire.content.count(b"\n")) == (True, 3)
        assert await left(operator) == 100 - 50 - 20
