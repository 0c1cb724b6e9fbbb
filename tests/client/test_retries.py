"""What is tried again, how long is waited, and that what is tried twice is done once."""

import json
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from hub.client.asynchronous import HubClient
from hub.client.bearer import BearerToken
from hub.client.errors import AnswerNotUnderstood, Fault, NoAnswer
from hub.client.generated.inputs import (
    AccountInput,
    BulkIssuePointsInput,
    EnrolMemberInput,
    IssuePointsInput,
    RedeemPointsInput,
)
from hub.client.generated.refusals import InsufficientPoints
from hub.client.retries import RetryPolicy, is_passing, read_retry_after
from tests.client.cutter import cut_wire, serve

NOW = 1_772_366_400
ANA = AccountInput(reference="ana")
SOON = RetryPolicy(tries_max=4, pause_min_ms=1, pause_max_ms=2)


@pytest.fixture
async def wire(api):
    """A client at the far end of a wire that can lose answers."""
    caller = await api.partner("AIR")
    token = caller.headers["authorization"].removeprefix("Bearer ")
    async with (
        cut_wire(api.app) as (cutter, address),
        HubClient(address, auth=BearerToken(token), retries=SOON) as hub,
    ):
        await hub.enrol_member(EnrolMemberInput(reference="ana"))
        cutter.asked.clear()
        yield cutter, hub


async def test_a_lost_answer_is_asked_for_again_with_the_same_key_and_books_once(wire, coalition):
    cutter, hub = wire
    cutter.lose_answers = 3
    issued = await hub.issue_points(IssuePointsInput(account=ANA, points=100))
    assert await hub.entry(id=issued.entry_id)
    keys = [json.loads(body)["variables"]["input"]["idempotencyKey"] for body in cutter.asked[:4]]
    assert len(cutter.asked) == 5
    assert len(set(keys)) == 1
    assert await coalition.value("SELECT count(*) FROM ledger.entries") == 1


async def test_a_lost_refusal_is_the_same_refusal_when_asked_again(wire, coalition):
    cutter, hub = wire
    cutter.lose_answers = 1
    with pytest.raises(InsufficientPoints) as refused:
        await hub.redeem_points(RedeemPointsInput(account=ANA, points=5))
    assert refused.value.available_points == 0
    assert len(cutter.asked) == 2
    assert await coalition.value("SELECT count(*) FROM ledger.entries") == 0


async def test_when_no_answer_ever_comes_the_same_input_settles_it_later(wire, coalition):
    cutter, hub = wire
    cutter.lose_answers = 4
    wanted = IssuePointsInput(account=ANA, points=100)
    with pytest.raises(NoAnswer) as lost:
        await hub.issue_points(wanted)
    assert lost.value.tries_count == 4
    assert await coalition.value("SELECT count(*) FROM ledger.entries") == 1
    issued = await hub.issue_points(wanted)
    entry = await hub.entry(id=issued.entry_id)
    assert entry is not None
    assert entry.points == 100
    assert await coalition.value("SELECT count(*) FROM ledger.entries") == 1


async def test_a_list_goes_on_where_an_answer_was_lost(wire):
    cutter, hub = wire
    for points in (1, 2, 3, 4):
        await hub.issue_points(IssuePointsInput(account=ANA, points=points))
    found = []
    async for lot in hub.wallet_lots(account=ANA, page_size=1):
        found.append(lot.points)
        cutter.lose_answers = 1
    assert found == [1, 2, 3, 4]


async def test_nobody_there_is_no_answer():
    with socket.socket() as taken:  # bound, not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/graphql"
        async with HubClient(address, auth=BearerToken("t"), retries=SOON) as hub:
            with pytest.raises(NoAnswer) as lost:
                await hub.viewer()
    assert lost.value.tries_count == 4


class Replies:
    """A gate in front of a hub: gives answers one after the other, and counts the questions."""

    def __init__(self, *answers: Response) -> None:
        self.answers = list(answers)
        self.asked_count = 0
        self.app = Starlette(routes=[Route("/graphql", self.reply, methods=["POST"])])

    async def reply(self, _request) -> Response:
        self.asked_count += 1
        return self.answers.pop(0)


def fault(code, **extensions):
    error = {"message": "No.", "extensions": {"code": code, **extensions}}
    return JSONResponse({"data": None, "errors": [error]})


VIEWER = JSONResponse({"data": {"viewer": {"kind": "OPERATOR", "partner": None, "member": None}}})


@pytest.mark.parametrize(
    "passing",
    [
        Response(status_code=503),
        Response(status_code=502),
        Response(status_code=504),
        Response(status_code=429, headers={"retry-after": "0"}),
        PlainTextResponse("please wait", status_code=503),
        fault("OVERLOADED", retryAfter=0),
        fault("OUTCOME_UNKNOWN"),
    ],
    ids=["503", "502", "504", "429", "a page", "overloaded", "unknown"],
)
async def test_what_passes_is_tried_again(passing):
    gate = Replies(passing, passing, VIEWER)
    async with serve(gate.app) as port:
        address = f"http://127.0.0.1:{port}/graphql"
        async with HubClient(address, auth=BearerToken("t"), retries=SOON) as hub:
            assert (await hub.viewer()).kind == "OPERATOR"
    assert gate.asked_count == 3


