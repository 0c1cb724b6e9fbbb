"""Signing in with a key: what goes over the wire, and what is done with what comes back."""

import asyncio

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as make_rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from joserfc.jwk import ECKey, KeySet, OKPKey
from starlette.responses import JSONResponse, Response

from hub.client.asynchronous import HubClient
from hub.client.errors import Fault, NoAnswer, SignInRefused
from hub.client.private_key import PrivateKeyClient, read_client_file
from hub.client.proofs import make_signing_key, open_signing_key, read_signing_key
from hub.client.retries import RetryPolicy
from tests.client.authority import API, ISSUER, Authority

# RFC 9864 has a second name for it, Ed25519; the hub, like FAPI 2.0, knows the first.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

SOON = RetryPolicy(tries_max=3, pause_min_ms=1, pause_max_ms=2)
ED25519 = open_signing_key(Ed25519PrivateKey.generate(), "mine")
P256 = make_signing_key()


def jwk_of(key):
    jwk = {**key.public_jwk, "kid": key.key_id}
    return ECKey.import_key(jwk) if jwk["kty"] == "EC" else OKPKey.import_key(jwk)


@pytest.fixture
def authority():
    return Authority(KeySet([jwk_of(P256), jwk_of(ED25519)]))


@pytest.fixture
def connect(authority):
    def connect(key=P256, **given):
        auth = PrivateKeyClient(issuer=ISSUER, client_id="till-7", key=key, **given)
        transport = httpx.ASGITransport(app=authority.app())
        return HubClient(API, auth=auth, retries=SOON, transport=transport)

    return connect


@pytest.mark.parametrize(("key", "algorithm"), [(P256, "ES256"), (ED25519, "EdDSA")])
async def test_an_assertion_says_what_rfc_7523_and_fapi_ask_for(authority, connect, key, algorithm):
    async with connect(key, scopes=("points.issue", "points.redeem")) as hub:
        assert (await hub.viewer()).kind == "PARTNER"
    (assertion,) = authority.assertions
    assert assertion.header == {"alg": algorithm, "typ": "JWT", "kid": key.key_id}
    claims = assertion.claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("till-7", "till-7", ISSUER)
    assert claims["exp"] - claims["iat"] == 60
    assert len(claims["jti"]) == 22
    (form,) = authority.forms
    assert form["grant_type"] == "client_credentials"
    assert form["scope"] == "points.issue points.redeem"
    assert form["client_assertion_type"] == (
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    )
    assert "client_secret" not in form


async def test_every_proof_is_new_and_the_last_one_names_its_token(authority, connect):
    async with connect() as hub:
        for _ in range(3):
            await hub.viewer()
    at_token, *at_api = authority.proofs
    assert len({proof["jti"] for proof in authority.proofs}) == 4
    assert "ath" not in at_token
    assert len({proof["ath"] for proof in at_api}) == 1
    assert len(authority.tokens) == 1
    assert authority.metadata_count == 1


async def test_the_key_of_proofs_is_not_the_key_that_signs_in(authority, connect):
    async with connect() as hub:
        await hub.viewer()
    assert authority.proofs[0]["header"]["jwk"] != dict(P256.public_jwk)


async def test_a_key_for_proofs_may_be_given(authority, connect):
    async with connect(proof_key=ED25519) as hub:
        await hub.viewer()
    assert [proof["header"]["jwk"] for proof in authority.proofs] == [dict(ED25519.public_jwk)] * 2


async def test_a_nonce_that_is_asked_for_is_shown_and_kept(authority, connect):
    authority.wants_nonces = True
    async with connect() as hub:
        await hub.viewer()
        count = len(authority.proofs)
        await hub.viewer()
        assert len(authority.proofs) == count + 1
        authority.nonces.clear()  # the hub has changed them: each is learned again
        await hub.viewer()
    assert len(authority.tokens) == 1
    assert count == 4


async def test_a_token_that_is_taken_back_is_replaced(authority, connect):
    async with connect() as hub:
        await hub.viewer()
        authority.tokens.clear()
        await hub.viewer()
    assert len(authority.tokens) == 1
    assert len(authority.assertions) == 2


async def test_a_token_is_replaced_before_it_ends(authority, connect):
    authority.expires_in = 1  # used for half of it, which is nothing in whole seconds
    async with connect() as hub:
        await hub.viewer()
        await hub.viewer()
    assert len(authority.tokens) == 2


async def test_many_calls_at_a_time_sign_in_once(authority, connect):
    async with connect() as hub:
        await asyncio.gather(*(hub.viewer() for _ in range(20)))
    assert len(authority.tokens) == 1


