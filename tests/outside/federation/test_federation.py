"""Apollo's compatibility suite for subgraphs, and our own schema through two composers."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from schema.roots import SCHEMA
from tests.outside.runners import call, install

HERE = Path(__file__).parent
ROOT = HERE.parent.parent.parent
SUITE = "node_modules/@apollo/federation-subgraph-compatibility-tests/dist"
ROUTER, USERS, INVENTORY = 4000, 4002, 4003
"""Ports that the suite names in its code."""
START_SECONDS_MAX = 60


@pytest.fixture(scope="module")
def folder():
    return install(HERE, "Federation")


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(folder: Path, *command: str, port: int, **environment: str):
    """A server that runs while the block does, and listens when it begins."""

    log = folder / f"{port}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not is_open(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def test_all_of_apollos_suite_passes(folder):
    taken = [port for port in (ROUTER, USERS, INVENTORY) if is_open(port)]
    if taken:
        pytest.skip(f"!!! NOT TESTED: Apollo's suite (ports {taken} of this machine are taken)")
    products = free_port()
    url = f"http://127.0.0.1:{products}/graphql"
    ours = (sys.executable, "-m", "tests.outside.federation.products", str(products))
    users, inventory = (f"{SUITE}/subgraphs/{name}/index.js" for name in ("users", "inventory"))
    with (
        running(folder, *ours, port=products, PYTHONPATH=str(ROOT)),
        running(folder, "node", users, port=USERS, USERS_PORT=str(USERS)),
        running(folder, "node", inventory, port=INVENTORY, INVENTORY_PORT=str(INVENTORY)),
        running(folder, "node", "router.mjs", port=ROUTER, PRODUCTS_URL=url),
    ):
        done = call(
            folder,
            "node",
            "node_modules/jest/bin/jest.js",
            "--rootDir",
            str(folder / SUITE / "tests"),
            "--config",
            "jest.config.cjs",
            "--ci",
            "--runInBand",
            "--json",
            PRODUCTS_URL=url,
        )
    results = json.loads(done.stdout)
    failures = [
        (test["fullName"], test["failureMessages"])
        for file in results["testResults"]
        for test in file["assertionResults"]
        if test["status"] != "passed"
    ]
    assert failures == []
    assert results["numPassedTests"] == 23


def test_our_own_schema_composes(folder):
    (folder / "hub.graphql").write_text(SCHEMA.print_subgraph())
    done = call(folder, "node", "compose.mjs", "hub.graphql")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.partition(",")[0] for line in done.stdout.splitlines()] == [
        "apollo: composed",
        "guild: composed",
    ]
