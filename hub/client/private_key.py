"""Signing in as a client with a key of its own: tokens that are worth nothing without it.

The client proves who it is with a signed assertion (`private_key_jwt`), gets a token for a few
minutes, and proves with every request that it holds the key the token is bound to (DPoP). There is
no secret that could leak: both private keys stay in this process.
"""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from hub.client.errors import SignInRefused
from hub.client.proofs import (
    SigningKey,
    make_signing_key,
    read_jwk,
    write_assertion,
    write_proof,
)
from hub.client.retries import RETRIED_STATUSES

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
WELL_KNOWN: Final = "/.well-known/oauth-authorization-server"
EARLY_SECONDS: Final = 30
"""A token is replaced so long before its end, or after half its life if that is sooner."""
TRIES_MAX: Final = 4
"""How often one request is shown: with an old token, a new one, and each with a nonce."""
TIMEOUT_SECONDS: Final = 10
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_OK: Final = 200
_BAD_REQUEST: Final = 400
_UNAUTHORIZED: Final = 401
_NONCE_WANTED: Final = "use_dpop_nonce"
_NANOSECONDS: Final = 1_000_000_000
_TOKEN_ID_BYTES: Final = 16
_DESCRIPTION_CHARACTERS: Final = 300


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token, and until when it is used: seconds of a clock that never goes back."""

    value: str
    used_until_seconds: int


class PrivateKeyClient(httpx.Auth):
    """A partner's software that signs in with a key: `client_credentials`, bound by DPoP.

    One may serve many requests at a time: they share a token. It may be used by one event loop.
    """

    requires_request_body = False
    requires_response_body = False

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        key: SigningKey,
        scopes: tuple[str, ...] = (),
        proof_key: SigningKey | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        `issuer` is the hub's address as its metadata says it. `key` is registered with the hub.
        `scopes` says what the token may do, everything that is allowed if empty. `proof_key`
        binds the tokens; without it, a new one lives as long as this object.

        Errors: ValueError when the issuer is neither https nor on this machine.
        """
        if not is_safe(issuer):
            raise ValueError(f"tokens do not travel in the clear: {issuer}")
        self._issuer = issuer
        self._client_id = client_id
        self._key = key
        self._proof_key = proof_key or make_signing_key()
        self._scopes = scopes
        self._token_url: str | None = None
        self._token: AccessToken | None = None
        self._nonces: dict[str, str] = {}
        self._turn = asyncio.Lock()

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Show a token and its proof; once more with another if the hub asks for it.

        Errors: SignInRefused.
        """
        for _ in range(TRIES_MAX):
            async with self._turn:
                if self._token is None or self._token.used_until_seconds <= _monotonic_seconds():
                    self._token = None
                    if self._token_url is None:
                        response = yield self._ask_metadata()
                        await response.aread()
                        if _is_busy(response):
                            return  # the answer says so, and when to come back
                        self._token_url = self._read_metadata(response)
                    for _ in range(TRIES_MAX):
                        response = yield self._ask_token(self._token_url)
                        await response.aread()
                        self._remember_nonce(self._token_url, response)
                        if not _asks_for_nonce(response):
                            break
                    if _is_busy(response):
                        return
                    self._token = _read_token(response)
                token = self._token
            self._show(request, token)
            response = yield request
            self._remember_nonce(str(request.url), response)
            if response.status_code != _UNAUTHORIZED:
                return
            if not _asks_for_nonce(response) and self._token is token:
                self._token = None

    def _ask_metadata(self) -> httpx.Request:
        parts = urlsplit(self._issuer)
        path = WELL_KNOWN + parts.path.rstrip("/")
        return _request("GET", parts._replace(path=path).geturl())

    def _read_metadata(self, response: httpx.Response) -> str:
        """Read where tokens are given.

        Errors: SignInRefused when the metadata are not the issuer's.
        """
        found = _read_json(response)
        if response.status_code != _OK or found.get("issuer") != self._issuer:
            raise SignInRefused(
                "invalid_metadata",
                f"{response.request.url} answered {response.status_code} and names"
                f" {found.get('issuer')!r} as the issuer; {self._issuer!r} was expected.",
            )
        url = found.get("token_endpoint")
        if not isinstance(url, str) or not is_safe(url):
            raise SignInRefused("invalid_metadata", f"The token endpoint is {url!r}.")
        return url

    def _ask_token(self, url: str) -> httpx.Request:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": write_assertion(
                self._key,
                client_id=self._client_id,
                issuer=self._issuer,
                token_id=_new_id(),
                now_seconds=_now_seconds(),
            ),
        }
        if self._scopes:
            form["scope"] = " ".join(self._scopes)
        return _request("POST", url, data=form, headers={"dpop": self._prove("POST", url)})

    def _show(self, request: httpx.Request, token: AccessToken) -> None:
        request.headers["authorization"] = f"DPoP {token.value}"
        request.headers["dpop"] = self._prove(request.method, str(request.url), token.value)

    def _prove(self, method: str, url: str, access_token: str | None = None) -> str:
        return write_proof(
            self._proof_key,
            method=method,
            url=url,
            token_id=_new_id(),
            now_seconds=_now_seconds(),
            nonce=self._nonces.get(url),
            access_token=access_token,
        )

    def _remember_nonce(self, url: str, response: httpx.Response) -> None:
        nonce = response.headers.get("dpop-nonce")
        if nonce is not None:
            self._nonces[url] = nonce


def read_client_file(path: Path, *, scopes: tuple[str, ...] = ()) -> PrivateKeyClient:
    """Sign in with the file that `hub client create` wrote: who one is, where the hub is, the key.

    Errors: OSError; ValueError when it is another file.
    """
    found = json.loads(path.read_bytes())
    match found:
        case {
            "client_id": str(client_id),
            "issuer": str(issuer),
            "private_key": {"kid": str(key_id)} as jwk,
        }:
            key = read_jwk(jwk, key_id=key_id)
            return PrivateKeyClient(issuer=issuer, client_id=client_id, key=key, scopes=scopes)
    raise ValueError(f"{path} is no file that `hub client create` wrote")


def is_safe(url: str) -> bool:
    """Tell whether tokens may travel to a URL: over TLS, or inside this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _request(method: str, url: str, **given: Any) -> httpx.Request:  # noqa: ANN401 (httpx's own)
    # A request that is made by hand has no limit of time unless it says so.
    timeout = httpx.Timeout(TIMEOUT_SECONDS).as_dict()
    return httpx.Request(method, url, extensions={"timeout": timeout}, **given)


