"""The messages of a socket, read from frames."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.view.asked import Asked
from schema.view.messages import (
    Complete,
    Init,
    MessageNotValid,
    Ping,
    Pong,
    Subscribe,
    read_message,
    shorten_reason,
)


@pytest.mark.parametrize(
    ("given_message", "read"),
    [
        ({"type": "connection_init"}, Init({})),
        ({"type": "connection_init", "payload": {"a": 1}}, Init({"a": 1})),
        ({"type": "ping"}, Ping(None)),
        ({"type": "ping", "payload": {"a": 1}}, Ping({"a": 1})),
        ({"type": "pong", "payload": None}, Pong()),
        ({"type": "complete", "id": "1"}, Complete("1")),
        (
            {"type": "subscribe", "id": "1", "payload": {"query": "{ a }"}},
            Subscribe("1", Asked("{ a }", None, None, None, {})),
        ),
    ],
)
def test_every_message_of_the_protocol_is_read(given_message, read):
    assert read_message(orjson.dumps(given_message).decode()) == read


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "[1]",
        '"ping"',
        "{}",
        '{"type": 1}',
        '{"type": "nope"}',
        '{"type": "connection_ack"}',
        '{"type": "ping", "payload": "x"}',
        '{"type": "complete"}',
        '{"type": "complete", "id": ""}',
        '{"type": "complete", "id": 1}',
        '{"type": "subscribe", "payload": {"query": "{ a }"}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": []}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "variables": []}}',
        '{"type": "complete", "id": "%s"}' % ("x" * 129),
    ],
)
def test_a_frame_that_is_no_message_is_refused_with_a_reason(text):
    with pytest.raises(MessageNotValid, match=r"\."):
        read_message(text)


@given(st.text())
def test_any_text_is_read_or_refused(text):
    with pytest.raises(MessageNotValid):
        read_message(text + "\0")


@given(st.text())
def test_a_reason_fits_into_a_closing_frame(reason):
    short = shorten_reason(reason)
    assert len(short.encode()) <= 120
    assert reason.startswith(short)
