"""The client signs in at the real hub: key, token, proof, call."""

import time
from datetime import UTC, datetime

import httpx
import pytest

from auth.oauth.clients.registering import register_client, revoke_client
from hub.app import build_app
from hub.client.asynchronous import HubClient
from hub.client.errors import Fault, SignInRefused
from hub.client.generated.enums import ActorKind
from hub.client.generated.inputs import AccountInput, EnrolMemberInput, IssuePointsInput
from hub.client.private_key import PrivateKeyClient
from hub.client.proofs import make_signing_key, open_signing_key
from hub.kernel.actor import HUB_ACTOR
from hub.settings import Settings
from tests.client.conftest import SOON
from tests.coalition import open_coalition

ISSUER = "http://localhost"
ADDRESS = f"{ISSUER}/graphql"
ANA = AccountInput(reference="ana")
SCOPES = ("members.link", "members.read", "points.issue", "points.read")


@pytest.fixture
async def today(database_url):
    """A coalition whose clock tells the time: the client signs its own into what it sends."""
    now = datetime.fromtimestamp(time.time(), UTC)
    async with open_coalition(database_url, now=now) as opened:
        yield opened


@pytest.fixture
async def let_in(today):
    """Let software of a partner in; gives a client that signs in with its key."""
    app = await build_app(today.hub, Settings(oauth={"issuer": ISSUER}))
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 50_000))

    async def let_in(code, *, key=None, scopes=SCOPES, asks=()):
        if code not in today.partners:
            await today.partner(code)
        key = key or make_signing_key()
        jwk = {**key.public_jwk, "kid": key.key_id, "alg": key.algorithm, "use": "sig"}
        async with today.hub.database.begin(HUB_ACTOR) as tx:
            registered = await register_client(
                tx,
                partner_id=today.partners[code].partner_id,
                name=f"{code} till",
                keys={"keys": [jwk]},
                jwks_uri=None,
                scopes=scopes,
                redirect_uris=(),
            )
        auth = PrivateKeyClient(issuer=ISSUER, client_id=registered.client_id, key=key, scopes=asks)
        hub = HubClient(ADDRESS, auth=auth, retries=SOON, transport=transport)
        return hub, registered.client_id

    return let_in


async def make_ed25519():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return open_signing_key(Ed25519PrivateKey.generate())


async def test_a_partner_signs_in_and_issues_points(let_in, today):
    hub, _ = await let_in("AIR")
    async with hub:
        assert (await hub.viewer()).kind is ActorKind.PARTNER
        await hub.enrol_member(EnrolMemberInput(reference="ana"))
        wanted = IssuePointsInput(account=ANA, points=100)
        issued = await hub.issue_points(wanted)
        assert (await hub.issue_points(wanted)).entry_id == issued.entry_id
        wallet = await hub.wallet(account=ANA)
        assert wallet is not None
        assert wallet.available_points == 100
    assert await today.value("SELECT count(*) FROM ledger.entries") == 1


async def test_a_key_of_ed25519_signs_in_too(let_in):
    hub, _ = await let_in("AIR", key=await make_ed25519())
    async with hub:
        assert (await hub.viewer()).kind is ActorKind.PARTNER


async def test_a_token_that_may_only_issue_is_enough_to_issue(let_in):
    hub, _ = await let_in("AIR")
    async with hub:
        await hub.enrol_member(EnrolMemberInput(reference="ana"))
    narrow, _ = await let_in("AIR", asks=("points.issue",))
    async with narrow:
        await narrow.issue_points(IssuePointsInput(account=ANA, points=100))
        with pytest.raises(Fault) as fault:
            await narrow.wallet(account=ANA)
    assert fault.value.code == "FORBIDDEN"


async def test_a_key_that_was_not_registered_gets_no_token(let_in, today):
    hub, client_id = await let_in("AIR")
    async with hub:
        await hub.viewer()
    stranger = PrivateKeyClient(issuer=ISSUER, client_id=client_id, key=make_signing_key())
    app = await build_app(today.hub, Settings(oauth={"issuer": ISSUER}))
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 50_000))
    async with HubClient(ADDRESS, auth=stranger, retries=SOON, transport=transport) as other:
        with pytest.raises(SignInRefused) as refused:
            await other.viewer()
    assert refused.value.error == "invalid_client"


async def test_a_scope_that_is_not_allowed_is_refused_with_its_name(let_in):
    hub, _ = await let_in("AIR", asks=("settlement.read",))
    async with hub:
        with pytest.raises(SignInRefused, match="invalid_scope"):
            await hub.viewer()


async def test_a_client_that_was_revoked_is_out_at_its_next_change(let_in, today):
    hub, client_id = await let_in("AIR")
    async with hub:
        await hub.enrol_member(EnrolMemberInput(reference="ana"))
        async with today.hub.database.begin(HUB_ACTOR) as tx:
            await revoke_client(tx, client_id)
        with pytest.raises((Fault, SignInRefused)):
            await hub.issue_points(IssuePointsInput(account=ANA, points=100))
    assert await today.value("SELECT count(*) FROM ledger.entries") == 0
