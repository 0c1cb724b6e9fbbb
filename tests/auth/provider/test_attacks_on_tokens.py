"""Attacks on access tokens and on proofs of possession: 9 to 13, 20, 21."""

import secrets
from datetime import timedelta

import pytest
from joserfc.jwk import ECKey

from auth.oauth.clients.registering import revoke_client
from auth.oauth.grants.ending import end_grant
from auth.oauth.signing.rotation import KeyKind, replace_keys, rotate_keys
from hub.kernel.actor import HUB_ACTOR, Actor, ActorKind
from tests.auth.provider.wire import GONE, ISSUER, ath, encode, public


@pytest.fixture
async def air(world):
    return await world.client("AIR")


async def refused(client, token, error, **given):
    answer = await client.show(token, **given)
    assert answer.status_code == 401, answer.text
    assert answer.json()["error"] == error, answer.text
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith(f'DPoP error="{error}", error_description="')
    assert not token or token not in answer.json()["error_description"].split()
    return answer.json()["error_description"]


async def test_attack_09_a_token_without_its_proof(air):
    token = await air.token()
    heads = [("authorization", f"DPoP {token}")]
    await refused(air, token, "invalid_dpop_proof", headers=heads)
    await refused(air, token, "invalid_token", scheme="Bearer")
    two = [("dpop", air.proof("/who", method="GET", token=token)) for _ in range(2)]
    await refused(air, token, "invalid_dpop_proof", headers=heads + two)
    twice = [*heads, *heads, two[0]]
    assert (await air.show(token, headers=twice)).status_code == 400


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({"ath": GONE}, "`ath`"),
        ({"ath": ath("other")}, "`ath`"),
        ({"htu": "https://evil.example/who"}, "`htu`"),
        ({"htu": f"{ISSUER}/graphql"}, "`htu`"),
        ({"htu": f"{ISSUER}:81/who"}, "`htu`"),
        ({"htu": f"{ISSUER}:0/who"}, "`htu`"),
        ({"htu": f"{ISSUER}:x/who"}, "`htu`"),
        ({"htu": f"{ISSUER}/WHO"}, "`htu`"),
        ({"htu": f"{ISSUER}/who/"}, "`htu`"),
        ({"htu": f"{ISSUER}/./who"}, "`htu`"),
        ({"htu": f"{ISSUER}//who"}, "`htu`"),
        ({"htu": "http://air@localhost/who"}, "`htu`"),
        ({"htu": "ftp://localhost/who"}, "`htu`"),
        ({"htu": "/who"}, "`htu`"),
        ({"htu": [f"{ISSUER}/who"]}, "`htu`"),
        ({"htm": "get"}, "`htm`"),
        ({"iat": True}, "`iat`"),
        ({"iat": "1"}, "`iat`"),
        ({"iat": 1e300}, "`iat`"),
        ({"htu": GONE}, "`htu`"),
        ({"htm": "POST"}, "`htm`"),
        ({"htm": GONE}, "`htm`"),
        ({"jti": GONE}, "`jti`"),
        ({"jti": "x" * 200}, "`jti`"),
        ({"iat": GONE}, "`iat`"),
        ({"header": {"typ": "jwt"}}, "`typ`"),
        ({"header": {"typ": GONE}}, "`typ`"),
        ({"header": {"jwk": GONE}}, "`jwk`"),
        ({"header": {"jwk": {"kty": "oct", "k": "AAAA"}}}, "private"),
        ({"header": {"kid": "k"}}, "header"),
        ({"header": {"jku": "https://evil.example"}}, "header"),
    ],
)
async def test_attack_09_a_proof_that_is_not_for_this_request(air, spoilt, said):
    token = await air.token()
    proof = air.proof("/who", **{"method": "GET", "token": token, **spoilt})
    assert said in await refused(air, token, "invalid_dpop_proof", proof=proof)


@pytest.mark.parametrize("seconds", [-3600, -61, 31, 3600])
async def test_attack_09_a_proof_out_of_its_minute(air, seconds):
    token = await air.token()
    proof = air.proof("/who", method="GET", token=token, iat=air.now + seconds)
    said = await refused(air, token, "invalid_dpop_proof", proof=proof)
    assert f"{-seconds} seconds ago" in said


@pytest.mark.parametrize("seconds", [-60, -5, 8, 30])
async def test_attack_09_a_proof_within_its_minute_is_taken(air, seconds):
    token = await air.token()
    proof = air.proof("/who", method="GET", token=token, iat=air.now + seconds)
    assert (await air.show(token, proof=proof)).status_code == 200


async def test_attack_09_a_proof_is_good_once(air):
    token = await air.token()
    proof = air.proof("/who", method="GET", token=token)
    assert (await air.show(token, proof=proof)).status_code == 200
    assert "before" in await refused(air, token, "invalid_dpop_proof", proof=proof)
    at_token = air.proof("/oauth/token")
    await air.token(proof=at_token)
    answer = await air.post("/oauth/token", proof=at_token, grant_type="client_credentials")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")


