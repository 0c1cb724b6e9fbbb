"""Traces as a collector gets them by OTLP over HTTP, from a hub that serves: nobody's data."""

import asyncio
import contextlib
import gzip
import hashlib
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from schema.view.documents import hash_text
from tests.api import new_key, open_api
from tests.journeys.serving import SECONDS_MAX, read_greeting, running
from tests.outside.runners import INSTALL_SECONDS_MAX, PLACES

LOCK = Path(__file__).parent / "requirements.lock"
REFERENCE = "Zx9-reference-of-ana"
RECEIPT = "Zx9-receipt"
ISSUE = """mutation Issue($input: IssuePointsInput!) {
  issuePoints(input: $input) { entryId userErrors { message } }
}"""
WALLET = "query Wallet($of: AccountInput!) { wallet(account: $of) { availablePoints } }"


@pytest.fixture(scope="module")
def exporter():
    """What sends and reads OTLP: the extra `tracing`, in a folder, once for each lock."""
    folder = PLACES / f"tracing-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    if not (folder / "opentelemetry" / "proto").exists():
        pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        options = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--target", folder]
        done = subprocess.run(
            [*pip, *options, "--requirement", LOCK],
            capture_output=True,
            text=True,
            check=False,
            timeout=INSTALL_SECONDS_MAX,
        )
        if done.returncode != 0:
            pytest.skip(f"!!! NOT TESTED: traces by OTLP (pip: {done.stderr[-300:]})")
    return folder


class Collector(ThreadingHTTPServer):
    """A collector that keeps what it is sent."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Receiver)
        self.asked = []


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        content = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        self.server.asked.append((self.path, self.headers["content-type"], content))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def collector():
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
async def sent(exporter, collector, coalition, database_url):
    """Two operations of AIR, told to the collector by a hub that was stopped then; its token."""
    async with open_api(coalition) as api:
        air = await api.partner("AIR")
        await api.member("ana", AIR=REFERENCE)
    settings = {
        "HUB_TRACING__ENDPOINT": f"http://127.0.0.1:{collector.server_address[1]}/v1/traces",
        "HUB_TRACING__PERCENT": "100",
        "PYTHONPATH": str(exporter),
    }
    with running(database_url, "serve", "--port", "0", **settings) as process:
        address, _ = await asyncio.to_thread(read_greeting, process)
        drained = asyncio.create_task(asyncio.to_thread(process.stderr.read))
        of = {"reference": REFERENCE}
        given = {"account": of, "points": 10, "reference": RECEIPT, "idempotencyKey": new_key()}
        async with httpx.AsyncClient(timeout=SECONDS_MAX, headers=air.headers) as http:
            for query, variables in ((ISSUE, {"input": given}), (WALLET, {"of": of})):
                found = await http.post(address, json={"query": query, "variables": variables})
                assert "errors" not in found.json(), found.text
        process.terminate()
        with contextlib.suppress(ValueError):
            await drained
        process.wait(timeout=SECONDS_MAX)
    return air.headers["authorization"].removeprefix("Bearer ")


def plain(attributes):
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


async def test_a_collector_gets_the_spans_and_nothing_that_anybody_sent(
    exporter, collector, sent, monkeypatch
):
    monkeypatch.syspath_prepend(str(exporter))
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    assert {(path, kind) for path, kind, _ in collector.asked} == {
        ("/v1/traces", "application/x-protobuf")
    }
    requests = [ExportTraceServiceRequest.FromString(content) for *_, content in collector.asked]
    resources = [each for request in requests for each in request.resource_spans]
    for resource in resources:
        told = plain(resource.resource.attributes)
        assert told["service.name"] == "coalition-hub"
        assert re.fullmatch(r"\d+\.\d+\.\d+", told["service.version"])
    spans = [span for each in resources for scope in each.scope_spans for span in scope.spans]
    by_id = {span.span_id: span for span in spans}
    assert len(by_id) == len(spans)

    query = one(spans, "query Wallet")
    assert plain(query.attributes) == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Wallet",
        "hub.document_hash": hash_text(WALLET),
        "hub.transport": "http",
        "hub.error_codes": "",
        "hub.round_trip_count": 3,
        "hub.row_count": 3,
    }
    request = by_id[query.parent_span_id]
    assert (request.name, request.parent_span_id) == ("POST /graphql", b"")
    assert plain(request.attributes)["http.response.status_code"] == 200
    assert query.trace_id == request.trace_id
    mutation = one(spans, "mutation Issue")
    assert mutation.trace_id != query.trace_id
    (batch,) = [span for span in spans if mutation.trace_id in [x.trace_id for x in span.links]]
    assert batch.trace_id not in {query.trace_id, mutation.trace_id}
    assert {each.trace_id for each in mutation_links(spans, mutation)} == {batch.trace_id}

    for *_, content in collector.asked:
        for secret in (REFERENCE, RECEIPT, sent, "availablePoints", "127.0.0.1"):
            assert secret.encode() not in content, secret


def one(spans, name):
    (span,) = [span for span in spans if span.name == name]
    return span


def mutation_links(spans, mutation):
    """The links of all spans of a trace."""
    return [link for span in spans if span.trace_id == mutation.trace_id for link in span.links]
