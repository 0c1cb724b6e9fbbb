"""The server as a program: started, asked over a real socket, stopped while it works."""

import asyncio
import signal
from datetime import UTC, datetime

import httpx
import pytest

from hub.cli.serve import serve_hub
from hub.cli.token import read_subject
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.errors import DomainError
from hub.settings import ServeSettings, Settings, SettingsNotValid, WorkSettings
from hub.wiring import open_hub
from hub.worker import work_once
from settlement.windows import PlannedWindow, plan_windows
from tests.api import issue, open_api, write_mutation
from tests.journeys.serving import SECONDS_MAX, read_greeting, running


async def test_a_server_answers_over_a_socket_and_stops_when_told(coalition, database_url):
    await coalition.partner("AIR")
    with running(database_url, "serve", "--port", "0") as process:
        address, tokens = await asyncio.to_thread(read_greeting, process)
        assert set(tokens) == {"operator", "partner:AIR"}
        async with httpx.AsyncClient() as http:
            air = {"authorization": f"Bearer {tokens['partner:AIR']}"}

            async def ask(query, **variables):
                body = {"query": query, "variables": variables}
                return (await http.post(address, json=body, headers=air)).json()["data"]

            assert await ask("{ viewer { kind partner { code } } }") == {
                "viewer": {"kind": "PARTNER", "partner": {"code": "AIR"}}
            }
            given = {"idempotencyKey": "1", "reference": "ana"}
            await ask(write_mutation("enrolMember"), input=given)
            document = write_mutation("issuePoints", "wallet { availablePoints }")
            payloads = await asyncio.gather(
                *[
                    ask(
                        document,
                        input={
                            "idempotencyKey": f"i{n}",
                            "account": {"reference": "ana"},
                            "points": 1,
                        },
                    )
                    for n in range(50)
                ]
            )
            assert [each["issuePoints"]["userErrors"] for each in payloads] == [[]] * 50
            ready = await http.get(address.replace("/graphql", "/ready"))
            assert ready.json() == {"status": "ready"}
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, SECONDS_MAX) == 0
    async with open_hub(database_url) as hub, hub.database.read(HUB_ACTOR) as tx:
        from sqlalchemy import text

        found = await tx.connection.execute(text("SELECT count(*) FROM ledger.entries"))
        assert found.scalar_one() == 50


async def test_a_second_start_makes_no_tokens_and_hub_token_makes_more(coalition, database_url):
    await coalition.partner("AIR")
    async with open_api(coalition) as api:
        ana = await api.member("ana", AIR="a-1")
        operator = await api.operator()
        document = "query($a: AccountInput) { member(account: $a) { id } }"
        account = {"linkedAccount": {"partner": "AIR", "reference": "a-1"}}
        member_id = (await operator.ask(document, a=account))["member"]["id"]
        with running(database_url, "serve", "--port", "0") as process:
            assert (await asyncio.to_thread(read_greeting, process))[1] == {}
        for subject, kind in (("partner:AIR", "PARTNER"), (f"member:{member_id}", "MEMBER")):
            with running(database_url, "token", subject) as process:
                out, _ = await asyncio.to_thread(process.communicate)
            caller = type(ana)(api.http, {"authorization": f"Bearer {out.strip()}"})
            assert await caller.ask("{ viewer { kind } }") == {"viewer": {"kind": kind}}
    with running(database_url, "token", "partner:NOBODY") as process:
        _, told = await asyncio.to_thread(process.communicate)
    assert (process.returncode, told) == (1, "hub: There is no such partner. (partner NOBODY)\n")


@pytest.mark.parametrize(
    "subject", ["king", "operator:1", "", "partner:HUB", "partner:", "member:x"]
)
async def test_a_token_is_for_an_actor_that_exists(coalition, subject):
    with pytest.raises(DomainError):
        await read_subject(coalition.hub, subject)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1"])  # noqa: S104 (they are refused)
def test_development_is_not_opened_to_other_machines(host):
    with pytest.raises(SettingsNotValid):
        serve_hub(Settings(), "postgresql://nowhere", where=ServeSettings(host=host))


async def test_the_worker_books_what_expired_and_closes_windows_where_it_may(coalition):
    await coalition.partner("AIR")
    database = coalition.hub.database
    march = PlannedWindow(
        "2026-03", datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    )
    await plan_windows(database, HUB_ACTOR, calendar="monthly", planned=[march])
    async with open_api(coalition) as api:
        air = await api.partner("AIR")
        await api.member("ana", AIR="a-1")
        await issue(air, "a-1", 10, expiresAt="2026-03-20T00:00:00Z")
        await issue(air, "a-1", 5, expiresAt="2026-04-01T06:00:00Z")
    settings = Settings(work=WorkSettings(closes_windows=True))
    assert (await work_once(coalition.hub, settings)).expiry_count == 0
    coalition.clock.tick(datetime(2026, 4, 2, tzinfo=UTC) - coalition.clock.now)
    left_open = await work_once(coalition.hub, Settings())
    assert (left_open.expiry_count, left_open.closed_windows) == (1, ())
    done = await work_once(coalition.hub, settings)
    assert (done.expiry_count, done.closed_windows) == (0, ("2026-03",))
    assert (await work_once(coalition.hub, settings)).closed_windows == ()
    booked = await coalition.query(
        "SELECT points, posted_at FROM ledger.entries WHERE kind = 5 ORDER BY seq"
    )
    assert [row["points"] for row in booked] == [10, 5]
    assert booked[0]["posted_at"] == datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=UTC)


async def test_hub_work_once_ends_by_itself(coalition, database_url):
    with running(database_url, "work", "--once") as process:
        out, told = await asyncio.to_thread(process.communicate)
    assert (process.returncode, out) == (0, "0 expiries booked, 0 windows closed\n"), told


async def test_hub_work_stops_when_told(coalition, database_url):
    with running(database_url, "work") as process:
        assert await asyncio.to_thread(process.stderr.readline) == "Working every 60 seconds\n"
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.communicate)
    assert process.returncode == 0