async def test_attack_09_a_proof_by_another_key_or_with_a_private_one(air):
    token = await air.token()
    thief = ECKey.generate_key("P-256")
    other = air.proof("/who", method="GET", token=token, key=thief)
    assert "another key" in await refused(air, token, "invalid_token", proof=other)
    told = thief.as_dict(private=True)
    leaking = air.proof("/who", method="GET", token=token, header={"jwk": told})
    await refused(air, token, "invalid_dpop_proof", proof=leaking)
    lying = air.proof(
        "/who", method="GET", token=token, key=thief, header={"jwk": public(air.proof_key)}
    )
    await refused(air, token, "invalid_dpop_proof", proof=lying)


async def test_attack_09_the_address_of_a_proof_is_ours_and_not_the_requests(air):
    token = await air.token()
    proof = air.proof("/who", method="GET", token=token, htu="http://evil.example/who")
    heads = [("authorization", f"DPoP {token}"), ("dpop", proof), ("host", "evil.example")]
    await refused(air, token, "invalid_dpop_proof", headers=heads)
    for same in ("HTTP://LOCALHOST:80/who", f"{ISSUER}/who?x=1#y"):
        right = air.proof("/who", method="GET", token=token, htu=same)
        assert (await air.show(token, proof=right)).status_code == 200


async def test_attack_09_tokens_are_given_for_a_proof_only(air):
    for proof in (None, "x", air.proof("/oauth/par"), air.proof("/oauth/token", method="GET")):
        answer = await air.post("/oauth/token", proof=proof, grant_type="client_credentials")
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")


async def test_attack_10_other_signed_things_are_no_access_tokens(world, air):
    await world.sign_in("ana")
    verifier = secrets.token_urlsafe(32)
    given = (await air.redeem_code(await air.code(verifier), verifier)).json()
    others = [
        given["id_token"],
        given["refresh_token"],
        air.assertion(),
        air.proof("/who", method="GET"),
        "x.y.z",
        "",
    ]
    for other in others:
        await refused(air, other, "invalid_token")


async def test_attack_10_a_token_with_another_type_key_or_letter(world, air):
    token = await air.token()
    head, claims, signature = token.split(".")
    ring = world.doors.provider.ring
    now = world.coalition.clock()
    plain = {"iss": ISSUER, "aud": f"{ISSUER}/graphql", "exp": air.now + 300, "iat": air.now}
    forged = [
        ring.sign(KeyKind.ACCESS_TOKEN, plain, media_type="JWT", now=now),
        ring.sign(KeyKind.ID_TOKEN, plain, media_type="at+jwt", now=now),
        ring.sign(KeyKind.ACCESS_TOKEN, plain, media_type="at+jwt", now=now),
        encode({"alg": "ES256", "typ": "at+jwt"}, plain, air.key),
        encode({"alg": "ES256", "typ": "at+jwt", "jwk": public(air.key)}, plain, air.key),
        f"{head}.{claims}.{signature[:-4]}AAAA",
        f"{head}.{claims[:-2]}AA.{signature}",
        f"{head}.{claims}.",
    ]
    for each in forged:
        await refused(air, each, "invalid_token")


async def test_attack_11_a_token_of_another_issuer_or_for_another_api(world, air):
    ring, now = world.doors.provider.ring, world.coalition.clock()
    plain = {"exp": air.now + 300, "iat": air.now}
    for issuer, audience in (
        ("https://staging.example", f"{ISSUER}/graphql"),
        (f"{ISSUER}/", f"{ISSUER}/graphql"),
        (ISSUER, ISSUER),
        (ISSUER, [f"{ISSUER}/graphql"]),
        (ISSUER, "https://other.example/graphql"),
    ):
        claims = {**plain, "iss": issuer, "aud": audience}
        forged = ring.sign(KeyKind.ACCESS_TOKEN, claims, media_type="at+jwt", now=now)
        assert "is not one for" in await refused(air, forged, "invalid_token")


async def test_attack_12_a_revoked_token_is_refused_by_the_next_call(world, air):
    token = await air.token()
    assert await air.is_let_in(token)
    assert (await air.post("/oauth/revoke", token=token)).status_code == 200
    await world.doors.callers.refresh()  # what the bell of the database makes every process do
    assert not await air.is_let_in(token)
    assert not await air.is_let_in(token, method="POST")


async def test_attack_12_every_process_hears_of_a_revocation(world, air):
    import asyncio

    token = await air.token()
    assert await air.is_let_in(token)
    await air.post("/oauth/revoke", token=token)
    for _ in range(100):
        if not await air.is_let_in(token):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody rang")


async def test_attack_12_what_changes_something_asks_the_database(world, air):
    """Also where no bell was heard: the verdict of a moment ago counts for reads only."""
    token = await air.token()
    assert await air.is_let_in(token)
    await world.coalition.query(
        "INSERT INTO revoked_tokens VALUES ($1, now() + interval '1 day') RETURNING 1",
        jti_of(token),
    )
    assert await air.is_let_in(token)
    assert not await air.is_let_in(token, method="POST")


