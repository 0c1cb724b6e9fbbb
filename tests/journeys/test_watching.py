"""The hub and the worker as programs, read by a monitor over real sockets."""

import asyncio
import re
import subprocess
import sys
from importlib.util import find_spec

import httpx
import pytest

from hub.settings import WorkSettings
from hub.worker import schedules_of
from tests.journeys.serving import SECONDS_MAX, read_greeting, running
from tests.schema.observing.scraping import samples_of

TOKEN = "a-token-of-the-monitor-with-32-letters"
PORT = re.compile(r"Metrics on port (\d+)")


def read_port(process):
    """Read what a program says until it names its port for metrics."""
    for line in process.stderr:
        found = PORT.search(line)
        if found:
            return int(found[1])
    raise AssertionError("no port")


async def test_a_served_hub_tells_a_monitor_exactly_what_it_did(coalition, database_url):
    await coalition.partner("AIR")
    secrets = {"HUB_METRICS__PORT": "0", "HUB_METRICS__TOKEN": TOKEN}
    with running(database_url, "serve", "--port", "0", **secrets) as process:
        address, tokens = await asyncio.to_thread(read_greeting, process)
        port = await asyncio.to_thread(read_port, process)
        own = f"http://127.0.0.1:{port}/metrics"
        beside = address.replace("/graphql", "/metrics")
        shown = {"authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(timeout=SECONDS_MAX) as http:
            air = {"authorization": f"Bearer {tokens['partner:AIR']}"}
            body = {"query": "query Zx9Marker { viewer { kind } }"}
            for _ in range(7):
                assert (await http.post(address, json=body, headers=air)).status_code == 200
            for url in (own, beside):
                assert (await http.get(url)).status_code == 401
            assert (await http.get(own.replace("metrics", "graphql"))).status_code == 404
            pages = [(await http.get(url, headers=shown)).text for url in (own, beside)]
    for page in pages:
        assert samples_of(page, "hub_graphql_operations_total") == {
            ("OK", "query", "other", "http"): 7
        }
        assert samples_of(page, "hub_graphql_documents_prepared_total") == {(): 1}
        assert samples_of(page, "hub_graphql_document_hits_total") == {(): 6}
        assert samples_of(page, "hub_http_requests_total") == {
            ("POST", "/graphql", "200"): 7,
            ("GET", "/metrics", "401"): 1,
        }
        assert samples_of(page, "hub_books_read") == {(): 1}
        for secret in ("Zx9Marker", TOKEN, tokens["partner:AIR"]):
            assert secret not in page


async def test_a_worker_tells_a_monitor_of_its_jobs(coalition, database_url):
    jobs = {schedule.kind for schedule in schedules_of(WorkSettings())}
    with running(database_url, "work", HUB_METRICS__PORT="0") as process:
        port = await asyncio.to_thread(read_port, process)
        async with httpx.AsyncClient() as http, asyncio.timeout(SECONDS_MAX):
            while True:
                page = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
                attempts = samples_of(page, "hub_job_attempts_total")
                if len(attempts) == len(jobs):
                    break
                await asyncio.sleep(0.1)
    assert attempts == {(job, "done"): 1 for job in jobs}
    assert samples_of(page, "hub_audit_findings")["whole",] == 0


@pytest.mark.skipif(
    find_spec("opentelemetry.exporter") is not None, reason="the extra is installed here"
)
def test_traces_without_the_extra_are_refused_with_what_to_do(database_url, monkeypatch):
    monkeypatch.setenv("HUB_DATABASE_URL", database_url)
    monkeypatch.setenv("HUB_TRACING__ENDPOINT", "http://127.0.0.1:9/v1/traces")
    ended = subprocess.run(
        [sys.executable, "-m", "hub", "serve", "--port", "0"],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert ended.returncode == 1
    assert "pip install 'coalition-hub[tracing]'" in ended.stderr
    assert "Traceback" not in ended.stderr
