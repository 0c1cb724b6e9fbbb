"""Proofs of possession (DPoP, RFC 9449): a signature over one request, by the key of a token."""

import base64
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import orjson

from auth.oauth.errors import OAuthRefused, invalid_proof
from auth.oauth.jose import (
    JoseNotValid,
    PublicKey,
    check_signature,
    read_public_key,
    read_signed,
    thumbprint_of,
)

PROOF_SECONDS: Final = 60
AHEAD_SECONDS: Final = 30
"""How far the clock of a client may be ahead: a proof from farther in the future is refused."""

ID_CHARACTERS_MAX: Final = 128
REMEMBERED_MAX: Final = 100_000
KEYS_REMEMBERED_MAX: Final = 1000
_WHAT: Final = "the DPoP proof"
_HEADERS: Final = frozenset({"alg", "typ", "jwk"})
Claims: TypeAlias = Mapping[str, Any]
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds: whose key, and what makes it unique until when."""

    thumbprint: str
    proof_hash: bytes
    ends_at: datetime


def check_proof(
    proofs: Sequence[str], *, method: str, address: str, now: datetime, token: str | None
) -> Proof:
    """See that a request came with one proof, made for it just now.

    `address` is the hub's own name of the endpoint: a header of the request does not decide it.
    With a token the proof must name it (`ath`).

    Units: proofs live 60 seconds.
    Errors: OAuthRefused.
    """
    if len(proofs) != 1:
        raise invalid_proof("send one `DPoP` header, with a proof made for this request")
    try:
        signed = read_signed(proofs[0], what=_WHAT, types={"dpop+jwt"}, headers=_HEADERS)
        key, thumbprint = read_proof_key(signed.header.get("jwk"))
        _check_request(signed.claims, method=method, address=address, token=token)
        made_at = _check_instant(signed.claims, now)
        check_signature(signed, key, what=_WHAT)
    except JoseNotValid as error:
        raise invalid_proof(str(error)) from None
    proof_hash = sha256(f"dpop\0{thumbprint}\0{signed.claims['jti']}".encode()).digest()
    return Proof(thumbprint, proof_hash, made_at + timedelta(seconds=PROOF_SECONDS + 1))


def read_proof_key(jwk: object) -> tuple[PublicKey, str]:
    """Read the key of a proof, and its thumbprint.

    Errors: JoseNotValid.
    """
    try:
        return _read_key(orjson.dumps(jwk, option=orjson.OPT_SORT_KEYS))
    except TypeError:
        raise JoseNotValid("the `jwk` of the DPoP proof cannot be read") from None


@lru_cache(KEYS_REMEMBERED_MAX)
def _read_key(jwk: bytes) -> tuple[PublicKey, str]:
    """Read a key; to do so costs half as much as a signature, and a client uses one for long."""
    key = read_public_key(orjson.loads(jwk), what="the `jwk` of the DPoP proof")
    return key, thumbprint_of(key)


def hash_of_token(token: str) -> str:
    """Write `ath`: the hash of an access token."""
    return base64.urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()


def is_same_address(given: object, address: str) -> bool:
    """Whether two addresses name the same endpoint; query and fragment do not count."""
    try:
        return isinstance(given, str) and _normal(given) == _normal(address)
    except ValueError:
        return False


class SeenProofs:
    """The proofs that this process has seen: each is good for one request.

    Other processes have seen others. A proof that is replayed there within its minute repeats a
    request that the same caller made, and a mutation is done once by its idempotency key.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, datetime] = OrderedDict()

    def take(self, proof: Proof, *, now: datetime) -> bool:
        """Use up a proof; False when it was used before."""
        while self._seen and (
            next(iter(self._seen.values())) <= now or len(self._seen) >= REMEMBERED_MAX
        ):
            self._seen.popitem(last=False)
        if proof.proof_hash in self._seen:
            return False
        self._seen[proof.proof_hash] = proof.ends_at
        return True


def _check_request(claims: Claims, *, method: str, address: str, token: str | None) -> None:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= ID_CHARACTERS_MAX:
        raise JoseNotValid(f"{_WHAT}: `jti` has 1 to {ID_CHARACTERS_MAX} characters")
    if claims.get("htm") != method:
        raise JoseNotValid(f"{_WHAT}: `htm` is `{method}` for this request")
    if not is_same_address(claims.get("htu"), address):
        raise JoseNotValid(f"{_WHAT}: `htu` is `{address}` for this request")
    if token is not None and claims.get("ath") != hash_of_token(token):
        raise JoseNotValid(f"{_WHAT}: `ath` is the SHA-256 of the access token in base64url")


def _check_instant(claims: Claims, now: datetime) -> datetime:
    made = claims.get("iat")
    if not isinstance(made, int) or isinstance(made, bool):
        raise JoseNotValid(f"{_WHAT}: `iat` is a whole number of seconds")
    age = int(now.timestamp()) - made
    if not -AHEAD_SECONDS <= age <= PROOF_SECONDS:
        raise JoseNotValid(
            f"{_WHAT}: `iat` is {age} seconds ago by the hub's clock; at most {PROOF_SECONDS} are"
            f" accepted, and {AHEAD_SECONDS} ahead"
        )
    return datetime.fromtimestamp(made, tz=UTC)


def _normal(address: str) -> tuple[str, str, int, str]:
    parts = urlsplit(address)
    scheme = parts.scheme.lower()
    if "@" in parts.netloc or scheme not in _PORTS:
        raise ValueError(address)
    port = _PORTS[scheme] if parts.port is None else parts.port
    return scheme, (parts.hostname or "").lower(), port, parts.path or "/"


def refuse_replay() -> OAuthRefused:
    """Say that a proof was used before."""
    return invalid_proof("the DPoP proof was used before: make a new one, with a new `jti`")
