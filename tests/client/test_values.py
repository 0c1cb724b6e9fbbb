"""Scalars, exactly, both ways; inputs; server-sent events."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.client import reading
from hub.client.errors import AnswerNotUnderstood
from hub.client.generated.inputs import AccountInput, IssuePointsInput, LinkedAccountInput
from hub.client.streams import EVENT_BYTES_MAX, StreamEvent, read_events
from hub.client.writing import write
from schema.scalars import read_decimal, read_instant, write_decimal, write_instant

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=12).filter(
    lambda value: abs(value) < 10**18
)
INSTANTS = st.datetimes(
    min_value=datetime(1901, 1, 1),  # noqa: DTZ001 (hypothesis adds the zone)
    max_value=datetime(2998, 1, 1),  # noqa: DTZ001
    timezones=st.timezones(),
)


@given(DECIMALS)
def test_a_decimal_arrives_at_the_hub_and_comes_back_to_the_last_place(value):
    assert read_decimal(write(value)) == value
    assert reading.decimal(write_decimal(value)) == value


@given(INSTANTS)
def test_an_instant_arrives_at_the_hub_and_comes_back_to_the_microsecond(value):
    in_utc = value.astimezone(UTC)  # an hour that a zone skips equals nothing but itself
    assert read_instant(write(value)) == in_utc
    back = reading.instant(write_instant(value))
    assert (back, back.tzinfo) == (in_utc, UTC)


def test_an_instant_without_offset_is_not_sent():
    with pytest.raises(ValueError, match="offset"):
        write(datetime(2026, 3, 1))  # noqa: DTZ001 (that is what is refused)


def test_an_instant_is_sent_in_utc():
    berlin = timezone(timedelta(hours=2))
    assert write(datetime(2026, 6, 1, 14, tzinfo=berlin)) == "2026-06-01T12:00:00Z"


@pytest.mark.parametrize("value", [1.5, b"x", {1}, object()])
def test_what_no_scalar_is_made_of_is_not_sent(value):
    with pytest.raises(TypeError):
        write([value])


def test_what_is_none_is_left_out_and_names_are_the_schemas():
    wanted = IssuePointsInput(
        idempotency_key="k",
        account=AccountInput(linked_account=LinkedAccountInput(partner="AIR", reference="ana")),
        points=10**12,
        expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    )
    assert write(wanted) == {
        "idempotencyKey": "k",
        "account": {"linkedAccount": {"partner": "AIR", "reference": "ana"}},
        "points": 10**12,
        "expiresAt": "2027-01-01T00:00:00Z",
    }


def test_keys_that_are_made_differ():
    made = {
        IssuePointsInput(account=AccountInput(reference="a"), points=1).idempotency_key
        for _ in range(1000)
    }
    assert len(made) == 1000


@pytest.mark.parametrize("given", [{}, {"reference": "a", "wallet_id": "b"}])
def test_an_input_that_takes_one_of_several_takes_exactly_one(given):
    with pytest.raises(ValueError, match="exactly one of"):
        AccountInput(**given)


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (reading.text, 1),
        (reading.whole, "1"),
        (reading.whole, True),
        (reading.whole, Decimal(1)),
        (reading.truth, 1),
        (reading.decimal, 1),
        (reading.decimal, "one"),
        (reading.decimal, "NaN"),
        (reading.instant, "2026-03-01T12:00:00"),
        (reading.instant, "yesterday"),
        (lambda value: reading.many(value, reading.text), {"a": "b"}),
        (lambda value: reading.field_of(value, "a"), {"b": 1}),
        (lambda value: reading.field_of(value, "a"), None),
    ],
)
def test_a_value_of_another_kind_is_not_understood(read, value):
    with pytest.raises(AnswerNotUnderstood):
        read(value)


# --- server-sent events ---

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["next", "complete"]),
        st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20),
    ),
    max_size=5,
)


async def collect(chunks):
    async def flow():
        for chunk in chunks:
            yield chunk

    return [event async for event in read_events(flow())]


@given(EVENTS, st.sampled_from(["\n", "\r\n"]), st.integers(1, 7))
async def test_events_are_the_same_however_the_bytes_are_cut(events, end, size):
    written = "".join(
        f": still here{end}{end}event: {name}{end}data: {data}{end}{end}" for name, data in events
    ).encode()
    chunks = [written[start : start + size] for start in range(0, len(written), size)]
    assert await collect(chunks) == [StreamEvent(name, data) for name, data in events]


async def test_data_of_several_lines_is_put_together():
    assert await collect([b"event: next\ndata: {\ndata: }\nid: 7\n\n"]) == [
        StreamEvent("next", "{\n}")
    ]


async def test_an_event_that_never_ends_is_given_up():
    with pytest.raises(AnswerNotUnderstood):
        await collect([b"data: " + b"x" * EVENT_BYTES_MAX])
    with pytest.raises(AnswerNotUnderstood):
        await collect([b"data: x\n"] * (EVENT_BYTES_MAX // 7 + 1))
