"""Traces: a tree of spans for each request, and nothing in it that anybody sent."""

import asyncio
import json

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.effort import EFFORT
from schema.view.documents import hash_text
from tests.api import issue, write_mutation
from tests.schema.observing.conftest import open_traced

VIEWER = "query Who { viewer { kind } }"
PARTNERS = "query Partners { partners { nodes { code } } }"


def tree(spans):
    """The spans as names under names, in the order in which they began."""
    by_parent = {}
    for span in sorted(spans, key=lambda span: span.start_time):
        by_parent.setdefault(span.parent.span_id if span.parent else None, []).append(span)

    def below(span_id):
        return [(span.name, below(span.context.span_id)) for span in by_parent.get(span_id, [])]

    roots = by_parent.get(None, [])
    return [(span.name, below(span.context.span_id)) for span in roots]


def named(spans, name):
    (span,) = [span for span in spans if span.name == name]
    return span


async def test_a_query_is_a_request_an_operation_and_its_statements(traced, exporter):
    air = await traced.partner("AIR")
    await air.ask(PARTNERS)
    exporter.clear()
    await air.ask(VIEWER)
    spans = exporter.get_finished_spans()
    assert tree(spans) == [("POST /graphql", [("query Who", [])])]
    request, operation = named(spans, "POST /graphql"), named(spans, "query Who")
    assert dict(request.attributes) == {
        "http.request.method": "POST",
        "http.route": "/graphql",
        "http.response.status_code": 200,
        "hub.request_id": request.attributes["hub.request_id"],
    }
    assert dict(operation.attributes) == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Who",
        "hub.document_hash": hash_text(VIEWER),
        "hub.transport": "http",
        "hub.error_codes": "",
        "hub.round_trip_count": 0,
        "hub.row_count": 0,
    }


async def test_statements_lie_under_the_operation_that_asked_them(traced, exporter):
    air = await traced.partner("AIR")
    await air.do("enrolMember", reference="ana")
    wallet = 'query Wallet { wallet(account: {reference: "ana"}) { availablePoints } }'
    await issue(air, "ana", 10)
    exporter.clear()
    await air.ask(wallet)
    spans = exporter.get_finished_spans()
    ((_, ((name, statements),)),) = tree(spans)
    assert name == "query Wallet"
    assert statements == [("SELECT", []), ("SELECT", []), ("WITH", [])]
    operation = named(spans, "query Wallet")
    assert operation.attributes["hub.round_trip_count"] == len(statements)
    for span in spans:
        if span.name in {"SELECT", "WITH"}:
            assert set(span.attributes) == {
                "db.system.name",
                "db.operation.name",
                "db.response.returned_rows",
            }


async def test_a_batch_and_the_requests_that_it_carried_point_at_each_other(traced, exporter):
    air = await traced.partner("AIR")
    for reference in ("ana", "bob"):
        await air.do("enrolMember", reference=reference)
    exporter.clear()
    document = write_mutation("issuePoints")
    await asyncio.gather(*(issue(air, reference, 5) for reference in ("ana", "bob")))
    spans = exporter.get_finished_spans()
    operations = [span for span in spans if span.name.startswith("mutation")]
    batches = [span for span in spans if span.name == "poster.batch"]
    assert len(operations) == 2
    assert document.startswith("mutation Do")
    assert all(batch.parent is None for batch in batches)
    to_operations = {
        (batch.context.span_id, link.context.span_id) for batch in batches for link in batch.links
    }
    to_batches = {
        (link.context.span_id, operation.context.span_id)
        for operation in operations
        for link in operation.links
    }
    assert to_operations == to_batches
    assert {operation.context.span_id for operation in operations} == {
        operation for _, operation in to_operations
    }
    assert sum(batch.attributes["hub.parcel_count"] for batch in batches) == 2


async def test_a_request_joins_the_trace_of_whoever_calls(traced, exporter):
    air = await traced.partner("AIR")
    trace_id, span_id = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    headers = {
        **air.headers,
        "traceparent": f"00-{trace_id}-{span_id}-01",
        "tracestate": "vendor=Zx9SecretMarker",
        "baggage": "who=Zx9SecretMarker",
    }
    await traced.http.post("/graphql", json={"query": VIEWER}, headers=headers)
    spans = exporter.get_finished_spans()
    assert {f"{span.context.trace_id:032x}" for span in spans} == {trace_id}
    request = named(spans, "POST /graphql")
    assert f"{request.parent.span_id:016x}" == span_id
    assert not request.context.trace_state


