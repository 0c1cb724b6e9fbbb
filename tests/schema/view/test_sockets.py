"""Sockets of graphql-transport-ws, message by message."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from hub.kernel.actor import Actor, ActorKind, Credential
from schema.faults import unauthenticated
from schema.view.callers import Caller
from tests.schema.view.small import NOTES, make_view
from tests.schema.view.wire import SocketLine

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AIR = Actor(ActorKind.PARTNER, 7)


async def opened(view, payload=None, **headers):
    line = SocketLine(view, **headers)
    await line.open(payload)
    return line


async def ended(line):
    line.hang_up()
    await line.end()


async def test_a_query_is_answered_and_completed():
    view, notes = make_view()
    line = await opened(view)
    line.subscribe("1", "{ hello }")
    assert await line.hear() == {"id": "1", "type": "next", "payload": {"data": {"hello": "world"}}}
    assert await line.hear() == {"id": "1", "type": "complete"}
    await ended(line)
    assert view.presence.count == 0
    assert [context.is_closed for context in notes.contexts] == [True]


async def test_every_operation_and_every_event_has_a_context_of_its_own():
    view, notes = make_view()
    line = await opened(view)
    line.subscribe("1", "subscription { count(to: 2) }")
    heard = [await line.hear() for _ in range(3)]
    assert [each["type"] for each in heard] == ["next", "next", "complete"]
    line.subscribe("1", "{ hello }")
    assert [(await line.hear())["type"] for _ in range(2)] == ["next", "complete"]
    assert len({id(context) for context in notes.contexts}) == 4
    assert all(context.is_closed for context in notes.contexts)
    await ended(line)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { hello } query B { hello }", "OPERATION_RESOLUTION_FAILURE"),
        ("query($x: String!) { echo(text: $x) }", "BAD_USER_INPUT"),
        ("subscription { refuses }", "BAD_USER_INPUT"),
        ("subscription { fails(after: 0) }", "INTERNAL_SERVER_ERROR"),
    ],
)
async def test_a_bad_document_is_an_error_and_never_ends_the_socket(query, code):
    view, _ = make_view()
    line = await opened(view)
    line.subscribe("other", "subscription { forever }")
    assert (await line.hear())["id"] == "other"
    line.subscribe("1", query)
    message = await line.hear()
    assert (message["id"], message["type"]) == ("1", "error")
    assert {error["extensions"]["code"] for error in message["payload"]} == {code}
    line.subscribe("1", "{ hello }")
    assert (await line.hear())["payload"] == {"data": {"hello": "world"}}
    assert not NOTES[-1].ended.is_set()
    await ended(line)
    assert NOTES[-1].ended.is_set()


@pytest.mark.parametrize(
    "frame",
    [b"{}", "{", "[1]", {"id": "1"}, {"type": "nope"}, {"type": "subscribe", "id": "1"}],
)
async def test_a_frame_that_is_no_message_ends_the_socket(frame):
    view, notes = make_view()
    line = await opened(view)
    line.subscribe("1", "subscription { forever }")
    await line.hear()
    line.say(frame)
    code, reason = await line.closing()
    assert (code, reason.endswith(".")) == (4400, True)
    assert notes.ended.is_set()


async def test_nothing_is_asked_before_the_greeting_which_comes_once():
    view, notes = make_view()
    line = SocketLine(view)
    await line.take()
    line.subscribe("1", "{ hello }")
    assert await line.closing() == (4401, "Unauthorized")
    line = await opened(view)
    line.say({"type": "connection_init"})
    assert await line.closing() == (4429, "Too many initialisation requests")
    assert notes.contexts == []


async def test_whoever_does_not_greet_in_time_is_sent_away():
    view, _ = make_view(settings={"init_seconds": 1})
    line = SocketLine(view)
    await line.take()
    assert await line.closing() == (4408, "connection_init did not come.")


async def test_a_name_is_used_for_one_operation_at_a_time():
    view, notes = make_view()
    line = await opened(view)
    line.subscribe("a", "subscription { forever }")
    await line.hear()
    line.subscribe("a", "{ hello }")
    assert await line.closing() == (4409, "Subscriber for a already exists")
    assert notes.ended.is_set()


async def test_an_operation_ends_when_the_client_wants_no_more():
    view, notes = make_view()
    line = await opened(view)
    line.subscribe("a", "subscription { forever }")
    await line.hear()
    line.say({"id": "a", "type": "complete"})
    await asyncio.wait_for(notes.ended.wait(), 5)
    line.subscribe("a", "{ hello }")
    assert [(await line.hear())["type"] for _ in range(2)] == ["next", "complete"]
    line.say({"id": "nobody", "type": "complete"})
    line.say({"type": "ping", "payload": {"n": 1}})
    assert await line.hear() == {"type": "pong", "payload": {"n": 1}}
    await ended(line)


async def test_a_mutation_is_done_even_if_the_client_goes_away():
    view, notes = make_view()
    line = await opened(view)
    line.subscribe("a", "mutation { wait }")
    await notes.started.wait()
    line.say({"id": "a", "type": "complete"})
    line.hang_up()
    await asyncio.sleep(0)
    notes.released.set()
    await line.end()
    assert notes.done == ["mutation"]


async def test_a_query_is_stopped_when_the_client_goes_away():
    view, notes = make_view()
    line = await opened(view)
    line.subscribe("a", "{ wait }")
    await notes.started.wait()
    await ended(line)
    assert notes.cancelled.is_set()


async def test_a_socket_has_a_limit_of_operations():
    view, _ = make_view(settings={"operations_per_socket_max": 1})
    line = await opened(view)
    line.subscribe("a", "subscription { forever }")
    await line.hear()
    line.subscribe("b", "{ hello }")
    message = await line.hear()
    assert (message["id"], message["type"]) == ("b", "error")
    assert message["payload"][0]["extensions"]["code"] == "TOO_MANY_SUBSCRIPTIONS"
    await ended(line)


async def test_mutations_that_nobody_waits_for_have_a_limit_too():
    view, notes = make_view(settings={"operations_per_socket_max": 2})
    line = await opened(view)
    for name in "abcd":
        line.subscribe(name, "mutation { wait }")
        await asyncio.sleep(0.01)  # until it has begun
        line.say({"id": name, "type": "complete"})
    line.subscribe("e", "mutation { wait }")
    message = await line.hear()
    assert (message["id"], message["type"]) == ("e", "error")
    assert message["payload"][0]["extensions"]["code"] == "TOO_MANY_SUBSCRIPTIONS"
    notes.released.set()
    await ended(line)
    assert notes.done == ["mutation"] * 4


async def test_other_subprotocols_are_not_spoken():
    view, _ = make_view()
    line = SocketLine(view, subprotocols=("graphql-ws",))
    assert await line.take() == {"type": "websocket.accept"}
    assert await line.closing() == (4406, "Use graphql-transport-ws.")


@pytest.mark.parametrize(
    ("origin", "is_let_in"),
    [
        ("http://localhost", True),
        ("https://app.example", True),
        ("https://app.example.evil.example", False),
        ("https://evil.example", False),
        ("null", False),
        ("", False),
    ],
)
async def test_pages_of_other_sites_open_no_sockets(origin, is_let_in):
    view, _ = make_view(settings={"allowed_origins": ("https://app.example",)})
    line = SocketLine(view, origin=origin)
    message = await line.take()
    if is_let_in:
        assert message["type"] == "websocket.accept"
        line.hang_up()
    else:
        assert (message["type"], message["status"]) == ("websocket.http.response.start", 403)
    await line.end()


def knowing(actor, **more):
    """Find this actor by one token, and nobody by another."""

    async def find_caller(credentials):
        shown = credentials.payload.get("authorization") or credentials.connection.headers.get(
            "authorization"
        )
        if shown == "Bearer bad":
            raise unauthenticated()
        return Caller(actor, **more) if shown == "Bearer good" else None

    return find_caller


async def test_the_token_comes_with_the_handshake_or_with_the_greeting():
    view, notes = make_view(find_caller=knowing(AIR))
    for line in (
        await opened(view, authorization="Bearer good"),
        await opened(view, {"Authorization": "Bearer good"}),
        await opened(view),
    ):
        line.subscribe("1", "{ hello }")
        await line.hear()
        await ended(line)
    actors = [context.caller and context.caller.actor for context in notes.contexts]
    assert actors == [AIR, AIR, None]


@pytest.mark.parametrize("token", ["bad", "unknown"])
async def test_a_token_that_is_not_good_is_not_let_in(token):
    view, notes = make_view(find_caller=knowing(AIR))
    for given in ({"payload": {"authorization": f"Bearer {token}"}}, {}):
        line = SocketLine(view, authorization=f"Bearer {token}")
        await line.take()
        line.say({"type": "connection_init", **given})
        assert (await line.closing())[0] == 4403
    assert notes.contexts == []


async def test_a_socket_ends_with_the_sign_in():
    actor = Actor(ActorKind.PARTNER, 7, Credential(ends_at=NOW + timedelta(milliseconds=50)))
    view, notes = make_view(find_caller=knowing(actor), clock=lambda: NOW)
    line = await opened(view, authorization="Bearer good")
    line.subscribe("1", "subscription { forever }")
    assert await line.closing() == (4403, "The token has ended.")
    assert notes.ended.is_set()


async def test_a_token_that_was_withdrawn_gets_no_more_events():
    answers = [True, False]

    async def is_still_in():
        return answers.pop(0)

    view, notes = make_view(find_caller=knowing(AIR, is_still_in=is_still_in))
    line = await opened(view, authorization="Bearer good")
    line.subscribe("1", "subscription { count(to: 9) }")
    assert (await line.hear())["payload"] == {"data": {"count": 0}}
    assert await line.closing() == (4403, "The token has ended.")
    assert line.outgoing.empty()
    assert notes.ended.is_set()


async def test_a_client_that_reads_nothing_is_cut_off():
    view, notes = make_view(settings={"send_seconds": 1})
    line = await opened(view)
    line.is_reading.clear()
    line.subscribe("1", "subscription { count(to: 1000) }")
    await line.end()
    assert notes.ended.is_set()
    assert view.presence.count == 0


async def test_a_client_that_pings_and_reads_nothing_is_told_so():
    view, _ = make_view(settings={"send_seconds": 1})
    line = await opened(view)
    line.is_reading.clear()
    for _ in range(3):
        line.say({"type": "ping"})
    await asyncio.sleep(1.5)
    line.is_reading.set()
    assert await line.closing() == (4413, "Events were not read fast enough.")
    await ended(line)
    assert (view.presence.count, view.traffic.cut_off_count) == (0, 1)


async def test_a_client_that_reads_too_slowly_is_told_so():
    view, _ = make_view(settings={"send_seconds": 1})
    line = await opened(view)
    line.is_reading.clear()
    line.subscribe("1", "subscription { count(to: 1000) }")
    await asyncio.sleep(1.5)  # the first event was not taken in a second
    line.is_reading.set()
    assert await line.closing() == (4413, "Events were not read fast enough.")


async def test_a_caller_has_a_limit_of_sockets():
    view, _ = make_view(find_caller=knowing(AIR), settings={"connections_per_actor_max": 1})
    first = await opened(view, authorization="Bearer good")
    second = SocketLine(view, authorization="Bearer good")
    await second.take()
    second.say({"type": "connection_init"})
    assert await second.closing() == (1013, "Too many connections of this caller")
    nobody = await opened(view)
    await ended(nobody)
    await ended(first)
    await ended(await opened(view, authorization="Bearer good"))


async def test_all_together_have_a_limit_of_sockets():
    view, _ = make_view(settings={"connections_max": 1})
    first = await opened(view)
    second = SocketLine(view)
    assert (await second.take())["status"] == 503
    await second.end()
    await ended(first)


async def test_sockets_go_away_when_the_hub_stops():
    view, notes = make_view()
    line = await opened(view)
    line.subscribe("1", "subscription { forever }")
    await line.hear()
    view.stop()
    assert await line.closing() == (1001, "The hub is stopping.")
    assert notes.ended.is_set()
    late = SocketLine(view)
    await late.take()
    assert (await late.closing())[0] == 1001
