"""Attacks on how a client shows who it is: 1 to 8, 44, 51, 67."""

import asyncio
import base64
import logging
import warnings

import orjson
import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from auth.oauth.clients.registering import register_client
from auth.oauth.errors import ClientNotValid
from hub.kernel.actor import HUB_ACTOR
from tests.auth.provider.wire import ASSERTION_TYPE, GONE, ISSUER, encode, public

OWN = {"grant_type": "client_credentials"}
TABLES = ("oauth_grants", "authorization_codes", "refresh_tokens", "revoked_tokens")


async def ask(client, *, assertion=None, **fields):
    return await client.post("/oauth/token", assertion=assertion, **{**OWN, **fields})


async def refused(client, status, error, **given):
    """Ask for a token, and see that it is refused with a sentence and that nothing was stored."""
    before = await photograph(client.coalition)
    answer = await ask(client, **given)
    body = answer.json()
    assert (answer.status_code, body["error"]) == (status, error), body
    assert set(body) == {"error", "error_description"}
    assert 10 < len(body["error_description"]) < 300
    assert await photograph(client.coalition) == before
    return body["error_description"]


async def photograph(coalition):
    return [await coalition.query(f"TABLE {table}") for table in TABLES]


@pytest.fixture
async def air(world):
    return await world.client("AIR", scopes=("points.issue", "points.read"))


@pytest.mark.parametrize(
    "audience",
    [
        [ISSUER],
        [ISSUER, "https://evil.example"],
        f"{ISSUER}/oauth/token",
        f"{ISSUER}/",
        "https://evil.example",
        GONE,
        "",
        None,
    ],
)
async def test_attack_01_an_assertion_for_another_audience(air, audience):
    said = await refused(air, 401, "invalid_client", assertion=air.assertion(aud=audience))
    assert "`aud`" in said
    assert ISSUER in said


async def test_attack_02_an_assertion_is_good_once(air):
    assertion = air.assertion()
    assert (await ask(air, assertion=assertion)).status_code == 200
    said = await refused(air, 401, "invalid_client", assertion=assertion)
    assert "`jti`" in said


async def test_attack_02_of_six_who_bring_one_assertion_at_once_one_wins(air):
    assertion = air.assertion()
    answers = await asyncio.gather(*[ask(air, assertion=assertion) for _ in range(6)])
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401, 401]


async def test_attack_02_an_assertion_is_used_up_by_a_request_that_fails(air):
    assertion = air.assertion()
    answer = await ask(air, assertion=assertion, scope="settlement.read")
    assert answer.json()["error"] == "invalid_scope"
    await refused(air, 401, "invalid_client", assertion=assertion)


async def test_attack_03_an_assertion_with_the_key_of_another_partner(world, air):
    bio = await world.client("BIO")
    await refused(air, 401, "invalid_client", assertion=air.assertion(key=bio.key))
    crossed = bio.assertion(key=air.key)
    await refused(air, 401, "invalid_client", assertion=crossed)
    await refused(air, 401, "invalid_client", assertion=air.assertion(sub=bio.client_id))


async def test_attack_04_confused_algorithms_and_embedded_keys(air):
    thief = ECKey.generate_key("P-256")
    shared = OctKey.import_key(str(public(air.key)))
    asked = [
        air.assertion(key=thief, header={"jwk": public(thief)}),
        air.assertion(key=thief, header={"jku": "https://evil.example/keys"}),
        air.assertion(key=thief, header={"x5u": "https://evil.example/cert"}),
        air.assertion(key=thief, header={"kid": "../../etc/passwd"}),
        air.assertion(key=thief, header={"kid": "' OR 1=1 --"}),
        air.assertion(key=shared, header={"alg": "HS256"}),
        air.assertion(key=thief),
        unsigned(air),
        air.assertion()[:-4] + "AAAA",
        "a.b.c",
        "x" * 9000,
    ]
    for assertion in asked[:-1]:
        await refused(air, 401, "invalid_client", assertion=assertion)
    await refused(air, 400, "invalid_request", assertion=asked[-1])


async def test_attack_04_an_assertion_that_is_written_in_another_way(air):
    def respelt(spell):
        signature = ""
        while "-" not in signature or "_" not in signature:
            head, claims, signature = air.assertion().split(".")
        return f"{head}.{claims}.{spell(signature)}"

    last = {"A": "B", "Q": "R", "g": "h", "w": "x"}
    spellings = [
        lambda text: text + "==",
        lambda text: text[:-1] + last[text[-1]],
        lambda text: text.replace("-", "+"),
        lambda text: text.replace("_", "/"),
        lambda text: text + "\n",
        lambda text: " " + text,
    ]
    for spell in spellings:
        await refused(air, 401, "invalid_client", assertion=respelt(spell))
    for alg in ("es256", "ES256 ", "Es256", ["ES256"], None, "ES384", "HS256"):
        said = await refused(air, 401, "invalid_client", assertion=with_header(air, alg=alg))
        assert "`alg`" in said
    for more in ({"crit": ["b64"], "b64": False}, {"b64": True}, {"zip": "DEF"}, {"cty": "JWT"}):
        said = await refused(air, 401, "invalid_client", assertion=with_header(air, **more))
        assert "header" in said
    assert (await ask(air)).status_code == 200