@pytest.mark.parametrize("given", ["", "00-zz-yy-01", "x" * 5000, "00-" + "0" * 32 + "-1-01"])
async def test_a_header_that_is_no_traceparent_begins_a_trace(traced, exporter, given):
    air = await traced.partner("AIR")
    await air.ask(VIEWER)
    exporter.clear()
    headers = {**air.headers, "traceparent": given}
    answer = await traced.http.post("/graphql", json={"query": VIEWER}, headers=headers)
    assert answer.status_code == 200
    assert tree(exporter.get_finished_spans()) == [("POST /graphql", [("query Who", [])])]


async def test_callers_do_not_choose_which_traces_are_kept(coalition, exporter):
    async with open_traced(coalition, exporter, percent=0) as api:
        air = await api.partner("AIR")
        headers = {**air.headers, "traceparent": f"00-{'f' * 32}-{'1' * 16}-01"}
        await api.http.post("/graphql", json={"query": VIEWER}, headers=headers)
    assert exporter.get_finished_spans() == ()


async def test_a_request_that_executes_nothing_says_why(traced, exporter):
    await traced.http.post("/graphql", json={"query": "{ nothing }"})
    (span,) = exporter.get_finished_spans()
    assert span.attributes["hub.error_codes"] == "GRAPHQL_VALIDATION_FAILED"
    exporter.clear()
    await traced.http.get("/nowhere/Zx9SecretMarker?a=Zx9SecretMarker")
    (span,) = exporter.get_finished_spans()
    assert (span.name, span.attributes["http.response.status_code"]) == ("GET other", 404)
    assert "Zx9SecretMarker" not in span.to_json()


async def test_a_masked_error_names_its_request_and_its_trace(traced, exporter, monkeypatch):
    air = await traced.partner("AIR")

    def fail(*_, **__):
        raise RuntimeError("our mistake")

    monkeypatch.setattr(type(traced.coalition.hub.register), "partners", property(fail))
    with capture_logs(processors=[merge_contextvars]) as lines:
        body = {"query": PARTNERS}
        answer = await traced.http.post("/graphql", json=body, headers=air.headers)
    (error,) = answer.json()["errors"]
    (line,) = [line for line in lines if line["event"] == "schema.fault_masked"]
    operation = named(exporter.get_finished_spans(), "query Partners")
    assert error["extensions"] == {
        "code": "INTERNAL_SERVER_ERROR",
        "id": line["error_id"],
        "requestId": answer.headers["x-request-id"],
        "traceId": f"{operation.context.trace_id:032x}",
    }
    for told in lines:
        assert told["request_id"] == answer.headers["x-request-id"]
        assert told["trace_id"] == error["extensions"]["traceId"]
    assert operation.status.is_ok is False
    assert operation.attributes["hub.error_codes"] == "INTERNAL_SERVER_ERROR"
    assert "our mistake" not in "".join(span.to_json() for span in exporter.get_finished_spans())


async def test_nothing_that_was_sent_is_in_a_span_or_a_line_of_the_log(traced, exporter):
    air = await traced.partner("AIR")
    secret = "Zx9SecretMarker"
    token = air.headers["authorization"].removeprefix("Bearer ")
    with capture_logs() as lines:
        await air.do("enrolMember", reference=secret)
        account = {"reference": secret}
        await air.do("issuePoints", account=account, points=7, reference=secret, reason=secret)
        refused = await air.do("redeemPoints", account=account, points=900)
        assert refused["userErrors"][0]["code"] == "INSUFFICIENT_POINTS"
        literal = f'mutation Do {{ enrolMember(input: {{reference: "{secret}2"'
        await air.ask(literal + ', idempotencyKey: "k"}) { userErrors { code } } }')
        headers = {**air.headers, "graphql-client-name": secret, "cookie": f"a={secret}"}
        await traced.http.post("/graphql", json={"query": VIEWER}, headers=headers)
        await traced.http.post(f"/graphql?{secret}", json={"query": secret}, headers=headers)
    told = "".join(span.to_json() for span in exporter.get_finished_spans())
    told += json.dumps(lines, default=repr)
    assert "poster.batch" in told
    assert secret not in told
    assert token not in told


async def test_without_a_tracer_nothing_is_traced_and_nothing_is_left_behind(api, exporter):
    air = await api.partner("AIR")
    await air.do("enrolMember", reference="ana")
    await issue(air, "ana", 5)
    assert EFFORT.get() is None
    assert exporter.get_finished_spans() == ()
    async with api.coalition.hub.database.read(HUB_ACTOR):
        pass
    assert exporter.get_finished_spans() == ()
