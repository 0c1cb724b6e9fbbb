"""Signatures and keys (JWS, JWK): asymmetric only, and nothing embedded is trusted."""

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

Jwk: TypeAlias = Mapping[str, Any]
PublicKey: TypeAlias = ECKey | OKPKey | RSAKey

ALGORITHMS: Final = ("ES256", "EdDSA", "Ed25519", "PS256")
"""Ed25519 is the newer name of what EdDSA means with this curve (RFC 9864)."""

TOKEN_CHARACTERS_MAX: Final = 8192
DOTS: Final = 2
_ALGORITHMS_OF: Final = {"EC": ("ES256",), "OKP": ("EdDSA", "Ed25519"), "RSA": ("PS256",)}

RSA_BITS: Final = range(2048, 4097)
RSA_EXPONENT_BITS_MAX: Final = 32
"""To check a signature takes time by the exponent: with a long one a hundred times as much."""

_PRIME: Final = 2**255 - 19
_WITHOUT_SIGN: Final = 2**255 - 1
_EIGHTH: Final = 0x5FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER: Final = frozenset({0, 1, _PRIME - 1, _PRIME, _PRIME + 1, _EIGHTH, _PRIME - _EIGHTH})
"""Ed25519 points of order 1, 2, 4 and 8 by their second coordinate, in each way to write it."""

KEYS_MAX: Final = 10
KEY_ID_CHARACTERS_MAX: Final = 128
_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
HEADERS: Final = frozenset({"alg", "typ", "kid", "x5t", "x5t#S256"})
"""What a header may say. What names a key from elsewhere (jku, x5u, x5c) is never followed."""


class JoseNotValid(Exception):
    """The text is no signed token, or the key is none that we accept; the message says why."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A compact JWS taken apart; nothing in it is trusted until `check_signature` has passed."""

    text: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def algorithm(self) -> str:
        """The algorithm, one of ours."""
        return str(self.header["alg"])

    @property
    def key_id(self) -> str | None:
        """The name of the key, if it gives one."""
        return self.header.get("kid")


def read_signed(
    text: str, *, what: str, types: Collection[str | None], headers: Collection[str] = HEADERS
) -> Signed:
    """Take a signed token apart, and see that it says it is what we expect.

    Errors: JoseNotValid.
    """
    is_compact = text.isascii() and text.count(".") == DOTS
    if not is_compact or len(text) > TOKEN_CHARACTERS_MAX:
        raise JoseNotValid(
            f"{what} is not a signed JWT of at most {TOKEN_CHARACTERS_MAX} characters"
        )
    header_text, claims_text, _ = text.split(".")
    header, claims = _read_part(header_text, what), _read_part(claims_text, what)
    if header.get("alg") not in ALGORITHMS:
        raise JoseNotValid(f"{what}: `alg` is one of {', '.join(ALGORITHMS)}")
    if _type_of(header) not in types:
        expected = " or ".join(sorted(each or "absent" for each in types))
        raise JoseNotValid(f"{what}: `typ` is {expected}")
    if not set(header) <= set(headers):
        raise JoseNotValid(f"{what}: the header may have {', '.join(sorted(headers))} only")
    key_id = header.get("kid")
    if not isinstance(key_id, str | None) or len(key_id or "") > KEY_ID_CHARACTERS_MAX:
        raise JoseNotValid(f"{what}: `kid` is a text of at most {KEY_ID_CHARACTERS_MAX} characters")
    return Signed(text, header, claims)


def check_signature(signed: Signed, key: PublicKey, *, what: str) -> None:
    """See that a token was signed with a key.

    Errors: JoseNotValid.
    """
    if signed.algorithm not in _ALGORITHMS_OF[key.key_type]:
        raise JoseNotValid(f"{what}: `alg` is not one of its key")
    head, _, last = signed.text.rpartition(".")
    try:
        is_signed = JWSRegistry.algorithms[signed.algorithm].verify(
            head.encode(), _decode(last), key
        )
    except (JoseError, ValueError, TypeError):
        is_signed = False
    if not is_signed:
        raise JoseNotValid(f"{what}: the signature does not match the key")


def sign(header: Mapping[str, Any], claims: Mapping[str, Any], key: PublicKey) -> str:
    """Sign claims with a private key."""
    return jws.serialize_compact(
        dict(header), orjson.dumps(claims), key, algorithms=[header["alg"]]
    )


def read_public_key(jwk: object, *, what: str) -> PublicKey:
    """Read a public key of a kind and strength that we accept.

    Errors: JoseNotValid.
    """
    if not isinstance(jwk, dict) or set(jwk) & _PRIVATE_MEMBERS:
        raise JoseNotValid(f"{what} is not a public key: it has private members, or is no JWK")
    try:
        match jwk.get("kty"), jwk.get("crv"):
            case "EC", "P-256":
                return ECKey.import_key(_bare(jwk, "crv", "x", "y"))
            case "OKP", "Ed25519":
                return _read_ed25519(jwk, what)
            case "RSA", _:
                return _read_rsa(jwk, what)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, binascii.Error):
        raise JoseNotValid(f"{what} cannot be read as a JWK") from None
    raise JoseNotValid(f"{what} is neither P-256, Ed25519 nor RSA")


