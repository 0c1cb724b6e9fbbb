"""What works: each grant, from its beginning to a call of the API."""

import secrets
from datetime import timedelta

from joserfc import jwt
from joserfc.jwk import KeySet

from hub.kernel.clock import CLOCKS_APART
from tests.auth.provider.wire import ISSUER, ath, told


async def test_a_client_gets_a_token_for_itself_and_calls_the_api(world):
    air = await world.client("AIR", scopes=("points.issue", "points.read"))
    answer = await air.post("/oauth/token", grant_type="client_credentials", scope="points.issue")
    body = answer.json()
    token = body.pop("access_token")
    assert body == {"token_type": "DPoP", "expires_in": 300, "scope": "points.issue"}
    assert answer.headers["cache-control"] == "no-store"
    called = await air.ask(token, "{ viewer { kind partner { code } } }")
    assert called.json()["data"] == {"viewer": {"kind": "PARTNER", "partner": {"code": "AIR"}}}


async def test_a_token_says_who_acts_and_for_how_long(world):
    air = await world.client("AIR", scopes=("points.issue",))
    token = await air.token()
    keys = KeySet.import_key_set((await world.http.get("/oauth/jwks")).json())
    decoded = jwt.decode(token, keys, algorithms=["ES256"])
    assert decoded.header["typ"] == "at+jwt"
    claims = decoded.claims
    assert {claims.pop("jti") != "", len(claims.pop("tenant")) == 22} == {True}
    assert claims == {
        "iss": ISSUER,
        "aud": f"{ISSUER}/graphql",
        "sub": air.client_id,
        "client_id": air.client_id,
        "scope": "points.issue",
        "iat": air.now,
        "exp": air.now + 300,
        "cnf": {"jkt": air.thumbprint},
    }


async def test_a_member_allows_a_client_and_it_refreshes(world):
    number = await world.sign_in("ana")
    air = await world.client("AIR")
    verifier = secrets.token_urlsafe(32)
    code = await air.code(verifier)
    first = (await air.redeem_code(code, verifier)).json()
    assert first["scope"] == "openid offline_access points.read"
    keys = KeySet.import_key_set((await world.http.get("/oauth/jwks")).json())
    claims = jwt.decode(first["id_token"], keys, algorithms=["ES256"]).claims
    assert claims["aud"] == air.client_id
    assert claims["nonce"] == "n-1"
    assert claims["auth_time"] == air.now
    assert str(number) not in first["id_token"]
    userinfo = await world.http.get(
        "/oauth/userinfo",
        headers={
            "authorization": f"DPoP {first['access_token']}",
            "dpop": air.proof("/oauth/userinfo", method="GET", token=first["access_token"]),
        },
    )
    assert userinfo.json() == {"sub": claims["sub"]}
    second = (await air.refresh(first["refresh_token"], scope="points.read")).json()
    assert second["scope"] == "points.read"
    assert second["refresh_token"] != first["refresh_token"]
    assert await air.is_let_in(second["access_token"])


async def test_two_partners_know_a_member_by_two_names(world):
    await world.sign_in("ana")
    subs = set()
    for code in ("AIR", "BIO"):
        client = await world.client(code)
        verifier = secrets.token_urlsafe(32)
        given = (await client.redeem_code(await client.code(verifier), verifier)).json()
        keys = KeySet.import_key_set((await world.http.get("/oauth/jwks")).json())
        subs.add(jwt.decode(given["id_token"], keys, algorithms=["ES256"]).claims["sub"])
    assert len(subs) == 2


async def test_a_member_refuses_and_the_client_is_told(world):
    await world.sign_in("ana")
    air = await world.client("AIR")
    pushed = (await air.push(secrets.token_urlsafe(32))).json()
    assert pushed["expires_in"] == 60
    back = await air.consent(pushed["request_uri"], decision="deny")
    assert back == {"error": "access_denied", "iss": ISSUER, "state": "s-1"}
    assert await world.coalition.value("SELECT count(*) FROM oauth_grants") == 0


