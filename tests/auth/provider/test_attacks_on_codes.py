"""Attacks on codes, redirects, pushed requests, refresh tokens, consent: 14 to 19, 51, 56, 58."""

import asyncio
import secrets
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from joserfc.jwk import ECKey

from tests.auth.provider.wire import GONE, ISSUER, REDIRECT, hidden_fields, told

VERIFIER = "v" * 43
ORDER = '[{"type":"redemption","points":100,"reference":"order-1"}]'


@pytest.fixture
async def air(world):
    await world.sign_in("ana")
    return await world.client("AIR")


async def refused(answer, error, status=400):
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert len(answer.json()["error_description"]) > 10
    return answer.json()["error_description"]


async def given_by(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_attack_14_a_code_used_twice_ends_what_it_gave(world, air):
    code = await air.code(VERIFIER)
    given = await given_by(await air.redeem_code(code, VERIFIER))
    assert await air.is_let_in(given["access_token"])
    said = await refused(await air.redeem_code(code, VERIFIER), "invalid_grant")
    assert "used before" in said
    await world.doors.callers.refresh()
    assert not await air.is_let_in(given["access_token"])
    await refused(await air.refresh(given["refresh_token"]), "invalid_grant")


async def test_attack_14_of_six_who_bring_one_code_at_once_one_wins(air):
    code = await air.code(VERIFIER)
    answers = await asyncio.gather(*[air.redeem_code(code, VERIFIER) for _ in range(6)])
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400, 400]


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": f"{REDIRECT}/"},
        {"redirect_uri": GONE},
        {"code_verifier": "w" * 43},
        {"code_verifier": GONE},
        {"code_verifier": "v" * 42},
        {"code_verifier": "v" * 200},
        {"code": "other"},
        {"code": GONE},
    ],
)
async def test_attack_15_a_code_with_something_wrong_is_not_burned(air, wrong):
    code = await air.code(VERIFIER)
    answer = await air.redeem_code(code, VERIFIER, **wrong)
    assert answer.status_code == 400
    assert answer.json()["error"] in ("invalid_grant", "invalid_request")
    assert (await air.redeem_code(code, VERIFIER)).status_code == 200


async def test_attack_15_a_code_in_the_hands_of_another_client(world, air):
    bio = await world.client("BIO")
    code = await air.code(VERIFIER)
    await refused(await bio.redeem_code(code, VERIFIER), "invalid_grant")
    thief = ECKey.generate_key("P-256")
    stolen = air.proof("/oauth/token", key=thief)
    await refused(await air.redeem_code(code, VERIFIER, proof=stolen), "invalid_grant")
    assert (await air.redeem_code(code, VERIFIER)).status_code == 200


async def test_attack_15_a_code_ends_after_a_minute(world, air):
    code = await air.code(VERIFIER)
    world.coalition.clock.tick(timedelta(seconds=60))
    assert "60 seconds" in await refused(await air.redeem_code(code, VERIFIER), "invalid_grant")


@pytest.mark.parametrize(
    "wrong",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge_method": GONE},
        {"code_challenge": GONE},
        {"code_challenge": "short"},
        {"code_challenge": "ä" * 43},
    ],
)
async def test_attack_15_a_request_without_a_real_challenge(air, wrong):
    await refused(await air.push(VERIFIER, **wrong), "invalid_request")
    assert await air.coalition.value("SELECT count(*) FROM pushed_requests") == 0