def bulk(*codes):
    """A payload of a bulk, with the code that each row was refused with."""
    given = {"__typename": "Odd", "message": "No.", "path": None, "retryAfterSeconds": 0}
    rows = [
        {
            "userErrors": [{**given, "code": code}] if code else [],
            "postedAt": None if code else "2026-03-01T12:00:00Z",
            "entryId": None if code else "e",
            "lotId": None if code else "l",
            "grantedPoints": None if code else 1,
            "cappedBy": None,
        }
        for code in codes
    ]
    return JSONResponse({"data": {"bulkIssuePoints": {"userErrors": [], "rows": rows}}})


ROWS = BulkIssuePointsInput(rows=(IssuePointsInput(account=ANA, points=1),) * 2)


async def test_a_bulk_is_sent_again_while_a_row_is_unknown_or_too_busy():
    gate = Replies(bulk("OVERLOADED", None), bulk("OUTCOME_UNKNOWN", None), bulk(None, "NO"))
    async with (
        serve(gate.app) as port,
        HubClient(f"http://127.0.0.1:{port}/graphql", auth=BearerToken("t"), retries=SOON) as hub,
    ):
        done = await hub.bulk_issue_points(ROWS)
    assert gate.asked_count == 3
    assert [[error.code for error in row.user_errors] for row in done.rows] == [[], ["NO"]]


async def test_a_bulk_whose_row_stays_unknown_says_so_in_the_row():
    gate = Replies(*[bulk("OUTCOME_UNKNOWN", None)] * 4)
    async with (
        serve(gate.app) as port,
        HubClient(f"http://127.0.0.1:{port}/graphql", auth=BearerToken("t"), retries=SOON) as hub,
    ):
        done = await hub.bulk_issue_points(ROWS)
    assert gate.asked_count == 4
    assert [row.entry_id for row in done.rows] == [None, "e"]
    assert done.rows[0].user_errors[0].code == "OUTCOME_UNKNOWN"


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (fault("FORBIDDEN"), Fault),
        (fault("INTERNAL_SERVER_ERROR"), Fault),
        (JSONResponse({"errors": [{"message": "No."}]}, status_code=400), Fault),
        (JSONResponse({"data": {}}), AnswerNotUnderstood),
        (JSONResponse({"data": {"viewer": {"kind": 7}}}), AnswerNotUnderstood),
        (JSONResponse([]), AnswerNotUnderstood),
        (PlainTextResponse("hello"), AnswerNotUnderstood),
        (PlainTextResponse("gone", status_code=500), AnswerNotUnderstood),
        (Response(status_code=429, headers={"retry-after": "3600"}), NoAnswer),
    ],
    ids=["forbidden", "fault", "400", "no field", "odd field", "list", "text", "500", "an hour"],
)
async def test_what_stays_is_not_tried_again(answer, raised):
    gate = Replies(answer)
    async with serve(gate.app) as port:
        address = f"http://127.0.0.1:{port}/graphql"
        async with HubClient(address, auth=BearerToken("t"), retries=SOON) as hub:
            with pytest.raises(raised):
                await hub.viewer()
    assert gate.asked_count == 1


@given(tries=st.integers(1, 10_000), draw=st.integers(0, 1000), asked=st.integers(0, 60))
def test_pauses_grow_up_to_a_limit_and_never_undercut_what_the_hub_asks_for(tries, draw, asked):
    policy = RetryPolicy()
    pause = policy.pause_ms(tries, draw=draw, retry_after_seconds=asked)
    assert pause >= asked * 1000
    bare = policy.pause_ms(tries, draw=draw, retry_after_seconds=None)
    assert 50 <= bare <= 10_000
    assert bare <= policy.pause_ms(tries + 1, draw=draw, retry_after_seconds=None)


def test_pauses_double():
    policy = RetryPolicy()
    whole = [policy.pause_ms(n, draw=1000, retry_after_seconds=None) for n in range(1, 9)]
    assert whole == [100, 200, 400, 800, 1600, 3200, 6400, 10_000]
    half = [policy.pause_ms(n, draw=0, retry_after_seconds=None) for n in (1, 8)]
    assert half == [50, 5000]


def test_a_policy_that_never_sends_is_refused():
    with pytest.raises(ValueError, match="at least one try"):
        RetryPolicy(tries_max=0)


@pytest.mark.parametrize(
    ("header", "extensions", "seconds"),
    [
        (None, {}, None),
        ("7", {}, 7),
        ("Sun, 01 Mar 2026 12:00:05 GMT", {}, 5),
        ("Sun, 01 Mar 2026 11:00:00 GMT", {}, 0),
        ("soon", {}, None),
        ("-1", {}, None),
        (None, {"retryAfter": 3}, 3),
        ("2", {"retryAfter": 3}, 3),
        (None, {"retryAfter": "3"}, None),
        (None, None, None),
    ],
)
def test_how_long_the_hub_asks_to_wait(header, extensions, seconds):
    errors = [{"message": "No.", "extensions": extensions}]
    assert read_retry_after(header, errors, now_seconds=NOW) == seconds


def test_a_wait_is_asked_for_in_the_longest_of_several_errors():
    errors = [{"extensions": {"retryAfter": n}} for n in (1, 9, 4)]
    assert read_retry_after(None, errors, now_seconds=NOW) == 9


def test_an_error_without_a_code_does_not_pass():
    assert not is_passing(200, [{"message": "No.", "extensions": "odd"}, {}])