def _is_busy(response: httpx.Response) -> bool:
    return response.status_code in RETRIED_STATUSES


def _asks_for_nonce(response: httpx.Response) -> bool:
    """Tell whether only the nonce of the proof is missing or old (RFC 9449 8 and 9)."""
    if "dpop-nonce" not in response.headers:
        return False
    if response.status_code == _UNAUTHORIZED:
        return _NONCE_WANTED in response.headers.get("www-authenticate", "")
    return response.status_code == _BAD_REQUEST and _read_json(response).get("error") == (
        _NONCE_WANTED
    )


def _read_token(response: httpx.Response) -> AccessToken:
    """Read a token.

    Errors: SignInRefused.
    """
    found = _read_json(response)
    if response.status_code != _OK:
        raise SignInRefused(
            str(found.get("error") or f"status {response.status_code}"),
            str(found.get("error_description") or "")[:_DESCRIPTION_CHARACTERS],
        )
    value, kind, seconds = (found.get(n) for n in ("access_token", "token_type", "expires_in"))
    if not isinstance(value, str) or str(kind).lower() != "dpop" or type(seconds) is not int:
        raise SignInRefused("invalid_token", "The answer holds no token that is bound by DPoP.")
    used_seconds = max(seconds - EARLY_SECONDS, seconds // 2)
    return AccessToken(value, _monotonic_seconds() + used_seconds)


def _read_json(response: httpx.Response) -> dict[str, Any]:
    try:
        found = json.loads(response.content)
    except (ValueError, httpx.ResponseNotRead):
        return {}
    return found if isinstance(found, dict) else {}


def _new_id() -> str:
    return secrets.token_urlsafe(_TOKEN_ID_BYTES)


def _now_seconds() -> int:
    return time.time_ns() // _NANOSECONDS


def _monotonic_seconds() -> int:
    return time.monotonic_ns() // _NANOSECONDS