async def test_a_hub_that_is_busy_is_asked_for_a_token_again(authority, connect):
    authority.busy = [Response(status_code=503), Response(status_code=429)]
    async with connect() as hub:
        await hub.viewer()
    assert len(authority.tokens) == 1


async def test_a_hub_that_stays_busy_is_given_up(authority, connect):
    authority.busy = [Response(status_code=503)] * 9
    async with connect() as hub:
        with pytest.raises(NoAnswer):
            await hub.viewer()
    assert len(authority.busy) == 6


async def test_a_client_that_is_not_let_in_is_told_why(authority, connect):
    refusal = {"error": "invalid_client", "error_description": "The key is not registered."}
    authority.busy = [JSONResponse(refusal, status_code=401)]
    async with connect() as hub:
        with pytest.raises(SignInRefused) as refused:
            await hub.viewer()
    assert str(refused.value) == ("No token was given: invalid_client. The key is not registered.")
    assert authority.tokens == {}


async def test_a_token_that_is_bound_to_nothing_is_not_used(authority, connect):
    authority.token_type = "Bearer"
    async with connect() as hub:
        with pytest.raises(SignInRefused, match="bound by DPoP"):
            await hub.viewer()


async def test_metadata_of_another_issuer_are_not_followed(authority, connect):
    authority.issuer = "https://hub.example.evil"
    async with connect() as hub:
        with pytest.raises(SignInRefused, match="issuer"):
            await hub.viewer()
    assert authority.forms == []


async def test_an_api_that_takes_no_token_is_not_asked_for_ever(authority, connect):
    authority.tokens = Forgetful()
    async with connect() as hub:
        with pytest.raises(Fault) as fault:
            await hub.viewer()
    assert (fault.value.code, fault.value.status) == ("UNAUTHENTICATED", 401)
    assert len(authority.assertions) == 4


class Forgetful(dict):
    """Tokens that nobody remembers."""

    def __setitem__(self, key, value):
        pass


@pytest.mark.parametrize("issuer", ["http://hub.example", "ftp://hub.example", "hub.example"])
def test_tokens_do_not_travel_in_the_clear(issuer):
    with pytest.raises(ValueError, match="in the clear"):
        PrivateKeyClient(issuer=issuer, client_id="till-7", key=P256)


def test_a_hub_on_this_machine_needs_no_tls():
    PrivateKeyClient(issuer="http://127.0.0.1:8000", client_id="till-7", key=P256)


def test_keys_are_named_by_their_thumbprints():
    for key in (P256, open_signing_key(Ed25519PrivateKey.generate())):
        assert key.key_id == jwk_of(key).thumbprint()


def test_a_thumbprint_is_that_of_rfc_8037():
    # appendix A.3
    from hub.client.proofs import write_thumbprint

    x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    thumbprint = write_thumbprint({"crv": "Ed25519", "kty": "OKP", "x": x})
    assert thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize("password", [None, b"open"])
@pytest.mark.parametrize("key", [P256, ED25519], ids=["P-256", "Ed25519"])
def test_a_key_is_read_from_a_file(key, password):
    locked = NoEncryption() if password is None else BestAvailableEncryption(password)
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)
    read = read_signing_key(pem, key_id="mine", password=password)
    assert (read.public_jwk, read.algorithm, read.key_id) == (
        key.public_jwk,
        key.algorithm,
        "mine",
    )


@pytest.mark.parametrize("kind", [ECKey, OKPKey])
def test_the_file_that_the_hub_writes_is_read(kind, tmp_path):
    from hub.cli.client.key_file import ClientFile, write_client_file

    key = kind.generate_key("P-256" if kind is ECKey else "Ed25519")
    write_client_file(tmp_path / "till.json", ClientFile("till-7", ISSUER, key))
    read = read_client_file(tmp_path / "till.json", scopes=("points.issue",))
    assert (read._client_id, read._issuer, read._scopes) == ("till-7", ISSUER, ("points.issue",))
    assert read._key.key_id == key.thumbprint()
    assert read._key.public_jwk == {
        name: value
        for name, value in key.as_dict(private=False).items()
        if name in {"kty", "crv", "x", "y"}
    }


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"client_id": "a", "issuer": "b"}'])
def test_another_file_is_refused(text, tmp_path):
    (tmp_path / "till.json").write_text(text)
    with pytest.raises(ValueError):  # noqa: PT011 (json says it for some of them)
        read_client_file(tmp_path / "till.json")


@pytest.mark.parametrize(
    "private",
    [generate_private_key(SECP384R1()), make_rsa(65537, 2048)],
    ids=["P-384", "RSA"],
)
def test_a_key_of_another_kind_is_refused(private):
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="neither on P-256"):
        read_signing_key(pem)
