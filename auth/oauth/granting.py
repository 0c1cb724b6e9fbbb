"""Tokens for a client's own keys, for a code, and for a refresh token."""

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from starlette.responses import Response

from auth.oauth.clients.authenticating import ClientCall
from auth.oauth.errors import OAuthRefused, invalid_grant, invalid_proof
from auth.oauth.forms import need
from auth.oauth.grants.ending import record_ended
from auth.oauth.provider import Provider, answer
from auth.oauth.pushing import hash_secret
from auth.oauth.scopes import narrow, own_scopes, read_scopes
from auth.oauth.store import (
    Code,
    Grant,
    RefreshToken,
    find_code,
    find_refresh,
    get_grant,
    insert_refresh,
    revoke_grant,
    sweep_proofs,
    use_code,
    use_refresh,
)
from auth.oauth.tokens import LIFE
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.tx import Tx

log = structlog.get_logger()

GRANT_TYPES: Final = ("client_credentials", "authorization_code", "refresh_token")
REFRESH_PREFIX: Final = "hubrt_"
"""Known to programs that look for lost secrets."""

REFRESH_LIFE: Final = timedelta(days=90)
_BYTES: Final = 32
_VERIFIER: Final = range(43, 129)


@dataclass(frozen=True, slots=True)
class Given:
    """What a client is given tokens for: a grant of a member, or nothing but itself."""

    scopes: tuple[str, ...]
    grant: Grant | None = None
    refresh_token: str | None = None
    with_id_token: bool = False


async def grant_tokens(provider: Provider, call: ClientCall) -> Response:
    """Answer a token request.

    What a refusal writes stays written: a code that is used twice ends its grant.

    Errors: OAuthRefused.
    """
    kind = need(call.form, "grant_type")
    if kind not in GRANT_TYPES:
        raise OAuthRefused("unsupported_grant_type", f"`grant_type` is {', '.join(GRANT_TYPES)}")
    if call.thumbprint is None:
        raise invalid_proof("send a `DPoP` header: tokens are bound to the key of its proof")
    if call.form.get("resource", provider.resource) != provider.resource:
        raise OAuthRefused("invalid_target", f"`resource` is `{provider.resource}`")
    async with provider.database.begin(HUB_ACTOR) as tx:
        await sweep_proofs(tx)
        match kind:
            case "client_credentials":
                given: Given | OAuthRefused = _give_own(call)
            case "authorization_code":
                given = await _give_for_code(tx, call, call.thumbprint)
            case _:
                given = await _give_for_refresh(tx, call, call.thumbprint)
    if isinstance(given, OAuthRefused):
        raise given
    return answer(_write(provider, call, call.thumbprint, given))


def _give_own(call: ClientCall) -> Given:
    allowed = own_scopes(call.client.scopes)
    scopes = narrow(read_scopes(call.form.get("scope")), allowed)
    if not scopes:
        raise OAuthRefused("unauthorized_client", "the client may act for members only")
    return Given(scopes)


async def _give_for_code(tx: Tx, call: ClientCall, thumbprint: str) -> Given | OAuthRefused:
    """Use up a code. Who brings the wrong one, or another's, does not use it up."""
    code = await find_code(tx, hash_secret(need(call.form, "code")))
    if code is None or code.client_id != call.client.client_id:
        return invalid_grant("`code` is not one that this client was given")
    refusal = _judge_code(call, code, thumbprint)
    if refusal is not None:
        return refusal
    if code.used_at is not None or not await use_code(tx, code.code_hash):
        # Two have this code, and one of them is a thief: neither keeps what it got for it.
        return await _end_family(tx, code.grant_id, call, "code")
    grant = await get_grant(tx, code.grant_id)
    if grant.revoked_at is not None:
        return invalid_grant("what the member allowed has ended")
    refresh_token = None
    if "offline_access" in grant.scopes:
        refresh_token = await _make_refresh(tx, grant, thumbprint, ends_at=tx.now + REFRESH_LIFE)
    return Given(grant.scopes, grant, refresh_token, with_id_token="openid" in grant.scopes)


