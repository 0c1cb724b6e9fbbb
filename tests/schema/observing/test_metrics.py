"""What is counted while the API answers, and who may read it."""

import httpx
import pytest
from pydantic import ValidationError

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.settings import MetricsSettings
from schema.view.documents import hash_text
from tests.api import issue, open_api
from tests.schema.observing.scraping import read_samples, samples_of, scrape

TOKEN = "a-token-of-the-monitor-with-32-letters"
VIEWER = "query Who { viewer { kind } }"


async def enrol(caller, reference):
    payload = await caller.do("enrolMember", reference=reference)
    assert payload["userErrors"] == []


async def test_operations_are_counted_by_kind_transport_and_code(api):
    air = await api.partner("AIR")
    await enrol(air, "ana")
    await issue(air, "ana", 10)
    await issue(air, "ana", 20)
    await air.ask(VIEWER)
    await air.ask(VIEWER)
    await api.http.post("/graphql", json={"query": "{"}, headers=air.headers)
    await api.http.post("/graphql", json={"query": VIEWER})
    page = await scrape(api)
    # code, kind, operation, transport
    assert samples_of(page, "hub_graphql_operations_total") == {
        ("OK", "mutation", "other", "http"): 3,
        ("OK", "query", "other", "http"): 2,
        ("GRAPHQL_PARSE_FAILED", "none", "other", "http"): 1,
        ("UNAUTHENTICATED", "query", "other", "http"): 1,
    }
    assert samples_of(page, "hub_graphql_duration_seconds_count") == {
        ("mutation", "other"): 3,
        ("query", "other"): 3,
        ("none", "other"): 1,
    }
    assert samples_of(page, "hub_graphql_cost_count") == {
        ("mutation",): 3,
        ("query",): 3,
        ("none",): 1,
    }
    assert samples_of(page, "hub_graphql_documents") == {(): 3}
    assert samples_of(page, "hub_graphql_documents_prepared_total") == {(): 3}
    assert samples_of(page, "hub_graphql_document_hits_total") == {(): 3}


async def test_the_poster_and_http_are_counted(api):
    air = await api.partner("AIR")
    await enrol(air, "ana")
    await issue(air, "ana", 10)
    key = {"idempotencyKey": "again"}
    await issue(air, "ana", 20, **key)
    await issue(air, "ana", 20, **key)
    refused = await air.refusal("redeemPoints", account={"reference": "ana"}, points=31)
    assert refused["code"] == "INSUFFICIENT_POINTS"
    await api.http.get("/nowhere/to/be/found")
    page = await scrape(api)
    assert samples_of(page, "hub_poster_operations_total") == {
        ("ISSUE", "BOOKED"): 3,
        ("REDEEM", "INSUFFICIENT_POINTS"): 1,
    }
    assert samples_of(page, "hub_poster_replays_total") == {(): 1}
    assert samples_of(page, "hub_poster_batch_size_count") == {(): 4}
    assert samples_of(page, "hub_poster_batch_size_sum") == {(): 4}
    assert samples_of(page, "hub_poster_batch_duration_seconds_count") == {(): 4}
    assert samples_of(page, "hub_poster_queue_length") == {(): 0}
    assert samples_of(page, "hub_poster_connections_lost_total") == {(): 0}
    assert samples_of(page, "hub_http_requests_total") == {
        ("POST", "/graphql", "200"): 5,
        ("GET", "other", "404"): 1,
    }
    assert samples_of(page, "hub_pool_connections") == {(): 5}
    assert samples_of(page, "hub_books_read") == {(): 1}
    assert samples_of(page, "hub_seal_unsealed_entries") == {(): 2}
    assert samples_of(page, "hub_seal_last_checkpoint_timestamp_seconds") == {(): 0}


