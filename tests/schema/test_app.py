"""The application around the schema: health, the page for developers, ids of requests, the log."""

import re
from pathlib import Path

import structlog

STATIC = Path(__file__).parent.parent.parent / "schema" / "static"


async def test_health_says_that_the_process_runs_and_ready_that_the_database_does(api):
    response = await api.http.get("/health")
    assert (response.status_code, response.json()) == (200, {"status": "up"})
    response = await api.http.get("/ready")
    assert (response.status_code, response.json()) == (200, {"status": "ready"})


async def test_a_database_without_the_newest_schema_is_not_ready(api, database_url):
    import asyncpg

    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE alembic_version SET version_num = '0000'")
    await connection.close()
    response = await api.http.get("/ready")
    assert (response.status_code, response.json()) == (503, {"status": "not ready"})
    assert (await api.http.get("/health")).status_code == 200


async def test_a_database_that_is_gone_is_not_ready(api, monkeypatch):
    monkeypatch.setattr(api.coalition.hub.database, "url", "postgresql://127.0.0.1:1/gone")
    assert (await api.http.get("/ready")).status_code == 503


async def test_the_page_for_developers_loads_nothing_from_elsewhere(api):
    response = await api.http.get("/graphql", headers={"accept": "text/html,*/*"})
    assert response.status_code == 200
    assert "default-src 'none'" in response.headers["content-security-policy"]
    addresses = re.findall(r'(?:src|href)="([^"]+)"', response.text)
    assert len(addresses) == 7
    for address in addresses:
        assert address.startswith(("/graphiql/", "data:")), address
        if address.startswith("/"):
            assert (await api.http.get(address)).status_code == 200


def test_styles_and_our_scripts_name_no_address():
    for path in STATIC.iterdir():
        if path.suffix in {".css", ".html"} or path.name == "start.js":
            assert re.findall(r"https?://|//[a-z]+\.", path.read_text()) == [], path.name


async def test_every_answer_carries_the_id_that_the_log_tells(api):
    with structlog.testing.capture_logs() as lines:
        response = await api.http.post("/graphql", json={"query": "{ viewer { kind } }"})
    (line,) = [line for line in lines if line["event"] == "app.request_answered"]
    assert len(response.headers["x-request-id"]) == 16
    assert (line["method"], line["path"], line["status"]) == ("POST", "/graphql", 200)
    assert set(line) == {"event", "log_level", "method", "path", "status", "milliseconds"}


async def test_unknown_paths_do_not_reach_the_log(api):
    with structlog.testing.capture_logs() as lines:
        response = await api.http.get("/some/secret?token=abc")
    assert response.status_code == 404
    assert "secret" not in str(lines)
    assert [line["path"] for line in lines] == ["unknown"]


async def test_probes_are_told_in_the_log_only_when_they_fail(api):
    with structlog.testing.capture_logs() as lines:
        await api.http.get("/health")
        await api.http.get("/ready")
    assert lines == []
