"""GraphQL over HTTP, rule by rule, on the wire."""

import asyncio
import gzip

import orjson
import pytest
import structlog

from schema.view.documents import hash_text
from schema.view.http import PREFLIGHTED
from tests.schema.view.small import client, code_of, get, make_view, post
from tests.schema.view.wire import RequestLine

JSON = "application/json"
STRICT = "application/graphql-response+json"


@pytest.mark.parametrize("media_type", [JSON, STRICT])
async def test_an_answer_is_written_in_what_the_client_asked_for(media_type):
    view, _ = make_view()
    response = await post(view, {"query": "{ hello }"}, accept=media_type)
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.json() == {"data": {"hello": "world"}}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": ""}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nope }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "fragment F on Query { hello }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query A { hello } query B { hello }"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "query A { hello }", "operationName": "B"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "query($x: String!) { echo(text: $x) }"}, "BAD_USER_INPUT"),
        (
            {"query": "query($x: String!) { echo(text: $x) }", "variables": {"x": 1}},
            "BAD_USER_INPUT",
        ),
        ({"documentId": "sha256:" + "0" * 64}, "PERSISTED_QUERY_NOT_FOUND"),
    ],
)
async def test_what_is_not_executed_has_no_data_and_its_status_goes_by_the_media_type(given, code):
    view, notes = make_view()
    response = await post(view, given, accept=JSON)
    assert (response.status_code, code_of(response)) == (200, code)
    response = await post(view, given, accept=STRICT)
    assert (response.status_code, code_of(response)) == (400, code)
    assert notes.contexts == []


async def test_a_null_under_an_argument_with_a_default_is_the_callers_mistake():
    view, _ = make_view()
    query = "query($x: String) { echo(text: $x) }"
    response = await post(view, {"query": query, "variables": {"x": None}})
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert error["path"] == ["echo"]
    assert (await post(view, {"query": query})).json() == {"data": {"echo": "nothing"}}


async def test_one_of_several_operations_is_chosen_by_its_name():
    view, _ = make_view()
    query = "query A { a: hello } query B { b: hello }"
    response = await post(view, {"query": query, "operationName": "B"})
    assert response.json() == {"data": {"b": "world"}}


async def test_a_fault_of_ours_is_masked_and_is_in_the_log_under_its_id():
    view, notes = make_view()
    with structlog.testing.capture_logs() as lines:
        response = await post(view, {"query": "{ hello deep { broken } }"}, accept=STRICT)
    body = response.json()
    assert response.status_code == 200
    assert body["data"] == {"hello": "world", "deep": {"broken": None}}
    (error,) = body["errors"]
    (line,) = [line for line in lines if line["event"] == "schema.fault_masked"]
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "id": line["error_id"]}
    assert error["path"] == ["deep", "broken"]
    assert "secret" not in response.text
    assert isinstance(line["exc_info"], ZeroDivisionError)
    assert [context.is_closed for context in notes.contexts] == [True]


async def test_data_that_became_null_is_there_as_null():
    view, _ = make_view()
    response = await post(view, {"query": "{ deep { hopeless } }"}, accept=STRICT)
    assert (response.status_code, response.json()["data"]) == (200, None)


async def test_nothing_that_can_be_sent_is_acceptable():
    view, _ = make_view()
    response = await post(view, {"query": "{ hello }"}, accept="text/html")
    assert (response.status_code, code_of(response)) == (406, "BAD_REQUEST")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
async def test_other_methods_are_not_allowed(method):
    view, _ = make_view()
    async with client(view) as http:
        response = await http.request(method, "/graphql")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
async def test_only_plain_json_is_read(headers):
    view, notes = make_view()
    content = gzip.compress(b" " * 10_000_000) if "content-encoding" in headers else b'{"query":""}'
    async with client(view) as http:
        response = await http.post("/graphql", content=content, headers=headers)
    assert (response.status_code, code_of(response)) == (415, "BAD_REQUEST")
    assert notes.contexts == []


async def test_a_body_with_a_charset_of_its_own_spelling_is_read():
    view, _ = make_view()
    async with client(view) as http:
        response = await http.post(
            "/graphql",
            content='{"query": "{ echo(text: \\"跑\\") }"}'.encode(),
            headers={"content-type": 'Application/JSON; Charset="UTF-8"'},
        )
    assert response.json() == {"data": {"echo": "跑"}}


async def test_a_body_longer_than_allowed_is_not_read_to_its_end():
    view, _ = make_view(settings={"body_max_bytes": 2000})
    sent = 0

    async def endless():
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b" " * 1000

    async with client(view) as http:
        headers = {"content-type": JSON}
        response = await http.post("/graphql", content=endless(), headers=headers)
        assert (response.status_code, code_of(response)) == (413, "BAD_REQUEST")
        assert response.headers["connection"] == "close"
        assert sent == 3
        response = await http.post("/graphql", content=b"x" * 2001, headers=headers)
        assert response.status_code == 413


async def test_a_body_that_does_not_come_is_not_waited_for():
    view, notes = make_view(settings={"body_seconds": 1})

    async def endless():
        yield b'{"query":'
        await asyncio.sleep(60)

    async with client(view) as http:
        response = await http.post("/graphql", content=endless(), headers={"content-type": JSON})
    assert (response.status_code, code_of(response)) == (408, "BAD_REQUEST")
    assert response.headers["connection"] == "close"
    assert notes.contexts == []


async def test_a_length_that_is_no_number_is_not_believed():
    view, _ = make_view()
    async with client(view) as http:
        for length in ("9" * 5000, "-1", "²", "1e9"):
            request = http.build_request("POST", "/graphql", json={"query": "{ hello }"})
            request.headers["content-length"] = length.encode("latin-1", "replace").decode(
                "latin-1"
            )
            assert (await http.send(request)).status_code in {200, 413}


