"""Many results in one answer: event streams and multipart, to their end whatever it is."""

import re
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from hub.kernel.actor import Actor, ActorKind, Credential
from schema.view.callers import Caller
from tests.schema.view.small import code_of, make_view, post
from tests.schema.view.wire import RequestLine

EVENTS = "text/event-stream"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def read_events(text):
    """The events of a stream: their names and data."""
    found = []
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if lines:
            fields = dict(line.split(":", 1) for line in lines)
            data = fields["data"].strip()
            found.append((fields["event"].strip(), orjson.loads(data) if data else None))
    return found


def read_parts(response):
    """The parts of a multipart answer."""
    boundary = re.search(r'boundary="([^"]+)"', response.headers["content-type"])[1]
    first, *parts, last = response.text.split(f"\r\n--{boundary}")
    assert (first, last) == ("", "--\r\n")
    return [orjson.loads(part.split("\r\n\r\n", 1)[1]) for part in parts]


async def test_a_subscription_is_a_stream_of_events():
    view, notes = make_view()
    response = await post(view, {"query": "subscription { count(to: 2) }"}, accept=EVENTS)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-accel-buffering"] == "no"
    assert "\r" not in response.text
    assert read_events(response.text) == [
        ("next", {"data": {"count": 0}}),
        ("next", {"data": {"count": 1}}),
        ("complete", None),
    ]
    assert len(notes.contexts) == 3  # one for the source, and one for each event
    assert all(context.is_closed for context in notes.contexts)


async def test_a_query_is_a_stream_of_one_event_for_whoever_reads_streams_only():
    view, _ = make_view()
    response = await post(view, {"query": "{ hello }"}, accept=EVENTS)
    assert read_events(response.text) == [
        ("next", {"data": {"hello": "world"}}),
        ("complete", None),
    ]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { count }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { refuses }", "BAD_USER_INPUT"),
    ],
)
async def test_what_is_refused_is_an_event_with_errors(query, code):
    view, _ = make_view()
    response = await post(view, {"query": query}, accept=EVENTS)
    (name, body), end = read_events(response.text)
    assert (name, end) == ("next", ("complete", None))
    assert {error["extensions"]["code"] for error in body["errors"]} == {code}
    assert "data" not in body


