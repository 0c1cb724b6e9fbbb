"""What a partner's program does: show who it is, prove that a key is its own, ask the hub."""

import secrets
import time
from dataclasses import dataclass
from typing import Any, Final

import httpx

from auth.oauth.assertions import ASSERTION_TYPE
from auth.oauth.jose import PublicKey, public_json, sign, thumbprint_of
from auth.oauth.proofs import hash_of_token
from hub.cli.client.key_file import ClientFile
from hub.kernel.errors import DomainError

SECONDS: Final = 10
ASSERTION_SECONDS: Final = 60


@dataclass(eq=False)
class HubNotServing(DomainError):
    """The hub cannot be reached: start it with `hub serve`."""

    address: str


@dataclass(eq=False)
class TokenRefused(DomainError):
    """The hub gave no token."""

    error: str
    description: str

    def __str__(self) -> str:
        """Say what the hub said."""
        return f"The hub gave no token ({self.error}): {self.description}."


@dataclass(frozen=True, slots=True)
class Ready:
    """An access token, and the key that it is bound to."""

    token: str
    key: PublicKey
    expires_in: int
    scope: str


def fetch_token(client: ClientFile, *, scope: str | None) -> Ready:
    """Get an access token, bound to the client's own key.

    Errors: HubNotServing, TokenRefused.
    """
    address = f"{client.issuer}/oauth/token"
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": make_assertion(client),
        **({} if scope is None else {"scope": scope}),
    }
    proof = make_proof(client, method="POST", address=address, token=None)
    try:
        answer = httpx.post(address, data=form, headers={"dpop": proof}, timeout=SECONDS)
        body: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError):
        raise HubNotServing(client.issuer) from None
    if answer.status_code != httpx.codes.OK:
        raise TokenRefused(str(body.get("error")), str(body.get("error_description")))
    return Ready(body["access_token"], client.key, body["expires_in"], body["scope"])


def make_assertion(client: ClientFile) -> str:
    """Sign who the client is, for a minute and for one use."""
    now = int(time.time())
    header = {"alg": client.algorithm, "typ": "JWT", "kid": thumbprint_of(client.key)}
    claims = {
        "iss": client.client_id,
        "sub": client.client_id,
        "aud": client.issuer,
        "jti": secrets.token_urlsafe(16),
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
    }
    return sign(header, claims, client.key)


def make_proof(client: ClientFile, *, method: str, address: str, token: str | None) -> str:
    """Prove for one request that the key is the client's own."""
    key = {
        name: value
        for name, value in public_json(client.key, algorithm="", key_id="").items()
        if name in {"kty", "crv", "x", "y", "n", "e"}
    }
    claims = {
        "jti": secrets.token_urlsafe(16),
        "htm": method,
        "htu": address,
        "iat": int(time.time()),
        **({} if token is None else {"ath": hash_of_token(token)}),
    }
    return sign({"alg": client.algorithm, "typ": "dpop+jwt", "jwk": key}, claims, client.key)
