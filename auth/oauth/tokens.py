"""Access tokens (RFC 9068) and ID tokens: made and read here and nowhere else."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from auth.oauth.jose import JoseNotValid, read_signed
from auth.oauth.orders import TYPE, write_order
from auth.oauth.signing.ring import KeyRing
from auth.oauth.signing.rotation import KeyKind
from auth.oauth.store import Grant
from hub.kernel.actor import Actor, ActorKind, Credential, Order, Proof
from hub.kernel.ids import IdKind, IdMint, IdNotValid

LIFE: Final = timedelta(minutes=5)
LEEWAY: Final = timedelta(seconds=5)
"""For the clocks of our own processes: only they make these tokens."""

ACCESS_TYPE: Final = "at+jwt"
ID_TYPE: Final = "jwt"
_WHAT: Final = "the access token"
_JTI_BYTES: Final = 16
_TENANTS: Final = "oauth.tenants"
"""The audience of `tenant`: every partner is named in tokens by an id of its own."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token that was read: who acts, and the key that must prove it."""

    actor: Actor
    thumbprint: str
    key_id: str
    ends_at: datetime


class TokenMint:
    """Makes and reads the tokens of one hub."""

    def __init__(self, ring: KeyRing, id_secret: bytes, *, issuer: str, resource: str) -> None:
        self._ring = ring
        self._id_secret = id_secret
        self._issuer = issuer
        self._resource = resource
        self._tenants = IdMint(id_secret, _TENANTS)

    def make_access_token(
        self,
        *,
        client_id: str,
        partner_id: int,
        scopes: Sequence[str],
        thumbprint: str,
        grant: Grant | None,
        now: datetime,
    ) -> str:
        """Make an access token for a client: on its own behalf, or on that of a member."""
        claims: dict[str, Any] = {
            **self._instants(now),
            "aud": self._resource,
            "sub": client_id,
            "client_id": client_id,
            "tenant": self._tenants.write(IdKind.PARTNER, partner_id),
            "scope": " ".join(scopes),
            "jti": secrets.token_urlsafe(_JTI_BYTES),
            "cnf": {"jkt": thumbprint},
        }
        if grant is not None:
            claims |= {
                "sub": self.write_subject(partner_id, grant.member_id),
                "grant_id": f"{grant.grant_id:x}",
                "auth_time": int(grant.authenticated_at.timestamp()),
                "acr": grant.acr,
                "amr": list(grant.amr),
            }
            if grant.order is not None:
                claims["authorization_details"] = write_order(grant.order)
        return self._ring.sign(KeyKind.ACCESS_TOKEN, claims, media_type=ACCESS_TYPE, now=now)

    def make_id_token(self, grant: Grant, *, partner_id: int, now: datetime) -> str:
        """Make an ID token: who the member is for this partner, and how they signed in."""
        claims: dict[str, Any] = {
            **self._instants(now),
            "aud": grant.client_id,
            "sub": self.write_subject(partner_id, grant.member_id),
            "auth_time": int(grant.authenticated_at.timestamp()),
            "acr": grant.acr,
            "amr": list(grant.amr),
        }
        if grant.nonce is not None:
            claims["nonce"] = grant.nonce
        return self._ring.sign(KeyKind.ID_TOKEN, claims, media_type=ID_TYPE.upper(), now=now)

    def write_subject(self, partner_id: int, member_id: int) -> str:
        """Write the id by which one partner, and no other, knows a member."""
        return self._subjects(partner_id).write(IdKind.MEMBER, member_id)

    def read_access_token(self, text: str, *, now: datetime) -> AccessToken:
        """Read an access token, and check all that can be checked without asking anybody.

        Errors: JoseNotValid.
        """
        signed = read_signed(text, what=_WHAT, types={ACCESS_TYPE})
        self._ring.check(signed, KeyKind.ACCESS_TOKEN, what=_WHAT, now=now)
        claims = signed.claims
        if claims.get("iss") != self._issuer or claims.get("aud") != self._resource:
            raise JoseNotValid(f"{_WHAT} is not one for {self._resource}")
        ends_at, made_at = _instant(claims, "exp"), _instant(claims, "iat")
        if ends_at + LEEWAY <= now:
            raise JoseNotValid(f"{_WHAT} has expired: get a new one")
        if made_at > now + LEEWAY:
            raise JoseNotValid(f"{_WHAT} lies in the future")
        assert signed.key_id is not None, "its key was found by its name"
        try:
            return AccessToken(
                actor=self._read_actor(claims, ends_at),
                thumbprint=claims["cnf"]["jkt"],
                key_id=signed.key_id,
                ends_at=ends_at,
            )
        except (KeyError, TypeError, ValueError, IdNotValid):
            raise JoseNotValid(f"{_WHAT} lacks a claim") from None

    def _read_actor(self, claims: Any, ends_at: datetime) -> Actor:  # noqa: ANN401 (from JSON)
        partner_id, _ = self._tenants.read(IdKind.PARTNER, claims["tenant"])
        grant_id = claims.get("grant_id")
        member_id = None
        if grant_id is not None:
            member_id, _ = self._subjects(partner_id).read(IdKind.MEMBER, claims["sub"])
        credential = Credential(
            proof=Proof.ACCESS_TOKEN,
            scopes=frozenset(claims["scope"].split()),
            client_id=claims["client_id"],
            token_id=claims["jti"],
            grant_id=None if grant_id is None else int(grant_id, 16),
            delegated_by=member_id,
            order=_read_order(claims.get("authorization_details")),
            authenticated_at=None if grant_id is None else _instant(claims, "auth_time"),
            ends_at=ends_at,
        )
        return Actor(ActorKind.PARTNER, partner_id, credential)

    def _subjects(self, partner_id: int) -> IdMint:
        """Give the ids of the API for this partner: `sub` is the member's id that it sees there."""
        return IdMint(self._id_secret, str(Actor(ActorKind.PARTNER, partner_id)))

    def _instants(self, now: datetime) -> dict[str, Any]:
        return {
            "iss": self._issuer,
            "iat": int(now.timestamp()),
            "exp": int((now + LIFE).timestamp()),
        }


def _read_order(details: Any) -> Order | None:  # noqa: ANN401 (what JSON holds)
    for detail in details or ():
        if detail["type"] == TYPE:
            return Order(detail["points"], detail["reference"])
    return None


def _instant(claims: Any, name: str) -> datetime:  # noqa: ANN401 (what JSON holds)
    seconds = claims.get(name)
    if not isinstance(seconds, int):
        raise JoseNotValid(f"{_WHAT}: `{name}` is missing")
    return datetime.fromtimestamp(seconds, tz=UTC)
