"""How often: attack 66 at the provider and at the API, by client and by address."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest

from hub.app import build_app
from hub.settings import Settings, SettingsNotValid, read_settings
from tests.api import Api
from tests.auth.provider.wire import ISSUER, register
from tests.coalition import photograph

OWN = {"grant_type": "client_credentials"}
LIMITS = {
    "client_calls_per_minute": 6,
    "address_calls_per_minute": 9,
    "address_failures_per_minute": 4,
}
HOME, AWAY = "203.0.113.7", "198.51.100.2"


@asynccontextmanager
async def opened(coalition, *, address=HOME, serve=None, **limits):
    """One process of the hub, as whoever is at an address reaches it."""
    settings = Settings(oauth={"issuer": ISSUER, **LIMITS, **limits}, serve=serve or {})
    app = await build_app(coalition.hub, settings)
    transport = httpx.ASGITransport(app=app, client=(address, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as http:
        yield http


def at(http, address):
    """The same process, as somebody else reaches it."""
    transport = httpx.ASGITransport(app=http._transport.app, client=(address, 50_000))
    return httpx.AsyncClient(transport=transport, base_url=ISSUER)


@pytest.fixture
async def http(coalition):
    async with opened(coalition) as http:
        yield http


async def kept(coalition):
    tables = ("oauth_grants", "pushed_requests", "refresh_tokens", "revoked_tokens")
    return [await coalition.query(f"TABLE {table}") for table in tables]


def assert_throttled(answer, seconds):
    """A refusal in the shape of RFC 6749, with the status and the header of RFC 6585."""
    assert (answer.status_code, answer.headers["retry-after"]) == (429, str(seconds))
    assert answer.json() == {
        "error": "temporarily_unavailable",
        "error_description": f"too many calls: try again in {seconds} seconds",
    }
    assert answer.headers["cache-control"] == "no-store"


async def test_attack_66_a_client_that_calls_too_often_waits_and_no_other(coalition, http):
    air = await register(coalition, http, "AIR")
    bio = await register(coalition, http, "BIO")
    token = await air.token()
    calls = [
        ("/oauth/token", OWN),
        ("/oauth/introspect", {"token": token}),
        ("/oauth/revoke", {"token": "x"}),
        ("/oauth/par", {"response_type": "token"}),
        ("/oauth/token", {**OWN, "scope": "points.issue"}),
    ]
    statuses = [(await air.post(path, **fields)).status_code for path, fields in calls]
    assert statuses == [200, 200, 200, 400, 200]
    before = await kept(coalition)
    for path, fields in calls:
        assert_throttled(await air.post(path, **fields), 10)
    assert await kept(coalition) == before
    assert (await bio.post("/oauth/token", **OWN)).status_code == 200
    coalition.clock.tick(timedelta(seconds=10))
    assert (await air.post("/oauth/token", **OWN)).status_code == 200
    assert_throttled(await air.post("/oauth/token", **OWN), 10)


async def test_attack_66_two_processes_share_the_limit_of_a_client(coalition, http):
    air = await register(coalition, http, "AIR")
    async with opened(coalition) as second:
        there = await register(coalition, second, "AIR", key=air.key)
        there.client_id = air.client_id
        calls = [each.post("/oauth/token", **OWN) for each in (air, there) * 5]
        answers = await asyncio.gather(*calls)
    assert sorted(answer.status_code for answer in answers) == [200] * 6 + [429] * 4


async def test_attack_66_an_address_that_calls_too_often_waits_and_no_other(coalition, http):
    clients = [await register(coalition, http, code) for code in ("AIR", "BIO", "CAR")]
    answers = [await each.post("/oauth/token", **OWN) for each in clients for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert_throttled(await clients[0].post("/oauth/token", **OWN), 7)
    async with at(http, AWAY) as elsewhere:
        clients[0].http = elsewhere
        assert (await clients[0].post("/oauth/token", **OWN)).status_code == 200


async def test_attack_66_who_fails_too_often_is_told_nothing_more(coalition, http):
    air = await register(coalition, http, "AIR")
    bio = await register(coalition, http, "BIO")
    wrong = {"client_assertion": "x.y.z"}
    statuses = [
        (await air.post("/oauth/token", **OWN, **wrong)).status_code,
        (await air.post("/oauth/par", **wrong)).status_code,
        (await air.post("/oauth/introspect", proof="no proof")).status_code,
        (await http.post("/oauth/revoke", content=b"{}")).status_code,
    ]
    assert statuses == [401, 401, 400, 400]
    before = await photograph(coalition), await kept(coalition)
    for path in ("/oauth/token", "/oauth/par", "/oauth/introspect", "/oauth/revoke"):
        assert_throttled(await air.post(path, **wrong), 15)
    spoofed = {"x-forwarded-for": AWAY}
    assert_throttled(await air.post("/oauth/token", headers=spoofed, **OWN, **wrong), 15)
    assert (await photograph(coalition), await kept(coalition)) == before
    # Behind a proxy that nobody named all have one address: who is good is let in.
    assert (await bio.post("/oauth/token", **OWN)).status_code == 200
    async with at(http, AWAY) as elsewhere:
        air.http = elsewhere
        assert (await air.post("/oauth/token", **OWN, **wrong)).status_code == 401


async def test_attack_66_bad_tokens_at_the_api_end_with_a_wait(coalition, http):
    air = await register(coalition, http, "AIR")
    token = await air.token()
    asked = {"query": "{ viewer { kind } }"}
    bad = [
        {"authorization": "DPoP no.good.token"},
        {"authorization": "Bearer a.b.c"},
        {"authorization": "Bearer guessed"},
        {"authorization": f"DPoP {token}"},
    ]
    before = await photograph(coalition)
    statuses = [(await http.post("/graphql", json=asked, headers=h)).status_code for h in bad]
    assert 429 not in statuses
    for headers in bad:
        answer = await http.post("/graphql", json=asked, headers=headers)
        (error,) = answer.json()["errors"]
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "15")
        assert error["extensions"] == {
            "code": "THROTTLED",
            "error": "temporarily_unavailable",
            "retryAfter": 15,
        }
    answer = await http.get("/oauth/userinfo", headers=bad[0])
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "15")
    assert await photograph(coalition) == before
    good = await air.ask(token)
    assert good.json()["data"] == {"viewer": {"kind": "PARTNER"}}
    async with at(http, AWAY) as elsewhere:
        answer = await elsewhere.post("/graphql", json=asked, headers=bad[0])
        assert answer.status_code == 401


async def test_failures_past_the_limit_cost_no_question_to_the_database(coalition, http):
    headers = {"authorization": "DPoP no.good.token"}
    for _ in range(LIMITS["address_failures_per_minute"] + 1):
        await http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    marks = await coalition.query("TABLE rate_marks")
    with Api(coalition, http._transport.app, http, b"").counted() as statements:
        for _ in range(20):
            answer = await http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
            assert answer.status_code == 429
    assert statements == []
    assert await coalition.query("TABLE rate_marks") == marks


async def test_after_the_clock_was_set_back_a_failure_waits_no_longer_than_a_limit_can(
    coalition, http
):
    headers = {"authorization": "DPoP no.good.token"}

    async def fail():
        answer = await http.get("/oauth/userinfo", headers=headers)
        return answer.status_code, answer.headers.get("retry-after")

    for _ in range(LIMITS["address_failures_per_minute"]):
        assert await fail() == (401, None)
    assert await fail() == (429, "15")
    coalition.clock.now -= timedelta(seconds=30)
    assert await fail() == (429, "45"), "clocks of processes differ by that much"
    coalition.clock.now -= timedelta(days=1)
    assert [await fail() for _ in range(5)] == [(401, None)] * 4 + [(429, "15")]


async def test_behind_a_proxy_that_adds_the_newer_header_the_older_one_says_nothing(coalition):
    serve = {"trusted_proxies": "10.0.0.0/8", "proxy_header": "forwarded"}
    headers = {"authorization": "DPoP no.good.token"}

    async def ask(http, **more):
        return (await http.get("/oauth/userinfo", headers={**headers, **more})).status_code

    async with opened(coalition, address="10.0.0.9", serve=serve) as http:
        for number in range(4):
            assert await ask(http, forwarded=f"for=1.1.1.{number}, for={HOME}") == 401
        spoofed = {"x-forwarded-for": AWAY, "forwarded": f'for="{AWAY}", for={HOME};proto=https'}
        assert await ask(http, **spoofed) == 429
        assert await ask(http, forwarded=f"for={AWAY}") == 401


async def test_attack_66_the_consent_page_is_not_for_guessing(coalition, http):
    guess = "/oauth/authorize?client_id=x&request_uri=urn:ietf:params:oauth:request_uri:x"
    answers = [await http.get(guess) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [400] * 4 + [429] * 2
    assert answers[-1].headers["retry-after"] == "15"
    assert "try again in 15 seconds" in answers[-1].text
    assert "location" not in answers[-1].headers


async def test_attack_66_visits_of_the_consent_page_are_counted_by_address(coalition):
    async with opened(coalition, address_failures_per_minute=1000) as http:
        answers = [await http.get("/oauth/authorize") for _ in range(10)]
        assert [answer.status_code for answer in answers] == [400] * 9 + [429]
        assert answers[-1].headers["retry-after"] == "7"
        async with at(http, AWAY) as elsewhere:
            assert (await elsewhere.get("/oauth/authorize")).status_code == 400


async def test_behind_a_trusted_proxy_everybody_has_their_own_address(coalition):
    serve = {"trusted_proxies": "10.0.0.0/8, fd00::/8"}
    headers = {"authorization": "DPoP no.good.token"}
    asked = {"query": "{ __typename }"}

    async def ask(http, forwarded):
        sent = {**headers, "x-forwarded-for": forwarded}
        return (await http.post("/graphql", json=asked, headers=sent)).status_code

    async with opened(coalition, address="10.0.0.9", serve=serve) as http:
        assert [await ask(http, f"1.1.1.{n}, {HOME}") for n in range(6)] == [401] * 4 + [429] * 2
        assert await ask(http, AWAY) == 401
        async with at(http, HOME) as direct:
            assert await ask(direct, AWAY) == 429, "who is not a proxy says nothing of others"


@pytest.mark.parametrize("given", ["10.0.0.0/99", "10.0.0.1/8", "all", '["10.0.0.0/8"]'])
def test_proxies_that_are_no_networks_are_refused_at_the_start(given, monkeypatch):
    monkeypatch.setenv("HUB_SERVE__TRUSTED_PROXIES", given)
    with pytest.raises(SettingsNotValid) as refusal:
        read_settings()
    assert refusal.value.problems == (
        "HUB_SERVE__TRUSTED_PROXIES: are networks with commas between them: 10.0.0.0/8,fd00::/8.",
    )


def test_a_list_that_is_no_json_is_told_without_what_was_given(monkeypatch):
    monkeypatch.setenv("HUB_API__ALLOWED_ORIGINS", "https://secret.example")
    with pytest.raises(SettingsNotValid) as refusal:
        read_settings()
    (problem,) = refusal.value.problems
    assert 'a list is JSON, e.g. ["a", "b"]' in problem
    assert "secret" not in problem