def read_key_set(keys: object, *, what: str = "the key set") -> tuple[Jwk, ...]:
    """Read a JWK Set of public keys, and give only what identifies each.

    Errors: JoseNotValid.
    """
    listed = keys.get("keys") if isinstance(keys, dict) else None
    if not isinstance(listed, list) or not 0 < len(listed) <= KEYS_MAX:
        raise JoseNotValid(f"{what} is not a JWK Set with 1 to {KEYS_MAX} keys")
    return tuple(_read_listed(jwk, what) for jwk in listed)


def choose_keys(keys: Sequence[Jwk], signed: Signed) -> list[PublicKey]:
    """Choose the keys that a token may be signed with: those of its name and its algorithm."""
    return [
        read_public_key(jwk, what="the key")
        for jwk in keys
        if signed.key_id in (None, jwk.get("kid")) and signed.algorithm in algorithms_of(jwk)
    ]


def algorithms_of(jwk: Jwk) -> tuple[str, ...]:
    """Say which algorithms a key is for."""
    return _ALGORITHMS_OF[jwk["kty"]]


def is_of_small_order(point: bytes) -> bool:
    """Whether a point of Ed25519 is one for which anybody can make signatures."""
    return int.from_bytes(point, "little") & _WITHOUT_SIGN in _SMALL_ORDER


def thumbprint_of(key: PublicKey) -> str:
    """Name a public key by its hash (RFC 7638)."""
    return key.thumbprint()


def private_json(key: PublicKey) -> Jwk:
    """Write a private key, to be kept safe."""
    return key.as_dict(private=True)


def public_json(key: PublicKey, *, algorithm: str, key_id: str) -> Jwk:
    """Write a public key as it is published."""
    bare = {k: v for k, v in key.as_dict(private=False).items() if k != "kid"}
    return {**bare, "alg": algorithm, "kid": key_id, "use": "sig"}


def _read_listed(jwk: object, what: str) -> Jwk:
    key = read_public_key(jwk, what=f"a key of {what}")
    assert isinstance(jwk, dict), "it was read as a key"
    key_id, algorithm = jwk.get("kid"), jwk.get("alg")
    if not isinstance(key_id, str | None) or len(key_id or "") > KEY_ID_CHARACTERS_MAX:
        raise JoseNotValid(f"a `kid` of {what} is longer than {KEY_ID_CHARACTERS_MAX} characters")
    if algorithm is not None and algorithm not in algorithms_of(jwk):
        raise JoseNotValid(f"a key of {what} is for `{str(algorithm)[:20]}`, which is not accepted")
    if jwk.get("use", "sig") != "sig":
        raise JoseNotValid(f"a key of {what} is not for signatures")
    bare = {
        k: v
        for k, v in key.as_dict(private=False).items()
        if k in {"kty", "crv", "x", "y", "n", "e"}
    }
    return {**bare, "kid": key_id or thumbprint_of(key)}


def _read_ed25519(jwk: Mapping[str, Any], what: str) -> OKPKey:
    key = OKPKey.import_key(_bare(jwk, "crv", "x"))
    if is_of_small_order(_decode(str(jwk["x"]))):
        raise JoseNotValid(f"{what} is a point of small order: anybody could sign for it")
    return key


def _read_rsa(jwk: Mapping[str, Any], what: str) -> RSAKey:
    bare = _bare(jwk, "n", "e")
    bits = int.from_bytes(_decode(str(jwk["n"]))).bit_length()
    if bits not in RSA_BITS:
        raise JoseNotValid(
            f"{what} is an RSA key of {bits} bits; {RSA_BITS.start} to {RSA_BITS.stop - 1} are"
            " accepted"
        )
    if int.from_bytes(_decode(str(jwk["e"]))).bit_length() > RSA_EXPONENT_BITS_MAX:
        raise JoseNotValid(
            f"{what} has an RSA exponent of more than {RSA_EXPONENT_BITS_MAX} bits; 65537 is usual"
        )
    return RSAKey.import_key(bare)


def _bare(jwk: Mapping[str, Any], *members: str) -> dict[str, str | list[str]]:
    """Take the members that make a key, and nothing that could say what to do with it."""
    return {"kty": str(jwk["kty"]), **{member: str(jwk[member]) for member in members}}


def _type_of(header: Mapping[str, Any]) -> str | None:
    """Read `typ` as media types are: in any case, with or without `application/`."""
    kind = header.get("typ")
    if kind is None:
        return None
    return str(kind)[:64].lower().removeprefix("application/")


def _read_part(text: str, what: str) -> dict[str, Any]:
    try:
        part = orjson.loads(_decode(text))
    except (ValueError, binascii.Error):
        raise JoseNotValid(f"{what} is not a JWT: a part of it is no JSON") from None
    if not isinstance(part, dict):
        raise JoseNotValid(f"{what} is not a JWT: a part of it is no JSON object")
    return part


def _decode(text: str) -> bytes:
    """Read base64url as RFC 7515 has it: no padding, no other alphabet, no bits left over."""
    read = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(read).rstrip(b"=") != text.encode():
        raise ValueError(text)
    return read