@pytest.mark.parametrize(
    "address",
    [
        f"{REDIRECT}/more",
        "https://air.example/x/../back",
        "https://air.example:8443/back",
        "https://air@evil.example/back",
        "https://air.example@evil.example/back",
        f"{REDIRECT}#x",
        f"{REDIRECT}?x=1",
        "https://AIR.example/back",
        "http://air.example/back",
        "https://[::ffff:127.0.0.1]/back",
        "//evil.example",
        GONE,
    ],
)
async def test_attack_16_a_redirect_to_elsewhere_is_never_followed(air, address):
    answer = await air.push(VERIFIER, redirect_uri=address)
    await refused(answer, "invalid_request")
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": GONE}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "\uff19"}, "invalid_request"),
        ({"state": "x" * 2000}, "invalid_request"),
        ({"nonce": "\n"}, "invalid_request"),
        ({"scope": GONE}, "invalid_request"),
        ({"scope": "openid nonsense"}, "invalid_scope"),
        ({"resource": "https://other.example"}, "invalid_target"),
        ({"dpop_jkt": "x" * 43}, "invalid_request"),
    ],
)
async def test_attack_17_other_kinds_of_answer_and_bad_parameters(air, wrong, error):
    await refused(await air.push(VERIFIER, **wrong), error)


async def test_attack_18_a_pushed_request_of_another_client(world, air):
    bio = await world.client("BIO")
    uri = (await air.push(VERIFIER)).json()["request_uri"]
    await shows_error(air, client_id=bio.client_id, request_uri=uri)
    assert (await air.consent(uri))["iss"] == ISSUER


async def test_attack_18_a_pushed_request_is_good_for_one_code(air):
    uri = (await air.push(VERIFIER)).json()["request_uri"]
    assert "code" in await air.consent(uri)
    await shows_error(air, client_id=air.client_id, request_uri=uri)


async def test_attack_18_a_reload_before_the_answer_is_no_harm(air):
    uri = (await air.push(VERIFIER)).json()["request_uri"]
    query = urlencode({"client_id": air.client_id, "request_uri": uri})
    for _ in range(3):
        assert (await air.http.get(f"/oauth/authorize?{query}")).status_code == 200
    assert "code" in await air.consent(uri)


async def test_attack_18_a_pushed_request_is_brought_within_a_minute(world, air):
    uri = (await air.push(VERIFIER)).json()["request_uri"]
    world.coalition.clock.tick(timedelta(seconds=60))
    await shows_error(air, client_id=air.client_id, request_uri=uri)


async def test_attack_18_who_has_come_may_take_ten_minutes_and_no_longer(world, air):
    uri = (await air.push(VERIFIER)).json()["request_uri"]
    query = urlencode({"client_id": air.client_id, "request_uri": uri})
    await air.http.get(f"/oauth/authorize?{query}")
    world.coalition.clock.tick(timedelta(minutes=9))
    assert (await air.http.get(f"/oauth/authorize?{query}")).status_code == 200
    world.coalition.clock.tick(timedelta(minutes=1))
    await shows_error(air, client_id=air.client_id, request_uri=uri)


async def test_attack_18_parameters_that_were_not_pushed(air):
    await shows_error(
        air,
        client_id=air.client_id,
        response_type="code",
        redirect_uri=REDIRECT,
        scope="openid",
        code_challenge="x" * 43,
        code_challenge_method="S256",
    )
    await shows_error(air, client_id=air.client_id, request_uri="https://evil.example/request")
    await shows_error(air)


async def test_attack_18_a_request_inside_a_request(air):
    for name in ("request", "request_uri"):
        await refused(await air.push(VERIFIER, **{name: "x"}), "invalid_request")
    assert (await air.http.get("/oauth/par")).status_code == 405


async def test_what_is_added_in_the_browser_counts_for_nothing(air):
    uri = (await air.push(VERIFIER, scope="points.read")).json()["request_uri"]
    query = urlencode(
        {"client_id": air.client_id, "request_uri": uri, "scope": "openid points.issue"}
    )
    page = await air.http.get(f"/oauth/authorize?{query}")
    assert "Give you points" not in page.text
    form = {**hidden_fields(page.text), "decision": "allow", "scope": "points.issue"}
    answer = await air.http.post("/oauth/authorize", data=form)
    given = await given_by(await air.redeem_code(told(answer)["code"], VERIFIER))
    assert given["scope"] == "points.read"