async def test_a_histogram_counts_up_to_its_bounds(api):
    air = await api.partner("AIR")
    await air.ask(VIEWER)
    page = await scrape(api)
    buckets = {le: count for (_, le), count in samples_of(page, "hub_graphql_cost_bucket").items()}
    bounds = "1 2 5 10 20 50 100 200 500 1000 2000 5000 10000 +Inf"
    assert buckets == dict.fromkeys(bounds.split(), 1)
    assert samples_of(page, "hub_graphql_cost_sum") == {("query",): 1}


async def test_operations_of_published_documents_are_told_by_name(api):
    air = await api.partner("AIR")
    await publish(api, VIEWER)
    sent = {"documentId": f"sha256:{hash_text(VIEWER)}"}
    for _ in range(2):
        answer = await api.http.post("/graphql", json=sent, headers=air.headers)
        assert answer.json()["data"] == {"viewer": {"kind": "PARTNER"}}
    await air.ask("query Mine { viewer { kind } }")
    counts = samples_of(await scrape(api), "hub_graphql_operations_total")
    assert counts == {("OK", "query", "Who", "http"): 2, ("OK", "query", "other", "http"): 1}


async def publish(api, *texts):
    from schema.documents.store import Document, insert_documents

    async with api.coalition.hub.database.begin(HUB_ACTOR) as tx:
        made = [Document(hash_text(text), text, "") for text in texts]
        await insert_documents(tx, made, client="app", version="1")


async def test_names_that_callers_invent_make_no_new_series(api):
    air = await api.partner("AIR")
    await scrape(api)
    before = set(read_samples(await scrape(api)))
    for number in range(30):
        await air.ask(f"query Invented{number} {{ viewer {{ kind }} }}")
        await api.http.request(f"GET{number}", f"/invented/{number}", headers=air.headers)
        headers = {**air.headers, "graphql-client-name": f"invented-{number}"}
        await api.http.post("/graphql", json={"query": f"invented{number}"}, headers=headers)
    page = await scrape(api)
    assert "nvented" not in page
    await air.ask("query Another { viewer { kind } }")
    after = set(read_samples(await scrape(api)))
    assert after == set(read_samples(page))
    assert before < after


async def test_only_so_many_published_names_are_told():
    from graphql import OperationType

    from schema.observing.names import NAMES_MAX, OperationNames
    from schema.view.watching import Finished, Transport

    class Shown:
        def __init__(self, number):
            self.sha256, self.name, self.kind = f"{number:064d}", f"N{number}", OperationType.QUERY

    names = OperationNames()
    names.publish(f"{number:064d}" for number in range(NAMES_MAX + 50))
    told = set()
    for number in range(NAMES_MAX + 50):
        each = Shown(number)
        told.add(names.name_of(Finished(Transport.HTTP, None, None, each, each, 0, (), 1)))
    assert told == {f"N{number}" for number in range(NAMES_MAX)} | {"other"}


async def test_without_a_token_the_page_is_for_this_machine_only(api):
    far = httpx.ASGITransport(app=api.app, client=("203.0.113.7", 50_000))
    async with httpx.AsyncClient(transport=far, base_url="http://localhost") as http:
        assert (await http.get("/metrics")).status_code == 404
    answer = await api.http.get("/metrics", headers={"host": "hub.example"})
    assert answer.status_code == 404


async def test_without_a_token_production_serves_no_page_beside_the_api(coalition):
    production = {"profile": "production", "database_url": "postgresql://nobody@nowhere/none"}
    identity = {"issuer": "https://hub.example", "wrapping_key": "0" * 64}
    async with open_api(coalition, **production, oauth=identity) as api:
        answer = await api.http.get("/metrics")
        assert (answer.status_code, answer.text) == (404, "Not Found")


async def test_with_a_token_the_page_is_for_who_shows_it(coalition):
    async with open_api(coalition, metrics={"token": TOKEN}) as api:
        for shown in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {TOKEN}"}):
            answer = await api.http.get("/metrics", headers=shown)
            assert (answer.status_code, answer.text) == (401, "")
        answer = await api.http.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert TOKEN not in answer.text
        assert samples_of(answer.text, "hub_http_requests_total") == {("GET", "/metrics", "401"): 3}


