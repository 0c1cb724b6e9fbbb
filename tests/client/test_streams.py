"""Subscriptions over server-sent events, from the real application and a real socket."""

import asyncio
import json
from contextlib import aclosing
from dataclasses import fields

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from hub.client.asynchronous import HubClient
from hub.client.bearer import BearerToken
from hub.client.errors import Fault, StreamLost
from hub.client.generated.answers import Entry
from hub.client.generated.enums import EntryKind
from hub.client.generated.inputs import AccountInput, EnrolMemberInput, IssuePointsInput
from hub.client.retries import RetryPolicy
from hub.client.writing import camel
from tests.client.cutter import serve

ANA = AccountInput(reference="ana")
SOON = RetryPolicy(tries_max=3, pause_min_ms=1, pause_max_ms=2)
SECONDS_MAX = 20


@pytest.fixture
async def air(api):
    caller = await api.partner("AIR")
    token = caller.headers["authorization"].removeprefix("Bearer ")
    async with serve(api.app) as port:
        address = f"http://127.0.0.1:{port}/graphql"
        async with HubClient(address, auth=BearerToken(token), retries=SOON) as hub:
            await hub.enrol_member(EnrolMemberInput(reference="ana"))
            yield hub


async def test_entries_come_as_they_are_booked_and_one_can_go_on_after_a_break(air):
    async with asyncio.timeout(SECONDS_MAX):
        async with aclosing(air.entries_live()) as events:
            waiting = asyncio.create_task(anext(events))
            await asyncio.sleep(0.5)  # until the hub listens: it says so to nobody
            await air.issue_points(IssuePointsInput(account=ANA, points=1))
            first = await waiting
        await air.issue_points(IssuePointsInput(account=ANA, points=2))
        async with aclosing(air.entries_live(after=first.cursor)) as events:
            second = await anext(events)
    assert first.entry.id != second.entry.id
    assert [event.entry.points for event in (first, second)] == [1, 2]
    assert first.entry.kind is EntryKind.ISSUE


async def test_a_wallet_tells_that_it_changed(air):
    wallet = await air.wallet(account=ANA)
    assert wallet is not None
    async with asyncio.timeout(SECONDS_MAX):
        async with aclosing(air.wallet_changed(wallet_id=wallet.id)) as events:
            waiting = asyncio.create_task(anext(events))
            await asyncio.sleep(0.5)
            await air.issue_points(IssuePointsInput(account=ANA, points=7))
            changed = await waiting
    assert (changed.id, changed.available_points) == (wallet.id, 7)


async def test_a_wallet_that_is_not_there_is_a_fault(air):
    async with asyncio.timeout(SECONDS_MAX):
        with pytest.raises(Fault):
            async with aclosing(air.wallet_changed(wallet_id="A" * 22)) as events:
                await anext(events)


# --- what a hub does seldom ---


def event(number, cursor):
    noon = "2026-03-01T12:00:00Z"
    entry = dict.fromkeys(camel(field.name) for field in fields(Entry))
    entry |= {"id": str(number), "kind": "ISSUE", "points": 1, "occurredAt": noon, "postedAt": noon}
    data = {"entries": {"entry": entry, "cursor": cursor}}
    return "event: next\ndata: " + json.dumps({"data": data})


class Streams:
    """A gate in front of a hub that gives streams one after the other."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []
        self.app = Starlette(routes=[Route("/graphql", self.reply, methods=["POST"])])

    async def reply(self, request):
        self.asked.append((await request.json())["variables"])
        answer = self.answers.pop(0)
        if isinstance(answer, Response):
            return answer

        async def flow():
            for text in answer:
                yield f"{text}\n\n"

        return StreamingResponse(flow(), media_type="text/event-stream")


async def collect(gate):
    found = []
    async with (
        serve(gate.app) as port,
        HubClient(f"http://127.0.0.1:{port}/graphql", auth=BearerToken("t"), retries=SOON) as hub,
    ):
        try:
            async for each in hub.entries_live():
                found.append(each.cursor)  # noqa: PERF401 (what came before it broke counts)
        except StreamLost:
            return found
    raise AssertionError("the stream was not lost")


async def test_a_stream_that_breaks_goes_on_from_the_last_event():
    gate = Streams([event(1, "a"), ": still here", event(2, "b")], [event(3, "c")], [], [])
    assert await collect(gate) == ["a", "b", "c"]
    assert [asked.get("after") for asked in gate.asked] == [None, "b", "c", "c"]


async def test_a_hub_that_is_busy_is_listened_to_again():
    gate = Streams([event(1, "a")], Response(status_code=503), [event(2, "b")], [], [], [])
    assert await collect(gate) == ["a", "b"]


async def test_before_the_first_event_nothing_is_known_to_go_on_from():
    gate = Streams([])
    assert await collect(gate) == []
    assert len(gate.asked) == 1


async def test_a_stream_that_is_complete_ends():
    gate = Streams([event(1, "a"), "event: complete\ndata:"])
    async with (
        serve(gate.app) as port,
        HubClient(f"http://127.0.0.1:{port}/graphql", auth=BearerToken("t")) as hub,
    ):
        assert [each.cursor async for each in hub.entries_live()] == ["a"]


async def test_a_subscription_that_is_refused_is_a_fault():
    error = {"message": "No.", "extensions": {"code": "FORBIDDEN"}}
    gate = Streams(JSONResponse({"errors": [error]}, status_code=400))
    async with (
        serve(gate.app) as port,
        HubClient(f"http://127.0.0.1:{port}/graphql", auth=BearerToken("t")) as hub,
    ):
        with pytest.raises(Fault) as fault:
            await anext(hub.entries_live())
    assert fault.value.code == "FORBIDDEN"