async def test_get_asks_queries_in_development():
    view, _ = make_view()
    response = await get(view, {"query": "{ hello }"}, accept=JSON)
    assert (response.status_code, response.json()) == (200, {"data": {"hello": "world"}})
    variables = {"query": "query($x: String!) { echo(text: $x) }", "variables": '{"x": "y"}'}
    assert (await get(view, variables)).json() == {"data": {"echo": "y"}}


@pytest.mark.parametrize("accept", [JSON, STRICT, "text/event-stream"])
async def test_get_never_changes_anything(accept):
    view, notes = make_view()
    response = await get(view, {"query": "mutation { wait }"}, accept=accept)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert (notes.contexts, notes.done) == ([], [])


TEXT = "{ hello }"
DOCUMENT_ID = {"documentId": f"sha256:{hash_text(TEXT)}"}


@pytest.mark.parametrize("asked", [{"query": TEXT}, DOCUMENT_ID], ids=["text", "id"])
@pytest.mark.parametrize("header", [*PREFLIGHTED, "authorization"])
async def test_in_production_get_takes_a_header_that_other_sites_cannot_send(asked, header):
    view, notes = make_view(is_development=False, find_text=published(TEXT))
    for sent in ({}, {"content-type": JSON}, {"authorization": "Basic YTpi"}):
        response = await get(view, asked, **sent)
        assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")
        assert "`graphql-preflight`" in response.json()["errors"][0]["message"]
    assert notes.contexts == []
    value = "Bearer of-nobody" if header == "authorization" else ""
    response = await get(view, asked, **{header: value})
    assert (response.status_code, response.json()) == (200, {"data": {"hello": "world"}})
    assert response.headers["cache-control"] == "no-store"


async def test_in_production_get_changes_nothing_either():
    view, notes = make_view(is_development=False)
    response = await get(view, {"query": "mutation { wait }"}, graphql_preflight="1")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert (notes.contexts, notes.done) == ([], [])


@pytest.mark.parametrize("is_development", [True, False])
async def test_get_can_be_kept_for_published_documents(is_development):
    closed = {"allows_get_queries": False}
    view, _ = make_view(is_development=is_development, find_text=published(TEXT), settings=closed)
    response = await get(view, {"query": TEXT}, graphql_preflight="1")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    response = await get(view, DOCUMENT_ID, graphql_preflight="1")
    assert (response.status_code, response.json()) == (200, {"data": {"hello": "world"}})


def published(text):
    async def find_text(sha256):
        return text if sha256 == hash_text(text) else None

    return find_text


async def test_a_subscription_is_not_answered_by_one_document():
    view, notes = make_view()
    response = await post(view, {"query": "subscription { count(to: 1) }"}, accept=JSON)
    assert (response.status_code, code_of(response)) == (406, "BAD_REQUEST")
    assert notes.contexts == []


async def test_deferred_parts_come_with_the_rest_for_whoever_reads_no_stream():
    view, _ = make_view(settings={"allows_defer": True})
    query = "{ hello ... on Query @defer { deep { late } } }"
    response = await post(view, {"query": query}, accept=JSON)
    assert response.json() == {"data": {"hello": "world", "deep": {"late": "late"}}}


async def test_a_query_that_nobody_waits_for_is_stopped():
    view, notes = make_view()
    line = RequestLine(view, {"query": "{ wait }"})
    await notes.started.wait()
    line.hang_up()
    await line.end()
    assert notes.cancelled.is_set()
    assert [context.is_closed for context in notes.contexts] == [True]
    assert line.outgoing.empty()


async def test_a_mutation_that_nobody_waits_for_is_done_all_the_same():
    view, notes = make_view()
    line = RequestLine(view, {"query": "mutation { wait }"})
    await notes.started.wait()
    line.hang_up()
    await asyncio.sleep(0)
    notes.released.set()
    await line.end()
    assert notes.done == ["mutation"]
    assert orjson.loads(await line.text()) == {"data": {"wait": "done"}}


async def test_a_query_that_takes_too_long_is_stopped():
    view, notes = make_view(settings={"query_seconds": 1})
    response = await post(view, {"query": "{ wait }"}, accept=JSON)
    assert (response.status_code, code_of(response)) == (503, "TOOK_TOO_LONG")
    assert notes.cancelled.is_set()
    assert [context.is_closed for context in notes.contexts] == [True]


async def test_each_operation_is_told_to_whoever_watches():
    seen = []
    view, _ = make_view(watch=seen.append)
    await post(view, {"query": "query Ask { hello }"}, graphql_client_name="till")
    await post(view, {"query": "{ nope }"})
    await post(view, {"query": "{ deep { broken } }"}, apollographql_client_name="x" * 500)
    told = [(each.operation_name, each.kind, each.client, each.error_codes) for each in seen]
    assert told == [
        ("Ask", "query", "till@", ()),
        (None, "", None, ("GRAPHQL_VALIDATION_FAILED",)),
        (None, "query", "x" * 100, ("INTERNAL_SERVER_ERROR",)),
    ]
    assert [len(each.document_hash) for each in seen] == [64, 0, 64]


async def test_a_browser_gets_the_page_and_a_program_does_not():
    async def page(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"page"})

    view, _ = make_view(page=page)
    assert (await get(view, {}, accept="text/html,*/*")).text == "page"
    response = await get(view, {}, accept=JSON)
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")
    response = await get(view, {"query": "{ hello }"}, accept="text/html,*/*")
    assert response.json() == {"data": {"hello": "world"}}
