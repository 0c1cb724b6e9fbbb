"""Keys at a partner's own address: asked for seldom, whoever sends unknown key names how often."""

from datetime import UTC, datetime, timedelta
from functools import partial

import orjson
import pytest
from joserfc.jwk import ECKey

from auth.oauth.clients.key_sets import KeySets
from auth.oauth.clients.registering import add_key, keep_newest_key, register_client
from auth.oauth.clients.store import Client
from auth.oauth.errors import ClientNotValid
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.outside import AddressRefused
from tests.auth.provider.wire import public

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CLIENT = Client("cl_x", 100, "x", None, "https://air.example/keys", (), (), NOW, None)


class Host:
    """The partner's host: what it serves, and how often it was asked."""

    def __init__(self, *names):
        self.asked = 0
        self.serve(*names)

    def serve(self, *names):
        keys = [{**public(ECKey.generate_key("P-256")), "kid": name} for name in names]
        self.body = orjson.dumps({"keys": keys})

    async def fetch(self, address):
        assert address == CLIENT.jwks_uri
        self.asked += 1
        if self.body is None:
            raise AddressRefused("down")
        return self.body


async def names(sets, key_id, now):
    return [key["kid"] for key in await sets.find_keys(CLIENT, key_id=key_id, now=now)]


async def test_keys_are_kept_for_ten_minutes():
    host = Host("a")
    sets = KeySets(host.fetch)
    for minute in range(10):
        assert await names(sets, "a", NOW + timedelta(minutes=minute)) == ["a"]
    assert host.asked == 1
    await names(sets, "a", NOW + timedelta(minutes=10))
    assert host.asked == 2


async def test_attack_21_a_flood_of_unknown_names_asks_once_a_minute():
    host = Host("a")
    sets = KeySets(host.fetch)
    for second in range(120):
        await names(sets, f"x{second}", NOW + timedelta(seconds=second))
    assert host.asked == 2


async def test_a_new_key_is_found_within_a_minute():
    host = Host("a")
    sets = KeySets(host.fetch)
    assert await names(sets, "a", NOW) == ["a"]
    host.serve("a", "b")
    assert await names(sets, "b", NOW + timedelta(seconds=59)) == ["a"]
    assert await names(sets, "b", NOW + timedelta(seconds=60)) == ["a", "b"]


async def test_after_the_clock_was_set_back_a_new_key_is_still_found():
    host = Host("a")
    sets = KeySets(host.fetch)
    await names(sets, "a", NOW)
    host.serve("b")
    assert await names(sets, "b", NOW - timedelta(days=1)) == ["b"]


@pytest.mark.parametrize(
    "body", [None, b"nonsense", b"[]", b'{"keys": [{"kty": "oct", "k": "AA"}]}']
)
async def test_a_host_that_fails_leaves_what_it_gave_before(body):
    host = Host("a")
    sets = KeySets(host.fetch)
    await names(sets, "a", NOW)
    host.body = body
    assert await names(sets, "a", NOW + timedelta(hours=1)) == ["a"]
    assert host.asked == 2


async def test_a_client_whose_keys_lie_at_its_own_address_gets_tokens(world, monkeypatch):
    host = Host()
    air = await world.client("AIR")
    partner_id = world.coalition.partners["AIR"].partner_id
    async with world.coalition.hub.database.begin(HUB_ACTOR) as tx:
        client = await register_client(
            tx,
            partner_id=partner_id,
            name="AIR till",
            keys=None,
            jwks_uri=CLIENT.jwks_uri,
            scopes=("points.issue",),
            redirect_uris=(),
        )
    assert client.keys is None
    air.client_id = client.client_id
    host.body = orjson.dumps({"keys": [public(air.key)]})
    monkeypatch.setattr(world.doors.provider.key_sets, "_fetch", host.fetch)
    assert await air.is_let_in(await air.token())
    assert host.asked == 1
    air.key = ECKey.generate_key("P-256")
    other = await air.post("/oauth/token", grant_type="client_credentials")
    assert (other.status_code, other.json()["error"]) == (401, "invalid_client")
    for change in (partial(add_key, key={}), keep_newest_key):
        async with world.coalition.hub.database.begin(HUB_ACTOR) as tx:
            with pytest.raises(ClientNotValid, match="its keys lie at its own address"):
                await change(tx, client.client_id)
    kept = await world.coalition.query("SELECT keys, jwks_uri FROM oauth_clients ORDER BY keys")
    assert tuple(kept[-1]) == (None, CLIENT.jwks_uri)