async def test_the_consent_page_tells_what_is_asked_in_two_languages(world):
    await world.sign_in("ana")
    air = await world.client("AIR")
    details = '[{"type":"redemption","points":1500,"reference":"order-7"}]'
    pushed = await air.push(
        secrets.token_urlsafe(32), scope="points.redeem", authorization_details=details
    )
    address = f"/oauth/authorize?client_id={air.client_id}"
    page = await world.http.get(f"{address}&request_uri={pushed.json()['request_uri']}")
    for text in ("AIR till", "Redeem your points", "使用您的积分", "1,500", "使用积分", "order-7"):
        assert text in page.text
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://air.example" in policy
    assert page.headers["referrer-policy"] == "same-origin", "or no browser names its origin"


async def test_who_is_not_signed_in_signs_in_and_comes_back(world):
    air = await world.client("AIR")
    pushed = (await air.push(secrets.token_urlsafe(32))).json()["request_uri"]
    address = f"/oauth/authorize?client_id={air.client_id}&request_uri={pushed}"
    answer = await world.http.get(address)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=%2Foauth%2Fauthorize%3F")
    back = told(answer)["next"]
    await world.sign_in("ana")
    assert (await world.http.get(back)).status_code == 200


async def test_a_client_may_use_edwards_curves_and_rsa(world):
    from joserfc.jwk import OKPKey, RSAKey

    for algorithm, key in (
        ("EdDSA", OKPKey.generate_key("Ed25519")),
        ("Ed25519", OKPKey.generate_key("Ed25519")),
        ("PS256", RSAKey.generate_key(2048)),
    ):
        client = await world.client("AIR", key=key, algorithm=algorithm)
        assert await client.is_let_in(await client.token())


async def test_a_client_asks_about_its_token_and_ends_it(world):
    air = await world.client("AIR", scopes=("points.issue",))
    token = await air.token()
    told_first = (await air.post("/oauth/introspect", token=token)).json()
    assert (told_first["active"], told_first["scope"]) == (True, "points.issue")
    assert told_first["cnf"] == {"jkt": air.thumbprint}
    assert (await air.post("/oauth/revoke", token=token)).status_code == 200
    assert (await air.post("/oauth/introspect", token=token)).json() == {"active": False}


async def test_discovery_is_valid_by_the_rules_of_another_library(world):
    from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
    from authlib.oidc.discovery import OpenIDProviderMetadata

    for kind, name, changed in (
        (AuthorizationServerMetadata, "oauth-authorization-server", {}),
        # OpenID Connect wants RS256 everywhere, FAPI 2.0 forbids it: we follow FAPI.
        (
            OpenIDProviderMetadata,
            "openid-configuration",
            {"id_token_signing_alg_values_supported": ["ES256", "RS256"]},
        ),
    ):
        metadata = (await world.http.get(f"/.well-known/{name}")).json()
        # Its rules want https everywhere, which the address of this test is not.
        text = {k: secure(v) for k, v in metadata.items()}
        kind(text | changed).validate()
        assert metadata["require_pushed_authorization_requests"] is True
        assert metadata["issuer"] == ISSUER


def secure(value):
    return value.replace("http://", "https://") if isinstance(value, str) else value


def test_the_challenge_of_a_verifier_is_what_the_rfc_says():
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert ath(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


async def test_a_sign_in_from_before_the_clock_was_set_back_is_not_fresh(world):
    air = await world.client("AIR")
    await world.sign_in("ana")

    async def come():
        pushed = await air.push(secrets.token_urlsafe(32), max_age="300")
        query = {"client_id": air.client_id, "request_uri": pushed.json()["request_uri"]}
        return await world.http.get("/oauth/authorize", params=query)

    world.coalition.clock.now -= CLOCKS_APART
    assert (await come()).status_code == 200
    world.coalition.clock.now -= timedelta(microseconds=1)
    answer = await come()
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=%2Foauth%2Fauthorize")
    assert await world.coalition.value("SELECT count(*) FROM oauth_grants") == 0