@pytest.mark.parametrize("name", ["cl_\0", "cl_\u20ac", "cl_\n", "", "x" * 256, ["cl_x"], None, 7])
async def test_attack_04_a_name_that_no_client_can_have(air, name):
    said = await refused(air, 401, "invalid_client", assertion=air.assertion(iss=name, sub=name))
    assert said == "the client assertion: `iss` is the id of the client"


def with_header(client, **header):
    """An assertion whose header was changed after it was signed."""
    _, claims, signature = client.assertion().split(".")
    return f"{base64url(orjson.dumps({'alg': 'ES256', **header}))}.{claims}.{signature}"


def unsigned(client):

    def part(value):
        return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()

    claims = {"iss": client.client_id, "sub": client.client_id, "aud": ISSUER, "jti": "j"}
    return f"{part({'alg': 'none'})}.{part({**claims, 'exp': client.now + 60})}."


async def test_attack_05_weak_keys_are_neither_registered_nor_used(world, air):
    weak = [
        weak_rsa(),
        ECKey.generate_key("P-521").as_dict(private=False),
        {**public(RSAKey.generate_key(2048)), "alg": "RS256"},
        OctKey.generate_key(256).as_dict(),
        ECKey.generate_key("P-256").as_dict(private=True),
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {},
        *long_exponents(),
        *({"kty": "OKP", "crv": "Ed25519", "x": x} for x in small_points()),
    ]
    for key in weak:
        with pytest.raises(ClientNotValid):
            await register(world, keys={"keys": [key]})
    assert await world.coalition.value("SELECT count(*) FROM oauth_clients") == 1
    rsa = await world.client("AIR", key=RSAKey.generate_key(2048), algorithm="RS256")
    await refused(rsa, 401, "invalid_client")


def long_exponents():
    """RSA keys whose check would take a hundred times as long, or none at all."""
    key = public(RSAKey.generate_key(2048))
    return [{**key, "e": e} for e in ("AQ", "Ag", "AQAAAAE", base64url(b"\1" * 256))]


P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
EIGHTH = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
"""As libsodium's list of such points has it."""


def doubled(y):
    """The second coordinate of twice a point of the curve of Ed25519."""
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    return (y * y + xx) * pow(1 - D * xx * y * y, -1, P) % P


def small_points():
    """All ways to write a point that eight times is nothing."""
    order_8 = int.from_bytes(EIGHTH, "little")
    reduced = {0, 1, P - 1, order_8, P - order_8}
    assert all(doubled(doubled(doubled(y))) == 1 for y in reduced)
    written = [*reduced, P, P + 1]
    return [base64url((y | sign << 255).to_bytes(32, "little")) for y in written for sign in (0, 1)]


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def weak_rsa():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return RSAKey.generate_key(1024).as_dict(private=False)


async def register(world, **given):
    async with world.coalition.hub.database.begin(HUB_ACTOR) as tx:
        await register_client(
            tx,
            **{
                "partner_id": world.coalition.partners["AIR"].partner_id,
                "name": "x",
                "keys": None,
                "jwks_uri": None,
                "scopes": ("points.issue",),
                "redirect_uris": (),
                **given,
            },
        )


async def test_attack_06_shared_secrets_and_two_ways_at_once(air):
    basic = {"authorization": "Basic YTpi"}
    await refused(air, 401, "invalid_client", headers=basic)
    await refused(air, 401, "invalid_client", client_secret="x")
    nothing = {"client_assertion": GONE, "client_assertion_type": GONE}
    await refused(air, 401, "invalid_client", **nothing, client_id=air.client_id)
    await refused(air, 401, "invalid_client", **nothing, client_secret="x", headers=basic)
    await refused(air, 401, "invalid_client", client_assertion_type="urn:other")
    await refused(air, 400, "invalid_request", client_id="cl_other")


async def test_attack_07_scopes_that_the_client_was_not_granted(air):
    for scope in ("settlement.read", "points.issue settlement.read", "openid", "admin", "points.*"):
        await refused(air, 400, "invalid_scope", scope=scope)
    await refused(air, 400, "invalid_scope", scope="points.issue points.issue")
    await refused(air, 400, "invalid_scope", scope="points.issue  points.read")