def _judge_code(call: ClientCall, code: Code, thumbprint: str) -> OAuthRefused | None:
    if code.ends_at <= call.now and code.used_at is None:
        return invalid_grant("`code` is older than 60 seconds")
    if call.form.get("redirect_uri") != code.redirect_uri:
        return invalid_grant("`redirect_uri` is not the one that the code was asked for with")
    verifier = call.form.get("code_verifier", "")
    if len(verifier) not in _VERIFIER or not verifier.isascii():
        return invalid_grant("`code_verifier` has 43 to 128 characters")
    challenge = create_s256_code_challenge(verifier)
    if not hmac.compare_digest(challenge, code.code_challenge):
        return invalid_grant("`code_verifier` does not fit the `code_challenge` that was pushed")
    if code.thumbprint not in (None, thumbprint):
        return invalid_grant("the code is for another DPoP key")
    return None


async def _give_for_refresh(tx: Tx, call: ClientCall, thumbprint: str) -> Given | OAuthRefused:
    """Use up a refresh token and give the next of its family."""
    token = await find_refresh(tx, hash_secret(need(call.form, "refresh_token")))
    if token is None or token.client_id != call.client.client_id:
        return invalid_grant("`refresh_token` is not one that this client was given")
    if token.thumbprint != thumbprint:
        return invalid_grant("`refresh_token` is bound to another DPoP key")
    grant = await get_grant(tx, token.grant_id)
    if grant.revoked_at is not None or token.ends_at <= call.now:
        return invalid_grant("what the member allowed has ended")
    scopes = narrow(read_scopes(call.form.get("scope")), grant.scopes)
    if token.used_at is not None or not await use_refresh(tx, token.token_hash):
        return await _end_family(tx, token.grant_id, call, "refresh_token")
    # The end stays where it was: nobody extends a grant by using it.
    following = await _make_refresh(tx, grant, thumbprint, ends_at=token.ends_at)
    return Given(scopes, replace(grant, nonce=None), following, with_id_token="openid" in scopes)


async def _end_family(tx: Tx, grant_id: int, call: ClientCall, what: str) -> OAuthRefused:
    await revoke_grant(tx, grant_id)
    await record_ended(tx, grant_id, call.client.client_id, reason=f"{what} used twice")
    log.warning("oauth.grant_ended", reason=f"{what} used twice", client_id=call.client.client_id)
    return invalid_grant(f"`{what}` was used before: everything that it gave has ended")


async def _make_refresh(tx: Tx, grant: Grant, thumbprint: str, *, ends_at: datetime) -> str:
    token = REFRESH_PREFIX + secrets.token_urlsafe(_BYTES)
    await insert_refresh(
        tx,
        RefreshToken(
            hash_secret(token), grant.grant_id, grant.client_id, thumbprint, ends_at, used_at=None
        ),
    )
    return token


def _write(provider: Provider, call: ClientCall, thumbprint: str, given: Given) -> dict[str, Any]:
    partner_id = call.client.partner_id
    body: dict[str, Any] = {
        "access_token": provider.mint.make_access_token(
            client_id=call.client.client_id,
            partner_id=partner_id,
            scopes=given.scopes,
            thumbprint=thumbprint,
            grant=given.grant,
            now=call.now,
        ),
        "token_type": "DPoP",
        "expires_in": int(LIFE.total_seconds()),
        "scope": " ".join(given.scopes),
    }
    if given.refresh_token is not None:
        body["refresh_token"] = given.refresh_token
    if given.grant is not None and given.grant.order is not None:
        order = given.grant.order
        body["authorization_details"] = [
            {"type": "redemption", "points": order.points, "reference": order.reference}
        ]
    if given.grant is not None and given.with_id_token:
        body["id_token"] = provider.mint.make_id_token(
            given.grant, partner_id=partner_id, now=call.now
        )
    return body
