"""A partner's program for tests: it makes assertions and proofs with joserfc, and calls by HTTP.

Everything that it sends can be spoilt: `claims` and `header` of each token replace what is right.
"""

import base64
import secrets
import warnings
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, thumbprint
from joserfc.jws import JWSRegistry

from auth.oauth.clients.registering import register_client
from auth.oauth.scopes import SCOPES
from hub.kernel.actor import HUB_ACTOR
from tests.coalition import Coalition

ISSUER = "http://localhost"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
REDIRECT = "https://air.example/back"
GONE = object()
"""Stands for a claim that is left out."""


def spoil(right: dict[str, Any], wrong: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in {**right, **wrong}.items() if v is not GONE}


def ath(token: str) -> str:
    return base64.urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()


def public(key: Any) -> dict[str, Any]:
    return {k: v for k, v in key.as_dict(private=False).items() if k != "kid"}


def encode(header: dict[str, Any], claims: dict[str, Any], key: Any) -> str:
    """Sign whatever it is: the older name of Ed25519 too, and headers that nobody knows."""
    registry = JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.encode(header, claims, key, registry=registry, default_type=None)


@dataclass
class Software:
    """A client with its own key, and a DPoP key."""

    coalition: Coalition
    http: httpx.AsyncClient
    client_id: str
    key: Any
    proof_key: Any = field(default_factory=lambda: ECKey.generate_key("P-256"))
    algorithm: str = "ES256"

    @property
    def now(self) -> int:
        return int(self.coalition.clock().timestamp())

    @property
    def thumbprint(self) -> str:
        return thumbprint(public(self.proof_key))

    def assertion(self, *, key: Any = None, header: dict[str, Any] | None = None, **claims: Any):
        right = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": ISSUER,
            "jti": secrets.token_hex(8),
            "iat": self.now,
            "exp": self.now + 60,
        }
        head = spoil({"alg": self.algorithm}, header or {})
        return encode(head, spoil(right, claims), key or self.key)

    def proof(
        self,
        path: str,
        *,
        method: str = "POST",
        token: str | None = None,
        key: Any = None,
        header: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        key = key or self.proof_key
        right = {
            "jti": secrets.token_hex(8),
            "htm": method,
            "htu": ISSUER + path,
            "iat": self.now,
        }
        if token is not None:
            right["ath"] = ath(token)
        head = spoil({"alg": "ES256", "typ": "dpop+jwt", "jwk": public(key)}, header or {})
        return encode(head, spoil(right, claims), key)

    async def post(
        self,
        path: str,
        *,
        proof: object = GONE,
        assertion: str | None = None,
        headers: dict[str, str] | None = None,
        **fields: Any,
    ) -> httpx.Response:
        """Call an endpoint of the provider; a proof and an assertion are made unless given."""
        sent = dict(headers or {})
        if proof is GONE:
            sent["dpop"] = self.proof(path)
        elif proof is not None:
            sent["dpop"] = str(proof)
        form = spoil(
            {
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": assertion or self.assertion(),
            },
            fields,
        )
        return await self.http.post(path, data=form, headers=sent)

    async def token(self, **fields: Any) -> str:
        """Get an access token on the client's own behalf."""
        answer = await self.post("/oauth/token", grant_type="client_credentials", **fields)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    async def push(self, verifier: str, **fields: Any) -> httpx.Response:
        """Push an authorization request."""
        return await self.post(
            "/oauth/par",
            **{
                "response_type": "code",
                "client_id": self.client_id,
                "redirect_uri": REDIRECT,
                "scope": "openid offline_access points.read",
                "state": "s-1",
                "nonce": "n-1",
                "code_challenge": ath(verifier),
                "code_challenge_method": "S256",
                **fields,
            },
        )

    async def code(self, verifier: str, **fields: Any) -> str:
        """Get a code from the member who is signed in."""
        pushed = await self.push(verifier, **fields)
        assert pushed.status_code == 201, pushed.text
        back = await self.consent(pushed.json()["request_uri"])
        return back["code"]

    async def consent(self, request_uri: str, decision: str = "allow") -> dict[str, str]:
        """Go through the consent page as a browser does, and give what the client is told."""
        query = urlencode({"client_id": self.client_id, "request_uri": request_uri})
        page = await self.http.get(f"/oauth/authorize?{query}")
        assert page.status_code == 200, page.text
        form = {**hidden_fields(page.text), "decision": decision}
        answer = await self.http.post("/oauth/authorize", data=form, headers={"origin": ISSUER})
        assert answer.status_code == 303, answer.text
        return told(answer)

    async def redeem_code(self, good_code: str, verifier: str, **fields: Any) -> httpx.Response:
        """Bring a code to the token endpoint."""
        return await self.post(
            "/oauth/token",
            **{
                "grant_type": "authorization_code",
                "code": good_code,
                "redirect_uri": REDIRECT,
                "code_verifier": verifier,
                **fields,
            },
        )

    async def refresh(self, refresh_token: str, **fields: Any) -> httpx.Response:
        """Bring a refresh token to the token endpoint."""
        return await self.post(
            "/oauth/token", grant_type="refresh_token", refresh_token=refresh_token, **fields
        )

    async def ask(
        self,
        token: str,
        query: str = "{ viewer { kind } }",
        *,
        proof: str | None = None,
        **more: Any,
    ) -> httpx.Response:
        """Call the API with a token and a proof."""
        headers = {
            "authorization": f"DPoP {token}",
            "dpop": proof or self.proof("/graphql", token=token),
        }
        body = {"query": query, "variables": more}
        return await self.http.post("/graphql", json=body, headers=headers)

    async def show(
        self,
        token: str,
        *,
        method: str = "GET",
        scheme: str = "DPoP",
        proof: str | None = None,
        headers: list[tuple[str, str]] | None = None,
    ) -> httpx.Response:
        """Show a token to a protected endpoint, with a right proof unless one is given."""
        right = proof or self.proof("/who", method=method, token=token)
        sent = [("authorization", f"{scheme} {token}"), ("dpop", right)]
        return await self.http.request(method, "/who", headers=sent if headers is None else headers)

    async def is_let_in(self, token: str, *, method: str = "GET") -> bool:
        """Whether a protected endpoint takes a token."""
        answer = await self.show(token, method=method)
        assert answer.status_code in (200, 401), answer.text
        return answer.status_code == 200


def hidden_fields(page: str) -> dict[str, str]:
    """What a form of a page sends back."""
    import re
    from html import unescape

    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {unescape(name): unescape(value) for name, value in found}


def told(answer: httpx.Response) -> dict[str, str]:
    """What an authorization response tells the client."""
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


async def register(
    coalition: Coalition,
    http: httpx.AsyncClient,
    code: str,
    *,
    scopes: tuple[str, ...] = tuple(SCOPES),
    redirect_uris: tuple[str, ...] = (REDIRECT,),
    key: Any = None,
    algorithm: str = "ES256",
) -> Software:
    """Let a partner join, and register software of it."""
    if code not in coalition.partners:
        await coalition.partner(code)
    key = key or ECKey.generate_key("P-256")
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        client = await register_client(
            tx,
            partner_id=coalition.partners[code].partner_id,
            name=f"{code} till",
            keys={"keys": [key.as_dict(private=False)]},
            jwks_uri=None,
            scopes=scopes,
            redirect_uris=redirect_uris,
        )
    return Software(coalition, http, client.client_id, key, algorithm=algorithm)
