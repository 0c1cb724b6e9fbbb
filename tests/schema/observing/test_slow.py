"""The log of slow operations."""

from structlog.testing import capture_logs

from schema.observing.slow import REMEMBERED_MAX, SlowLog
from schema.settings import SlowSettings
from schema.view.documents import hash_text
from tests.api import open_api

PARTNERS = "query Partners { partners { nodes { code } } }"


def slow_lines(lines):
    return [line for line in lines if line["event"] == "schema.operation_slow"]


async def test_a_slow_operation_is_told_with_what_it_took_once_in_a_while(coalition):
    async with open_api(coalition, api={"slow": {"milliseconds": 0}}) as api:
        air = await api.partner("AIR")
        with capture_logs() as lines:
            for _ in range(3):
                await air.ask(PARTNERS)
        (line,) = slow_lines(lines)
    assert isinstance(line.pop("milliseconds"), int)
    assert line == {
        "event": "schema.operation_slow",
        "log_level": "warning",
        "document_hash": hash_text(PARTNERS),
        "operation": "Partners",
        "kind": "query",
        "transport": "http",
        "cost": line["cost"],
        "round_trips": 0,
        "rows": 0,
        "left_out": 0,
    }


async def test_round_trips_and_rows_are_those_of_the_operation(coalition):
    async with open_api(coalition, api={"slow": {"milliseconds": 0}}) as api:
        air = await api.partner("AIR")
        await air.do("enrolMember", reference="ana")
        issue = "mutation Issue($input: IssuePointsInput!) { issuePoints(input: $input) { lotId } }"
        given = {"idempotencyKey": "1", "account": {"reference": "ana"}, "points": 5}
        with capture_logs() as lines, api.counted() as statements:
            await air.ask(issue, input=given)
        (line,) = slow_lines(lines)
        assert (line["operation"], line["kind"]) == ("Issue", "mutation")
        assert (line["round_trips"], line["rows"]) == (1, 0)  # one batch; no statement of its own
        assert statements == []
        wallet = 'query Mine { wallet(account: {reference: "ana"}) { availablePoints } }'
        with capture_logs() as lines, api.counted() as statements:
            await air.ask(wallet)
        (line,) = slow_lines(lines)
        assert line["round_trips"] == len(statements) + 1  # the one that says who acts
        assert line["rows"] >= 1


async def test_a_quick_operation_is_not_told(coalition):
    async with open_api(coalition, api={"slow": {"milliseconds": 60_000}}) as api:
        air = await api.partner("AIR")
        with capture_logs() as lines:
            await air.ask(PARTNERS)
    assert slow_lines(lines) == []


def test_what_was_left_out_is_told_with_the_next_line_and_little_is_remembered():
    from graphql import OperationType

    from schema.view.watching import Finished, Transport

    class Shown:
        kind = OperationType.QUERY

        def __init__(self, number):
            self.sha256, self.name = f"{number}", "N" * 100

    def finish(number):
        shown = Shown(number)
        return Finished(Transport.HTTP, None, None, shown, shown, 1, (), 5_000_000)

    told = SlowLog(SlowSettings(milliseconds=5, seconds_between=3600))
    with capture_logs() as lines:
        for _ in range(3):
            told.note(finish(0))
        told._told = {key: (0, left_out) for key, (_, left_out) in told._told.items()}
        told._pause = 1
        told.note(finish(0))
    assert [line["left_out"] for line in lines] == [0, 2]
    assert {line["operation"] for line in lines} == {"N" * 64}
    assert told.count == 4
    with capture_logs():
        for number in range(REMEMBERED_MAX + 5):
            told.note(finish(number))
    assert len(told._told) <= REMEMBERED_MAX