async def test_a_source_that_fails_ends_with_a_masked_error():
    view, _ = make_view()
    response = await post(view, {"query": "subscription { fails(after: 1) }"}, accept=EVENTS)
    first, (_, body), end = read_events(response.text)
    assert (first, end) == (("next", {"data": {"fails": 0}}), ("complete", None))
    assert body["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "secret" not in response.text


async def test_a_subscription_comes_in_parts_for_apollo():
    view, _ = make_view()
    response = await post(
        view,
        {"query": "subscription { count(to: 2) }"},
        accept='multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json',
    )
    assert read_parts(response) == [
        {"payload": {"data": {"count": 0}}},
        {"payload": {"data": {"count": 1}}},
    ]


async def test_deferred_parts_follow_the_rest():
    view, notes = make_view(settings={"allows_defer": True})
    query = '{ hello ... on Query @defer(label: "x") { deep { late broken } } }'
    response = await post(view, {"query": query}, accept="multipart/mixed, application/json")
    first, second = read_parts(response)
    assert first == {
        "data": {"hello": "world"},
        "pending": [{"id": "0", "path": [], "label": "x"}],
        "hasNext": True,
    }
    assert second["incremental"][0]["data"] == {"deep": {"late": "late", "broken": None}}
    (error,) = second["incremental"][0]["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert second["hasNext"] is False
    assert "secret" not in response.text
    assert [context.is_closed for context in notes.contexts] == [True]


@pytest.mark.parametrize(
    "query", ["{ hello ... @defer { wait } }", "{ wait ... @defer { hello } }"]
)
async def test_what_is_deferred_takes_no_longer_than_any_other_query(query):
    view, notes = make_view(settings={"allows_defer": True, "query_seconds": 1})
    response = await post(view, {"query": query}, accept="multipart/mixed, application/json")
    *_, last = read_parts(response)
    (error,) = last["errors"]
    assert error["extensions"]["code"] == "TOOK_TOO_LONG"
    assert "1 seconds" in error["message"]
    assert notes.cancelled.is_set()
    assert [context.is_closed for context in notes.contexts] == [True]


@pytest.mark.parametrize("allows_defer", [True, False])
@pytest.mark.parametrize("count", [-1, -2147483648])
async def test_a_stream_that_begins_with_less_than_nothing_is_the_callers_mistake(
    count, allows_defer
):
    view, _ = make_view(settings={"allows_defer": allows_defer})
    query = "query($n: Int!) { deep { numbers @stream(initialCount: $n) } }"
    given = {"query": query, "variables": {"n": count}}
    response = await post(view, given, accept="multipart/mixed, application/json")
    (body,) = read_parts(response)
    (error,) = body["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert error["message"] == "`initialCount` of `@stream` is a whole number, 0 or more."
    assert error["path"] == ["deep", "numbers"]


async def test_deferred_parts_say_their_paths_to_older_clients():
    view, _ = make_view(settings={"allows_defer": True})
    query = '{ deep { name ... on Deep @defer(label: "x") { late } } }'
    accept = "multipart/mixed;deferSpec=20220824, application/json"
    assert read_parts(await post(view, {"query": query}, accept=accept)) == [
        {"data": {"deep": {"name": "deep"}}, "hasNext": True},
        {
            "incremental": [{"data": {"late": "late"}, "path": ["deep"], "label": "x"}],
            "hasNext": False,
        },
    ]


async def test_nothing_is_deferred_unless_the_setting_says_so():
    view, _ = make_view()
    query = "{ hello ... on Query @defer { deep { late } } }"
    response = await post(view, {"query": query}, accept="multipart/mixed, application/json")
    assert read_parts(response) == [{"data": {"hello": "world", "deep": {"late": "late"}}}]
    response = await post(view, {"query": query}, accept="application/json, multipart/mixed")
    assert response.json() == {"data": {"hello": "world", "deep": {"late": "late"}}}


async def test_a_silent_stream_gives_signs_of_life():
    view, notes = make_view(settings={"heartbeat_seconds": 1})
    line = RequestLine(view, {"query": "subscription { forever }"}, accept=EVENTS)
    head = await line.take()
    assert head["status"] == 200
    assert [(await line.take())["body"] for _ in range(3)] == [
        b":\n\n",
        b'event: next\ndata: {"data":{"forever":"first"}}\n\n',
        b":\n\n",
    ]
    line.hang_up()
    await line.end()
    assert notes.ended.is_set()
    assert all(context.is_closed for context in notes.contexts)
    assert view.presence.count == 0


async def test_streams_come_to_their_end_when_the_hub_stops():
    view, notes = make_view()
    line = RequestLine(view, {"query": "subscription { forever }"}, accept=EVENTS)
    await notes.started.wait()
    view.stop()
    assert read_events(await line.text())[-1] == ("complete", None)
    await line.end()
    assert notes.ended.is_set()


async def test_a_stream_ends_with_the_sign_in():
    actor = Actor(ActorKind.PARTNER, 7, Credential(ends_at=NOW + timedelta(milliseconds=50)))

    async def find_caller(_):
        return Caller(actor)

    view, notes = make_view(find_caller=find_caller, clock=lambda: NOW)
    line = RequestLine(view, {"query": "subscription { forever }"}, accept=EVENTS)
    *_, (_, body), end = read_events(await line.text())
    assert body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert end == ("complete", None)
    assert notes.ended.is_set()


async def test_a_caller_has_a_limit_of_streams():
    view, notes = make_view(settings={"connections_per_actor_max": 1})
    line = RequestLine(view, {"query": "subscription { forever }"}, accept=EVENTS)
    await notes.started.wait()
    response = await post(view, {"query": "subscription { count(to: 1) }"}, accept=EVENTS)
    assert (response.status_code, code_of(response)) == (429, "TOO_MANY_SUBSCRIPTIONS")
    assert response.headers["retry-after"] == "10"
    line.hang_up()
    await line.end()
    response = await post(view, {"query": "subscription { count(to: 1) }"}, accept=EVENTS)
    assert response.status_code == 200


async def test_a_client_that_reads_nothing_is_let_go():
    view, notes = make_view(settings={"send_seconds": 1})
    line = RequestLine(view, {"query": "subscription { count(to: 1000) }"}, accept=EVENTS)
    for _ in range(3):
        await line.take()
    line.is_reading.clear()
    await line.end()
    assert notes.ended.is_set()
    assert all(context.is_closed for context in notes.contexts)
