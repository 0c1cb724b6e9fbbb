"""A small authorization server and API by the letter of the RFCs, checked with joserfc.

It stands for any hub: the tests that use it say what the client puts on the wire, and what it does
with answers that a well-behaved hub seldom gives.
"""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ISSUER = "https://hub.example"
API = f"{ISSUER}/graphql"
TOKEN = f"{ISSUER}/oauth/token"
ALGORITHMS = ["ES256", "EdDSA"]


def digest(text: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Authority:
    """Gives tokens to one client, and takes them."""

    keys: KeySet
    issuer: str = ISSUER
    expires_in: int = 300
    wants_nonces: bool = False
    token_type: str = "DPoP"
    busy: list[Response] = field(default_factory=list)
    """What is answered instead of tokens, one after the other."""
    assertions: list[Any] = field(default_factory=list)
    proofs: list[dict[str, Any]] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    """The thumbprint that each good token is bound to."""
    nonces: dict[str, str] = field(default_factory=dict)
    metadata_count: int = 0

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/oauth-authorization-server", self.metadata),
                Route("/oauth/token", self.token, methods=["POST"]),
                Route("/graphql", self.api, methods=["POST"]),
            ]
        )

    async def metadata(self, _request: Request) -> Response:
        self.metadata_count += 1
        return JSONResponse({"issuer": self.issuer, "token_endpoint": TOKEN})

    async def token(self, request: Request) -> Response:
        if self.busy:
            return self.busy.pop(0)
        form = dict(parse_qsl((await request.body()).decode(), strict_parsing=True))
        self.forms.append(form)
        assertion = jwt.decode(form["client_assertion"], self.keys, algorithms=ALGORITHMS)
        self.assertions.append(assertion)
        thumbprint, refusal = self.check_proof(request, TOKEN, None)
        if refusal:
            return refusal
        token = secrets.token_hex(8)
        self.tokens[token] = thumbprint
        answer = {
            "access_token": token,
            "token_type": self.token_type,
            "expires_in": self.expires_in,
        }
        return JSONResponse(answer)

    async def api(self, request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "DPoP" or token not in self.tokens:
            return JSONResponse(
                {"errors": [{"message": "No.", "extensions": {"code": "UNAUTHENTICATED"}}]},
                status_code=401,
                headers={"www-authenticate": 'DPoP error="invalid_token"'},
            )
        thumbprint, refusal = self.check_proof(request, API, token)
        if refusal:
            return refusal
        assert thumbprint == self.tokens[token]
        viewer = {"kind": "PARTNER", "partner": None, "member": None}
        return JSONResponse({"data": {"viewer": viewer}})

    def check_proof(
        self, request: Request, url: str, token: str | None
    ) -> tuple[str, Response | None]:
        """Check a proof; the thumbprint of its key, or what is answered instead."""
        (proof,) = request.headers.getlist("dpop")
        head = proof.split(".")[0]
        jwk = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))["jwk"]
        key = ECKey.import_key(jwk) if jwk["kty"] == "EC" else OKPKey.import_key(jwk)
        read = jwt.decode(proof, key, algorithms=ALGORITHMS)
        assert read.header["typ"] == "dpop+jwt"
        assert "d" not in read.header["jwk"]
        assert (read.claims["htm"], read.claims["htu"]) == ("POST", url)
        assert read.claims.get("ath") == (None if token is None else digest(token))
        self.proofs.append({"header": read.header, **read.claims})
        if self.wants_nonces and read.claims.get("nonce", "") != self.nonces.get(url):
            return "", self.ask_for_nonce(url, token)
        return key.thumbprint(), None

    def ask_for_nonce(self, url: str, token: str | None) -> Response:
        nonce = self.nonces[url] = secrets.token_hex(4)
        if token is None:
            return JSONResponse(
                {"error": "use_dpop_nonce"}, status_code=400, headers={"dpop-nonce": nonce}
            )
        told = {"dpop-nonce": nonce, "www-authenticate": 'DPoP error="use_dpop_nonce"'}
        return JSONResponse({"errors": [{"message": "No."}]}, status_code=401, headers=told)