def jti_of(token):
    import base64

    import orjson

    part = token.split(".")[1]
    return orjson.loads(base64.urlsafe_b64decode(part + "=="))["jti"]


async def test_attack_12_a_revoked_client_ends_with_its_tokens(world, air):
    token = await air.token()
    async with world.coalition.hub.database.begin(HUB_ACTOR) as tx:
        await revoke_client(tx, air.client_id)
    await world.doors.callers.refresh()
    assert not await air.is_let_in(token)
    answer = await air.post("/oauth/token", grant_type="client_credentials")
    assert answer.json()["error"] == "invalid_client"


async def test_attack_12_what_a_member_ends_is_refused_by_the_next_call(world, air):
    number = await world.sign_in("ana")
    verifier = secrets.token_urlsafe(32)
    given = (await air.redeem_code(await air.code(verifier), verifier)).json()
    own = await air.token()
    assert await air.is_let_in(given["access_token"])
    grant_id = await world.coalition.value("SELECT grant_id FROM oauth_grants")
    async with world.coalition.hub.database.begin(HUB_ACTOR) as tx:
        await end_grant(tx, actor=Actor(ActorKind.MEMBER, number), grant_id=grant_id)
    await world.doors.callers.refresh()
    assert not await air.is_let_in(given["access_token"])
    assert (await air.refresh(given["refresh_token"])).json()["error"] == "invalid_grant"
    assert await air.is_let_in(own)


async def test_attack_13_a_token_ends_after_five_minutes(world, air):
    token = await air.token()
    world.coalition.clock.tick(timedelta(seconds=304))
    assert await air.is_let_in(token)
    world.coalition.clock.tick(timedelta(seconds=1))
    assert "expired" in await refused(air, token, "invalid_token")


async def test_attack_20_the_token_of_another_client(world, air):
    await world.sign_in("ana")
    bio = await world.client("BIO")
    verifier = secrets.token_urlsafe(32)
    given = (await air.redeem_code(await air.code(verifier), verifier)).json()
    own = await air.token()
    for token in (own, given["access_token"], given["refresh_token"]):
        assert (await bio.post("/oauth/introspect", token=token)).json() == {"active": False}
        assert (await bio.post("/oauth/revoke", token=token)).status_code == 200
        assert (await air.post("/oauth/introspect", token=token)).json()["active"] is True
    await world.doors.callers.refresh()
    assert await air.is_let_in(own)
    assert (await air.refresh(given["refresh_token"])).status_code == 200


async def test_attack_20_who_does_not_show_who_it_is_learns_nothing(air):
    token = await air.token()
    for path in ("/oauth/introspect", "/oauth/revoke"):
        answer = await air.http.post(path, data={"token": token})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert await air.is_let_in(token)


def kid_of(token):
    import base64

    import orjson

    return orjson.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["kid"]


async def rotate(world, how):
    key = world.doors.provider.ring._wrapping_key
    async with world.coalition.hub.database.begin(HUB_ACTOR) as tx:
        (made,) = await how(tx, key, [KeyKind.ACCESS_TOKEN])
    await world.doors.callers.refresh()
    return made.key_id


async def published(world):
    return {key["kid"] for key in (await world.http.get("/oauth/jwks")).json()["keys"]}


async def test_attack_21_a_new_key_is_published_before_it_signs(world, air):
    old = kid_of(await air.token())
    new = await rotate(world, rotate_keys)
    assert {old, new} <= await published(world)
    assert kid_of(await air.token()) == old
    world.coalition.clock.tick(timedelta(minutes=15))
    token = await air.token()
    assert kid_of(token) == new
    assert {old, new} <= await published(world)
    world.coalition.clock.tick(timedelta(minutes=15))
    assert old not in await published(world)


async def test_attack_21_no_token_dies_by_a_rotation_and_none_lives_after_it(world, air):
    await rotate(world, rotate_keys)
    world.coalition.clock.tick(timedelta(minutes=14, seconds=59))
    last = await air.token()
    world.coalition.clock.tick(timedelta(minutes=5))
    assert await air.is_let_in(last)
    world.coalition.clock.tick(timedelta(minutes=10, seconds=1))
    await refused(air, last, "invalid_token")


async def test_attack_21_a_key_that_leaked_ends_at_once(world, air):
    token = await air.token()
    assert await air.is_let_in(token)
    old = kid_of(token)
    await rotate(world, replace_keys)
    assert old not in await published(world)
    await refused(air, token, "invalid_token")
    assert await air.is_let_in(await air.token())


async def test_keys_are_kept_encrypted(world):
    for row in await world.coalition.query("SELECT * FROM signing_keys"):
        assert b'"d"' not in row["wrapped_key"]
        assert '"d"' not in row["public_key"]