async def shows_error(client, **query):
    """The page of an error: nobody is sent anywhere, and nothing is granted."""
    before = await client.coalition.value("SELECT count(*) FROM oauth_grants")
    answer = await client.http.get(f"/oauth/authorize?{urlencode(query)}")
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "cannot go on" in answer.text
    assert await client.coalition.value("SELECT count(*) FROM oauth_grants") == before


async def test_attack_19_a_refresh_token_used_twice_ends_its_family(world, air):
    given = await given_by(await air.redeem_code(await air.code(VERIFIER), VERIFIER))
    first = given["refresh_token"]
    second = await given_by(await air.refresh(first))
    await refused(await air.refresh(first), "invalid_grant")
    await refused(await air.refresh(second["refresh_token"]), "invalid_grant")
    await world.doors.callers.refresh()
    for token in (given["access_token"], second["access_token"]):
        assert not await air.is_let_in(token)


async def test_attack_19_of_six_who_bring_one_refresh_token_at_once_one_wins(air):
    given = await given_by(await air.redeem_code(await air.code(VERIFIER), VERIFIER))
    answers = await asyncio.gather(*[air.refresh(given["refresh_token"]) for _ in range(6)])
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400, 400]


async def test_attack_19_a_refresh_token_in_other_hands_is_not_burned(world, air):
    bio = await world.client("BIO")
    given = await given_by(await air.redeem_code(await air.code(VERIFIER), VERIFIER))
    token = given["refresh_token"]
    await refused(await bio.refresh(token), "invalid_grant")
    other = air.proof("/oauth/token", key=ECKey.generate_key("P-256"))
    await refused(await air.refresh(token, proof=other), "invalid_grant")
    await refused(await air.refresh(token, scope="openid points.issue"), "invalid_scope")
    await refused(await air.refresh("hubrt_x"), "invalid_grant")
    assert (await air.refresh(token)).status_code == 200


async def test_attack_19_refreshing_does_not_go_on_for_ever(world, air):
    given = await given_by(await air.redeem_code(await air.code(VERIFIER), VERIFIER))
    world.coalition.clock.tick(timedelta(days=89))
    second = await given_by(await air.refresh(given["refresh_token"]))
    world.coalition.clock.tick(timedelta(days=1))
    await refused(await air.refresh(second["refresh_token"]), "invalid_grant")


async def test_no_secret_is_kept_readable(world, air):
    code = await air.code(VERIFIER)
    given = await given_by(await air.redeem_code(code, VERIFIER))
    for table in ("authorization_codes", "refresh_tokens", "pushed_requests", "oauth_grants"):
        kept = str(await world.coalition.query(f"TABLE {table}"))
        for secret in (code, given["refresh_token"], given["access_token"]):
            assert secret not in kept


async def test_attack_56_the_consent_page_cannot_be_framed_or_kept(air):
    uri = (await air.push(VERIFIER)).json()["request_uri"]
    query = urlencode({"client_id": air.client_id, "request_uri": uri})
    for page in (
        await air.http.get(f"/oauth/authorize?{query}"),
        await air.http.get("/oauth/authorize"),
    ):
        assert page.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert "<script" not in page.text


async def open_page(client, **fields):
    uri = (await client.push(VERIFIER, **fields)).json()["request_uri"]
    query = urlencode({"client_id": client.client_id, "request_uri": uri})
    page = await client.http.get(f"/oauth/authorize?{query}")
    return {**hidden_fields(page.text), "decision": "allow"}


async def test_attack_58_an_answer_that_is_not_from_this_page(world, air):
    form = await open_page(air)
    other = await open_page(air, scope="points.read")
    tries = [
        ({**form, "csrf_token": "x"}, {}),
        ({k: v for k, v in form.items() if k != "csrf_token"}, {}),
        ({**form, "csrf_token": other["csrf_token"]}, {}),
        ({**form, "decision": "x"}, {}),
        (form, {"origin": "https://evil.example"}),
        (form, {"origin": "null"}),
        (form, {"sec-fetch-site": "cross-site"}),
    ]
    for fields, headers in tries:
        answer = await air.http.post("/oauth/authorize", data=fields, headers=headers)
        assert answer.status_code in (400, 403), answer.text
        assert "location" not in answer.headers
    await world.sign_in("ben")
    assert (await air.http.post("/oauth/authorize", data=form)).status_code == 400
    world.person = None
    assert (await air.http.post("/oauth/authorize", data=form)).status_code == 400
    assert await world.coalition.value("SELECT count(*) FROM oauth_grants") == 0


