"""OAuth clients and a certified FAPI 2.0 server, written by others, beside a hub that serves.

`openid-client` and `jose` drive every flow; `oidc-provider` gets the same malformed requests.
"""

import asyncio
import contextlib
import json
import re
import secrets
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from auth.oauth.clients.registering import register_client
from auth.people.sessions.ceremonies import hash_secret
from auth.people.sessions.store import Owner, insert_session
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.clock import system_clock
from hub.members.store import LinkedAccount, link_accounts
from tests.coalition import open_coalition
from tests.journeys.serving import read_greeting, running
from tests.outside.runners import call, install

REDIRECT = "http://127.0.0.1:9/back"
KEYS = (
    ("ES256", lambda: ECKey.generate_key("P-256")),
    ("EdDSA", lambda: OKPKey.generate_key("Ed25519")),
    ("PS256", lambda: RSAKey.generate_key(2048)),
)


@pytest.fixture(scope="module")
def runners():
    return install(Path(__file__).parent, "OAuth by openid-client, jose and oidc-provider")


@pytest.fixture
async def setup(database_url, tmp_path):
    """A coalition with clients of three kinds of keys and a member who is signed in."""
    async with open_coalition(database_url, now=system_clock()) as coalition:
        await coalition.partner("AIR")
        await coalition.member("ana")
        number = await coalition.value("SELECT member_id FROM members")
        partner_id = coalition.partners["AIR"].partner_id
        cookie, clients = secrets.token_urlsafe(24), []
        async with coalition.hub.database.begin(HUB_ACTOR) as tx:
            await link_accounts(tx, [LinkedAccount(partner_id, "a-1", number, tx.now)])
            await insert_session(
                tx,
                secret_hash=hash_secret(cookie),
                owner=Owner(person_id=None, member_id=number),
                ends_at=tx.now + timedelta(hours=1),
            )
            for algorithm, make in KEYS:
                key = make()
                client = await register_client(
                    tx,
                    partner_id=partner_id,
                    name="till",
                    keys={"keys": [key.as_dict(private=False)]},
                    jwks_uri=None,
                    scopes=(
                        "openid",
                        "offline_access",
                        "points.issue",
                        "points.read",
                        "points.redeem",
                    ),
                    redirect_uris=(REDIRECT,),
                )
                private = {**key.as_dict(private=True), "kid": key.thumbprint()}
                clients.append(
                    {"client_id": client.client_id, "alg": algorithm, "private_key": private}
                )
    path = tmp_path / "setup.json"
    path.write_text(json.dumps({"clients": clients, "cookie": cookie, "redirect_uri": REDIRECT}))
    return path


@pytest.mark.parametrize(("runner", "passed"), [("flows.mjs", 14), ("differential.mjs", 52)])
async def test_what_others_wrote_agrees_with_the_hub(runners, setup, database_url, runner, passed):
    consent = {"HUB_OAUTH__REDEMPTION_CONSENT": "required"}
    with running(database_url, "serve", "--port", "0", **consent) as process:
        address, _ = await asyncio.to_thread(read_greeting, process)
        drained = asyncio.create_task(asyncio.to_thread(process.stderr.read))
        issuer = re.sub(r"//127\.0\.0\.1:(\d+)/graphql", r"//localhost:\1", address)
        done = await asyncio.to_thread(call, runners, "node", runner, issuer, str(setup))
        process.terminate()
        with contextlib.suppress(ValueError):
            await drained
    counted = re.search(r"(\d+) passed, (\d+) failed", done.stdout)
    assert counted is not None, done.stdout + done.stderr
    assert (int(counted[1]), int(counted[2])) == (passed, 0), done.stdout + done.stderr[-2000:]
