"""The TypeScript example: installed from its lock, type-checked, and run against a real hub."""

import asyncio
import json
import shutil
import time
from datetime import UTC, datetime

import pytest
from joserfc.jwk import ECKey

from auth.oauth.clients.registering import register_client
from auth.oauth.scopes import SCOPES
from hub.app import build_app
from hub.kernel.actor import HUB_ACTOR
from hub.settings import Settings
from tests.api import open_api
from tests.client.cutter import cut_wire, find_port, serve
from tests.coalition import open_coalition
from tests.docs.blocks import ROOT
from tests.outside.runners import call, install

EXAMPLE = ROOT / "docs" / "clients" / "typescript"
SCHEMA = ROOT / "schema" / "schema.graphql"


def npm(folder, *arguments, **environment):
    return call(folder, "npm", "run", "--silent", *arguments, **environment)


@pytest.fixture(scope="module")
def example():
    """The example with its dependencies, in a folder of its own that is kept from run to run."""
    folder = install(EXAMPLE, "the TypeScript example")
    shutil.copytree(EXAMPLE / "src", folder / "src", dirs_exist_ok=True)
    for step in ("types", "build"):
        done = npm(folder, step, HUB_SCHEMA=str(SCHEMA))
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
async def api(coalition):
    async with open_api(coalition) as opened:
        yield opened


async def run_till(folder, address, caller):
    token = caller.headers["authorization"].removeprefix("Bearer ")
    done = await asyncio.to_thread(npm, folder, "start", HUB_URL=address, HUB_TOKEN=token)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


EXPECTED = {
    "issued": 1000,
    "isSameIssue": True,
    "redeemed": 400,
    "missing": 200,
    "refunded": 500,
}


async def test_the_till_issues_redeems_and_refunds(example, api, coalition):
    air = await api.partner("AIR")
    async with serve(api.app) as port:
        assert await run_till(example, f"http://127.0.0.1:{port}/graphql", air) == EXPECTED
    assert await coalition.value("SELECT count(*) FROM ledger.entries") == 3


async def test_the_till_books_once_though_answers_get_lost(example, api, coalition):
    air = await api.partner("AIR")
    async with cut_wire(api.app) as (cutter, address):
        cutter.lose_answers = 3
        assert await run_till(example, address, air) == EXPECTED
        assert len(cutter.asked) == 6 + 3
    assert await coalition.value("SELECT count(*) FROM ledger.entries") == 3


async def test_the_till_says_what_is_wrong_with_its_token(example, api):
    async with serve(api.app) as port:
        address = f"http://127.0.0.1:{port}/graphql"
        done = await asyncio.to_thread(
            npm, example, "start", HUB_URL=address, HUB_TOKEN="dev_nobody"
        )
    assert done.returncode == 1
    assert "UNAUTHENTICATED" in done.stderr


async def test_the_till_signs_in_with_a_key(example, database_url, tmp_path):
    port = find_port()
    issuer = f"http://127.0.0.1:{port}"
    key = ECKey.generate_key("P-256")
    (tmp_path / "till.pem").write_bytes(key.as_pem(private=True))
    now = datetime.fromtimestamp(time.time(), UTC)
    async with open_coalition(database_url, now=now) as today:
        await today.partner("AIR")
        app = await build_app(today.hub, Settings(oauth={"issuer": issuer}))
        jwk = {**key.as_dict(private=False), "alg": "ES256", "use": "sig"}
        async with today.hub.database.begin(HUB_ACTOR) as tx:
            client = await register_client(
                tx,
                partner_id=today.partners["AIR"].partner_id,
                name="AIR till",
                keys={"keys": [{**jwk, "kid": key.thumbprint()}]},
                jwks_uri=None,
                scopes=tuple(SCOPES),
                redirect_uris=(),
            )
        async with serve(app, port):
            done = await asyncio.to_thread(
                npm,
                example,
                "start",
                HUB_URL=f"{issuer}/graphql",
                HUB_ISSUER=issuer,
                HUB_CLIENT_ID=client.client_id,
                HUB_KEY_ID=key.thumbprint(),
                HUB_KEY_FILE=str(tmp_path / "till.pem"),
                HUB_SCOPES="members.link members.read points.issue points.read points.redeem"
                " points.refund",
            )
        assert done.returncode == 0, done.stdout + done.stderr
        assert json.loads(done.stdout) == EXPECTED
