"""Suites and clients that nobody here wrote, against a hub that serves as it always does.

The runners lie beside this file; what they need is installed from the lock into `.hub/outside`,
once for each lock.
"""

import asyncio
import contextlib
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.api import open_api
from tests.journeys.serving import read_greeting, running

HERE = Path(__file__).parent
PLACES = HERE.parent.parent.parent / ".hub" / "outside"
INSTALL_SECONDS_MAX = 300
RUN_SECONDS_MAX = 120
INIT_SECONDS = 1


def call(folder: Path, *command: str, seconds: int, **environment: str):
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )


@pytest.fixture(scope="module")
def runners():
    """The runners with what they need, in a folder that is kept from run to run."""
    if shutil.which("npm") is None:
        pytest.skip("!!! NOT TESTED: the suites for GraphQL (this machine has no npm)")
    lock = (HERE / "package-lock.json").read_bytes()
    folder = PLACES / f"graphql-{hashlib.sha256(lock).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    for path in HERE.iterdir():
        if path.is_file() and path.suffix != ".py":
            shutil.copy(path, folder / path.name)
    if not (folder / "node_modules" / ".package-lock.json").exists():
        done = call(folder, "npm", "ci", seconds=INSTALL_SECONDS_MAX)
        if done.returncode != 0:
            pytest.skip(f"!!! NOT TESTED: the suites for GraphQL (npm ci: {done.stderr[-300:]})")
    return folder


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
