"""Keys and signed texts: JWS in compact form, client assertions, proofs of possession; pure.

Source: RFC 7515 (JWS), RFC 7523 (client assertions), RFC 7638 (thumbprints), RFC 9449 (DPoP).
"""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

PrivateKey: TypeAlias = EllipticCurvePrivateKey | Ed25519PrivateKey

ASSERTION_SECONDS: Final = 60
_COORDINATE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with the name of its algorithm: ES256 (P-256) or EdDSA (Ed25519)."""

    private: PrivateKey
    algorithm: str
    public_jwk: Mapping[str, str]
    """The public half, with the members that a thumbprint is made of."""
    key_id: str
    """Its name in the set of keys that was registered; its thumbprint, unless it was named."""

    def sign(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        """Write and sign a JSON Web Token."""
        head = {"alg": self.algorithm, **header}
        signed = f"{_encode_json(head)}.{_encode_json(claims)}"
        return f"{signed}.{encode(self._sign(signed.encode()))}"

    def _sign(self, content: bytes) -> bytes:
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.sign(content)
        r, s = decode_dss_signature(self.private.sign(content, ECDSA(hashes.SHA256())))
        return r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")


def open_signing_key(private: PrivateKey, key_id: str | None = None) -> SigningKey:
    """Take a private key into use.

    Errors: ValueError when it is of another kind or curve.
    """
    algorithm, jwk = _describe(private)
    return SigningKey(private, algorithm, jwk, key_id or write_thumbprint(jwk))


def read_signing_key(
    pem: bytes, *, key_id: str | None = None, password: bytes | None = None
) -> SigningKey:
    """Read a private key from PEM, as `openssl genpkey` writes it.

    Errors: ValueError when it cannot be read, or is of another kind.
    """
    private = load_pem_private_key(pem, password)
    if not isinstance(private, EllipticCurvePrivateKey | Ed25519PrivateKey):
        raise ValueError(_WRONG_KEY)  # noqa: TRY004 (the value of the text is wrong)
    return open_signing_key(private, key_id)


def read_jwk(jwk: Mapping[str, Any], *, key_id: str | None = None) -> SigningKey:
    """Read a private key from a JSON Web Key, as `hub client create` writes it.

    Errors: ValueError when it cannot be read, or is of another kind.
    """
    match jwk:
        case {"kty": "EC", "crv": "P-256", "d": str(d)}:
            number = int.from_bytes(decode(d), "big")
            return open_signing_key(derive_private_key(number, SECP256R1()), key_id)
        case {"kty": "OKP", "crv": "Ed25519", "d": str(d)}:
            return open_signing_key(Ed25519PrivateKey.from_private_bytes(decode(d)), key_id)
    raise ValueError(_WRONG_KEY)


def make_signing_key() -> SigningKey:
    """Make a new key on P-256."""
    return open_signing_key(generate_private_key(SECP256R1()))


_WRONG_KEY: Final = "the key is neither on P-256 (ES256) nor Ed25519 (EdDSA)"


def _describe(private: PrivateKey) -> tuple[str, dict[str, str]]:
    if isinstance(private, Ed25519PrivateKey):
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return "EdDSA", {"crv": "Ed25519", "kty": "OKP", "x": encode(raw)}
    if not isinstance(private.curve, SECP256R1):
        raise ValueError(_WRONG_KEY)  # noqa: TRY004 (the curve is a value of the key)
    numbers = private.public_key().public_numbers()
    x, y = (number.to_bytes(_COORDINATE_BYTES, "big") for number in (numbers.x, numbers.y))
    return "ES256", {"crv": "P-256", "kty": "EC", "x": encode(x), "y": encode(y)}


def write_thumbprint(jwk: Mapping[str, str]) -> str:
    """Write the SHA-256 thumbprint of a public key."""
    canonical = json.dumps(dict(jwk), sort_keys=True, separators=(",", ":"))
    return encode(hashlib.sha256(canonical.encode()).digest())


def write_assertion(
    key: SigningKey, *, client_id: str, issuer: str, token_id: str, now_seconds: int
) -> str:
    """Write what a client shows instead of a secret; the audience is one text, the issuer."""
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": issuer,
        "jti": token_id,
        "iat": now_seconds,
        "exp": now_seconds + ASSERTION_SECONDS,
    }
    return key.sign({"typ": "JWT", "kid": key.key_id}, claims)


def write_proof(
    key: SigningKey,
    *,
    method: str,
    url: str,
    token_id: str,
    now_seconds: int,
    nonce: str | None = None,
    access_token: str | None = None,
) -> str:
    """Write the proof that the sender of one request holds the key that its token is bound to."""
    claims: dict[str, Any] = {
        "jti": token_id,
        "htm": method,
        "htu": _without_query(url),
        "iat": now_seconds,
    }
    if nonce is not None:
        claims["nonce"] = nonce
    if access_token is not None:
        claims["ath"] = encode(hashlib.sha256(access_token.encode()).digest())
    return key.sign({"typ": "dpop+jwt", "jwk": dict(key.public_jwk)}, claims)


def _without_query(url: str) -> str:
    return urlsplit(url)._replace(query="", fragment="").geturl()


def encode(content: bytes) -> str:
    """Write bytes in base64url without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Read bytes from base64url without padding.

    Errors: ValueError.
    """
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encode_json(value: Mapping[str, Any]) -> str:
    return encode(json.dumps(value, separators=(",", ":")).encode())