async def test_attack_58_nobody_agrees_without_being_asked(world, air):
    for person, error in ((world.person, "consent_required"), (None, "login_required")):
        world.person = person
        uri = (await air.push(VERIFIER, prompt="none")).json()["request_uri"]
        query = urlencode({"client_id": air.client_id, "request_uri": uri})
        answer = await air.http.get(f"/oauth/authorize?{query}")
        assert told(answer) == {"error": error, "iss": ISSUER, "state": "s-1"}


def test_attack_58_names_are_shown_as_they_are():
    from auth.oauth.consent_page import show_consent
    from auth.oauth.provider import PartnerName
    from hub.kernel.actor import Order

    evil = "<script>alert(1)</script>\"'"
    page = show_consent(
        partner=PartnerName(evil, evil),
        client_name=evil,
        scopes=("openid",),
        order=Order(1, evil),
        hidden={"x": evil},
        redirect_uri=REDIRECT,
    )
    assert b"<script" not in page.body
    assert page.body.count(b"&lt;script&gt;") == 5


async def test_a_sign_in_that_is_too_old_is_asked_for_anew(world, air):
    world.coalition.clock.tick(timedelta(minutes=10))
    for fields, age in (
        ({"max_age": "60"}, "60"),
        ({"prompt": "login"}, "0"),
        ({"scope": "points.redeem", "authorization_details": ORDER}, "300"),
    ):
        uri = (await air.push(VERIFIER, **fields)).json()["request_uri"]
        query = urlencode({"client_id": air.client_id, "request_uri": uri})
        answer = await air.http.get(f"/oauth/authorize?{query}")
        assert answer.status_code == 303
        assert told(answer)["max_age"] == age
        form = {"client_id": air.client_id, "request_uri": uri, "decision": "allow"}
        posted = await air.http.post("/oauth/authorize", data={**form, "csrf_token": "x"})
        assert posted.headers["location"].startswith("/sign-in")
    assert await world.coalition.value("SELECT count(*) FROM oauth_grants") == 0


@pytest.mark.parametrize(
    ("details", "scope", "error"),
    [
        ("x", "points.redeem", "invalid_authorization_details"),
        ("{}", "points.redeem", "invalid_authorization_details"),
        ("[]", "points.redeem", "invalid_authorization_details"),
        ('[{"type":"other"}]', "points.redeem", "invalid_authorization_details"),
        (ORDER.replace("100", "0"), "points.redeem", "invalid_authorization_details"),
        (ORDER.replace("100", "1.5"), "points.redeem", "invalid_authorization_details"),
        (ORDER.replace("100", "true"), "points.redeem", "invalid_authorization_details"),
        (ORDER.replace("order-1", ""), "points.redeem", "invalid_authorization_details"),
        (ORDER.replace("}]", ',"more":1}]'), "points.redeem", "invalid_authorization_details"),
        (GONE, "points.redeem", "invalid_authorization_details"),
        (ORDER, "points.read", "invalid_scope"),
        (ORDER, "points.redeem offline_access", "invalid_scope"),
    ],
)
async def test_attack_40_an_order_that_says_too_little_or_too_much(air, details, scope, error):
    answer = await air.push(VERIFIER, authorization_details=details, scope=scope)
    await refused(answer, error)


async def test_random_codes_are_long(air):
    codes = {await air.code(VERIFIER) for _ in range(3)}
    assert {len(code) for code in codes} == {len(secrets.token_urlsafe(32))}
    assert len(codes) == 3