async def test_attack_08_repeated_parameters_and_parameters_in_the_address(air):
    form = (
        f"grant_type=client_credentials&client_assertion_type={ASSERTION_TYPE}"
        f"&client_assertion={air.assertion()}"
    )
    heads = {"content-type": "application/x-www-form-urlencoded"}
    for more in ("&scope=points.issue&scope=points.read", "&grant_type=client_credentials"):
        answer = await air.http.post("/oauth/token", content=form + more, headers=heads)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        assert "more than once" in answer.json()["error_description"]
    answer = await air.http.post("/oauth/token?scope=points.issue", content=form, headers=heads)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    for body, content_type in (
        ('{"grant_type":"client_credentials"}', "application/json"),
        ("x" * 30_000, heads["content-type"]),
        ("&".join(f"f{n}=1" for n in range(100)), heads["content-type"]),
        ("scope=%ff", heads["content-type"]),
    ):
        answer = await air.http.post(
            "/oauth/token", content=body, headers={"content-type": content_type}
        )
        assert answer.status_code in (400, 413)
        assert answer.json()["error"] == "invalid_request"
    assert (await air.http.get("/oauth/token")).status_code == 405


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"exp": -300}, "`exp`"),
        ({"exp": 86_400}, "`exp`"),
        ({"nbf": 70}, "`nbf`"),
        ({"iat": 3600}, "`iat`"),
    ],
)
async def test_attack_13_an_assertion_out_of_its_time(air, claims, said):
    shifted = {name: air.now + seconds for name, seconds in claims.items()}
    assert said in await refused(air, 401, "invalid_client", assertion=air.assertion(**shifted))


async def test_attack_13_a_clock_that_is_a_little_ahead_is_forgiven(air):
    assertion = air.assertion(iat=air.now + 8, nbf=air.now + 8)
    assert (await ask(air, assertion=assertion)).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [{"jti": GONE}, {"jti": ""}, {"jti": 7}, {"exp": GONE}, {"exp": "soon"}, {"iss": GONE}],
)
async def test_an_assertion_that_lacks_a_claim(air, claims):
    await refused(air, 401, "invalid_client", assertion=air.assertion(**claims))


async def test_other_grants_do_not_exist(air):
    for kind in ("password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "x"):
        await refused(air, 400, "unsupported_grant_type", grant_type=kind)
    await refused(air, 400, "invalid_request", grant_type=GONE)


async def test_attack_44_the_tenant_comes_from_the_token_alone(world, air):
    bio = await world.client("BIO", scopes=("points.issue",))
    token = await air.token(tenant=str(bio.coalition.partners["BIO"].partner_id), tenant_id="BIO")
    right = air.proof("/who", method="GET", token=token)
    heads = [("authorization", f"DPoP {token}"), ("dpop", right), ("x-tenant", "BIO")]
    answer = await air.show(token, headers=heads)
    assert answer.text == f"partner:{world.coalition.partners['AIR'].partner_id}"


@pytest.mark.parametrize(
    "address",
    [
        "http://air.example/keys",
        "https://127.0.0.1/keys",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/keys",
        "https://[::1]/keys",
        "https://10.0.0.1/keys",
        "https://user@air.example/keys",
        "https://air.example:8443/keys",
        "file:///etc/passwd",
        "https:///keys",
    ],
)
async def test_attack_51_keys_at_an_address_of_our_own_network(world, air, address):
    with pytest.raises(ClientNotValid):
        await register(world, jwks_uri=address)
    assert await world.coalition.value("SELECT count(*) FROM oauth_clients") == 1


@pytest.mark.parametrize(
    "address",
    [
        "http://air.example/back",
        "https://air.example/back#x",
        "https://air@evil.example/back",
        "https://air.example/../back",
        "javascript:alert(1)",
        "https://air.example\\@evil.example/",
        "https://air.example;script-src/back",
        "https://air.example,default-src/back",
        "https://air.example'/back",
        "https://air.ex%61mple/back",
        "https://\uff41ir.example/back",
        "http://localhost.evil.example/back",
        "http://localhost:80:80/back",
        "https:/air.example/back",
        "/back",
        "https://air.example/" + "x" * 600,
    ],
)
async def test_attack_51_a_redirect_address_that_cannot_be_registered(world, air, address):
    with pytest.raises(ClientNotValid):
        await register(world, keys={"keys": [public(air.key)]}, redirect_uris=(address,))


async def test_attack_65_nothing_secret_is_logged(air, capsys, caplog):
    caplog.set_level(logging.DEBUG)
    assertion = air.assertion()
    token = await air.token(assertion=assertion)
    await refused(air, 401, "invalid_client", assertion=assertion)
    assert await air.is_let_in(token)
    written = capsys.readouterr()
    for text in (token, assertion, assertion.rpartition(".")[2], token.rpartition(".")[2]):
        assert text not in written.out + written.err + caplog.text
    assert "oauth.replayed" in written.out


async def test_attack_67_an_unknown_client_and_a_wrong_key_look_the_same(air):
    thief = ECKey.generate_key("P-256")
    unknown = encode(
        {"alg": "ES256"},
        {"iss": "cl_x", "sub": "cl_x", "aud": ISSUER, "jti": "j", "exp": air.now + 60},
        thief,
    )
    first = await ask(air, assertion=unknown)
    second = await ask(air, assertion=air.assertion(key=thief))
    assert first.status_code == second.status_code == 401
    assert first.content == second.content