def test_a_port_that_others_reach_takes_a_token():
    with pytest.raises(ValidationError, match="token is missing"):
        MetricsSettings(port=9100, host="192.0.2.1")
    assert MetricsSettings(port=9100, host="192.0.2.1", token=TOKEN).port == 9100
    with pytest.raises(ValidationError, match="at least 32"):
        MetricsSettings(token="short")


async def test_callers_who_show_what_is_not_good_are_counted(api):
    for _ in range(2):
        headers = {"authorization": "Bearer a.b.c"}
        answer = await api.http.post("/graphql", json={"query": VIEWER}, headers=headers)
        assert answer.status_code == 401
    page = await scrape(api)
    assert samples_of(page, "hub_callers_refused_total") == {("invalid_token",): 2}


async def test_a_database_out_of_reach_leaves_the_figures_of_the_process(coalition, monkeypatch):
    from hub.metrics.page import MetricsPage

    async def fail(_):
        raise OSError("out of reach")

    monkeypatch.setattr("hub.metrics.page.refresh_metrics", fail)
    page = (await MetricsPage(coalition.hub.database).write()).decode()
    assert samples_of(page, "hub_books_read") == {(): 0}
    assert samples_of(page, "hub_audit_findings") == {}


async def test_what_members_and_partners_send_is_in_no_metric(api):
    air = await api.partner("AIR")
    secret = "Zx9SecretMarker"
    await enrol(air, secret)
    given = {"account": {"reference": secret}, "points": 7, "reference": secret, "reason": secret}
    assert (await air.do("issuePoints", **given))["userErrors"] == []
    headers = {**air.headers, "graphql-client-name": secret, "x-secret": secret}
    body = {"query": f"query {secret} {{ viewer {{ kind }} }}", "operationName": secret}
    assert (await api.http.post("/graphql", json=body, headers=headers)).status_code == 200
    await api.http.get(f"/oauth/{secret}?token={secret}")
    page = await scrape(api)
    assert secret not in page
    assert air.headers["authorization"].removeprefix("Bearer ") not in page


def test_operations_are_counted_right_however_many_there_are():
    from graphql import OperationType

    from schema.observing.figures import ROWS_MAX, OperationFigures
    from schema.observing.names import OperationNames
    from schema.view.watching import Finished, Transport

    class Shown:
        def __init__(self, number):
            self.sha256, self.name, self.kind = f"{number:064d}", f"N{number}", OperationType.QUERY

    names = OperationNames()
    figures = OperationFigures(names)
    for number in range(ROWS_MAX + 7):
        shown = Shown(number % (ROWS_MAX + 3))
        for codes in ((), ("THROTTLED",), ("invented by a resolver",)):
            figures.note(Finished(Transport.HTTP, None, None, shown, shown, 2, codes, 1))
        assert len(figures._rows) <= ROWS_MAX
    names.publish([f"{0:064d}"])
    shown = Shown(0)
    figures.note(Finished(Transport.HTTP, None, None, shown, shown, 2, (), 1))
    figures.note(Finished(Transport.HTTP, None, None, shown, None, 0, ("BAD_REQUEST",), 1))
    assert figures.counts == {
        ("query", "other", "http", "OK"): ROWS_MAX + 7,
        ("query", "other", "http", "THROTTLED"): ROWS_MAX + 7,
        ("query", "other", "http", "OTHER"): ROWS_MAX + 7,
        ("query", "N0", "http", "OK"): 1,
        ("none", "other", "http", "BAD_REQUEST"): 1,
    }
    assert figures.counts == figures.counts
    assert figures.costs["query"].total == 2 * (3 * (ROWS_MAX + 7) + 1)
