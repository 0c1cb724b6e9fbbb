"""Suites and clients that nobody here wrote, against a hub that serves as it always does.

The runners lie beside this file; what they need is installed from the lock into `.hub/outside`,
once for each lock.
"""

import asyncio
import contextlib
import re
from pathlib import Path

import pytest

from tests.api import open_api
from tests.journeys.serving import read_greeting, running
from tests.outside.runners import call, install

RUN_SECONDS_MAX = 120
INIT_SECONDS = 1


@pytest.fixture(scope="module")
def runners():
    return install(Path(__file__).parent, "the suites for GraphQL")


@pytest.fixture
async def served(coalition, database_url):
    """A hub that serves, with everything on; its address, and what the runners are told."""
    async with open_api(coalition) as api:
        air = await api.partner("AIR")
        await api.member("ana", AIR="a-1")
    settings = {"HUB_API__ALLOWS_DEFER": "true", "HUB_API__INIT_SECONDS": str(INIT_SECONDS)}
    with running(database_url, "serve", "--port", "0", **settings) as process:
        address, _ = await asyncio.to_thread(read_greeting, process)
        drained = asyncio.create_task(asyncio.to_thread(process.stderr.read))
        yield address, {"AUTHORIZATION": air.headers["authorization"], "REFERENCE": "a-1"}
        process.terminate()
        with contextlib.suppress(ValueError):
            await drained


@pytest.mark.parametrize(
    ("runner", "passed"),
    [
        (("audit.mjs", "--strict"), 61),
        (("ws_protocol.mjs",), 37),
        (("stream_protocol.mjs",), 16),
        (("clients.mjs",), 14),
    ],
)
async def test_a_suite_passes_whole(runners, served, runner, passed):
    address, environment = served
    script, *arguments = runner
    url = address.replace("http", "ws", 1) if script == "ws_protocol.mjs" else address
    done = await asyncio.to_thread(
        call,
        runners,
        "node",
        script,
        url,
        *arguments,
        seconds=RUN_SECONDS_MAX,
        INIT_TIMEOUT_MS=str(INIT_SECONDS * 1000),
        **environment,
    )
    counted = re.search(r"(\d+) passed, (\d+) failed", done.stdout)
    assert counted is not None, done.stdout + done.stderr
    assert (int(counted[1]), int(counted[2])) == (passed, 0), done.stdout
    assert done.returncode == 0


def read_address(process):
    """Read what a hub in production says until it serves."""
    for line in process.stderr:
        if line.startswith("Serving "):
            return line.split()[1]
    raise AssertionError("it does not serve")


@pytest.mark.parametrize(
    ("told", "counts", "noticed"),
    [
        ({"PREFLIGHT": "1"}, "ok: 61  notice: 0", []),
        ({}, "ok: 58  notice: 3", ["5A70", "D6D5", "6A70"]),
    ],
    ids=["with its header", "without"],
)
async def test_in_production_the_audit_misses_nothing_but_get_without_a_header(
    runners, database_url, told, counts, noticed
):
    """GET is a MAY of GraphQL over HTTP; without the header three audits notice that it is not."""
    production = {
        "HUB_PROFILE": "production",
        "HUB_OAUTH__ISSUER": "https://hub.example",
        "HUB_OAUTH__WRAPPING_KEY": "5e" * 32,
    }
    with running(database_url, "serve", "--port", "0", **production) as process:
        url = await asyncio.to_thread(read_address, process)
        drained = asyncio.create_task(asyncio.to_thread(process.stderr.read))
        done = await asyncio.to_thread(
            call, runners, "node", "audit.mjs", url, "--strict", seconds=RUN_SECONDS_MAX, **told
        )
        process.terminate()
        with contextlib.suppress(ValueError):
            await drained
    assert f"audits: 61  {counts}  warn: 0  error: 0" in done.stdout, done.stdout
    assert re.findall(r"^NOTICE (\w+) MAY ", done.stdout, re.MULTILINE) == noticed
    assert done.returncode == 0
