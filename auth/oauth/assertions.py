"""What a client authenticates with (RFC 7523): a statement about itself, signed with its key."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from auth.oauth.errors import OAuthRefused, invalid_client, invalid_request
from auth.oauth.forms import Form
from auth.oauth.jose import HEADERS, JoseNotValid, Signed, read_signed

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFE_MAX: Final = timedelta(hours=1, minutes=1)
"""Libraries make them for an hour by default; the minute is for their clocks."""

AHEAD: Final = timedelta(seconds=30)
ID_CHARACTERS_MAX: Final = 255
INSTANT_MAX: Final = 253_402_300_799
_WHAT: Final = "the client assertion"
_TYPES: Final = (None, "jwt", "client-authentication+jwt")
_SECRETS: Final = ("client_secret", "assertion")

UNKNOWN: Final = (
    "the client is not registered here, or the assertion is not signed with a key registered for it"
)
"""One sentence for both: who is registered is nobody's business."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """An assertion whose claims are in order; its signature is still to be checked."""

    signed: Signed
    client_id: str
    proof_hash: bytes
    ends_at: datetime


def read_assertion(
    form: Form, *, authorization: str | None, issuer: str, now: datetime
) -> Assertion:
    """Read the assertion that a client sent with its form, and check what it claims.

    The audience is the issuer as one text: a list, or the address of an endpoint, could have been
    meant for somebody else.

    Errors: OAuthRefused.
    """
    if authorization is not None or any(name in form for name in _SECRETS):
        raise invalid_client("clients authenticate with `client_assertion` (private_key_jwt) only")
    kind, text = form.get("client_assertion_type"), form.get("client_assertion")
    if kind != ASSERTION_TYPE or text is None:
        raise invalid_client(
            f"`client_assertion` is missing, or `client_assertion_type` is not {ASSERTION_TYPE}"
        )
    try:
        signed = read_signed(text, what=_WHAT, types=_TYPES, headers=HEADERS)
        client_id = _check_party(signed.claims, issuer)
        ends_at = _check_instants(signed.claims, now)
    except JoseNotValid as error:
        raise invalid_client(str(error)) from None
    if form.get("client_id", client_id) != client_id:
        raise invalid_request("`client_id` is not the `iss` of the client assertion")
    jti = signed.claims["jti"]
    proof_hash = sha256(f"assertion\0{client_id}\0{jti}".encode()).digest()
    return Assertion(signed, client_id, proof_hash, ends_at)


def refuse_replay() -> OAuthRefused:
    """Say that an assertion was used before."""
    return invalid_client("the client assertion was used before: make a new one, with a new `jti`")


def _check_party(claims: Any, issuer: str) -> str:  # noqa: ANN401 (claims are what JSON holds)
    if claims.get("aud") != issuer:
        raise JoseNotValid(f"{_WHAT}: `aud` is one text, `{issuer}`")
    client_id, jti = claims.get("iss"), claims.get("jti")
    if not isinstance(client_id, str) or not 0 < len(client_id) <= ID_CHARACTERS_MAX:
        raise JoseNotValid(f"{_WHAT}: `iss` is the id of the client")
    if not (client_id.isascii() and client_id.isprintable()):
        raise JoseNotValid(f"{_WHAT}: `iss` is the id of the client")
    if claims.get("sub") != client_id:
        raise JoseNotValid(f"{_WHAT}: `sub` is the same as `iss`, the id of the client")
    if not isinstance(jti, str) or not 0 < len(jti) <= ID_CHARACTERS_MAX:
        raise JoseNotValid(f"{_WHAT}: `jti` has 1 to {ID_CHARACTERS_MAX} characters, new each time")
    return client_id


def _check_instants(claims: Any, now: datetime) -> datetime:  # noqa: ANN401 (as above)
    ends_at = _instant(claims, "exp")
    if ends_at is None:
        raise JoseNotValid(f"{_WHAT}: `exp` is missing")
    if ends_at <= now:
        raise JoseNotValid(f"{_WHAT}: `exp` is past; the hub's clock says {int(now.timestamp())}")
    if ends_at > now + LIFE_MAX:
        raise JoseNotValid(f"{_WHAT}: `exp` is at most an hour away")
    for name in ("iat", "nbf"):
        instant = _instant(claims, name)
        if instant is not None and instant > now + AHEAD:
            raise JoseNotValid(
                f"{_WHAT}: `{name}` lies in the future; the hub's clock says {int(now.timestamp())}"
            )
    return ends_at


def _instant(claims: Any, name: str) -> datetime | None:  # noqa: ANN401 (as above)
    seconds = claims.get(name)
    if seconds is None:
        return None
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not 0 <= seconds <= INSTANT_MAX:
        raise JoseNotValid(f"{_WHAT}: `{name}` is a number of seconds since 1970")
    return datetime.fromtimestamp(int(seconds), tz=UTC)
